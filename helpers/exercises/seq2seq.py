"""The exercises of the third notebook."""

from itertools import takewhile

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from helpers import objectives
from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX

EXERCISES["seq2seq.shift_right"] = Exercise(
    reference=objectives.shift_right,
    inputs=[(torch.tensor([[11, 12, 13, 1], [21, 1, -100, -100]]), 7, 0)],
    mistakes={
        lambda labels, start, pad: labels: "nothing is shifted: the decoder reads its own answers.",
        lambda labels, start, pad: labels.roll(-1, dims=1): (
            "shifted the wrong way: the decoder reads the token *before* each target."
        ),
        lambda labels, start, pad: labels.roll(1, dims=1): (
            "the last label came round to the front. The first input is the start token."
        ),
        lambda labels, start, pad: objectives.shift_right(labels, pad, pad): (
            "the first input is the padding token; it must be the start token."
        ),
        lambda labels, start, pad: objectives.shift_right(labels, start, IGNORE_INDEX): (
            "−100 is left in the inputs. It is no token and has no embedding: put the padding "
            "token in its place."
        ),
        lambda labels, start, pad: labels[:, :-1]: "the start token is missing: it comes first.",
    },
    rule="The decoder reads the start token, then the labels but the last, with padding for −100.",
    also=[lambda labels, start, pad: [[7, 11, 12, 13], [7, 21, 1, 0]]],
)


def cross_mask(attention_mask: Tensor, queries: int) -> Tensor:
    """Each decoder position may attend to the source's real tokens: (B, S) → (B, queries, S)."""
    return attention_mask.bool()[:, None, :].expand(-1, queries, -1)


EXERCISES["seq2seq.cross_mask"] = Exercise(
    reference=cross_mask,
    inputs=[(torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]), 3), (torch.tensor([[1, 1, 0]]), 3)],
    mistakes={
        lambda mask, queries: ~cross_mask(mask, queries): "inverted: True means *may attend*.",
        lambda mask, queries: cross_mask(mask, queries) | True: (
            "nothing is hidden: the source's padding is attended to."
        ),
        lambda mask, queries: cross_mask(mask, queries).tril(): (
            "this is causal. The source is given as a whole: each position may see all of it."
        ),
    },
    rule=(
        "A row for each decoder position, a column for each source token: each position may attend "
        "to exactly those source tokens that are not padding."
    ),
    also=[lambda mask, queries: [[[key == 1 for key in row]] * queries for row in mask.tolist()]],
)


def score(logits: Tensor, targets: Tensor) -> Tensor:
    """The log-probability of the scored targets together, in nats: (T, V) and (T,) → ()."""
    return _sum_at_targets(logits.log_softmax(-1), targets)


def _sum_at_targets(values: Tensor, targets: Tensor) -> Tensor:
    places = (targets != IGNORE_INDEX).nonzero().flatten()
    return values[places, targets[places]].sum()


LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0], [0.0, 0.0, 3.0], [0.0, 9.0, 0.0]])

EXERCISES["seq2seq.score"] = Exercise(
    reference=score,
    inputs=[
        (LOGITS, torch.tensor([0, 1, 2, IGNORE_INDEX])),
        (LOGITS, torch.tensor([IGNORE_INDEX, 1, IGNORE_INDEX, 0])),  # not only at the end
    ],
    mistakes={
        lambda x, y: -score(x, y): "this is the surprise; a log-probability is at most 0.",
        lambda x, y: score(x, y) / (y != IGNORE_INDEX).sum(): (
            "this is the mean. A sequence's probability is a product: *add* the logs."
        ),
        lambda x, y: score(x, y).exp(): "this is the probability itself; take its logarithm.",
        lambda x, y: _sum_at_targets(x, y): "these are logits: log_softmax comes first.",
        lambda x, y: score(x, y.clamp(min=0)): "a position with the target −100 is not scored.",
        lambda x, y: score(x[:-1], y[:-1]): "the last position was left out: −100 stands anywhere.",
    },
    rule="The log-probability is one number: the sum over the scored positions.",
    also=[lambda x, y: -cross_entropy(x, y, reduction="sum")],
)


Spans = list[tuple[int, int]]
Parts = tuple[list[int], list[int]]  # inputs and targets


def corrupt(ids: list[int], spans: Spans, sentinels: list[int]) -> Parts:
    """A sentinel in the place of each span, and the spans behind their sentinels."""
    inputs, targets, end = [], [], 0
    for (first, behind), sentinel in zip(spans, sentinels, strict=False):
        inputs += [*ids[end:first], sentinel]
        targets += [sentinel, *ids[first:behind]]
        end = behind
    return inputs + ids[end:], [*targets, sentinels[len(spans)]]


def _one_sentinel_a_token(ids: list[int], spans: Spans, sentinels: list[int]) -> Parts:
    inputs, targets = list(ids), corrupt(ids, spans, sentinels)[1]
    for (first, behind), sentinel in zip(spans, sentinels, strict=False):
        inputs[first:behind] = [sentinel] * (behind - first)
    return inputs, targets


def _bare(tokens: list[int], sentinels: list[int]) -> list[int]:
    return [token for token in tokens if token not in sentinels]


def _bare_inputs(ids: list[int], spans: Spans, sentinels: list[int]) -> Parts:
    inputs, targets = corrupt(ids, spans, sentinels)
    return _bare(inputs, sentinels), targets


def _bare_targets(ids: list[int], spans: Spans, sentinels: list[int]) -> Parts:
    inputs, targets = corrupt(ids, spans, sentinels)
    return inputs, _bare(targets, sentinels)


def _no_last_sentinel(ids: list[int], spans: Spans, sentinels: list[int]) -> Parts:
    inputs, targets = corrupt(ids, spans, sentinels)
    return inputs, targets[:-1]


CORRUPTED = {  # the length of a text, and its inputs and targets
    8: ([11, 99, 14, 15, 98, 17, 18], [99, 12, 13, 98, 16, 97]),
    4: ([99, 22, 98], [99, 21, 98, 23, 24, 97]),
}

EXERCISES["seq2seq.corrupt"] = Exercise(
    reference=corrupt,
    inputs=[
        ([11, 12, 13, 14, 15, 16, 17, 18], [(1, 3), (5, 6)], [99, 98, 97]),
        ([21, 22, 23, 24], [(0, 1), (2, 4)], [99, 98, 97]),  # spans at the start and the end
    ],
    mistakes={
        lambda ids, spans, sentinels: (ids, corrupt(ids, spans, sentinels)[1]): (
            "the inputs are the whole text: nothing was cut out."
        ),
        lambda ids, spans, sentinels: corrupt(ids, spans, sentinels[:1] * len(sentinels)): (
            "every gap has the same sentinel; then nobody can say which span belongs where."
        ),
        _one_sentinel_a_token: "a sentinel stands for a whole span, not for each token of it.",
        _bare_inputs: "the inputs lack the sentinels: each span gives way to its own.",
        _bare_targets: "the targets lack the sentinels, which say where each span goes.",
        _no_last_sentinel: "the last sentinel is missing: it says that no more spans come.",
    },
    rule="There are two lists: inputs with sentinels for spans, targets with each behind its own.",
    also=[lambda ids, *_: CORRUPTED[len(ids)]],
)


def rebuild(inputs: list[int], targets: list[int], sentinels: list[int]) -> list[int]:
    """The ids from which inputs and targets were made."""
    spans = {}
    for token in targets:
        if token in sentinels:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [token for place in inputs for token in spans.get(place, [place])]


def _behind(sentinel: int, targets: list[int], sentinels: list[int]) -> list[int]:
    rest = targets[targets.index(sentinel) + 1 :]
    return list(takewhile(lambda token: token not in sentinels, rest))


EXERCISES["seq2seq.rebuild"] = Exercise(
    reference=rebuild,
    inputs=[
        ([11, 99, 14, 15, 98, 17], [99, 12, 13, 98, 16, 97], [99, 98, 97]),
        ([99, 23, 24], [99, 21, 22, 98], [99, 98, 97]),
        ([31, 32, 99], [99, 33, 98], [99, 98, 97]),
    ],
    mistakes={
        lambda inputs, *_: inputs: "a sentinel is left: each gives way to its span.",
        lambda inputs, targets, sentinels: _bare(inputs, sentinels): (
            "the spans are missing: each stands in the place of its sentinel."
        ),
        lambda inputs, targets, sentinels: _bare(inputs + targets, sentinels): (
            "the spans stand at the end: each belongs in the place of its sentinel."
        ),
    },
    rule="Each sentinel in the inputs gives way to its span, and nothing else changes.",
    also=[
        lambda inputs, targets, sentinels: [
            token
            for place in inputs
            for token in (_behind(place, targets, sentinels) if place in sentinels else [place])
        ]
    ],
)
