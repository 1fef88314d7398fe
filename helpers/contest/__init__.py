"""How decoder, encoder and encoder–decoder did at the same four tasks, measured beforehand.

`README.md` beside the numbers says what was measured and how. `helpers.making.contest` measured it.
"""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent


class Results(NamedTuple):
    """Right answers as fractions; more about every entry is in `entries`.

    `scores` maps task → architecture → the fractions of all seeds, `ideal` task → the ideal
    reader's fraction, `parameters` architecture → number. `entries` maps task → architecture →
    "learning_rate", "tried" (rate → validation loss) and "validation_loss" (for each seed after
    four fifths of the steps and after all), in nats per token of the answer.
    """

    scores: dict[str, dict[str, list[float]]]
    ideal: dict[str, float]
    parameters: dict[str, int]
    entries: dict[str, dict[str, dict]]


def results(folder: Path = FOLDER) -> Results:
    """The results in a folder: those that are bundled, if nothing else is said.

    >>> found = results()
    >>> list(found.scores)
    ['translate', 'fill', 'continue', 'classify']
    >>> list(found.scores["translate"])
    ['decoder', 'encoder', 'encoder-decoder']

    Raises FileNotFoundError where there are none.
    """
    path = Path(folder) / "results.json"
    if not path.is_file():
        way = "make them with `python -m helpers.making contest`"
        raise FileNotFoundError(f"folder must hold results.json, {folder} does not: {way}")
    tasks = json.loads(path.read_text(encoding="utf-8"))["tasks"]
    entries = {task: found["entries"] for task, found in tasks.items()}
    return Results(
        scores={
            task: {name: entry["right"] for name, entry in each.items()}
            for task, each in entries.items()
        },
        ideal={task: found["ideal"] for task, found in tasks.items()},
        parameters={
            name: entry["parameters"] for each in entries.values() for name, entry in each.items()
        },
        entries=entries,
    )
