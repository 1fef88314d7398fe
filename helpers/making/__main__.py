"""`python -m helpers.making gpt2`, or `all`, `figure`, `recordings`, `losses`, `contest`."""

import argparse
from pathlib import Path

from helpers import checkpoints, plots
from helpers.contest import FOLDER
from helpers.making import RECIPES, contest, figure, spoken
from helpers.making.recipe import make

OTHERS = {
    "figure": lambda file: plots.save(figure.draw(), file or figure.PICTURE),
    "recordings": lambda folder: spoken.record(folder or spoken.FOLDER),
    "losses": lambda folder: spoken.learn(folder or spoken.FOLDER),
    "contest": lambda folder: contest.play(contest.PLAN, folder or FOLDER),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.making",
        description="Make a miniature, recordings, the README's picture, or the contest.",
    )
    parser.add_argument("what", choices=[*RECIPES, "all", *OTHERS])
    where = "folder, or file for the figure (default: where they are bundled)"
    parser.add_argument("--out", type=Path, help=where)
    options = parser.parse_args(arguments)
    if options.what in OTHERS:
        OTHERS[options.what](options.out)
        return
    for model_id in RECIPES if options.what == "all" else [options.what]:
        bundled = checkpoints.MINIATURES[model_id]
        folder = options.out / bundled.name if options.out else bundled
        for name, value in make(RECIPES[model_id], folder).items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
