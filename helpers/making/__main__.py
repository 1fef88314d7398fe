"""`python -m helpers.making gpt2`, or `all`, or `figure`, or `recordings`, or `contest`."""

import argparse
from pathlib import Path

from helpers import checkpoints, plots
from helpers.contest import FOLDER
from helpers.making import RECIPES, contest, figure, spoken
from helpers.making.recipe import make


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.making",
        description="Make a miniature, recordings, the README's picture, or the contest.",
    )
    parser.add_argument("what", choices=[*RECIPES, "all", "figure", "recordings", "contest"])
    where = "folder, or file for the figure (default: where they are bundled)"
    parser.add_argument("--out", type=Path, help=where)
    options = parser.parse_args(arguments)
    if options.what == "figure":
        plots.save(figure.draw(), options.out or figure.PICTURE)
        return
    if options.what == "recordings":
        spoken.record(options.out or spoken.FOLDER)
        return
    if options.what == "contest":
        contest.play(contest.PLAN, options.out or FOLDER)
        return
    for model_id in RECIPES if options.what == "all" else [options.what]:
        bundled = checkpoints.MINIATURES[model_id]
        folder = options.out / bundled.name if options.out else bundled
        for name, value in make(RECIPES[model_id], folder).items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
