"""The ideal reader: what the source says next, or in a blank, with exact probabilities.

The reader follows all ways through the tales that fit a text. A way that the text contradicts ends;
ways that can only go on alike are one state. A pass forwards gives the probability of a text and of
its next word; a second one backwards, how probable the rest is from each state, and with it what
stands in a blank.

Sources: Shannon 1951, Prediction and Entropy of Printed English, where the ideal reader knows all
probabilities of the language; Rabiner 1989, A Tutorial on Hidden Markov Models, section III, for
the two passes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from math import inf, log
from typing import NamedTuple

from helpers import checks
from helpers.stories.decks import Word
from helpers.stories.language import BLANK, END, spell, units
from helpers.stories.nodes import Node, Part
from helpers.stories.tales import START

MOST_STATES = 50_000  # at one place of a text: up to ten seconds


class State(NamedTuple):
    """A place in the source: what is still to be said, and the drawn words that matter for it."""

    ahead: tuple[Part, ...]
    words: frozenset[tuple[str, Word]]


class Move(NamedTuple):
    """One way to say a unit: from which state, how probably there, and the state after it."""

    before: State
    unit: str
    probability: float
    after: State


Layer = dict[State, float]  # where the source can be, and how probable it is to come there
BEGINNING: Layer = {State((START,), frozenset()): 1.0}


def _moves(states: Iterable[State], wanted: str | None) -> Iterator[Move]:
    """All ways to say the wanted unit: any but the end for a blank, any at all for None."""

    def may_say(part: Part) -> bool:
        if isinstance(part, Node) or wanted is None:
            return True
        return part == wanted or (wanted == BLANK and part != END)

    for state in states:
        ways = [(1.0, state.ahead, dict(state.words))] if may_say(state.ahead[0]) else []
        for reached, ahead, words in ways:  # more are appended
            part, later = ahead[0], ahead[1:]
            if isinstance(part, str):
                yield Move(state, part, reached, _state(later, words))
                continue
            for step in part.steps(words):
                ahead = step.parts + later
                if may_say(ahead[0]):
                    ways.append((reached * step.probability, ahead, words | step.drawn))


def _state(ahead: tuple[Part, ...], words: dict[str, Word]) -> State:
    needed = _needs(ahead)
    return State(ahead, frozenset(item for item in words.items() if item[0] in needed))


@cache
def _needs(ahead: tuple[Part, ...]) -> frozenset[str]:
    return frozenset().union(*(part.needs for part in ahead if isinstance(part, Node)))


def _after(layer: Layer, moves: Iterable[Move]) -> Layer:
    following = defaultdict(float)
    for before, _, probability, after in moves:
        following[after] += layer[before] * probability
    return following


def _read(parts: list[str]) -> tuple[list[Layer], list[list[Move]]]:
    """The layers before the first unit and after each, and the moves between them.

    ValueError names what does not fit.
    """
    layers, moves = [BEGINNING], []
    for index, unit in enumerate(parts):
        moves.append(list(_moves(layers[-1], unit)))
        if not moves[-1]:
            raise ValueError(_misfit(parts, index, layers[-1]))
        layers.append(_after(layers[-1], moves[-1]))
        checks.need(
            len(layers[-1]) <= MOST_STATES,
            f"text leaves too much open: after unit {index + 1} there are over {MOST_STATES:,} "
            f"ways to go on. Fill in some of its {parts.count(BLANK)} blanks",
        )
    return layers, moves


def _misfit(parts: list[str], index: int, layer: Layer) -> str:
    """What does not fit, after what, and what would have."""
    what = repr(parts[index]) if parts[index] else "the end of the story"
    where = f"after {spell(parts[:index])[-60:]!r}" if index else "at the beginning"
    options = [repr(unit) if unit else "the end" for unit in _next_units(layer)]
    more = f" and {len(options) - 3} more" if len(options) > 3 else ""
    return (
        f"the source can't say {what} (unit {index + 1}) {where}; "
        f"what it can say there: {', '.join(options[:3])}{more}"
    )


def _next_units(layer: Layer) -> dict[str, float]:
    chances = defaultdict(float)
    for before, unit, probability, _ in _moves(layer, None):
        chances[unit] += layer[before] * probability
    return _distribution(chances)


def _distribution(chances: dict[str, float]) -> dict[str, float]:
    """The units likeliest first, ties by alphabet, with probabilities that sum to one."""
    total = sum(chances.values())
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return {unit: chance / total for unit, chance in ranked}


def _units(name: str, text: str, wanted: str) -> list[str]:
    checks.instance(name, text, str, wanted)
    parts = units(text)
    checks.need(
        spell(parts) == text.rstrip(),
        f"{name} is not in normal orthography: got {text[:60]!r}, write {spell(parts)[:60]!r}",
    )
    return parts


def log_probability(text: str) -> float:
    """How probable the source is to tell exactly this story, its end included, in nats.

    -inf for what the source can't say, be it one wrong word, one missing sentence or one space.
    So every text gets an answer, whoever wrote it; for a text with blanks see `fill`.

    >>> from helpers.stories import sample
    >>> story = sample(1, seed=0)[0]
    >>> abs(log_probability(story.text) - story.log_probability) < 1e-9
    True
    >>> log_probability("It was a purple day.")
    -inf

    Raises TypeError if `text` is not a string.
    """
    checks.instance("text", text, str, "a string with a whole story: sample(1, seed=0)[0].text")
    parts = units(text)
    if BLANK in parts or spell(parts) != text:
        return -inf
    layer = BEGINNING
    for unit in [*parts, END]:
        layer = _after(layer, _moves(layer, unit))
    return log(sum(layer.values())) if layer else -inf


def next_words(prefix: str) -> dict[str, float]:
    """What comes next, and how probably: the exact distribution of the next unit, likeliest first.

    "" stands for the end of the story; an empty prefix asks for the first unit.

    >>> next_words("Anna and Tom were good")
    {'friends': 1.0}

    Raises TypeError if `prefix` is not a string, ValueError if it has a blank or if the source
    can't say it; the message names the first unit that does not fit.
    """
    parts = _units("prefix", prefix, "a string that begins a story, such as 'It was a'")
    checks.need(
        BLANK not in parts, f"prefix has a blank {BLANK!r}: use stories.fill for texts with blanks"
    )
    layers, _ = _read(parts)
    return _next_units(layers[-1])


def fill(text: str) -> list[dict[str, float]]:
    """What stands in each `___` of a whole story: one exact distribution per blank, in order.

    A blank stands for one unit. Each distribution is given everything else in the text, both sides
    and the end of the story included, and averages over the other blanks.

    >>> fill(
    ...     "Ida lent Tom a red kite. ___ promised to be careful. But Tom fell on the bridge, and "
    ...     "the ___ broke. Ida was not angry and thanked Tom for the truth."
    ... )
    [{'He': 1.0}, {'kite': 1.0}]

    Raises TypeError if `text` is not a string, ValueError if it has no blank, if it leaves too much
    open (nearly all words), or if the source can't say it; the message names the first unit that
    does not fit.
    """
    parts = _units("text", text, f"a string: a whole story with {BLANK!r} for a word")
    checks.need(
        BLANK in parts, f"text has no blank: write {BLANK!r} in place of a word, got {text[:60]!r}"
    )
    whole = [*parts, END]
    layers, moves = _read(whole)
    filled = []
    rest = dict.fromkeys(layers.pop(), 1.0)  # how probable the text after it is, for each state
    for unit in reversed(whole):
        layer, chances, earlier = layers.pop(), defaultdict(float), defaultdict(float)
        for before, said, probability, after in moves.pop():
            if after in rest:
                chances[said] += layer[before] * probability * rest[after]
                earlier[before] += probability * rest[after]
        if unit == BLANK:
            filled.append(_distribution(chances))
        rest = earlier
    return filled[::-1]
