"""The pages of the site, in the form that Sphinx reads: the notebooks, a glossary, a first page.

All is made from what is there: the notebooks with their stored outputs, the *Words* at their ends,
the README, and any Markdown that lies beside the notebooks. Nothing here needs Sphinx.
"""

import re
import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
ON_THE_FIRST_PAGE = ("Start", "The notebooks", "If something does not work")  # of the README
INTRODUCTION = (
    "The words of all notebooks, and in brackets the notebook and the section that explain each."
)
CONTROLS = "(Where the notebook runs, there are controls here.)"


def write(folder: Path) -> None:
    """Write all pages, and the pictures that they show, into the folder.

    ValueError if the README or a notebook lacks what a page is made of.
    """
    notebooks = read()
    for name, notebook in notebooks.items():
        nbformat.write(prepared(notebook), folder / name)
    for picture in NOTEBOOKS.glob("*.png"):
        shutil.copy(picture, folder)
    texts = {"glossary.md": glossary(notebooks)}
    for page in sorted(NOTEBOOKS.glob("*.md")):
        texts[page.name] = relinked(page.read_text(encoding="utf-8"), NOTEBOOKS)
    contents = [f"{name[0]} {title(notebook)} <{name}>" for name, notebook in notebooks.items()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    texts["index.md"] = first_page(readme, [*contents, *texts])
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def read() -> dict[str, nbformat.NotebookNode]:
    """File name → notebook, in order."""
    return {
        path.name: nbformat.read(path, as_version=4) for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    }


# ---- notebooks ----


def prepared(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook itself, changed: pictures have their `alt`, a remark stands for controls.

    MyST-NB takes an `alt` for a cell, not for an output: ValueError for two pictures in one cell.
    """
    for cell in notebook.cells:
        alts = descriptions(cell)
        if len(alts) > 1:
            raise ValueError(f"two pictures in one cell, give each its own: {cell.source[:60]!r}")
        if alts:
            cell.metadata["mystnb"] = {"image": {"alt": alts[0]}}
        for output in cell.get("outputs", []):
            if output.get("data", {}).get("text/plain", "").startswith("interactive("):
                output.data["text/plain"] = CONTROLS
    return notebook


def descriptions(cell: nbformat.NotebookNode) -> list[str]:
    """What the pictures below a cell show, in words, as it is stored with them.

    What comes as HTML too is shown as that, and has its own texts.
    """
    pictures = [
        output
        for output in cell.get("outputs", [])
        if "image/png" in (data := output.get("data", {})) and "text/html" not in data
    ]
    return [picture.metadata["image/png"]["alt"] for picture in pictures]


def title(notebook: nbformat.NotebookNode) -> str:
    """The title without what stands behind its colon: short enough for a list."""
    return notebook.cells[0].source.partition("\n")[0].removeprefix("# ").partition(":")[0]


def folded(notebook: nbformat.NotebookNode) -> int:
    """How many parts a page of this notebook folds away: answers, solutions, code that draws."""
    marks = {"hide-input", "hide-output"}
    hidden = sum(bool(marks & {*cell.metadata.get("tags", [])}) for cell in notebook.cells)
    return hidden + sum(cell.source.count("<details>") for cell in notebook.cells)


# ---- the glossary ----


def words(notebook: nbformat.NotebookNode) -> list[tuple[str, str, str]]:
    """The rows of the table below *Words*: word, meaning, and the heading where it is first met.

    ValueError if there is no such table.
    """
    cells = [cell.source for cell in notebook.cells if cell.source.startswith("## Words")]
    rows = re.findall(r"^\| (.+?) \| (.+) \| (.+?) \|$", "".join(cells), re.MULTILINE)
    if rows[:1] != [("word", "meaning", "first met in")]:
        raise ValueError("no table “| word | meaning | first met in |” below “## Words”")
    return rows[1:]


def merged(notebooks: dict[str, nbformat.NotebookNode]) -> dict[str, dict[str, list]]:
    """Word → meaning → the places, (notebook, heading), where it has this meaning; words sorted."""
    found = {}
    for name, notebook in notebooks.items():
        for word, meaning, heading in words(notebook):
            found.setdefault(word, {}).setdefault(meaning, []).append((name, heading))
    return dict(sorted(found.items(), key=lambda entry: re.sub(r"\W", "", entry[0]).lower()))


def glossary(notebooks: dict[str, nbformat.NotebookNode]) -> str:
    """The words of all notebooks as a page, each with links to where it is first met."""
    lines = ["# Glossary", INTRODUCTION]
    for word, meanings in merged(notebooks).items():
        lines.append(f"## {word}")
        for meaning, places in meanings.items():
            met = "; ".join(f"{name[0]} [{h}]({name}#{anchor(h)})" for name, h in places)
            lines.append(f"{meaning} ({met})")
    return "\n\n".join(lines)


def anchor(heading: str) -> str:
    """The part of an address behind the #, as GitHub and MyST make it of a heading.

    >>> anchor("How low can it go?")
    'how-low-can-it-go'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ---- the first page, and links ----


def first_page(readme: str, contents: list[str]) -> str:
    """The README's beginning and some of its sections, and the list of all pages.

    ValueError if a section is missing.
    """
    start, *rest = re.split(r"^## ", readme, flags=re.MULTILINE)
    sections = {text.partition("\n")[0]: f"## {text}" for text in rest}
    missing = [heading for heading in ON_THE_FIRST_PAGE if heading not in sections]
    if missing:
        raise ValueError(f"the README has no section {missing}: see ON_THE_FIRST_PAGE in pages.py")
    text = "".join([start, *(sections[heading] for heading in ON_THE_FIRST_PAGE)])
    return "\n".join([relinked(text, ROOT), "```{toctree}", ":hidden:", *contents, "```", ""])


def relinked(text: str, folder: Path) -> str:
    """Markdown with links that hold on the site; a link to a file that isn't there loses it.

    >>> relinked("[One](notebooks/1_causal_lm.ipynb), [code](helpers)", ROOT)
    '[One](1_causal_lm.ipynb), code'
    """

    def place(link: re.Match) -> str:
        shown, target, part = link.groups()
        path = (folder / target).resolve()
        if path == ROOT / "README.md":
            return f"{shown}(index.md)"
        return (
            f"{shown}({path.name}{part or ''})" if path.parent == NOTEBOOKS else shown.strip("![]")
        )

    return re.sub(r"(!?\[[^\]]*\])\((?!\w+:|#)([^)#]+)(#[^)]*)?\)", place, text)
