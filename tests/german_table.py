"""German grammar written out by hand, and a reader that holds the stories' German to it.

Nothing here is derived from `helpers`: genders, endings, pronouns, and which case each verb and
preposition asks for are typed in from a grammar. `reading` recognises every German sentence by one
of the FRAMES, works out who is who from the names, and then checks each noun phrase and pronoun.
"""

import re
from functools import cache

# Who the children and the pets are.
GENDER_OF_CHILD = dict.fromkeys(
    ["Anna", "Emma", "Mia", "Lily", "Clara", "Nora", "Ida", "Greta", "Hanna", "Luna"], "f"
) | dict.fromkeys(
    ["Tom", "Ben", "Paul", "Leo", "Finn", "Jonas", "Felix", "Emil", "Oscar", "Max"], "m"
)
PETS = ["Bella", "Max", "Rex", "Luna", "Coco", "Minka"]
TOWNS = {
    "Hamburg": "Hamburg",
    "Berlin": "Berlin",
    "Wien": "Vienna",
    "München": "Munich",
    "Zürich": "Zurich",
    "Bremen": "Bremen",
    "Köln": "Cologne",
    "Salzburg": "Salzburg",
    "Basel": "Basel",
    "Dresden": "Dresden",
}

# German noun: gender, English. "pl" is a plural in the dative.
NOUNS = {
    # things
    "Ball": ("m", "ball"),
    "Boot": ("n", "boat"),
    "Buch": ("n", "book"),
    "Drachen": ("m", "kite"),
    "Fahrrad": ("n", "bicycle"),
    "Flöte": ("f", "flute"),
    "Gitarre": ("f", "guitar"),
    "Kamera": ("f", "camera"),
    "Krone": ("f", "crown"),
    "Lampe": ("f", "lamp"),
    "Puppe": ("f", "doll"),
    "Puzzle": ("n", "puzzle"),
    "Radio": ("n", "radio"),
    "Regenschirm": ("m", "umbrella"),
    "Ring": ("m", "ring"),
    "Roboter": ("m", "robot"),
    "Schiff": ("n", "ship"),
    "Schlitten": ("m", "sled"),
    "Schlüssel": ("m", "key"),
    "Trommel": ("f", "drum"),
    "Uhr": ("f", "watch"),
    "Zelt": ("n", "tent"),
    # clothes
    "Hemd": ("n", "shirt"),
    "Hut": ("m", "hat"),
    "Jacke": ("f", "jacket"),
    "Mantel": ("m", "coat"),
    "Mütze": ("f", "cap"),
    "Schal": ("m", "scarf"),
    # luggage
    "Kiste": ("f", "box"),
    "Koffer": ("m", "suitcase"),
    "Korb": ("m", "basket"),
    "Paket": ("n", "parcel"),
    "Tasche": ("f", "bag"),
    # what one bakes
    "Gebäck": ("n", "pastry"),
    "Kuchen": ("m", "cake"),
    "Pizza": ("f", "pizza"),
    "Torte": ("f", "tart"),
    # people and animals
    "Großmutter": ("f", "grandmother"),
    "Großvater": ("m", "grandfather"),
    "Mutter": ("f", "mother"),
    "Onkel": ("m", "uncle"),
    "Tante": ("f", "aunt"),
    "Vater": ("m", "father"),
    "Bruder": ("m", "brother"),
    "Hund": ("m", "dog"),
    "Katze": ("f", "cat"),
    "Kaninchen": ("n", "rabbit"),
    "Kätzchen": ("n", "kitten"),
    "Papagei": ("m", "parrot"),
    "Schildkröte": ("f", "turtle"),
    # ways out
    "Fenster": ("n", "window"),
    "Käfig": ("m", "cage"),
    "Tor": ("n", "gate"),
    "Tür": ("f", "door"),
    # times and weather
    "Abend": ("m", "evening"),
    "Morgen": ("m", "morning"),
    "Nachmittag": ("m", "afternoon"),
    "Tag": ("m", "day"),
    "Regen": ("m", "rain"),
    "Schnee": ("m", "snow"),
    "Sonne": ("f", "sun"),
    "Wind": ("m", "wind"),
    # places
    "Bank": ("f", "bench"),
    "Baum": ("m", "tree"),
    "Bibliothek": ("f", "library"),
    "Brunnen": ("m", "fountain"),
    "Brücke": ("f", "bridge"),
    "Felsen": ("m", "rock"),
    "Fluss": ("m", "river"),
    "Handtuch": ("n", "towel"),
    "Hof": ("m", "yard"),
    "Hügel": ("m", "hill"),
    "Laden": ("m", "shop"),
    "Markt": ("m", "market"),
    "Moos": ("n", "moss"),
    "Park": ("m", "park"),
    "Regal": ("n", "shelf"),
    "Rutsche": ("f", "slide"),
    "Sand": ("m", "sand"),
    "Sandkasten": ("m", "sandbox"),
    "Schaukel": ("f", "swing"),
    "Schilf": ("n", "reeds"),
    "See": ("m", "lake"),
    "Spielplatz": ("m", "playground"),
    "Spielzeugladen": ("m", "toy shop"),
    "Stadt": ("f", "town"),
    "Steg": ("m", "pier"),
    "Strand": ("m", "beach"),
    "Straße": ("f", "street"),
    "Tisch": ("m", "table"),
    "Treppe": ("f", "stairs"),
    "Wald": ("m", "forest"),
    "Wiese": ("f", "meadow"),
    "Zoo": ("m", "zoo"),
    "Affen": ("pl", "monkeys"),
    "Blumen": ("pl", "flowers"),
    "Blättern": ("pl", "leaves"),
    "Büchern": ("pl", "books"),
    "Enten": ("pl", "ducks"),
    "Löwen": ("pl", "lions"),
    "Muscheln": ("pl", "shells"),
    "Äpfeln": ("pl", "apples"),
}
ADJECTIVES = {
    "blau": "blue",
    "braun": "brown",
    "gelb": "yellow",
    "grau": "grey",
    "grün": "green",
    "rot": "red",
    "schwarz": "black",
    "weiß": "white",
    "fein": "fine",
    "groß": "big",
    "klein": "small",
    "kalt": "cold",
    "neblig": "foggy",
    "regnerisch": "rainy",
    "ruhig": "quiet",
    "sonnig": "sunny",
    "verschneit": "snowy",
    "warm": "warm",
    "windig": "windy",
}

# Case and gender: each determiner that is right there, with the ending of the adjective after it.
ENDINGS = {
    ("nom", "m"): {"der": "e", "ein": "er", "sein": "er", "ihr": "er"},
    ("nom", "f"): {"die": "e", "eine": "e", "seine": "e", "ihre": "e"},
    ("nom", "n"): {"das": "e", "ein": "es", "sein": "es", "ihr": "es"},
    ("acc", "m"): {"den": "en", "einen": "en", "seinen": "en", "ihren": "en"},
    ("acc", "f"): {"die": "e", "eine": "e", "seine": "e", "ihre": "e"},
    ("acc", "n"): {"das": "e", "ein": "es", "sein": "es", "ihr": "es"},
    ("dat", "m"): {"dem": "en", "einem": "en", "seinem": "en", "ihrem": "en"},
    ("dat", "f"): {"der": "en", "einer": "en", "seiner": "en", "ihrer": "en"},
    ("dat", "n"): {"dem": "en", "einem": "en", "seinem": "en", "ihrem": "en"},
    ("dat", "pl"): {"den": "en"},
}
# What an English determiner may be when the German one begins like this.
ENGLISH_DETERMINER = {
    "d": "[Tt]he|[A-Z][a-z]+'s",
    "e": "a|an|[Oo]ne",
    "s": "[Hh]is",
    "i": "[Hh]er",
}

PRONOUNS = {
    ("er", "m"): "er",
    ("er", "f"): "sie",
    ("er", "n"): "es",
    ("ihn", "m"): "ihn",
    ("ihn", "f"): "sie",
    ("ihn", "n"): "es",
    ("ihm", "m"): "ihm",
    ("ihm", "f"): "ihr",
    ("ihm", "n"): "ihm",
}
PRONOUNS_AND_PHRASES = ("nom", "acc", "dat", "er", "ihn", "ihm", "where", "whereto")
ENGLISH_PRONOUNS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}

CONTRACTIONS = {
    "im": ("in", "dem"),
    "am": ("an", "dem"),
    "zum": ("zu", "dem"),
    "beim": ("bei", "dem"),
}
WHERE = ["in", "an", "auf", "unter", "neben", "hinter", "vor", "zwischen", "bei"]  # + dative
WHERETO = {"in": "acc", "auf": "acc", "zu": "dat"}

# Words that stand in a frame by themselves: German, English.
WORDS = {
    "weekday": {
        "Montag": "Monday",
        "Dienstag": "Tuesday",
        "Mittwoch": "Wednesday",
        "Donnerstag": "Thursday",
        "Freitag": "Friday",
        "Samstag": "Saturday",
        "Sonntag": "Sunday",
    },
    "once": {
        "Eines Morgens": "One morning",
        "Eines Tages": "One day",
        "Eines Nachmittags": "One afternoon",
        "Eines Abends": "One evening",
    },
    "masculine time": {
        "Morgen": "morning",
        "Tag": "day",
        "Nachmittag": "afternoon",
        "Abend": "evening",
    },
    "food": {
        "Äpfel": "apples",
        "Kirschen": "cherries",
        "Nüsse": "nuts",
        "Honig": "honey",
        "Käse": "cheese",
        "Pflaumen": "plums",
        "Tomaten": "tomatoes",
        "Pilze": "mushrooms",
    },
    "food in the dative": {
        "Äpfeln": "apples",
        "Kirschen": "cherries",
        "Nüssen": "nuts",
        "Honig": "honey",
        "Käse": "cheese",
        "Pflaumen": "plums",
        "Tomaten": "tomatoes",
        "Pilzen": "mushrooms",
    },
    "neuter colour": {
        "rotes": "red",
        "blaues": "blue",
        "grünes": "green",
        "gelbes": "yellow",
        "weißes": "white",
        "schwarzes": "black",
        "braunes": "brown",
        "graues": "grey",
    },
    "game": {
        "Fußball spielen": "play football",
        "ein Picknick machen": "have a picnic",
        "einen Drachen steigen lassen": "fly a kite",
        "Blumen pflücken": "pick flowers",
        "Bilder malen": "paint pictures",
        "Schlitten fahren": "ride a sled",
        "die Vögel füttern": "feed the birds",
        "Tierspuren suchen": "look for animal tracks",
    },
    "mender": {"Kleber": "glue", "Klebeband": "tape", "Draht": "wire"},
}

# Every German sentence. H is the hero, F the friend, P the pet, T and G are towns. {acc} is a noun
# phrase with an article in the accusative, {acc H} one with H's possessive; {er H}, {ihn H} and
# {ihm H} are pronouns for H in the nominative, accusative and dative; {er} and {ihn} stand for the
# thing that the sentence named last; {where} and {whereto} are a preposition and a noun phrase.
FRAMES = """
An {dat} ging {H} {whereto}.
Es war {nom} in {T}.
{H} ging {whereto}.
{H} verbrachte {acc} {where}.
Am {weekday} war {H} {where}.

{er H} nahm {acc H} mit.
{nom H} war immer bei {ihm H}.
{er H} hatte {acc H} mitgebracht.
An diesem Tag waren viele Leute {where}.
{er H} blieb lange.
Auf dem Heimweg merkte {er H}, dass {nom} weg war.
Plötzlich war {nom} weg.
Am Abend konnte {er H} {acc} nirgends finden.
{H} suchte {acc}, weil {er H} {ihn} verloren hatte.
{er H} war sehr traurig, weil {er H} {acc} liebte.
{H} fing an zu weinen.
{F} half {ihm H} beim Suchen.
{er H} bat {F} um Hilfe.
Endlich fanden sie {acc} {where}.
{F} fand {acc} {where}.
{H} dankte {F} und lachte.
{H} war wieder glücklich.
{er H} umarmte {F} und hielt {acc} fest.
Sie suchten, bis es dunkel war, aber {nom} war nicht da.
Aber ein Fremder hatte {acc} mitgenommen.
{H} sah {acc} nie wieder.
{H} ging weinend ins Bett.

{H} verbrachte {acc} in {T}.
{H} und {F} wollten {where} {game}.
{F} trug {acc F}.
{H} lieh {F} {acc H}.
{nom} von {H} gab ihnen Tee und {food}.
Plötzlich blies der Wind {acc} in einen Baum.
{H} kletterte hinauf und brachte {acc} zurück.
{F} klatschte.
Niemand konnte {acc} erreichen, und {F} weinte.
Bald wurde der Regen stärker, und {nom} war nass.
Nach einer Stunde stand der ganze Weg unter Wasser.
Sie tanzten im Regen und lachten.
{F} erkältete sich und musste im Bett bleiben.
Die Sonne schien bis zum Abend.
Sie aßen {food} und erzählten sich Geschichten.
Aber {F} zog {acc} aus und bekam einen Sonnenbrand.
Der Schnee bedeckte jeden Weg.
Sie bauten einen Schneemann und gaben {ihm SNOWMAN} {acc}.
Sie verliefen sich, und {H} hatte Angst.
Zu Hause sprachen sie stundenlang über {acc}.

{H} kannte {F} aus der Schule.
{H} und {F} waren gute Freunde.
Die Geburtstagsfeier von {F} war am {weekday}.
{F} lud alle Kinder für {weekday} zu einem Fest ein.
{H} ging {whereto} und kaufte {ihm F} {acc}.
{H} hatte kein Geld, also bastelte {er H} {ihm F} {acc}.
{nom H} half {ihm H} beim Anmalen.
{er H} wickelte {acc} in {neuter colour} Papier.
{F} hatte sich schon immer {acc} gewünscht.
{F} war so froh, dass {er F} vor Freude in die Luft sprang.
{nom} war das beste Geschenk von allen.
{F} gab {H} das größte Stück Kuchen.
Unterwegs ließ {H} {acc} in den Fluss fallen, und {er} war weg.
{H} kam mit leeren Händen.
{er H} war so traurig, dass {er H} umkehrte.
Aber {F} hatte schon {acc} zu Hause.
{H} saß in der Ecke und sagte kein Wort.

{H} hatte {acc} namens {P}.
{P} war {nom} und lebte bei {H}.
{once} vergaß {H}, {acc} zu schließen.
{once} ließ {nom} von {H} {acc} offen.
{P} entkam sofort.
Eine Stunde später war {P} weg.
{H} rief immer wieder nach {P}.
{H} und {F} hängten ein Bild von {dat} auf.
{H} lief durch jede Straße.
{er H} fragte alle nach {P}.
Eine Nachbarin hatte {acc} {where} gesehen.
Am nächsten Tag wurde {P} {where} gefunden.
Dann ging {er H} {whereto} und sah {P} {where}.
{nom} war hungrig, aber gesund.
{H} küsste {P} und lachte.
Seitdem hat {H} {acc} immer geschlossen.
{P} kam nie zurück.
Wochen vergingen, aber niemand fand {P}.
Noch heute blickt {H} auf {acc} und wartet.

{H} wollte für {acc H} {acc} backen.
Am {weekday} kam {nom} von {H} zu Besuch.
{H} beschloss, {acc} zu backen.
{er H} mischte Mehl, Eier und {food}.
{er H} fand {food} und Butter in der Küche.
Dann schob {er H} {acc} in den Ofen.
{H} wartete und sah auf die Uhr.
{F} kam vorbei und spülte das Geschirr.
Bald roch das ganze Haus nach {food in the dative}.
Es war {nom} mit {food in the dative}.
{nom H} aß drei Stücke.
{nom H} sagte, dass {nom} perfekt war.
Aber {F} rief an, und sie redeten eine Stunde lang.
Aber {er H} war müde und schlief auf dem Sofa ein.
{nom} war schwarz, weil {er} zu lange im Ofen gewesen war.
{nom H} musste trockenen Toast essen.
{H} warf {acc} weg und weinte.

{H} fuhr mit dem Zug von {T} nach {G}.
An {dat} verließ {H} {T} und reiste nach {G}.
{er H} wollte {acc H} besuchen.
{nom H} hatte {ihn H} eingeladen.
In {dat H} war {nom}.
{er H} trug {acc} mit {dat} darin.
{er H} sah aus dem Fenster und zählte die Kühe.
Zwei alte Männer erzählten {ihm H} einen Witz.
{nom H} wartete schon am Bahnhof in {G}.
In {G} stieg {er H} aus und vergaß {acc}.
Der Schaffner lief {ihm H} mit {dat} nach.
Der Zug fuhr mit {dat} weiter.
{nom H} bekam {acc} nie.
Spät in der Nacht war {H} wieder in {T}.

{H} lieh sich von {F} {acc}.
{F} lieh {H} {acc}.
{er H} versprach, vorsichtig zu sein.
{er F} sagte, dass {nom} sehr alt war.
{er H} benutzte {acc} eine Woche lang und putzte {ihn} jeden {masculine time}.
Nichts Schlimmes geschah.
Dann brachte {H} {F} {acc} zurück.
Aber {H} fiel {where} hin, und {nom} ging kaputt.
{er H} hatte Angst, es {F} zu sagen.
{nom H} reparierte {acc} mit {mender}.
{F} war nicht böse und dankte {H} für die Wahrheit.
{F} war böse, weil {er F} {acc} geliebt hatte.
Danach lieh {F} {H} nie wieder etwas.
An diesem {masculine time} sprachen die beiden lange darüber.
"""
FRAMES = [line for line in FRAMES.splitlines() if line]

_NOUN = "[A-ZÄÖÜ][a-zäöüß]+"
_DETERMINER = "(?:[Dd](?:er|ie|as|en|em)|(?:[Ee]in|[Ss]ein|[Ii]hr)(?:e[mnrs]?)?)"
_NOUN_PHRASE = f"{_DETERMINER} (?:[a-zäöüß]+ )?{_NOUN}"
_PLACE = f"(?:{'|'.join(CONTRACTIONS)}) {_NOUN}|(?:{'|'.join([*WHERE, *WHERETO])}) {_NOUN_PHRASE}"
_PATTERNS = {
    **dict.fromkeys(["H", "F"], "|".join(GENDER_OF_CHILD)),
    **dict.fromkeys(["T", "G"], "|".join(TOWNS)),
    "P": "|".join(PETS),
    **dict.fromkeys(["nom", "acc", "dat"], _NOUN_PHRASE),
    **dict.fromkeys(["where", "whereto"], _PLACE),
    **dict.fromkeys(["er", "ihn", "ihm"], "[Ee]r|[Ss]ie|[Ee]s|ihn|ihm|ihr"),
    **{kind: "|".join(words) for kind, words in WORDS.items()},
}  # fmt: skip


@cache
def _compiled(frame):
    """A frame as a pattern with one group per slot, and the slots."""
    pieces = re.split(r"\{([^}]*)\}", frame)
    slots = [(slot,) if slot in WORDS else tuple(slot.split()) for slot in pieces[1::2]]
    pattern = "".join(
        re.escape(piece) if i % 2 == 0 else f"({_PATTERNS[slots[i // 2][0]]})"
        for i, piece in enumerate(pieces)
    )
    return re.compile(pattern), slots


@cache
def _matches(sentence):
    """(frame, slots with their words) for every frame that a German sentence fits."""
    found = []
    for frame in FRAMES:
        pattern, slots = _compiled(frame)
        if match := pattern.fullmatch(sentence):
            found.append((frame, list(zip(slots, match.groups(), strict=True))))
    return found


def _roles(slots):
    return {slot[0]: word for slot, word in slots if slot[0] in ("H", "F", "P", "T", "G")}


def _agree(one, other):
    return all(other.get(role, name) == name for role, name in one.items())


def sentences(text):
    """The sentences of a story, in either language."""
    return [sentence.strip() for sentence in re.findall(r"[^.]+\.", text)]


def reading(german):
    """One frame per sentence, so that every role has one name; and who has which role."""
    readings = [([], {})]
    for sentence in german:
        readings = [
            ([*frames, (frame, slots)], roles | _roles(slots))
            for frames, roles in readings
            for frame, slots in _matches(sentence)
            if _agree(_roles(slots), roles)
        ]
    assert len(readings) == 1, f"{len(readings)} readings of {' '.join(german)}"
    return readings[0]


def faults(english, german):
    """Everything that is wrong with the German of a story, sentence lists given side by side."""
    frames, roles = reading(german)
    gender = {role: GENDER_OF_CHILD[roles[role]] for role in "HF" if role in roles}
    gender["SNOWMAN"] = "m"
    found = []
    for (_, slots), source, sentence in zip(frames, english, german, strict=True):
        people, thing = [], None
        for slot, words in slots:
            kind, owner = slot[0], gender[slot[1]] if len(slot) > 1 else None
            wrong = None
            if kind in ("nom", "acc", "dat"):
                thing, wrong = _noun_phrase(kind, words, owner, source)
                people += [owner] if owner else []
            elif kind in ("where", "whereto"):
                wrong = _place(kind, words, source)
            elif kind in ("er", "ihn", "ihm"):
                people += [owner] if owner else []
                if words.lower() != PRONOUNS.get((kind, owner or thing)):
                    wrong = f"pronoun {words!r} for {owner or thing}"
            elif kind in WORDS and WORDS[kind][words] not in source:
                wrong = f"{words!r} does not translate {source!r}"
            elif kind in ("T", "G", "H", "F", "P") and TOWNS.get(words, words) not in source:
                wrong = f"{words!r} is not in {source!r}"
            found += [f"{wrong} in {sentence!r}"] if wrong else []
        said = [ENGLISH_PRONOUNS.get(word.lower()) for word in re.findall(r"\w+", source)]
        if sorted(filter(None, said)) != sorted(people):
            found.append(f"English pronouns {said} of {source!r}, German {people} of {sentence!r}")
        for slot, words in slots:
            if slot[0] in PRONOUNS_AND_PHRASES and words[0].isupper() != sentence.startswith(words):
                found.append(f"{words!r} begins with the wrong letter in {sentence!r}")
    return found


def _noun_phrase(case, words, owner, source):
    """The gender of a noun phrase, and what is wrong with it in this case, if anything."""
    determiner, *adjective, noun = words.split()
    if noun not in NOUNS:
        return None, f"unknown noun {noun!r}"
    gender, english = NOUNS[noun]
    determiner = determiner.lower()
    if owner and determiner[0] != {"m": "s", "f": "i"}[owner]:
        return gender, f"{determiner!r} for a possessor {owner}"
    if not owner and determiner[0] not in "de":
        return gender, f"{determiner!r} is not an article"
    if determiner not in ENDINGS.get((case, gender), {}):
        return gender, f"{determiner} {noun} is not {case} {gender}"
    if adjective:
        ending = ENDINGS[case, gender][determiner]
        stem = adjective[0].removesuffix(ending)
        if stem not in ADJECTIVES or adjective[0] != stem + ending:
            return gender, f"{words!r} is not {case} {gender}"
        english = f"{ADJECTIVES[stem]} {english}"
    if english != "town" and not re.search(
        rf"\b(?:{ENGLISH_DETERMINER[determiner[0]]}) {english}\b", source
    ):
        return gender, f"{words!r} does not translate {source!r}"
    return gender, None


def _place(kind, words, source):
    """What is wrong with a phrase that says where something is or where somebody goes."""
    preposition, rest = words.split(" ", 1)
    if preposition in CONTRACTIONS:
        preposition, article = CONTRACTIONS[preposition]
        rest = f"{article} {rest}"
    if kind == "where":
        case = "dat" if preposition in WHERE else None
    else:
        case = WHERETO.get(preposition)
    if case is None:
        return f"preposition {preposition!r} does not say {kind}"
    return _noun_phrase(case, rest, None, source)[1]
