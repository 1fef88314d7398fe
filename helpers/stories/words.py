"""The words of the stories: people, places, things, and what goes with what.

Some decks depend on a word drawn before: what lies in the sand was lost on the beach. `CAST`, at
the end, says for each slot of the tales where it draws its word.
"""

from helpers.stories.decks import (
    Deck,
    DeckGiven,
    Word,
    by,
    noun,
    nouns,
    person,
    phrase,
    phrases,
)

GIRL_NAMES = ["Anna", "Emma", "Mia", "Lily", "Clara", "Nora", "Ida", "Greta", "Hanna", "Luna"]
BOY_NAMES = ["Tom", "Ben", "Paul", "Leo", "Finn", "Jonas", "Felix", "Emil", "Oscar", "Max"]
PET_NAMES = ["Bella", "Max", "Rex", "Luna", "Coco", "Minka"]
GIRLS = tuple(person(name, "f") for name in GIRL_NAMES)
BOYS = tuple(person(name, "m") for name in BOY_NAMES)
CHILDREN = tuple(child for pair in zip(GIRLS, BOYS, strict=True) for child in pair)
# Max and Luna are children in one story and pets in another: only the context tells.
PETS = tuple(phrase(name, name, "PET") for name in PET_NAMES)


def without(deck: Deck, name: str) -> Deck:
    return tuple(word for word in deck if word.english[""] != name)


def child_beside(other: Word | None, pet: Word | None) -> Deck:
    """A child of the other sex than the first, so that a pronoun has one meaning; not the pet's
    name."""
    children = CHILDREN
    if other:
        children = BOYS if other.gender == "f" else GIRLS
    return without(children, pet.english[""]) if pet else children


RELATIVES = nouns(
    "grandmother = die Großmutter, mother = die Mutter, uncle = der Onkel, "
    "father = der Vater, aunt = die Tante, grandfather = der Großvater"
)
TOWNS = phrases(
    "Hamburg = Hamburg, Berlin = Berlin, Vienna = Wien, Munich = München, Zurich = Zürich, "
    "Bremen = Bremen, Cologne = Köln, Salzburg = Salzburg, Basel = Basel, Dresden = Dresden",
    label="LOC",
)

MORNING = noun("morning", "Morgen", "m", one="One morning = Eines Morgens")
AFTERNOON = noun("afternoon", "Nachmittag", "m", one="One afternoon = Eines Nachmittags")
DAY = noun("day", "Tag", "m", one="One day = Eines Tages")
EVENING = noun("evening", "Abend", "m", one="One evening = Eines Abends")
WEEKDAYS = phrases(
    "Saturday = Samstag, Sunday = Sonntag, Friday = Freitag, Monday = Montag, "
    "Wednesday = Mittwoch, Thursday = Donnerstag, Tuesday = Dienstag"
)
SKIES = phrases(
    "sunny = sonnig, warm = warm, cold = kalt, grey = grau, quiet = ruhig, foggy = neblig"
)
WINDY = phrase("windy", "windig", about="the wind = den Wind")
RAINY = phrase("rainy", "regnerisch", about="the rain = den Regen")
SUNNY = phrase("sunny", "sonnig", about="the sun = die Sonne")
SNOWY = phrase("snowy", "verschneit", about="the snow = den Schnee")

COLORS = phrases(
    "red = rot, blue = blau, green = grün, yellow = gelb, white = weiß, black = schwarz, "
    "brown = braun, grey = grau"
)
for color in COLORS:
    color.german["es"] = color.german[""] + "es"  # in rotes Papier
WHITE, BLACK, BROWN, GREY = COLORS[-4:]

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
    return tuple(THINGS[name] for name in names.split())


# What the wind can blow off, the rain can soak, one takes off in the sun, a snowman can wear.
CLOTHES_FOR = {
    WINDY: things("hat scarf cap"),
    RAINY: things("jacket shirt hat coat cap"),
    SUNNY: things("hat shirt cap"),
    SNOWY: things("scarf hat jacket cap coat"),
}
LUGGAGE = nouns(
    "bag = die Tasche, suitcase = der Koffer, parcel = das Paket, basket = der Korb, "
    "box = die Kiste"
)

SPOTS: dict[Word, Deck] = {}


def place(english: str, at: str, to: str, spots: str) -> Word:
    """Somewhere to go, with the spots where a lost thing can lie there."""
    word = phrase(english, english, at=at, to=to)
    SPOTS[word] = phrases(spots)
    return word


PARK = place(
    "park",
    at="in the park = im Park",
    to="to the park = in den Park",
    spots="under a bench = unter einer Bank, behind a tree = hinter einem Baum, "
    "beside the fountain = neben dem Brunnen",
)
LAKE = place(
    "lake",
    at="at the lake = am See",
    to="to the lake = zum See",
    spots="in the reeds = im Schilf, on the pier = auf dem Steg, "
    "beside the ducks = neben den Enten",
)
FOREST = place(
    "forest",
    at="in the forest = im Wald",
    to="into the forest = in den Wald",
    spots="under the leaves = unter den Blättern, behind a rock = hinter einem Felsen, "
    "in the moss = im Moos",
)
BEACH = place(
    "beach",
    at="on the beach = am Strand",
    to="to the beach = zum Strand",
    spots="in the sand = im Sand, between the shells = zwischen den Muscheln, "
    "under a towel = unter einem Handtuch",
)
MARKET = place(
    "market",
    at="at the market = auf dem Markt",
    to="to the market = auf den Markt",
    spots="beside the apples = neben den Äpfeln, under a table = unter einem Tisch, "
    "behind the flowers = hinter den Blumen",
)
ZOO = place(
    "zoo",
    at="at the zoo = im Zoo",
    to="to the zoo = in den Zoo",
    spots="in front of the lions = vor den Löwen, beside the monkeys = neben den Affen, "
    "near the gate = beim Tor",
)
LIBRARY = place(
    "library",
    at="in the library = in der Bibliothek",
    to="to the library = in die Bibliothek",
    spots="behind the books = hinter den Büchern, on a shelf = auf einem Regal, "
    "under the stairs = unter der Treppe",
)
PLAYGROUND = place(
    "playground",
    at="on the playground = auf dem Spielplatz",
    to="to the playground = auf den Spielplatz",
    spots="near the slide = bei der Rutsche, in the sandbox = im Sandkasten, "
    "under the swing = unter der Schaukel",
)
OPEN_AIR = (
    PARK,
    LAKE,
    phrase("meadow", "Wiese", at="in the meadow = auf der Wiese"),
    phrase("river", "Fluss", at="by the river = am Fluss"),
    BEACH,
    phrase("hill", "Hügel", at="on the hill = auf dem Hügel"),
)
ROADS = phrases(
    "on the bridge = auf der Brücke, on the stairs = auf der Treppe, "
    "in the street = auf der Straße, in the yard = im Hof"
)
SHOPS = phrases(
    "to a shop = in einen Laden, to the market = auf den Markt, "
    "to the toy shop = in den Spielzeugladen, into town = in die Stadt"
)

RABBIT = noun("rabbit", "Kaninchen", "n")
PARROT = noun("parrot", "Papagei", "m")
ANIMALS = (
    noun("dog", "Hund", "m"),
    noun("cat", "Katze", "f"),
    RABBIT,
    PARROT,
    noun("turtle", "Schildkröte", "f"),
    noun("kitten", "Kätzchen", "n"),
)
DOOR = noun("door", "Tür", "f")
WINDOW = noun("window", "Fenster", "n")
HOUSE_EXITS = (DOOR, noun("gate", "Tor", "n"), WINDOW)
CAGE_EXITS = (noun("cage", "Käfig", "m"), DOOR, WINDOW)

CAKE, PASTRY, PIZZA, TART = nouns(
    "cake = der Kuchen, pastry = das Gebäck, pizza = die Pizza, tart = die Torte"
)
APPLES = phrase("apples", "Äpfel", dat="apples = Äpfeln")
CHERRIES = phrase("cherries", "Kirschen", dat="cherries = Kirschen")
NUTS = phrase("nuts", "Nüsse", dat="nuts = Nüssen")
HONEY = phrase("honey", "Honig", dat="honey = Honig")
CHEESE = phrase("cheese", "Käse", dat="cheese = Käse")
PLUMS = phrase("plums", "Pflaumen", dat="plums = Pflaumen")
TOMATOES = phrase("tomatoes", "Tomaten", dat="tomatoes = Tomaten")
MUSHROOMS = phrase("mushrooms", "Pilze", dat="mushrooms = Pilzen")
SWEET = (APPLES, CHERRIES, NUTS, HONEY, PLUMS)
SAVOURY = (CHEESE, TOMATOES, MUSHROOMS)

GAMES = phrases(
    "play football = Fußball spielen, have a picnic = ein Picknick machen, "
    "fly a kite = einen Drachen steigen lassen, pick flowers = Blumen pflücken, "
    "paint pictures = Bilder malen"
)
SNOW_GAMES = phrases(
    "ride a sled = Schlitten fahren, feed the birds = die Vögel füttern, "
    "look for animal tracks = Tierspuren suchen"
)

# The deck for each slot of the tales.
CAST: dict[str, Deck | DeckGiven] = {
    "hero": DeckGiven(("friend", "pet"), child_beside),
    "friend": DeckGiven(("hero", "pet"), child_beside),
    "pet": by("hero", {child: without(PETS, child.english[""]) for child in CHILDREN}, PETS),
    "relative": RELATIVES,
    "town": TOWNS,
    "goal": by("town", {town: without(TOWNS, town.english[""]) for town in TOWNS}),
    "time": (MORNING, AFTERNOON, DAY),
    "hour": (MORNING, DAY, AFTERNOON, EVENING),
    "weekday": WEEKDAYS,
    "sky": SKIES,
    "weather": (WINDY, RAINY, SUNNY, SNOWY),
    "place": (PARK, LAKE, FOREST, BEACH, MARKET, PLAYGROUND, ZOO, LIBRARY),
    "spot": by("place", SPOTS),
    "outside": OPEN_AIR,
    "game": by("weather", {SNOWY: SNOW_GAMES}, otherwise=GAMES),
    "road": ROADS,
    "shop": SHOPS,
    "color": COLORS,
    "coat": (BLACK, WHITE, BROWN, GREY),
    "paper": COLORS,
    "thing": things("ball book doll scarf camera boat key flute ring watch ship hat"),
    "present": things("book drum kite puzzle guitar robot ship lamp umbrella crown"),
    "loan": things("kite bicycle lamp radio sled guitar camera tent umbrella"),
    "mender": phrases("glue = Kleber, tape = Klebeband, wire = Draht"),
    "garment": by("weather", CLOTHES_FOR),
    "luggage": LUGGAGE,
    "animal": ANIMALS,
    "exit": by("animal", {RABBIT: CAGE_EXITS, PARROT: CAGE_EXITS}, otherwise=HOUSE_EXITS),
    "cake": (CAKE, PASTRY, PIZZA, TART),
    "size": phrases("big = groß, small = klein, fine = fein"),
    "filling": by("cake", {PIZZA: SAVOURY}, otherwise=SWEET),
    "snack": (APPLES, CHERRIES, NUTS, HONEY, CHEESE, PLUMS),
}
