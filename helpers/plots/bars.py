"""Bars beside the ideal reader's: the loss by token, the next word, the three architectures."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page

_IDEAL_LINE = {"color": colours.IDEAL, "linewidth": 2, "label": "ideal reader"}


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
    data.check_tokens("tokens", tokens)
    nats = data.nats_in(unit)
    hue = colours.hue(architecture)
    heights = data.numbers("losses", losses, T=len(tokens)) / nats
    floor = np.full(len(tokens), np.nan)
    if ideal is not None:
        floor = data.numbers("ideal", ideal, T=len(tokens)) / nats
    places = np.arange(len(tokens))
    key = [Patch(color=hue, label="model")]
    with page.house_style():
        ax = page.axes(ax, page.WIDE, title)
        ax.bar(places, heights, width=0.72, color=hue)
        if ideal is not None:
            ax.hlines(floor, places - 0.46, places + 0.46, **_IDEAL_LINE)
            key.append(Line2D([], [], **_IDEAL_LINE))
        ax.set_xlim(-0.8, len(tokens) - 0.2)
        ax.set_ylim(0, 1.12 * np.nanmax([heights, floor], initial=0.1))
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
    the two are drawn; what is then left of probability 1 belongs to all others, in one last bar.

    Raises TypeError or ValueError for a distribution that is empty, or whose probabilities are
    outside 0 … 1 or add up to more than 1.

    >>> ax = next_words({"Anna": 0.7, "": 0.3}, {"Anna": 0.75, "Tom": 0.25})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Anna', '(end)', 'Tom']
    """
    for name, distribution in [("model", model), ("ideal", ideal)]:
        data.check_fractions(name, distribution)
        total = sum(distribution.values())
        checks.need(total <= 1 + 1e-3, f"{name} must be probabilities, but adds up to {total:.3g}")
    checks.whole("top", top, least=1)
    hue = colours.hue(architecture)
    both = {**ideal, **model}
    words = sorted(both, key=lambda word: -max(ideal.get(word, 0), model.get(word, 0)))[:top]
    names = [word or "(end)" for word in words]
    by_model, by_ideal = _with_rest(model, words), _with_rest(ideal, words)
    if by_model[-1] or by_ideal[-1]:
        names.append("all others")
    else:
        by_model, by_ideal = by_model[:-1], by_ideal[:-1]
    with page.house_style():
        ax = page.axes(ax, (4.5, 1.2 + 0.34 * len(names)), title)
        places = np.arange(len(names))
        _labelled_bars(ax, places - 0.2, by_model, hue)
        _labelled_bars(ax, places + 0.2, by_ideal, colours.IDEAL)
        ax.set(xlim=(0, 1.15 * max(by_model + by_ideal)), xticks=[])
        ax.invert_yaxis()
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(places, names, parse_math=False)
        key = {"model": hue, "ideal reader": colours.IDEAL}
        page.legend_below(ax, [Patch(color=colour, label=name) for name, colour in key.items()])
    return ax


def comparison(
    scores: Mapping[str, Mapping[str, float]],
    *,
    ideal: Mapping[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How well the three architectures do on the same tasks: a group of bars for each task.

    `scores` maps task → architecture ("decoder", "encoder", "encoder-decoder") → fraction of right
    answers, from 0 to 1; an architecture that can't do a task is left out there. `ideal` maps
    task → the ideal reader's fraction, a dark line across the group.

    Raises TypeError or ValueError for no tasks, an unknown architecture or task, and a fraction
    that is not between 0 and 1.

    >>> ax = comparison({"fill": {"decoder": 0.5, "encoder": 0.9}}, ideal={"fill": 0.95})
    >>> [round(float(bar.get_height()), 2) for bar in ax.patches]
    [0.5, 0.9]
    """
    ideal = ideal or {}
    _check_scores(scores, ideal)
    key = [Patch(color=hue, label=name) for name, hue in colours.HUES.items()]
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


# ---- parts of the pictures ----


def _horizontal_grid(ax: Axes) -> None:
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)


def _labelled_bars(ax: Axes, places: np.ndarray, values: list[float], colour: str) -> None:
    bars = ax.barh(places, values, 0.36, color=colour)
    grey = plt.rcParams["axes.labelcolor"]
    ax.bar_label(bars, [_percent(v) for v in values], padding=3, fontsize=7.5, color=grey)


def _group_of_bars(ax: Axes, group: int, fractions: Mapping[str, float]) -> None:
    """The bars of one task, each with its number: inside, in white, where there is room."""
    outside = {"label_type": "edge", "padding": 2, "color": plt.rcParams["axes.labelcolor"]}
    inside = {"label_type": "center", "padding": 0, "color": "white"}
    for shift, (architecture, hue) in zip((-0.26, 0, 0.26), colours.HUES.items(), strict=True):
        if architecture in fractions:
            height = fractions[architecture]
            bar = ax.bar(group + shift, height, 0.24, color=hue)
            style = inside if height > 0.15 else outside
            ax.bar_label(bar, [_percent(height)], fontsize=7.5, **style)


def _with_rest(distribution: Mapping[str, float], words: list[str]) -> list[float]:
    """The probabilities of `words`, and what is left of 1 for all others."""
    shown = [distribution.get(word, 0.0) for word in words]
    return [*shown, max(0.0, round(1 - sum(shown), 9))]  # no rest that only rounding left


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


# ---- what can be wrong ----


def _check_scores(scores: Mapping[str, Mapping[str, float]], ideal: Mapping[str, float]) -> None:
    checks.instance("scores", scores, Mapping, "a dict of task → architecture → fraction")
    checks.need(scores, "scores is empty: give at least one task")
    for task, fractions in scores.items():
        data.check_fractions(f"scores[{task!r}]", fractions)
        for architecture in fractions:
            colours.hue(architecture)
    if ideal:
        data.check_fractions("ideal", ideal)
    unknown = sorted(ideal.keys() - scores.keys())
    checks.need(not unknown, f"ideal has tasks that scores lack: {unknown}")
