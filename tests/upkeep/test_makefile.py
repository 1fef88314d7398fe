"""What `make` does on a machine where nothing is set up, and when it sets up again.

Nothing here installs anything.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MINOR = int(PROJECT["requires-python"].removeprefix(">=3."))  # of the oldest Python

pytestmark = pytest.mark.skipif(
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


def write_program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def fake_python(folder, before):
    """A folder with a `python3` that runs `before` first, has no modules, and notes its calls."""
    script = (
        'printf "%s\\n" "$*" >>"${0%/*}/calls"\n'
        'if [ "$1" = -m ]; then exit 77; fi\n'
        f'if [ "$1" = -c ]; then shift; set -- -c "import sys; {before}; $1"; fi\n'
        f'exec "{sys.executable}" "$@"'
    )
    write_program(folder / "bin" / "python3", script)
    return folder / "bin"


@pytest.mark.parametrize("target", ["test", "lock"])
def test_make_refuses_an_old_python_before_it_installs_anything(target, fresh, tmp_path):
    path = fake_python(tmp_path, f"sys.version_info = (3, {MINOR - 1}, 14)")
    result = make(fresh, target, path=path)
    assert result.returncode != 0
    assert f"we need 3.{MINOR} or newer" in result.stderr
    assert "-m" not in (path / "calls").read_text(encoding="utf-8").split()
    assert not (fresh / ".venv").exists()


def test_make_goes_on_to_a_virtual_environment_with_a_python_that_is_new_enough(fresh, tmp_path):
    path = fake_python(tmp_path, f"sys.version_info = (3, {MINOR}, 0)")
    result = make(fresh, "setup", path=path)
    assert result.returncode != 0  # the fake one has no modules to run
    assert "we need" not in result.stderr
    assert "-m venv --clear .venv" in (path / "calls").read_text(encoding="utf-8")


def test_make_says_what_to_do_where_virtual_environments_cannot_be_made(fresh, tmp_path):
    path = fake_python(tmp_path, "sys.modules['ensurepip'] = None")
    result = make(fresh, "setup", path=path)
    assert result.returncode != 0
    assert "python3-venv" in result.stderr


def test_make_says_what_to_do_where_there_is_no_such_python(fresh):
    result = make(fresh, "setup", "PYTHON=python3.0")
    assert result.returncode != 0
    assert f"No 'python3.0' found. Install Python 3.{MINOR} or newer" in result.stderr


@pytest.mark.parametrize("fails", [False, True])
def test_make_sets_up_without_the_synthesizer_where_there_is_none(fails, fresh):
    script = 'echo "$@" >>calls; case "$*" in *speech*) exit 1;; esac'
    write_program(fresh / ".venv" / "bin" / "python", script if fails else 'echo "$@" >>calls')
    result = make(fresh, "setup", f"PYTHON={sys.executable}")
    assert result.returncode == 0, result.stderr
    assert (fresh / ".venv" / ".ready").exists()
    calls = (fresh / "calls").read_text(encoding="utf-8")
    assert calls.index("-e .[test]") < calls.index("-e .[speech]")
    assert ("all works but speech.say" in result.stdout) == fails


@pytest.fixture
def ready(fresh):
    """The same folder, set up a moment ago."""
    for path in fresh.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (fresh / ".venv").mkdir()
    (fresh / ".venv" / ".ready").write_text(f"{fresh}\n", encoding="utf-8")
    return fresh


def sets_up(folder):
    return "pip install" in make(folder, "--dry-run", "lint").stdout


def test_make_uses_an_environment_again_while_it_is_up_to_date(ready):
    assert not sets_up(ready)
    assert sets_up(ready.rename(ready.with_name("moved")))


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_make_sets_up_again_when_what_is_pinned_has_changed(name, ready):
    os.utime(ready / name)
    os.utime(ready / ".venv" / ".ready", (1_500_000_000, 1_500_000_000))
    assert sets_up(ready)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], "tests/tools/lab.py"),
        (["LAB=--port=9999"], "tests/tools/lab.py --port=9999"),
        (["NOTEBOOKS=notebooks"], "tests/tools/lab.py --open notebooks"),
    ],
)
def test_make_lab_opens_the_copies_unless_told_otherwise(settings, expected, ready):
    write_program(ready / ".venv" / "bin" / "python", 'echo "$@"')
    assert make(ready, "lab", *settings).stdout.splitlines()[-1] == expected


def test_make_run_executes_all_notebooks_or_those_named(ready):
    def runs(*settings):
        return make(ready, "--dry-run", "run", *settings).stdout.splitlines()[-1]

    assert runs().endswith("execute.py notebooks/*.ipynb")
    assert runs("NOTEBOOKS=notebooks/x.ipynb").endswith("execute.py notebooks/x.ipynb")


def test_make_clean_removes_no_notebooks(ready):
    (ready / "my_notebooks").mkdir()
    (ready / "my_notebooks" / "1_causal_lm.ipynb").write_text("my answers", encoding="utf-8")
    make(ready, "clean")
    assert not (ready / ".venv").exists()
    assert (ready / "my_notebooks" / "1_causal_lm.ipynb").exists()


def test_the_index_is_a_setting_and_off_by_default(fresh):
    assert "--index-url" not in make(fresh, "--dry-run", "setup").stdout
    url = "https://download.pytorch.org/whl/cpu"
    assert f"--index-url {url} " in make(fresh, "--dry-run", "setup", f"TORCH_INDEX={url}").stdout


def test_make_alone_lists_every_target_and_makes_nothing(fresh):
    targets = re.findall(r"^([a-z]+):", (fresh / "Makefile").read_text(encoding="utf-8"), re.M)
    listed = re.findall(r"^  make (\w+) +\w", make(fresh).stdout, re.M)
    assert set(listed) == set(targets) >= {"lab", "test", "run", "miniatures", "lock", "lint"}
    assert not (fresh / ".venv").exists()
