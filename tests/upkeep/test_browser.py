"""`make browser`, without a browser: what it says about what it lacks and about what it sees."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import browser
import lab
import publish
import pytest

# ---- what is lacking ----


@pytest.mark.parametrize(
    ("lacking", "parts", "message"),
    [
        ("nothing", ["lap"], r"Usage: python tests/tools/browser\.py \[lab\] \[site\]"),
        ("chromium", ["lab"], "There is no Chromium here: install one"),
        ("playwright", ["lab"], r"Playwright and axe drive .*: pip install -e '\.\[browser\]'"),
        ("axe_playwright_python", ["lab"], "Playwright and axe drive"),
        ("site", ["site"], "There is no site yet: make site"),
    ],
)
def test_what_is_lacking_is_said(lacking, parts, message, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None if lacking == "chromium" else name)
    monkeypatch.setattr(browser, "find_spec", lambda name: None if lacking == name else name)
    monkeypatch.setattr(publish, "SITE", tmp_path)
    with pytest.raises(SystemExit, match=message):
        browser.main(parts)


def test_a_jupyterlab_that_does_not_start_says_why(monkeypatch, tmp_path):
    (tmp_path / "lab.py").write_text("raise SystemExit('no free port')", encoding="utf-8")
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "lab.py"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with (
        pytest.raises(SystemExit, match="JupyterLab did not start:\nno free port"),
        browser.jupyterlab(),
    ):
        pass


# ---- what is seen ----


def test_only_what_is_serious_or_critical_counts_and_its_place_is_named():
    found = [
        {"impact": impact, "id": name, "help": "Mend it", "nodes": [{"html": f"<{name}>"}] * count}
        for impact, name, count in [
            ("critical", "img", 2),
            ("moderate", "p", 1),
            ("serious", "a", 1),
        ]
    ]
    image, link = "critical: Mend it (img): <img>", "serious: Mend it (a): <a>"
    assert browser.barriers({"violations": found}) == [image, image, link]


def test_waiting_ends_when_it_is_right_and_says_what_was_seen_when_it_never_is():
    seen = iter([0, 1, 2, 3])
    browser.await_("two", lambda: next(seen), lambda number: number == 2, limit=10)
    assert next(seen) == 3
    with pytest.raises(browser.Surprise, match=r"expected two within 0\.1 s; seen: 1"):
        browser.await_("two", lambda: 1, lambda number: number == 2, limit=0.1)


class Page(SimpleNamespace):
    """A page that asks for these addresses when it is opened, and knows what steps were taken."""

    def new_page(self, **_):
        return self

    def on(self, event, noted):
        self.noted = noted

    def goto(self, address):
        for url in [address, *self.urls]:
            self.noted(SimpleNamespace(url=url))

    def set_default_timeout(self, _):
        pass

    def screenshot(self, path):
        self.shots.append(path.name)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (
            ["http://127.0.0.1:80/own.css", "data:image/png;base64,"],
            ["✔ lab: open it", "✘ lab: fail"],
        ),
        (["https://example.org/x.png"], ["✘ lab: open it"]),
        (["http://127.0.0.1:8080/x.js"], ["✘ lab: open it"]),
    ],
)
def test_a_walk_ends_at_the_first_surprise_and_no_page_asks_elsewhere(
    urls, said, monkeypatch, capsys
):
    def first(page):
        """open it"""

    def second(page):
        """fail"""
        browser.expect("5 cells", 4, False)

    monkeypatch.setitem(sys.modules, "playwright", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "playwright.sync_api", SimpleNamespace(Error=RuntimeError))
    page = Page(urls=urls, shots=[])
    steps = [first, second, first]
    assert not browser.walk(page, "lab", "http://127.0.0.1:80/lab?token=1", steps)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" (")[0] for line in lines if line[0] in "✔✘"] == said
    seen = "expected 5 cells; seen: 4" if len(said) == 2 else f"seen: {urls}"
    assert seen in lines[-1]
    assert page.shots == ["lab_1_first.png", "lab_2_second.png"][: len(said)]


# ---- continuous integration ----


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("programs", "made"),
    [
        ({"chromium": "", "id": "echo 1000"}, ["test", "browser"]),
        ({"id": "echo 1000", "apt-get": 'touch "$0.called"'}, ["test"]),
        ({"id": "echo 0"}, ["test"]),
        ({"id": "echo 0", "apt-get": "[ $1 = update ]"}, ["test"]),
        ({"id": "echo 0", "apt-get": 'cp "$0" "${0%/*}/chromium"'}, ["test", "browser"]),
    ],
)
def test_the_browser_is_used_where_there_is_one_or_debian_has_one(programs, made, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in {"make": "echo made $1", **programs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    for name in ("bash", "sh", "dirname", "cp", "touch", "env"):
        (folder / name).symlink_to(shutil.which(name))
    command = [shutil.which("bash"), str(lab.ROOT / ".ci" / "run")]
    options = {"env": {"PATH": str(folder)}, "capture_output": True, "text": True}
    done = subprocess.run(command, **options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[: len(made)] == [f"made {name}" for name in made]
    left_out = [line for line in lines if "make browser is left out" in line]
    assert len(lines) == len(made) + len(left_out)
    assert bool(left_out) == ("browser" not in made)
    assert not (folder / "apt-get.called").exists()
