"""One call per figure: masks, influence, attention, losses, learning curves, next words.

Every function takes its data first and returns the Axes that it drew on, a new figure's unless
`ax` is given. End a cell with `show(ax, alt=...)`, which puts a caption below the picture.

Colours are Okabe & Ito's (2008), which colour-blind readers can tell apart: one hue for each
architecture. Whatever belongs to the ideal reader is dark; whatever is hidden or impossible is
light grey and hatched.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from numbers import Real
from os import PathLike
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

HUES = {"decoder": "#0072B2", "encoder": "#D55E00", "encoder-decoder": "#009E73"}
UNITS = {"bits": math.log(2), "nats": 1.0}  # how many nats each is

_SINGLE = (4.5, 4.0)  # inches
_LARGE = (7.0, 6.4)  # a matrix of more than 18 tokens
_WIDE = (10.0, 3.5)
_DRAWN, _SHOWN = 176, 110  # dots per inch of the file, and of the page: sharp on fine screens too

_INK, _SOFT, _IDEAL = "#222222", "#6E6E6E", "#3A3A3A"
_HIDDEN = {"facecolor": "#F1F1F1", "edgecolor": "#CFCFCF", "hatch": "/////", "linewidth": 0}
_LEAK, _LEAK_CELL = "#B0003A", "#F9E076"
_OTHER_HUES = ["#CC79A7", "#E69F00", "#56B4E9", "#999999"]  # for curves beyond the first
_STYLE = {
    "figure.constrained_layout.use": True,
    "figure.dpi": _DRAWN,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelcolor": _SOFT,
    "axes.edgecolor": "#B0B0B0",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": "#B0B0B0",
    "ytick.color": "#B0B0B0",
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "text.color": _INK,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.7,
    "legend.framealpha": 1.0,  # no grid line runs through the words
    "legend.edgecolor": "none",
    "legend.fontsize": 8.5,
    "hatch.linewidth": 0.7,
}


# ---- who may attend to whom ----


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
    >>> plt.close(ax.figure)
    """
    allowed = _checked_mask(mask, rows, columns)
    hue = _hue(architecture)
    with plt.rc_context(_STYLE):
        ax = _matrix_axes(ax, rows, columns, title)
        _fill(ax, allowed, facecolor=hue, edgecolor="white", linewidth=0.8)
        _fill(ax, ~allowed, **_HIDDEN)
        _legend_below(ax, _mask_key(hue, hidden=not allowed.all()))
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
    influence is negative.

    >>> ax = influence(
    ...     [[True, False], [True, True]], [[0.9, 0.0], [0.2, 0.8]], rows="ab", columns="ab"
    ... )
    >>> plt.close(ax.figure)
    """
    allowed = _checked_mask(mask, rows, columns)
    measured = _checked_matrix("influence", influence, rows, columns)
    if (measured < 0).any():
        raise ValueError("influence must not be negative: it is the norm of a gradient")
    hue = _hue(architecture)
    with plt.rc_context(_STYLE):
        ax = _matrix_axes(ax, rows, columns, title)
        unknown = allowed & np.isnan(measured)
        _fill(ax, allowed & ~unknown, facecolor=hue, edgecolor="white", linewidth=0.8)
        pale = {"facecolor": to_rgba(hue, 0.3), "edgecolor": "white", "linewidth": 0.8}
        _fill(ax, unknown, **pale)
        _fill(ax, ~allowed, **_HIDDEN)
        flows = measured > 0  # not where it is nan
        _dots(ax, np.where(flows & allowed, measured, 0.0))
        leaks = _crosses(ax, flows & ~allowed)
        rest = [Patch(**pale, label="not measured")] if unknown.any() else []
        key = _mask_key(hue, hidden=not (allowed | flows).all())
        _legend_below(ax, [*key, _dot_key(hue), *rest, *leaks])
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
    >>> plt.close(ax.figure)
    """
    size = {"encoder": (source, source), "cross": (target, source), "decoder": (target, target)}
    places = {"encoder": (0, 0), "cross": (len(source), 0), "decoder": (len(source), len(source))}
    for name, parts in [("masks", masks), ("influences", influences)]:
        if not isinstance(parts, Mapping) or parts.keys() != size.keys():
            came = sorted(parts) if isinstance(parts, Mapping) else type(parts).__name__
            raise ValueError(f"{name} must map {', '.join(size)} to matrices, not {came}")
    allowed = {kind: _checked_mask(masks[kind], *size[kind]) for kind in size}
    measured = {kind: _checked_matrix("influences", influences[kind], *size[kind]) for kind in size}
    if any((values < 0).any() for values in measured.values()):
        raise ValueError("influences must not be negative: each is the norm of a gradient")
    hues = {
        "encoder": HUES["encoder"],
        "cross": HUES["encoder-decoder"],
        "decoder": HUES["decoder"],
    }
    with plt.rc_context(_STYLE):
        tokens = [*source, *target]
        ax = _matrix_axes(ax, tokens, tokens, title)
        leaks: list = []
        hidden = False
        for kind, at in places.items():
            look = {"facecolor": hues[kind], "edgecolor": "white", "linewidth": 0.8}
            _fill(ax, allowed[kind], at, **look)
            _fill(ax, ~allowed[kind], at, **_HIDDEN)
            flows = measured[kind] > 0
            _dots(ax, np.where(flows & allowed[kind], measured[kind], 0.0), at)
            leaks = _crosses(ax, flows & ~allowed[kind], at) or leaks
            hidden = hidden or not (allowed[kind] | flows).all()
        key = [Patch(color=hue, label=kind) for kind, hue in hues.items()]
        key += [_HIDDEN_KEY] if hidden else []
        _legend_below(ax, [*key, _dot_key(_SOFT), *leaks])
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
    >>> plt.close(ax.figure)
    """
    weights = _checked_matrix("weights", weights, rows, columns)
    if not ((weights >= 0) & (weights <= 1 + 1e-4)).all():
        raise ValueError(
            f"weights must lie between 0 and 1, not {weights.min():.3g} … {weights.max():.3g}; "
            "take them after the softmax"
        )
    hidden = np.zeros_like(weights, dtype=bool)
    if mask is not None:
        hidden = ~_checked_mask(mask, rows, columns)
    with plt.rc_context(_STYLE):
        ax = _matrix_axes(ax, rows, columns, title)
        picture = ax.imshow(weights, cmap="cividis", vmin=0.0, vmax=limit)
        ax.figure.colorbar(picture, ax=ax, label=label, shrink=0.8)
        _fill(ax, hidden, **_HIDDEN)
        leaks = _crosses(ax, hidden & (weights > 0))
        key = [_HIDDEN_KEY] if (hidden & (weights == 0)).any() else []
        _legend_below(ax, [*key, *leaks])
    return ax


# ---- losses ----


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

    >>> ax = token_losses(["It", "Ġwas"], [float("nan"), math.log(2)], ideal=[float("nan"), 0.6])
    >>> round(float(ax.patches[1].get_height()), 3)
    1.0
    >>> plt.close(ax.figure)
    """
    tokens = _checked_labels("tokens", tokens)
    nats = _checked_unit(unit)
    hue = _hue(architecture)
    heights = _checked_losses("losses", losses, len(tokens)) / nats
    places = np.arange(len(tokens))
    with plt.rc_context(_STYLE):
        ax = _axes(ax, _WIDE, title)
        ax.bar(places, heights, width=0.72, color=hue, label="model")
        if ideal is not None:
            floor = _checked_losses("ideal", ideal, len(tokens)) / nats
            ax.hlines(floor, places - 0.46, places + 0.46, colors=_IDEAL, linewidth=2)
            heights = np.concatenate([heights, floor])
        ax.set_xlim(-0.8, len(tokens) - 0.2)
        ax.set_ylim(0, 1.12 * max(np.nanmax(heights, initial=0), 0.1))
        ax.set_ylabel(f"surprise in {unit}")
        ax.grid(axis="y")
        ax.spines["left"].set_visible(False)
        ax.tick_params(length=0)
        _label(ax.xaxis, _visible(tokens), _points(ax, "x") / len(tokens), rotation=90)
        key = [Patch(color=hue, label="model")]
        if ideal is not None:
            key.append(Line2D([], [], color=_IDEAL, linewidth=2, label="ideal reader"))
        _legend_above(ax, key)
    return ax


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
    >>> plt.close(ax.figure)
    """
    runs = _checked_runs("losses", losses)
    nats = _checked_unit(unit)
    hues = [_hue(architecture), *_OTHER_HUES][: len(runs)]
    if floor is not None:
        _check_number("floor", floor, least=0)
    if smooth is not None and (not isinstance(smooth, int) or smooth < 1):
        raise ValueError(f"smooth must be a number of steps, 1 or more, not {smooth!r}")
    with plt.rc_context(_STYLE):
        ax = _axes(ax, (6.5, 3.8), title)
        for hue, values in zip(hues, runs.values(), strict=True):
            steps = np.arange(1, len(values) + 1)
            ax.plot(steps, values / nats, color=hue, alpha=0.25, linewidth=0.8)
            mean = _running_mean(values / nats, smooth or max(1, len(values) // 20))
            ax.plot(steps, mean, color=hue, linewidth=2, solid_capstyle="round")
        line = [] if floor is None else [_floor(ax, floor / nats, unit)]
        _counting_axes(ax, runs, hues, line)
        ax.set_ylim(0, 1.05 * max(values.max() for values in runs.values()) / nats)
        ax.set_xlabel("training step")
        ax.set_ylabel(f"loss in {unit} per scored token")
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
    >>> plt.close(ax.figure)
    """
    runs = _checked_runs("values", values)
    hues = [_hue(architecture), *_OTHER_HUES][: len(runs)]
    with plt.rc_context(_STYLE):
        ax = _axes(ax, (6.5, 3.2), title)
        for hue, numbers in zip(hues, runs.values(), strict=True):
            ax.plot(np.arange(1, len(numbers) + 1), numbers, color=hue, linewidth=2)
        _counting_axes(ax, runs, hues)
        ax.set_ylim(0, 1.05 * max(numbers.max() for numbers in runs.values()) or 1)
        ax.set_xlabel(x)
        ax.set_ylabel(y)
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
    >>> plt.close(ax.figure)
    """
    _check_distribution("model", model)
    _check_distribution("ideal", ideal)
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ValueError(f"top must be a number of words, 1 or more, not {top!r}")
    hue = _hue(architecture)
    words = sorted(
        {**ideal, **model}, key=lambda word: -max(ideal.get(word, 0), model.get(word, 0))
    )[:top]
    shares = [_with_rest(each, words) for each in (model, ideal)]
    rest = max(each[-1] for each in shares) > 0
    shares = [each[: len(words) + rest] for each in shares]
    bars = [(hue, "model", shares[0]), (_IDEAL, "ideal reader", shares[1])]
    with plt.rc_context(_STYLE):
        ax = _axes(ax, (4.5, 1.2 + 0.34 * len(shares[0])), title)
        for side, (colour, name, values) in zip((-0.2, 0.2), bars, strict=True):
            drawn = ax.barh(np.arange(len(values)) + side, values, 0.36, color=colour, label=name)
            ax.bar_label(drawn, [_percent(v) for v in values], padding=3, fontsize=7.5, color=_SOFT)
        ax.set_xlim(0, 1.15 * max(max(values) for _, _, values in bars))
        ax.invert_yaxis()
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(length=0)
        names = [word or "(end)" for word in words] + ["all others"] * rest
        _label(ax.yaxis, names, 20)
        _legend_below(ax, [Patch(color=colour, label=name) for colour, name, _ in bars])
    return ax


def comparison(
    scores: Mapping[str, Mapping[str, float]],
    *,
    ideal: Mapping[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How well the three architectures do on the same tasks: a group of bars for each task.

    `scores` maps task → architecture ("decoder", "encoder", "encoder-decoder") → share of right
    answers, from 0 to 1; an architecture that can't do a task is left out there. `ideal` maps
    task → the ideal reader's share, a dark line across the group.

    Raises TypeError or ValueError for no tasks, an unknown architecture or task, and a share that
    is not between 0 and 1.

    >>> ax = comparison({"fill": {"decoder": 0.5, "encoder": 0.9}}, ideal={"fill": 0.95})
    >>> [round(float(bar.get_height()), 2) for bar in ax.patches]
    [0.5, 0.9]
    >>> plt.close(ax.figure)
    """
    if not isinstance(scores, Mapping) or not scores:
        raise ValueError("scores must map tasks to {architecture: share}, and hold at least one")
    ideal = ideal or {}
    if not ideal.keys() <= scores.keys():
        raise ValueError(
            f"ideal has tasks that scores lack: {sorted(ideal.keys() - scores.keys())}"
        )
    for task, shares in scores.items():
        if not isinstance(shares, Mapping):
            raise TypeError(
                f"scores[{task!r}] must map architecture → share, such as {{'decoder': 0.5}}, got "
                f"{shares!r}"
            )
        for architecture, share in shares.items():
            _hue(architecture)
            _check_share(f"the share of {architecture} in {task!r}", share)
    for task, share in ideal.items():
        _check_share(f"the ideal reader's share in {task!r}", share)
    with plt.rc_context(_STYLE):
        ax = _axes(ax, (6.5, 3.2), title)
        for group, (task, shares) in enumerate(scores.items()):
            for place, (architecture, hue) in zip((-0.26, 0, 0.26), HUES.items(), strict=True):
                if architecture in shares:
                    bar = ax.bar(group + place, shares[architecture], 0.24, color=hue)
                    inside = shares[architecture] > 0.15
                    look = {"color": "white" if inside else _SOFT, "padding": 0 if inside else 2}
                    where = "center" if inside else "edge"
                    label = [_percent(shares[architecture])]
                    ax.bar_label(bar, label, label_type=where, fontsize=7.5, **look)
            if task in ideal:
                ax.hlines(ideal[task], group - 0.4, group + 0.4, colors=_IDEAL, linewidth=2)
        ax.set_xticks(range(len(scores)), list(scores))
        ax.set_ylim(0, 1.1)
        ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        ax.set_ylabel("right answers")
        ax.grid(axis="y")
        ax.spines["left"].set_visible(False)
        ax.tick_params(length=0)
        key = [Patch(color=hue, label=name) for name, hue in HUES.items()]
        if ideal:
            key.append(Line2D([], [], color=_IDEAL, linewidth=2, label="ideal reader"))
        _legend_above(ax, key)
    return ax


# ---- putting figures on the page ----


def panels(count: int, *, size: tuple[float, float] = _WIDE) -> list[Axes]:
    """Axes side by side in one wide figure, to be handed to the functions above as `ax`.

    `size` is the figure's width and height in inches.

    >>> left, middle, right = panels(3)
    >>> plt.close(left.figure)
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 4:
        raise ValueError(f"count must be a number of panels from 1 to 4, not {count!r}")
    with plt.rc_context(_STYLE):
        return list(plt.subplots(1, count, figsize=size, squeeze=False)[1][0])


def show(figure: Figure | Axes, alt: str) -> None:
    """Put a figure on the page with a caption below it, and close the figure.

    `alt` says in one sentence what to see. It is the caption, which everybody can read, select and
    hear, and the alternative text of the picture, which few front ends pass on: JupyterLab and
    nbconvert give every PNG output an empty one.

    Raises TypeError unless the first argument is a Figure or Axes, ValueError if `alt` is empty.

    >>> show(mask([[True]], rows=["It"], columns=["It"]), alt="One token, which sees itself.")
    One token, which sees itself.
    """
    figure = figure.figure if isinstance(figure, Axes) else figure
    if not isinstance(figure, Figure):
        raise TypeError(
            f"figure must be what a plot function returned (Axes, or a Figure), "
            f"not {type(figure).__name__}"
        )
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, not {alt!r}")
    png = BytesIO()
    save(figure, png)
    display(_Picture(png.getvalue(), alt))


def save(figure: Figure, where: BytesIO | str | PathLike) -> None:
    """Write a figure to a PNG file, sharp enough for fine screens, and close it."""
    figure.savefig(where, format="png", dpi=_DRAWN, bbox_inches="tight", pad_inches=0.08)
    plt.close(figure)


# Front ends that drop the style, as GitHub does, still have a small paragraph.
_CAPTION = '<p style="margin: 0 0 1em 0.4em; max-width: 46em"><small>{}</small></p>'


@dataclass(frozen=True)
class _Picture:
    """A PNG file and its caption, one output each; in a plain terminal, the caption."""

    png: bytes
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _ipython_display_(self) -> None:
        width = int.from_bytes(self.png[16:20], "big")  # pixels, from the header of the file
        about = {"alt": self.alt, "width": round(width * _SHOWN / _DRAWN)}
        picture = {"image/png": self.png, "text/plain": self.alt}
        display(picture, metadata={"image/png": about}, raw=True)
        display({"text/html": _CAPTION.format(escape(self.alt, quote=False))}, raw=True)


# ---- the parts that matrices are made of ----
#
# Each takes the place of its first row and column, `at`, so that a figure can hold several
# matrices: an encoder's square, a cross-attention rectangle and a decoder's triangle.

_HIDDEN_KEY = Patch(**_HIDDEN, label="hidden")


def _mask_key(hue: str, hidden: bool) -> list[Patch]:
    return [Patch(color=hue, label="may attend"), *([_HIDDEN_KEY] if hidden else [])]


def _dot_key(hue: str) -> Line2D:
    look = {"markerfacecolor": "white", "markeredgecolor": hue, "markeredgewidth": 2.5}
    return Line2D([], [], linestyle="", marker="o", **look, label="measured influence")


def _fill(ax: Axes, where: np.ndarray, at: tuple[int, int] = (0, 0), **look: Any) -> None:
    """Fill the cells of a (Q, K) matrix that are True."""
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    centres = np.argwhere(where)[:, ::-1] + np.array(at[::-1])  # (cells, 2): x, y
    ax.add_collection(PolyCollection(centres[:, None] + corners, **look), autolim=False)


def _dots(ax: Axes, sizes: np.ndarray, at: tuple[int, int] = (0, 0)) -> None:
    """A white dot in each cell above zero, its diameter growing with the logarithm."""
    cells = np.argwhere(sizes > 0)
    if not len(cells):
        return
    logs = np.log10(sizes[sizes > 0])
    span = max(logs.max() - logs.min(), 1.0)
    share = 0.22 + 0.38 * (1 + (logs - logs.max()) / span)  # of the cell's side
    points = share * _cell(ax)
    ax.scatter(cells[:, 1] + at[1], cells[:, 0] + at[0], s=points**2, c="white", linewidths=0)


def _crosses(ax: Axes, leaks: np.ndarray, at: tuple[int, int] = (0, 0)) -> list[PathCollection]:
    """A red cross on yellow in each cell that is True; their entry in the legend, if any."""
    if not leaks.any():
        return []
    _fill(ax, leaks, at, facecolor=_LEAK_CELL, edgecolor="white", linewidth=0.8)
    cells = np.argwhere(leaks)
    side = _cell(ax)
    return [
        ax.scatter(
            cells[:, 1] + at[1],
            cells[:, 0] + at[0],
            s=(0.42 * side) ** 2,
            c=_LEAK,
            marker="x",
            linewidths=min(2.0, 0.12 * side),
            label="leak",
        )
    ]


def _matrix_axes(
    ax: Axes | None, rows: Sequence[str], columns: Sequence[str], title: str | None
) -> Axes:
    """Axes for a (Q, K) matrix of square cells: queries down, keys across, tokens on both."""
    longest = max(len(rows), len(columns))
    ax = _axes(ax, _SINGLE if longest <= 18 else _LARGE, title)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect="equal")
    ax.set_xlabel("attended to (key)")
    ax.set_ylabel("attends from (query)")
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    _label(ax.xaxis, _visible(columns), _cell(ax), rotation=90)
    _label(ax.yaxis, _visible(rows), _cell(ax))
    return ax


def _cell(ax: Axes) -> float:
    """The side of a cell in points, before tick labels have taken their share of the room."""
    columns, rows = abs(np.diff(ax.get_xlim()))[0], abs(np.diff(ax.get_ylim()))[0]
    return 0.8 * min(_points(ax, "x") / columns, _points(ax, "y") / rows)


# ---- the parts that all figures are made of ----


def _axes(ax: Axes | None, size: tuple[float, float], title: str | None) -> Axes:
    if ax is None:
        ax = plt.subplots(figsize=size)[1]
    elif not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib Axes, not {type(ax).__name__}")
    if title is not None:
        ax.set_title(title)
    return ax


def _points(ax: Axes, side: str) -> float:
    """The width ("x") or height ("y") of the axes in points."""
    box = ax.get_window_extent()
    return (box.width if side == "x" else box.height) * 72 / ax.figure.dpi


def _label(axis: Any, tokens: list[str], room: float, **look: Any) -> None:
    """Write tokens along an axis, every nth if `room`, the points for each, is too little."""
    size = min(9.0, max(6.0, 0.85 * room))
    nth = max(1, math.ceil(size / max(room, 0.1) / 1.15))
    axis.set_ticks(
        range(0, len(tokens), nth),
        tokens[::nth],
        fontsize=size,
        parse_math=False,  # a "$" is a dollar here
        **look,
    )


def _visible(tokens: Sequence[str]) -> list[str]:
    """Tokens whose spaces and line ends can be seen; T5's "▁" would be drawn as a heavy bar.

    >>> _visible(["It", " was", "▁windy"])
    ['It', '␣was', '_windy']
    """
    signs = str.maketrans({" ": "␣", "\n": "↵", "▁": "_"})
    return [token.translate(signs) for token in tokens]


def _legend_below(ax: Axes, handles: list) -> None:
    if handles:
        look = {"columnspacing": 1.4, "handlelength": 1.2, "handletextpad": 0.5}
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.01), "ncols": len(handles)}
        ax.legend(handles=handles, **look, **place)


def _legend_above(ax: Axes, handles: list) -> None:
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(handles)}
    ax.legend(handles=handles, handlelength=1.2, borderaxespad=0.2, **place)


def _counting_axes(
    ax: Axes, runs: Mapping[str, np.ndarray], hues: list[str], more: Sequence[Line2D] = ()
) -> None:
    """Axes whose x counts from 1, with a legend of the runs that have a name and of `more`."""
    ax.set_xlim(0, max(len(values) for values in runs.values()))
    ax.grid(axis="y")
    ax.tick_params(length=0)
    names = zip(hues, runs, strict=True)
    key = [Line2D([], [], color=hue, linewidth=2, label=name) for hue, name in names if name]
    if key or more:
        ax.legend(handles=[*key, *more])


def _floor(ax: Axes, height: float, unit: str) -> Line2D:
    """A dashed line at the floor, and hatching below; the line, with its name and height."""
    ax.axhspan(0, height, **_HIDDEN, zorder=0)
    look = {"color": _IDEAL, "linewidth": 1.4, "linestyle": (0, (4, 2)), "clip_on": False}
    return ax.axhline(height, **look, label=f"floor: {height:.2f} {unit}")


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """The mean over `window` values around each one; over fewer at both ends."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    middle = np.arange(len(values))
    first = np.maximum(middle - (window - 1) // 2, 0)
    last = np.minimum(middle + window // 2 + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)


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


def _array(name: str, values: object) -> np.ndarray:
    """Numbers from a list, an array, or a tensor wherever it lives."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values  # NumPy has no bfloat16
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a matrix with rows of the same length") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, not {type(values).__name__} of {array.dtype}")
    return array


def _checked_matrix(name: str, values: object, rows: object, columns: object) -> np.ndarray:
    """The values as (Q, K), with as many rows and columns as there are labels."""
    matrix = _array(name, values)
    if matrix.ndim != 2:
        raise ValueError(
            f"{name} must be (Q, K), one row a query and one column a key; it has the shape "
            f"{matrix.shape}" + (f". Take one example: {name}[0]" if matrix.ndim > 2 else "")
        )
    wanted = len(_checked_labels("rows", rows)), len(_checked_labels("columns", columns))
    if matrix.shape != wanted:
        raise ValueError(
            f"{name} is {matrix.shape[0]} × {matrix.shape[1]}, but there are {wanted[0]} rows "
            f"(queries) and {wanted[1]} columns (keys)"
        )
    return matrix


def _checked_mask(mask: object, rows: object, columns: object) -> np.ndarray:
    matrix = _checked_matrix("mask", mask, rows, columns)
    if matrix.dtype != bool:
        raise TypeError(
            f"mask must be boolean, True = may attend, not {matrix.dtype}: "
            "mask == 1 if 1 means keep, mask == 0 if it is added to the scores"
        )
    return matrix


def _checked_labels(name: str, tokens: object) -> list[str]:
    if not isinstance(tokens, Iterable) or isinstance(tokens, Mapping):
        raise TypeError(f"{name} must be a list of tokens, not {type(tokens).__name__}")
    tokens = list(tokens)
    if not tokens:
        raise ValueError(f"{name} is empty; give one token for each position")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(
                f"{name} must be strings, not {type(token).__name__} ({token!r}); "
                "tokenizer.convert_ids_to_tokens makes them from ids"
            )
    return tokens


def _checked_losses(name: str, values: object, count: int) -> np.ndarray:
    array = _array(name, values).astype(float)
    if array.shape != (count,):
        raise ValueError(f"{name} must be one number for each of {count} tokens, not {array.shape}")
    if (array < 0).any() or np.isinf(array).any():
        raise ValueError(f"{name} must not be negative or infinite (nan draws nothing)")
    return array


def _checked_runs(name: str, values: object) -> dict[str, np.ndarray]:
    """Name of the run → its numbers; a single run has the name ""."""
    runs = values if isinstance(values, Mapping) else {"": values}
    if not runs:
        raise ValueError(f"{name} is empty; give a list of numbers, such as training.fit returns")
    if len(runs) > 1 + len(_OTHER_HUES):
        most = 1 + len(_OTHER_HUES)
        raise ValueError(f"{name} has {len(runs)} runs; at most {most} can be told apart")
    checked = {}
    for run, numbers in runs.items():
        array = _array(f"{name}[{run!r}]" if run else name, numbers).astype(float)
        if array.ndim != 1 or not len(array):
            raise ValueError(f"{name} must be lists of numbers, not of the shape {array.shape}")
        if not (np.isfinite(array) & (array >= 0)).all():
            raise ValueError(f"{name} must be finite and not negative")
        checked[run] = array
    return checked


def _check_distribution(name: str, distribution: object) -> None:
    if not isinstance(distribution, Mapping):
        raise TypeError(f"{name} must map word → probability, not {type(distribution).__name__}")
    if not distribution:
        raise ValueError(f"{name} is empty; give at least one word with its probability")
    for word, probability in distribution.items():
        if not isinstance(word, str):
            raise TypeError(f"{name} must map strings, not {type(word).__name__} ({word!r})")
        _check_number(f"{name}[{word!r}]", probability, least=0)
    if sum(distribution.values()) > 1 + 1e-3:
        raise ValueError(
            f"{name} must hold probabilities, but they add up to {sum(distribution.values()):.3g}"
        )


def _check_number(name: str, value: object, *, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a plain number, not {type(value).__name__}: {value!r}")
    if not least <= value < math.inf:
        raise ValueError(f"{name} must be finite and at least {least}, not {value}")


def _check_share(name: str, value: object) -> None:
    _check_number(name, value, least=0)
    if value > 1:
        raise ValueError(f"{name} must be between 0 and 1, not {value}")


def _checked_unit(unit: object) -> float:
    if unit not in UNITS:
        raise ValueError(f"unit must be 'bits' or 'nats', not {unit!r}")
    return UNITS[unit]


def _hue(architecture: object) -> str:
    if not isinstance(architecture, str) or architecture not in HUES:
        raise ValueError(f"architecture must be {', '.join(map(repr, HUES))}, not {architecture!r}")
    return HUES[architecture]
