"""Texts as the source sees them: a sequence of units, each a word or a punctuation mark.

Words are letters, with inner apostrophes or hyphens. The empty string stands for the end of a
story, `___` for a word that is left open.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from helpers import checks

BLANK = "___"
END = ""
UNIT = r"___|[^\W\d_]+(?:['’-][^\W\d_]+)*|\S"  # a regular expression


def units(text: str) -> list[str]:
    """Cut a text into words and punctuation marks.

    >>> units("It was a windy day, and Tom's kite flew.")
    ['It', 'was', 'a', 'windy', 'day', ',', 'and', "Tom's", 'kite', 'flew', '.']
    """
    return re.findall(UNIT, text)


def spell(parts: Sequence[str]) -> str:
    """Put units together as the stories are written.

    The inverse of `units` for every text of the source. Brackets and quotation marks, which the
    source does not use, come out with spaces around them.

    >>> spell(["Tom", "laughed", ",", "and", "(", "Anna's", ")", "kite", "flew", "."])
    "Tom laughed, and ( Anna's ) kite flew."
    """
    spaced = [part if part in {*".,!?;:"} else f" {part}" for part in parts]
    return "".join(spaced).removeprefix(" ")


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
    checks.need(
        all(end <= len(text) for _, end in offsets),
        f"offsets end behind text, which has {len(text)} characters: are they its?",
    )
    ends = [unit.end() for unit in re.finditer(UNIT, text)]
    return [bisect_left(ends, end) for _, end in offsets]
