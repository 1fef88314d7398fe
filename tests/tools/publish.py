"""Build the site, look whether it is whole, and print its pages.

Usage: python tests/tools/publish.py site    static pages: build/site
       python tests/tools/publish.py pdf     the same pages on paper: build/pdf
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pages
from bs4 import BeautifulSoup

SITE, PDF = pages.ROOT / "build" / "site", pages.ROOT / "build" / "pdf"
SPHINX = {
    "project": "Three Transformers, Measured",
    "extensions": ["myst_nb"],
    "nb_execution_mode": "off",
    "nb_render_markdown_format": "gfm",
    "nb_code_prompt_show": "Show the {type}",
    "nb_code_prompt_hide": "Hide the {type}",
    "myst_heading_anchors": 3,
    "html_theme": "sphinx_book_theme",
    "html_title": "Three Transformers, Measured",
    "html_theme_options": {
        "use_download_button": False,
        "navbar_persistent": [],
        "footer_content_items": [],
    },
    "html_context": {"default_mode": "auto"},
    "html_static_path": [str(Path(__file__).with_suffix(".css"))],
    "html_css_files": ["publish.css"],
    "html_copy_source": False,
    "html_use_index": False,
    "html_scaled_image_link": False,
    "html_show_search_summary": False,  # it would be fetched, which a page from a folder may not
}


def main() -> None:
    match sys.argv[1:]:
        case ["site"]:
            site()
        case ["pdf"]:
            pdf()
        case _:
            sys.exit(__doc__)


# ---- the site ----


def site() -> None:
    """Build the site anew; exit with a message if it can't be built, or isn't whole."""
    if not (find_spec("myst_nb") and find_spec("sphinx_book_theme")):
        sys.exit("The site needs MyST-NB and sphinx-book-theme: pip install -e '.[site]'")
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder, "source"), Path(folder, "site")
        source.mkdir()
        try:
            pages.write(source)
        except ValueError as error:
            sys.exit(f"The pages can't be made: {error}")
        build(source, built)
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.copytree(built, SITE)
    if found := problems(SITE, pages.read()):
        sys.exit("\n".join(["The site is not whole:", *found]))
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) / 1e6
    print(f"Open {SITE.relative_to(pages.ROOT)}/index.html: {size:.0f} MB, no network needed.")


def build(source: Path, site: Path) -> None:
    from sphinx.application import Sphinx

    doctrees = source.parent / "doctrees"
    options = {"status": None, "warningiserror": True, "confoverrides": SPHINX}
    app = Sphinx(source, None, site, doctrees, "html", **options)
    app.build()
    (site / ".nojekyll").touch()  # or GitHub Pages would leave out _static
    if app.statuscode:
        sys.exit("The site was not built: the warnings above say why.")


# ---- is it whole? ----

LOADED = ("script[src]", "link[href]", "img[src]", "source[src]", "audio[src]", "iframe[src]")
ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


def problems(site: Path, notebooks: dict) -> list[str]:
    """What a built site lacks, in words.

    Every notebook is there, with its pictures described and its answers folded; nothing that a page
    loads by itself lies on another host; the search knows a word of notebook 3.
    """
    found = []
    for name, notebook in {"index.html": None, **notebooks}.items():
        path = (site / name).with_suffix(".html")
        if not path.exists():
            found.append(f"{path.name} is missing")
        elif notebook:
            found += [f"{path.name}: {lack}" for lack in lacks(read(path), notebook)]
    for path in sorted(site.glob("*.html")):
        found += [f"{path.name}: {problem}" for problem in problems_of(read(path))]
    for path in sorted(site.rglob("*.css")):
        urls = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", path.read_text(encoding="utf-8"))
        found += [f"{path.name} loads {url}" for url in urls if ELSEWHERE.match(url)]
    index = site / "searchindex.js"
    if not index.exists() or "sentinel" not in index.read_text(encoding="utf-8"):
        found.append("the search does not find “sentinel”")
    return found


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def lacks(page: BeautifulSoup, notebook) -> list[str]:
    """What is in the notebook and not on its page."""
    shown = [img.get("alt") for img in page("img")]
    alts = [alt for cell in notebook.cells for alt in pages.descriptions(cell)]
    found = [f"no picture is described as “{alt}”" for alt in alts if alt not in shown]
    if len(page("details")) < (folded := pages.folded(notebook)):
        found.append(f"not all of {folded} answers, solutions and drawing code are folded")
    return found


def problems_of(page: BeautifulSoup) -> list[str]:
    """Pictures without an alternative text, and what is loaded from another host."""
    found = [f"no alt: {str(i)[:100]}" for i in page("img") if len(i.get("alt", "").split()) < 3]
    loaded = [tag.get("src") or tag.get("href") for tag in page.select(", ".join(LOADED))]
    return found + [f"loads {url}" for url in loaded if ELSEWHERE.match(url)]


# ---- on paper ----

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def pdf() -> None:
    """Print each page of the site to a PDF file, in a browser without a window."""
    program = browser()
    PDF.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(SITE, Path(folder, "site"))
        for page in sorted(set(copy.glob("*.html")) - {copy / "search.html"}):
            page.write_text(standing_alone(page.read_text(encoding="utf-8")), encoding="utf-8")
            to_paper(program, page, PDF / f"{page.stem}.pdf")


def browser() -> str:
    """The program to print and to look with; exit with a message if there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit(f"There is no Chromium here: install one (looked for {', '.join(BROWSERS)}).")
    return found


def standing_alone(html: str) -> str:
    """A page without links to other pages: a PDF would hold the way to them on this machine."""
    page = BeautifulSoup(html, "html.parser")
    for link in page.select('a[href]:not([href^="#"], [href*=":"])'):
        del link["href"]
    return str(page)


def to_paper(browser: str, page: Path, file: Path) -> None:
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={file}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # which root has not, as in a container
    file.unlink(missing_ok=True)
    done = subprocess.run([browser, *options, page.as_uri()], capture_output=True, text=True)
    if not file.exists():
        sys.exit(f"{page.name} was not printed:\n{done.stderr[-1000:]}")
    print(f"{file.relative_to(pages.ROOT)}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
