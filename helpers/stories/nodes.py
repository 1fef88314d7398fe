"""What a tale is made of: sentences, slots and choices, each linked to what follows it.

A node knows its `steps`: what can come next, and how probable each possibility is. `source` draws
one step after the other; `reader` follows all of them along a text.

In a sentence, `{hero}` is a *slot*. It draws a word the first time it is said and repeats it ever
after: that is where the long-range dependencies come from. `{hero.his}` is a form of that word,
`{hero}'s` its genitive. A German sentence (see `german.translate`) depends on its own English
sentence only, so that translating sentence by sentence is a function.
"""

import re
from copy import copy
from functools import cache
from typing import NamedTuple

from helpers.stories.decks import Cast, Deck, Word
from helpers.stories.language import END, units
from helpers.stories.words import CAST

Words = dict[str, Word]  # the words drawn so far, by slot


class Step(NamedTuple):
    """One way to go on: how probable it is, what it says, the node after it, the word it draws."""

    probability: float
    units: tuple[str, ...]
    node: "Node | None"
    drawn: Words


class Node:
    """A part of a tale, which says `units` and goes on with the next node."""

    needs: frozenset[str] = frozenset()  # the slots whose words can matter from here on

    def __init__(self, *said: str):
        self.units = said

    def link(self, after: "Node | None", cast: Cast) -> "Node":
        """A copy that goes on with another node; returns the first node of it."""
        linked = copy(self)
        linked.after, linked.needs = after, after.needs if after else frozenset()
        linked.only = [Step(1.0, self.units, after, {})]
        return linked

    def steps(self, words: Words) -> list[Step]:
        """All ways to go on, given the words drawn so far."""
        return self.only

    def note(self, telling) -> None:
        """Write down in a story that is being drawn (`source.Telling`) what it comes past."""


class Slot(Node):
    """A place in a sentence for a word that is drawn once."""

    def __init__(self, name: str, form: str, genitive: bool):
        self.name, self.form, self.genitive = name, form, genitive

    def link(self, after, cast):
        linked = copy(self)
        linked.after, linked.deck = after, cast[self.name]
        linked.needs = after.needs | {self.name, *linked.deck.slots}
        return linked

    def steps(self, words):
        if self.name in words:
            return self.repeat(words[self.name])
        return self.draw(self.deck.given(words))

    @cache  # noqa: B019  (nodes live as long as the tales)
    def repeat(self, word: Word) -> list[Step]:
        said = units(word.english[self.form] + ("'s" if self.genitive else ""))
        return [Step(1.0, tuple(said), self.after, {})]

    @cache  # noqa: B019
    def draw(self, deck: Deck) -> list[Step]:
        return [
            Step(probability, self.repeat(word)[0].units, self.after, {self.name: word})
            for word, probability in zip(deck.words, deck.probabilities, strict=True)
        ]

    def note(self, telling):
        if not self.form and telling.words[self.name].label:
            telling.names.append((len(telling.units), telling.words[self.name]))


class Sentence(Node):
    """An English sentence and its translation."""

    def __init__(self, english: str, german: str):
        super().__init__()
        self.english, self.german = english, german

    def link(self, after, cast):
        pieces = re.finditer(r"\{(\w+)\.?(\w*)\}('s)?|[^{]*[^{\s]", self.english)
        nodes = [Slot(p[1], p[2], bool(p[3])) if p[1] else Node(*units(p[0])) for p in pieces]
        return super().link(InOrder(*nodes).link(after, cast), cast)

    def note(self, telling):
        telling.sentences.append(self)


class InOrder(Node):
    """Nodes one after the other."""

    def __init__(self, *nodes: Node):
        self.nodes = nodes

    def link(self, after, cast):
        for node in reversed(self.nodes):
            after = node.link(after, cast)
        return after


NOTHING = InOrder()


class Either(Node):
    """A choice between ways to go on, equally probable unless odds are given."""

    def __init__(self, *ways: Node, odds: tuple[float, ...] = ()):
        odds = odds or (1,) * len(ways)
        self.ways, self.probabilities = ways, tuple(odd / sum(odds) for odd in odds)

    def link(self, after, cast):
        starts = [way.link(after, cast) for way in self.ways]
        linked = copy(self)
        linked.needs = frozenset().union(*(start.needs for start in starts))
        linked.only = [
            Step(probability, (), start, {})
            for probability, start in zip(self.probabilities, starts, strict=True)
        ]
        return linked


class Given(Node):
    """The way to go on that an earlier word decides."""

    def __init__(self, slot: str, ways: dict[Word, Node]):
        self.slot, self.ways = slot, ways

    def link(self, after, cast):
        starts = {word: way.link(after, cast) for word, way in self.ways.items()}
        linked = copy(self)
        linked.needs = frozenset([self.slot]).union(*(start.needs for start in starts.values()))
        linked.only = {word: [Step(1.0, (), start, {})] for word, start in starts.items()}
        return linked

    def steps(self, words):
        return self.only[words[self.slot]]


class Outcome(Node):
    """What has happened: the mood, a one-sentence summary, and questions with answers."""

    def __init__(self, mood: str, summary: str, *questions: tuple[str, str]):
        super().__init__()
        self.mood, self.summary, self.questions = mood, summary, questions

    def note(self, telling):
        telling.outcome = self


class Tale(Node):
    """A plot: how it goes, what can be asked in any case, and where its words come from.

    `cast` is what this tale has beside, or in place of, `words.CAST`.
    """

    def __init__(self, *plot: Node, cast: Cast, questions: list[tuple[str, str]]):
        super().__init__()
        self.plot, self.cast, self.questions = plot, CAST | cast, tuple(questions)

    def link(self, after, cast):
        return super().link(InOrder(*self.plot).link(after, self.cast), cast)

    def note(self, telling):
        telling.tale = self


def source_of(tales: list[Tale]) -> Node:
    """The node that every story begins with: one of the tales, all equally probable."""
    return Either(*tales).link(Node(END).link(None, {}), {})


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
