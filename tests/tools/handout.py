"""Write the notebooks to hand out: `make handout`.

In build/handout, one folder for each version, with the pictures that the notebooks show:

    whole        no outputs, no solutions
    core         the same, without "Exercises" and "Going deeper"
    solutions    as in `notebooks`: outputs stored, solutions folded

Usage: python tests/tools/handout.py
"""

import re
import shutil
from pathlib import Path

import lab

FOLDER = lab.ROOT / "build" / "handout"
SOLUTION = r"<details>\s*<summary>Solution</summary>"  # how a cell with a solution begins
BELOW_THE_CORE = {"Exercises", "Going deeper"}


def write(notebooks: Path, folder: Path) -> None:
    """All versions of all notebooks, each version into a folder of its own."""
    import nbformat

    for version in ("whole", "core", "solutions"):
        (folder / version).mkdir(parents=True, exist_ok=True)
        for picture in notebooks.glob("*.png"):
            shutil.copyfile(picture, folder / version / picture.name)
    for path in sorted(notebooks.glob("*.ipynb")):
        shutil.copyfile(path, folder / "solutions" / path.name)  # the name that others link to
        for version, left_out in (("whole", set()), ("core", BELOW_THE_CORE)):
            notebook = nbformat.read(path, as_version=4)
            nbformat.write(stripped(notebook, left_out), folder / version / path.name)


def stripped(notebook, left_out: set[str]):
    """The notebook without outputs, solutions, and the sections left out; it is changed."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, RegexRemovePreprocessor

    section, cells = None, []
    for cell in notebook.cells:
        heading = re.match(r"## +(.*)", cell.source) if cell.cell_type == "markdown" else None
        section = heading[1] if heading else section
        if section not in left_out:
            cells.append(cell)
    notebook.cells = cells
    for step in (ClearOutputPreprocessor(), RegexRemovePreprocessor(patterns=[SOLUTION])):
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def main() -> None:
    lab.require("nbconvert")
    write(lab.NOTEBOOKS, FOLDER)
    for version in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        names = ", ".join(path.name for path in sorted(version.glob("*.ipynb")))
        print(f"{version.relative_to(lab.ROOT)}: {names}")


if __name__ == "__main__":
    main()
