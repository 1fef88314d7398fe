"""Look at notebook 1 in JupyterLab, and at the site, in a real Chromium.

Each step does by mouse and keyboard what a reader does, and where that comes out otherwise, it says
what was expected and what was seen. Screenshots of all steps are in build/browser. JupyterLab runs
on copies in a folder of its own. The browser finds no other machine, and no page may ask for one.

Usage: python tests/tools/browser.py [lab] [site]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import execute
import lab
import pages
import publish

SHOTS = lab.ROOT / "build" / "browser"
NAME = "1_causal_lm.ipynb"
EXERCISE, MISTAKE = "causal.prompt_loss", ("scored", 3)
SOON, RUN = 60, 400  # seconds that a step may wait, on a machine that has other work to do
WINDOW = {"width": 1280, "height": 900}
# For Chromium: no name or address of another machine leads anywhere.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Surprise(Exception):  # noqa: N818  # it is a finding
    """What was seen is not what was expected."""

    def __init__(self, expected: str, seen: object):
        super().__init__(f"expected {expected}; seen: {seen}")


def expect(expected: str, seen: object, is_right: bool) -> None:
    if not is_right:
        raise Surprise(expected, seen)


def await_(expected: str, look: Callable, is_right: Callable = bool, limit: float = SOON) -> None:
    """Looks again and again until it sees what is right; Surprise if that takes too long."""
    late = time.monotonic() + limit
    while not is_right(seen := look()):
        expect(f"{expected} within {limit} s", seen, time.monotonic() < late)
        time.sleep(limit / 300)  # a page that is asked all the time does nothing else


# ---- in JupyterLab ----

CELLS = ".jp-Notebook .jp-CodeCell"
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type$=".stderr"]'


def notebook():
    return pages.read()[NAME]


def open_from_the_list(page) -> None:
    """open notebook 1 from the list of files"""
    page.locator(".jp-DirListing-item", has_text=NAME).dblclick()
    count = sum(cell.cell_type == "code" for cell in notebook().cells)
    await_(f"{count} cells with code", page.locator(CELLS).count, lambda seen: seen == count)
    status = page.locator(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator").first
    await_("a kernel", lambda: status.get_attribute("data-status"), lambda seen: seen == "idle")


def look_at_an_answer(page) -> None:
    """answers to Predict and code that draws are collapsed, and an answer opens by a click"""
    count = sum("hide-output" in cell.metadata.get("tags", []) for cell in notebook().cells)
    folded = page.locator(".jp-Notebook .jp-OutputPlaceholder")
    expect(f"{count} collapsed outputs", folded.count(), folded.count() == count > 0)
    drawing = page.locator(".jp-Notebook .jp-InputPlaceholder").count()
    hidden = sum("hide-input" in cell.metadata.get("tags", []) for cell in notebook().cells)
    expect(f"{hidden} collapsed inputs", drawing, drawing == hidden > 0)
    cell = page.locator(CELLS).filter(has=page.locator(".jp-OutputPlaceholder"))
    cell = cell.first.element_handle()
    folded.first.click()
    await_(f"{count - 1} collapsed outputs", folded.count, lambda seen: seen == count - 1)
    output = cell.query_selector(".jp-OutputArea-output")
    seen = output and output.is_visible() and (output.inner_text() or output.query_selector("img"))
    expect("an answer, in words or a picture", output, bool(seen))


def run_all(page) -> None:
    """run all cells from the menu, without an error"""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = page.locator(CELLS).filter(has_not=page.locator(".jp-InputPlaceholder"))
    prompts, errors = cells.locator(".jp-InputPrompt"), page.locator(ERRORS)

    def open_cells() -> list[str]:
        numbers, found = prompts.all_text_contents(), errors.all_text_contents()
        expect("no error in any output", found[:1], not found)
        return [text for text in numbers if not text.strip("[]: ").isdecimal()]

    await_("a number at every cell", open_cells, lambda seen: not seen, RUN)


def look_at_pictures(page) -> None:
    """every picture is there, with its text"""
    described = [alt for cell in notebook().cells for alt in pages.descriptions(cell)]
    outputs = page.locator(".jp-Notebook .jp-RenderedImage img").all()
    expect(f"{len(described)} pictures in outputs", len(outputs), len(outputs) == len(described))
    for image, text in zip(outputs, described, strict=True):
        look_at_caption(image, text)
    for image in page.locator(".jp-Notebook .jp-RenderedMarkdown img").all():
        expect("an alternative text", image.get_attribute("src"), image.get_attribute("alt"))
    for image in page.locator(".jp-Notebook img").all():
        width = image.evaluate("image => image.complete && image.naturalWidth")
        expect("a picture that can be drawn", image.get_attribute("src")[:100], width > 0)


def look_at_caption(image, text: str) -> None:
    image.scroll_into_view_if_needed()
    output = image.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-child')][1]")
    below = output.locator("xpath=following-sibling::*[1]").locator("visible=true")
    await_(f"below its picture: {text}", below.all_inner_texts, lambda seen: seen == [text], 10)


def move_a_control(page) -> None:
    """in Try your own, moving a control changes what its button shows"""
    controls = page.locator(".jp-Notebook .widget-interact").first
    controls.scroll_into_view_if_needed()
    button, output = controls.locator("button"), controls.locator(".widget-output")
    button.click()
    await_("an output below the button", output.inner_text, lambda seen: "%" in seen)
    await_("a picture below the button", output.locator("img").count)
    before = output.inner_text()
    handle = controls.locator(".noUi-handle")
    handle.focus()
    handle.press("End")
    button.click()
    await_("another output", output.inner_text, lambda seen: "%" in seen and seen != before)
    expect("no error in it", output.inner_text(), output.locator(ERRORS).count() == 0)


def answer_an_exercise(page) -> None:
    """the check of an exercise says what is wrong, and then what is right"""
    from helpers.exercises import EXERCISES

    exercise = EXERCISES[EXERCISE]
    answers = [(exercise.answer_with(MISTAKE), "✘", exercise.mistakes[MISTAKE])]
    answers += [(exercise.reference, "✔", "right.")]
    cell = page.locator(CELLS).filter(has_text=f'check("{EXERCISE}"').first
    for answer, sign, why in answers:
        cell.locator(".cm-content").click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(f'answer = {answer}\nexercises.check("{EXERCISE}", answer)')
        page.keyboard.press("Control+Enter")

        def output() -> str:
            return " ".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

        await_(f"{sign} … {why}", output, lambda seen: sign in seen and why in seen)  # noqa: B023
        cell.locator(".jp-OutputArea-output").last.scroll_into_view_if_needed()
        page.screenshot(path=SHOTS / f"lab_{'wrong' if sign == '✘' else 'right'}.png")


def open_solution(page) -> None:
    """a solution opens by a click"""
    opened(page.locator("details", has=page.locator("summary", has_text="Solution")).first)


def opened(details) -> None:
    """Click on what is folded and look whether its content can be seen."""
    content = details.locator("pre, img, table, .output").first
    expect("a folded solution or answer", "its content", not content.is_visible())
    details.locator("summary").first.click()
    await_("the content of what was folded", content.is_visible)


def choose_in_a_player(page) -> None:
    """in the player, another query is chosen by keyboard"""
    unfold(page)  # it may be an answer
    count = sum("plots.player(" in cell.source for cell in notebook().cells)
    lists = page.locator(".mask-player[data-live] [role=listbox]")
    await_(f"{count} players with live controls", lists.count, lambda seen: seen == count)
    for queries in lists.all():
        player = queries.locator("xpath=ancestor::*[@data-live]")
        chosen, said = player.locator("[aria-selected=true]"), player.locator("[aria-live]")
        seen = []
        for key in ("Home", "ArrowDown"):
            queries.press(key)
            seen.append((chosen.get_attribute("aria-label"), said.inner_text()))
        expect("another query and its text", seen, all(a != b for a, b in zip(*seen, strict=True)))


# Our texts and outputs, but for three things that are not ours to mend: JupyterLab drops the
# alternative text of a PNG output (`look_at_pictures` finds it below that) and underlines no link,
# and ipywidgets names no slider's handle.
OURS_IN_LAB = {
    "include": [".jp-Notebook .jp-RenderedMarkdown", ".jp-Notebook .jp-OutputArea-output"],
    "exclude": [".jp-RenderedImage > img", ".noUi-handle"],
}


# In JupyterLab the body has no height, and what is far away is not drawn: axe takes it as hidden.
SEEN_BY_AXE = "body { height: 100vh } .jp-Cell { content-visibility: visible !important }"


def check_access_in_lab(page) -> None:
    """axe finds no barriers in our texts and outputs"""
    page.add_style_tag(content=SEEN_BY_AXE)
    scrolled = page.locator(".jp-WindowedPanel-outer").first
    height = scrolled.evaluate("element => element.scrollHeight") + WINDOW["height"]
    page.set_viewport_size({**WINDOW, "height": height})  # and so is what must be scrolled to
    scrolled.evaluate("element => { element.scrollTop = 0 }")
    places = ".jp-Notebook .jp-Cell", "cells => cells.map(cell => cell.getBoundingClientRect().y)"
    await_(
        f"all cells in a window of {height} pixels",
        lambda: page.eval_on_selector_all(*places),
        lambda seen: seen[0] > 0 and seen[-1] < height,
    )
    look_for_barriers(page, OURS_IN_LAB, {"link-in-text-block": {"enabled": False}})
    page.set_viewport_size(WINDOW)


LAB = [open_from_the_list, look_at_an_answer, run_all, look_at_pictures, move_a_control]
LAB += [answer_an_exercise, open_solution, choose_in_a_player, check_access_in_lab]


@contextmanager
def jupyterlab() -> Iterator[str]:
    """JupyterLab as `make lab` starts it, on copies in a folder that goes away: its address."""
    with tempfile.TemporaryDirectory() as folder:
        copies, log = Path(folder, lab.COPIES.name), Path(folder, "log")
        list(lab.update(lab.NOTEBOOKS, copies))
        command = [sys.executable, lab.__file__, "--open", str(copies), "--no-browser", "--port=0"]
        with log.open("w") as file:
            server = subprocess.Popen(command, stdout=file, stderr=file)
        note = Path(os.environ["JUPYTER_RUNTIME_DIR"], f"jpserver-{server.pid}.json")
        try:
            while not note.exists() or not note.read_text(encoding="utf-8").endswith("}"):
                if server.poll() is not None:
                    sys.exit(f"JupyterLab did not start:\n{log.read_text('utf-8')[-2000:]}")
                time.sleep(0.1)
            known = json.loads(note.read_text(encoding="utf-8"))
            yield f"http://127.0.0.1:{known['port']}/lab?token={known['token']}"
        finally:
            server.terminate()
            server.wait()


# ---- on the site ----


def open_each_notebook(page) -> None:
    """a click on the first page opens each notebook, and one leads back"""
    for name, book in pages.read().items():
        link = page.locator(f'article a[href^="{Path(name).stem}.html"]')
        await_(f"a link to {name}", link.count)
        link.first.click()
        heading = page.locator("article h1").first.inner_text().rstrip("#¶ \n")
        title = book.cells[0].source.partition("\n")[0].removeprefix("# ")
        expect(f"the heading “{title}”", heading, heading == title)
        page.locator(".navbar-brand").first.click()


def search(page) -> None:
    """the search finds “sentinel” in notebook 3"""
    page.keyboard.press("ControlOrMeta+k")
    page.keyboard.insert_text("sentinel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=sentinel*")
    found = page.locator('#search-results a[href^="3_"]')
    await_("a link to notebook 3", found.count)
    found.first.click()
    page.locator("article h1").first.wait_for()


def turn_dark(page) -> None:
    """the dark mode makes notebook 1 dark"""
    page.locator(f'nav a[href^="{Path(NAME).stem}.html"]').first.click()
    page.wait_for_url(f"**/{Path(NAME).stem}.html")
    page.locator(".theme-switch-button").locator("visible=true").first.click()
    page.get_by_text("Dark", exact=True).locator("visible=true").first.click()
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    await_("a dark ground", lambda: page.evaluate(ground), lambda seen: max(seen[:3]) < 64)


def open_answer(page) -> None:
    """answers and solutions are folded, and an answer to Predict opens by a click"""
    folded = page.locator("article details:not([open])").count()
    expect(f"{pages.folded(notebook())} folded parts", folded, folded >= pages.folded(notebook()))
    opened(page.locator("details.hide").first)


def check_access_of_site(page) -> None:
    """axe finds no barriers on any page, in the light and in the dark"""
    for path in sorted(publish.SITE.glob("*.html")):
        page.goto(path.as_uri())
        for mode in ("light", "dark"):
            page.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            look_for_barriers(page, {"include": ["body"]}, rules={})


SITE = [open_each_notebook, search, turn_dark, open_answer, open_solution, choose_in_a_player]
SITE += [check_access_of_site]


# ---- both ----


def unfold(page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")


def look_for_barriers(page, part: dict, rules: dict) -> None:
    """Surprise if axe finds something serious or critical there, all that is folded being open."""
    from axe_playwright_python.sync_playwright import Axe

    unfold(page)
    page.wait_for_timeout(500)  # colours fade
    options = {"resultTypes": ["violations"], "preload": False, "rules": rules}
    result = Axe().run(page, part, options).response
    looked_at = {rule["id"] for kind in ("passes", "violations") for rule in result[kind]}
    expect("texts whose contrast axe measures", looked_at, "color-contrast" in looked_at)
    found = barriers(result)
    expect("nothing serious or critical", "\n  ".join([page.title(), *found]), not found)


def barriers(result: dict) -> list[str]:
    """What axe calls serious or critical, a line for each place."""
    return [
        f"{violation['impact']}: {violation['help']} ({violation['id']}): {node['html'][:120]}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def walk(browser, part: str, start: str, steps: list[Callable]) -> bool:
    """Take the steps from the page at `start`, up to the first that fails; whether all went well.

    No page may ask for anything that doesn't lie where `start` does.
    """
    from playwright.sync_api import Error

    page, foreign = browser.new_page(viewport=WINDOW, locale="en-US"), []
    page.set_default_timeout(1000 * SOON)
    home = f"{start.rpartition('/')[0]}/"
    known = (home, "data:", "blob:")
    page.on("request", lambda r: r.url.startswith(known) or foreign.append(r.url))
    page.goto(start)
    for number, step in enumerate(steps, 1):
        began = time.monotonic()
        try:
            step(page)
            expect(f"no request but to {home}", foreign, not foreign)
        except (Surprise, Error) as error:
            print(f"✘ {part}: {step.__doc__}\n  {error}", flush=True)
            return False
        finally:
            page.screenshot(path=SHOTS / f"{part}_{number}_{step.__name__}.png")
        print(f"✔ {part}: {step.__doc__} ({time.monotonic() - began:.0f} s)", flush=True)
    page.close()
    return True


def look(browser, part: str) -> bool:
    if part == "site":
        return walk(browser, part, (publish.SITE / "index.html").as_uri(), SITE)
    with jupyterlab() as start:
        return walk(browser, part, start, LAB)


def main(parts: list[str]) -> None:
    if not set(parts) <= {"lab", "site"}:
        sys.exit(__doc__)
    chromium = publish.browser()
    if not (find_spec("playwright") and find_spec("axe_playwright_python")):
        sys.exit("Playwright and axe drive the browser: pip install -e '.[browser]'")
    if "site" in parts and not (publish.SITE / "index.html").exists():
        sys.exit("There is no site yet: make site")
    from playwright.sync_api import Error, sync_playwright

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # or threads wait where others compute as well
    execute.prepare()
    traffic = execute.guard()
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=chromium, args=[ALONE])
        except Error as error:
            sys.exit(f"{chromium} does not start: {str(error)[:1000]}")
        went_well = [look(browser, part) for part in parts]
        browser.close()
    if traffic.exists():
        sys.exit(f"JupyterLab or a kernel asked for another machine:\n{traffic.read_text('utf-8')}")
    print(f"Screenshots: {SHOTS.relative_to(lab.ROOT)}")
    sys.exit(not all(went_well))


if __name__ == "__main__":
    main(sys.argv[1:] or ["site", "lab"])
