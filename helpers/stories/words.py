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
    nouns,
    person,
    phrase,
    phrases,
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
    *phrases(
        "Hamburg = Hamburg, Berlin = Berlin, Vienna = Wien, Munich = München, Zurich = Zürich, "
        "Bremen = Bremen, Cologne = Köln, Salzburg = Salzburg, Basel = Basel, Dresden = Dresden",
        label="LOC",
    )
)

MORNING = noun("morning", "Morgen", "m", one=("One morning", "Eines Morgens"))
AFTERNOON = noun("afternoon", "Nachmittag", "m", one=("One afternoon", "Eines Nachmittags"))
DAY = noun("day", "Tag", "m", one=("One day", "Eines Tages"))
EVENING = noun("evening", "Abend", "m", one=("One evening", "Eines Abends"))
TIMES = deck(MORNING, AFTERNOON, DAY)
ANY_TIMES = deck(MORNING, DAY, AFTERNOON, EVENING)
WEEKDAYS = deck(
    *phrases(
        "Saturday = Samstag, Sunday = Sonntag, Friday = Freitag, Monday = Montag, "
        "Wednesday = Mittwoch, Thursday = Donnerstag, Tuesday = Dienstag"
    )
)
SKIES = deck(
    *phrases("sunny = sonnig, warm = warm, cold = kalt, grey = grau, quiet = ruhig, foggy = neblig")
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
SIZES = deck(*phrases("big = groß, small = klein, fine = fein"))

THINGS = {
    word.english[""]: word
    for word in nouns(
        "ball = der Ball, bicycle = das Fahrrad, boat = das Boot, book = das Buch, "
        "camera = die Kamera, cap = die Mütze, coat = der Mantel, crown = die Krone, "
        "doll = die Puppe, drum = die Trommel, flute = die Flöte, guitar = die Gitarre, "
        "hat = der Hut, jacket = die Jacke, key = der Schlüssel, kite = der Drachen, "
        "lamp = die Lampe, puzzle = das Puzzle, radio = das Radio, ring = der Ring, "
        "robot = der Roboter, scarf = der Schal, ship = das Schiff, shirt = das Hemd, "
        "sled = der Schlitten, tent = das Zelt, umbrella = der Regenschirm, watch = die Uhr"
    )
}


def things(names: str) -> Deck:
    return deck(*(THINGS[name] for name in names.split()))


SMALL_THINGS = things("ball book doll scarf camera boat key flute ring watch ship hat")
PRESENTS = things("book drum kite puzzle guitar robot ship lamp umbrella crown")
FRAGILE = things("kite bicycle lamp radio sled guitar camera tent umbrella")
# What the wind can blow off, the rain can soak, one takes off in the sun, a snowman can wear.
CLOTHES_FOR = {
    WINDY: things("hat scarf cap"),
    RAINY: things("jacket shirt hat coat cap"),
    SUNNY: things("hat shirt cap"),
    SNOWY: things("scarf hat jacket cap coat"),
}
LUGGAGE = deck(
    *nouns(
        "bag = die Tasche, suitcase = der Koffer, parcel = das Paket, basket = der Korb, "
        "box = die Kiste"
    )
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
    *nouns(
        "grandmother = die Großmutter, mother = die Mutter, uncle = der Onkel, "
        "father = der Vater, aunt = die Tante, grandfather = der Großvater"
    )
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
    *phrases(
        "play football = Fußball spielen, have a picnic = ein Picknick machen, "
        "fly a kite = einen Drachen steigen lassen, pick flowers = Blumen pflücken, "
        "paint pictures = Bilder malen"
    )
)
SNOW_GAMES = deck(
    *phrases(
        "ride a sled = Schlitten fahren, feed the birds = die Vögel füttern, "
        "look for animal tracks = Tierspuren suchen"
    )
)
MENDERS = deck(*phrases("glue = Kleber, tape = Klebeband, wire = Draht"))

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

# What all tales share: the deck for each of these slots.
CAST = {
    "hero": HERO,
    "friend": FRIEND,
    "town": TOWNS,
    "weekday": WEEKDAYS,
    "relative": RELATIVES,
    "color": COLORS,
    "sky": SKIES,
    "spot": SPOTS_THERE,
}
