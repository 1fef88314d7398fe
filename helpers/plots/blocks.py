"""What a model is built of, as blocks from its ids at the bottom to its logits at the top."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from transformers import PreTrainedModel

from helpers.plots import colours, page
from helpers.plots.anatomy import Part, Stack, dissect

_WIDE, _GAP, _FRAME, _APART = 4.2, 0.42, 0.42, 9.0  # of a block, around it, around a layer, stacks
_TWO_LINES, _TALL = 1.0, {"norm": 0.56, "add": 0.44}  # how tall a block is
_INCHES = 0.36  # for a unit of all these
_TOLD = {"": "", "learned": " + distances", "rotary": ", rotary"}
_TABLES = ("token", "position", "segment")
_CROSS = colours.HUES["encoder-decoder"]
_INK, _GREY, _PALE = "#222222", "#6E6E6E", "#EAEAEA"


def architecture(
    model: PreTrainedModel, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """The blocks of a transformers model, read from the loaded model itself while it runs.

    From the bottom up: ids (or sound), embeddings, the layers, of which one is drawn, the head,
    logits. A line that passes blocks on their left is a residual connection: what it carries is
    added at +. Attention has the hue of its mask, which is drawn in it. An encoder–decoder has two
    stacks, and cross-attention takes its keys and values from the encoder. Shapes are (B, T, …):
    B texts of T tokens; S counts the encoder's. A log-mel spectrogram is
    (B, M, F): M mel bins, given as a number, and F frames.

    Raises TypeError for what is no transformers model, ValueError for one whose layers are no
    chain of attention, feed-forward, norms and additions.

    >>> from transformers import BertConfig, BertForMaskedLM
    >>> size = {"vocab_size": 99, "hidden_size": 8, "num_hidden_layers": 3}
    >>> model = BertForMaskedLM(BertConfig(**size, num_attention_heads=2, intermediate_size=16))
    >>> ax = architecture(model)
    >>> [text.get_text() for text in ax.texts if "token" in text.get_text()]
    ['token\\n99 × 8']
    """
    found = dissect(model)
    heads = [[] for _ in found.stacks[:-1]] + [found.head]
    columns = [
        _Column(stack, head, place * _APART)
        for place, (stack, head) in enumerate(zip(found.stacks, heads, strict=True))
    ]
    left, right = -0.5 * _WIDE - 1.1, columns[-1].x + 0.5 * _WIDE + 2.6
    top = max(column.top for column in columns) + 1.3
    with page.house_style():
        ax = page.axes(ax, (_INCHES * (right - left), _INCHES * (top + 0.6)), title)
        ax.set(xlim=(left, right), ylim=(-0.6, top), aspect="equal")
        ax.axis("off")
        for column in columns:
            source = len(columns) == 2 and column is columns[0]
            sound = found.sound if source else ""
            column.draw(ax, "S" if source else "T", sound, found.tied)
        if len(columns) == 2:
            _bridge(ax, *columns)
    return ax


class _Column:
    """One stack and its head: rows of blocks from the bottom up, and where each of them lies."""

    def __init__(self, stack: Stack, head: Sequence[Part], x: float) -> None:
        self.stack, self.head, self.x = stack, head, x
        before = _rows_before(stack)
        self.rows = [*before, *([part] for part in (*stack.layer, *stack.after, *head))]
        self.layer = range(len(before), len(before) + len(stack.layer))
        self.bottoms, self.tops = [], []
        y = 0.0
        for index, row in enumerate(self.rows):
            y += _GAP + _FRAME * (index in (self.layer.start, self.layer.stop))
            self.bottoms.append(y)
            y += _TALL.get(row[0].kind, _TWO_LINES)
            self.tops.append(y)
        self.top = y

    def middle(self, row: int) -> float:
        return (self.bottoms[row] + self.tops[row]) / 2

    def places(self, row: int) -> list[tuple[float, float]]:
        """The middle and the width of each block in a row: tables stand side by side."""
        count = len(self.rows[row])
        width = (_WIDE + 0.5 * (count - 1)) / count
        first = self.x - (width + 0.2) * (count - 1) / 2
        return [(first + place * (width + 0.2), width) for place in range(count)]

    def draw(self, ax: Axes, length: str, sound: str, tied: bool) -> None:
        hue = colours.HUES[self.stack.kind]
        self._frame(ax, hue)
        for row, start in enumerate([0.0, *self.tops[:-1]]):
            if row == 0 or len(self.rows[row - 1]) == 1:
                above = self.places(row)[0][0], self.bottoms[row]
                below = (self.x if row else above[0]), start
                middle = (start + above[1]) / 2
                _line(ax, [below, (below[0], middle), (above[0], middle), above])
        for row, parts in enumerate(self.rows):
            self._row(ax, row, parts, hue, tied)
        skips = [row for row in self.layer if self.rows[row][0].kind == "add"]
        for row in skips:
            self._skip(ax, self.layer.start + self.rows[row][0].since, row)
        reads = f"log-mel spectrogram ({sound})" if sound else f"ids (B, {length})"
        _write(ax, self.places(0)[0][0], -0.3, reads)
        width = self.stack.layer[0].sizes[0]
        note = {"ha": "left", "color": _GREY}
        below = self.bottoms[self.layer.start] - _FRAME - 0.5 * _GAP
        _write(ax, self.x + 0.2, below, f"(B, {length}, {width:,})", **note)
        if len(self.head) > 1:  # a bracket around its blocks
            low, inner = self.bottoms[-len(self.head)], self.x + _WIDE / 2 + 0.25
            outer = inner + 0.15
            _line(
                ax, [(inner, low), (outer, low), (outer, self.top), (inner, self.top)], color=_GREY
            )
            _write(ax, outer + 0.2, (low + self.top) / 2, "head", **note)
        if self.head:
            _line(ax, [(self.x, self.top), (self.x, self.top + 0.5)], arrow=True)
            vocabulary = self.head[-1].sizes[-1]
            _write(ax, self.x, self.top + 0.8, f"logits (B, {length}, {vocabulary:,})")

    def _frame(self, ax: Axes, hue: str) -> None:
        """The layer: a pale frame around its rows, and how many there are of it."""
        bottom = self.bottoms[self.layer.start] - _FRAME
        top = self.tops[self.layer.stop - 1] + 0.6 * _FRAME
        left, width = self.x - _WIDE / 2 - 1.0, _WIDE + 1.4
        style = {"boxstyle": "round,pad=0,rounding_size=0.25", "linewidth": 1.0, "zorder": 0}
        frame = FancyBboxPatch(
            (left, bottom),
            width,
            top - bottom,
            fc=to_rgba(hue, 0.07),
            ec=to_rgba(hue, 0.4),
            **style,
        )
        ax.add_patch(frame)
        many = f"× {self.stack.depth}"
        beside, upper = left + 0.25, (bottom + 3 * top) / 4
        _write(ax, beside, upper, "residual connections", rotation=90, color=_GREY, fontsize=7)
        place = left + width + 0.25, (bottom + top) / 2
        _write(ax, *place, many, ha="left", fontsize=13, color=hue, weight="bold")

    def _row(self, ax: Axes, row: int, parts: Sequence[Part], hue: str, tied: bool) -> None:
        if parts[0].kind == "add":
            ax.add_patch(Circle((self.x, self.middle(row)), 0.22, fc="white", ec=_INK, lw=0.9))
            _write(ax, self.x, self.middle(row) - 0.02, "+", fontsize=9)
            return
        for part, (middle, width) in zip(parts, self.places(row), strict=True):
            box = middle - width / 2, self.bottoms[row], width, self.tops[row]
            self._block(ax, part, box, hue, row, tied)
            if len(parts) > 1:  # all of them into one addition
                up = self.middle(row + 1)
                _line(ax, [(middle, self.tops[row]), (middle, up), (self.x, up)])
        if parts[-1].kind in _TABLES:
            beside = self.places(row)[-1][0] + self.places(row)[-1][1] / 2 + 0.25
            _write(ax, beside, self.middle(row), "embeddings", ha="left", color=_GREY)

    def _block(
        self, ax: Axes, part: Part, box: tuple[float, ...], hue: str, row: int, tied: bool
    ) -> None:
        left, bottom, width, top = box
        attends = part.kind in ("attention", "cross")
        colour = {"attention": hue, "cross": _CROSS, "norm": "#FFFFFF"}.get(part.kind, _PALE)
        edge = colour if attends else "#B0B0B0"
        style = {"boxstyle": "round,pad=0,rounding_size=0.12", "fc": colour, "ec": edge, "lw": 0.8}
        ax.add_patch(FancyBboxPatch((left, bottom), width, top - bottom, **style, zorder=2))
        last = bool(self.head) and row == len(self.rows) - 1  # the matrix that makes the logits
        alone = last and len(self.head) == 1
        lines = _label(part, self.stack, is_head=alone, tied=last and tied)
        x = left + width / 2 - 0.45 * attends
        longest = max(map(len, lines.split("\n")))
        size = min(6.5 if width < _WIDE / 2 else 7.5, 120 * _INCHES * width / longest)
        _write(
            ax,
            x,
            (bottom + top) / 2,
            lines,
            color="white" if attends else _INK,
            zorder=4,
            fontsize=size,
        )
        if attends:
            seen = "cross" if part.kind == "cross" else self.stack.kind
            _glyph(ax, (left + width - 0.95, bottom + 0.14), top - bottom - 0.28, colour, seen)

    def _skip(self, ax: Axes, since: int, row: int) -> None:
        """A residual connection: from below the row where it branches off to the addition."""
        left, start = self.x - _WIDE / 2 - 0.5, self.bottoms[since] - _GAP / 2
        end = self.middle(row)
        way = [(self.x, start), (left, start), (left, end), (self.x - 0.22, end)]
        _line(ax, way, arrow=True)


def _rows_before(stack: Stack) -> list[list[Part]]:
    """Convolutions one by one, but the last (or the token table) beside the tables added to it."""
    main = [part for part in stack.before if part.kind == "convolution"]
    tables = sorted(
        (part for part in stack.before if part.kind in _TABLES),
        key=lambda part: _TABLES.index(part.kind),
    )
    together = [*main[-1:], *tables]
    rows = [[part] for part in main[:-1]] + [together]
    if len(together) > 1:
        rows.append([Part("add")])
    return rows + [[part] for part in stack.before if part.kind in ("norm", "linear")]


def _label(part: Part, stack: Stack, is_head: bool, tied: bool) -> str:
    arrow = " → ".join(f"{size:,}" for size in part.sizes)
    if part.kind in _TABLES:
        return f"{part.kind}\n{part.sizes[0]:,} × {part.sizes[1]:,}"
    if part.kind == "convolution":
        came, went, _, step = part.sizes
        return f"convolution\n{came} → {went}" + (f", step {step}" if step > 1 else "")
    if part.kind == "attention":
        name = "causal self-attention" if stack.kind == "decoder" else "self-attention"
        return f"{name}\n{stack.heads} heads" + _TOLD[stack.distances]
    if part.kind == "cross":
        return f"cross-attention\n{stack.heads} heads"
    if part.kind == "norm":
        return "norm"
    name = "head" if is_head else part.kind
    return f"{name}{', weights tied' if tied else ''}\n{arrow}"


def _glyph(
    ax: Axes, corner: tuple[float, float], size: float, hue: str, kind: str, n: int = 4
) -> None:
    """A small mask: filled where a query (row) may attend to a key (column)."""
    x, y = corner
    ax.add_patch(Rectangle(corner, size, size, fc="white", ec="none", zorder=3))
    cell = size / n
    for query in range(n):
        for key in range(n):
            seen = kind != "decoder" or key <= query
            place = x + key * cell + 0.03, y + (n - 1 - query) * cell + 0.03
            colour = hue if seen else "#DDDDDD"
            ax.add_patch(Rectangle(place, cell - 0.06, cell - 0.06, fc=colour, ec="none", zorder=4))


def _bridge(ax: Axes, encoder: _Column, decoder: _Column) -> None:
    """From the encoder's last states into every cross-attention."""
    row = next(row for row in decoder.layer if decoder.rows[row][0].kind == "cross")
    x, up, level = decoder.x - _WIDE / 2 - 1.9, encoder.top + 0.5, decoder.middle(row)
    way = [(encoder.x, encoder.top), (encoder.x, up), (x, up), (x, level)]
    _line(ax, [*way, (decoder.x - _WIDE / 2, level)], arrow=True, color=_CROSS, lw=1.8)
    width = encoder.stack.layer[0].sizes[0]
    text = f"keys and values from (B, S, {width:,})"
    _write(ax, (encoder.x + x) / 2, up + 0.3, text, color=_CROSS)


def _write(ax: Axes, x: float, y: float, text: str, **style: Any) -> None:
    usual = {"ha": "center", "va": "center", "fontsize": 7.5, "color": _INK, "linespacing": 1.25}
    ax.text(x, y, text, **usual | style)


def _line(
    ax: Axes, points: Sequence[tuple[float, float]], arrow: bool = False, **style: Any
) -> None:
    usual = {"color": _INK, "lw": 0.9, "zorder": 1} | style
    xs, ys = zip(*points, strict=True)
    ax.plot(xs, ys, solid_capstyle="round", solid_joinstyle="round", **usual)
    if arrow:
        look = {"arrowstyle": "-|>", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0}
        look |= {"color": usual["color"], "lw": usual["lw"]}
        ax.annotate("", points[-1], points[-2], arrowprops=look, zorder=usual["zorder"])
