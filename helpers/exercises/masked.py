"""The exercises of the second notebook."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from helpers import masks
from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX

# ---- on paper ----

EXERCISES["masked.rows"] = Exercise(
    reference={"looked at": "abde", "scored": "bde", "readable": "ae"},
    mistakes={
        ("looked at", "ade"): "[MASK] is looked at like any other token: only its word is hidden.",
        ("looked at", "abcde"): "where the attention mask is 0, nobody looks.",
        ("scored", "b"): "a label that is no −100 is scored, whatever stands in the input.",
        ("scored", "abde"): "a label of −100 is not scored.",
        ("scored", "bd"): "a word that was left as it is is scored as well.",
        ("readable", "abde"): "b shows [MASK], and d another word.",
        ("readable", "e"): "a word that was never chosen stands there as well.",
    },
    also=[{"looked at": "ABDE", "scored": "bde ", "readable": "ae"}],
)

EXERCISES["masked.collators"] = Exercise(
    reference={"a": 3, "b": 1, "c": 4, "d": 2},
    mistakes={
        ("a", 2): "in a, the labels are words of the text, each at its own place.",
        ("b", 4): "in b, every label stands where its word stood.",
        ("c", 1): "in c, the special tokens have −100.",
        ("d", 3): "in d, something is hidden.",
    },
    also=[{"d": 2, "c": 4, "b": 1, "a": 3}],
)


# ---- the loss, and a mask ----


def loss(probabilities: Tensor, targets: Tensor) -> float:
    """The mean surprise in bits over what is scored, and 0 where nothing is."""
    scored = targets != IGNORE_INDEX
    if not scored.any():
        return 0.0
    chances = probabilities[scored].gather(-1, targets[scored][:, None])
    return -chances.log2().mean().item()


def _surprises(probabilities: Tensor, targets: Tensor) -> Tensor:
    scored = targets != IGNORE_INDEX
    return -probabilities[scored].gather(-1, targets[scored][:, None]).log2()


_P = torch.tensor([[[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.25, 0.25, 0.5]]])

EXERCISES["masked.loss"] = Exercise(
    reference=loss,
    inputs=[
        (_P, torch.tensor([[0, -100, 1]])),
        (_P, torch.tensor([[-100, 0, -100]])),
        (_P, torch.tensor([[-100, -100, -100]])),
    ],
    mistakes={
        lambda p, t: _surprises(p, t).mean().item(): "where nothing is scored, the mean of nothing "
        "is nan: return 0.",
        lambda p, t: _surprises(p, t).sum().item(): "that is the sum; the loss is a mean.",
        lambda p, t: _surprises(p, t).sum().item() / t.numel(): "you divide by all positions; only "
        "those that are scored count.",
        lambda p, t: loss(p, t) * math.log(2): "that is in nats; in bits, take log₂.",
        lambda p, t: -loss(p, t): "the sign is turned: surprise is −log₂ p.",
    },
    also=[
        lambda p, t: (
            torch.nn.functional.cross_entropy(p.log().flatten(0, 1), t.flatten(), reduction="sum")
            / max(1, int((t != IGNORE_INDEX).sum()))
            / math.log(2)
        ),
        lambda p, t: torch.nan_to_num(_surprises(p, t).mean()),
    ],
    rule="The loss is the mean of −log₂ p over the scored positions, and 0 if there are none.",
)


def weights(scores: Tensor, attention_mask: Tensor) -> Tensor:
    """Attention weights of an encoder: (B, H, Q, K), (B, K) → (B, H, Q, K)."""
    seen = masks.padding(attention_mask)[:, None]
    return scores.masked_fill(~seen, float("-inf")).softmax(-1)


_SCORES = torch.randn(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))

EXERCISES["masked.weights"] = Exercise(
    reference=weights,
    inputs=[
        (_SCORES, torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])),
        (_SCORES[:1], _SCORES.new_tensor([[0, 1, 1, 1]]).long()),
    ],
    mistakes={
        lambda s, m: s.softmax(-1) * m[:, None, None]: "padding gets 0, but the rows no longer sum "
        "to 1: hide it before the softmax.",
        lambda s, m: (s * m[:, None, None]).softmax(
            -1
        ): "a score of 0 hides nothing, since e⁰ = 1.",
        lambda s, m: s.softmax(-1): "padding is visible.",
        lambda s, m: weights(s, 1 - m): "inverted: 1 is a token, 0 is padding.",
        lambda s, m: s.masked_fill(m[:, None, :, None] == 0, float("-inf")).softmax(-1): "this "
        "hides rows: queries. Padding must be hidden as a key, a column.",
        lambda s, m: s.masked_fill(m[:, None, None] == 0, float("-inf")).softmax(-2): "the softmax "
        "runs over the queries; each row must sum to 1.",
    },
    also=[
        lambda s, m: (s + masks.additive(masks.padding(m), s.dtype)[:, None]).softmax(-1),
        lambda s, m: (s.exp() * m[:, None, None]) / (s.exp() * m[:, None, None]).sum(-1, True),
    ],
    rule="Each row sums to 1, and a column of padding is exactly 0.",
)


# ---- whole words ----


def whole_words(word_ids: list, chosen: list) -> list[bool]:
    """Which tokens to hide so that whole words are hidden."""
    return [word is not None and word in chosen for word in word_ids]


EXERCISES["masked.whole_words"] = Exercise(
    reference=whole_words,
    inputs=[
        ([None, 0, 1, 1, 1, 2, 0, None], [1]),
        ([None, 0, 0, 1, 2, 2, None, None], [0, 2]),
        ([None, 0, 1, None], []),
    ],
    mistakes={
        lambda ids, chosen: [
            word in chosen and word not in ids[:i] for i, word in enumerate(ids)
        ]: "only the first piece of each word is hidden: the others give the word away.",
        lambda ids, chosen: [word is None or word in chosen for word in ids]: "special tokens are "
        "hidden as well.",
        lambda ids, chosen: [i in chosen for i in range(len(ids))]: "these are places of tokens; "
        "`chosen` holds numbers of words.",
        lambda ids, chosen: [
            not hide for hide in whole_words(ids, chosen)
        ]: "inverted: True = hide.",
    },
    also=[
        lambda ids, chosen: torch.tensor([word in set(chosen) for word in ids]),
        lambda ids, chosen: [word in (*chosen,) for word in ids],
    ],
    rule="A token is hidden if its word is chosen, all its pieces with it.",
)


# ---- how likely is a text? ----

_TABLE = torch.randn(20, 20, generator=torch.Generator().manual_seed(5))


def toy(ids: Tensor) -> Tensor:
    """A small masked model: the logits at each place depend on the tokens beside it, and on it."""
    left, right = ids.roll(1, dims=1), ids.roll(-1, dims=1)
    return _TABLE[left] + _TABLE.T[right] + 2.0 * _TABLE[ids]


def score(model: Callable[[Tensor], Tensor], ids: Tensor, mask_id: int) -> float:
    """The pseudo-log-likelihood: each token hidden alone, but the first and the last."""
    total = 0.0
    for place in range(1, ids.shape[1] - 1):
        hidden = ids.clone()
        hidden[0, place] = mask_id
        total += model(hidden)[0, place].log_softmax(-1)[ids[0, place]].item()
    return total


def _nothing_hidden(model: Callable, ids: Tensor, mask_id: int) -> float:
    chances = model(ids)[0].log_softmax(-1)
    return chances.gather(-1, ids[0][:, None])[1:-1].sum().item()


def _all_hidden(model: Callable, ids: Tensor, mask_id: int) -> float:
    hidden = ids.clone()
    hidden[0, 1:-1] = mask_id
    return model(hidden)[0].log_softmax(-1).gather(-1, ids[0][:, None])[1:-1].sum().item()


def _ends_too(model: Callable, ids: Tensor, mask_id: int) -> float:
    total = 0.0
    for place in range(ids.shape[1]):
        hidden = ids.clone()
        hidden[0, place] = mask_id
        total += model(hidden)[0, place].log_softmax(-1)[ids[0, place]].item()
    return total


EXERCISES["masked.score"] = Exercise(
    reference=score,
    inputs=[
        (toy, torch.tensor([[1, 5, 6, 7, 2]]), 3),
        (toy, torch.tensor([[1, 9, 4, 2]]), 3),
    ],
    mistakes={
        _nothing_hidden: "each token is visible while it is scored, so the model can copy it.",
        _all_hidden: "all tokens are hidden at once; hide one at a time, the others help.",
        _ends_too: "[CLS] and [SEP], the first and the last, are always there: don't score them.",
        lambda model, ids, m: score(model, ids, m) / (ids.shape[1] - 2): "that is the mean; texts "
        "of one length aside, take the sum.",
        lambda model, ids, m: -score(model, ids, m): "that is the surprise; the likelihood has the "
        "other sign.",
    },
    also=[
        lambda model, ids, m: torch.tensor(score(model, ids, m)),
        lambda model, ids, m: sum(
            model(ids.index_fill(1, torch.tensor([i]), m))[0, i].log_softmax(-1)[ids[0, i]]
            for i in range(1, ids.shape[1] - 1)
        ),
    ],
    rule="The sum over the tokens between first and last: log p of each, hidden alone.",
)
