"""Run notebooks as other machines would: every weight that training starts from is off by rounding.

Another processor adds in another order, and a few hundred training steps make a difference of the
last digit grow. So a printed number that rests on training must not be near to a rounding border.
Here each round moves the weights by about a millionth part, in its own way, before they are
trained, and shows which outputs then differ from the stored ones.

Usage: python tests/tools/rounding.py ROUNDS notebooks/*.ipynb
"""

import difflib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import nbformat
from execute import execute, prepare

NUDGE = """
import torch
from helpers import training
from transformers import Trainer

_chance = torch.Generator().manual_seed({seed})


def _nudged(train, model_of):
    def nudged(first, *arguments, **options):
        with torch.no_grad():
            for weight in model_of(first).parameters():
                noise = torch.randn(weight.shape, generator=_chance)
                weight.mul_(1 + 1e-6 * noise.to(weight.device))
        return train(first, *arguments, **options)

    return nudged


training.fit = _nudged(training.fit, lambda model: model)
Trainer.train = _nudged(Trainer.train, lambda trainer: trainer.model)
"""


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """What nbval would compare of this cell's outputs: text, no pictures."""
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return []
    found = []
    for output in cell.get("outputs", []):
        found += output.get("text", output.get("data", {}).get("text/plain", "")).splitlines()
        found += output.get("traceback", [])
    return found


def differences(path: Path, seed: int) -> list[str]:
    """The lines in which the outputs of a nudged run differ from the stored ones."""
    stored = nbformat.read(path, as_version=4)
    again = execute(path, before=NUDGE.format(seed=seed))
    return [
        line
        for old, new in zip(stored.cells, again.cells, strict=True)
        for line in difflib.unified_diff(texts(old), texts(new), lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]


def main() -> None:
    prepare()
    os.environ.setdefault(
        "OMP_NUM_THREADS", "1"
    )  # two kernels on two cores stay out of each other's way
    runs = list(product(map(Path, sys.argv[2:]), range(1, int(sys.argv[1]) + 1)))
    failures = 0
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda run: differences(*run), runs)
        for (path, seed), lines in zip(runs, results, strict=True):
            failures += bool(lines)
            print(f"{path.name}, round {seed}: {'differs' if lines else 'same'}", flush=True)
            print("".join(f"    {line}\n" for line in lines), end="", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
