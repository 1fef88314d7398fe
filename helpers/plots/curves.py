"""Numbers in a row, such as the losses of a training run: a curve for each run."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from helpers import checks
from helpers.plots import colours, data, page


def learning_curve(
    losses: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    floor: float | None = None,
    unit: str = "bits",
    smooth: int | None = None,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The loss of every training step: faint as it was, strong as a running mean.

    `losses` is one list, or name → list for several runs; `floor` is the entropy of the source.
    All are in nats per scored token, `unit` ("bits" or "nats") is what is drawn. The running mean
    is over `smooth` steps, centred; a twentieth of the run by default. The region under the floor
    is hatched: an honest model ends above it. The axis starts at zero.

    Raises TypeError or ValueError for an empty run, a loss that is negative or not finite, an
    unknown unit.

    >>> ax = learning_curve({"honest": [2.0, 1.5, 1.2], "cheating": [2.0, 0.9, 0.4]}, floor=1.0)
    """
    runs = _runs("losses", losses, architecture)
    nats = data.nats_in(unit)
    if floor is not None:
        checks.number("floor", floor, lambda x: 0 <= x < np.inf, "finite and at least 0")
    if smooth is not None:
        checks.whole("smooth", smooth, least=1)
    with page.house_style():
        ax = page.axes(ax, (6.5, 3.8), title)
        for _, hue, values in runs:
            steps = np.arange(1, len(values) + 1)
            ax.plot(steps, values / nats, color=hue, alpha=0.25, linewidth=0.8)
            mean = _running_mean(values / nats, smooth or max(1, len(values) // 20))
            ax.plot(steps, mean, color=hue, linewidth=2, solid_capstyle="round")
        lines = [] if floor is None else [_floor(ax, floor / nats, unit)]
        _finish(ax, runs, lines)
        ax.set_ylim(0, 1.05 * max(run.values.max() for run in runs) / nats)
        ax.set(xlabel="training step", ylabel=f"loss in {unit} per scored token")
    return ax


def lines(
    values: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    x: str,
    y: str,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One measured number after the other: a line for each name. The axis starts at zero.

    `values` is one list, or name → list; `x` and `y` say what the axes count.

    Raises TypeError or ValueError for an empty list, a number that is negative or not finite, or
    more lines than can be told apart.

    >>> ax = lines({"slow": [2.0, 3.0], "fast": [1.0, 1.0]}, x="pass", y="milliseconds")
    >>> ax.get_ylabel()
    'milliseconds'
    """
    runs = _runs("values", values, architecture)
    with page.house_style():
        ax = page.axes(ax, (6.5, 3.2), title)
        for _, hue, numbers in runs:
            ax.plot(np.arange(1, len(numbers) + 1), numbers, color=hue, linewidth=2)
        _finish(ax, runs)
        ax.set_ylim(0, 1.05 * max(run.values.max() for run in runs) or 1)
        ax.set(xlabel=x, ylabel=y)
    return ax


class _Run(NamedTuple):
    name: str
    hue: str
    values: np.ndarray


def _runs(name: str, values: object, architecture: str) -> list[_Run]:
    """The runs, of which a single one may have no name."""
    runs = values if isinstance(values, Mapping) else {"": values}
    hues = [colours.hue(architecture), *colours.OTHER_HUES]
    most = len(hues)
    checks.need(1 <= len(runs) <= most, f"{name} must be 1 to {most} runs, got {len(runs)}")
    return [
        _Run(run, hue, data.numbers(f"{name}[{run!r}]" if run else name, numbers, T=None))
        for hue, (run, numbers) in zip(hues, runs.items(), strict=False)
    ]


def _finish(ax: Axes, runs: Sequence[_Run], more: Sequence[Line2D] = ()) -> None:
    """An x that counts from 1, and a legend of the runs that have a name and of `more`."""
    ax.set_xlim(0, max(len(run.values) for run in runs))
    ax.grid(axis="y")
    key = [Line2D([], [], color=run.hue, linewidth=2, label=run.name) for run in runs if run.name]
    if key or more:
        ax.legend(handles=[*key, *more])


def _floor(ax: Axes, height: float, unit: str) -> Line2D:
    """A dashed line at the floor, and hatching below; the line, with its name and height."""
    ax.axhspan(0, height, **colours.HATCHED, zorder=0)
    dashes = {"linewidth": 1.4, "linestyle": (0, (4, 2)), "clip_on": False}
    return ax.axhline(height, color=colours.IDEAL, **dashes, label=f"floor: {height:.2f} {unit}")


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """The mean over `window` values around each one; over fewer at both ends.

    >>> _running_mean(np.array([3.0, 0.0, 0.0, 9.0, 0.0]), 3).tolist()
    [1.5, 1.0, 3.0, 3.0, 4.5]
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    middle = np.arange(len(values))
    first = np.maximum(middle - (window - 1) // 2, 0)
    last = np.minimum(middle + window // 2 + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)
