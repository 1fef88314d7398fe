"""The exercises of the third notebook."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from math import inf

import torch
from torch import Tensor
from torch.nn import functional

from helpers import masks
from helpers.exercises.checker import EXERCISES, Exercise

# ---- on paper ----

EXERCISES["seq2seq.leak"] = Exercise(
    reference={"right": "a", "leaks": "b", "first": "<pad>", "lacks": "123"},
    mistakes={
        ("right", "b"): "b reads at each position the very token that it is asked for there.",
        ("right", "c"): "c starts with <pad> twice: it lags behind by one more token.",
        ("leaks", "a"): "at position 1, a reads A and is asked for B. That is no leak.",
        ("leaks", "c"): "c reads too little, not too much.",
        ("first", "a"): "A is what it is asked for there. It must read something before that.",
        ("first", "</s>"): "</s> is the last thing that it is asked for, and is never read.",
        ("first", "<s>"): "T5 has no such token. Look at the first column of the right batch.",
        ("lacks", "0123"): "at position 0 it lacks nothing: no letter comes before A.",
        ("lacks", "3"): "it is so before the last position as well.",
        ("lacks", "1"): "it never catches up: the shift is the same at later positions.",
        ("lacks", "23"): "at position 1 it is asked for B, and has read no A.",
        ("lacks", "01"): "that is where c reads <pad>. Ask which letter it has not read yet.",
    },
    also=[
        {"lacks": "123", "first": "<PAD>", "leaks": "B", "right": "A"},
        {"right": " a", "leaks": "b ", "first": "<pad>", "lacks": "123 "},
    ],
)

EXERCISES["seq2seq.symptoms"] = Exercise(
    reference={"a": 2, "b": 5, "c": 4, "d": 1},
    mistakes={
        ("a", 1): "with that bug the loss can't come near 0.",
        ("a", 4): "then it would translate.",
        ("b", 2): "then the loss would be near 0 after a few steps.",
        ("b", 3): "that harms nobody: the decoder's padding lies in the future of every token that "
        "is scored.",
        ("b", 1): "then the loss would show it.",
        ("c", 3): "that changes no loss. The loss is a mean: ask what it is taken over.",
        ("c", 2): "then it would not translate.",
        ("d", 3): "a mask that isn't needed keeps nothing from being learned.",
        ("d", 5): "training never meets the token from which writing starts.",
    },
    also=[
        {"d": 1, "c": 4, "b": 5, "a": 2},
        {"a": torch.tensor(2), "b": 5, "c": 4, "d": torch.tensor([1])},
    ],
)


# ---- masks ----


def one_mask(attention_mask: Tensor, length: int) -> Tensor:
    """The three masks for source and target in one row: (B, S) and T → (B, S + T, S + T)."""
    source = attention_mask.shape[1]
    mask = masks.causal(source + length)
    mask[:source, :source] = True
    return mask & masks.padding(functional.pad(attention_mask, (0, length), value=1))


def _parts(**change: Callable[[Tensor], Tensor]) -> Callable:
    """A wrong `one_mask`: what becomes of its square, corner, bridge or triangle."""

    def wrong(attention_mask: Tensor, length: int) -> Tensor:
        source = attention_mask.shape[1]
        made, before, after = one_mask(attention_mask, length), slice(source), slice(source, None)
        places = {"square": (before, before), "corner": (before, after)}
        places |= {"bridge": (after, before), "triangle": (after, after)}
        for name, edit in change.items():
            made[:, *places[name]] = edit(made[:, *places[name]])
        return made

    return wrong


def _all(part: Tensor) -> Tensor:
    return part | True


def _none(part: Tensor) -> Tensor:
    return part & False


def _stacked(attention_mask: Tensor, length: int) -> Tensor:
    """`one_mask`, put together from its four parts."""
    count, source = attention_mask.shape
    real, causal = masks.padding(attention_mask), masks.causal(length)
    corner = torch.zeros(count, source, length, dtype=torch.bool)
    above = torch.cat([real.expand(-1, source, -1), corner], -1)
    below = torch.cat([real.expand(-1, length, -1), causal.expand(count, -1, -1)], -1)
    return torch.cat([above, below], 1)


EXERCISES["seq2seq.masks"] = Exercise(
    reference=one_mask,
    inputs=[
        (torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]), 3),
        (torch.tensor([[1, 1, 0], [1, 0, 0]]), 5),
    ],
    mistakes={
        lambda m, length: ~one_mask(m, length): "inverted: True means *may attend*.",
        _parts(square=_all, bridge=_all): "the source's padding is visible: hide its columns.",
        _parts(bridge=_all): "the target sees the source's padding. It must be hidden from both.",
        _parts(square=_all): "the source sees its own padding. It must be hidden from both.",
        _parts(square=lambda part: part & part.mT): "rows of padding are hidden as well. Hide "
        "columns only: nobody reads what comes out of those rows.",
        _parts(square=torch.tril): "the source is causal, as in GPT-2. It is given as a whole: "
        "each of its tokens sees all others.",
        _parts(corner=_all): "the source sees the target. What it learns there, the target reads "
        "through the bridge: a leak.",
        _parts(bridge=_none): "the bridge is missing: the target sees nothing of the source.",
        _parts(triangle=_all): "the target sees its own future.",
        _parts(triangle=lambda part: part.tril(-1)): "each position of the target must see itself: "
        "the newest token is read there.",
    },
    also=[
        _stacked,
        lambda m, length: [
            [
                [
                    (k < len(row) and row[k] == 1) or len(row) <= k <= q
                    for k in range(len(row) + length)
                ]
                for q in range(len(row) + length)
            ]
            for row in m.tolist()
        ],
    ],
    rule="All see the source's real tokens; the target sees itself and its past, too.",
)


# ---- cross-attention ----


def cross_attend(q: Tensor, k: Tensor, v: Tensor, attention_mask: Tensor) -> Tensor:
    """Cross-attention as in T5, not divided by √D: the mean of v for each query, (B, H, T, D)."""
    seen = masks.padding(attention_mask)[:, None]  # (B, 1, 1, S)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=1.0)


def _cross(weights: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """A wrong `cross_attend`: weights from (B, H, T, S) scores and (B, 1, 1, S) True = a token."""

    def wrong(q: Tensor, k: Tensor, v: Tensor, attention_mask: Tensor) -> Tensor:
        return weights(q @ k.mT, masks.padding(attention_mask)[:, None]) @ v

    return wrong


def _queries_keys_values(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Two texts, two heads: three queries of the decoder, four keys and values of the encoder."""
    made = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(2, 2, length, 4, generator=made) for length in (3, 4, 4))


EXERCISES["seq2seq.cross_attend"] = Exercise(
    reference=cross_attend,
    inputs=[
        (*_queries_keys_values(seed=0), torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])),
        (*_queries_keys_values(seed=1), torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])),
    ],
    mistakes={
        _cross(lambda s, seen: (s / 2).masked_fill(~seen, -inf).softmax(-1)): "the scores are "
        "divided by √D. GPT-2 and BERT do that; T5 doesn't.",
        _cross(lambda s, seen: s.softmax(-1)): "padding is visible.",
        _cross(lambda s, seen: (s * seen).softmax(-1)): "a score of 0 hides nothing: e⁰ = 1.",
        _cross(lambda s, seen: s.masked_fill(~seen, -5.0).softmax(-1)): "a low score leaves a "
        "little weight on padding; only −∞ leaves none.",
        _cross(lambda s, seen: s.softmax(-1) * seen): "the mask comes after the softmax, so the "
        "weights no longer sum to 1.",
        _cross(lambda s, seen: s.masked_fill(seen, -inf).softmax(-1).nan_to_num()): "inverted: 1 "
        "is a token, 0 is padding.",
        _cross(lambda s, seen: s.masked_fill(~seen, -inf).softmax(-2).nan_to_num()): "the softmax "
        "runs over the queries. Each query spreads a weight of 1 over the keys.",
        _cross(lambda s, seen: s.masked_fill(~(seen & masks.causal(4)[:3]), -inf).softmax(-1)): (
            "a causal mask has no place here: the whole source is given."
        ),
    },
    also=[
        lambda q, k, v, m: (
            (q @ k.mT).masked_fill(m[:, None, None] == 0, torch.finfo(q.dtype).min).softmax(-1) @ v
        ),
        lambda q, k, v, m: torch.stack(
            [
                (q[b] @ k[b][:, real].mT).softmax(-1) @ v[b][:, real]  # without the padding
                for b, real in enumerate(m.bool())
            ]
        ),
    ],
    rule="A weighted mean of the values of real tokens, by the softmax of q · k.",
)


# ---- greedy decoding ----


@dataclass
class Encoder:
    """Ids (B, S) → states (B, S). A copy, such as a learner is given, can be called once."""

    calls_left: float = field(default=inf, compare=False, repr=False)

    def __deepcopy__(self, memo: dict) -> "Encoder":
        return Encoder(calls_left=1)

    def __call__(self, source: Tensor) -> Tensor:
        if not self.calls_left:
            raise RuntimeError(
                "encode was called a second time. The source never changes: one call is enough, "
                "before the loop and for the whole batch"
            )
        self.calls_left -= 1
        return source.flip(1).float()  # so that the source itself will not do


@dataclass(frozen=True)
class Decoder:
    """States (B, S) and ids (B, T) → logits (B, T, 10), which depend on all ids so far."""

    def __call__(self, states: Tensor, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1]) % states.shape[1]
        best = (states[:, places].long() + ids.cumsum(1)) % 10
        return 5.0 * functional.one_hot(best, 10)


def write(
    encode: Callable, decode: Callable, source: Tensor, start: int, end: int, pad: int, most: int
) -> Tensor:
    """Greedy decoding of a batch: the new ids, with padding after a row's end token: (B, new)."""
    states, ids = encode(source), torch.full((len(source), 1), start)
    ended = torch.zeros(len(source), dtype=torch.bool)
    while ids.shape[1] <= most and not ended.all():
        best = decode(states, ids)[:, -1].argmax(-1).masked_fill(ended, pad)
        ids, ended = torch.cat([ids, best[:, None]], 1), ended | (best == end)
    return ids[:, 1:]


def _endless(encode: Callable, decode: Callable, source: Tensor, start: int, *rest: int) -> Tensor:
    _, pad, most = rest
    return write(encode, decode, source, start, -1, pad, most)


def _unpadded(*inputs: object) -> Tensor:
    new, end = _endless(*inputs), inputs[4]
    all_ended = (new == end).cumsum(1).bool().all(0)
    return new[:, : int((~all_ended).sum()) + 1]


def _padded_to_most(*inputs: object) -> Tensor:
    new, (pad, most) = write(*inputs), inputs[-2:]
    return functional.pad(new, (0, most - new.shape[1]), value=pad)


def _until_one_ends(*inputs: object) -> Tensor:
    new, end = write(*inputs), inputs[4]
    ends = (new == end).any(0).nonzero()
    return new[:, : int(ends[0]) + 1] if len(ends) else new


def _end_hidden(*inputs: object) -> Tensor:
    new, (end, pad) = write(*inputs), inputs[4:6]
    return new.masked_fill(new == end, pad)


def _start_kept(*inputs: object) -> Tensor:
    return functional.pad(write(*inputs), (1, 0), value=inputs[3])


def _first_position(encode: Callable, decode: Callable, *rest: object) -> Tensor:
    return write(encode, lambda states, ids: decode(states, ids)[:, :1], *rest)


def _newest_only(encode: Callable, decode: Callable, *rest: object) -> Tensor:
    return write(encode, lambda states, ids: decode(states, ids[:, -1:]), *rest)


def _row_by_row(
    encode: Callable, decode: Callable, source: Tensor, start: int, end: int, pad: int, most: int
) -> list[list[int]]:
    rows = []
    for states in encode(source).split(1):
        row = [start]
        while len(row) <= most and end not in row[1:]:
            row.append(int(decode(states, torch.tensor([row]))[0, -1].argmax()))
        rows.append(row[1:])
    longest = max(map(len, rows))
    return [row + [pad] * (longest - len(row)) for row in rows]


EXERCISES["seq2seq.write"] = Exercise(
    reference=write,
    inputs=[
        (Encoder(), Decoder(), torch.tensor([[9, 6, 7], [7, 2, 2]]), 0, 1, 0, 8),  # both end
        (Encoder(), Decoder(), torch.tensor([[9, 6, 7], [7, 2, 2]]), 0, 1, 0, 3),  # both cut off
        (Encoder(), Decoder(), torch.tensor([[5, 2]]), 4, 7, 8, 6),
    ],
    mistakes={
        _start_kept: "the start token was read, not written: leave it out.",
        _endless: "it never stops. After its end token a row gets padding; when all rows have "
        "ended, stop.",
        _unpadded: "a row writes on after its end token. Put padding there.",
        _padded_to_most: "all rows have ended, and it still goes on: stop there.",
        _until_one_ends: "it stops as soon as one row has ended. The others go on.",
        _end_hidden: "the end token is written too; padding begins after it.",
        lambda *inputs: write(*inputs[:-1], inputs[-1] - 1): "`most` counts new tokens, and the "
        "start token is none.",
        _first_position: "these are the logits of the first position. The next token is in those "
        "of the last one.",
        _newest_only: "this decoder keeps nothing from call to call: let it read the start token "
        "and all that was written.",
    },
    also=[_row_by_row, lambda *inputs: write(*inputs).int()],
    rule="Each row gets its likeliest next token until its end token or `most` new ones, then pad.",
)


# ---- spans ----


def rebuild(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    """The text: each sentinel in the inputs gives way to what follows it in the targets."""
    spans: dict[int, list[int]] = {sentinel: [] for sentinel in sentinels}
    current: list[int] = []
    for token in targets:
        if token in spans:
            current = spans[token]
        else:
            current.append(token)
    return [token for place in inputs for token in spans.get(place, [place])]


def _span(sentinel: int, targets: list[int], sentinels: list[int]) -> list[int]:
    """What follows the sentinel in the targets, up to the next one."""
    if sentinel not in targets:
        return []
    rest = targets[targets.index(sentinel) + 1 :]
    return list(takewhile(lambda token: token not in sentinels, rest))


def _bare(tokens: list[int], sentinels: list[int]) -> list[int]:
    return [token for token in tokens if token not in sentinels]


def _first_tokens(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    return [
        token
        for place in inputs
        for token in (_span(place, targets, sentinels)[:1] if place in sentinels else [place])
    ]


def _in_order(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    """The first gap gets the first span, whatever its sentinel."""
    spans = iter([token for token in targets if token in sentinels])
    named = [next(spans, -1) if place in sentinels else place for place in inputs]
    return [token for token in rebuild(named, targets, sentinels) if token != -1]


def _to_the_end(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    """A span goes on to the next sentinel of the *inputs*, not to the next of all."""
    return rebuild(inputs, targets, [token for token in sentinels if token in inputs])


def _gaps_left(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    return rebuild(inputs, targets, [token for token in sentinels if token in targets])


EXERCISES["seq2seq.rebuild"] = Exercise(
    reference=rebuild,
    inputs=[
        ([11, 99, 14, 15, 98, 17], [99, 12, 13, 98, 16, 97], [99, 98, 97, 96]),
        ([99, 98, 24], [99, 21, 22, 98, 23, 97], [99, 98, 97, 96]),  # at the start, and adjacent
        ([31, 32, 99], [99, 33, 34, 98], [99, 98, 97, 96]),  # at the end
        ([41, 99, 44, 98, 46], [98, 45, 99, 42, 43, 97], [99, 98, 97, 96]),  # another order
        ([51, 99, 53, 98, 54], [99, 52, 97], [99, 98, 97, 96]),  # a span is missing
        ([61, 99], [99, 62, 98, 7, 8], [99, 98, 97, 96]),  # a span too many
    ],
    mistakes={
        lambda inputs, *_: inputs: "the sentinels are left: each gives way to its span.",
        lambda inputs, targets, sentinels: _bare(inputs, sentinels): "the spans are missing.",
        lambda inputs, targets, sentinels: _bare(inputs + targets, sentinels): "the spans stand at "
        "the end: each belongs in the place of its sentinel.",
        _first_tokens: "a span may be longer than one token: it goes on to the next sentinel.",
        _in_order: "the spans stand in another order here. Go by the sentinel, not by the count.",
        _gaps_left: "a gap without a span gets nothing; its sentinel must go.",
        _to_the_end: "a sentinel that is in no gap ends a span, too. What follows it belongs "
        "nowhere.",
    },
    also=[
        lambda inputs, targets, sentinels: [
            token
            for place in inputs
            for token in (_span(place, targets, sentinels) if place in sentinels else [place])
        ],
        lambda *parts: torch.tensor(rebuild(*parts)),
    ],
    rule="Each sentinel in the inputs gives way to its span, and nothing else changes.",
)
