"""Stories that somebody has read and found right, in both languages: approved_stories.txt.

They come past every sentence, every ending and every word of the tales. When a tale changes, run

    python tests/tools/approved.py

and read in `git diff` what became of them: whatever is committed is thereby approved.
"""

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from helpers.stories import Story, source
from helpers.stories.nodes import Outcome, Sentence

FILE = Path(__file__).with_name("approved_stories.txt")
SEED = 2024
SEARCHED = 3000


def as_text(story: Story) -> str:
    """A story on six lines, with all that is known about it."""
    return "\n".join(
        [
            story.text,
            story.german,
            story.summary,
            " | ".join(f"{question} {answer}" for question, answer in story.questions),
            " | ".join(f"{label} {start}-{end}" for start, end, label in story.entities),
            f"{story.tale}, {story.mood}, {story.log_probability:.9f} nats",
        ]
    )


def chosen() -> list[Story]:
    """The stories with something new, among the first of a sample."""
    random, known, found = Random(SEED), set(), []
    for _ in range(SEARCHED):
        telling = source.Telling(random)
        parts = {*telling.nodes[Outcome], *telling.nodes[Sentence], *telling.words.values()}
        if not parts <= known:
            found.append(telling.story())
        known |= parts
    return found


def text() -> str:
    return "\n\n".join(map(as_text, chosen())) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
