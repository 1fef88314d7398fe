"""Attention as a pencil would do it: small matrices, their numbers in the cells."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
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
    is of queries and keys, (Q, K), and hatched where `mask`, (Q, K) bool, is False. Any other
    matrix holds a vector in each row, of the queries or of the keys, or is one that vectors are
    multiplied by: it has a row for each of their numbers. In each, the darkest is the largest. A
    number may be −∞, as a hidden score is.

    Raises TypeError unless the mask is boolean, ValueError if shapes and labels don't agree or a
    number is infinite or not a number.

    >>> scores = {"scores": [[1.0, float("-inf")], [0.25, 3.0]]}
    >>> ax = numbers(scores, rows="ab", mask=[[True, False], [True, True]])
    >>> [text.get_text() for text in ax.texts]
    ['1', '−∞', '0.25', '3']
    """
    columns = rows if columns is None else columns
    allowed = np.ones((len(rows), len(columns)), dtype=bool)
    if mask is not None:
        allowed = data.array("mask", mask, "Q K", rows, columns, dtype="bool")
    checks.need(matrices, "matrices is empty: give a name and numbers")
    found = {name: _array(name, each) for name, each in matrices.items()}
    labels = {len(columns): columns, len(rows): rows}
    widths = {each.shape[1] for each in found.values() if len(each) in labels}
    for name, each in found.items():
        checks.need(
            len(each) in labels or len(each) in widths,
            f"{name} must have a row for each of the {len(rows)} rows or {len(columns)} columns, "
            f"or for each number of their vectors, got {len(each)}",
        )
    most = max(len(each) for each in found.values())
    ratios = [each.shape[1] + 1.2 for each in found.values()]
    with page.house_style():
        figure = plt.figure(figsize=(0.75 * sum(ratios), 0.7 * most + 0.7))
        drawn = figure.subplots(1, len(found), squeeze=False, width_ratios=ratios)[0]
        for ax, (name, each) in zip(drawn, found.items(), strict=True):
            square = each.shape == allowed.shape
            tokens = labels.get(len(each), [""] * len(each))
            keys, names = (
                (columns, ("query", "key")) if square else ([""] * each.shape[1], ("", ""))
            )
            matrix_axes(ax, tokens, keys, name, names)
            _write(ax, each, allowed if square else np.ones_like(each, dtype=bool), architecture)
            ax.set_ylim(most - 0.5, -0.5)  # cells of one size in all
        figure.align_titles()
    return drawn[0]


def _array(name: str, values: ArrayLike) -> np.ndarray:
    """The numbers of a matrix, −∞ among them."""
    tensor = torch.as_tensor(values)
    hidden = tensor.isneginf() if tensor.is_floating_point() else torch.zeros_like(tensor).bool()
    found = data.array(name, tensor.masked_fill(hidden, 0), "Q K", least=-np.inf)
    checks.need(not np.isnan(found).any(), f"{name} must be numbers, got nan")
    return np.where(hidden.cpu(), -np.inf, found)


def _write(ax: Axes, values: np.ndarray, allowed: np.ndarray, architecture: str) -> None:
    """A number in each cell; hatched where it is not allowed."""
    hue, largest = colours.hue(architecture), max(values.max(), 0.0) or 1.0
    fill(ax, np.argwhere(~allowed), **colours.HATCHED)
    for (row, column), value in np.ndenumerate(values):
        if allowed[row, column]:
            shade = 0.1 + 0.5 * max(value, 0.0) / largest
            fill(ax, np.array([(row, column)]), **colours.filled(hue, shade))
        text = "−∞" if value == -np.inf else f"{value:.2f}".rstrip("0").rstrip(".")
        ax.text(column, row, text, ha="center", va="center")
