"""Open JupyterLab on copies of the notebooks, so that no answer is written into the originals.

The copies are in `my_notebooks`, which git ignores. One in which nobody wrote follows the original.
One in which somebody did is never touched; a newer original is put beside it. Running cells is not
writing.

Usage: python tests/tools/lab.py [--open PATH] [OPTIONS FOR JUPYTERLAB]
"""

import argparse
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
COPIES = ROOT / "my_notebooks"
COPIED = {".ipynb", ".png"}
KNOWN = ".originals"  # in the folder of copies: what the originals were when it was last updated
SETTINGS = Path(__file__).with_name("lab_settings")  # JupyterLab asks about no news, nor updates


def require(*modules: str) -> None:
    """Ends the program, with what to do, unless this Python has the modules."""
    for name in modules:
        if importlib.util.find_spec(name) is None:
            sys.exit(
                f"{sys.executable} has no {name}. `make setup` makes an environment that has it, "
                "in .venv; the README says how without make."
            )


# ---- the copies ----


def update(originals: Path, copies: Path) -> Iterator[str]:
    """Make or renew the copies in which nobody wrote; yields what a reader is to be told."""
    known = copies / KNOWN
    if not known.exists():
        yield f"Your copies of the notebooks are in {copies.name}. Write in them as you like."
    known.mkdir(parents=True, exist_ok=True)
    for original in sorted(originals.iterdir()):
        if original.suffix in COPIED:
            yield from _update_one(original, copies / original.name, known / original.name)


def _update_one(original: Path, copy: Path, known: Path) -> Iterator[str]:
    last = known if known.exists() else original
    is_newer = last is original or not _says_the_same(original, last)
    if not copy.exists():
        shutil.copyfile(original, copy)
    elif _says_the_same(copy, last):
        if original.read_bytes() != last.read_bytes():
            shutil.copyfile(original, copy)
            yield f"{copy.name} is the newest version: you had not written in it."
    elif is_newer and not _says_the_same(copy, original):
        beside = _place_beside(copy, last)
        shutil.copyfile(original, beside)
        yield f"{copy.name} stays as you wrote it. There is a newer version: {beside.name}."
    shutil.copyfile(original, known)


def _place_beside(copy: Path, last: Path) -> Path:
    """The first of `…_new`, `…_new2`, … that is free, or in which nobody wrote."""
    places = (copy.with_stem(f"{copy.stem}_new{number}") for number in chain([""], count(2)))
    return next(path for path in places if not path.exists() or _says_the_same(path, last))


def _says_the_same(copy: Path, original: Path) -> bool:
    """Whether nobody wrote in a copy: its cells are those of the original, outputs apart."""
    if copy.read_bytes() == original.read_bytes():
        return True
    try:
        return _cells(copy) == _cells(original)
    except Exception:  # it is no notebook, or none any more
        return False


def _cells(path: Path) -> list[tuple]:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    return [(cell.cell_type, cell.source, cell.get("attachments")) for cell in notebook.cells]


# ---- JupyterLab ----


def options() -> list[str]:
    """What JupyterLab has to be told: that we are root, that this machine has no screen."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    is_blind = platform.system() == "Linux" and not has_screen
    return ["--allow-root"] * is_root + ["--no-browser"] * is_blind


def start(path: Path, more: list[str]) -> None:
    """Run JupyterLab on a folder or notebook until somebody stops it."""
    from jupyterlab.labapp import LabApp

    paths = [os.environ.get("JUPYTER_CONFIG_PATH"), str(SETTINGS)]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    print("JupyterLab is starting. Its address stands in the last lines below; Ctrl-C stops it.")
    sys.stdout.flush()
    LabApp.launch_instance([*options(), *more, str(path)])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description="Open JupyterLab on your copies of the notebooks, in my_notebooks.",
        epilog="All other options are handed to JupyterLab.",
        allow_abbrev=False,
    )
    other = "another folder or notebook; `--open notebooks` opens the originals"
    parser.add_argument("--open", type=Path, metavar="PATH", help=other)
    chosen, more = parser.parse_known_args(arguments)
    require("jupyterlab", "helpers")
    if chosen.open is None:
        try:
            for line in update(NOTEBOOKS, COPIES):
                print(line)
        except OSError as error:
            sys.exit(f"Your copies can't be written: {error}. `--open notebooks` does without.")
    elif not chosen.open.exists():
        sys.exit(f"There is no {chosen.open} to open.")
    start(chosen.open or COPIES, more)


if __name__ == "__main__":
    main()
