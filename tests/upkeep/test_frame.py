"""What surrounds the notebooks: pinned versions, the Makefile, and what the repository holds.

Nothing here installs anything.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
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
DIRECT = [
    Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
]
BROUGHT_BY_TORCH = re.compile("nvidia-|cuda-|triton")  # on some machines; torch pins them itself


# ---- constraints.txt ----


def pins(text):
    """Package → version, from lines `name==version`; anything else is a ValueError."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in lines:
        if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line):
            raise ValueError(f"not an exact version: {line}")
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}


@pytest.fixture(scope="module")
def pinned():
    return pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        "torch>=2.6",
        "torch==2.*",
        "torch==2.13.0+cpu",
        "torch",
        "torch @ https://example.org/torch.whl",
        "-e .",
        "--extra-index-url https://example.org/simple",
        "numpy==2.4.6 ; python_version < '3.12'",
    ],
)
def test_only_an_exact_version_is_a_pin(line):
    with pytest.raises(ValueError, match=re.escape(line)):
        pins(f"# written by hand\nnumpy==2.4.6\n{line}\n")


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda requirement: requirement.name)
def test_a_direct_dependency_is_bounded_and_its_pin_lies_within(requirement, pinned):
    assert {specifier.operator for specifier in requirement.specifier} == {">=", "<"}
    assert pinned[canonicalize_name(requirement.name)] in requirement.specifier


def test_dependencies_of_dependencies_are_pinned_too(pinned):
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
    assert sorted(names - set(pinned)) == []


def test_the_package_itself_is_not_pinned(pinned):
    assert not {"three-transformers", "pip"} & set(pinned)


def test_we_run_on_the_pinned_versions(pinned):
    """Other versions may well print other outputs: `make setup` brings the right ones."""
    installed = {
        canonicalize_name(found.name): Version(found.version).public
        for found in importlib.metadata.distributions()
    }
    assert len(installed) > 50
    assert {n: installed[n] for n in pinned if n in installed} == {
        n: version for n, version in pinned.items() if n in installed
    }


def test_every_pin_admits_the_oldest_python_that_we_promise(pinned):
    """Debian 12 has Python 3.11.2: a pin that wants 3.11.5 leaves its users without any install."""
    (oldest,) = re.findall(r"^>=(3\.\d+)$", PROJECT["requires-python"])
    too_new = {
        found.name: found.metadata["Requires-Python"]
        for found in importlib.metadata.distributions()
        if canonicalize_name(found.name) in pinned
        and f"{oldest}.0" not in SpecifierSet(found.metadata["Requires-Python"] or "")
    }
    assert too_new == {}  # pin an older version in constraints.txt by hand


# ---- environment.yml ----


def test_conda_installs_what_make_installs():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment == {
        "name": "three-transformers",
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.11",
            "pip",
            {"pip": ["-c constraints.txt", "-e .[test]"]},
        ],
    }


def test_condas_python_is_new_enough():
    assert "3.11" in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert "3.10" not in Requirement(f"python{PROJECT['requires-python']}").specifier


# ---- Makefile ----

needs_make = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="this machine has no make"
)


def make(folder, *arguments, path="", **variables):
    """Run make as somebody would by hand, with the programs in `path` found first."""
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    environment |= variables
    environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    options = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(["make", *arguments], cwd=folder, env=environment, **options)


@pytest.fixture
def fresh(tmp_path):
    """A folder whose name has a space, with what the set-up reads and nothing set up."""
    folder = tmp_path / "a fresh clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def program(tmp_path):
    """Write a program of that name to a folder, and return the folder."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
        return folder

    return write


@pytest.fixture
def fake(program):
    """Write a `python3` that runs `prelude` first, has no modules, and notes what it is told."""

    def write(prelude):
        return program(
            "python3",
            'printf "%s\\n" "$*" >>"${0%/*}/calls"\n'
            'if [ "$1" = -m ]; then exit 77; fi\n'
            f'if [ "$1" = -c ]; then shift; set -- -c "{prelude}$1"; fi\n'
            f'exec "{sys.executable}" "$@"',
        )

    return write


@needs_make
@pytest.mark.parametrize("target", ["lab", "test", "run", "lint", "lock", "miniatures", "matrix"])
def test_make_refuses_an_old_python_before_it_installs_anything(target, fresh, fake):
    path = fake("import sys; sys.version_info = (3, 10, 14); ")
    result = make(fresh, target, path=path)
    assert result.returncode != 0
    assert "we need 3.11 or newer" in result.stderr
    assert "-m" not in (path / "calls").read_text(encoding="utf-8").split()
    assert not (fresh / ".venv").exists()
    assert not (fresh / ".lock").exists()


@needs_make
def test_make_goes_on_to_a_virtual_environment_with_a_python_that_is_new_enough(fresh, fake):
    path = fake("")
    result = make(fresh, "setup", path=path)
    assert result.returncode != 0  # the fake one has no modules to run
    assert "we need" not in result.stderr
    assert "-m venv --clear .venv" in (path / "calls").read_text(encoding="utf-8")


@needs_make
def test_make_says_what_to_do_where_virtual_environments_cannot_be_made(fresh, fake):
    path = fake("import sys; sys.modules['ensurepip'] = None; ")
    result = make(fresh, "setup", path=path)
    assert result.returncode != 0
    assert "python3-venv" in result.stderr
    assert not (fresh / ".venv").exists()


@needs_make
def test_make_says_what_to_do_where_there_is_no_such_python(fresh):
    result = make(fresh, "setup", "PYTHON=python3.0")
    assert result.returncode != 0
    assert "No 'python3.0' found. Install Python 3.11 or newer" in result.stderr
    assert not (fresh / ".venv").exists()


@pytest.fixture
def ready(fresh):
    """The same folder, set up a moment ago."""
    (fresh / ".venv").mkdir()
    stamp = fresh / ".venv" / ".ready"
    stamp.write_text(f"{fresh}\n", encoding="utf-8")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        os.utime(fresh / name, (1_000_000_000, 1_000_000_000))
    return fresh


@needs_make
def test_make_uses_an_environment_again_while_it_is_up_to_date(ready):
    assert "pip install" not in make(ready, "--dry-run", "lint").stdout


@needs_make
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_make_sets_up_again_when_what_is_pinned_has_changed(name, ready):
    os.utime(ready / name)
    os.utime(ready / ".venv" / ".ready", (1_500_000_000, 1_500_000_000))
    assert "pip install" in make(ready, "--dry-run", "lint").stdout


@needs_make
def test_make_sets_up_again_in_a_folder_that_was_moved(ready):
    moved = ready.rename(ready.with_name("moved"))
    assert "pip install" in make(moved, "--dry-run", "lint").stdout


@needs_make
@pytest.mark.parametrize(
    ("user", "system", "display", "expected"),
    [
        (1000, "Linux", ":0", "-m jupyterlab notebooks"),
        (1000, "Darwin", "", "-m jupyterlab notebooks"),
        (1000, "Linux", "", "-m jupyterlab --no-browser notebooks"),
        (0, "Linux", "", "-m jupyterlab --allow-root --no-browser notebooks"),
    ],
)
def test_jupyterlab_is_told_about_root_and_about_screens(
    user, system, display, expected, ready, program
):
    path = program("id", f"echo {user}")
    program("uname", f"echo {system}")
    (ready / ".venv" / "bin").mkdir()
    program("python", 'echo "$@"').joinpath("python").rename(ready / ".venv" / "bin" / "python")
    result = make(ready, "lab", path=path, DISPLAY=display)
    assert result.stdout.splitlines()[-1] == expected


@needs_make
def test_the_index_is_a_setting_and_off_by_default(fresh):
    assert "--index-url" not in make(fresh, "--dry-run", "setup").stdout
    url = "https://download.pytorch.org/whl/cpu"
    assert f"--index-url {url} " in make(fresh, "--dry-run", "setup", f"TORCH_INDEX={url}").stdout


@needs_make
def test_make_alone_lists_every_target_and_makes_nothing(fresh):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    listed = re.findall(r"^  make (\w+) +\w", make(fresh).stdout, re.M)
    assert set(targets) == set(listed) >= {"lab", "test", "run", "miniatures", "lock", "lint"}
    assert not (fresh / ".venv").exists()


def test_the_makefile_refuses_what_the_package_refuses():
    assert PROJECT["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "Makefile").read_text(encoding="utf-8")


# ---- make run ----

PRINT = """\
import time

for number in range(3):
    print(number, flush=True)
    time.sleep(0.3)"""

TRY = """\
from ipywidgets import interact

interact(lambda n: print(n), n=3);"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """What `make run` makes of a notebook with everything that does not reproduce."""
    path = tmp_path_factory.mktemp("notebooks") / "one.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (PRINT, TRY)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    notebook = execute.execute(path)
    nbformat.validate(notebook)
    return notebook


def test_what_is_printed_in_pieces_is_stored_in_one(executed):
    (output,) = executed.cells[0].outputs
    assert output.text == "0\n1\n2\n"


def test_neither_times_nor_widgets_nor_versions_are_stored(executed):
    assert set(executed.metadata) == {"kernelspec", "language_info"}
    assert set(executed.metadata.language_info) == {"name"}
    assert [dict(cell.metadata) for cell in executed.cells] == [{}] * 2
    (control,) = executed.cells[1].outputs
    assert set(control.data) == {"text/plain"}


def test_notebooks_run_without_network_and_without_anybodys_settings():
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    for name in ("HF_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        assert os.environ[name].startswith(execute.prepare.folder.name)


# ---- README.md ----


def test_the_readme_names_only_targets_that_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    named = re.findall(r"\bmake ([a-z]+)\b", code_of((ROOT / "README.md").read_text("utf-8")))
    assert {"lab", "test"} <= set(named) <= set(targets)


def test_the_readmes_files_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert linked
    assert [target for target in linked if not (ROOT / target).exists()] == []


def code_of(markdown):
    """Only what stands in code spans and in indented or fenced blocks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`|^ {4}[^\n]*$", markdown, re.S | re.M))


# ---- what the repository holds ----


def tracked_texts():
    """Path → text of every file that git has or would add, where git can tell."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("this is not a git repository")
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".safetensors", ".png"}:
            yield name, path.read_text(encoding="utf-8")


MACHINE_PATH = re.compile(
    r"(?<![\w.])(?:file:/{2}|/(?:home|Users|root|work|mnt|private|var/folders)/[\w.]|[A-Z]:\\Users)"
)


def test_a_path_of_one_machine_is_recognised():
    for path in ("home/ada/x", "Users/ada", "root/.venv", "work/main"):
        assert MACHINE_PATH.search(f"see /{path}")
    assert MACHINE_PATH.search("file:" + "///etc/hosts")
    assert not MACHINE_PATH.search("https://example.org/home/x and ./work/ and 80/10/10")


def test_no_text_holds_a_path_of_one_machine():
    texts = dict(tracked_texts())
    assert {"Makefile", "pyproject.toml", "tests/upkeep/test_frame.py"} <= set(texts)
    found = {
        f"{name}: {line.strip()[:100]}"
        for name, text in texts.items()
        for line in text.splitlines()
        if MACHINE_PATH.search(line)
    }
    assert found == set()


INDEX = re.compile(r"(?:index[-_]url|INDEX\w*|find-links)[ =\"']+(\w+:/{2}[^\s\"'`]+)", re.I)


def test_the_only_package_index_named_is_pytorchs():
    named = {url for _, text in tracked_texts() for url in INDEX.findall(text)}
    assert {url for url in named if "example.org" not in url} == {
        "https://download.pytorch.org/whl/cpu"
    }


def test_weights_and_their_cards_are_part_of_the_package():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (pattern,) = data["setuptools"]["package-data"]["helpers"]
    miniatures = ROOT / "helpers" / "miniatures"
    inside = {path for path in miniatures.rglob("*") if path.is_file()}
    matched = {path for path in (ROOT / "helpers").glob(pattern) if path.is_file()}
    assert inside == matched
    for folder in {path.parent for path in inside}:
        names = {path.name for path in folder.iterdir()}
        assert names >= {"config.json", "model.safetensors", "tokenizer.json", "README.md"}
