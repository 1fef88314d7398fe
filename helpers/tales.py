"""What the stories are about: words, people, places and seven tales, in English and German.

A tale is a small program. `say` is one sentence, English and German side by side; a list tells its
items in order; `one_of`, `maybe` and `given` are the choices; `end` says what was told. A slot such
as `{hero}` draws a word the first time it is uttered and repeats it ever after: that is where the
long-range dependencies come from. `helpers.stories` runs these programs.

Slots: `{hero}` is the word itself, `{hero.his}` a form of it, `{hero}'s` its genitive. In German,
`{acc der color thing}` is a noun phrase (case, determiner, adjective, noun) and
`{dat hero.sein color thing}` one with a possessive. Every German sentence depends on its own
English sentence only, so that translating sentence by sentence is a function.
"""

# ruff: noqa: C408, E501  (sentences stay on one line; casts read as keyword = deck)

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from helpers import german

# --- Words -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Word:
    """One thing to talk about: its forms in English and in German, and its entity label if any."""

    en: dict[str, str]
    de: dict[str, str]
    gender: str = ""
    label: str = ""

    def __repr__(self) -> str:
        return f"Word({self.en['']!r})"


@dataclass(frozen=True, eq=False)
class Deck:
    """Words to draw from. The first is drawn three times as often as the last, evenly graded."""

    words: tuple[Word, ...]
    chances: tuple[float, ...] = field(init=False)

    def __post_init__(self):
        steps = max(len(self.words) - 1, 1)
        weights = [3 - 2 * rank / steps for rank in range(len(self.words))]
        chances = tuple(weight / sum(weights) for weight in weights)
        object.__setattr__(self, "chances", chances)


def deck(*words: Word) -> Deck:
    return Deck(words)


def person(name: str, gender: str) -> Word:
    """A child: names are the same in both languages, pronouns are not."""
    he, him, his = ("he", "him", "his") if gender == "m" else ("she", "her", "her")
    er, ihn, ihm, sein = (
        ("er", "ihn", "ihm", "sein") if gender == "m" else ("sie", "sie", "ihr", "ihr")
    )
    english = {"": name, "he": he, "him": him, "his": his, "He": he.title(), "His": his.title()}
    deutsch = {"": name, "er": er, "ihn": ihn, "ihm": ihm, "sein": sein, "Er": er.title()}
    return Word(english, deutsch, gender, "PER")


def noun(english: str, deutsch: str, gender: str, **forms: tuple[str, str]) -> Word:
    """A thing: `a` is it with its indefinite article, er / ihn its German pronouns."""
    article = "an" if english[0] in "aeiou" else "a"
    en = {"": english, "a": f"{article} {english}"}
    de = {
        "": deutsch,
        "er": german.pronoun("nom", gender),
        "ihn": german.pronoun("acc", gender),
        "ihm": german.pronoun("dat", gender),
    }
    for form, (en_form, de_form) in forms.items():
        en[form], de[form] = en_form, de_form
    return Word(en, de, gender)


def phrase(english: str, deutsch: str, label: str = "", **forms: tuple[str, str]) -> Word:
    """Anything that is said as a whole: an adjective, a phrase, the name of a town or a pet."""
    en = {"": english} | {form: pair[0] for form, pair in forms.items()}
    de = {"": deutsch} | {form: pair[1] for form, pair in forms.items()}
    return Word(en, de, "", label)


def town(english: str, deutsch: str) -> Word:
    return phrase(english, deutsch, "LOC")


def place(english: str, at: tuple[str, str], to: tuple[str, str], *spots: tuple[str, str]) -> Word:
    """Somewhere to go, with the spots where a lost thing can lie there."""
    word = phrase(english, english, at=at, to=to)
    SPOTS[word] = deck(*(phrase(*spot) for spot in spots))
    return word


SPOTS: dict[Word, Deck] = {}

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

COLORS = deck(
    phrase("red", "rot", es=("red", "rotes")),
    phrase("blue", "blau", es=("blue", "blaues")),
    phrase("green", "grün", es=("green", "grünes")),
    phrase("yellow", "gelb", es=("yellow", "gelbes")),
    phrase("white", "weiß", es=("white", "weißes")),
    phrase("black", "schwarz", es=("black", "schwarzes")),
    phrase("brown", "braun", es=("brown", "braunes")),
    phrase("grey", "grau", es=("grey", "graues")),
)
COATS = deck(COLORS.words[5], COLORS.words[4], COLORS.words[6], COLORS.words[7])
SIZES = deck(phrase("big", "groß"), phrase("small", "klein"), phrase("fine", "fein"))

BALL, BOOK, DOLL = noun("ball", "Ball", "m"), noun("book", "Buch", "n"), noun("doll", "Puppe", "f")
KITE, LAMP, BOAT = (
    noun("kite", "Drachen", "m"),
    noun("lamp", "Lampe", "f"),
    noun("boat", "Boot", "n"),
)
SCARF, CAP, SHIRT = (
    noun("scarf", "Schal", "m"),
    noun("cap", "Mütze", "f"),
    noun("shirt", "Hemd", "n"),
)
HAT, DRUM, RADIO = (
    noun("hat", "Hut", "m"),
    noun("drum", "Trommel", "f"),
    noun("radio", "Radio", "n"),
)
RING, FLUTE, TENT = (
    noun("ring", "Ring", "m"),
    noun("flute", "Flöte", "f"),
    noun("tent", "Zelt", "n"),
)
KEY, CAMERA, SHIP = (
    noun("key", "Schlüssel", "m"),
    noun("camera", "Kamera", "f"),
    noun("ship", "Schiff", "n"),
)
ROBOT, GUITAR, PUZZLE = (
    noun("robot", "Roboter", "m"),
    noun("guitar", "Gitarre", "f"),
    noun("puzzle", "Puzzle", "n"),
)
UMBRELLA, WATCH = noun("umbrella", "Regenschirm", "m"), noun("watch", "Uhr", "f")
BICYCLE, SLED, CROWN = (
    noun("bicycle", "Fahrrad", "n"),
    noun("sled", "Schlitten", "m"),
    noun("crown", "Krone", "f"),
)
COAT, JACKET = noun("coat", "Mantel", "m"), noun("jacket", "Jacke", "f")

SMALL_THINGS = deck(BALL, BOOK, DOLL, SCARF, CAMERA, BOAT, KEY, FLUTE, RING, WATCH, SHIP, HAT)
PRESENTS = deck(BOOK, DRUM, KITE, PUZZLE, GUITAR, ROBOT, SHIP, LAMP, UMBRELLA, CROWN)
FRAGILE = deck(KITE, BICYCLE, LAMP, RADIO, SLED, GUITAR, CAMERA, TENT, UMBRELLA)
# What the wind can blow off, the rain can soak, one takes off in the sun, a snowman can wear.
CLOTHES = {
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
RABBIT, PARROT = noun("rabbit", "Kaninchen", "n"), noun("parrot", "Papagei", "m")
ANIMALS = deck(
    noun("dog", "Hund", "m"),
    noun("cat", "Katze", "f"),
    RABBIT,
    PARROT,
    noun("turtle", "Schildkröte", "f"),
    noun("kitten", "Kätzchen", "n"),
)
DOOR, WINDOW = noun("door", "Tür", "f"), noun("window", "Fenster", "n")
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


@cache
def _without(words: Deck, name: str) -> Deck:
    return deck(*(word for word in words.words if word.en[""] != name))


def child_beside(other: str) -> Callable[[dict[str, Word]], Deck]:
    """A child of the other sex than the one named already, so that every pronoun has one meaning."""

    def children(bound: dict[str, Word]) -> Deck:
        words = CHILDREN
        if other in bound:
            words = BOYS if bound[other].gender == "f" else GIRLS
        return _without(words, bound["pet"].en[""]) if "pet" in bound else words

    return children


HERO, FRIEND = child_beside("friend"), child_beside("hero")


def pet_beside(bound: dict[str, Word]) -> Deck:
    """A pet that is not called like its owner."""
    return _without(PETS, bound["hero"].en[""]) if "hero" in bound else PETS


def clothes_for(bound: dict[str, Word]) -> Deck:
    return CLOTHES[bound["weather"]]


def fillings_for(bound: dict[str, Word]) -> Deck:
    return SAVOURY if bound["cake"] is PIZZA else SWEET


def spots_there(bound: dict[str, Word]) -> Deck:
    return SPOTS[bound["place"]]


def games_outside(bound: dict[str, Word]) -> Deck:
    return SNOW_GAMES if bound["weather"] is SNOWY else GAMES


def exits_for(bound: dict[str, Word]) -> Deck:
    return CAGE_EXITS if bound["animal"] in (RABBIT, PARROT) else HOUSE_EXITS


def other_town(bound: dict[str, Word]) -> Deck:
    return _OTHER_TOWNS[bound["town"]]


_OTHER_TOWNS = {here: deck(*(t for t in TOWNS.words if t is not here)) for here in TOWNS.words}

# --- How a tale is written ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Say:
    """One sentence, or a part of one, in English and German."""

    en: str
    de: str


@dataclass(frozen=True, eq=False)
class OneOf:
    """A choice between ways to go on, with their probabilities."""

    ways: tuple
    chances: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Given:
    """The way to go on that an earlier word decides."""

    slot: str
    ways: dict[Word, object]


@dataclass(frozen=True, eq=False)
class End:
    """What has been told: its mood, a one-sentence summary, and questions with answers."""

    mood: str
    summary: str
    questions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Tale:
    """A plot: who and what can be in it, how it is told, and what can be asked of every telling."""

    name: str
    cast: dict[str, object]
    telling: list
    questions: tuple[tuple[str, str], ...]


def say(en: str, de: str) -> Say:
    return Say(en, de)


def one_of(*ways, odds: tuple[float, ...] = ()) -> OneOf:
    odds = odds or (1,) * len(ways)
    return OneOf(ways, tuple(odd / sum(odds) for odd in odds))


def maybe(*items, chance: float = 0.5) -> OneOf:
    return OneOf((list(items), []), (chance, 1 - chance))


def given(slot: str, ways: dict[Word, object]) -> Given:
    return Given(slot, ways)


def end(mood: str, summary: str, *questions: tuple[str, str]) -> End:
    return End(mood, summary, questions)


# --- The tales ---------------------------------------------------------------------------------

ARRIVAL = one_of(
    say(
        "One {sky} {time}, {hero} went {place.to}.",
        "An {dat ein sky time} ging {hero} {place.to}.",
    ),
    [
        say("It was a {sky} {time} in {town}.", "Es war {nom ein sky time} in {town}."),
        one_of(
            say("{hero} went {place.to}.", "{hero} ging {place.to}."),
            say(
                "{hero} spent the {time} {place.at}.",
                "{hero} verbrachte {acc der time} {place.at}.",
            ),
        ),
    ],
    say("On {weekday}, {hero} was {place.at}.", "Am {weekday} war {hero} {place.at}."),
    odds=(3, 3, 2),
)

LOST = Tale(
    "lost",
    dict(
        hero=HERO,
        friend=FRIEND,
        sky=SKIES,
        time=TIMES,
        town=TOWNS,
        weekday=WEEKDAYS,
        place=PLACES,
        color=COLORS,
        thing=SMALL_THINGS,
        spot=spots_there,
    ),
    [
        ARRIVAL,
        one_of(
            say(
                "{hero.He} took {hero.his} {color} {thing} along.",
                "{hero.Er} nahm {acc hero.sein color thing} mit.",
            ),
            say(
                "{hero.His} {color} {thing} was always with {hero.him}.",
                "{Nom hero.sein color thing} war immer bei {hero.ihm}.",
            ),
            say(
                "{hero.He} had brought {hero.his} {color} {thing}.",
                "{hero.Er} hatte {acc hero.sein color thing} mitgebracht.",
            ),
            odds=(3, 2, 2),
        ),
        maybe(
            one_of(
                say(
                    "There were many people {place.at} that day.",
                    "An diesem Tag waren viele Leute {place.at}.",
                ),
                say("{hero.He} stayed for a long time.", "{hero.Er} blieb lange."),
            )
        ),
        one_of(
            say(
                "On the way home, {hero.he} noticed that the {thing} was gone.",
                "Auf dem Heimweg merkte {hero.er}, dass {nom der thing} weg war.",
            ),
            say("Suddenly the {thing} was gone.", "Plötzlich war {nom der thing} weg."),
            say(
                "In the evening, {hero.he} could not find the {thing} anywhere.",
                "Am Abend konnte {hero.er} {acc der thing} nirgends finden.",
            ),
        ),
        one_of(
            say(
                "{hero} looked for the {color} {thing} because {hero.he} had lost it.",
                "{hero} suchte {acc der color thing}, weil {hero.er} {thing.ihn} verloren hatte.",
            ),
            say(
                "{hero.He} was very sad because {hero.he} loved the {thing}.",
                "{hero.Er} war sehr traurig, weil {hero.er} {acc der thing} liebte.",
            ),
            say("{hero} began to cry.", "{hero} fing an zu weinen."),
            odds=(3, 2, 1),
        ),
        one_of(
            say("{friend} helped {hero.him} to search.", "{friend} half {hero.ihm} beim Suchen."),
            say("{hero.He} asked {friend} for help.", "{hero.Er} bat {friend} um Hilfe."),
        ),
        one_of(
            [
                one_of(
                    say(
                        "At last, they found the {thing} {spot}.",
                        "Endlich fanden sie {acc der thing} {spot}.",
                    ),
                    say(
                        "{friend} found the {color} {thing} {spot}.",
                        "{friend} fand {acc der color thing} {spot}.",
                    ),
                ),
                one_of(
                    say(
                        "{hero} thanked {friend} and laughed.", "{hero} dankte {friend} und lachte."
                    ),
                    say("{hero} was happy again.", "{hero} war wieder glücklich."),
                    say(
                        "{hero.He} hugged {friend} and held the {thing} tight.",
                        "{hero.Er} umarmte {friend} und hielt {acc der thing} fest.",
                    ),
                ),
                end(
                    "happy",
                    "{hero} and {friend} found the lost {thing} {spot}.",
                    ("Where was the {thing} in the end?", "{spot}"),
                ),
            ],
            [
                one_of(
                    say(
                        "They searched until it was dark, but the {thing} was not there.",
                        "Sie suchten, bis es dunkel war, aber {nom der thing} war nicht da.",
                    ),
                    say(
                        "But a stranger had taken the {thing} away.",
                        "Aber ein Fremder hatte {acc der thing} mitgenommen.",
                    ),
                ),
                one_of(
                    say(
                        "{hero} never saw the {color} {thing} again.",
                        "{hero} sah {acc der color thing} nie wieder.",
                    ),
                    say("{hero} went to bed in tears.", "{hero} ging weinend ins Bett."),
                ),
                end("sad", "{hero} lost {hero.his} {color} {thing} {place.at}."),
            ],
            odds=(3, 2),
        ),
    ],
    (
        ("What did {hero} lose?", "a {color} {thing}"),
        ("Who helped {hero}?", "{friend}"),
        ("Where was {hero}?", "{place.at}"),
    ),
)

OUTING = Tale(
    "outing",
    dict(
        hero=HERO,
        friend=FRIEND,
        weather=WEATHER,
        time=TIMES,
        town=TOWNS,
        place=OPEN_AIR,
        game=games_outside,
        color=COLORS,
        garment=clothes_for,
        filling=SNACKS,
        relative=RELATIVES,
    ),
    [
        one_of(
            say("It was a {weather} {time} in {town}.", "Es war {nom ein weather time} in {town}."),
            say(
                "{hero} spent a {weather} {time} in {town}.",
                "{hero} verbrachte {acc ein weather time} in {town}.",
            ),
            odds=(2, 1),
        ),
        say(
            "{hero} and {friend} wanted to {game} {place.at}.",
            "{hero} und {friend} wollten {place.at} {game}.",
        ),
        one_of(
            say(
                "{friend} wore {friend.his} {color} {garment}.",
                "{friend} trug {acc friend.sein color garment}.",
            ),
            say(
                "{hero} lent {friend} {hero.his} {color} {garment}.",
                "{hero} lieh {friend} {acc hero.sein color garment}.",
            ),
        ),
        maybe(
            say(
                "{hero}'s {relative} gave them tea and {filling}.",
                "{Nom der relative} von {hero} gab ihnen Tee und {filling}.",
            ),
            chance=0.4,
        ),
        given(
            "weather",
            {
                WINDY: [
                    say(
                        "Suddenly the wind blew the {color} {garment} into a tree.",
                        "Plötzlich blies der Wind {acc der color garment} in einen Baum.",
                    ),
                    one_of(
                        [
                            say(
                                "{hero} climbed up and brought the {garment} back.",
                                "{hero} kletterte hinauf und brachte {acc der garment} zurück.",
                            ),
                            maybe(say("{friend} clapped.", "{friend} klatschte.")),
                            end("happy", "{hero} got the {garment} back from a tree."),
                        ],
                        [
                            say(
                                "Nobody could reach the {garment}, and {friend} cried.",
                                "Niemand konnte {acc der garment} erreichen, und {friend} weinte.",
                            ),
                            end("sad", "The wind blew the {garment} into a tree."),
                        ],
                    ),
                ],
                RAINY: [
                    one_of(
                        say(
                            "Soon the rain grew stronger, and the {garment} was wet.",
                            "Bald wurde der Regen stärker, und {nom der garment} war nass.",
                        ),
                        say(
                            "After an hour, the whole path was under water.",
                            "Nach einer Stunde stand der ganze Weg unter Wasser.",
                        ),
                    ),
                    one_of(
                        [
                            say(
                                "They danced in the rain and laughed.",
                                "Sie tanzten im Regen und lachten.",
                            ),
                            end("happy", "{hero} and {friend} danced in the rain."),
                        ],
                        [
                            say(
                                "{friend} caught a cold and had to stay in bed.",
                                "{friend} erkältete sich und musste im Bett bleiben.",
                            ),
                            end("sad", "{friend} got wet and caught a cold."),
                        ],
                    ),
                ],
                SUNNY: [
                    say("The sun shone until the evening.", "Die Sonne schien bis zum Abend."),
                    one_of(
                        [
                            say(
                                "They ate {filling} and told each other stories.",
                                "Sie aßen {filling} und erzählten sich Geschichten.",
                            ),
                            end("happy", "{hero} and {friend} ate {filling} in the sun."),
                        ],
                        [
                            say(
                                "But {friend} took off the {garment} and got a sunburn.",
                                "Aber {friend} zog {acc der garment} aus und bekam einen Sonnenbrand.",
                            ),
                            end("sad", "{friend} stayed in the sun for too long."),
                        ],
                        odds=(2, 1),
                    ),
                ],
                SNOWY: [
                    say("The snow covered every path.", "Der Schnee bedeckte jeden Weg."),
                    one_of(
                        [
                            say(
                                "They built a snowman and gave him the {color} {garment}.",
                                "Sie bauten einen Schneemann und gaben ihm {acc der color garment}.",
                            ),
                            end(
                                "happy",
                                "{hero} and {friend} built a snowman with a {color} {garment}.",
                            ),
                        ],
                        [
                            say(
                                "They lost their way, and {hero} was afraid.",
                                "Sie verliefen sich, und {hero} hatte Angst.",
                            ),
                            end("sad", "{hero} and {friend} lost their way in the snow."),
                        ],
                    ),
                ],
            },
        ),
        maybe(
            say(
                "At home, they talked about {weather.about} for hours.",
                "Zu Hause sprachen sie stundenlang über {weather.about}.",
            ),
        ),
    ],
    (
        ("What was the weather like?", "{weather}"),
        ("Who was with {hero}?", "{friend}"),
        ("What colour was the {garment}?", "{color}"),
    ),
)

GIFT = Tale(
    "gift",
    dict(
        hero=HERO,
        friend=FRIEND,
        weekday=WEEKDAYS,
        present=PRESENTS,
        shop=SHOPS,
        color=COLORS,
        paper=COLORS,
        relative=RELATIVES,
    ),
    [
        one_of(
            say("{hero} knew {friend} from school.", "{hero} kannte {friend} aus der Schule."),
            say(
                "{hero} and {friend} were good friends.", "{hero} und {friend} waren gute Freunde."
            ),
        ),
        one_of(
            say(
                "{friend}'s birthday party was on {weekday}.",
                "Die Geburtstagsfeier von {friend} war am {weekday}.",
            ),
            say(
                "{friend} invited all the children to a party on {weekday}.",
                "{friend} lud alle Kinder für {weekday} zu einem Fest ein.",
            ),
        ),
        one_of(
            [
                say(
                    "{hero} went {shop.to} and bought {friend.him} a {color} {present}.",
                    "{hero} ging {shop.to} und kaufte {friend.ihm} {acc ein color present}.",
                ),
            ],
            [
                say(
                    "{hero} had no money, so {hero.he} made {friend.him} a {color} {present}.",
                    "{hero} hatte kein Geld, also bastelte {hero.er} {friend.ihm} {acc ein color present}.",
                ),
                maybe(
                    say(
                        "{hero.His} {relative} helped {hero.him} with the paint.",
                        "{Nom hero.sein relative} half {hero.ihm} beim Anmalen.",
                    )
                ),
            ],
            odds=(3, 2),
        ),
        maybe(
            say(
                "{hero.He} wrapped the {present} in {paper} paper.",
                "{hero.Er} wickelte {acc der present} in {paper.es} Papier.",
            ),
            chance=0.6,
        ),
        one_of(
            [
                one_of(
                    say(
                        "{friend} had always wanted {present.a}.",
                        "{friend} hatte sich schon immer {acc ein present} gewünscht.",
                    ),
                    say(
                        "{friend} was so glad that {friend.he} jumped for joy.",
                        "{friend} war so froh, dass {friend.er} vor Freude in die Luft sprang.",
                    ),
                    say(
                        "The {color} {present} was the best gift of all.",
                        "{Nom der color present} war das beste Geschenk von allen.",
                    ),
                ),
                maybe(
                    say(
                        "{friend} gave {hero} the biggest piece of cake.",
                        "{friend} gab {hero} das größte Stück Kuchen.",
                    )
                ),
                end("happy", "{friend} was glad about the {present} from {hero}."),
            ],
            [
                one_of(
                    [
                        say(
                            "On the way, {hero} dropped the {present} into the river, and it was gone.",
                            "Unterwegs ließ {hero} {acc der present} in den Fluss fallen, und {present.er} war weg.",
                        ),
                        one_of(
                            say("{hero} came with empty hands.", "{hero} kam mit leeren Händen."),
                            say(
                                "{hero.He} was so sad that {hero.he} turned back.",
                                "{hero.Er} war so traurig, dass {hero.er} umkehrte.",
                            ),
                        ),
                        end(
                            "sad",
                            "{hero} lost the {present} for {friend}.",
                            ("What happened to the {present}?", "it fell into the river"),
                        ),
                    ],
                    [
                        say(
                            "But {friend} already had a {color} {present} at home.",
                            "Aber {friend} hatte schon {acc ein color present} zu Hause.",
                        ),
                        say(
                            "{hero} sat in the corner and did not say a word.",
                            "{hero} saß in der Ecke und sagte kein Wort.",
                        ),
                        end("sad", "{friend} already had {present.a} like the one from {hero}."),
                    ],
                ),
            ],
            odds=(3, 2),
        ),
    ],
    (
        ("What was the present?", "a {color} {present}"),
        ("Who gave the present?", "{hero}"),
        ("When was the party?", "on {weekday}"),
    ),
)

PET = Tale(
    "pet",
    dict(
        hero=HERO,
        friend=FRIEND,
        animal=ANIMALS,
        coat=COATS,
        pet=pet_beside,
        time=ANY_TIMES,
        exit=exits_for,
        place=PLACES,
        spot=spots_there,
    ),
    [
        one_of(
            say(
                "{hero} had a {coat} {animal} called {pet}.",
                "{hero} hatte {acc ein coat animal} namens {pet}.",
            ),
            say(
                "{pet} was a {coat} {animal} and lived with {hero}.",
                "{pet} war {nom ein coat animal} und lebte bei {hero}.",
            ),
            odds=(3, 2),
        ),
        one_of(
            say(
                "{time.one}, {hero} forgot to close the {exit}.",
                "{time.one} vergaß {hero}, {acc der exit} zu schließen.",
            ),
            say(
                "{time.one}, {hero}'s brother left the {exit} open.",
                "{time.one} ließ der Bruder von {hero} {acc der exit} offen.",
            ),
        ),
        one_of(
            say("{pet} escaped at once.", "{pet} entkam sofort."),
            say("An hour later, {pet} was gone.", "Eine Stunde später war {pet} weg."),
        ),
        one_of(
            say("{hero} called {pet} again and again.", "{hero} rief immer wieder nach {pet}."),
            say(
                "{hero} and {friend} hung up a picture of the {animal}.",
                "{hero} und {friend} hängten ein Bild von {dat der animal} auf.",
            ),
            [
                say("{hero} ran through every street.", "{hero} lief durch jede Straße."),
                say("{hero.He} asked everybody about {pet}.", "{hero.Er} fragte alle nach {pet}."),
            ],
        ),
        maybe(
            say(
                "A neighbour had seen the {coat} {animal} {place.at}.",
                "Eine Nachbarin hatte {acc der coat animal} {place.at} gesehen.",
            ),
            chance=0.4,
        ),
        one_of(
            [
                one_of(
                    say(
                        "The next day, {pet} was found {place.at}.",
                        "Am nächsten Tag wurde {pet} {place.at} gefunden.",
                    ),
                    say(
                        "Then {hero.he} went {place.to} and saw {pet} {spot}.",
                        "Dann ging {hero.er} {place.to} und sah {pet} {spot}.",
                    ),
                ),
                one_of(
                    say(
                        "The {animal} was hungry but well.",
                        "{Nom der animal} war hungrig, aber gesund.",
                    ),
                    say("{hero} kissed {pet} and laughed.", "{hero} küsste {pet} und lachte."),
                ),
                maybe(
                    say(
                        "Since then, {hero} has always closed the {exit}.",
                        "Seitdem hat {hero} {acc der exit} immer geschlossen.",
                    )
                ),
                end("happy", "{hero}'s {animal} {pet} ran away and was found {place.at}."),
            ],
            [
                one_of(
                    say("{pet} never came back.", "{pet} kam nie zurück."),
                    say(
                        "Weeks passed, but nobody found {pet}.",
                        "Wochen vergingen, aber niemand fand {pet}.",
                    ),
                ),
                maybe(
                    say(
                        "Even now, {hero} looks at the {exit} and waits.",
                        "Noch heute blickt {hero} auf {acc der exit} und wartet.",
                    )
                ),
                end("sad", "{hero}'s {animal} {pet} ran away and never came back."),
            ],
            odds=(3, 2),
        ),
    ],
    (
        ("What was the name of the {animal}?", "{pet}"),
        ("Whose {animal} was {pet}?", "{hero}'s"),
        ("What was open?", "the {exit}"),
        ("What colour was {pet}?", "{coat}"),
    ),
)

BAKING = Tale(
    "baking",
    dict(
        hero=HERO,
        friend=FRIEND,
        weekday=WEEKDAYS,
        relative=RELATIVES,
        size=SIZES,
        cake=CAKES,
        filling=fillings_for,
    ),
    [
        one_of(
            say(
                "{hero} wanted to bake a {cake} for {hero.his} {relative}.",
                "{hero} wollte für {acc hero.sein relative} {acc ein cake} backen.",
            ),
            [
                say(
                    "On {weekday}, {hero}'s {relative} was coming to visit.",
                    "Am {weekday} kam {nom der relative} von {hero} zu Besuch.",
                ),
                say(
                    "{hero} decided to bake a {cake}.",
                    "{hero} beschloss, {acc ein cake} zu backen.",
                ),
            ],
        ),
        one_of(
            say(
                "{hero.He} mixed flour, eggs and {filling}.",
                "{hero.Er} mischte Mehl, Eier und {filling}.",
            ),
            say(
                "{hero.He} found {filling} and butter in the kitchen.",
                "{hero.Er} fand {filling} und Butter in der Küche.",
            ),
        ),
        say(
            "Then {hero.he} put the {cake} in the oven.",
            "Dann schob {hero.er} {acc der cake} in den Ofen.",
        ),
        one_of(
            [
                one_of(
                    say(
                        "{hero} waited and watched the clock.",
                        "{hero} wartete und sah auf die Uhr.",
                    ),
                    say(
                        "{friend} came by and washed the dishes.",
                        "{friend} kam vorbei und spülte das Geschirr.",
                    ),
                ),
                one_of(
                    say(
                        "Soon the whole house smelled of {filling}.",
                        "Bald roch das ganze Haus nach {filling.dat}.",
                    ),
                    say(
                        "It was a {size} {cake} with {filling}.",
                        "Es war {nom ein size cake} mit {filling.dat}.",
                    ),
                ),
                one_of(
                    say(
                        "{hero.His} {relative} ate three pieces.",
                        "{Nom hero.sein relative} aß drei Stücke.",
                    ),
                    say(
                        "{hero.His} {relative} said that the {cake} was perfect.",
                        "{Nom hero.sein relative} sagte, dass {nom der cake} perfekt war.",
                    ),
                ),
                end("happy", "{hero} baked a good {cake} for {hero.his} {relative}."),
            ],
            [
                one_of(
                    say(
                        "But {friend} called, and they talked for an hour.",
                        "Aber {friend} rief an, und sie redeten eine Stunde lang.",
                    ),
                    say(
                        "But {hero.he} was tired and fell asleep on the sofa.",
                        "Aber {hero.er} war müde und schlief auf dem Sofa ein.",
                    ),
                ),
                say(
                    "The {cake} was black because it had been in the oven for too long.",
                    "{Nom der cake} war schwarz, weil {cake.er} zu lange im Ofen gewesen war.",
                ),
                one_of(
                    say(
                        "{hero.His} {relative} had to eat dry toast.",
                        "{Nom hero.sein relative} musste trockenen Toast essen.",
                    ),
                    say(
                        "{hero} threw the {cake} away and cried.",
                        "{hero} warf {acc der cake} weg und weinte.",
                    ),
                ),
                end(
                    "sad",
                    "{hero} burned the {cake} for {hero.his} {relative}.",
                    ("Why was the {cake} black?", "it had been in the oven for too long"),
                ),
            ],
            odds=(3, 2),
        ),
    ],
    (
        ("What did {hero} bake?", "a {cake}"),
        ("Who was the {cake} for?", "{hero}'s {relative}"),
        ("What was in the {cake}?", "{filling}"),
    ),
)

JOURNEY = Tale(
    "journey",
    dict(
        hero=HERO,
        town=TOWNS,
        goal=other_town,
        relative=RELATIVES,
        color=COLORS,
        luggage=LUGGAGE,
        time=TIMES,
        sky=SKIES,
        gift=PRESENTS,
    ),
    [
        one_of(
            say(
                "{hero} took the train from {town} to {goal}.",
                "{hero} fuhr mit dem Zug von {town} nach {goal}.",
            ),
            say(
                "One {sky} {time}, {hero} left {town} and travelled to {goal}.",
                "An {dat ein sky time} verließ {hero} {town} und reiste nach {goal}.",
            ),
        ),
        one_of(
            say(
                "{hero.He} wanted to visit {hero.his} {relative}.",
                "{hero.Er} wollte {acc hero.sein relative} besuchen.",
            ),
            say(
                "{hero.His} {relative} had invited {hero.him}.",
                "{Nom hero.sein relative} hatte {hero.ihn} eingeladen.",
            ),
        ),
        one_of(
            say(
                "In {hero.his} {color} {luggage} there was {gift.a}.",
                "In {dat hero.sein color luggage} war {nom ein gift}.",
            ),
            say(
                "{hero.He} carried a {color} {luggage} with {gift.a} in it.",
                "{hero.Er} trug {acc ein color luggage} mit {dat ein gift} darin.",
            ),
        ),
        maybe(
            one_of(
                say(
                    "{hero.He} looked out of the window and counted the cows.",
                    "{hero.Er} sah aus dem Fenster und zählte die Kühe.",
                ),
                say(
                    "Two old men told {hero.him} a joke.",
                    "Zwei alte Männer erzählten {hero.ihm} einen Witz.",
                ),
            )
        ),
        one_of(
            [
                say(
                    "{hero.His} {relative} was already waiting at the station in {goal}.",
                    "{Nom hero.sein relative} wartete schon am Bahnhof in {goal}.",
                ),
                end("happy", "{hero} visited {hero.his} {relative} in {goal}."),
            ],
            [
                say(
                    "In {goal}, {hero.he} got off and forgot the {luggage}.",
                    "In {goal} stieg {hero.er} aus und vergaß {acc der luggage}.",
                ),
                one_of(
                    [
                        say(
                            "The conductor ran after {hero.him} with the {luggage}.",
                            "Der Schaffner lief {hero.ihm} mit {dat der luggage} nach.",
                        ),
                        end("happy", "{hero} almost lost the {luggage} on the train to {goal}."),
                    ],
                    [
                        say(
                            "The train went on with the {color} {luggage}.",
                            "Der Zug fuhr mit {dat der color luggage} weiter.",
                        ),
                        say(
                            "{hero.His} {relative} never got the {gift}.",
                            "{Nom hero.sein relative} bekam {acc der gift} nie.",
                        ),
                        end("sad", "{hero} lost a {luggage} with {gift.a} on the train to {goal}."),
                    ],
                    odds=(1, 2),
                ),
            ],
            odds=(1, 2),
        ),
        maybe(
            say(
                "Late at night, {hero} was back in {town}.",
                "Spät in der Nacht war {hero} wieder in {town}.",
            )
        ),
    ],
    (
        ("Where did {hero} live?", "in {town}"),
        ("Where did {hero} go?", "to {goal}"),
        ("What was in the {luggage}?", "{gift.a}"),
        ("Who lived in {goal}?", "{hero}'s {relative}"),
    ),
)

LOAN = Tale(
    "loan",
    dict(
        hero=HERO,
        friend=FRIEND,
        color=COLORS,
        thing=FRAGILE,
        road=ROADS,
        mender=MENDERS,
        relative=RELATIVES,
        time=ANY_TIMES,
    ),
    [
        one_of(
            say(
                "{hero} borrowed a {color} {thing} from {friend}.",
                "{hero} lieh sich von {friend} {acc ein color thing}.",
            ),
            say(
                "{friend} lent {hero} a {color} {thing}.",
                "{friend} lieh {hero} {acc ein color thing}.",
            ),
        ),
        one_of(
            say("{hero.He} promised to be careful.", "{hero.Er} versprach, vorsichtig zu sein."),
            say(
                "{friend.He} said that the {thing} was very old.",
                "{friend.Er} sagte, dass {nom der thing} sehr alt war.",
            ),
        ),
        one_of(
            [
                one_of(
                    say(
                        "{hero.He} used the {thing} for a week and cleaned it every {time}.",
                        "{hero.Er} benutzte {acc der thing} eine Woche lang und putzte {thing.ihn} jeden {time}.",
                    ),
                    say("Nothing bad happened.", "Nichts Schlimmes geschah."),
                ),
                say(
                    "Then {hero} brought the {color} {thing} back to {friend}.",
                    "Dann brachte {hero} {friend} {acc der color thing} zurück.",
                ),
                end("happy", "{hero} brought {friend}'s {thing} back."),
            ],
            [
                say(
                    "But {hero} fell {road.at}, and the {thing} broke.",
                    "Aber {hero} fiel {road.at} hin, und {nom der thing} ging kaputt.",
                ),
                maybe(
                    say(
                        "{hero.He} was afraid to tell {friend}.",
                        "{hero.Er} hatte Angst, es {friend} zu sagen.",
                    )
                ),
                maybe(
                    say(
                        "{hero.His} {relative} repaired the {thing} with {mender}.",
                        "{Nom hero.sein relative} reparierte {acc der thing} mit {mender}.",
                    )
                ),
                one_of(
                    [
                        say(
                            "{friend} was not angry and thanked {hero} for the truth.",
                            "{friend} war nicht böse und dankte {hero} für die Wahrheit.",
                        ),
                        end(
                            "happy", "{hero} broke {friend}'s {thing}, but {friend} was not angry."
                        ),
                    ],
                    [
                        say(
                            "{friend} was angry because {friend.he} had loved the {color} {thing}.",
                            "{friend} war böse, weil {friend.er} {acc der color thing} geliebt hatte.",
                        ),
                        say(
                            "After that, {friend} never lent {hero} anything again.",
                            "Danach lieh {friend} {hero} nie wieder etwas.",
                        ),
                        end("sad", "{hero} broke {friend}'s {thing}, and {friend} was angry."),
                    ],
                ),
            ],
            odds=(1, 2),
        ),
        maybe(
            say(
                "That {time}, the two of them talked about it for a long time.",
                "An diesem {time} sprachen die beiden lange darüber.",
            ),
            chance=0.3,
        ),
    ],
    (
        ("Whose {thing} was it?", "{friend}'s"),
        ("Who borrowed the {thing}?", "{hero}"),
        ("What colour was the {thing}?", "{color}"),
    ),
)

TALES = (LOST, OUTING, GIFT, PET, BAKING, JOURNEY, LOAN)
