"""Who may attend to whom: masks, the influence measured, attention weights. Queries go down."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page

_SINGLE, _LARGE = (4.5, 4.0), (7.0, 6.4)  # inches; the large one for more than 18 tokens
_HIDDEN_KEY = Patch(**colours.HATCHED, label="hidden")


def mask(
    mask: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A mask, (Q, K) bool: filled where query (row) may attend to key (column), hatched elsewhere.

    Raises TypeError unless the mask is boolean, ValueError if its shape and labels don't agree.

    >>> ax = mask([[True, False], [True, True]], rows=["It", "Ġwas"], columns=["It", "Ġwas"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['It', 'Ġwas']
    """
    allowed = data.matrix("mask", mask, rows, columns, "bool")
    hue = colours.hue(architecture)
    with page.house_style():
        ax = _matrix_axes(ax, rows, columns, title)
        _fill(ax, np.argwhere(allowed), **colours.filled(hue))
        _fill(ax, np.argwhere(~allowed), **colours.HATCHED)
        hidden = [] if allowed.all() else [_HIDDEN_KEY]
        page.legend_below(ax, [Patch(color=hue, label="may attend"), *hidden])
    return ax


def influence(
    mask: ArrayLike,
    influence: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The predicted mask as filled cells, and a dot wherever an influence was measured.

    `mask` is (Q, K) bool. `influence` is (Q, K): the size of the gradient of the output at query q
    with respect to the input at key k, exactly 0.0 where nothing flows, nan where nothing was
    measured (a pale cell). A larger dot is a larger influence, on a logarithmic scale. Filled cells
    with dots, hatched cells without: prediction and measurement agree. A dot in a hidden cell is a
    leak, and turns into a red cross on yellow.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or an
    influence is negative or infinite.

    >>> flows = [[0.9, 0.0], [0.2, 0.8]]
    >>> ax = influence([[True, False], [True, True]], flows, rows="ab", columns="ab")
    """
    hue = colours.hue(architecture)
    allowed = data.matrix("mask", mask, rows, columns, "bool")
    measured = data.matrix("influence", influence, rows, columns)
    with page.house_style():
        ax = _matrix_axes(ax, rows, columns, title)
        _draw(
            ax,
            [_Stack(allowed, measured, hue)],
            [Patch(color=hue, label="may attend")],
            dot_edge=hue,
        )
    return ax


def encoder_decoder(
    masks: Mapping[str, ArrayLike],
    influences: Mapping[str, ArrayLike],
    *,
    source: Sequence[str],
    target: Sequence[str],
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The three masks of an encoder–decoder on one pair of axes, with the influence measured.

    Source tokens come first on both axes, then the decoder's. So the encoder is the square in the
    upper left, cross-attention the rectangle below it, the decoder the triangle beside that. The
    corner that is left empty has no attention layer: the encoder never reads what is written.

    `masks` and `influences` map "encoder" (S, S), "cross" (T, S) and "decoder" (T, T) to what
    `influence` takes for one stack.

    Raises TypeError or ValueError for a kind that is missing or not known, and like `influence`.

    >>> square, wide, lower = [[True]], [[True], [True]], [[True, False], [True, True]]
    >>> masks = {"encoder": square, "cross": wide, "decoder": lower}
    >>> ax = encoder_decoder(masks, masks, source=["▁It"], target=["<pad>", "▁Es"])
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['_It', '<pad>', '_Es']
    """
    hues = {
        "encoder": colours.HUES["encoder"],
        "cross": colours.HUES["encoder-decoder"],
        "decoder": colours.HUES["decoder"],
    }
    for name, parts in [("masks", masks), ("influences", influences)]:
        wanted = f"a dict of {', '.join(hues)} → matrix"
        checks.instance(name, parts, Mapping, wanted)
        checks.need(parts.keys() == hues.keys(), f"{name} must be {wanted}, got {sorted(parts)}")
    stacks = []
    for kind, hue in hues.items():
        rows = source if kind == "encoder" else target
        columns = target if kind == "decoder" else source
        allowed = data.matrix(f"masks[{kind!r}]", masks[kind], rows, columns, "bool")
        measured = data.matrix(f"influences[{kind!r}]", influences[kind], rows, columns)
        at = (len(source) * (kind != "encoder"), len(source) * (kind == "decoder"))
        stacks.append(_Stack(allowed, measured, hue, at))
    with page.house_style():
        tokens = [*source, *target]
        ax = _matrix_axes(ax, tokens, tokens, title)
        key = [Patch(color=hue, label=kind) for kind, hue in hues.items()]
        _draw(ax, stacks, key, dot_edge=plt.rcParams["axes.labelcolor"])
    return ax


def attention(
    weights: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    mask: ArrayLike | None = None,
    limit: float | None = 1.0,
    label: str = "attention weight",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Attention weights, (Q, K), in cividis; hatched where `mask` hides the key.

    The scale runs from 0 to `limit`, or to the largest weight if that is None. A hidden cell with a
    weight above zero is a leak, a red cross on yellow. Anything else that adds up to 1 in a row can
    be drawn as well, under its own `label`.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or a
    weight is not between 0 and 1 (weights come after the softmax, scores before it).

    >>> ax = attention([[1.0, 0.0], [0.3, 0.7]], rows=["It", "Ġwas"], columns=["It", "Ġwas"])
    >>> ax.images[0].get_clim()
    (0.0, 1.0)
    """
    weights = data.matrix("weights", weights, rows, columns)
    checks.need(
        ((weights >= 0) & (weights <= 1 + 1e-4)).all(),
        f"weights must lie between 0 and 1, got {weights.min():.3g} … {weights.max():.3g}; "
        "take them after the softmax",
    )
    hidden = np.zeros_like(weights, dtype=bool)
    if mask is not None:
        hidden = ~data.matrix("mask", mask, rows, columns, "bool")
    with page.house_style():
        ax = _matrix_axes(ax, rows, columns, title)
        picture = ax.imshow(weights, cmap=colours.WEIGHTS, vmin=0.0, vmax=limit)
        ax.figure.colorbar(picture, ax=ax, label=label, shrink=0.8)
        _fill(ax, np.argwhere(hidden), **colours.HATCHED)
        leaks = _crosses(ax, np.argwhere(hidden & (weights > 0)))
        key = [_HIDDEN_KEY] if (hidden & (weights == 0)).any() else []
        page.legend_below(ax, [*key, *leaks])
    return ax


class _Stack(NamedTuple):
    """A mask and the influence measured, both (Q, K), and where in the figure they stand."""

    allowed: np.ndarray
    measured: np.ndarray
    hue: str
    at: tuple[int, int] = (0, 0)  # row and column of the first cell


def _draw(ax: Axes, stacks: Sequence[_Stack], key: Sequence[Artist], dot_edge: str) -> None:
    """The stacks, and a legend that begins with `key` and explains only what is to be seen."""
    hidden: list[Artist] = []
    pale: list[Artist] = []
    leaks: list[Artist] = []
    for allowed, measured, hue, at in stacks:
        flows, unknown = measured > 0, allowed & np.isnan(measured)
        _fill(ax, np.argwhere(allowed & ~unknown) + at, **colours.filled(hue))
        _fill(ax, np.argwhere(unknown) + at, **colours.filled(hue, 0.3))
        _fill(ax, np.argwhere(~allowed) + at, **colours.HATCHED)
        _dots(ax, np.argwhere(flows & allowed) + at, measured[flows & allowed])
        leaks = _crosses(ax, np.argwhere(flows & ~allowed) + at) or leaks
        if not (allowed | flows).all():
            hidden = [_HIDDEN_KEY]
        if unknown.any():
            pale = [Patch(**colours.filled(hue, 0.3), label="not measured")]
    ring = {"markerfacecolor": "white", "markeredgecolor": dot_edge, "markeredgewidth": 2.5}
    dot = Line2D([], [], linestyle="", marker="o", **ring, label="measured influence")
    page.legend_below(ax, [*key, *hidden, dot, *pale, *leaks])


def _fill(ax: Axes, cells: np.ndarray, **style: Any) -> None:
    """Fill cells, given as (row, column). pcolormesh would be shorter, but it can't hatch."""
    squares = [Rectangle((column - 0.5, row - 0.5), 1, 1) for row, column in cells]
    ax.add_collection(PatchCollection(squares, **style), autolim=False)


def _dots(ax: Axes, cells: np.ndarray, sizes: np.ndarray) -> None:
    """A white dot in each cell, its diameter growing with the logarithm of its size."""
    if not len(cells):
        return
    logs = np.log10(sizes)
    span = max(logs.max() - logs.min(), 1.0)
    diameters = (0.22 + 0.38 * (1 + (logs - logs.max()) / span)) * _cell(ax)
    ax.scatter(cells[:, 1], cells[:, 0], s=diameters**2, c="white", linewidths=0)


def _crosses(ax: Axes, cells: np.ndarray) -> list[Artist]:
    """A red cross on yellow in each cell; their entry in the legend, if there are any."""
    if not len(cells):
        return []
    _fill(ax, cells, **colours.LEAK_CELL)
    side = _cell(ax)
    style = {"c": colours.LEAK, "marker": "x", "linewidths": min(2.0, 0.12 * side)}
    return [ax.scatter(cells[:, 1], cells[:, 0], s=(0.42 * side) ** 2, **style, label="leak")]


def _matrix_axes(
    ax: Axes | None, rows: Sequence[str], columns: Sequence[str], title: str | None
) -> Axes:
    """Axes for a (Q, K) matrix of square cells: queries down, keys across, tokens on both."""
    longest = max(len(rows), len(columns))
    ax = page.axes(ax, _SINGLE if longest <= 18 else _LARGE, title)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect="equal")
    ax.set(xlabel="attended to (key)", ylabel="attends from (query)")
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
