"""A sound, and where in it a decoder looks: one time axis for both."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from numpy.typing import ArrayLike

from helpers import checks
from helpers.plots import colours, data, page

_WIDTH, _ROW, _AROUND = 8.0, 0.22, 0.9  # inches: of the figure, for a row, for title and seconds
_SPECTROGRAM = 5  # as high as so many rows


def listening(
    features: ArrayLike,
    weights: ArrayLike,
    *,
    rows: Sequence[str],
    seconds: float,
    limit: float | None = None,
    label: str = "attention weight",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A log-mel spectrogram, (M, F), and below it each token's weights over the same seconds.

    `weights` is (Q, K): cross-attention on the K positions of the encoder, or influence on the
    F frames, under its own `label`; the columns share the `seconds`, the length of the sound,
    evenly. `rows` are the Q tokens or words. Loud is dark. The scale of the weights runs from 0 to
    `limit`, or to the largest, by square roots, so that faint ones are seen, too; nan, which was
    not measured, is pale. Returns the Axes of the
    spectrogram; those of the weights come next in its figure. A given `ax` is one of `panels`.

    Raises TypeError or ValueError for another shape, for labels that don't fit, for weights that
    are negative or infinite, and for seconds that are no positive number.

    >>> ax = listening([[0.1, 0.9, 0.2, -1.0]], [[0.9, 0.1]], rows=["It"], seconds=0.04)
    >>> [part.get_ylabel() for part in ax.figure.axes[:2]]
    ['mel bin', 'written']
    """
    sound = data.array("features", features, "M F", least=-math.inf)
    weights = data.array("weights", weights, "Q K")
    data.array("weights", weights, "Q K", rows, [""] * weights.shape[1])
    checks.number("seconds", seconds, lambda x: 0 < x < math.inf, "above 0 and finite")
    heights = _SPECTROGRAM, max(_SPECTROGRAM, len(rows))
    with page.house_style():
        ax = page.axes(ax, (_WIDTH, _AROUND + _ROW * sum(heights)), title)
        above, beneath = ax.get_subplotspec().subgridspec(2, 1, height_ratios=heights)
        ax.set_subplotspec(above)
        below = ax.figure.add_subplot(beneath, sharex=ax)
        style = {"aspect": "auto", "interpolation": "nearest"}
        ends = {"extent": (0, seconds, 0, len(sound)), "origin": "lower"}
        ax.imshow(sound, cmap=colours.SOUND, **ends, **style)
        ax.set(ylabel="mel bin", yticks=[0, len(sound) // 2, len(sound)])
        ax.tick_params(labelbottom=False)
        # Weights spread over a long silence are faint: by their square roots they can be seen.
        scale = {"cmap": colours.WEIGHTS, "norm": PowerNorm(0.5, vmin=0.0, vmax=limit)}
        ends = {"extent": (0, seconds, len(rows) - 0.5, -0.5)}
        picture = below.imshow(weights, **scale, **ends, **style)
        below.set(xlabel="seconds", ylabel="written", facecolor=colours.HATCHED["facecolor"])
        below.tick_params(length=0)
        page.write_tokens(below.yaxis, rows, 0.8 * page.points(below)[1] / len(rows))
        ax.figure.colorbar(picture, ax=below, label=label)
    return ax
