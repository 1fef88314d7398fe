"""The exercises of the first notebook."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from helpers import masks
from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX

# ---- on paper ----

EXERCISES["causal.prompt_loss"] = Exercise(
    reference={"scored": 2, "first": 1, "bits": 3.0},
    mistakes={
        ("scored", 3): "B is not scored: its label is −100.",
        ("scored", 4): "nothing follows D, and the label of B is −100.",
        ("first", 2): "that is where C stands. logits[t] is scored against the token at t + 1.",
        ("first", 0): "position 0 is asked for B, whose label is −100.",
        ("bits", 2.333): "that is the mean over three guesses; B is not scored.",
        ("bits", 6.0): "that is the sum; the loss is the mean over what is scored.",
        ("bits", 2.0794): "that is in nats; in bits, take log₂.",
        ("bits", 1.5): "that is the mean over all four positions.",
    },
    also=[
        {"first": 1, "bits": 3, "scored": 2},
        {"bits": torch.tensor(3.0), "scored": 2, "first": 1},
    ],
)

EXERCISES["causal.symptoms"] = Exercise(
    reference={"a": 4, "b": 2, "c": 1, "d": 3},
    mistakes={
        ("a", 2): "a model that is asked for the token it reads would repeat itself.",
        ("b", 4): "the token after the next can't be copied from the input, so the loss would not "
        "fall to 0.",
        ("c", 4): "then words would be missing.",
        ("d", 1): "then the text would not end, alone as well.",
    },
    also=[{"d": 3, "c": 1, "b": 2, "a": 4}, {"a": 4, "b": 2, "d": torch.tensor(3), "c": 1}],
)


# ---- masks ----


def attend(q: Tensor, k: Tensor, v: Tensor, attention_mask: Tensor) -> Tensor:
    """Causal attention without padding; every position sees itself: (B, H, T, D)."""
    mask = masks.causal(q.shape[2]) & masks.padding(attention_mask)
    mask = mask | torch.eye(q.shape[2], dtype=torch.bool)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None])


def _attend(mask_of: Callable[[Tensor, Tensor], Tensor], scale: float = 2.0) -> Callable:
    """A wrong `attend`: another mask, from (T, T) causal and (B, 1, T) padding, or no scale."""

    def wrong(q: Tensor, k: Tensor, v: Tensor, attention_mask: Tensor) -> Tensor:
        mask = mask_of(masks.causal(q.shape[2]), masks.padding(attention_mask))[:, None]
        scores = (q @ k.mT / scale).masked_fill(~mask, float("-inf"))
        return scores.softmax(-1) @ v

    return wrong


def _masked_after(q: Tensor, k: Tensor, v: Tensor, attention_mask: Tensor) -> Tensor:
    mask = masks.causal(q.shape[2]) & masks.padding(attention_mask)
    mask = mask | torch.eye(q.shape[2], dtype=torch.bool)
    return (q @ k.mT / 2.0).softmax(-1) * mask[:, None] @ v


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


_SELF = torch.eye(5, dtype=torch.bool)

EXERCISES["causal.attend"] = Exercise(
    reference=attend,
    inputs=[
        (*_random(3, 2, 2, 5, 4), torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])),
        (*_random(3, 1, 2, 5, 4, seed=1), torch.tensor([[1, 1, 1, 1, 0]])),
    ],
    mistakes={
        _attend(lambda causal, real: causal & real): "rows of padding see nothing, and their "
        "softmax is NaN: let every position see itself as well.",
        _attend(lambda causal, real: (causal & real) | _SELF, scale=1.0): "the scores are not "
        "divided by the root of the width.",
        _attend(lambda causal, real: (real.mT & causal) | _SELF): "padding hides rows here. It "
        "must hide columns: nobody looks at padding.",
        _attend(lambda causal, real: real | _SELF): "the future is visible: the causal mask is "
        "missing.",
        _attend(lambda causal, real: causal[None] | _SELF): "padding is visible.",
        _masked_after: "the mask comes after the softmax, so the rows no longer sum to 1. Put −∞ "
        "into the scores before it.",
    },
    also=[
        lambda q, k, v, m: (
            (
                (q @ k.mT / q.shape[-1] ** 0.5)
                + masks.additive(
                    (masks.causal(q.shape[2]) & masks.padding(m)) | _SELF, torch.float32
                )[:, None]
            ).softmax(-1)
            @ v
        ),
        lambda q, k, v, m: attend(q.double(), k.double(), v.double(), m),
    ],
    rule="A query sees itself, and keys before it that are no padding.",
)

EXERCISES["causal.cached_mask"] = Exercise(
    reference=lambda new, cached: torch.ones(new, cached + new, dtype=torch.bool).tril(cached),
    inputs=[(2, 3), (1, 4), (3, 0)],
    mistakes={
        lambda new, cached: torch.ones(new, cached + new, dtype=torch.bool).tril(): "that is what "
        "the flag is_causal does: it takes the first new token for the first of all.",
        lambda new, cached: torch.ones(new, cached + new, dtype=torch.bool): "the new tokens see "
        "those that come after them.",
        lambda new, cached: torch.ones(new, cached + new, dtype=torch.bool).tril(cached - 1): "a "
        "new token must see itself.",
        lambda new, cached: torch.ones(new, new, dtype=torch.bool).tril(): "the cached keys have "
        "no columns: (new, cached + new).",
        lambda new, cached: ~torch.ones(new, cached + new, dtype=torch.bool).tril(cached): "it is "
        "the wrong way round: True = may attend.",
    },
    also=[
        lambda new, cached: masks.causal(cached + new)[cached:],
        lambda new, cached: [
            [key <= cached + query for key in range(cached + new)] for query in range(new)
        ],
    ],
    rule="New token q stands at position cached + q, and sees the keys up to there.",
)


# ---- a leak ----


@dataclass(frozen=True)
class Suspect:
    """A small model whose position t depends on the tokens up to t + `ahead`, and on no others."""

    ahead: int

    def __call__(self, ids: Tensor) -> Tensor:
        """Ids (1, T) → logits (1, T, 6)."""
        length = ids.shape[1]
        seen = torch.ones(length, length).tril(self.ahead)
        return (seen / seen.sum(1, keepdim=True)) @ _TABLE[ids]


_TABLE = _random(50, 6, seed=3)


def leak(model: Callable[[Tensor], Tensor], ids: Tensor) -> int:
    """How far ahead of a position a token can be and still change its logits."""
    before, farthest = model(ids), 0
    for place in range(ids.shape[1]):
        changed = ids.clone()
        changed[0, place] = (ids[0, place] + 1) % 50
        moved = (model(changed) != before).any(-1)[0].nonzero()
        farthest = max(farthest, place - int(moved.min()))
    return farthest


def _by_last_token(model: Callable, ids: Tensor) -> int:
    changed = ids.clone()
    changed[0, -1] = (ids[0, -1] + 1) % 50
    return int((model(changed) != model(ids)).any(-1)[0].sum())


def _by_first_token(model: Callable, ids: Tensor) -> int:
    changed = ids.clone()
    changed[0, 0] = (ids[0, 0] + 1) % 50
    return int((model(changed) != model(ids)).any(-1)[0].sum()) - 1


_IDS = torch.tensor([[7, 31, 4, 4, 19, 42, 11]])

EXERCISES["causal.leak"] = Exercise(
    reference=leak,
    inputs=[(Suspect(0), _IDS), (Suspect(2), _IDS), (Suspect(1), _IDS)],
    mistakes={
        _by_last_token: "you count the last token's own position too, which may see it.",
        _by_first_token: "a change of the first token moves all that comes after it: that is no "
        "leak. Look at positions *before* the token that you change.",
        lambda model, ids: int(leak(model, ids) > 0): "that says whether it leaks. How far ahead?",
    },
    also=[
        lambda model, ids: _by_last_token(model, ids) - 1,
        lambda model, ids: torch.tensor(leak(model, ids)),
    ],
    rule="Change the token at place p; the farthest position t < p that notices gives p − t.",
)


# ---- two texts in a row ----


def pack(first: list[int], second: list[int]) -> dict[str, Tensor]:
    """Two texts in one row, with the losses of two."""
    ids = torch.tensor([first + second])
    text = torch.tensor([0] * len(first) + [1] * len(second))
    labels = ids.clone()
    labels[0, len(first)] = IGNORE_INDEX
    return {
        "input_ids": ids,
        "position_ids": torch.tensor([[*range(len(first)), *range(len(second))]]),
        "attention_mask": (masks.causal(len(text)) & (text[:, None] == text))[None, None],
        "labels": labels,
    }


def _packed(**wrong: Callable[[dict], Tensor]) -> Callable:
    """A wrong `pack`: what some entries become."""

    def packed(first: list[int], second: list[int]) -> dict[str, Tensor]:
        row = pack(first, second)
        return row | {name: change(row) for name, change in wrong.items()}

    return packed


def _count(row: dict[str, Tensor]) -> Tensor:
    return torch.arange(row["input_ids"].shape[1])[None]


EXERCISES["causal.pack"] = Exercise(
    reference=pack,
    inputs=[([5, 6, 7], [8, 9]), ([3, 4], [5, 6, 7, 8])],
    mistakes={
        _packed(
            attention_mask=lambda row: masks.causal(row["input_ids"].shape[1])[None, None]
        ): "the second text sees the first: let a query see only keys of its own text.",
        _packed(position_ids=_count): "the positions of the second text must begin at 0 again.",
        _packed(labels=lambda row: row["input_ids"]): "the end of the first text is asked for the "
        "beginning of the second. The label there must be −100.",
        _packed(
            labels=lambda row: (
                row["labels"]
                .roll(-1, dims=1)
                .index_fill(1, torch.tensor([row["labels"].shape[1] - 1]), IGNORE_INDEX)
            )
        ): "the labels are shifted already; the model shifts them again.",
    },
    also=[
        lambda first, second: {
            name: value.int() if value.dtype == torch.long else value
            for name, value in pack(first, second).items()
        },
        lambda first, second: dict(reversed(pack(first, second).items())),
    ],
    rule="Each text must see, count and be scored as if it were alone.",
)
