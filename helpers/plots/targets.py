"""What is read and what is asked for, position by position: the shift of the targets, drawn."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from helpers import checks
from helpers.plots import colours, page

_WIDE, _TALL, _ROUND = 0.92, 0.5, 0.17  # of a box, and half of a guess
_GUESS, _TARGET, _LABELS = 1.15, 1.9, 2.85  # the height of each row; what is read is at 0
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
    """From below: what each position reads, its guess, and the target that the guess is scored by.

    None in `asked` is a position that is not scored, an empty box. An arrow leads from every
    token that is read to its guess. It is red where the token is its own target, so that the
    answer can be read. Where the target is read further on, a dotted line leads to the first such
    place, hidden by the causal mask; without one (`causal=False`) this is a red arrow as well. With
    `at`, that guess alone has arrows, from every token that it may rest on; those that a causal
    mask hides are hatched. `labels`, what the loss is given, can stand above the targets, each
    with an arrow to the target that it becomes: its own place, or, where every target is the next
    label, one place to the left.

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
        top = (_TARGET if labels is None else _LABELS) + 0.5
        ax = page.axes(ax, (max(4.5, 0.78 * len(read) + 1.3), 0.6 + 0.75 * top), title)
        ax.set(xlim=(-2.0, len(read) - 0.4), ylim=(-0.5, top))
        ax.axis("off")
        for place, (token, target) in enumerate(zip(read, asked, strict=True)):
            hidden = causal and at is not None and place > at
            chosen = target is not None and at in (None, place)
            edge = hue if chosen else _GREY["edgecolor"]
            _box(ax, place, 0.0, page.visible(token), **(colours.HATCHED if hidden else _GREY))
            ring = {"boxstyle": "circle", "facecolor": "white", "edgecolor": edge}
            ax.text(place, _GUESS, "?", ha="center", va="center", fontsize=8.5, bbox=ring)
            if target is None:
                _box(ax, place, _TARGET, "not scored", **_EMPTY)
                continue
            _box(ax, place, _TARGET, page.visible(target), facecolor="white", edgecolor=edge)
            scored = (place, _GUESS + _ROUND), (place, _TARGET - _TALL / 2)
            _arrow(ax, *scored, edge, "-")
            if not chosen:
                continue
            sources = [place]
            if place == at:
                sources = range(at + 1 if causal else len(read))
            for source in sources:
                colour = colours.LEAK if target == token else edge
                _arrow(ax, (source, _TALL / 2), (place, _GUESS - _ROUND), colour, "-|>")
            if target in read[place + 1 :]:
                answer = read.index(target, place + 1)
                way = (answer - 0.15, _TALL / 2), (place + 0.15, _GUESS - _ROUND)
                if causal:
                    _arrow(ax, *way, "#9A9A9A", "-", linestyle=":")
                else:
                    _arrow(ax, *way, colours.LEAK, "-|>")
        if labels is not None:
            _give(ax, labels, asked)
        names = {0.0: "read", _GUESS: "guess", _TARGET: "target"} | (
            {_LABELS: "labels"} if labels else {}
        )
        for height, name in names.items():
            ax.text(-0.75, height, name, ha="right", va="center", color="#6E6E6E", fontsize=9)
    return ax


def _give(ax: Axes, labels: Sequence[str], asked: Sequence[str | None]) -> None:
    """The row of labels, and the way of each to its target."""
    ahead = [*labels[1:], None]
    moved = all(target in (None, label) for target, label in zip(asked, ahead, strict=True))
    for place, label in enumerate(labels):
        _token(ax, place, _LABELS, page.visible(label))
        end = place - 1 if moved else place
        if end >= 0 and asked[end] is not None:
            way = (place - 0.2 * moved, _LABELS - 0.2), (end + 0.2 * moved, _TARGET + _TALL / 2)
            _arrow(ax, *way, "#9A9A9A", "-|>")


def _box(ax: Axes, x: float, y: float, token: str, **style) -> None:
    corner = x - _WIDE / 2, y - _TALL / 2
    round_box = "round,pad=0,rounding_size=0.08"
    ax.add_patch(FancyBboxPatch(corner, _WIDE, _TALL, boxstyle=round_box, **style))
    _token(ax, x, y, token)


def _token(ax: Axes, x: float, y: float, token: str) -> None:
    size = 8.5 if len(token) < 9 else 6.0
    ax.text(x, y, token, ha="center", va="center", fontsize=size, parse_math=False)


def _arrow(ax: Axes, start: tuple, end: tuple, colour: str, head: str, **style) -> None:
    look = {"arrowstyle": head, "color": colour, "shrinkA": 1, "shrinkB": 1, "lw": 1.1}
    ax.annotate("", end, start, arrowprops=look | style)
