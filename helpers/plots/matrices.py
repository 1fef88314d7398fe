"""Who may attend to whom: masks, the influence measured, attention weights. Queries go down."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page

_SINGLE, _LARGE = (4.5, 4.0), (7.0, 6.4)  # inches; the large one for more than 18 tokens
STACKS = {"encoder": "encoder", "cross": "encoder-decoder", "decoder": "decoder"}  # whose hue
_FRAME = {"edgecolor": colours.HUES["encoder"], "linewidth": 1.5}
_REACH = ("output at", "input at")  # through all layers, not by one mask alone
_LEGEND = [
    "may attend",
    "allowed by the rule",
    "encoder",
    "cross-attention",
    "decoder",
    "not allowed",
    "measured influence",
    "not measured",
    "leak",
]


def mask(
    mask: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A mask, (Q, K) bool: filled where query (row) may attend to key (column), hatched elsewhere.

    The keys' labels, `columns`, are by default the queries', `rows`: so in all of these figures.

    Raises TypeError unless the mask is boolean, ValueError if its shape and labels don't agree.

    >>> ax = mask([[True, False], [True, True]], rows=["It", "Ġwas"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['It', '␣was']
    """
    columns = rows if columns is None else columns
    allowed = data.array("mask", mask, "Q K", rows, columns, dtype="bool")
    hue = colours.hue(architecture)
    with page.house_style():
        ax = matrix_axes(ax, rows, columns, title)
        _stack(ax, allowed, None, hue, label="may attend")
        _legend(ax)
    return ax


def influence(
    mask: ArrayLike,
    influence: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The predicted mask as filled cells, and a dot wherever an influence was measured.

    `mask` is (Q, K) bool. `influence` is (Q, K): the size of the gradient of the output at query q
    with respect to the input at key k, exactly 0.0 where nothing flows, nan where nothing was
    measured (a pale cell). A larger dot is a larger influence, on a logarithmic scale. Influence in
    a hidden cell is a leak, a red cross on yellow.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or an
    influence is negative or infinite.

    >>> flows = [[0.9, 0.0], [0.2, 0.8]]
    >>> ax = influence([[True, False], [True, True]], flows, rows="ab")
    """
    hue, columns = colours.hue(architecture), rows if columns is None else columns
    allowed = data.array("mask", mask, "Q K", rows, columns, dtype="bool")
    measured = data.array("influence", influence, "Q K", rows, columns)
    with page.house_style():
        ax = matrix_axes(ax, rows, columns, title, _REACH)
        _stack(ax, allowed, measured, hue, label="allowed by the rule")
        _legend(ax, dot_edge=hue)
    return ax


def encoder_decoder(
    masks: Mapping[str, ArrayLike],
    influences: Mapping[str, ArrayLike] | None = None,
    *,
    source: Sequence[str],
    target: Sequence[str],
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The three masks of an encoder–decoder on one pair of axes, and the influence if measured.

    `masks` and `influences` map "encoder" (S, S), "cross" (T, S) and "decoder" (T, T) to what
    `influence` takes. Source tokens come first on both axes, so the encoder is the square in the
    upper left, cross-attention the rectangle below it, the decoder the triangle beside that. The
    corner that is left empty has no attention layer: the encoder never reads what is written.

    Raises KeyError for a kind that is missing, and like `influence`.

    >>> square, wide, lower = [[True]], [[True], [True]], [[True, False], [True, True]]
    >>> masks = {"encoder": square, "cross": wide, "decoder": lower}
    >>> ax = encoder_decoder(masks, masks, source=["▁It"], target=["<pad>", "▁Es"])
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['␣It', '<pad>', '␣Es']
    """
    allowed, measured = {}, {}
    for kind in STACKS:
        labels = source if kind == "encoder" else target, target if kind == "decoder" else source
        allowed[kind] = data.array(f"masks[{kind!r}]", masks[kind], "Q K", *labels, dtype="bool")
        if influences is not None:
            measured[kind] = data.array(f"influences[{kind!r}]", influences[kind], "Q K", *labels)
    first = {"encoder": (0, 0), "cross": (len(source), 0), "decoder": (len(source), len(source))}
    names = {"title": title} if influences is None else {"title": title, "names": _REACH}
    with page.house_style():
        ax = matrix_axes(ax, [*source, *target], [*source, *target], **names)
        for kind, architecture in STACKS.items():
            hue = colours.HUES[architecture]
            label = "cross-attention" if kind == "cross" else kind
            _stack(ax, allowed[kind], measured.get(kind), hue, label=label, first=first[kind])
        middle = len(source) + (len(target) - 1) / 2, (len(source) - 1) / 2
        never = "no attention:\nthe encoder\nnever sees\nthe target"
        style = {"ha": "center", "va": "center", "size": "small", "color": "#6E6E6E"}
        ax.text(*middle, never, **style).set_in_layout(False)
        _legend(ax, dot_edge=plt.rcParams["axes.labelcolor"] if measured else None)
    return ax


def attention(
    weights: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    outlined: Mapping[str, str] = MappingProxyType({}),
    limit: float | None = 1.0,
    label: str = "attention weight",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Attention weights, (Q, K), in cividis; hatched where `mask`, (Q, K) bool, hides the key.

    The scale runs from 0 to `limit`, or to the largest weight if that is None. A hidden weight
    above zero is a leak, a red cross on yellow. Anything else that adds up to 1 in a row can be
    drawn as well, under its own `label`. `outlined` maps the label of a row to that of a column:
    their cell gets a frame, if both are there.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or a
    weight is not between 0 and 1 (weights come after the softmax, scores before it).

    >>> ax = attention([[1.0, 0.0], [0.3, 0.7]], rows=["It", "Ġwas"])
    >>> ax.images[0].get_clim()
    (0.0, 1.0)
    """
    columns = rows if columns is None else columns
    weights = data.array("weights", weights, "Q K", rows, columns)
    fits = (weights <= 1 + 1e-4).all()
    checks.need(fits, f"weights must be at most 1, got {weights.max():.3g}: take the softmax first")
    hidden = np.zeros_like(weights, dtype=bool)
    if mask is not None:
        hidden = ~data.array("mask", mask, "Q K", rows, columns, dtype="bool")
    with page.house_style():
        ax = matrix_axes(ax, rows, columns, title)
        picture = ax.imshow(weights, cmap=colours.WEIGHTS, vmin=0.0, vmax=limit)
        ax.figure.colorbar(picture, ax=ax, label=label, shrink=0.8)
        fill(ax, np.argwhere(hidden & (weights == 0)), **colours.HATCHED, label="not allowed")
        _leaks(ax, np.argwhere(hidden & (weights > 0)))
        for row, column in outlined.items():
            if row in rows and column in columns:
                corner = list(columns).index(column) - 0.5, list(rows).index(row) - 0.5
                ax.add_patch(Rectangle(corner, 1, 1, fill=False, **_FRAME))
        _legend(ax)
    return ax


def _stack(
    ax: Axes,
    allowed: np.ndarray,
    measured: np.ndarray | None,
    hue: str,
    label: str,
    first: tuple[int, int] = (0, 0),
) -> None:
    """A mask, and the influence if measured; `first` is the place of its first cell."""
    if measured is None:
        fill(ax, np.argwhere(allowed) + first, **colours.filled(hue), label=label)
        fill(ax, np.argwhere(~allowed) + first, **colours.HATCHED, label="not allowed")
        return
    flows, unknown = measured > 0, np.isnan(measured)
    fill(ax, np.argwhere(allowed & ~unknown) + first, **colours.filled(hue), label=label)
    pale = colours.filled(hue, 0.3)
    fill(ax, np.argwhere(allowed & unknown) + first, **pale, label="not measured")
    fill(ax, np.argwhere(~allowed & ~flows) + first, **colours.HATCHED, label="not allowed")
    _dots(ax, np.argwhere(allowed & flows) + first, measured[allowed & flows])
    _leaks(ax, np.argwhere(~allowed & flows) + first)


def fill(ax: Axes, cells: np.ndarray, **style: Any) -> None:
    """Fill cells, given as (row, column). pcolormesh would be shorter, but it can't hatch."""
    if len(cells):
        corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
        squares = cells[:, None, ::-1] + corners  # (N, 4, 2), as x and y
        ax.add_collection(PolyCollection(squares, **style), autolim=False)


def _dots(ax: Axes, cells: np.ndarray, sizes: np.ndarray) -> None:
    """A white dot in each cell, its diameter growing with the logarithm of its size."""
    if len(cells):
        logs = np.log10(sizes)
        span = max(logs.max() - logs.min(), 1.0)
        diameters = (0.22 + 0.38 * (1 + (logs - logs.max()) / span)) * _cell(ax)
        ax.scatter(cells[:, 1], cells[:, 0], s=diameters**2, c="white", linewidths=0)


def _leaks(ax: Axes, cells: np.ndarray) -> None:
    """A red cross on yellow in each cell."""
    if len(cells):
        fill(ax, cells, **colours.LEAK_CELL)
        side = _cell(ax)
        style = {"c": colours.LEAK, "marker": "x", "linewidths": min(2.0, 0.12 * side)}
        ax.scatter(cells[:, 1], cells[:, 0], s=(0.42 * side) ** 2, **style, label="leak")


def _legend(ax: Axes, dot_edge: str | None = None) -> None:
    """What is to be seen, each once, in the same order in all figures; dots need an edge here."""
    if dot_edge:
        ring = {"markerfacecolor": "white", "markeredgecolor": dot_edge, "markeredgewidth": 2.5}
        ax.plot([], [], "o", **ring, label="measured influence")
    handles, labels = ax.get_legend_handles_labels()
    key = dict(zip(labels, handles, strict=True))
    page.legend_below(ax, [key[label] for label in _LEGEND if label in key])


def matrix_axes(
    ax: Axes | None,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str | None,
    names: tuple[str, str] = ("attends from (query)", "attended to (key)"),
) -> Axes:
    """Axes for a (Q, K) matrix of square cells: queries down, keys across, tokens on both."""
    longest = max(len(rows), len(columns))
    ax = page.axes(ax, _SINGLE if longest <= 18 else _LARGE, title)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect="equal")
    ax.set(ylabel=names[0], xlabel=names[1])
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(pad=2)
    ax.spines[:].set_visible(False)
    page.write_tokens(ax.xaxis, columns, _cell(ax), rotation=90)
    page.write_tokens(ax.yaxis, rows, _cell(ax))
    return ax


def _cell(ax: Axes) -> float:
    """The side of a cell in points, before tick labels have taken their part of the room."""
    (width, height), (left, right), (bottom, top) = page.points(ax), ax.get_xlim(), ax.get_ylim()
    return 0.8 * min(width / abs(right - left), height / abs(top - bottom))
