"""What is read and what is asked for, position by position: the shift of the targets, drawn."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from helpers import checks
from helpers.plots import colours, page

_WIDE, _TALL, _APART = 0.92, 0.5, 1.25  # of a box, and from row to row
_LABELS = -0.7  # how far below what is read
_GREY = {"facecolor": "#EAEAEA", "edgecolor": "#B0B0B0"}
_EMPTY = {"facecolor": "white", "edgecolor": "#C4C4C4", "linestyle": (0, (3, 2))}


def shift(
    read: Sequence[str],
    asked: Sequence[str | None],
    *,
    at: int | None = None,
    causal: bool = True,
    labels: Sequence[str] | None = None,
    architecture: str = "decoder",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Two rows of tokens: below, what stands at each position; above, the target that it is asked.

    None in `asked` is a position that is not scored, an empty box. An arrow leads from every
    token that is read to its target. It is red where the token is its own target, so that the
    answer can be read. Where the target is read further on, a dotted line leads to the first such
    place, hidden by the causal mask; without one (`causal=False`) this is a red arrow as well. With
    `at`, the guess at that position stands out, with an arrow from every token that it may rest on;
    those that a causal mask hides are hatched. `labels`, what the library is given, can stand
    below.

    Raises ValueError unless all rows have the same length, and `at` is a position that is scored.

    >>> ax = shift(["Tom", "Ġran", "."], ["Ġran", ".", None])
    >>> {text.get_text() for text in ax.texts} >= {"Tom", "␣ran", ".", "not scored"}
    True
    """
    checks.need(
        len(read) == len(asked) and read,
        f"asked must hold a target (or None) for each of {len(read)} tokens, got {len(asked)}",
    )
    checks.need(
        labels is None or len(labels) == len(read),
        f"labels must hold one for each of {len(read)} tokens, got {labels!r}",
    )
    if at is not None:
        checks.whole("at", at, least=0, below=len(read))
        checks.need(asked[at] is not None, f"at must be a position that is scored, got {at}")
    hue = colours.hue(architecture)
    with page.house_style():
        ax = page.axes(ax, (max(4.5, 0.78 * len(read) + 1.3), 1.9), title)
        ax.set(xlim=(-2.0, len(read) - 0.4), ylim=(-0.5 if labels is None else -1.0, _APART + 0.5))
        ax.axis("off")
        for place, (token, target) in enumerate(zip(read, asked, strict=True)):
            hidden = causal and at is not None and place > at
            _box(ax, place, 0.0, page.visible(token), **(colours.HATCHED if hidden else _GREY))
            if target is None:
                _box(ax, place, _APART, "not scored", **_EMPTY)
                continue
            chosen = at in (None, place)
            look = {"facecolor": "white", "edgecolor": hue if chosen else _GREY["edgecolor"]}
            _box(ax, place, _APART, page.visible(target), **look)
            sources = [place]
            if place == at:
                sources = range(at + 1 if causal else len(read))
            for source in sources:
                colour = colours.LEAK if target == token else look["edgecolor"]
                _arrow(ax, (source, _TALL / 2), (place, _APART - _TALL / 2), colour, "-|>")
            if chosen and target in read[place + 1 :]:
                answer = read.index(target, place + 1)
                way = (answer - 0.15, _TALL / 2), (place + 0.2, _APART - _TALL / 2)
                if causal:
                    _arrow(ax, *way, "#9A9A9A", "-", linestyle=":")
                else:
                    _arrow(ax, *way, colours.LEAK, "-|>")
        for place, label in enumerate(labels or ()):
            ax.text(place, _LABELS, page.visible(label), ha="center", va="center", fontsize=8.5)
        names = {0.0: "read", _APART: "target"} | ({_LABELS: "labels"} if labels else {})
        for height, name in names.items():
            ax.text(-0.75, height, name, ha="right", va="center", color="#6E6E6E", fontsize=9)
    return ax


def _box(ax: Axes, x: float, y: float, token: str, **style) -> None:
    corner = x - _WIDE / 2, y - _TALL / 2
    round_box = "round,pad=0,rounding_size=0.08"
    ax.add_patch(FancyBboxPatch(corner, _WIDE, _TALL, boxstyle=round_box, **style))
    size = 8.5 if len(token) < 9 else 6.0
    ax.text(x, y, token, ha="center", va="center", fontsize=size, parse_math=False)


def _arrow(ax: Axes, start: tuple, end: tuple, colour: str, head: str, **style) -> None:
    look = {"arrowstyle": head, "color": colour, "shrinkA": 1, "shrinkB": 1, "lw": 1.1}
    ax.annotate("", end, start, arrowprops=look | style)
