"""The ideal reader: what the source says next, or in a blank, with exact probabilities.

The reader follows all ways through the tales that fit a text. A way that the text contradicts ends;
ways that can only go on alike are joined. One pass forwards gives the probability of a text and of
its next word; a second one backwards, how probable the rest is from each place, and with it what
stands in a blank.

Sources: Shannon 1951, Prediction and Entropy of Printed English, where the ideal reader knows all
probabilities of the language; Rabiner 1989, A Tutorial on Hidden Markov Models, section III, for
the two passes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, log

from helpers import checks
from helpers.stories.language import BLANK, END, spell, units
from helpers.stories.nodes import Node, Step, Words
from helpers.stories.tales import START

MOST_STATES = 50_000  # at one place of a text: up to ten seconds


@dataclass(eq=False, slots=True)
class State:
    """A way in which the source can have come to a place in a text, and how it can go on.

    It says `units`, then goes on at `node` with the words drawn so far. `before` is the probability
    of the text up to here, told this way; `rest` that of the text after it, from here on.
    """

    units: tuple[str, ...]
    node: Node
    words: Words
    before: float = 0.0
    rest: float = 0.0
    moves: list["Move"] = field(default_factory=list)

    def alike(self) -> tuple:
        """The same for all states that go on alike: what no slot ahead needs does not matter."""
        words = (item for item in self.words.items() if item[0] in self.node.needs)
        return self.units, self.node, frozenset(words)


@dataclass(eq=False, slots=True)
class Move:
    """How a state is reached: from which other one, by which unit, and how probably from there."""

    origin: State
    unit: str
    probability: float


def _read(states: list[State], unit: str | None) -> list[State]:
    """The states after one more unit; a blank stands for any unit, None for any or the end.

    States are joined behind a blank only: elsewhere hardly any two are alike.
    """
    wanted = None if unit == BLANK else unit
    following = {}
    for state in states:
        for probability, said, after in _ways(state, wanted):
            if unit == BLANK and said == END:
                continue
            after = following.setdefault(after.alike() if unit == BLANK else after, after)
            after.before += state.before * probability
            after.moves.append(Move(state, said, probability))
    return list(following.values())


def _ways(state: State, wanted: str | None) -> Iterator[tuple[float, str, State]]:
    """Each unit that can come next, if it is wanted: how probable, and the state after it."""
    if state.units:
        unit, *rest = state.units
        if wanted is None or wanted == unit:
            yield 1.0, unit, State(tuple(rest), state.node, state.words)
        return
    for probability, step in _saying(1.0, state.node, state.words, wanted):
        words = state.words | step.drawn if step.drawn else state.words
        yield probability, step.units[0], State(step.units[1:], step.node, words)


def _saying(
    probability: float, node: Node, words: Words, wanted: str | None
) -> Iterator[tuple[float, Step]]:
    """The next steps that say something, with all their probabilities on the way."""
    for step in node.steps(words) if node else ():
        reached = probability * step.probability
        if not step.units:
            yield from _saying(reached, step.node, words, wanted)
        elif wanted is None or wanted == step.units[0]:
            yield reached, step


def _read_all(parts: list[str]) -> list[list[State]]:
    """The states before the first unit and after each; ValueError names what does not fit."""
    layers = [_beginning()]
    for index, unit in enumerate(parts):
        layers.append(_read(layers[-1], unit))
        if not layers[-1]:
            raise ValueError(_misfit(parts, index, layers[-2]))
        checks.need(
            len(layers[-1]) <= MOST_STATES,
            f"text leaves too much open: after unit {index + 1} there are over {MOST_STATES:,} "
            f"ways to go on. Fill in some of its {parts.count(BLANK)} blanks",
        )
    return layers


def _beginning() -> list[State]:
    return [State((), START, {}, before=1.0)]


def _misfit(parts: list[str], index: int, states: list[State]) -> str:
    """What does not fit, after what, and what would have."""
    what = repr(parts[index]) if parts[index] else "the end of the story"
    where = f"after {spell(parts[:index])[-60:]!r}" if index else "at the beginning"
    options = [repr(unit) if unit else "the end" for unit in _next_units(states)]
    more = f" and {len(options) - 3} more" if len(options) > 3 else ""
    return (
        f"the source can't say {what} (unit {index + 1}) {where}; "
        f"what it can say there: {', '.join(options[:3])}{more}"
    )


def _check_spelling(name: str, text: str, parts: list[str]) -> None:
    checks.need(
        spell(parts) == text.rstrip(),
        f"{name} is not in normal orthography: got {text[:60]!r}, write {spell(parts)[:60]!r}",
    )


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
    states = _beginning()
    for unit in [*parts, END]:
        states = _read(states, unit)
    return log(sum(state.before for state in states)) if states else -inf


def next_words(prefix: str) -> dict[str, float]:
    """What comes next, and how probably: the exact distribution of the next unit, likeliest first.

    "" stands for the end of the story; an empty prefix asks for the first unit.

    >>> next_words("Anna and Tom were good")
    {'friends': 1.0}

    Raises TypeError if `prefix` is not a string, ValueError if it has a blank or if the source
    can't say it; the message names the first unit that does not fit.
    """
    checks.instance("prefix", prefix, str, "a string that begins a story, such as 'It was a'")
    parts = units(prefix)
    checks.need(
        BLANK not in parts, f"prefix has a blank {BLANK!r}: use stories.fill for texts with blanks"
    )
    _check_spelling("prefix", prefix, parts)
    return _next_units(_read_all(parts)[-1])


def _next_units(states: list[State]) -> dict[str, float]:
    following = _read(states, None)
    for state in following:
        state.rest = 1.0
    return _distribution(following)


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
    checks.instance("text", text, str, f"a string: a whole story with {BLANK!r} for a word")
    parts = units(text)
    checks.need(
        BLANK in parts, f"text has no blank: write {BLANK!r} in place of a word, got {text[:60]!r}"
    )
    _check_spelling("text", text, parts)
    whole = [*parts, END]
    layers = _read_all(whole)
    for state in layers[-1]:
        state.rest = 1.0
    for layer in reversed(layers):
        for state in layer:
            for move in state.moves:
                move.origin.rest += move.probability * state.rest
    return [
        _distribution(layer) for unit, layer in zip(whole, layers[1:], strict=True) if unit == BLANK
    ]


def _distribution(states: list[State]) -> dict[str, float]:
    """Which unit led to these states, given what follows: likeliest first, ties by alphabet."""
    chances = defaultdict(float)
    for state in states:
        for move in state.moves:
            if state.rest:  # what follows can follow
                chances[move.unit] += move.origin.before * move.probability * state.rest
    total = sum(chances.values())
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return {unit: chance / total for unit, chance in ranked}
