"""A word in English and German with its forms, and the decks that slots draw words from."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from helpers.stories.german import pronoun

# The forms of a person, as templates call them.
_ENGLISH, _GERMAN = ("he", "him", "his", "He", "His"), ("er", "ihn", "ihm", "sein", "Er")
_PRONOUNS = {
    "m": (_ENGLISH, _GERMAN),
    "f": (("she", "her", "her", "She", "Her"), ("sie", "sie", "ihr", "ihr", "Sie")),
}


@dataclass(frozen=True, eq=False)
class Word:
    """One thing to talk about: its forms in both languages, and its entity label if any."""

    english: dict[str, str]
    german: dict[str, str]
    gender: str = ""
    label: str = ""


def english(template: str, words: dict[str, Word]) -> str:
    """An English text about words that have been drawn: `{hero.his}` is a form of one."""
    return re.sub(r"\{(\w+)\.?(\w*)\}", lambda slot: words[slot[1]].english[slot[2]], template)


Deck = tuple[Word, ...]  # to draw from


class DeckGiven(NamedTuple):
    """A deck that depends on the words which some slots have drawn, if they have."""

    slots: tuple[str, ...]
    choose: Callable[..., Deck]


def by(slot: str, decks: dict[Word, Deck], otherwise: Deck = ()) -> DeckGiven:
    """Another deck for each word that the slot can have drawn."""
    return DeckGiven((slot,), lambda word: decks.get(word, otherwise))


def probabilities(size: int) -> list[float]:
    """Of the words in a deck: the first is three times as probable as the last, evenly graded.

    >>> probabilities(3)
    [0.5, 0.3333333333333333, 0.16666666666666666]
    """
    weights = [3 - 2 * rank / max(size - 1, 1) for rank in range(size)]
    return [weight / sum(weights) for weight in weights]


def phrase(english: str, deutsch: str, label: str = "", gender: str = "", **forms: str) -> Word:
    """Anything that is said as a whole: an adjective, a phrase, the name of a town or a pet.

    >>> phrase("windy", "windig", about="the wind = den Wind").german
    {'': 'windig', 'about': 'den Wind'}
    """
    word = Word({"": english}, {"": deutsch}, gender, label)
    for form, pair in forms.items():
        word.english[form], word.german[form] = pair.split(" = ")
    return word


def person(name: str, gender: str) -> Word:
    """A child: names are the same in both languages, pronouns are not."""
    word = phrase(name, name, "PER", gender)
    en, de = _PRONOUNS[gender]
    word.english.update(zip(_ENGLISH, en, strict=True))
    word.german.update(zip(_GERMAN, de, strict=True))
    return word


def noun(english: str, deutsch: str, gender: str, **forms: str) -> Word:
    """A thing: `a` is it with its indefinite article, er / ihn / ihm its German pronouns."""
    word = phrase(english, deutsch, gender=gender, **forms)
    word.english["a"] = f"{'an' if english[0] in 'aeiou' else 'a'} {english}"
    for form, case in (("er", "nom"), ("ihn", "acc"), ("ihm", "dat")):
        word.german[form] = pronoun(case, gender)
    return word


def nouns(entries: str) -> Deck:
    """Things as a dictionary lists them, the article for the gender.

    >>> nouns("ball = der Ball, lamp = die Lampe")[1].gender
    'f'
    """
    genders = {"der": "m", "die": "f", "das": "n"}
    pairs = [entry.split(" = ") for entry in entries.split(", ")]
    return tuple(noun(english, deutsch[4:], genders[deutsch[:3]]) for english, deutsch in pairs)


def phrases(entries: str, label: str = "") -> Deck:
    """Phrases with no other forms, listed like nouns: "big = groß, small = klein"."""
    return tuple(phrase(*entry.split(" = "), label) for entry in entries.split(", "))
