"""The source: short stories whose probabilities are known exactly.

A tale (`helpers.tales`) is a program that makes every choice at the moment it is uttered. `sample`
runs it forward. The ideal reader runs it *along a text*: it branches where the text leaves a choice
open and drops the branches that the text contradicts. `log_probability`, `next_words` and `fill`
are three readings of that one enumeration.

The source speaks in *units*: a word (letters, with inner apostrophes or hyphens) or one punctuation
mark. The empty string stands for the end of the story.

Source of the idea: Shannon 1951, Prediction and Entropy of Printed English, where the ideal reader
knows all probabilities of the language.
"""

import re
from bisect import bisect, bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import inf, log
from random import Random

from helpers import german, tales
from helpers.tales import Deck, End, Given, OneOf, Say, Word

BLANK = "___"
END = ""
MOST_STATES = 50_000  # of the ideal reader at one place of a text: up to ten seconds

_UNIT = re.compile(r"___|[^\W\d_]+(?:['’-][^\W\d_]+)*|\S")
_NO_SPACE_BEFORE = frozenset(".,!?;:")


@dataclass(frozen=True)
class Story:
    """One story with everything that is known about it.

    `text` is in English and `german` is its translation, sentence by sentence. `summary` is one
    sentence. `questions` are (question, answer) pairs. `entities` are (start, end, label) character
    spans of `text`, labels PER (person), PET and LOC (town). `mood` is "happy" or "sad".
    `log_probability` is of the text, its end included, in nats.
    """

    text: str
    german: str
    summary: str
    questions: tuple[tuple[str, str], ...]
    entities: tuple[tuple[int, int, str], ...]
    mood: str
    log_probability: float


# --- Text and units ----------------------------------------------------------------------------


def units(text: str) -> list[str]:
    """Cut a text into words and punctuation marks.

    >>> units("It was a windy day, and Tom's kite flew.")
    ['It', 'was', 'a', 'windy', 'day', ',', 'and', "Tom's", 'kite', 'flew', '.']
    """
    return _UNIT.findall(text)


def spell(parts: list[str]) -> str:
    """Put units together as the stories are written.

    The inverse of `units` for every text of the source. Brackets and quotation marks, which the
    source does not use, come out with spaces around them.

    >>> spell(units("Tom laughed, and Anna's kite flew."))
    "Tom laughed, and Anna's kite flew."
    >>> spell(units("a (b) c"))
    'a ( b ) c'
    """
    return "".join(
        part if index == 0 or part in _NO_SPACE_BEFORE else f" {part}"
        for index, part in enumerate(parts)
    )


def sentences(text: str) -> list[str]:
    """Cut a text into sentences. A story and its translation have equally many.

    >>> sentences("Tom laughed. Was it late?")
    ['Tom laughed.', 'Was it late?']
    """
    return re.split(r"(?<=[.!?]) ", text)


def unit_indices(text: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Which unit of a text each token belongs to, to add up the losses of a word's tokens.

    Any text will do, however it is spelled. A token that is white space alone belongs to the unit
    after it; behind the last unit there is none, and it gets the number of units.

    `offsets` are (start, end) character spans, as a fast tokenizer gives them for
    `return_offsets_mapping=True`.

    >>> unit_indices("Tom laughed.", [(0, 3), (3, 8), (8, 11), (11, 12)])
    [0, 1, 1, 2]

    Raises ValueError if a span ends behind the text.
    """
    ends = [unit.end() for unit in _UNIT.finditer(text)]
    if any(end > len(text) for _, end in offsets):
        raise ValueError(
            f"offsets end behind text, which has {len(text)} characters: are they its?"
        )
    return [bisect_left(ends, end) for _, end in offsets]


# --- A sentence template, compiled -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Slot:
    """A place in an English sentence that a word of the cast fills."""

    name: str
    form: str
    genitive: bool

    @cache  # noqa: B019  (slots live as long as the tales)
    def fill(self, word: Word) -> tuple[str, ...]:
        parts = units(word.en[self.form])
        return (*parts[:-1], parts[-1] + "'s") if self.genitive else tuple(parts)


_TALE_CHANCES = (1 / len(tales.TALES),) * len(tales.TALES)
_PIECE = re.compile(r"\{(\w+)\.?(\w*)\}('s)?|" + _UNIT.pattern)


@cache
def _english(template: str) -> tuple:
    """A template as a list of slots and tuples of literal units."""
    pieces = []
    for match in _PIECE.finditer(template):
        if match[1]:
            pieces.append(_Slot(match[1], match[2], bool(match[3])))
        elif pieces and isinstance(pieces[-1], tuple):
            pieces[-1] += (match[0],)
        else:
            pieces.append((match[0],))
    return tuple(pieces)


def _render(template: str, bound: dict[str, Word]) -> str:
    """An English text about words that have all been drawn."""
    parts = []
    for piece in _english(template):
        parts += piece if isinstance(piece, tuple) else piece.fill(bound[piece.name])
    return spell(parts)


@cache
def _german(template: str) -> tuple:
    """A German template as alternating literals and lists of slot words."""
    pieces = re.split(r"\{([^}]*)\}", template)
    return tuple(p if i % 2 == 0 else tuple(p.split()) for i, p in enumerate(pieces))


def _translate(template: str, bound: dict[str, Word]) -> str:
    return "".join(
        piece if isinstance(piece, str) else _german_slot(piece, bound)
        for piece in _german(template)
    )


def _german_slot(slot: tuple[str, ...], bound: dict[str, Word]) -> str:
    """`{thing.ihn}` is a form of a word, `{acc der color thing}` a noun phrase."""
    if len(slot) == 1:
        name, _, form = slot[0].partition(".")
        return bound[name].de[form]
    case, determiner, *adjective, noun = slot
    owner, _, form = determiner.partition(".")
    words = german.noun_phrase(
        case.lower(),
        bound[owner].de[form] if form else determiner,
        bound[noun].de[""],
        bound[noun].gender,
        bound[adjective[0]].de[""] if adjective else "",
    )
    return words[0].upper() + words[1:] if case[0].isupper() else words


# --- Telling a story ---------------------------------------------------------------------------


@cache
def _cumulative(chances: tuple[float, ...]) -> tuple[float, ...]:
    return (*accumulate(chances[:-1]), inf)  # the last one takes whatever rounding leaves


def _deck(tale: tales.Tale, slot: str, bound: dict[str, Word]) -> Deck:
    """The words that a slot can draw, given what has been said."""
    cast = tale.cast[slot]
    return cast if isinstance(cast, Deck) else cast(bound)


class _Telling:
    """One run of a tale: what has been said, and with what probability."""

    def __init__(self, random: Random):
        self.random = random
        self.bound: dict[str, Word] = {}
        self.parts: list[str] = []
        self.names: list[tuple[int, Word]] = []
        self.sentences: list[Say] = []
        self.end: End | None = None
        self.log_probability = 0.0
        self.tale = tales.TALES[self.draw(_TALE_CHANCES)]

    def draw(self, chances: tuple[float, ...]) -> int:
        index = bisect(_cumulative(chances), self.random.random())
        self.log_probability += log(chances[index])
        return index

    def tell(self, node) -> None:
        if isinstance(node, Say):
            self.sentences.append(node)
            for piece in _english(node.en):
                self.parts += piece if isinstance(piece, tuple) else self.utter(piece)
        elif isinstance(node, list):
            for item in node:
                self.tell(item)
        elif isinstance(node, OneOf):
            self.tell(node.ways[self.draw(node.chances)])
        elif isinstance(node, Given):
            self.tell(node.ways[self.bound[node.slot]])
        else:
            self.end = node

    def utter(self, slot: _Slot) -> tuple[str, ...]:
        word = self.bound.get(slot.name)
        if word is None:
            deck = _deck(self.tale, slot.name, self.bound)
            word = self.bound[slot.name] = deck.words[self.draw(deck.chances)]
        if word.label and not slot.form:
            self.names.append((len(self.parts), word))
        return slot.fill(word)

    def entities(self) -> Iterator[tuple[int, int, str]]:
        # A unit starts after everything before it and the spaces between; the first has none.
        widths = (len(part) + (part not in _NO_SPACE_BEFORE) for part in self.parts)
        starts = [0, *accumulate(widths)]
        for index, word in self.names:
            yield starts[index], starts[index] + len(word.en[""]), word.label

    def story(self) -> Story:
        bound = self.bound
        return Story(
            text=spell(self.parts),
            german=" ".join(_translate(sentence.de, bound) for sentence in self.sentences),
            summary=_render(self.end.summary, bound),
            questions=tuple(
                (_render(question, bound), _render(answer, bound))
                for question, answer in self.tale.questions + self.end.questions
                if _answerable(question + answer) <= bound.keys()
            ),
            entities=tuple(self.entities()),
            mood=self.end.mood,
            log_probability=self.log_probability,
        )


@cache
def _answerable(template: str) -> frozenset[str]:
    """The words that must have been drawn before this can be asked."""
    return frozenset(piece.name for piece in _english(template) if isinstance(piece, _Slot))


def sample(count: int, seed: int) -> list[Story]:
    """Draw stories from the source; the same seed gives the same stories on every machine.

    >>> story = sample(1, seed=0)[0]
    >>> story.text == sample(2, seed=0)[0].text
    True

    Raises TypeError or ValueError unless `count` and `seed` are whole numbers of at least 0.
    """
    for name, value in (("count", count), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be a whole number, got {value!r}; try sample(10, seed=0)")
        if value < 0:
            raise ValueError(f"{name} must be at least 0, got {value}; try sample(10, seed=0)")
    random = Random(seed)
    return [_tell(random) for _ in range(count)]


def _tell(random: Random) -> Story:
    telling = _Telling(random)
    telling.tell(telling.tale.telling)
    return telling.story()


# --- The ideal reader --------------------------------------------------------------------------

# A branch is one way in which the source can have said the text so far: its probability, its tale,
# what is still to be told (a linked list: node, rest), and the words drawn.
_Branch = tuple[float, tales.Tale, tuple | None, dict[str, Word]]


def _beginnings() -> list[_Branch]:
    return [
        (chance, tale, (tale.telling, None), {})
        for tale, chance in zip(tales.TALES, _TALE_CHANCES, strict=True)
    ]


def _utterances(branch: _Branch, wanted: str | None) -> Iterator[tuple[str, _Branch]]:
    """Each next unit that a branch can say, with what the branch then is.

    Only the unit that is wanted, or all of them if `wanted` is None.
    """
    chance, tale, ahead, bound = branch
    if ahead is None:
        if wanted is None or wanted == END:
            yield END, branch
        return
    node, rest = ahead
    if isinstance(node, tuple):
        if wanted is None or wanted == node[0]:
            yield node[0], (chance, tale, (node[1:], rest) if node[1:] else rest, bound)
        return
    for share, way_ahead, words in _ways(node, rest, tale, bound):
        yield from _utterances((chance * share, tale, way_ahead, words), wanted)


def _ways(node, rest, tale, bound) -> Iterator[tuple[float, tuple, dict[str, Word]]]:
    """One step of a tale that says nothing yet: (probability, what is ahead, words drawn)."""
    if isinstance(node, _Slot) and node.name not in bound:
        deck = _deck(tale, node.name, bound)
        for word, share in zip(deck.words, deck.chances, strict=True):
            yield share, (node.fill(word), rest), bound | {node.name: word}
    elif isinstance(node, _Slot):
        yield 1.0, (node.fill(bound[node.name]), rest), bound
    elif isinstance(node, OneOf):
        for way, share in zip(node.ways, node.chances, strict=True):
            yield share, (way, rest), bound
    elif isinstance(node, Given):
        yield 1.0, (node.ways[bound[node.slot]], rest), bound
    else:
        items = (
            _english(node.en) if isinstance(node, Say) else node if isinstance(node, list) else ()
        )
        for item in reversed(items):
            rest = (item, rest)
        yield 1.0, rest, bound


def _read(branches: list[_Branch], unit: str) -> list[_Branch]:
    """The branches that say this unit next."""
    return [after for branch in branches for _, after in _utterances(branch, unit)]


def _read_all(parts: list[str]) -> list[_Branch]:
    """Read units; ValueError names the first that does not fit."""
    branches = _beginnings()
    for index, unit in enumerate(parts):
        after = _read(branches, unit)
        if not after:
            raise ValueError(_misfit(parts, index, branches))
        branches = after
    return branches


def _misfit(parts: list[str], index: int, branches: list[_Branch]) -> str:
    """What does not fit, after what, and what would have."""
    what = repr(parts[index]) if parts[index] else "the end of the story"
    where = f"after {spell(parts[:index])[-60:]!r}" if index else "at the beginning"
    options = list(_next_units(branches))
    listed = ", ".join(repr(unit) if unit else "the end" for unit in options[:3])
    more = f" and {len(options) - 3} more" if len(options) > 3 else ""
    return (
        f"the source can't say {what} (unit {index + 1}) {where}; "
        f"what it can say there: {listed}{more}"
    )


def _checked_units(name: str, text: str, kind: str) -> list[str]:
    """The units of a text, which must be a string; `kind` is what the caller should have passed."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a string, got {type(text).__name__}: pass {kind}")
    return units(text)


def _check_spelling(name: str, text: str, parts: list[str]) -> None:
    if spell(parts) != text.rstrip():
        raise ValueError(
            f"{name} is not in normal orthography: got {text[:60]!r}, write {spell(parts)[:60]!r}"
        )


def log_probability(text: str) -> float:
    """How probable the source is to tell exactly this story, its end included, in nats.

    -inf for what the source can't say, be it one wrong word, one missing sentence or one space.
    So every text gets an answer, whoever wrote it; for a text with blanks see `fill`.

    >>> story = sample(1, seed=0)[0]
    >>> abs(log_probability(story.text) - story.log_probability) < 1e-9
    True
    >>> log_probability("It was a purple day.")
    -inf

    Raises TypeError if `text` is not a string.
    """
    parts = _checked_units("text", text, "a whole story, such as sample(1, seed=0)[0].text")
    branches = _beginnings() if spell(parts) == text else []
    for unit in [*parts, END]:
        branches = _read(branches, unit)
    return log(sum(branch[0] for branch in branches)) if branches else -inf


def next_words(prefix: str) -> dict[str, float]:
    """What comes next, and how probably: the exact distribution of the next unit, likeliest first.

    "" stands for the end of the story; an empty prefix asks for the first unit.

    >>> next_words("Anna and Tom were good")
    {'friends': 1.0}

    Raises TypeError if `prefix` is not a string, ValueError if it has a blank or if the source
    can't say it; the message names the first unit that does not fit.
    """
    parts = _checked_units("prefix", prefix, "the beginning of a story, such as 'It was a'")
    if BLANK in parts:
        raise ValueError(f"prefix has a blank {BLANK!r}: use stories.fill for texts with blanks")
    _check_spelling("prefix", prefix, parts)
    return _next_units(_read_all(parts))


def _next_units(branches: list[_Branch]) -> dict[str, float]:
    chances = defaultdict(float)
    for branch in branches:
        for unit, after in _utterances(branch, None):
            chances[unit] += after[0]
    return _distribution(chances)


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
    parts = _checked_units("text", text, f"a whole story with {BLANK!r} in place of a word")
    if BLANK not in parts:
        raise ValueError(
            f"text has no blank: write {BLANK!r} in place of a word, got {text[:60]!r}"
        )
    _check_spelling("text", text, parts)
    whole = [*parts, END]
    steps = _lattice(whole)
    # Backwards: how probable is the rest of the text, from each state on?
    rest = {after: 1.0 for *_, after in steps[-1]}
    distributions = []
    for unit, moves in zip(reversed(whole), reversed(steps), strict=True):
        before, chances = defaultdict(float), defaultdict(float)
        for came, state, said, share, after in moves:
            if after not in rest:  # what comes later contradicts it
                continue
            before[state] += share * rest[after]
            chances[said] += came * share * rest[after]
        rest = before
        if unit == BLANK:
            distributions.append(_distribution(chances))
    return distributions[::-1]


def _lattice(parts: list[str]) -> list[list[tuple]]:
    """Every way through a text, blanks included, unit by unit.

    A way is a list of moves, one a unit: (how probable it is to come to a state, the state, the
    unit said there, its probability, the state after it). Branches that can only go on alike are
    one state, so that many blanks make no more of them than what is still open.
    """
    states: dict[object, _Branch] = dict(enumerate(_beginnings()))
    steps = []
    for index, unit in enumerate(parts):
        moves, following = [], {}
        for state, (came, *where) in states.items():
            for said, after in _utterances((1.0, *where), None if unit == BLANK else unit):
                if unit == BLANK and said == END:
                    continue
                share, *there = after
                # A few need no comparing: each is a state of its own.
                arrived = _state(after) if len(states) > 30 else (index, len(following))
                moves.append((came, state, said, share, arrived))
                sum_so_far = following[arrived][0] if arrived in following else 0.0
                following[arrived] = (sum_so_far + came * share, *there)
        if not following:
            raise ValueError(_misfit(parts, index, list(states.values())))
        if len(following) > MOST_STATES:
            raise ValueError(
                f"text leaves too much open: after unit {index + 1} there are over {MOST_STATES:,} "
                f"ways to go on. Fill in some of its {parts.count(BLANK)} blanks"
            )
        states = following
        steps.append(moves)
    return steps


def _state(branch: _Branch) -> tuple:
    """All that decides how a branch goes on: what is ahead, and the words that matter there."""
    _, tale, ahead, bound = branch
    nodes = []
    while ahead is not None:
        node, ahead = ahead
        nodes.append(node)
    slots = frozenset().union(*map(_mentioned, nodes))
    live = {slot for slot in slots if slot in bound}
    for slot in slots - live:
        live |= _read_by(tale.cast[slot], bound)
    words = frozenset((slot, bound[slot]) for slot in live)
    return tale.name, tuple(_identity(node) for node in nodes), words


def _identity(node) -> object:
    return node if isinstance(node, tuple) else id(node)


_MENTIONED: dict[int, frozenset[str]] = {}  # by id: the nodes live as long as the tales


def _mentioned(node) -> frozenset[str]:
    """The slots that a node, or whatever comes of it, can utter or ask for."""
    if isinstance(node, tuple):  # units to say
        return frozenset()
    if id(node) not in _MENTIONED:
        if isinstance(node, _Slot):
            slots = frozenset([node.name])
        elif isinstance(node, Say):
            slots = frozenset().union(*map(_mentioned, _english(node.en)))
        elif isinstance(node, Given):
            slots = frozenset([node.slot]).union(*map(_mentioned, node.ways.values()))
        else:
            ways = node.ways if isinstance(node, OneOf) else node if isinstance(node, list) else ()
            slots = frozenset().union(*map(_mentioned, ways))
        _MENTIONED[id(node)] = slots
    return _MENTIONED[id(node)]


class _Watched(dict):
    """Words drawn, which notes which of them somebody looks up."""

    def __init__(self, words: dict[str, Word]) -> None:
        super().__init__(words)
        self.seen: set[str] = set()

    def __contains__(self, slot: object) -> bool:
        self.seen.add(slot)
        return super().__contains__(slot)

    def __getitem__(self, slot: str) -> Word:
        self.seen.add(slot)
        return super().__getitem__(slot)


def _read_by(cast: object, bound: dict[str, Word]) -> set[str]:
    """The words drawn that decide which words a slot can draw."""
    if isinstance(cast, Deck):
        return set()
    watched = _Watched(bound)
    with suppress(KeyError):  # it asks for a word that is yet to be drawn
        cast(watched)
    return {slot for slot in watched.seen if slot in bound}


def _distribution(chances: dict[str, float]) -> dict[str, float]:
    """Scaled to sum to 1, likeliest first, ties in alphabetical order."""
    total = sum(chances.values())
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return {unit: chance / total for unit, chance in ranked}
