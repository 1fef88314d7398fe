"""What a tale is made of: sentences, slots, and choices of what comes next.

A node knows its `steps`: what can stand in its place, and how probable each possibility is.
`source` draws one of them; `reader` follows all of them along a text.

In a sentence, `{hero}` is a *slot*. It draws a word of `words.CAST` the first time it is said and
repeats it ever after: that is where the long-range dependencies come from. `{hero.his}` is a form
of that word, `{hero}'s` its genitive. A German sentence (see `german.translate`) depends on its own
English sentence only, so that translating sentence by sentence is a function.
"""

import re
from functools import cache
from typing import NamedTuple, Union

from helpers import checks
from helpers.stories.decks import Deck, DeckGiven, Word, english, probabilities
from helpers.stories.language import UNIT, units
from helpers.stories.words import CAST

Part = Union["Node", str]  # a string is a unit


class Step(NamedTuple):
    """What can stand in a node's place: how probably, which parts, and the word it draws if any."""

    probability: float
    parts: tuple[Part, ...]
    drawn: dict[str, Word]


class Node:
    """A part of a tale: nodes and units one after the other, if nothing else is said."""

    def __init__(self, *parts: Part):
        self.parts = parts
        # The slots whose words can matter to it.
        self.needs = frozenset().union(*(p.needs for p in parts if isinstance(p, Node)))

    def steps(self, words: dict[str, Word | None]) -> list[Step]:
        """What can stand in its place, given the words drawn so far, by slot."""
        return [Step(1.0, self.parts, {})]


class InOrder(Node):
    """Parts of a tale one after the other."""


NOTHING = InOrder()


class Slot(Node):
    """A place in a sentence for a word that is drawn once."""

    def __init__(self, template: str):
        self.template, self.name = template, re.search(r"\w+", template)[0]
        deck = CAST[self.name]
        self.deck = deck if isinstance(deck, DeckGiven) else DeckGiven((), lambda: deck)
        self.needs = frozenset([self.name, *self.deck.slots])

    def steps(self, words):
        if words.get(self.name):
            return _draws(self, (words[self.name],))
        deck = self.deck.choose(*map(words.get, self.deck.slots))
        checks.need(deck, f"{self.template} needs {self.deck.slots} to be drawn before it")
        return _draws(self, deck)


@cache
def _draws(slot: Slot, deck: Deck) -> list[Step]:
    said = [units(english(slot.template, {slot.name: word})) for word in deck]
    return [
        Step(probability, tuple(parts), {slot.name: word})
        for probability, parts, word in zip(probabilities(len(deck)), said, deck, strict=True)
    ]


class Sentence(Node):
    """An English sentence and its translation."""

    def __init__(self, english: str, german: str):
        pieces = re.findall(rf"\{{.*?\}}(?:'s)?|{UNIT}", english)
        super().__init__(*(Slot(piece) if piece[0] == "{" else piece for piece in pieces))
        self.german = german


class Either(Node):
    """A choice between ways to go on, equally probable unless odds are given."""

    def __init__(self, *ways: Node, odds: tuple[float, ...] = ()):
        super().__init__(*ways)
        odds = odds or (1,) * len(ways)
        choices = zip(odds, ways, strict=True)
        self.ways = [Step(odd / sum(odds), (way,), {}) for odd, way in choices]

    def steps(self, words):
        return self.ways


class Given(Node):
    """The way to go on that an earlier word decides."""

    def __init__(self, slot: str, ways: dict[Word, Node]):
        super().__init__(*ways.values())
        self.needs |= {slot}
        self.slot, self.ways = slot, ways

    def steps(self, words):
        return [Step(1.0, (self.ways[words[self.slot]],), {})]


class Outcome(Node):
    """What has happened: the mood, a one-sentence summary, and questions with answers."""

    def __init__(self, mood: str, summary: str, *questions: tuple[str, str]):
        super().__init__()
        self.mood, self.summary, self.questions = mood, summary, questions


class Tale(Node):
    """A plot, part by part, and what can be asked in any case."""

    def __init__(self, name: str, *plot: Node, questions: list[tuple[str, str]]):
        super().__init__(*plot)
        self.name, self.questions = name, questions


def say(*lines: str) -> InOrder:
    """Sentences one after the other, each in English and then in German."""
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return InOrder(*(Sentence(english, german) for english, german in pairs))


def one_of(text: str, odds: tuple[float, ...] = ()) -> Either:
    """Ways to say something: lines in English and German, an empty line between the ways."""
    ways = [way.strip().splitlines() for way in re.split(r"\n\s*\n", text.strip())]
    return Either(*(say(*map(str.strip, lines)) for lines in ways), odds=odds)


def maybe(*lines: str, probability: float = 0.5) -> Either:
    """Sentences that are said or left out."""
    return Either(say(*lines), NOTHING, odds=(probability, 1 - probability))
