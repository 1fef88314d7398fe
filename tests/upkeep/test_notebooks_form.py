"""The form of the notebooks: what nbval does not look at, and what a reader relies on.

A check is a function from a notebook and its form to the list of its problems, in words. Each one
is tried on every notebook, and on notebooks that are broken in the ways that it is there to find.
"""

import contextlib
import io
import re
from dataclasses import dataclass
from html import escape
from itertools import takewhile, zip_longest
from pathlib import Path

import nbformat
import pytest
import reading
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SECTIONS = (
    "Load it",
    "Who may attend to whom",
    "What it is trained to predict",
    "Put it to work",
    "What we saw",
    "Exercises",
    "Going deeper",
    "Words",
    "Sources",
)
RATED = r"### \d\. .+ \(\d+ min, (easy|medium|hard)\)"


@dataclass(frozen=True)
class Form:
    """What is expected of one notebook. The core is `reading.core`."""

    sections: tuple[str, ...] = SECTIONS
    core_cells: int = 32  # code cells in the core, at most
    core_words: int = 1700  # words of prose in the core, at most
    deeper_cells: int = 25  # code cells in "Going deeper", at most
    longest_cell: int = 12  # lines, at most
    exercises: int = 6
    task: str = RATED  # how an exercise begins


FORMS = {
    "1_causal_lm.ipynb": Form(),
    "2_masked_lm.ipynb": Form(),
    "3_seq2seq_lm.ipynb": Form(core_cells=34, core_words=1800),
}


# ---- reading a notebook ----


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def tags(cell):
    return cell.metadata.get("tags", [])


def first_line(cell):
    return f"“{(cell.source.splitlines() or [''])[0][:60]}”"


def text_of(output):
    """Everything in an output that is text: streams, errors, and data but for pictures."""
    data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
    parts = [output.get("text", ""), *output.get("traceback", []), *map(str, data.values())]
    return "\n".join(parts)


def section(notebook, heading):
    """The cells below the level-two heading, up to the next one; none if it is missing."""
    inside, cells = False, []
    for cell in notebook.cells:
        if cell.source.startswith("## "):
            inside = cell.source.splitlines()[0] == f"## {heading}"
        elif inside:
            cells.append(cell)
    return cells


# ---- the checks ----


def order(notebook, form):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return [f"cells were run in the order {counts}: make run"]
    return [] if outputs(notebook) else ["no output is stored: make run"]


def errors(notebook, form):
    problems = []
    for cell in code_cells(notebook):
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised != ("raises-exception" in tags(cell)):
            problems.append(f"{'raises' if raised else 'does not raise'}: {first_line(cell)}")
    return problems


def stderr(notebook, form):
    return [f"stderr: {o.text[:200]}" for o in outputs(notebook) if o.get("name") == "stderr"]


def widgets_and_kernel(notebook, form):
    """What JupyterLab would store, and `make run` does not."""
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    problems = [] if kernel == "python3" else [f"the kernel is {kernel}"]
    if "widgets" in notebook.metadata:
        problems.append("metadata.widgets is stored")
    if any("widget-view" in kind for o in outputs(notebook) for kind in o.get("data", {})):
        problems.append("a view of a widget is stored, whose state is not")
    return problems


ABSOLUTE = re.compile(
    r"(?<![\w.:/<])/(?:home|Users|root|work|tmp|opt|usr|var|etc|mnt|srv|private|content)/[\w.]"
    r"|file:/{2}|\b[A-Z]:\\\w|site-packages"
)


def absolute_paths(notebook, form):
    texts = [cell.source for cell in notebook.cells] + [text_of(o) for o in outputs(notebook)]
    lines = [line for text in texts for line in text.splitlines()]
    return [f"a path of one machine: {line[:100]}" for line in lines if ABSOLUTE.search(line)]


def not_compared(notebook, form):
    """One cell, the one to play with, may keep its output from nbval."""
    cells = [
        cell
        for cell in code_cells(notebook)
        if {"nbval-ignore-output", "nbval-skip"} & {*tags(cell)} or "# NBVAL_" in cell.source
    ]
    return [f"not compared either: {first_line(cell)}" for cell in cells[1:]]


def sections(notebook, form):
    text = "\n".join(cell.source for cell in markdown_cells(notebook))
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    title, *found = re.findall(r"^##? .*", text, re.MULTILINE)
    starts = [line for cell in markdown_cells(notebook) for line in cell.source.splitlines()[:1]]
    problems = [f"not at the start of its cell: {line}" for line in found if line not in starts]
    if not notebook.cells[0].source.startswith("# ") or title.startswith("## "):
        problems.append("there is no title at the top")
    if found != [f"## {name}" for name in form.sections]:
        problems.append(f"the sections are {found}")
    return problems


def minutes(notebook, form):
    above = takewhile(lambda cell: not cell.source.startswith("## "), notebook.cells)
    text = " ".join(" ".join(cell.source for cell in above).split())
    wanted = f"{reading.stated(reading.core(notebook))} minutes to read"
    return [] if wanted in text else [f"“{wanted}” is not said at the top: tests/tools/reading.py"]


def budget(notebook, form):
    core, deeper = reading.core(notebook), section(notebook, "Going deeper")
    sizes = [
        ("words in the core", reading.words(core), form.core_words),
        ("code cells in the core", sum(cell.cell_type == "code" for cell in core), form.core_cells),
        ("code cells below", sum(cell.cell_type == "code" for cell in deeper), form.deeper_cells),
    ]
    for cell in code_cells(notebook):
        lines = len(cell.source.splitlines())
        sizes.append((f"lines: {first_line(cell)}", lines, form.longest_cell))
    return [f"{size} {what}, at most {most}" for what, size, most in sizes if size > most]


def captions(notebook, form):
    """Below each picture its alternative text, as text: most front ends pass no other on."""
    problems = []
    for cell in code_cells(notebook):
        pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        if "plots.show(" in cell.source and not pictures:
            problems.append(f"no picture is stored: {first_line(cell)}")
        for picture, below in zip_longest(cell.outputs, cell.outputs[1:]):
            if not any(kind.startswith("image/") for kind in picture.get("data", {})):
                continue
            alt = picture.metadata.get("image/png", {}).get("alt", "")
            caption = text_of(below) if below else ""
            if len(alt.split()) < 3 or f">{escape(alt, quote=False)}<" not in caption:
                problems.append(f"below a picture stands {caption!r}, its description is “{alt}”")
    for cell in markdown_cells(notebook):
        problems += re.findall(r"!\[\s*\]\([^)]*\)", cell.source)
        problems += [t for t in re.findall(r"<img\b[^>]*>", cell.source) if 'alt="' not in t]
    return problems


def predicts(notebook, form):
    """Below a Predict comes a cell whose output is folded."""
    problems, open_question = [], None
    for cell in [*notebook.cells, new_markdown_cell("## The end")]:
        if cell.cell_type == "code":
            open_question = None if "hide-output" in tags(cell) else open_question
        elif "**Predict.**" in cell.source or cell.source.startswith("## "):
            if open_question:
                problems.append(f"no answer is folded below: {first_line(open_question)}")
            open_question = cell if "**Predict.**" in cell.source else None
    return problems


def folds(notebook, form):
    """What is folded is so in JupyterLab (the metadata) and on the site (the tag) alike."""
    pairs = {"source_hidden": "hide-input", "outputs_hidden": "hide-output"}
    problems = []
    for cell in code_cells(notebook):
        inside = cell.metadata.get("jupyter", {})
        for key, name in pairs.items():
            if inside.get(key, False) != (name in tags(cell)):
                problems.append(f"{key} or {name} is missing: {first_line(cell)}")
        if inside.keys() >= pairs.keys():  # JupyterLab shows no way to the output
            problems.append(f"code and output are both folded: {first_line(cell)}")
    return problems


FOLDED = re.compile(
    r"<details>\s*<summary>Solution</summary>\s*^```python\n(.*?)^```\s*</details>\s*",
    re.DOTALL | re.MULTILINE,
)


def exercises_of(notebook):
    """The set-up's code, and what should be a task, an attempt and a solution, three cells each."""
    cells = section(notebook, "Exercises")
    setup = list(takewhile(lambda cell: not cell.source.startswith("### "), cells))
    rest = cells[len(setup) :]
    code = "\n".join(cell.source for cell in setup if cell.cell_type == "code")
    return code, [rest[i : i + 3] for i in range(0, len(rest), 3)]


def exercises(notebook, form):
    _, found = exercises_of(notebook)
    problems = [] if len(found) == form.exercises else [f"there are {len(found)} exercises"]
    for cells in found:
        where = first_line(cells[0])
        if [cell.cell_type for cell in cells] != ["markdown", "code", "markdown"]:
            problems.append(f"not a task, an attempt and a solution: {where}")
            continue
        task, attempt, folded = cells
        if not re.fullmatch(form.task, task.source.splitlines()[0]):
            problems.append(f"does not begin like {form.task}: {where}")
        last = attempt.source.splitlines()[-1]
        if not last.startswith("exercises.check(") or f"\n{last}\n```" not in folded.source:
            problems.append(f"attempt and solution do not end with the same check: {where}")
        if "not attempted yet" not in "".join(map(text_of, attempt.outputs)):
            problems.append(f"does not say “not attempted yet”: {where}")
    return problems


def solutions(notebook, form):
    """Run every solution, in a reader's place: after the set-up cells of the section alone."""
    problems = []
    setup, found = exercises_of(notebook)
    for cells in found:
        where, solution = first_line(cells[0]), FOLDED.fullmatch(cells[-1].source)
        if not solution:
            problems.append(f"the solution is not folded away as it should be: {where}")
            continue
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.chdir(NOTEBOOKS):
            exec(compile(f"{setup}\n{solution[1]}", "<exercise>", "exec"), {"__name__": "__main__"})
        if "✔" not in said.getvalue():
            problems.append(f"{where} solved: {said.getvalue()[-300:]!r}")
    return problems


CHECKS = [
    *(order, errors, stderr, widgets_and_kernel, absolute_paths, not_compared),
    *(sections, minutes, budget, captions, predicts, folds, exercises, solutions),
]
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)


# ---- the notebooks ----


def test_every_notebook_is_there_and_no_other():
    assert sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")) == list(FORMS)


@every_check
@pytest.mark.parametrize("name", FORMS)
def test_form(name, check):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbformat.validate(notebook)
    assert check(notebook, FORMS[name]) == []


def test_the_readme_states_the_same_minutes():
    readme = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    for name in FORMS:
        core = reading.core(nbformat.read(NOTEBOOKS / name, as_version=4))
        row = rf"^\|.*notebooks/{name}\).*\| {reading.stated(core)} min \|"
        assert re.search(row, readme, re.MULTILINE)


# ---- the checks, checked ----

SETUP = """\
from types import SimpleNamespace

exercises = SimpleNamespace(check=lambda _, answer: print("✔" if answer == 4 else "✘"))"""
SOLUTION = """\
<details><summary>Solution</summary>

```python
answer = 2 * 2
exercises.check("{name}", answer)
```

</details>"""
GOOD = Form(core_cells=4, core_words=60, deeper_cells=1, exercises=2)


def good():
    """A notebook without problems, of the form above."""
    image = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 450x400 with 1 Axes>"}
    alt = {"image/png": {"alt": "A <staircase> of cells"}}
    caption = {"text/html": "<p><small>A &lt;staircase&gt; of cells</small></p>"}
    core = [
        code("print(3, 'tokens')", stream("3 tokens\n")),
        code("plots.show(ax)", shown(image, metadata=alt), shown(caption)),
        code("raise ValueError('no')", new_output("error", ename="ValueError", evalue="no")),
        code("interact(f)"),
    ]
    core[2].metadata.tags, core[3].metadata.tags = ["raises-exception"], ["nbval-ignore-output"]
    core[0].metadata.update(jupyter={"outputs_hidden": True}, tags=["hide-output"])
    question = new_markdown_cell("**Predict.** How many?")
    below = {"Load it": [question, *core], "Going deeper": [code("print('deep')")]}
    below["Exercises"] = [code(SETUP)]
    for name in ("one", "two"):
        below["Exercises"] += [
            new_markdown_cell("### 1. Twice two (5 min, easy)\n\nWhat is it?"),
            code(f'answer = ...\nexercises.check("{name}", answer)', stream("not attempted yet")),
            new_markdown_cell(SOLUTION.format(name=name)),
        ]
    cells = [new_markdown_cell("# Predict: causal models\n\n5 minutes\nto read.")]
    for heading in SECTIONS:
        cells += [new_markdown_cell(f"## {heading}\n\nWhy?"), *below.get(heading, [])]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
    return notebook


def code(source, *results):
    return new_code_cell(source, outputs=[*results])


def stream(text, name="stdout"):
    return new_output("stream", text=text, name=name)


def shown(data, **options):
    return new_output("display_data", data=data, **options)


def cell(notebook, text):
    return next(cell for cell in notebook.cells if text in cell.source)


# Ways to break a notebook: what returns a function that does it.


def change(old, new):
    """In the first cell that holds the old text, the new one."""

    def apply(notebook):
        found = cell(notebook, old)
        found.source = found.source.replace(old, new)

    return apply


def add(text, more):
    """One cell more, below the cell that holds the text."""
    return lambda n: n.cells.insert(n.cells.index(cell(n, text)) + 1, more)


def store(text, *results):
    """Other outputs of the cell that holds the text."""
    return lambda n: cell(n, text).update(outputs=[*results])


def tag(text, *names):
    """Other tags of the cell that holds the text."""
    return lambda n: cell(n, text).metadata.update(tags=[*names])


def both_folded(notebook):
    found = cell(notebook, "tokens")
    found.metadata.jupyter["source_hidden"] = True
    found.metadata.tags.append("hide-input")


BREAKS = [
    (order, lambda n: cell(n, "interact").update(execution_count=1)),
    (order, lambda n: [each.update(outputs=[]) for each in code_cells(n)]),
    (errors, tag("raise ")),
    (errors, store("raise ")),
    (stderr, store("tokens", stream("FutureWarning: soon", name="stderr"))),
    (widgets_and_kernel, lambda n: n.metadata.update(widgets={})),
    (widgets_and_kernel, store("tokens", shown({"application/x.widget-view+json": {}}))),
    (widgets_and_kernel, lambda n: n.metadata.kernelspec.update(name="ada")),
    (absolute_paths, store("tokens", stream("loaded from /" + "home/ada/.cache/x"))),
    (absolute_paths, store("tokens", shown({"text/html": "<td>/" + "tmp/ipykernel_1/2.py</td>"}))),
    (absolute_paths, change("print(3", "'C:" + "\\models'")),
    (not_compared, tag("tokens", "nbval-skip")),
    (not_compared, change("print(3", "# NBVAL_IGNORE_OUTPUT\nprint(3")),
    (sections, lambda n: n.cells.remove(cell(n, "## Words"))),
    (sections, change("## Words", "First things first.\n\n## Words")),
    (sections, change("## Sources", "## Thanks")),
    (sections, change("Why?", "Why?\n\n# Another title")),
    (sections, change("# Predict", "Predict")),
    (minutes, change("5 minutes", "10 minutes")),
    (minutes, change("## Put it to work", "## Put it to work" + "\n\n**Predict.** Which?" * 5)),
    (budget, add("## Load it", code("print('more')"))),
    (budget, add("## Going deeper", code("print('more')"))),
    (budget, change("print('deep')", "\n".join(["print('deep')"] * 13))),
    (budget, change("## Load it", "## Load it" + "\n\nThis takes many words." * 10)),
    (captions, store("plots.show")),
    (captions, lambda n: cell(n, "plots.show").outputs.reverse()),
    (captions, lambda n: cell(n, "plots.show").outputs.pop()),
    (captions, lambda n: cell(n, "plots.show").outputs[0].metadata.clear()),
    (captions, change("Why?", "![](mask.png)")),
    (captions, change("Why?", '<img src="mask.png">')),
    (predicts, tag("tokens")),
    (folds, tag("tokens")),
    (folds, lambda n: cell(n, "tokens").metadata.pop("jupyter")),
    (folds, tag("tokens", "hide-output", "hide-input")),
    (folds, both_folded),
    (folds, lambda n: cell(n, "print('deep')").metadata.update(jupyter={"source_hidden": True})),
    (predicts, lambda n: cell(n, "tokens").metadata.clear()),
    (predicts, lambda n: n.cells.remove(cell(n, "tokens"))),
    (predicts, add("How many?", new_markdown_cell("## Load more"))),
    (predicts, add("print(3", new_markdown_cell("**Predict.** And now?"))),
    (exercises, lambda n: n.cells.remove(cell(n, "### 1. Twice"))),
    (exercises, change(" (5 min, easy)", "")),
    (exercises, change('exercises.check("two", answer)', "print(answer)")),
    (exercises, change('exercises.check("two", answer)', 'exercises.check("one", answer)')),
    (exercises, store('check("two"', stream("✔ two"))),
    (solutions, change("2 * 2", "2 * 3")),
    (solutions, change("<details>", "")),
]


@every_check
def test_a_good_notebook_has_no_problems(check):
    notebook = good()
    nbformat.validate(notebook)
    assert check(notebook, GOOD) == []


@pytest.mark.parametrize(("check", "how"), BREAKS)
def test_a_check_sees_what_it_is_there_to_see(check, how):
    notebook = good()
    how(notebook)
    assert check(notebook, GOOD) != []


def test_every_check_is_checked():
    assert {check for check, _ in BREAKS} == {*CHECKS}


def test_reading_counts_prose_code_pictures_and_predicts():
    prose = "### Two words\n\n**Predict.** Then four?\n\n| no | table |\n|---|---|\n\n"
    prose += "<details>\n\nno solution\n\n</details>\n\n```\nno code\n```"
    cells = [new_markdown_cell(prose), code("show()", shown({"image/png": "iVBORw0KGgo="}))]
    assert reading.words(cells) == 5
    assert reading.minutes(cells) == pytest.approx(5 / 125 + 1 + 0.75 + 0.5)
    assert reading.stated(cells * 10) == 25  # of 22.9


def test_the_core_begins_with_load_it_and_ends_with_what_we_saw():
    core = reading.core(good())
    assert core[0].source.startswith("## Load it")
    assert core[-1].source.startswith("## What we saw")
