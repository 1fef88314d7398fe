"""How long a notebook takes a learner: one rule, for the minutes at its top and for its budget.

    125 words of prose a minute: half of the 238 at which adults read easy prose, since this is
        studied, in many a reader's second language, and no tables and folded blocks are counted
    45 seconds a code cell, its output included
    30 seconds a picture
    60 seconds a Predict: a guess, committed to

Exercises come on top, with the minutes that their headings state.

Usage: python tests/tools/reading.py      writes the minutes into the page for instructors

Source: Brysbaert 2019, *How many words do we read per minute?*, Journal of Memory and Language 109.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGE = NOTEBOOKS / "for_instructors.md"

WORDS_A_MINUTE = 125
CODE_CELL, PICTURE, PREDICT = 45 / 60, 30 / 60, 1.0  # minutes


def core(notebook):
    """The cells from "Load it" to the end of "What we saw"."""
    sections = [_section(cell) for cell in notebook.cells]
    return notebook.cells[sections.index("Load it") : sections.index("Exercises")]


def words(cells):
    """The words of all Markdown in the cells, without tables and folded blocks."""
    return sum(len(prose(cell.source).split()) for cell in cells if cell.cell_type == "markdown")


def minutes(cells):
    """What the rule above makes of the cells, in minutes."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    pictures = sum("image/png" in o.get("data", {}) for cell in code for o in cell.outputs)
    predicts = sum(
        cell.source.count("**Predict.**") for cell in cells if cell.cell_type == "markdown"
    )
    reading = words(cells) / WORDS_A_MINUTE
    return reading + CODE_CELL * len(code) + PICTURE * pictures + PREDICT * predicts


def stated(cells):
    """The minutes as a notebook states them: to the nearest five."""
    return 5 * round(minutes(cells) / 5)


def prose(markdown):
    """Markdown without tables, folded blocks, blocks of code, and the signs of headings."""
    markdown = re.sub(r"<details.*?</details>", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^(\|.*|#+ )", "", markdown, flags=re.MULTILINE)


# ---- the instructors' page ----


def parts(notebook):
    """Each section, each part of one, and each exercise ("exercise 3") → its minutes, at least 1.

    "core" and "exercises" are sums of these.
    """
    inside, cells = [], defaultdict(list)
    for cell in notebook.cells:
        for signs, name in re.findall(r"^(###?) +(.+)", cell.source, re.MULTILINE):
            if cell.cell_type == "markdown":
                inside = [*inside[: len(signs) - 2], name]
        for name in inside:
            cells[name].append(cell)
    rated = {name: re.match(r"(\d)\. .+ \((\d+) min, \w+\)", name) for name in cells}
    exercises = {f"exercise {found[1]}": int(found[2]) for found in rated.values() if found}
    read = {name: max(1, round(minutes(cells[name]))) for name in cells if not rated[name]}
    sections = {_section(cell) for cell in core(notebook)} - {None}
    sums = {"core": sum(map(read.get, sections)), "exercises": sum(exercises.values())}
    return read | exercises | sums


def timed(page, books):
    """The page with the minutes in its tables as they are; `books` holds the `parts` of each.

    Rows are | part | of notebook 1 | of 2 | of 3 |, or | notebook | its parts; with semicolons |
    minutes |, where a row without a notebook states its own, or | | **in all** | their sum |.
    """
    lines, total = [], 0
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        total = total if cells else 0
        if len(cells) == 4 and cells[0].strip("*") in books[0]:
            cells[1:] = [str(book[cells[0].strip("*")]) for book in books]
        elif len(cells) == 3 and cells[0].isdecimal():
            cells[2] = str(sum(_of(books, int(cells[0]), name) for name in cells[1].split("; ")))
        elif len(cells) == 3 and cells[1] == "**in all**":
            cells[2] = f"**{total}**"
        total += int(cells[2]) if len(cells) == 3 and cells[2].isdecimal() else 0
        lines.append(f"| {' | '.join(cells)} |" if cells and "---" not in line else line)
    return "\n".join(lines) + "\n"


def books():
    """What `parts` says of each of the three notebooks."""
    import nbformat

    return [parts(nbformat.read(path, 4)) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def _of(books, number, name):
    book = books[number - 1]
    if name not in book:
        raise ValueError(f"notebook {number} has no part “{name}”; it has {', '.join(book)}")
    return book[name]


def _section(cell):
    heading = re.match(r"## +(.*)", cell.source) if cell.cell_type == "markdown" else None
    return heading and heading[1].strip()


def main():
    try:
        PAGE.write_text(timed(PAGE.read_text(encoding="utf-8"), books()), encoding="utf-8")
    except ValueError as error:
        sys.exit(f"{PAGE.name}: {error}")


if __name__ == "__main__":
    main()
