"""The source: short stories whose probabilities are known exactly.

A tale (`tales`) is a program that makes every choice at the moment it is said. `sample` runs it
forwards. The ideal reader (`reader`) follows it along a text: `log_probability`, `next_words` and
`fill`. `language` cuts texts into units and sentences.
"""

from helpers.stories.blank import Blank, blanks
from helpers.stories.language import BLANK, END, sentences, spell, unit_indices, units
from helpers.stories.reader import fill, log_probability, next_words
from helpers.stories.source import Story, sample
from helpers.stories.surprise import surprise_by_story, surprise_by_word

__all__ = [
    "BLANK",
    "END",
    "Blank",
    "Story",
    "blanks",
    "fill",
    "log_probability",
    "next_words",
    "sample",
    "sentences",
    "spell",
    "surprise_by_story",
    "surprise_by_word",
    "unit_indices",
    "units",
]
