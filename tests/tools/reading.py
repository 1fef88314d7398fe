"""How long a notebook takes a learner: one rule, for the minutes at its top and for its budget.

    125 words of prose a minute: half of the 238 at which adults read easy prose, since this is
        studied, in many a reader's second language, and no tables and folded blocks are counted
    45 seconds a code cell, its output included
    30 seconds a picture
    60 seconds a Predict: a guess, committed to

Exercises come on top.

Source: Brysbaert 2019, *How many words do we read per minute?*, Journal of Memory and Language 109.
"""

import re

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


def _section(cell):
    heading = re.match(r"## +(.*)", cell.source) if cell.cell_type == "markdown" else None
    return heading and heading[1].strip()
