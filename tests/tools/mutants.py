"""How many seeded defects do the unit tests catch? `make mutants` applies one after the other.

Each is applied to a copy of the repository, never to the repository itself. The tests of its area
run first, then all others, until one fails: then it is caught.

Usage: python tests/tools/mutants.py [WORD …]      only those whose area or description holds a word
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
NEEDED = 57  # of 60
AT_ONCE = 2  # one for each core
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv", "__pycache__", ".*_cache", "*.egg-info", "build", "my_notebooks")
)


@dataclass(frozen=True)
class Mutant:
    """One defect: what it breaks, and the edit that applies it."""

    area: str
    breaks: str
    file: str
    old: str
    new: str

    def source(self) -> str:
        """The file with the defect in it; ValueError if the code has moved away from it."""
        text = (ROOT / self.file).read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.file} holds {self.old!r} {text.count(self.old)} times, not once: "
                f"write anew how “{self.breaks}” is broken, in tests/tools/mutants.toml"
            )
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    listed = tomllib.loads((ROOT / "tests" / "tools" / "mutants.toml").read_text(encoding="utf-8"))
    return [Mutant(**entry) for entry in listed["mutant"]]


def tests_fail(folder: Path, area: str | None) -> bool:
    """Whether a unit test fails in this copy of the repository, those of the area run first."""
    of_area = (
        f"tests/claims/test_{area}.py",
        "tests/refusals",
        f"helpers/{area}.py",
        f"helpers/{area}",
    )
    first = [path for path in of_area if area and (folder / path).exists()]
    rest = ["tests", "helpers", "--ignore=tests/upkeep/test_mutants.py"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # two edits within a second look alike to a cache
    for paths in filter(None, (first, rest)):
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *paths]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if run.returncode == 1:
            return True
        if run.returncode != 0 and area is None:
            raise RuntimeError(run.stdout + run.stderr)
        if run.returncode != 0:  # not even collected
            return True
    return False


def main() -> None:
    words = sys.argv[1:]
    chosen = [m for m in mutants() if not words or any(w in f"{m.area} {m.breaks}" for w in words)]
    folders: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as work, ThreadPoolExecutor(AT_ONCE) as run:
        for number in range(AT_ONCE):
            folders.put(shutil.copytree(ROOT, Path(work) / str(number), ignore=NOT_COPIED))
        folder = folders.get()
        if tests_fail(folder, None):
            sys.exit("The tests fail without any defect, so they could not tell: make test")
        folders.put(folder)

        def is_caught(mutant: Mutant) -> bool:
            broken, folder = mutant.source(), folders.get()
            (folder / mutant.file).write_text(broken, encoding="utf-8")
            try:
                return tests_fail(folder, mutant.area)
            finally:
                shutil.copy(ROOT / mutant.file, folder / mutant.file)
                folders.put(folder)

        caught = 0
        for mutant, found in zip(chosen, run.map(is_caught, chosen), strict=True):
            caught += found
            print(
                f"{'caught ' if found else 'SLIPPED'}  {mutant.area:<10}  {mutant.breaks}",
                flush=True,
            )
    print(f"{caught} of {len(chosen)} caught")
    sys.exit(caught < min(NEEDED, len(chosen)))


if __name__ == "__main__":
    main()
