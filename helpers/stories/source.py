"""Stories drawn from the source, each with everything that is known about it."""

import re
from collections import defaultdict
from dataclasses import dataclass
from math import log
from random import Random

from helpers import checks
from helpers.stories.decks import english
from helpers.stories.german import translate
from helpers.stories.language import END, sentences, spell
from helpers.stories.nodes import Outcome, Sentence, Step, Tale
from helpers.stories.tales import START, TALES


@dataclass(frozen=True)
class Story:
    """One story with everything that is known about it.

    `text` is in English and `german` is its translation, sentence by sentence. `summary` is one
    sentence. `questions` are (question, answer) pairs. `entities` are (start, end, label) character
    spans of `text`, labels PER (person), PET and LOC (town). `tale` is its plot: "baking", "gift",
    "journey", "loan", "lost", "outing" or "pet". `mood` is "happy" or "sad". `log_probability` is
    of the text, its end included, in nats.
    """

    text: str
    german: str
    summary: str
    questions: tuple[tuple[str, str], ...]
    entities: tuple[tuple[int, int, str], ...]
    tale: str
    mood: str
    log_probability: float

    def sentence_pairs(self) -> list[tuple[str, str]]:
        """Each English sentence with its German translation.

        >>> english, german = sample(1, seed=0)[0].sentence_pairs()[0]
        >>> english
        'One warm morning, Leo left Vienna and travelled to Cologne.'
        >>> german
        'An einem warmen Morgen verließ Leo Wien und reiste nach Köln.'
        """
        return list(zip(sentences(self.text), sentences(self.german), strict=True))


def sample(count: int, seed: int, *, tale: str | None = None) -> list[Story]:
    """Draw stories from the source; the same seed gives the same stories on every machine.

    With `tale`, a `Story.tale`, all are of that plot. Their `log_probability` is the one among all
    stories nevertheless, so that it agrees with `stories.log_probability`.

    >>> story = sample(1, seed=0)[0]
    >>> story.text == sample(2, seed=0)[0].text
    True
    >>> {story.tale for story in sample(9, seed=0, tale="pet")}
    {'pet'}

    Raises TypeError or ValueError unless `count` and `seed` are whole numbers of at least 0, and
    ValueError if there is no such tale.
    """
    checks.whole("count", count, least=0, do="try sample(10, seed=0)")
    checks.whole("seed", seed, least=0, do="try sample(10, seed=0)")
    if tale is not None:
        checks.choice("tale", tale, TALES)
    random = Random(seed)
    return [Telling(random, tale).story() for _ in range(count)]


class Telling:
    """A way through the source, drawn step by step: what it comes past, says and draws."""

    def __init__(self, random: Random, tale: str | None = None):
        self.nodes, self.units, self.words = defaultdict(list), [], {}  # nodes by their type
        self.log_probability = -log(len(TALES)) if tale else 0.0  # of its plot
        ahead = [TALES[tale], END] if tale else [START]
        while ahead:
            part = ahead.pop(0)
            if isinstance(part, str):
                self.units.append(part)
                continue
            self.nodes[type(part)].append(part)
            steps = part.steps(self.words)
            step = self.draw(steps, random.random()) if len(steps) > 1 else steps[0]
            self.words |= step.drawn
            ahead[:0] = step.parts

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
        (tale,), (outcome,) = self.nodes[Tale], self.nodes[Outcome]
        text = spell(self.units[:-1])  # without the end
        labels = {word.english[""]: word.label for word in self.words.values() if word.label}
        names = [name for name in re.finditer(r"\w+", text) if name[0] in labels]
        questions = [*tale.questions, *outcome.questions]
        return Story(
            text=text,
            german=" ".join(translate(said.german, self.words) for said in self.nodes[Sentence]),
            summary=english(outcome.summary, self.words),
            questions=tuple((english(q, self.words), english(a, self.words)) for q, a in questions),
            entities=tuple((*name.span(), labels[name[0]]) for name in names),
            tale=tale.name,
            mood=outcome.mood,
            log_probability=self.log_probability,
        )
