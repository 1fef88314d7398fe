"""Print four versions of transformers: the oldest allowed, two between, and the newest there is."""

import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def spread(there: list[Version], count: int = 4) -> list[Version]:
    """The first and the last of them, and others evenly between.

    >>> spread([Version(f"5.{minor}") for minor in range(8)])
    [<Version('5.0')>, <Version('5.2')>, <Version('5.5')>, <Version('5.7')>]
    """
    there = sorted(there)
    places = {round(i * (len(there) - 1) / (count - 1)) for i in range(count)}
    return [there[place] for place in sorted(places)]


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (allowed,) = (
        requirement
        for requirement in map(Requirement, project["dependencies"])
        if requirement.name == "transformers"
    )
    command = [sys.executable, "-m", "pip", "index", "versions", "transformers"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in listing.splitlines() if line.startswith("Available versions: "))
    names = line.removeprefix("Available versions: ").split(", ")
    print(*spread([version for version in map(Version, names) if version in allowed.specifier]))


if __name__ == "__main__":
    main()
