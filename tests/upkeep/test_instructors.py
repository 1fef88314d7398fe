"""The instructors' page: its minutes are those of the notebooks, and its plans fit their time."""

import re

import pytest
import reading
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PAGE = reading.PAGE.read_text(encoding="utf-8")
BOOKS = reading.books()
PLANS = [60, 240, 90, 90, 90]  # minutes: one hour, half a day, three lectures


def test_the_minutes_are_those_of_the_notebooks():
    assert reading.timed(PAGE, BOOKS) == PAGE, "run: python tests/tools/reading.py"


def test_every_plan_fits_its_time_and_leaves_some_for_questions():
    totals = [int(total) for total in re.findall(r"\*\*in all\*\* \| \*\*(\d+)\*\*", PAGE)]
    for total, time in zip(totals, PLANS, strict=True):
        assert 0.8 * time <= total <= 0.97 * time


def test_every_part_that_the_page_points_to_exists():
    pointers = re.findall(r"\| (\d), \*([^|]+)\* \|", PAGE)
    assert len(pointers) > 10
    assert [p for p in pointers if p[1] not in BOOKS[int(p[0]) - 1]] == []


# ---- the tool, on a notebook and a page of a few lines ----


def words(count, heading):
    return new_markdown_cell(f"{heading}\n\n{'word ' * count}")


NOTEBOOK = new_notebook(
    cells=[
        words(125, "# Title"),
        words(250, "## Load it\n\nWhy?\n\n### Tokens"),
        new_code_cell("## no heading"),
        words(375, "### Parts"),
        words(10, "## What we saw"),
        words(10, "## Exercises"),
        new_markdown_cell("### 1. Add (5 min, easy)"),
        new_markdown_cell("### 2. Multiply (25 min, hard)"),
        words(500, "## Going deeper\n\n### A question"),
    ]
)
RIGHT = """\
| section | notebook 1 | notebook 2 | notebook 3 |
|---|---|---|---|
| Load it | 6 | 6 | 6 |
| **core** | 7 | 7 | 7 |

| notebook | part | minutes |
|---|---|---|
|  | Welcome | 4 |
| 2 | Tokens; exercise 2 | 28 |
|  | **in all** | **32** |

| notebook | part | minutes |
|---|---|---|
| 3 | exercises | 30 |
|  | **in all** | **30** |
"""


def test_parts_are_sections_what_is_in_them_and_exercises():
    parts = reading.parts(NOTEBOOK)
    assert [parts[name] for name in ("Load it", "Tokens", "Parts")] == [6, 3, 3]
    assert [parts[name] for name in ("exercise 1", "exercise 2", "exercises")] == [5, 25, 30]
    assert [parts[name] for name in ("What we saw", "core", "A question")] == [1, 7, 4]


def test_minutes_are_written_into_the_tables_and_only_there():
    books = [reading.parts(NOTEBOOK)] * 3
    assert reading.timed(RIGHT, books) == RIGHT
    wrong = RIGHT.replace("| 6 | 6 | 6 |", "| 6 | 5 | 6 |").replace("| 28 |", "| 2 |")
    wrong = wrong.replace("**32**", "**0**").replace("**30**", "**62**")
    assert reading.timed(wrong, books) == RIGHT


def test_a_part_that_a_notebook_does_not_have_is_named():
    with pytest.raises(ValueError, match=r"notebook 2 has no part “Token”; it has Load it, Tokens"):
        reading.timed(RIGHT.replace("Tokens;", "Token;"), [reading.parts(NOTEBOOK)] * 3)
