"""`make lab`: nobody's answers are lost, and JupyterLab starts without a question."""

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import lab
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

NAME = "1_causal_lm.ipynb"
KEPT = f"{NAME} stays as you wrote it. There is a newer version: "


# ---- the copies ----


@pytest.fixture
def originals(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "three_masks.png").write_bytes(b"picture")
    write(tmp_path / "notebooks" / NAME, "first version")
    return tmp_path / "notebooks"


@pytest.fixture
def copies(originals):
    """Copies of the originals, made a moment ago."""
    update(originals)
    return originals.with_name("my_notebooks")


def write(path, source, **parts):
    nbformat.write(new_notebook(cells=[new_code_cell(source, id="one", **parts)]), path)


def source(path):
    return nbformat.read(path, as_version=4).cells[0].source


def update(originals):
    """Do it again, as the next `make lab` does; what is said."""
    return list(lab.update(originals, originals.with_name("my_notebooks")))


def test_at_first_notebooks_and_pictures_are_copied_and_the_reader_is_told_where(originals):
    (originals / "for_instructors.md").write_text("solved", encoding="utf-8")
    (line,) = update(originals)
    assert "copies of the notebooks are in my_notebooks" in line
    copies = originals.with_name("my_notebooks")
    assert sorted(path.name for path in copies.glob("[!.]*")) == [NAME, "three_masks.png"]
    for path in copies.glob("[!.]*"):
        assert path.read_bytes() == (originals / path.name).read_bytes()


def test_a_copy_in_which_nobody_wrote_follows_the_original(originals, copies):
    write(originals / NAME, "second version")
    (originals / "three_masks.png").write_bytes(b"another")
    assert update(originals)[0] == f"{NAME} is the newest version: you had not written in it."
    assert (copies / NAME).read_bytes() == (originals / NAME).read_bytes()
    assert (copies / "three_masks.png").read_bytes() == b"another"
    assert update(originals) == []


def test_to_run_a_copy_is_not_to_write_in_it(originals, copies):
    printed = new_output("stream", text="ran")
    write(copies / NAME, "first version", outputs=[printed], metadata={"scrolled": True})
    ran = (copies / NAME).read_bytes()
    assert update(originals) == []
    assert (copies / NAME).read_bytes() == ran  # and what was run stays while nothing is new
    write(originals / NAME, "second version")
    update(originals)
    assert source(copies / NAME) == "second version"


def test_a_copy_in_which_somebody_wrote_stays_and_the_newer_one_lies_beside_it(originals, copies):
    write(copies / NAME, "my answer")
    mine = (copies / NAME).read_bytes()
    assert update(originals) == []
    write(originals / NAME, "second version")
    assert update(originals) == [f"{KEPT}1_causal_lm_new.ipynb."]
    assert (copies / NAME).read_bytes() == mine
    assert source(copies / "1_causal_lm_new.ipynb") == "second version"
    assert update(originals) == []  # said once


def test_a_newer_one_beside_it_follows_until_somebody_writes_in_it_too(originals, copies):
    write(copies / NAME, "my answer")
    for version in ("second", "third"):
        write(originals / NAME, version)
        assert update(originals) == [f"{KEPT}1_causal_lm_new.ipynb."]
    assert source(copies / "1_causal_lm_new.ipynb") == "third"
    write(copies / "1_causal_lm_new.ipynb", "my other answer")
    write(originals / NAME, "fourth")
    assert update(originals) == [f"{KEPT}1_causal_lm_new2.ipynb."]
    found = {path.name: source(path) for path in copies.glob("*.ipynb")}
    assert found == {
        NAME: "my answer",
        "1_causal_lm_new.ipynb": "my other answer",
        "1_causal_lm_new2.ipynb": "fourth",
    }


def test_new_outputs_come_alone_to_those_only_who_wrote_nothing(originals, copies):
    write(originals / NAME, "first version", outputs=[new_output("stream", text="7")])
    update(originals)
    assert (copies / NAME).read_bytes() == (originals / NAME).read_bytes()
    write(copies / NAME, "my answer")
    write(originals / NAME, "first version", outputs=[new_output("stream", text="8")])
    assert update(originals) == []
    assert source(copies / NAME) == "my answer"


def test_an_update_that_was_interrupted_is_taken_up(originals, copies):
    write(originals / NAME, "second version")
    shutil.copyfile(originals / NAME, copies / NAME)
    assert update(originals) == []
    write(originals / NAME, "third version")
    update(originals)
    assert source(copies / NAME) == "third version"


def test_what_can_not_be_read_is_somebodys_work_too(originals, copies):
    (copies / NAME).write_text("{half of a noteb", encoding="utf-8")
    write(originals / NAME, "second version")
    assert update(originals) == [f"{KEPT}1_causal_lm_new.ipynb."]
    assert (copies / NAME).read_text(encoding="utf-8") == "{half of a noteb"


def test_nothing_is_lost_when_nobody_knows_any_more_what_was_copied(originals, copies):
    write(copies / NAME, "my answer")
    shutil.rmtree(copies / lab.KNOWN)
    assert f"{KEPT}1_causal_lm_new.ipynb." in update(originals)
    assert source(copies / NAME) == "my answer"


def test_a_deleted_copy_comes_back_as_the_original(originals, copies):
    write(copies / NAME, "my answer")
    (copies / NAME).unlink()
    assert update(originals) == []
    assert source(copies / NAME) == "first version"


def test_files_of_ones_own_stay(originals, copies):
    write(copies / "try.ipynb", "mine")
    write(originals / NAME, "second version")
    update(originals)
    assert source(copies / "try.ipynb") == "mine"


@pytest.mark.skipif(not shutil.which("git"), reason="this machine has no git")
def test_git_ignores_copies_and_what_is_made_to_hand_out():
    if subprocess.run(["git", "rev-parse"], cwd=lab.ROOT, capture_output=True).returncode:
        pytest.skip("this is not a git repository")
    paths = [f"{lab.COPIES.name}/{NAME}", "build/handout/core/x.ipynb", f"notebooks/{NAME}"]
    command = ["git", "check-ignore", "--no-index", *paths]
    ignored = subprocess.run(command, cwd=lab.ROOT, capture_output=True, text=True).stdout
    assert ignored.split() == paths[:2]


# ---- JupyterLab ----


@pytest.mark.parametrize(
    ("user", "system", "display", "expected"),
    [
        (1000, "Linux", ":0", []),
        (1000, "Darwin", "", []),
        (1000, "Linux", "", ["--no-browser"]),
        (0, "Linux", "", ["--allow-root", "--no-browser"]),
        (None, "Windows", "", []),
    ],
)
def test_jupyterlab_is_told_about_root_and_about_screens(
    user, system, display, expected, monkeypatch
):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    if user is None:
        monkeypatch.delattr(os, "geteuid")
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert lab.options() == expected


def test_jupyterlab_opens_the_folder_and_asks_about_no_news(originals, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, lab.__file__, "--open", str(originals), f"--port={port}"]
    command += ["--no-browser", "--IdentityProvider.token=", "--ServerApp.port_retries=0"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            listed = asked(f"{address}api/contents", server)
            name = "@jupyterlab/apputils-extension:notification"
            settings = asked(f"{address}lab/api/settings/{name}", server)["schema"]["properties"]
        finally:
            server.kill()
            server.wait()
    assert NAME in {entry["name"] for entry in listed["content"]}
    assert settings["fetchNews"]["default"] == "false"
    assert settings["checkForUpdates"]["default"] is False


def asked(url, server):
    """The server's answer, as soon as there is one."""
    give_up = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)
        except OSError:  # not yet
            if server.poll() is not None or time.monotonic() > give_up:
                raise
        time.sleep(0.1)


# ---- what can't be done is said ----


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What JupyterLab would be started with; it is not."""
    calls = []
    monkeypatch.setattr(lab, "COPIES", tmp_path / "my_notebooks")
    monkeypatch.setattr(lab, "start", lambda path, more: calls.append((path, more)))
    return calls


def refused(*arguments):
    with pytest.raises(SystemExit) as stopped:
        lab.main([*arguments])
    return str(stopped.value)


def test_the_copies_are_opened_and_more_options_are_handed_on(started):
    lab.main(["--port=9999"])
    assert (lab.COPIES / NAME).exists()
    assert started == [(lab.COPIES, ["--port=9999"])]


def test_another_place_is_opened_without_any_copies(started):
    lab.main(["--open", str(lab.NOTEBOOKS)])
    assert started == [(lab.NOTEBOOKS, [])]
    assert not lab.COPIES.exists()


def test_a_place_that_does_not_exist_is_named(started):
    assert refused("--open", "nowhere") == "There is no nowhere to open."


def test_a_python_without_jupyterlab_is_told_where_there_is_one(started, monkeypatch):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert refused().startswith(f"{sys.executable} has no jupyterlab. `make setup`")


def test_a_folder_that_can_not_be_written_is_named(started):
    lab.COPIES.write_text("a file", encoding="utf-8")
    assert re.fullmatch(r".* can't be written: .*my_notebooks.* `--open notebooks` .*", refused())
