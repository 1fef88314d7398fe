"""How decoder, encoder and encoder–decoder did at the same tasks, measured beforehand.

`README.md` beside the numbers says what was measured, and how. `helpers.making.contest` did it.
"""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent


class Judged(NamedTuple):
    """The loss, in nats per token of the answers, and the fraction of answers that are right."""

    loss: float
    right: float


class Run(NamedTuple):
    """One model at one task: on pairs for validation after 4/5 of the steps and at the end; in the
    test, at the end.
    """

    task: str
    architecture: str
    parameters: int
    steps: int
    learning_rate: float
    seed: int
    before: Judged
    after: Judged
    test: Judged
    seconds: float


class Results(NamedTuple):
    """Of a contest: the ideal reader's right answers and how many pairs there are, and all runs.

    `ideal` maps task → fraction; `pairs` maps task → counts for training, validation and test.
    """

    ideal: dict[str, float]
    pairs: dict[str, list[int]]
    runs: list[Run]

    def tried(self, task: str, architecture: str) -> dict[float, float]:
        """Learning rate → validation loss, of the first seed."""
        runs = [run for run in self.runs if (run[:2], run.seed) == ((task, architecture), 0)]
        return {run.learning_rate: run.after.loss for run in sorted(runs, key=lambda r: r[4])}

    def chosen(self, task: str, architecture: str) -> list[Run]:
        """The runs with the best learning rate, one for each seed."""
        tried = self.tried(task, architecture)
        best = min(tried, key=tried.get)
        runs = [run for run in self.runs if run[:2] == (task, architecture)]
        return sorted((r for r in runs if r.learning_rate == best), key=lambda run: run.seed)

    def scores(self) -> dict[str, dict[str, list[float]]]:
        """Right answers in the test, for `plots.comparison`: task → architecture → one a seed."""
        architectures = dict.fromkeys(run.architecture for run in self.runs)
        return {
            task: {
                name: [run.test.right for run in self.chosen(task, name)] for name in architectures
            }
            for task in self.ideal
        }


def results(folder: Path = FOLDER) -> Results:
    """What came out, from a folder: those that are bundled, if nothing else is said.

    >>> found = results()
    >>> list(found.scores())
    ['translate', 'fill', 'continue', 'classify']
    >>> [*found.scores()["translate"]]
    ['decoder', 'encoder', 'encoder-decoder']

    Raises FileNotFoundError where there are none.
    """
    path = Path(folder) / "results.json"
    if not path.is_file():
        way = "make them with `python -m helpers.making contest`"
        raise FileNotFoundError(f"folder must hold results.json, {folder} does not: {way}")
    found = json.loads(path.read_text(encoding="utf-8"))
    judged = ("before", "after", "test")
    for run in found["runs"]:
        run |= {when: Judged(**run[when]) for when in judged}
    return Results(found["ideal"], found["pairs"], [Run(**run) for run in found["runs"]])


def save(found: Results, folder: Path) -> None:
    """Write results where `results` finds them."""
    judged = ("before", "after", "test")
    runs = [
        run._asdict() | {when: getattr(run, when)._asdict() for when in judged}
        for run in found.runs
    ]
    rows = ",\n".join(f"  {json.dumps(run)}" for run in runs)  # one a line
    head = f'"ideal": {json.dumps(found.ideal)},\n "pairs": {json.dumps(found.pairs)}'
    text = f'{{{head},\n "runs": [\n{rows}\n ]}}\n'
    (folder / "results.json").write_text(text, encoding="utf-8")
