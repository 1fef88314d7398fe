"""The losses of training runs: a curve for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from helpers import checks
from helpers.plots import colours, data, page


def learning_curve(
    losses: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    floor: float | None = None,
    vocabulary: int | None = None,
    unit: str = "bits",
    smooth: int | None = None,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The loss of every training step: faint as it was, strong as a running mean.

    `losses` is one list, or name → list for several runs; `floor` is the entropy of the source.
    Both are in nats per scored token, `unit` ("bits" or "nats") is what is drawn. The running mean
    is over `smooth` steps, centred; a twentieth of the run by default. The region under the floor
    is hatched: an honest model ends above it. With a `vocabulary` of V tokens, a dotted line at
    log V shows the loss of a model that knows nothing. The axis starts at zero.

    Raises TypeError or ValueError for an empty run, a loss that is negative or not finite, an
    unknown unit, a floor that is negative or not finite, and a vocabulary of no token.

    >>> ax = learning_curve({"honest": [2.0, 1.5, 1.2], "cheating": [2.0, 0.9, 0.4]}, floor=1.0)
    """
    nats = data.nats_in(unit)
    runs = {name: values / nats for name, values in _runs("losses", losses).items()}
    hues = [colours.hue(architecture), *colours.OTHER_HUES]
    means = {name: _running_mean(values, smooth) for name, values in runs.items()}
    with page.house_style():
        ax = page.axes(ax, (6.5, 3.8), title)
        _draw(ax, runs, hues, linewidth=0.8, alpha=0.25, label="")
        _draw(ax, means, hues, linewidth=2, solid_capstyle="round")
        if floor is not None:
            _floor(ax, floor / nats, unit)
        if vocabulary is not None:
            _clueless(ax, vocabulary, unit)
        _finish(ax, runs)
        ax.set(xlabel="training step", ylabel=f"loss in {unit} per scored token")
    return ax


def _runs(name: str, values: Sequence | Mapping) -> dict[str, np.ndarray]:
    """Each run as an array; a single one needs no name."""
    runs = values if isinstance(values, Mapping) else {"": values}
    most = 1 + len(colours.OTHER_HUES)
    checks.need(1 <= len(runs) <= most, f"{name} must be 1 to {most} runs, got {len(runs)}")
    return {run: data.array(f"{name} {run}".strip(), runs[run], "T") for run in runs}


def _draw(ax: Axes, runs: Mapping[str, Sequence], hues: Sequence[str], **style: Any) -> None:
    for hue, (name, values) in zip(hues, runs.items(), strict=False):
        ax.plot(range(1, len(values) + 1), values, color=hue, **{"label": name, **style})


def _floor(ax: Axes, height: float, unit: str) -> None:
    """A dashed line at the floor, and hatching below it."""
    checks.number("floor", height, lambda x: 0 <= x < np.inf, "finite and at least 0")
    ax.axhspan(0, height, **colours.HATCHED, zorder=0)
    dashes = {"linewidth": 1.4, "linestyle": (0, (4, 2)), "clip_on": False}
    ax.axhline(height, color=colours.IDEAL, **dashes, label=f"floor: {height:.2f} {unit}")


def _clueless(ax: Axes, vocabulary: int, unit: str) -> None:
    """A dotted line at the surprise of a model that thinks all tokens equally likely."""
    checks.whole("vocabulary", vocabulary, least=1)
    name = f"knows nothing: {'log₂' if unit == 'bits' else 'ln'} V"
    across = np.linspace(0, 1, 100)  # many points, so that the legend finds a place off the line
    heights = np.full_like(across, np.log(vocabulary) / data.nats_in(unit))
    style = {"color": "grey", "linestyle": ":", "transform": ax.get_yaxis_transform()}
    ax.plot(across, heights, label=name, **style)


def _finish(ax: Axes, runs: Mapping[str, np.ndarray]) -> None:
    """Axes that begin at zero, and a legend of whatever has a name."""
    ax.set_xlim(0, max(len(values) for values in runs.values()))
    ax.set_ylim(0, 1.05 * max(max(line.get_ydata()) for line in ax.lines) or 1)
    ax.grid(axis="y")
    if named := ax.get_legend_handles_labels()[0]:
        ax.legend(handles=named)


def _running_mean(values: np.ndarray, window: int | None) -> list[float]:
    """The mean over `window` values around each one; over fewer at both ends.

    At the beginning, where losses fall steeply, as many come from before as from after.

    >>> _running_mean(np.array([3.0, 0.0, 0.0, 9.0, 0.0]), 3)
    [3.0, 1.0, 3.0, 3.0, 4.5]
    """
    if window is None:
        window = max(1, len(values) // 20)
    checks.whole("smooth", window, least=1)
    before, after = (window - 1) // 2, window // 2
    around = [values[max(0, t - before) : t + min(t, after) + 1] for t in range(len(values))]
    return [float(part.mean()) for part in around]
