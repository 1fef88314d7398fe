"""The words of the stories: people, places, things, and what goes with what.

Some decks depend on a word drawn before: what lies in the sand was lost on the beach.
"""

from helpers.stories.decks import (
    Deck,
    DeckGiven,
    Word,
    by,
    color,
    deck,
    noun,
    person,
    phrase,
    town,
    without,
)

GIRL_NAMES = ["Anna", "Emma", "Mia", "Lily", "Clara", "Nora", "Ida", "Greta", "Hanna", "Luna"]
BOY_NAMES = ["Tom", "Ben", "Paul", "Leo", "Finn", "Jonas", "Felix", "Emil", "Oscar", "Max"]
PET_NAMES = ["Bella", "Max", "Rex", "Luna", "Coco", "Minka"]
GIRLS = deck(*(person(name, "f") for name in GIRL_NAMES))
BOYS = deck(*(person(name, "m") for name in BOY_NAMES))
CHILDREN = deck(*(child for pair in zip(GIRLS.words, BOYS.words, strict=True) for child in pair))
# Max and Luna are children in one story and pets in another: only the context tells.
PETS = deck(*(phrase(name, name, "PET") for name in PET_NAMES))

TOWNS = deck(
    town("Hamburg", "Hamburg"),
    town("Berlin", "Berlin"),
    town("Vienna", "Wien"),
    town("Munich", "München"),
    town("Zurich", "Zürich"),
    town("Bremen", "Bremen"),
    town("Cologne", "Köln"),
    town("Salzburg", "Salzburg"),
    town("Basel", "Basel"),
    town("Dresden", "Dresden"),
)

MORNING = noun("morning", "Morgen", "m", one=("One morning", "Eines Morgens"))
AFTERNOON = noun("afternoon", "Nachmittag", "m", one=("One afternoon", "Eines Nachmittags"))
DAY = noun("day", "Tag", "m", one=("One day", "Eines Tages"))
EVENING = noun("evening", "Abend", "m", one=("One evening", "Eines Abends"))
TIMES = deck(MORNING, AFTERNOON, DAY)
ANY_TIMES = deck(MORNING, DAY, AFTERNOON, EVENING)
WEEKDAYS = deck(
    phrase("Saturday", "Samstag"),
    phrase("Sunday", "Sonntag"),
    phrase("Friday", "Freitag"),
    phrase("Monday", "Montag"),
    phrase("Wednesday", "Mittwoch"),
    phrase("Thursday", "Donnerstag"),
    phrase("Tuesday", "Dienstag"),
)

SKIES = deck(
    phrase("sunny", "sonnig"),
    phrase("warm", "warm"),
    phrase("cold", "kalt"),
    phrase("grey", "grau"),
    phrase("quiet", "ruhig"),
    phrase("foggy", "neblig"),
)
WINDY = phrase("windy", "windig", about=("the wind", "den Wind"))
RAINY = phrase("rainy", "regnerisch", about=("the rain", "den Regen"))
SUNNY = phrase("sunny", "sonnig", about=("the sun", "die Sonne"))
SNOWY = phrase("snowy", "verschneit", about=("the snow", "den Schnee"))
WEATHER = deck(WINDY, RAINY, SUNNY, SNOWY)

RED = color("red", "rot")
BLUE = color("blue", "blau")
GREEN = color("green", "grün")
YELLOW = color("yellow", "gelb")
WHITE = color("white", "weiß")
BLACK = color("black", "schwarz")
BROWN = color("brown", "braun")
GREY = color("grey", "grau")
COLORS = deck(RED, BLUE, GREEN, YELLOW, WHITE, BLACK, BROWN, GREY)
COATS = deck(BLACK, WHITE, BROWN, GREY)
SIZES = deck(phrase("big", "groß"), phrase("small", "klein"), phrase("fine", "fein"))

BALL = noun("ball", "Ball", "m")
BOOK = noun("book", "Buch", "n")
DOLL = noun("doll", "Puppe", "f")
KITE = noun("kite", "Drachen", "m")
LAMP = noun("lamp", "Lampe", "f")
BOAT = noun("boat", "Boot", "n")
SCARF = noun("scarf", "Schal", "m")
CAP = noun("cap", "Mütze", "f")
SHIRT = noun("shirt", "Hemd", "n")
HAT = noun("hat", "Hut", "m")
DRUM = noun("drum", "Trommel", "f")
RADIO = noun("radio", "Radio", "n")
RING = noun("ring", "Ring", "m")
FLUTE = noun("flute", "Flöte", "f")
TENT = noun("tent", "Zelt", "n")
KEY = noun("key", "Schlüssel", "m")
CAMERA = noun("camera", "Kamera", "f")
SHIP = noun("ship", "Schiff", "n")
ROBOT = noun("robot", "Roboter", "m")
GUITAR = noun("guitar", "Gitarre", "f")
PUZZLE = noun("puzzle", "Puzzle", "n")
UMBRELLA = noun("umbrella", "Regenschirm", "m")
WATCH = noun("watch", "Uhr", "f")
BICYCLE = noun("bicycle", "Fahrrad", "n")
SLED = noun("sled", "Schlitten", "m")
CROWN = noun("crown", "Krone", "f")
COAT = noun("coat", "Mantel", "m")
JACKET = noun("jacket", "Jacke", "f")

SMALL_THINGS = deck(BALL, BOOK, DOLL, SCARF, CAMERA, BOAT, KEY, FLUTE, RING, WATCH, SHIP, HAT)
PRESENTS = deck(BOOK, DRUM, KITE, PUZZLE, GUITAR, ROBOT, SHIP, LAMP, UMBRELLA, CROWN)
FRAGILE = deck(KITE, BICYCLE, LAMP, RADIO, SLED, GUITAR, CAMERA, TENT, UMBRELLA)
# What the wind can blow off, the rain can soak, one takes off in the sun, a snowman can wear.
CLOTHES_FOR = {
    WINDY: deck(HAT, SCARF, CAP),
    RAINY: deck(JACKET, SHIRT, HAT, COAT, CAP),
    SUNNY: deck(HAT, SHIRT, CAP),
    SNOWY: deck(SCARF, HAT, JACKET, CAP, COAT),
}
LUGGAGE = deck(
    noun("bag", "Tasche", "f"),
    noun("suitcase", "Koffer", "m"),
    noun("parcel", "Paket", "n"),
    noun("basket", "Korb", "m"),
    noun("box", "Kiste", "f"),
)

SPOTS: dict[Word, Deck] = {}


def place(english: str, at: tuple[str, str], to: tuple[str, str], *spots: tuple[str, str]) -> Word:
    """Somewhere to go, with the spots where a lost thing can lie there."""
    word = phrase(english, english, at=at, to=to)
    SPOTS[word] = deck(*(phrase(*spot) for spot in spots))
    return word


PARK = place(
    "park",
    ("in the park", "im Park"),
    ("to the park", "in den Park"),
    ("under a bench", "unter einer Bank"),
    ("behind a tree", "hinter einem Baum"),
    ("beside the fountain", "neben dem Brunnen"),
)
LAKE = place(
    "lake",
    ("at the lake", "am See"),
    ("to the lake", "zum See"),
    ("in the reeds", "im Schilf"),
    ("on the pier", "auf dem Steg"),
    ("beside the ducks", "neben den Enten"),
)
FOREST = place(
    "forest",
    ("in the forest", "im Wald"),
    ("into the forest", "in den Wald"),
    ("under the leaves", "unter den Blättern"),
    ("behind a rock", "hinter einem Felsen"),
    ("in the moss", "im Moos"),
)
BEACH = place(
    "beach",
    ("on the beach", "am Strand"),
    ("to the beach", "zum Strand"),
    ("in the sand", "im Sand"),
    ("between the shells", "zwischen den Muscheln"),
    ("under a towel", "unter einem Handtuch"),
)
MARKET = place(
    "market",
    ("at the market", "auf dem Markt"),
    ("to the market", "auf den Markt"),
    ("beside the apples", "neben den Äpfeln"),
    ("under a table", "unter einem Tisch"),
    ("behind the flowers", "hinter den Blumen"),
)
ZOO = place(
    "zoo",
    ("at the zoo", "im Zoo"),
    ("to the zoo", "in den Zoo"),
    ("in front of the lions", "vor den Löwen"),
    ("beside the monkeys", "neben den Affen"),
    ("near the gate", "beim Tor"),
)
LIBRARY = place(
    "library",
    ("in the library", "in der Bibliothek"),
    ("to the library", "in die Bibliothek"),
    ("behind the books", "hinter den Büchern"),
    ("on a shelf", "auf einem Regal"),
    ("under the stairs", "unter der Treppe"),
)
PLAYGROUND = place(
    "playground",
    ("on the playground", "auf dem Spielplatz"),
    ("to the playground", "auf den Spielplatz"),
    ("near the slide", "bei der Rutsche"),
    ("in the sandbox", "im Sandkasten"),
    ("under the swing", "unter der Schaukel"),
)
PLACES = deck(PARK, LAKE, FOREST, BEACH, MARKET, PLAYGROUND, ZOO, LIBRARY)
OPEN_AIR = deck(
    PARK,
    LAKE,
    phrase("meadow", "Wiese", at=("in the meadow", "auf der Wiese")),
    phrase("river", "Fluss", at=("by the river", "am Fluss")),
    BEACH,
    phrase("hill", "Hügel", at=("on the hill", "auf dem Hügel")),
)
ROADS = deck(
    phrase("bridge", "Brücke", at=("on the bridge", "auf der Brücke")),
    phrase("stairs", "Treppe", at=("on the stairs", "auf der Treppe")),
    phrase("street", "Straße", at=("in the street", "auf der Straße")),
    phrase("yard", "Hof", at=("in the yard", "im Hof")),
)
SHOPS = deck(
    phrase("shop", "Laden", to=("to a shop", "in einen Laden")),
    phrase("market", "Markt", to=("to the market", "auf den Markt")),
    phrase("toy shop", "Spielzeugladen", to=("to the toy shop", "in den Spielzeugladen")),
    phrase("town", "Stadt", to=("into town", "in die Stadt")),
)

RELATIVES = deck(
    noun("grandmother", "Großmutter", "f"),
    noun("mother", "Mutter", "f"),
    noun("uncle", "Onkel", "m"),
    noun("father", "Vater", "m"),
    noun("aunt", "Tante", "f"),
    noun("grandfather", "Großvater", "m"),
)
RABBIT = noun("rabbit", "Kaninchen", "n")
PARROT = noun("parrot", "Papagei", "m")
ANIMALS = deck(
    noun("dog", "Hund", "m"),
    noun("cat", "Katze", "f"),
    RABBIT,
    PARROT,
    noun("turtle", "Schildkröte", "f"),
    noun("kitten", "Kätzchen", "n"),
)
DOOR = noun("door", "Tür", "f")
WINDOW = noun("window", "Fenster", "n")
HOUSE_EXITS = deck(DOOR, noun("gate", "Tor", "n"), WINDOW)
CAGE_EXITS = deck(noun("cage", "Käfig", "m"), DOOR, WINDOW)
PIZZA = noun("pizza", "Pizza", "f")
CAKES = deck(
    noun("cake", "Kuchen", "m"),
    noun("pastry", "Gebäck", "n"),
    PIZZA,
    noun("tart", "Torte", "f"),
)
APPLES = phrase("apples", "Äpfel", dat=("apples", "Äpfeln"))
CHERRIES = phrase("cherries", "Kirschen", dat=("cherries", "Kirschen"))
NUTS = phrase("nuts", "Nüsse", dat=("nuts", "Nüssen"))
HONEY = phrase("honey", "Honig", dat=("honey", "Honig"))
CHEESE = phrase("cheese", "Käse", dat=("cheese", "Käse"))
PLUMS = phrase("plums", "Pflaumen", dat=("plums", "Pflaumen"))
TOMATOES = phrase("tomatoes", "Tomaten", dat=("tomatoes", "Tomaten"))
MUSHROOMS = phrase("mushrooms", "Pilze", dat=("mushrooms", "Pilzen"))
SNACKS = deck(APPLES, CHERRIES, NUTS, HONEY, CHEESE, PLUMS)
SWEET = deck(APPLES, CHERRIES, NUTS, HONEY, PLUMS)
SAVOURY = deck(CHEESE, TOMATOES, MUSHROOMS)
GAMES = deck(
    phrase("play football", "Fußball spielen"),
    phrase("have a picnic", "ein Picknick machen"),
    phrase("fly a kite", "einen Drachen steigen lassen"),
    phrase("pick flowers", "Blumen pflücken"),
    phrase("paint pictures", "Bilder malen"),
)
SNOW_GAMES = deck(
    phrase("ride a sled", "Schlitten fahren"),
    phrase("feed the birds", "die Vögel füttern"),
    phrase("look for animal tracks", "Tierspuren suchen"),
)
MENDERS = deck(phrase("glue", "Kleber"), phrase("tape", "Klebeband"), phrase("wire", "Draht"))

FILLINGS = by("cake", {PIZZA: SAVOURY}, otherwise=SWEET)
SPOTS_THERE = by("place", SPOTS)
CLOTHES = by("weather", CLOTHES_FOR)
OUTDOOR_GAMES = by("weather", {SNOWY: SNOW_GAMES}, otherwise=GAMES)
EXITS = by("animal", {RABBIT: CAGE_EXITS, PARROT: CAGE_EXITS}, otherwise=HOUSE_EXITS)
OTHER_TOWNS = by("town", {town: without(TOWNS, town.english[""]) for town in TOWNS.words})


def child_beside(other: Word | None, pet: Word | None) -> Deck:
    """A child of the other sex than the first, so that a pronoun has one meaning; not the pet's
    name."""
    children = CHILDREN
    if other:
        children = BOYS if other.gender == "f" else GIRLS
    return without(children, pet.english[""]) if pet else children


HERO = DeckGiven(("friend", "pet"), child_beside)
FRIEND = DeckGiven(("hero", "pet"), child_beside)
PET = by("hero", {child: without(PETS, child.english[""]) for child in CHILDREN.words}, PETS)
