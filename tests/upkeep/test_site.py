"""The pages of the site before Sphinx reads them, and the look at what it has built.

Sphinx is not installed here: `make site` looks at the real site in the same way.
"""

import re
import sys

import nbformat
import pages
import publish
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = pages.read()


# ---- the glossary ----


def test_a_word_means_the_same_in_every_notebook():
    meanings = pages.merged(NOTEBOOKS)
    assert [word for word, found in meanings.items() if len(found) > 1] == []
    names = [frozenset(re.findall(r"\w+", word.lower())) for word in meanings]
    assert [set(name) for name in names if names.count(name) > 1] == []


def test_a_word_is_first_met_below_a_heading_of_its_notebook():
    for name, notebook in NOTEBOOKS.items():
        text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        headings = re.findall(r"^##+ (.*)", text, re.MULTILINE)
        places = {heading for _, _, heading in pages.words(notebook)}
        assert (name, places - set(headings)) == (name, set())


def test_the_glossary_has_every_word_once_in_order_and_says_where_it_is_met():
    first = words("1", "| Token | a piece | Read |", "| attention | a mean | How? Why? |")
    second = words("2", "| Token | a piece | Start |", "| `[MASK]` | hides | Start |")
    text = pages.glossary({"1_a.ipynb": first, "2_b.ipynb": second})
    assert re.findall("^## (.*)", text, re.MULTILINE) == ["attention", "`[MASK]`", "Token"]
    assert "a mean (1 [How? Why?](1_a.ipynb#how-why))" in text
    assert "a piece (1 [Read](1_a.ipynb#read); 2 [Start](2_b.ipynb#start))" in text


def test_a_notebook_without_a_table_of_words_is_refused():
    with pytest.raises(ValueError, match=r"no table “\| word \| meaning"):
        pages.words(new_notebook(cells=[new_markdown_cell("## Words\n\nNone.")]))


def words(title, *rows):
    """A notebook with a table of words."""
    table = ["| word | meaning | first met in |", "|---|---|---|", *rows]
    cells = [f"# Predict {title}: why", "## Words\n\n" + "\n".join(table)]
    return new_notebook(cells=[*map(new_markdown_cell, cells)])


# ---- notebooks and the first page ----


def picture(alt, **more):
    data, metadata = {"image/png": "iVBORw0KGgo="} | more, {"image/png": {"alt": alt}}
    return new_output("display_data", data=data, metadata=metadata)


def test_a_picture_takes_its_alternative_text_along():
    cells = [new_code_cell("plots.show(ax)", outputs=[picture("A <triangle> of cells")])]
    (cell,) = pages.prepared(new_notebook(cells=cells)).cells
    assert cell.metadata == {"mystnb": {"image": {"alt": "A <triangle> of cells"}}}


def test_a_picture_that_only_stands_in_for_html_is_none_of_the_page():
    cell = new_code_cell("play()", outputs=[picture("A triangle", **{"text/html": "<svg/>"})])
    assert pages.descriptions(cell) == []


def test_two_pictures_in_one_cell_are_refused():
    cell = new_code_cell("both()", outputs=[picture("A triangle"), picture("A square")])
    with pytest.raises(ValueError, match=r"two pictures in one cell.*both"):
        pages.prepared(new_notebook(cells=[cell]))


def test_a_remark_stands_for_controls_and_nothing_else_is_changed():
    texts = ["interactive(children=(Text(value='Tom'…", "3 tokens"]
    outputs = [new_output("display_data", data={"text/plain": text}) for text in texts]
    cells = [new_code_cell("explore", outputs=outputs)]
    (cell,) = pages.prepared(new_notebook(cells=cells)).cells
    assert [output.data["text/plain"] for output in cell.outputs] == [pages.CONTROLS, "3 tokens"]


def test_what_lies_beside_the_notebooks_becomes_pages(tmp_path, monkeypatch):
    root, built = tmp_path / "root", tmp_path / "pages"
    monkeypatch.setattr(pages, "ROOT", root)
    monkeypatch.setattr(pages, "NOTEBOOKS", root / "notebooks")
    (root / "notebooks").mkdir(parents=True)
    built.mkdir()
    nbformat.write(words("it", "| a | b | c |"), root / "notebooks" / "1_a.ipynb")
    (root / "notebooks" / "masks.png").write_bytes(b"PNG")
    (root / "notebooks" / "own.md").write_text("[Up](../README.md), [out](https://x.org)", "utf-8")
    sections = "".join(f"## {heading}\n\nText.\n\n" for heading in pages.ON_THE_FIRST_PAGE)
    readme = (
        "# Title\n\n![A\nmask](notebooks/masks.png) [code](helpers) [c](notebooks/1_a.ipynb#c)\n\n"
    )
    (root / "README.md").write_text(f"{readme}{sections}## License\n\nMIT\n", "utf-8")
    pages.write(built)
    names = {"1_a.ipynb", "masks.png", "own.md", "glossary.md", "index.md"}
    assert {path.name for path in built.iterdir()} == names
    assert (built / "own.md").read_text("utf-8") == "[Up](index.md), [out](https://x.org)"
    index = (built / "index.md").read_text("utf-8")
    assert "![A\nmask](masks.png) code [c](1_a.ipynb#c)" in index
    assert "1 Predict it <1_a.ipynb>\nglossary.md\nown.md\n" in index
    assert "MIT" not in index


def test_the_readme_has_what_the_first_page_shows():
    readme = (pages.ROOT / "README.md").read_text(encoding="utf-8")
    assert "2_masked_lm.ipynb" in pages.first_page(readme, [])
    with pytest.raises(ValueError, match=r"the README has no section \['Start'\]"):
        pages.first_page(readme.replace("## Start\n", "## Begin\n"), [])


# ---- the look at a built site ----

PAGE = """\
<link rel="stylesheet" href="_static/own.css"><script src="_static/own.js"></script>
<a href="https://example.org">elsewhere</a>
<img alt="A triangle of cells" src="one.png">
<details><summary>Show the source</summary></details>
<details><summary>Solution</summary></details>"""


@pytest.fixture
def site(tmp_path):
    """A site without problems, of one notebook with a picture, code that draws it, a solution."""
    cells = [
        new_code_cell("show()", outputs=[picture("A triangle of cells")]),
        new_markdown_cell("<details><summary>Solution</summary></details>"),
    ]
    cells[0].metadata.tags = ["hide-input"]
    texts = {"1_a.html": PAGE, "index.html": "", "own.css": "a { b: url(c.woff) }"}
    for name, text in (texts | {"searchindex.js": '{"sentinel": 1}'}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path, {"1_a.ipynb": new_notebook(cells=cells)}


def test_a_whole_site_has_no_problems(site):
    assert publish.problems(*site) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("1_a.html", PAGE, None, "1_a.html is missing"),
        ("index.html", "", None, "index.html is missing"),
        ("1_a.html", 'alt="A triangle of cells" ', "", "no picture is described as “A triangle"),
        ("1_a.html", 'alt="A triangle of cells" ', "", "no alt: <img"),
        ("1_a.html", "one.png", "https://example.org/one.png", "loads https://example.org/one"),
        ("1_a.html", "_static/own.js", "//cdn.org/x.js", "loads //cdn.org/x.js"),
        ("1_a.html", "_static/own.css", "HTTP://cdn.org/x.css", "loads HTTP://cdn.org/x.css"),
        ("1_a.html", "<details><summary>S", "<div><summary>S", "not all of 2 answers"),
        ("own.css", "c.woff", '"https://cdn.org/x.woff"', "own.css loads https://cdn.org/x.woff"),
        ("own.css", "a {", "@import 'https://cdn.org/x.css'; a {", "own.css loads https://cdn"),
        ("searchindex.js", "sentinel", "mask", "the search does not find “sentinel”"),
        ("searchindex.js", "", None, "the search does not find “sentinel”"),
    ],
)
def test_a_problem_of_a_site_is_found(name, old, new, problem, site):
    folder, notebooks = site
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).unlink()
    if new is not None:
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    assert any(problem in found for found in publish.problems(folder, notebooks))


# ---- what is lacking ----


@pytest.mark.parametrize(
    ("what", "name", "message"),
    [
        ("site", "find_spec", r"needs MyST-NB and sphinx-book-theme: pip install -e '\.\[site\]'"),
        ("pdf", "shutil.which", "There is no Chromium here: install one"),
        ("paper", None, "Usage: python tests/tools/publish.py site"),
    ],
)
def test_what_is_lacking_is_said(what, name, message, monkeypatch):
    if name:
        monkeypatch.setattr(f"publish.{name}", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["publish.py", what])
    with pytest.raises(SystemExit, match=message):
        publish.main()


def test_a_page_that_cannot_be_made_is_no_traceback(monkeypatch):
    monkeypatch.setattr(publish, "find_spec", lambda _: True)
    monkeypatch.setattr(pages, "ON_THE_FIRST_PAGE", ["Finish"])
    with pytest.raises(SystemExit, match=r"can't be made: the README has no section.*Finish"):
        publish.site()


def test_a_page_on_paper_names_no_folder_of_this_machine():
    html = '<a href="index.html#start">1</a><a href="#words">2</a><a href="https://x.org">3</a>'
    kept = '<a>1</a><a href="#words">2</a><a href="https://x.org">3</a>'
    assert publish.standing_alone(html) == kept
