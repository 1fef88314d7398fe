"""What all figures have in common: the house style, axes, labels, legends; and the page."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from helpers import checks

WIDE = (10.0, 3.5)  # inches
_DRAWN, _SHOWN = 176, 110  # dots per inch of the file, and of the page: sharp on fine screens too
_STYLE = Path(__file__).with_name("house.mplstyle")


# ---- figures ----


def panels(
    count: int, *, size: tuple[float, float] = WIDE, columns: int | None = None
) -> list[Axes]:
    """Axes side by side in one wide figure, to be handed to the other functions as `ax`.

    `size` is the figure's width and height in inches. With `columns`, a new row begins after so
    many.

    >>> left, middle, right = panels(3)
    >>> [ax.get_subplotspec().rowspan.start for ax in panels(3, columns=2)]
    [0, 0, 1]
    """
    checks.whole("count", count, least=1)
    across = count if columns is None else checks.whole("columns", columns, least=1)
    with house_style():
        figure = plt.figure(figsize=size)
        rows = math.ceil(count / across)
        return [figure.add_subplot(rows, across, place + 1) for place in range(count)]


def house_style() -> AbstractContextManager[None]:
    """The style inside a `with` block; the reader's own settings are as before afterwards."""
    return plt.style.context(_STYLE)


def axes(ax: Axes | None, size: tuple[float, float], title: str | None) -> Axes:
    """The axes to draw on: the given ones, or a new figure's; without tick marks."""
    if ax is None:
        ax = plt.subplots(figsize=size)[1]
    if title is not None:
        ax.set_title(title)
    ax.tick_params(length=0)
    return ax


def points(ax: Axes) -> tuple[float, float]:
    """The width and the height of the axes in points."""
    box, scale = ax.get_window_extent(), 72 / ax.figure.dpi
    return box.width * scale, box.height * scale


def write_tokens(axis: Axis, tokens: Sequence[str], room: float, **style: Any) -> None:
    """Write tokens along an axis, every nth if `room`, the points for each, is too little."""
    size = min(9.0, max(6.0, 0.85 * room))
    nth = max(1, math.ceil(size / max(room, 0.1) / 1.15))
    axis.set_ticks(
        range(0, len(tokens), nth),
        [visible(token) for token in tokens[::nth]],
        fontsize=size,
        parse_math=False,  # a "$" is a dollar here
        **style,
    )


def visible(token: str) -> str:
    """A token whose spaces and line ends can be seen; GPT-2 writes a space as "Ġ", T5 as "▁".

    >>> [visible(token) for token in ["It", " was", "Ġa", "▁windy", "day\\n"]]
    ['It', '␣was', '␣a', '␣windy', 'day↵']
    """
    return token.translate(str.maketrans(" Ġ▁\n", "␣␣␣↵"))


def legend_below(ax: Axes, handles: Sequence[Any]) -> None:
    if handles:
        columns = len(handles) if len(handles) < 5 else 3  # wider than axes, it would squeeze them
        spaces = {"columnspacing": 1.4, "handlelength": 1.2, "handletextpad": 0.5}
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.01), "ncols": columns}
        ax.legend(handles=handles, **spaces, **place)


def legend_above(ax: Axes, handles: Sequence[Any]) -> None:
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(handles)}
    ax.legend(handles=handles, handlelength=1.2, borderaxespad=0.2, **place)


# ---- the page ----


def show(figure: Figure | Axes, alt: str) -> None:
    """Put a figure on the page with a caption below it, and close the figure.

    `alt` says in one sentence what to see; ValueError if it is empty. It is the caption, which
    everybody can read, select and hear, and the alternative text of the picture, which few front
    ends pass on: JupyterLab and nbconvert give every PNG output an empty one.

    >>> from helpers import plots
    >>> ax = plots.mask([[True]], rows=["It"], columns=["It"])
    >>> show(ax, alt="One token, which sees itself.")
    One token, which sees itself.
    """
    checks.instance("figure", figure, (Figure, Axes), "what a plot function returned")
    check_alt(alt)
    png = BytesIO()
    save(figure.figure, png)
    display(Picture(png.getvalue(), alt))


def check_alt(alt: str) -> None:
    checks.instance("alt", alt, str, "a sentence that says what the figure shows")
    checks.need(alt.strip(), "alt is empty: say in words what the figure shows")


def save(figure: Figure, where: BytesIO | str | PathLike) -> None:
    """Write a figure to a PNG file, sharp enough for fine screens, and close it.

    >>> ax = panels(1)[0]
    >>> save(ax.figure, BytesIO())
    """
    figure.savefig(where, format="png", dpi=_DRAWN, bbox_inches="tight", pad_inches=0.08)
    plt.close(figure)


# Front ends that drop the style, as GitHub does, still have a small paragraph.
_CAPTION = '<p style="margin: 0 0 1em 0.4em; max-width: 46em"><small>{}</small></p>'


@dataclass(frozen=True)
class Picture:
    """A PNG file, or where front ends take it HTML, and its caption; in a terminal, the caption."""

    png: bytes
    alt: str
    html: str = ""

    def __repr__(self) -> str:
        return self.alt

    def _ipython_display_(self) -> None:
        width = int.from_bytes(self.png[16:20], "big")  # pixels, from the header of the file
        about = {"alt": self.alt, "width": round(width * _SHOWN / _DRAWN)}
        picture = {"image/png": self.png, "text/plain": self.alt}
        if self.html:
            picture["text/html"] = self.html
        display(picture, metadata={"image/png": about}, raw=True)
        display({"text/html": _CAPTION.format(escape(self.alt, quote=False))}, raw=True)
