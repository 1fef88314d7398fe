"""A word in English and German with its forms, and the decks that slots draw words from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from helpers.stories.german import pronoun


@dataclass(frozen=True, eq=False)
class Word:
    """One thing to talk about: its forms in both languages, and its entity label if any."""

    english: dict[str, str]
    german: dict[str, str]
    gender: str = ""
    label: str = ""

    def __repr__(self) -> str:
        return f"Word({self.english['']!r})"


@dataclass(frozen=True, eq=False)
class Deck:
    """Words to draw from. The first is drawn three times as often as the last, evenly graded."""

    words: tuple[Word, ...]
    probabilities: tuple[float, ...] = field(init=False)
    slots = ()  # of the words that decide what is in it

    def __post_init__(self):
        steps = max(len(self.words) - 1, 1)
        weights = [3 - 2 * rank / steps for rank in range(len(self.words))]
        probabilities = tuple(weight / sum(weights) for weight in weights)
        object.__setattr__(self, "probabilities", probabilities)

    def given(self, words: dict[str, Word]) -> "Deck":
        """The deck itself, whatever was drawn before."""
        return self


@dataclass(frozen=True, eq=False)
class DeckGiven:
    """A deck that depends on the words which some slots have drawn, if they have."""

    slots: tuple[str, ...]
    choose: Callable[..., Deck]

    def given(self, words: dict[str, Word]) -> Deck:
        """The deck for these words."""
        return self.choose(*(words.get(slot) for slot in self.slots))


Cast = dict[str, Deck | DeckGiven]  # where each slot of a tale draws its word


def deck(*words: Word) -> Deck:
    return Deck(words)


@cache
def without(words: Deck, name: str) -> Deck:
    return deck(*(word for word in words.words if word.english[""] != name))


def by(slot: str, decks: dict[Word, Deck], otherwise: Deck | None = None) -> DeckGiven:
    """Another deck for each word that the slot can have drawn."""
    return DeckGiven((slot,), lambda word: decks.get(word, otherwise))


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
        "er": pronoun("nom", gender),
        "ihn": pronoun("acc", gender),
        "ihm": pronoun("dat", gender),
    }
    for form, (en_form, de_form) in forms.items():
        en[form], de[form] = en_form, de_form
    return Word(en, de, gender)


def phrase(english: str, deutsch: str, label: str = "", **forms: tuple[str, str]) -> Word:
    """Anything that is said as a whole: an adjective, a phrase, the name of a town or a pet."""
    en = {"": english} | {form: pair[0] for form, pair in forms.items()}
    de = {"": deutsch} | {form: pair[1] for form, pair in forms.items()}
    return Word(en, de, "", label)


def color(english: str, deutsch: str) -> Word:
    return phrase(english, deutsch, es=(english, f"{deutsch}es"))


def nouns(entries: str) -> list[Word]:
    """Things as a dictionary lists them, the article for the gender.

    >>> nouns("ball = der Ball, lamp = die Lampe")[1].gender
    'f'
    """
    genders = {"der": "m", "die": "f", "das": "n"}
    pairs = [entry.split(" = ") for entry in entries.split(", ")]
    return [noun(english, deutsch[4:], genders[deutsch[:3]]) for english, deutsch in pairs]


def phrases(entries: str, label: str = "") -> list[Word]:
    """Phrases with no other forms, listed like nouns: "big = groß, small = klein"."""
    return [phrase(*entry.split(" = "), label) for entry in entries.split(", ")]
