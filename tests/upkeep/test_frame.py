"""What surrounds the notebooks: pinned versions, `make run`, and what the repository holds."""

import importlib.metadata
import os
import re
import subprocess
import tomllib
from pathlib import Path

import execute
import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["test"]]
OPTIONAL = [  # may be missing
    Requirement(text) for name in ("speech", "site", "browser") for text in EXTRAS[name]
]
BROUGHT_BY_TORCH = re.compile("nvidia-|cuda-|triton")  # on some machines; torch pins them itself


# ---- constraints.txt and environment.yml ----

PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
PINNED = {
    canonicalize_name(name): version for name, _, version in (p.partition("==") for p in PINS)
}


def test_every_pin_is_one_exact_version():
    """One like torch==2.13.0+cpu is found in one index only, torch>=2.6 is none."""
    assert [pin for pin in PINS if not re.fullmatch(r"[\w.-]+==\d[\da-z.]*", pin)] == []


def test_a_direct_dependency_is_bounded_and_its_pin_lies_within():
    for requirement in DIRECT + OPTIONAL:
        assert {specifier.operator for specifier in requirement.specifier} == {">=", "<"}
        assert PINNED[canonicalize_name(requirement.name)] in requirement.specifier


def test_dependencies_of_dependencies_are_pinned_too():
    seen, todo = set(), [(canonicalize_name(r.name), frozenset(r.extras)) for r in DIRECT]
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen or BROUGHT_BY_TORCH.match(name):
            continue
        seen.add((name, extras))
        for needed in map(Requirement, importlib.metadata.requires(name) or []):
            environments = [{"extra": extra} for extra in extras or {""}]
            if needed.marker is None or any(map(needed.marker.evaluate, environments)):
                todo.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    names = {name for name, _ in seen}
    assert len(names) > 2 * len(DIRECT)
    assert sorted(names - set(PINNED)) == []


def pinned_and_installed():
    """The installed packages that are pinned, by name."""
    found = {canonicalize_name(d.name): d for d in importlib.metadata.distributions()}
    return {name: found[name] for name in PINNED if name in found}


def test_we_run_on_the_pinned_versions():
    """Other versions may well print other outputs: `make setup` brings the right ones."""
    installed = {name: Version(d.version).public for name, d in pinned_and_installed().items()}
    assert len(installed) > 50
    assert installed == {name: PINNED[name] for name in installed}


def test_every_pin_admits_the_oldest_python_that_we_promise():
    """Debian 12 has Python 3.11.2: a pin that wants 3.11.5 leaves its users without any install."""
    oldest = PROJECT["requires-python"].removeprefix(">=")
    too_new = {
        name: found.metadata["Requires-Python"]
        for name, found in pinned_and_installed().items()
        if f"{oldest}.0" not in SpecifierSet(found.metadata["Requires-Python"] or "")
    }
    assert too_new == {}  # pin an older version in constraints.txt by hand


def test_conda_and_binder_take_the_pins_too_with_a_python_that_we_promise():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, _, pip = environment["dependencies"]
    assert python.removeprefix("python=") in SpecifierSet(PROJECT["requires-python"])
    assert "-c constraints.txt" in pip["pip"][0]


# ---- make run ----

# Printed in pieces, and a control: neither reproduces as it comes from the kernel.
CODE = [
    "import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.3)",
    "from ipywidgets import interact\ninteract(lambda n: print(n), n=3);",
]


def test_a_run_stores_neither_pieces_nor_times_nor_widgets_nor_versions(tmp_path):
    path = tmp_path / "one.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CODE]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    notebook = execute.execute(path)
    nbformat.validate(notebook)
    (printed,), (control,) = (cell.outputs for cell in notebook.cells)
    assert printed.text == "0\n1\n2\n"
    assert set(control.data) == {"text/plain"}
    assert [dict(cell.metadata) for cell in notebook.cells] == [{}] * 2
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}


def test_notebooks_run_without_network_and_without_anybodys_settings():
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    for name in ("HF_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        assert os.environ[name].startswith(execute.prepare.folder.name)


# ---- README.md and the instructors' page ----

PAGES = [ROOT / "README.md", ROOT / "notebooks" / "for_instructors.md"]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_page
def test_a_page_names_only_targets_that_exist(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"```.*?```|`[^`\n]+`|^ {4}[^\n]*$", text, re.S | re.M)
    named = re.findall(r"\bmake ([a-z]+)\b", "\n".join(code))
    assert {"lab", "setup"} <= set(named) <= set(targets)


@every_page
def test_the_files_that_a_page_links_to_exist(page):
    text = page.read_text(encoding="utf-8")
    linked = [path for path in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in path]
    assert linked
    assert [path for path in linked if not (page.parent / path).exists()] == []


def test_the_citation_says_what_the_package_says():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert [author["name"] for author in PROJECT["authors"]] == [
        a["name"] for a in cited["authors"]
    ]
    for name in ("version", "license", "keywords"):
        assert cited[name] == PROJECT[name]
    assert PROJECT["description"].startswith(cited["title"])


# ---- what the repository holds ----


def tracked_texts():
    """Path → text of every file that git has or would add, where git can tell."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("this is not a git repository")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file() and path.suffix not in {".ogg", ".png", ".safetensors"}
    }


MACHINE_PATH = re.compile(
    r"(?<![\w.])(?:file:/{2}|/(?:home|Users|root|work|mnt|private|var/folders)/[\w.]|[A-Z]:\\Users)"
)


def test_a_path_of_one_machine_is_recognised():
    for path in ("home/ada/x", "Users/ada", "root/.venv", "work/main"):
        assert MACHINE_PATH.search(f"see /{path}")
    assert MACHINE_PATH.search("file:" + "///etc/hosts")
    assert not MACHINE_PATH.search("https://example.org/home/x and ./work/ and 80/10/10")


def test_no_text_holds_a_path_of_one_machine():
    texts = tracked_texts()
    assert {"Makefile", "pyproject.toml", "tests/upkeep/test_frame.py"} <= set(texts)
    lines = [(name, line) for name, text in texts.items() for line in text.splitlines()]
    assert [(name, line[:100]) for name, line in lines if MACHINE_PATH.search(line)] == []


INDEX = re.compile(r"(?:index[-_]url|INDEX\w*|find-links)[ =\"']+(\w+:/{2}[^\s\"'`]+)", re.I)


def test_the_only_package_index_named_is_pytorchs():
    named = {url for text in tracked_texts().values() for url in INDEX.findall(text)}
    assert named == {"https://download.pytorch.org/whl/cpu"}
