"""The form of the notebooks: what nbval does not look at, and what a reader relies on.

A check is a function from a notebook to the list of its problems, in words. Each one is tried on
every notebook, and on a notebook that is broken in the way the check is there to find.
"""

import ast
import contextlib
import io
import itertools
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import nbformat
import pytest
import reading
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SECTIONS = [
    "Words",
    "Load it",
    "Use it",
    "Who may attend to whom",
    "What it is trained to predict",
    "Put it to work",
    "What we saw",
    "Exercises",
    "Sources",
]


@dataclass
class Form:
    """What is expected of one notebook; its row changes with it. The core is `reading.core`."""

    verb: str  # the first word of the title
    core_cells: int  # code cells in the core, at most
    core_words: int  # words of prose in the core, at most
    longest_cell: int  # lines, at most
    pictures: int
    exercises: int
    sections: list[str] = field(default_factory=lambda: SECTIONS)


FORMS = {
    "1_causal_lm.ipynb": Form("Predict", 52, 2150, 15, pictures=9, exercises=5),
    "2_masked_lm.ipynb": Form("Fill", 64, 2200, 15, pictures=7, exercises=6),
    "3_seq2seq_lm.ipynb": Form("Translate", 83, 2550, 15, pictures=6, exercises=5),
}
TAGS = {"nbval-ignore-output", "raises-exception"}
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)"}


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
    """Everything in an output that is text: streams, errors, and text, HTML and SVG data."""
    parts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
    parts += [
        value if isinstance(value, str) else repr(value)
        for kind, value in output.get("data", {}).items()
        if kind not in ("image/png", "image/jpeg")
    ]
    return "\n".join(parts)


def without_code(markdown):
    """Markdown without fenced blocks, code spans, formulas, HTML tags, and addresses."""
    markdown = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    markdown = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"\$\$.+?\$\$", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"\$[^$\n]+\$", "", markdown)
    return re.sub(r"<[^>\n]+>|\]\([^)]*\)|https?://\S+", " ", markdown)


def headings(notebook):
    """(level, text, stands at the start of its cell) of every heading, in order."""
    found = []
    for cell in markdown_cells(notebook):
        text = re.sub(r"^```.*?^```", "", cell.source, flags=re.DOTALL | re.MULTILINE)
        for match in re.finditer(r"^(#{1,6}) +(.*?)[ #]*$", text, re.MULTILINE):
            found.append((len(match[1]), match[2], match.start() == 0))
    return found


def section(notebook, heading):
    """The cells below the level-two heading, up to the next one; the heading's cell included."""
    inside, cells = False, []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            inside = cell.source.splitlines()[0].removeprefix("## ").strip() == heading
        if inside:
            cells.append(cell)
    return cells


# ---- the checks ----


def not_run_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    problems = [] if counts else ["there is no code"]
    if counts != list(range(1, len(counts) + 1)):
        problems.append(f"cells were run in the order {counts}: make run")
    if not outputs(notebook):
        problems.append("no output is stored: make run")
    return problems


def stored_errors(notebook):
    problems = []
    for cell in code_cells(notebook):
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised != ("raises-exception" in tags(cell)):
            problems.append(f"{'raises' if raised else 'does not raise'}: {first_line(cell)}")
    return problems


def stored_stderr(notebook):
    streams = [output for output in outputs(notebook) if output.output_type == "stream"]
    return [f"stderr: {s.text[:200]}" for s in streams if s.name != "stdout"]


def widget_state(notebook):
    problems = ["metadata.widgets is stored"] if "widgets" in notebook.metadata else []
    if any(WIDGET in output.get("data", {}) for output in outputs(notebook)):
        problems.append("a view of a widget is stored, whose state is not")
    return problems


def progress_bars(notebook):
    texts = [text_of(output) for output in outputs(notebook)]
    return [text.strip()[:80] for text in texts if re.search(r"\d+%\|.*\d/\d", text)]


def timings(notebook):
    return [
        f"metadata.execution holds times: {first_line(cell)}"
        for cell in code_cells(notebook)
        if "execution" in cell.metadata
    ]


ABSOLUTE = re.compile(
    r"(?<![\w.:/<])/(?:home|Users|root|work|tmp|opt|usr|var|etc|mnt|srv|private|content)/[\w.]"
    r"|file:/{2}|\b[A-Z]:\\\w|site-packages"
)


def absolute_paths(notebook):
    texts = [cell.source for cell in notebook.cells] + [text_of(o) for o in outputs(notebook)]
    lines = [line for text in texts for line in text.splitlines()]
    return [f"a path of one machine: {line[:100]}" for line in lines if ABSOLUTE.search(line)]


def memory_addresses(notebook):
    texts = [text_of(output) for output in outputs(notebook)]
    return [found for text in texts for found in re.findall(r".*\bat 0x[0-9a-f]+.*", text)]


def headings_missing(notebook, form):
    found = headings(notebook)
    problems = [f"not at the start of its cell: {text}" for _, text, starts in found if not starts]
    if [text for level, text, _ in found if level == 2] != form.sections:
        problems.append(f"the sections are {[text for level, text, _ in found if level == 2]}")
    if [level for level, *_ in found].count(1) != 1 or found[0][0] != 1:
        problems.append("there is not one title, at the top")
    return problems


def opening(notebook, form):
    """What stands above the first section: a title with its verb, what to do, learn and need."""
    cells = itertools.takewhile(lambda cell: not cell.source.startswith("## "), notebook.cells)
    text = "\n".join(cell.source for cell in cells).replace("’", "'")
    title = re.match(rf"# {form.verb} [^:\n]+: \w.*", text)
    problems = [] if title else [f"no title like “# {form.verb} …: …”: {text[:60]}"]
    for words in ("you'll do", "you'll learn", "you need"):
        if words not in text.lower():
            problems.append(f"above the first section nothing says “{words}”")
    minutes = f"{reading.stated(reading.core(notebook))} minutes to read"
    if minutes not in re.sub(r"\s+", " ", text):
        problems.append(
            f"above the first section nothing says “{minutes}”, as tests/tools/reading.py has it"
        )
    return problems


def beyond_the_budget(notebook, form):
    core = reading.core(notebook)
    words, cells = reading.words(core), sum(cell.cell_type == "code" for cell in core)
    problems = [f"{words} words in the core"] if words > form.core_words else []
    return problems + ([f"{cells} code cells in the core"] if cells > form.core_cells else [])


def pictures_without_caption(notebook, form):
    """Below each picture its alternative text, as text: most front ends pass no other on."""
    problems, count = [], 0
    for cell in code_cells(notebook):
        for picture, below in itertools.zip_longest(cell.outputs, cell.outputs[1:]):
            if not any(kind.startswith("image/") for kind in picture.get("data", {})):
                continue
            count += 1
            alt = picture.metadata.get("image/png", {}).get("alt", "")
            caption = text_of(below) if below else ""
            if len(alt.split()) < 3 or f">{escape(alt, quote=False)}<" not in caption:
                problems.append(f"below a picture stands {caption!r}, its description is “{alt}”")
    if count != form.pictures:
        problems.append(f"{count} pictures are stored, not {form.pictures}")
    for cell in markdown_cells(notebook):
        problems += re.findall(r"!\[\s*\]\([^)]*\)", cell.source)
        problems += [t for t in re.findall(r"<img\b[^>]*>", cell.source) if 'alt="' not in t]
    return problems


def unknown_tags(notebook):
    problems = []
    for cell in notebook.cells:
        unknown = set(tags(cell)) - TAGS
        if unknown or (tags(cell) and cell.cell_type != "code"):
            problems.append(f"tags {sorted(tags(cell))}: {first_line(cell)}")
        if cell.cell_type == "code" and re.search(r"^\s*# *(NBVAL_|PYTEST_)", cell.source, re.M):
            problems.append(f"a comment where a tag belongs: {first_line(cell)}")
    return problems


def ignored_outputs(notebook):
    ignored = [cell for cell in code_cells(notebook) if "nbval-ignore-output" in tags(cell)]
    return [f"not compared either: {first_line(cell)}" for cell in ignored[1:]]


def long_cells(notebook, form):
    return [
        f"{len(cell.source.splitlines())} lines: {first_line(cell)}"
        for cell in code_cells(notebook)
        if len(cell.source.splitlines()) > form.longest_cell
    ]


def empty_cells(notebook):
    cells = enumerate(notebook.cells)
    return [f"cell {number} is empty" for number, cell in cells if not cell.source.strip()]


def belittling_words(notebook):
    words = re.compile(r"\b(simply|just|obviously)\b", re.IGNORECASE)
    return [
        f"“{found}” in {first_line(cell)}"
        for cell in markdown_cells(notebook)
        for found in words.findall(without_code(cell.source))
    ]


def quoted_measurements(notebook):
    """Decimals in prose, which a cell should print. Versions and numbers of sections may stay."""
    name = r"(?:Python|PyTorch|transformers|version|section|sections|chapter|figure|table|arXiv:?)"
    problems = []
    sources = section(notebook, "Sources")
    for cell in markdown_cells(notebook):
        if cell not in sources:
            text = re.sub(rf"\b{name} ?\d+(\.\d+)+", "", without_code(cell.source), flags=re.I)
            problems += [f"{n} in {first_line(cell)}" for n in re.findall(r"\d+\.\d+", text)]
    return problems


def another_kernel(notebook):
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"the kernel is {name}"]


def checked_names(source):
    """Names given to `exercises.check` by the last statement of the source, or by none: []."""
    body = ast.parse(source).body
    match body[-1:]:
        case [ast.Expr(ast.Call(ast.Attribute(ast.Name("exercises"), "check"), [first, _], []))]:
            return [first.value] if isinstance(first, ast.Constant) else []
    return []


FOLDED = re.compile(
    r"\s*<details>\s*<summary>Solution</summary>\s*^```python\n(.*?)^```\s*</details>\s*",
    re.DOTALL | re.MULTILINE,
)


def exercises_of(notebook):
    """Set-up cells, and a (task, attempt, solution) cell each: where they are out of form, None."""
    cells = section(notebook, "Exercises")[1:]
    first = next((i for i, cell in enumerate(cells) if cell.source.startswith("### ")), len(cells))
    rest = cells[first:]
    setup = [cell for cell in cells[:first] if cell.cell_type == "code"]
    return setup, [tuple(rest[i : i + 3]) for i in range(0, len(rest), 3)]


def misshapen_exercises(notebook, form):
    setup, triples = exercises_of(notebook)
    problems = [] if setup else ["no cell sets up what the exercises need"]
    if len(triples) != form.exercises:
        problems.append(f"there are {len(triples)} exercises, not {form.exercises}")
    names = []
    for triple in triples:
        where = first_line(triple[0])
        if [cell.cell_type for cell in triple] != ["markdown", "code", "markdown"] or not triple[
            0
        ].source.startswith("### "):
            problems.append(f"not a ### task, an attempt and a solution: {where}")
            continue
        _, attempt, folded = triple
        solution = FOLDED.fullmatch(folded.source)
        if not solution:
            problems.append(f"the solution is not folded away as it should be: {where}")
            continue
        name = checked_names(attempt.source)
        if not name or name != checked_names(solution[1]):
            problems.append(f"does not end with exercises.check, of one name: {where}")
        names += name
        if "not attempted yet" not in "".join(map(text_of, attempt.outputs)):
            problems.append(f"does not say “not attempted yet”: {where}")
    if len(names) != len(set(names)):
        problems.append(f"a name is used twice: {names}")
    return problems


def wrong_solutions(notebook):
    """Run every solution, in a reader's place: after the set-up cells of the section alone."""
    setup, triples = exercises_of(notebook)
    problems = []
    for triple in triples:
        solution = FOLDED.fullmatch(triple[-1].source)
        if solution is None:
            continue  # misshapen_exercises says so
        said, space = io.StringIO(), {"__name__": "__main__"}
        with contextlib.redirect_stdout(said), contextlib.chdir(NOTEBOOKS):
            for source in [cell.source for cell in setup] + [solution[1]]:
                exec(compile(source, "<exercise>", "exec"), space)
            right = said.getvalue()
            for name in checked_names(solution[1]):
                space["exercises"].check(name, object())
        if "✔" not in right or "✘" in right or "not attempted yet" in right:
            problems.append(f"{first_line(triple[0])} solved: {right[-300:]!r}")
        if "✔" in said.getvalue()[len(right) :]:
            problems.append(f"{first_line(triple[0])}: any answer is called right")
    return problems


CHECKS = [
    not_run_in_order,
    stored_errors,
    stored_stderr,
    widget_state,
    progress_bars,
    timings,
    absolute_paths,
    memory_addresses,
    unknown_tags,
    ignored_outputs,
    empty_cells,
    belittling_words,
    quoted_measurements,
    another_kernel,
    wrong_solutions,
]
CHECKS_BY_FORM = [
    headings_missing,
    opening,
    beyond_the_budget,
    pictures_without_caption,
    long_cells,
    misshapen_exercises,
]


def problems_of(check, notebook, form):
    return check(notebook, form) if check in CHECKS_BY_FORM else check(notebook)


# ---- the notebooks ----


def test_every_notebook_is_there_and_no_other():
    assert sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")) == list(FORMS)


@pytest.mark.parametrize("check", CHECKS + CHECKS_BY_FORM, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", FORMS)
def test_form(name, check):
    path = NOTEBOOKS / name
    if not path.exists():
        pytest.skip("the test above says that it is missing")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert problems_of(check, notebook, FORMS[name]) == []


def test_the_readme_states_the_same_minutes():
    readme = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    for name in FORMS:
        core = reading.core(nbformat.read(NOTEBOOKS / name, as_version=4))
        assert re.search(
            rf"^\|.*notebooks/{name}\).*\| {reading.stated(core)} min \|", readme, re.M
        )


# ---- the checks, checked ----

SETUP = """\
from types import SimpleNamespace

def say(name, answer):
    print("not attempted yet" if answer is None else "✔ right" if answer == 4 else "✘ wrong")

exercises = SimpleNamespace(check=say)"""

SOLUTION = """\
<details><summary>Solution</summary>

```python
answer = 2 * 2
exercises.check("{name}", answer)
```

</details>"""


GOOD = Form("Predict", core_cells=4, core_words=80, longest_cell=15, pictures=1, exercises=4)


def good():
    """A notebook without problems, of the form above."""
    stdout = new_output("stream", name="stdout", text="3 tokens\n")
    picture = new_output(
        "display_data",
        data={"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 450x400 with 1 Axes>"},
        metadata={"image/png": {"alt": "A <staircase> of filled cells"}},
    )
    caption = {"text/html": "<p><small>A &lt;staircase&gt; of filled cells</small></p>"}
    caption = new_output("display_data", data=caption)
    error = new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
    cells = [
        new_markdown_cell(
            "# Predict the next token: causal language models\n\n**You’ll do:** a lot. "
            "**You'll learn:** more. **You need:** Python 3.11. 5 minutes to read."
        ),
    ]
    for heading in SECTIONS:
        cells.append(new_markdown_cell(f"## {heading}\n\nWhy? See `0.5`, $p = 0.5$ and 15 %."))
        if heading == "Use it":
            cells += [
                new_code_cell("print(3, 'tokens')", outputs=[stdout]),
                new_code_cell("plots.show(ax, alt=...)", outputs=[picture, caption]),
                new_code_cell(
                    "raise ValueError('no')",
                    outputs=[error],
                    metadata={"tags": ["raises-exception"]},
                ),
                new_code_cell("interact(f)", metadata={"tags": ["nbval-ignore-output"]}),
            ]
        if heading == "Exercises":
            cells.append(new_code_cell(SETUP))
            for name in ("one", "two", "three", "four"):
                waiting = new_output("stream", name="stdout", text=f"{name}: not attempted yet\n")
                attempt = f'answer = None\nexercises.check("{name}", answer)'
                cells += [
                    new_markdown_cell(f"### Exercise {name}\n\nWhat is twice two?"),
                    new_code_cell(attempt, outputs=[waiting]),
                    new_markdown_cell(SOLUTION.format(name=name)),
                ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": dict(KERNEL)})
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
    return notebook


def cell_with(notebook, text):
    return next(cell for cell in notebook.cells if text in cell.source)


BREAKS = []


def breaks(check):
    """Mark a function that breaks a good notebook, so that `check` has to say so."""

    def add(how):
        BREAKS.append(pytest.param(check, how, id=f"{check.__name__}-{how.__name__}"))
        return how

    return add


@breaks(not_run_in_order)
def run_twice(notebook):
    code_cells(notebook)[-1].execution_count += 1


@breaks(not_run_in_order)
def stripped(notebook):
    for cell in code_cells(notebook):
        cell.execution_count, cell.outputs = None, []


@breaks(not_run_in_order)
def outputs_cleared(notebook):
    for cell in code_cells(notebook):
        cell.outputs = []


@breaks(not_run_in_order)
def without_any_code(notebook):
    notebook.cells = markdown_cells(notebook)


@breaks(stored_errors)
def an_error_without_its_tag(notebook):
    cell_with(notebook, "raise ").metadata.tags = []


@breaks(stored_errors)
def a_tag_without_its_error(notebook):
    cell_with(notebook, "raise ").outputs = []


@breaks(stored_stderr)
def a_warning(notebook):
    warning = new_output("stream", name="stderr", text="FutureWarning: soon")
    code_cells(notebook)[0].outputs.append(warning)


@breaks(widget_state)
def state_in_the_metadata(notebook):
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}


@breaks(widget_state)
def a_view_of_a_widget(notebook):
    data = {WIDGET: {"model_id": "0123"}, "text/plain": "HBox()"}
    cell_with(notebook, "interact").outputs = [new_output("display_data", data=data)]


@breaks(progress_bars)
def a_progress_bar(notebook):
    data = {"text/plain": "Loading weights:   0%|          | 0/16 [00:00<?, ?it/s]"}
    code_cells(notebook)[0].outputs.append(new_output("display_data", data=data))


@breaks(timings)
def times_of_execution(notebook):
    code_cells(notebook)[0].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00"}


@breaks(absolute_paths)
def a_path_in_an_output(notebook):
    code_cells(notebook)[0].outputs[0].text = "loaded from /" + "home/ada/.cache/x"


@breaks(absolute_paths)
def a_path_in_html(notebook):
    data = {"text/html": "<td>/" + "tmp/ipykernel_1/2.py</td>"}
    code_cells(notebook)[0].outputs = [new_output("display_data", data=data)]


@breaks(absolute_paths)
def a_path_in_code(notebook):
    code_cells(notebook)[0].source = "folder = '/" + "Users/ada/models'"


@breaks(absolute_paths)
def a_path_in_prose(notebook):
    notebook.cells[1].source += "\n\nSee C:" + "\\models."


@breaks(memory_addresses)
def an_object_by_its_address(notebook):
    data = {"text/plain": "<function causal at 0x7f00a1b2>"}
    code_cells(notebook)[0].outputs = [new_output("execute_result", data=data)]


@breaks(headings_missing)
def a_section_less(notebook):
    notebook.cells.remove(cell_with(notebook, "## Put it to work"))


@breaks(headings_missing)
def sections_in_another_order(notebook):
    one, other = cell_with(notebook, "## Words"), cell_with(notebook, "## Load it")
    one.source, other.source = other.source, one.source


@breaks(headings_missing)
def a_section_more(notebook):
    notebook.cells.append(new_markdown_cell("## Thanks"))


@breaks(headings_missing)
def a_second_title(notebook):
    notebook.cells.append(new_markdown_cell("# Thanks"))


@breaks(headings_missing)
def no_title(notebook):
    notebook.cells[0].source = "You’ll do, you'll learn, you need, minutes"


@breaks(headings_missing)
def a_heading_within_a_cell(notebook):
    cell = cell_with(notebook, "## Words")
    cell.source = f"First things first.\n\n{cell.source}"


@breaks(opening)
def a_title_without_a_verb(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("Predict", "The")


@breaks(opening)
def a_title_without_the_architecture(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace(": causal", ", causal")


@breaks(opening)
def nothing_said_about_time(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("minutes", "")


@breaks(opening)
def fewer_minutes_than_it_takes(notebook):
    cell_with(notebook, "## Put it to work").source += "\n\n**Predict.** Which?" * 5


@breaks(opening)
def nothing_said_about_what_is_learned(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("You'll learn", "")


@breaks(pictures_without_caption)
def a_picture_alone(notebook):
    del cell_with(notebook, "plots.show").outputs[1]


@breaks(pictures_without_caption)
def a_caption_above_its_picture(notebook):
    cell_with(notebook, "plots.show").outputs.reverse()


@breaks(pictures_without_caption)
def a_caption_that_is_a_picture(notebook):
    cell = cell_with(notebook, "plots.show")
    cell.outputs[1].data = {"image/png": "iVBORw0KGgo="}


@breaks(pictures_without_caption)
def a_caption_of_another_picture(notebook):
    caption = cell_with(notebook, "plots.show").outputs[1]
    caption.data["text/html"] = "<p><small>A square of filled cells</small></p>"


@breaks(pictures_without_caption)
def a_picture_without_alternative_text(notebook):
    cell_with(notebook, "plots.show").outputs[0].metadata = {}


@breaks(pictures_without_caption)
def no_picture_at_all(notebook):
    cell_with(notebook, "plots.show").outputs = []


@breaks(pictures_without_caption)
def a_picture_with_a_blank(notebook):
    picture, caption = cell_with(notebook, "plots.show").outputs
    picture.metadata = {"image/png": {"alt": " "}}
    caption.data["text/html"] = "<p><small> </small></p>"


@breaks(pictures_without_caption)
def a_linked_picture_alone(notebook):
    notebook.cells[1].source += "\n\n![](mask.png)"


@breaks(pictures_without_caption)
def an_img_alone(notebook):
    notebook.cells[1].source += '\n\n<img src="mask.png">'


@breaks(unknown_tags)
def a_misspelt_tag(notebook):
    cell_with(notebook, "interact").metadata.tags = ["nbval-ignore-outputs"]


@breaks(unknown_tags)
def a_cell_that_is_skipped(notebook):
    cell_with(notebook, "interact").metadata.tags = ["nbval-skip"]


@breaks(unknown_tags)
def a_comment_for_nbval(notebook):
    code_cells(notebook)[0].source += "\n# NBVAL_IGNORE_OUTPUT"


@breaks(ignored_outputs)
def two_outputs_ignored(notebook):
    code_cells(notebook)[0].metadata.tags = ["nbval-ignore-output"]


@breaks(beyond_the_budget)
def a_cell_more(notebook):
    notebook.cells.insert(8, new_code_cell("print('more')"))


@breaks(beyond_the_budget)
def words_more(notebook):
    cell_with(notebook, "## Load it").source += "\n\nThis takes many words." * 5


@breaks(long_cells)
def sixteen_lines(notebook):
    code_cells(notebook)[0].source = "\n".join(["print(3, 'tokens')"] * 16)


@breaks(empty_cells)
def an_empty_cell(notebook):
    notebook.cells.append(new_code_cell(" \n"))


@breaks(belittling_words)
def a_belittling_word(notebook):
    notebook.cells[1].source += " Simply add them."


@breaks(quoted_measurements)
def a_measurement_in_prose(notebook):
    notebook.cells[1].source += " The loss falls to 1.83 here."


@breaks(another_kernel)
def the_kernel_of_somebody(notebook):
    notebook.metadata.kernelspec.name = "venv-ada"


@breaks(misshapen_exercises)
def three_exercises(notebook):
    del notebook.cells[-4:-1]


@breaks(misshapen_exercises)
def no_set_up(notebook):
    notebook.cells.remove(cell_with(notebook, "SimpleNamespace"))


@breaks(misshapen_exercises)
def a_cell_between(notebook):
    task = cell_with(notebook, "### Exercise two")
    notebook.cells.insert(notebook.cells.index(task) + 1, new_markdown_cell("A hint."))


@breaks(misshapen_exercises)
def a_solution_in_the_open(notebook):
    cell = cell_with(notebook, "<details>")
    cell.source = cell.source.replace("<details>", "").replace("</details>", "")


@breaks(misshapen_exercises)
def an_exercise_without_a_check(notebook):
    cell = cell_with(notebook, '"three"')
    cell.source = "answer = None"


@breaks(misshapen_exercises)
def a_solution_of_another_exercise(notebook):
    cell = cell_with(notebook, SOLUTION.format(name="three"))
    cell.source = SOLUTION.format(name="four")


@breaks(misshapen_exercises)
def a_name_used_twice(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace('"three"', '"four"')


@breaks(misshapen_exercises)
def an_exercise_stored_as_solved(notebook):
    cell_with(notebook, 'check("two"').outputs[0].text = "✔ two"


@breaks(wrong_solutions)
def a_wrong_solution(notebook):
    cell = cell_with(notebook, SOLUTION.format(name="three"))
    cell.source = cell.source.replace("2 * 2", "2 * 3")


@breaks(wrong_solutions)
def a_solution_that_says_nothing(notebook):
    cell = cell_with(notebook, SOLUTION.format(name="three"))
    cell.source = cell.source.replace("exercises.check", "exercises.check if False else print")


@breaks(wrong_solutions)
def a_check_that_everything_passes(notebook):
    cell_with(notebook, "SimpleNamespace").source = SETUP.replace("== 4", "is not None")


@pytest.mark.parametrize("check", CHECKS + CHECKS_BY_FORM, ids=lambda check: check.__name__)
def test_a_good_notebook_has_no_problems(check):
    notebook = good()
    nbformat.validate(notebook)
    assert problems_of(check, notebook, GOOD) == []


@pytest.mark.parametrize(("check", "how"), BREAKS)
def test_a_check_sees_what_it_is_there_to_see(check, how):
    notebook = good()
    how(notebook)
    assert problems_of(check, notebook, GOOD) != []


def test_every_check_is_checked():
    assert {parameters.values[0] for parameters in BREAKS} == {*CHECKS, *CHECKS_BY_FORM}


def test_code_formulas_and_addresses_are_not_prose():
    text = "a `0.1` b $0.2$ c ``0.3`` [d](https://x.org/1.2) e\n\n```\nx = 0.5\n```\n\n$$1.5$$"
    assert re.findall(r"\d", without_code(text)) == []
    assert [w for w in "abcde" if w in without_code(text)] == list("abcde")


def test_reading_counts_prose_code_pictures_and_predicts():
    prose = "### Two words\n\n**Predict.** Then four?\n\n| no | table |\n|---|---|\n\n"
    prose += "<details>\n\nno solution\n\n</details>\n\n```\nno code\n```"
    picture = new_output("display_data", data={"image/png": "iVBORw0KGgo="})
    cells = [new_markdown_cell(prose), new_code_cell("show()", outputs=[picture])]
    assert reading.words(cells) == 5
    assert reading.minutes(cells) == pytest.approx(5 / 125 + 1 + 0.75 + 0.5)
    assert reading.stated(cells * 10) == 25  # of 22.9


def test_the_core_begins_with_load_it_and_ends_with_what_we_saw():
    core = reading.core(good())
    assert core[0].source.startswith("## Load it")
    assert core[-1].source.startswith("## What we saw")
