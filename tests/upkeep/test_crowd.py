"""`make crowd`: learners really work at once, and what it can't measure it says."""

import asyncio
import sys

import crowd
import execute
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

# Each learner waits for the other, holds 0.2 GB for a while, and stops if nobody comes.
MEET = """\
import os, pathlib, time
folder, late = pathlib.Path("here"), time.monotonic() + 15
(folder / str(os.getpid())).touch()
while len(list(folder.iterdir())) < 2:
    assert time.monotonic() < late
    time.sleep(0.05)
"""
HOLD = "held = b'x' * 200_000_000\ntime.sleep(1)"


def notebook_of(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def test_learners_work_at_once_each_in_a_kernel_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(crowd, "EVERY", 0.2)
    (tmp_path / "here").mkdir()
    run = asyncio.run(crowd.crowd(notebook_of(MEET, HOLD), tmp_path, 2))
    assert len(list((tmp_path / "here").iterdir())) == 2
    assert run.learners == 2
    assert 1 < run.cell < run.seconds
    assert 0.2 < run.one < 0.4 < run.together


def test_a_row_compares_with_one_learner_alone():
    alone = crowd.Run(1, seconds=20, cell=4, together=0.6, one=0.7)
    many = crowd.Run(5, seconds=70, cell=10, together=2.5, one=0.7)
    assert many.row(alone) == ["5", "70", "3.5", "10", "2.5", "2.5", "0.7"]


def test_the_table_begins_with_one_learner(monkeypatch, capsys):
    def measured(notebook, folder, learners, each):
        return crowd.Run(learners, 10.0 * learners, cell=2.0, together=0.6, one=0.7)

    monkeypatch.setattr(crowd, "measured", measured)
    monkeypatch.setattr(crowd, "server", lambda: 0.1)
    monkeypatch.setattr(execute, "prepare", lambda: None)  # pytest has done it already
    monkeypatch.setattr(sys, "argv", ["crowd", "5", "2"])
    crowd.main()
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split(" | ")[:3] for row in rows] == [
        ["| 1", "10", "1.0"],
        ["| 2", "20", "2.0"],
        ["| 5", "50", "5.0"],
    ]


def test_too_little_memory_is_said_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(crowd, "free", lambda: 2.0)
    with pytest.raises(SystemExit, match=r"10 learners may need 7\.0 GB of memory, and 2\.0 GB"):
        crowd.measured(notebook_of("1 / 0"), tmp_path, 10, each=0.7)


def test_memory_is_what_the_container_leaves(tmp_path, monkeypatch):
    monkeypatch.setattr(crowd, "CGROUP", tmp_path)
    whole = crowd.free()
    for name, text in [("max", "900000000"), ("current", "700000000")]:
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    (tmp_path / "memory.stat").write_text("anon 500000000\ninactive_file 100000000\n")
    assert crowd.free() == pytest.approx(0.3)
    (tmp_path / "memory.max").write_text("max\n")
    assert crowd.free() == pytest.approx(whole, rel=0.2)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "A cell of the notebook fails: ZeroDivisionError: division by zero"),
        ("import os; os.kill(os.getpid(), 9)", "A kernel has died: it was stopped, or wanted more"),
    ],
)
def test_a_failure_is_said_in_one_sentence(code, message, tmp_path):
    with pytest.raises(SystemExit, match=message):
        crowd.measured(notebook_of(code), tmp_path, 2, each=0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["0"], "'0' is not a whole number from 1 on"),
        (["two"], "'two' is not a whole number from 1 on"),
        (["--notebook", "missing.ipynb"], "there is no notebook 'missing.ipynb'"),
        (["--notebook", "short.ipynb"], "short.ipynb has no core, from “Load it” to “Exercises”"),
        (["--notebook", "short.ipynb", "--whole"], "short.ipynb has no code to run"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    nbformat.write(new_notebook(), tmp_path / "short.ipynb")
    monkeypatch.setattr(sys, "argv", ["crowd", *arguments])
    with pytest.raises(SystemExit) as end:
        crowd.main()
    assert message in f"{end.value}\n{capsys.readouterr().err}"
