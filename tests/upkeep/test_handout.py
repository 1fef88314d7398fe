"""`make handout`: nothing is given away, nothing else is lost, and it runs where it lies.

nbval runs the notebooks as a whole. A hand-out has the same code cells in the same order, which is
checked here. So only what its place could break is run once more: imports, models, the exercises.
"""

import re

import handout
import lab
import nbformat
import pytest
import reading

NAMES = sorted(path.name for path in lab.NOTEBOOKS.glob("*.ipynb"))
STRIPPED = [(version, name) for version in ("whole", "core") for name in NAMES]
EVERY = [*STRIPPED, *(("solutions", name) for name in NAMES)]
RUN = ("Load it", "Exercises")  # cheap; the others measure and train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    handout.write(lab.NOTEBOOKS, folder)
    return folder


def read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code(cells):
    return [cell.source for cell in cells if cell.cell_type == "code"]


def headings(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"^## (.+)", text, re.MULTILINE)


def solutions(notebook):
    """The code that solves the exercises, without the line that checks it."""
    folded = [cell.source for cell in notebook.cells if "<summary>Solution" in cell.source]
    return [re.search(r"```python\n(.*?)\n+exercises\.check", text, re.S)[1] for text in folded]


def test_there_is_every_version_of_every_notebook_and_no_other(folder):
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.ipynb")}
    assert found == {f"{version}/{name}" for version, name in EVERY}


@pytest.mark.parametrize(("version", "name"), STRIPPED)
def test_a_handout_gives_no_output_and_no_solution_away(version, name, folder):
    given = solutions(read(lab.NOTEBOOKS / name))
    assert len(given) == 6
    notebook = read(folder / version / name)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert "<summary>Solution" not in cell.source
        assert [text for text in given if text in cell.source] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_handout_has_all_the_code_starters_included_and_all_sections(name, folder):
    original, notebook = read(lab.NOTEBOOKS / name), read(folder / "whole" / name)
    assert code(notebook.cells) == code(original.cells)
    assert headings(notebook) == headings(original)


@pytest.mark.parametrize("name", NAMES)
def test_a_core_is_what_stands_above_the_exercises_and_words_and_sources(name, folder):
    original, notebook = read(lab.NOTEBOOKS / name), read(folder / "core" / name)
    assert code(notebook.cells) == code(reading.core(original))
    left_out = {"Exercises", "Going deeper"}
    assert headings(notebook) == [part for part in headings(original) if part not in left_out]
    assert len(headings(notebook)) == len(headings(original)) - 2


@pytest.mark.parametrize("name", NAMES)
def test_the_version_with_solutions_is_the_notebook_itself(name, folder):
    solved = folder / "solutions" / name
    assert solved.read_bytes() == (lab.NOTEBOOKS / name).read_bytes()


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_pictures_and_links_lead_somewhere(version, name, folder):
    texts = [cell.source for cell in read(folder / version / name).cells]
    linked = re.findall(r"\]\(([^)#\s]+)\)|<img[^>]* src=\"([^\"]+)\"", "\n".join(texts))
    here = [path for pair in linked for path in pair if path and "://" not in path]
    assert "three_masks.png" in here
    assert [path for path in here if not (folder / version / path).exists()] == []


@pytest.mark.parametrize(("version", "name"), STRIPPED[:1])
def test_a_handout_runs_where_it_lies(version, name, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder / version)
    section, space = None, {}
    for cell in read(folder / version / name).cells:
        if heading := re.match(r"## (.+)", cell.source):
            section = heading[1]
        if cell.cell_type == "code" and section in RUN:
            exec(cell.source, space)
    assert capsys.readouterr().out.count("not attempted yet") == 6
    assert space["model"].num_parameters() > 0
