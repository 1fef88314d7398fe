"""Attention as a pencil would do it: small matrices, their numbers in the cells."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page
from helpers.plots.matrices import fill, matrix_axes


def numbers(
    matrices: Mapping[str, ArrayLike],
    *,
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    architecture: str = "decoder",
) -> Axes:
    """Small matrices side by side, name → numbers, as a pencil would write them; the first's Axes.

    A matrix with a row for each of `rows` and a column for each of `columns` (by default the same)
    is of queries and keys, (Q, K). Where `mask`, (Q, K) bool, is False, its cell is hatched and
    says −∞, what a score becomes there; or 0, if the number is 0, as a weight is. Any other matrix
    holds a vector in each row, of the queries or of the keys. In each, the darkest is the largest.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or a
    number is not finite.

    >>> ax = numbers({"scores": [[1.0, 2.0], [0.25, 3.0]]}, rows="ab", mask=[[1 > 0, 1 < 0]] * 2)
    >>> [text.get_text() for text in ax.texts]
    ['1', '−∞', '0.25', '−∞']
    """
    columns = rows if columns is None else columns
    allowed = np.ones((len(rows), len(columns)), dtype=bool)
    if mask is not None:
        allowed = data.array("mask", mask, "Q K", rows, columns, dtype="bool")
    found = {name: data.array(name, each, "Q K", least=-np.inf) for name, each in matrices.items()}
    for name, each in found.items():
        checks.need(np.isfinite(each).all(), f"{name} must be finite: mask says where −∞ is drawn")
    with page.house_style():
        most = max(len(each) for each in found.values())
        ratios = [each.shape[1] + 1.5 for each in found.values()]
        size = 0.75 * sum(ratios), 0.7 * most + 0.7
        figure = plt.figure(figsize=size)
        drawn = figure.subplots(1, len(found), squeeze=False, width_ratios=ratios)[0]
        for ax, (name, each) in zip(drawn, found.items(), strict=True):
            if each.shape == allowed.shape:
                ax = matrix_axes(ax, rows, columns, name, ("query", "key"))
                _write(ax, each, allowed, architecture)
            else:
                tokens = rows if len(each) == len(rows) else columns
                each = data.array(name, each, "T width", tokens, "." * each.shape[1], least=-np.inf)
                ax = matrix_axes(ax, tokens, [""] * each.shape[1], name, ("", ""))
                _write(ax, each, np.ones_like(each, dtype=bool), architecture)
            ax.set_ylim(most - 0.5, -0.5)  # cells of one size in all
    return drawn[0]


def _write(ax: Axes, values: np.ndarray, allowed: np.ndarray, architecture: str) -> None:
    """A number in each cell; hatched, and −∞ unless it is 0, where it is not allowed."""
    hue, largest = colours.hue(architecture), max(values.max(), 0.0) or 1.0
    fill(ax, np.argwhere(~allowed), **colours.HATCHED)
    for (row, column), value in np.ndenumerate(values):
        if allowed[row, column]:
            shade = 0.1 + 0.5 * max(value, 0.0) / largest
            fill(ax, np.array([(row, column)]), **colours.filled(hue, shade))
        written = f"{value:.2f}".rstrip("0").rstrip(".")
        text = written if allowed[row, column] or value == 0 else "−∞"
        ax.text(column, row, text, ha="center", va="center")
