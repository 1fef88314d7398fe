"""Stories with a word hidden, to ask models and the ideal reader the same."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from helpers import checks
from helpers.stories.language import BLANK, spell, units
from helpers.stories.reader import next_words
from helpers.stories.source import Story


class Blank(NamedTuple):
    """One word of a story, hidden: `text` has ___ in its place, `left` is what stands before it."""

    text: str
    left: str
    word: str


def blanks(
    told: Iterable[Story], tokenizer: PreTrainedTokenizerBase, *, each: int, seed: int
) -> list[Blank]:
    """Up to `each` words of every story, each hidden alone; the same seed hides the same words.

    A model that fills one mask token can say one token. So a word is hidden only if whatever could
    follow its left side is a word of one token.

    Raises TypeError or ValueError unless `each` is a whole number of at least 1 and `seed` of at
    least 0.

    >>> from transformers import AutoTokenizer
    >>> from helpers import checkpoints, stories
    >>> tokenizer = AutoTokenizer.from_pretrained(checkpoints.resolve("bert-base-uncased"))
    >>> (blank,) = blanks(stories.sample(1, seed=2), tokenizer, each=1, seed=0)
    >>> blank.text.replace("___", blank.word) == stories.sample(1, seed=2)[0].text
    True
    """
    checks.whole("each", each, least=1)
    checks.whole("seed", seed, least=0)
    random, hidden = Random(seed), []
    for story in told:
        words, found = units(story.text), 0
        for place in random.sample(range(len(words)), len(words)):
            left = spell(words[:place])
            if found < each and all(_is_one_token(word, tokenizer) for word in next_words(left)):
                text = spell([*words[:place], BLANK, *words[place + 1 :]])
                hidden.append(Blank(text, left, words[place]))
                found += 1
    return hidden


def _is_one_token(word: str, tokenizer: PreTrainedTokenizerBase) -> bool:
    return word.isalpha() and len(tokenizer.tokenize(word)) == 1
