"""Stories drawn from the source, each with everything that is known about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import log
from random import Random

from helpers import checks
from helpers.stories.german import translate
from helpers.stories.language import spaced, template_pieces
from helpers.stories.nodes import Step
from helpers.stories.tales import START


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


def sample(count: int, seed: int) -> list[Story]:
    """Draw stories from the source; the same seed gives the same stories on every machine.

    >>> story = sample(1, seed=0)[0]
    >>> story.text == sample(2, seed=0)[0].text
    True

    Raises TypeError or ValueError unless `count` and `seed` are whole numbers of at least 0.
    """
    checks.whole("count", count, least=0, do="try sample(10, seed=0)")
    checks.whole("seed", seed, least=0, do="try sample(10, seed=0)")
    random = Random(seed)
    return [Telling(random).story() for _ in range(count)]


class Telling:
    """A way through the source, drawn step by step. The nodes note in it what they stand for."""

    def __init__(self, random: Random):
        self.log_probability = 0.0
        self.words, self.units, self.names, self.sentences = {}, [], [], []
        node, words, units = START, self.words, self.units
        while node:
            steps = node.steps(words)
            step = self.draw(steps, random.random()) if len(steps) > 1 else steps[0]
            if step.drawn:
                words.update(step.drawn)
            node.note(self)
            units += step.units
            node = step.node
        self.spaced = spaced(units[:-1])  # without the end

    def draw(self, steps: list[Step], at: float) -> Step:
        """The step that a number between 0 and 1 falls on."""
        reached = 0.0
        for step in steps:
            reached += step.probability
            if at < reached:
                break
        self.log_probability += log(step.probability)
        return step

    def story(self) -> Story:
        questions = self.tale.questions + self.outcome.questions
        return Story(
            text="".join(self.spaced).removeprefix(" "),
            german=" ".join(translate(sentence.german, self.words) for sentence in self.sentences),
            summary=self.english(self.outcome.summary),
            questions=tuple(
                (self.english(question), self.english(answer))
                for question, answer in questions
                if _slots(question + answer) <= self.words.keys()
            ),
            entities=tuple(self.entities()),
            mood=self.outcome.mood,
            log_probability=self.log_probability,
        )

    def english(self, template: str) -> str:
        """An English text about words that have been drawn."""
        texts = [
            piece if isinstance(piece, str) else self.words[piece[0][0]].english[piece[0][1]]
            for piece in template_pieces(template)
        ]
        return "".join(texts)

    def entities(self) -> Iterator[tuple[int, int, str]]:
        """Where the names stand: behind all units before them and the spaces between."""
        ends = [0, *accumulate(map(len, self.spaced))]
        for index, word in self.names:
            yield ends[index], ends[index] + len(word.english[""]), word.label


@cache
def _slots(template: str) -> set[str]:
    return {slot[0][0] for slot in template_pieces(template)[1::2]}
