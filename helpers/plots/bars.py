"""Bars beside the ideal reader's: the loss by token, the next word, the three architectures."""

from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page

_IDEAL_LINE = {"color": colours.IDEAL, "linewidth": 2, "label": "ideal reader"}
_SEED = {
    "marker": "o",
    "markersize": 3.5,
    "linestyle": "",
    "markeredgecolor": "white",
    "markeredgewidth": 0.4,
    "color": colours.IDEAL,
}


def token_losses(
    tokens: Sequence[str],
    losses: ArrayLike,
    *,
    ideal: ArrayLike | None = None,
    unit: str = "bits",
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The loss of every token of a text as a bar; a dark line marks the ideal reader's surprise.

    `losses` and `ideal` are (T,), in nats, as torch gives them; `unit` ("bits" or "nats") is what
    is drawn. nan leaves a token without a bar or a line: the first one is predicted by nobody,
    and the ideal reader is surprised once a word, not once a piece of it. Up to 90 tokens can be
    read; beyond that only some are labelled.

    Raises ValueError if lengths don't agree or a loss is negative or infinite.

    >>> ax = token_losses(["It", "Ġwas"], [float("nan"), 0.693], ideal=[float("nan"), 0.6])
    >>> round(float(ax.patches[1].get_height()), 3)
    1.0
    """
    nats, hue = data.nats_in(unit), colours.hue(architecture)
    heights = data.array("losses", losses, "T", tokens) / nats
    floor = np.full(len(tokens), np.nan)
    if ideal is not None:
        floor = data.array("ideal", ideal, "T", tokens) / nats
    places = np.arange(len(tokens))
    with page.house_style():
        ax = page.axes(ax, page.WIDE, title)
        key = [ax.bar(places, heights, width=0.72, color=hue, label="model")]
        if ideal is not None:
            key.append(ax.hlines(floor, places - 0.46, places + 0.46, **_IDEAL_LINE))
        ax.set_xlim(-0.8, len(tokens) - 0.2)
        ax.set_ylim(0, 1.12 * np.nan_to_num([heights, floor]).max(initial=0.1))
        ax.set_ylabel(f"surprise in {unit}")
        _horizontal_grid(ax)
        page.write_tokens(ax.xaxis, tokens, page.points(ax)[0] / len(tokens), rotation=90)
        page.legend_above(ax, key)
    return ax


def next_words(
    model: Mapping[str, float],
    ideal: Mapping[str, float],
    *,
    top: int = 10,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Two distributions of the next word as bars: the model's, and the ideal reader's below it.

    Both map word → probability, and "" is the end of the text. The `top` words by the larger of
    the two are drawn, in the ideal reader's order; what is then left of probability 1 belongs to
    all others, in one last bar.

    Raises ValueError for a distribution that is empty, or whose probabilities are negative or add
    up to more than 1.

    >>> ax = next_words({"Anna": 0.7, "": 0.3}, {"Anna": 0.75, "Tom": 0.25})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Anna', 'Tom', '(end)']
    """
    hue = colours.hue(architecture)
    for name, chances in [("model", model), ("ideal", ideal)]:
        total = sum(chances.values())
        fits = min(chances.values(), default=-1) >= 0 and total <= 1 + 1e-3
        checks.need(fits, f"{name} must be probabilities, got {len(chances)} that sum to {total:g}")
    both = {word: (model.get(word, 0.0), ideal.get(word, 0.0)) for word in {**ideal, **model}}
    words = sorted(both, key=lambda word: -max(both[word]))[:top]
    words.sort(key=lambda word: both[word][::-1], reverse=True)
    rows = {word or "(end)": both[word] for word in words}
    rest = [max(0.0, round(1 - sum(shown), 9)) for shown in zip(*rows.values(), strict=True)]
    if any(rest):
        rows["all others"] = rest
    by_model, by_ideal = np.transpose(list(rows.values()))
    places = np.arange(len(rows))
    with page.house_style():
        ax = page.axes(ax, (4.5, 1.2 + 0.34 * len(rows)), title)
        _labelled_bars(ax, places - 0.2, by_model, color=hue, label="model")
        _labelled_bars(ax, places + 0.2, by_ideal, color=colours.IDEAL, label="ideal reader")
        ax.set(xlim=(0, 1.15 * np.max([by_model, by_ideal])), xticks=[])
        ax.invert_yaxis()
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(places, list(rows), parse_math=False)
        page.legend_below(ax, ax.containers)
    return ax


def comparison(
    scores: Mapping[str, Mapping[str, float | Sequence[float]]],
    *,
    ideal: Mapping[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How well the three architectures do on the same tasks: a group of bars for each task.

    `scores` maps task → architecture ("decoder", "encoder", "encoder-decoder") → fraction of right
    answers, from 0 to 1, or several, one for each seed: then the bar is their mean, and each is a
    dot. An architecture that can't do a task is left out there. `ideal` maps task → the ideal
    reader's fraction, a dark line across the group.

    Raises TypeError or ValueError for an unknown architecture or task, no fraction at all, and one
    that is not between 0 and 1.

    >>> ax = comparison({"fill": {"decoder": 0.5, "encoder": 0.9}}, ideal={"fill": 0.95})
    >>> [round(float(bar.get_height()), 2) for bar in ax.patches]
    [0.5, 0.9]
    >>> ax = comparison({"fill": {"decoder": [0.5, 0.7]}})
    >>> [round(float(bar.get_height()), 2) for bar in ax.patches]
    [0.6]
    """
    ideal = ideal or {}
    _check_fractions("ideal", ideal, scores)
    for task, fractions in scores.items():
        _check_fractions(task, fractions, colours.HUES, several=True)
    key = [Patch(color=hue, label=name) for name, hue in colours.HUES.items()]
    several = [each for one in scores.values() for each in one.values() if np.size(each) > 1]
    if several:
        key.append(Line2D([], [], **_SEED, label="one seed"))
    with page.house_style():
        ax = page.axes(ax, (6.5, 3.2), title)
        for group, (task, fractions) in enumerate(scores.items()):
            _group_of_bars(ax, group, fractions)
            if task in ideal:
                ax.hlines(ideal[task], group - 0.4, group + 0.4, **_IDEAL_LINE)
        ax.set_xticks(range(len(scores)), list(scores))
        ax.set_ylim(0, 1.1)
        ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        ax.set_ylabel("right answers")
        _horizontal_grid(ax)
        page.legend_above(ax, [*key, Line2D([], [], **_IDEAL_LINE)] if ideal else key)
    return ax


def fractions(
    values: Mapping[str, Sequence[float]],
    *,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Fractions that were measured several times: a bar for the mean of each, a dot for each time.

    The mean stands below the name. What was measured once has no dot.
    The bars have the colours that `learning_curve` gives to runs in the same order.

    Raises TypeError or ValueError for a name without numbers, and for numbers outside 0 … 1.

    >>> ax = fractions({"honest": [0.5, 0.7], "copying": [0.0, 0.1]})
    >>> [round(float(bar.get_width()), 2) for bar in ax.patches]
    [0.6, 0.05]
    """
    hues = [colours.hue(architecture), *colours.OTHER_HUES]
    measured = {name: data.array(f"values[{name!r}]", each, "N") for name, each in values.items()}
    for name, each in measured.items():
        checks.need((each <= 1).all(), f"values[{name!r}] must be between 0 and 1")
    with page.house_style():
        ax = page.axes(ax, (6.5, 0.9 + 0.4 * len(measured)), title)
        for place, each in enumerate(measured.values()):
            ax.barh(place, each.mean(), 0.5, color=hues[place % len(hues)])
            if len(each) > 1:  # one below the other, or equal ones would hide each other
                apart = place + 0.12 * (np.arange(len(each)) - (len(each) - 1) / 2)
                ax.plot(each, apart, "o", color=colours.IDEAL, markersize=4, clip_on=False)
        ax.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0 %", "50 %", "100 %"])
        ax.set_ylim(len(measured) - 0.4, -0.4)  # the first above
        names = [f"{name}\n{_percent(each.mean())}" for name, each in measured.items()]
        ax.set_yticks(range(len(measured)), names, parse_math=False)
    return ax


def _horizontal_grid(ax: Axes) -> None:
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)


def _labelled_bars(ax: Axes, places: np.ndarray, values: np.ndarray, **style: str) -> None:
    bars = ax.barh(places, values, 0.36, **style)
    grey = plt.rcParams["axes.labelcolor"]
    ax.bar_label(bars, [_percent(v) for v in values], padding=3, fontsize=7.5, color=grey)


def _group_of_bars(ax: Axes, group: int, fractions: Mapping[str, float | Sequence[float]]) -> None:
    """The bars of one task, each with its number: at its foot, in white, where there is room."""
    for architecture, fraction in fractions.items():
        place = group + 0.26 * (list(colours.HUES).index(architecture) - 1)
        height = np.mean(fraction)
        ax.bar(place, height, 0.24, color=colours.hue(architecture))
        inside = height > 0.15
        colour = "white" if inside else plt.rcParams["axes.labelcolor"]
        foot = 0.03 if inside else np.max(fraction) + 0.03
        ax.text(place, foot, _percent(height), ha="center", color=colour, fontsize=7.5)
        if np.size(fraction) > 1:  # beside each other, or equal ones would hide each other
            beside = place + np.linspace(-0.08, 0.08, np.size(fraction))
            ax.plot(beside, fraction, **_SEED)


def _check_fractions(
    name: str, fractions: Mapping, known: Collection[str], *, several: bool = False
) -> None:
    checks.instance(name, fractions, Mapping, "a dict of name → fraction")
    for key, fraction in fractions.items():
        checks.choice(f"a key of {name}", key, known)
        each = fraction if several and isinstance(fraction, (list, tuple)) else [fraction]
        checks.need(len(each), f"{name}: {key} must hold at least one fraction, got none")
        for number in each:
            checks.number(f"{name}: {key}", number, lambda x: 0 <= x <= 1, "between 0 and 1")


def _percent(probability: float) -> str:
    """A probability as a label: 0 only for zero itself.

    >>> [_percent(p) for p in (0.25, 0.0023, 0.00001, 0.0)]
    ['25 %', '0.2 %', '<0.1 %', '0']
    """
    if probability == 0:
        return "0"
    if probability < 0.001:
        return "<0.1 %"
    return f"{100 * probability:.{0 if probability >= 0.1 else 1}f} %"
