"""`player`: a model's masks, weights and reach, to be looked through by mouse and keyboard."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from io import BytesIO
from pathlib import Path

import matplotlib
import torch
from matplotlib.colors import to_hex
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from helpers import attention, checks
from helpers.attention import families, gradients
from helpers.attention.inputs import check
from helpers.plots import colours, matrices, page

_LONGEST = 40  # tokens
_TEMPLATE = Path(__file__).with_name("player.html")
_SCALE = [to_hex(colour) for colour in matplotlib.colormaps[colours.WEIGHTS].resampled(21).colors]
_INKS = {"decoder": "#fff", "encoder": "#000", "encoder-decoder": "#000"}  # read well on the hues
_NAMES = {
    "encoder": "encoder: self-attention",
    "cross": "decoder: cross-attention to the source",
    "decoder": "decoder: self-attention",
}
_COLUMNS = ("key", "may attend", "weight", "reached after", "measured")
_MEASURED = {1: "yes", 0: "no", None: "not measured"}


def player(
    model: PreTrainedModel,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
    alt: str | None = None,
    **inputs: Tensor | bool,
) -> page.Picture:
    """Masks, attention weights and reach of a model, in all its layers and heads, to play with.

    As the last line of a cell, it shows itself. Choose a query by a click or the arrow keys, a
    layer and a head by the sliders. A grid, queries down and keys across, shows one of three
    things, and a table beside it all of them for the chosen query:

    mask     which keys the query may attend to in this layer, as `attention.record` heard it
    weights  how strongly it does so, in this layer and head, in whole percents
    reach    after which layer the key's input can first have got here, by any way through the
             layers so far: `attention.reach`, the product of the recorded masks with the residual
             connection. "measured" says whether `attention.influence`, a gradient through the whole
             model, is not 0.0. It is marked where the two disagree.

    An encoder–decoder has three grids in one, as in `encoder_decoder`. `tokenizer` writes the
    tokens; without one they are their ids. `alt` is the caption.

    It is one piece of HTML without network: about 17 KB, and two bytes for each weight. Where
    scripts don't run, a table of the query in the middle is left, and where there is no HTML, a
    picture. All is computed in double precision, so that the same parameters give the same percents
    on every processor.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1))
    >>> player(model, input_ids=torch.tensor([[3, 4, 5]]), alt="Three tokens, to play with.")
    Three tokens, to play with.

    Raises TypeError or ValueError like `attention.record` and `attention.influence`, for more than
    one text, for more than 40 tokens, and for models that hear: their hundreds of positions fit no
    grid (see `listening`).
    """
    check(model, inputs)
    if alt is not None:
        page.check_alt(alt)
    tokens = _tokens(model, tokenizer, inputs)
    labels = [page.visible(token) for names in tokens for token in names]
    room = f"inputs must hold at most {_LONGEST} tokens, got {len(labels)}: shorten the text"
    checks.need(len(labels) <= _LONGEST, room)
    stacks = _stacks(model, inputs, [len(names) for names in tokens])
    query = len(labels) - 1 - len(tokens[-1]) // 2  # in the middle of the text that is written
    if alt is None:
        title, counts, end = _said(stacks, labels, query)
        alt = f"{type(model).__name__}. {title}{counts} {end}"
    return page.Picture(_png(stacks, tokens), alt, _html(stacks, labels, query, alt))


@dataclass(frozen=True)
class _Stack:
    """The layers of one kind: queries in `rows` and keys in `columns` of the whole grid."""

    kind: str
    rows: range
    columns: range
    masks: list  # (L, Q, K) of 0 and 1
    weights: list  # (L, H, Q, K), in percent
    after: list  # (Q, K): see attention.reach
    influence: Tensor  # (Q, K)

    @property
    def measured(self) -> list:
        """Whether something was measured, (Q, K) of 0 and 1, None in rows of padding."""
        return [
            [None if x != x else int(x > 0) for x in line]  # x != x: it is nan
            for line in self.influence.tolist()
        ]

    def line(self, query: int) -> list[tuple]:
        """Of each key, for a query in the first layer and head: mask, weight, after, measured."""
        row = query - self.rows.start
        of_all = self.masks[0], self.weights[0][0], self.after, self.measured
        return list(zip(*(each[row] for each in of_all), strict=True))


def _tokens(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None, inputs: dict
) -> list[list[str]]:
    """The tokens of each text that the model reads: the source's first, the target's last."""
    checks.need(
        not families.hears(model),
        f"model must read text; {type(model).__name__} hears hundreds of positions, which fit no "
        "grid: draw attention.record with plots.listening",
    )
    if tokenizer is not None:
        wanted = "a tokenizer of transformers, or None for ids"
        checks.instance("tokenizer", tokenizer, PreTrainedTokenizerBase, wanted)
    texts = [inputs["input_ids"]]
    if model.config.is_encoder_decoder:
        texts.append(_target(model, inputs))
    count = len(texts[0])
    checks.need(count == 1, f"inputs must hold one text, got {count}: cut each tensor, ids[:1]")
    ids = [text[0].tolist() for text in texts]
    if tokenizer is None:
        return [list(map(str, text)) for text in ids]
    return [[str(token) for token in tokenizer.convert_ids_to_tokens(text)] for text in ids]


def _target(model: PreTrainedModel, inputs: dict) -> Tensor:
    """What the decoder reads: its own text, or the labels, moved by one as the model does it."""
    if inputs.get("decoder_input_ids") is not None:
        return inputs["decoder_input_ids"]
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    makes_none = f"{type(model).__name__} does not say what it makes of labels"
    checks.need(shift, f"inputs must hold decoder_input_ids, because {makes_none}")
    return shift(labels=inputs["labels"])


def _stacks(model: PreTrainedModel, inputs: dict, lengths: Sequence[int]) -> list[_Stack]:
    with gradients.InDouble():
        records = attention.record(gradients.in_double(model), **inputs)
    after = attention.reach(records)
    influences = attention.influence(model, **inputs)
    first, last = range(lengths[0]), range(sum(lengths[:-1]), sum(lengths))
    places = {"encoder": (first, first), "cross": (last, first), "decoder": (last, last)}
    found = []
    for kind in (kind for kind in places if kind in after):
        layers = [record for record in records if record.kind == kind]
        found.append(
            _Stack(
                kind,
                *places[kind],
                [layer.mask[0].int().tolist() for layer in layers],
                [_percents(layer.weights[0]) for layer in layers],
                after[kind][0].tolist(),
                influences[kind][0].cpu(),
            )
        )
    return found


def _percents(weights: Tensor) -> list:
    """Whole percents. Halves go up, also when they come a little short: ⅛ is 13 everywhere."""
    return (100 * weights + 0.5 + 1e-6).floor().int().tolist()


def _packed(percents: list) -> str:
    """A (Q, K) of percents, read line by line, in two hexadecimal digits each."""
    return bytes(percent for line in percents for percent in line).hex()


def _said(stacks: list[_Stack], labels: list[str], query: int) -> tuple[str, str, str]:
    """What stands above the table, in two parts, and how many have reached the query in the end."""
    keys = [key for stack in stacks if query in stack.rows for key in stack.line(query)]
    seen = sum(mask for mask, *_ in keys)
    here = sum(after in (0, 1) for _, _, after, _ in keys)
    end = sum(after >= 0 for _, _, after, _ in keys)
    title = f"Query {labels[query]}, layer 1, head 1"
    of = f"of {len(keys)}"
    counts = f": may attend to {seen} {of} keys; {here} {of} inputs have reached it."
    return title, counts, f"After the last layer {end} have."


def _html(stacks: list[_Stack], labels: list[str], query: int, alt: str) -> str:
    data = {
        "tokens": labels,
        "query": query,
        "scale": _SCALE,
        "stacks": [
            {
                "name": _NAMES[stack.kind],
                "kind": stack.kind,
                "hue": colours.HUES[matrices.STACKS[stack.kind]],
                "ink": _INKS[matrices.STACKS[stack.kind]],
                "row": stack.rows.start,
                "column": stack.columns.start,
                "masks": stack.masks,
                "weights": [[_packed(head) for head in layer] for layer in stack.weights],
                "after": stack.after,
                "measured": stack.measured,
            }
            for stack in stacks
        ],
    }
    written = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    parts = {
        "LEAK": colours.LEAK,
        "CELL": colours.LEAK_CELL["facecolor"],
        "FOCUS": colours.HUES["decoder"],
        "ID": sha256(written.encode()).hexdigest()[:12],  # the same for the same numbers
        "ALT": escape(alt),
        "TABLE": _table(stacks, labels, query),
        "DATA": written,
    }
    template = _TEMPLATE.read_text(encoding="utf-8")
    return re.sub("%([A-Z]+)%", lambda place: parts[place[1]], template)


def _table(stacks: list[_Stack], labels: list[str], query: int) -> str:
    """The chosen query's keys in the first layer and head: what stands there without the script."""
    rows = [_row("th", *_COLUMNS)]
    for stack in (stack for stack in stacks if query in stack.rows):
        rows.append(f'<tr><th colspan="5">{_NAMES[stack.kind]}</th></tr>')
        for key, (mask, weight, after, measured) in zip(
            stack.columns, stack.line(query), strict=True
        ):
            reached = {-1: "never", 0: "the start"}.get(after, f"layer {after}")
            says = ["yes" if mask else "no", f"{weight} %", reached, _MEASURED[measured]]
            rows.append(_row("td", labels[key], *says))
    title, counts, _ = _said(stacks, labels, query)
    return f"<p><b>{escape(title)}</b>{counts}</p><table>{''.join(rows)}</table>"


def _row(tag: str, first: str, *texts: str) -> str:
    cells = "".join(f"<{tag}>{text}</{tag}>" for text in texts)
    return f"<tr><th>{escape(first)}</th>{cells}</tr>"


_REACHED = {"allowed by the rule": "can reach", "not allowed": "can't reach"}


def _png(stacks: list[_Stack], tokens: list[list[str]]) -> bytes:
    """The reach through all layers, filled, and the influence measured, as dots."""
    reached = {stack.kind: torch.tensor(stack.after) >= 0 for stack in stacks}
    flows = {stack.kind: stack.influence for stack in stacks}
    title, (kind, *others) = "reach through all layers", reached
    if others:
        names = {"source": tokens[0], "target": tokens[1]}
        ax = matrices.encoder_decoder(reached, flows, **names, title=title)
    else:
        names = {"rows": tokens[0], "columns": tokens[0], "architecture": kind}
        ax = matrices.influence(reached[kind], flows[kind], **names, title=title)
    for label in ax.get_legend().get_texts():  # not one mask's rule, but that of all together
        label.set_text(_REACHED.get(label.get_text(), label.get_text()))
    png = BytesIO()
    page.save(ax.figure, png)
    return png.getvalue()
