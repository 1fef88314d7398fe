"""The exercises of the first notebook."""

import torch
from torch import Tensor

from helpers import masks
from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX


def targets(input_ids: Tensor) -> Tensor:
    """The token after each position, and −100 at the last one: (B, T) → (B, T)."""
    shifted = input_ids.roll(-1, dims=1)
    shifted[:, -1] = IGNORE_INDEX
    return shifted


def _unshifted_but_ignored(input_ids: Tensor) -> Tensor:
    unshifted = input_ids.clone()
    unshifted[:, -1] = IGNORE_INDEX
    return unshifted


def _backwards(input_ids: Tensor) -> Tensor:
    shifted = input_ids.roll(1, dims=1)
    shifted[:, 0] = IGNORE_INDEX
    return shifted


def _with_last(input_ids: Tensor, last: int) -> Tensor:
    shifted = targets(input_ids)
    shifted[:, -1] = last
    return shifted


_UNSHIFTED = (
    "each position is asked for the token that it has just read (unshifted). logits[t] is scored "
    "against token[t+1]."
)
_WRONG_WAY = (
    "the shift goes the wrong way: position t is asked for token t−1, which it has seen. It must "
    "be asked for token t+1."
)
_LAST_IS_SCORED = (
    f"the last position is scored, but no token follows it. Its target must be {IGNORE_INDEX}, "
    "which no loss scores."
)

EXERCISES["causal.targets"] = Exercise(
    reference=targets,
    inputs=[
        (torch.tensor([[11, 12, 13, 11, 15], [21, 22, 22, 24, 25]]),),  # tokens come back
        (torch.tensor([[7, 9]]),),
    ],
    mistakes={
        lambda ids: ids: _UNSHIFTED,
        _unshifted_but_ignored: _UNSHIFTED,
        _backwards: _WRONG_WAY,
        lambda ids: ids.roll(1, dims=1): _WRONG_WAY,
        lambda ids: targets(targets(ids)): "shifted twice: position t is asked for token t+2.",
        lambda ids: ids.roll(-1, dims=1): _LAST_IS_SCORED,
        lambda ids: _with_last(ids, last=0): _LAST_IS_SCORED,
        lambda ids: ids[:, 1:]: "one target is missing: the last position has one too, −100.",
    },
    rule="The target at position t is the token at t+1, for each t but the last, which has −100.",
)

EXERCISES["causal.mask"] = Exercise(
    reference=masks.causal,
    inputs=[(4,), (1,), (6,)],
    mistakes={
        lambda n: ~masks.causal(n): (
            "inverted: True stands where the future is. Here True means *may attend*."
        ),
        lambda n: masks.causal(n).T: (
            "transposed: queries see the future and not the past. Rows are queries, columns keys."
        ),
        lambda n: masks.bidirectional(n): "every query sees every key: nothing hides the future.",
        lambda n: masks.causal(n).tril(-1): (
            "a token can't see itself: the diagonal is False. It may attend to its own position, "
            "and the first one would otherwise have nothing to attend to."
        ),
    },
    rule="A row for each query, a column for each key: a query may attend to itself and the past.",
)


def perplexity(losses: Tensor) -> Tensor:
    """The exponential of the mean loss: (T,) in nats → ()."""
    return losses.mean().exp()


EXERCISES["causal.perplexity"] = Exercise(
    reference=perplexity,
    inputs=[(torch.tensor([0.5, 1.0, 3.0]),), (torch.tensor([8.0, 8.0, 8.0, 8.0]).log(),)],
    mistakes={
        lambda losses: losses.mean(): "this is the mean loss; its exponential is missing.",
        lambda losses: 2 ** losses.mean(): (
            "this is 2 to the mean. The losses are in nats, so the base is e: exp."
        ),
        lambda losses: losses.sum().exp(): (
            "this sums the losses; perplexity is per token: take their mean."
        ),
        lambda losses: 2 ** losses.sum(): (
            "this sums the losses, and takes 2 as base. Nats go with e, and with a mean."
        ),
        lambda losses: losses.exp().mean(): (
            "this averages the exponentials; average the losses first, then take exp."
        ),
        lambda losses: (-losses.mean()).exp(): (
            "the sign is turned: the losses are −log p already, so exp(+mean)."
        ),
    },
    rule="Perplexity is one number, e to the mean loss.",
)


def temperature(logits: Tensor, temperature: float) -> Tensor:
    """The probabilities at a temperature: (V,) → (V,)."""
    return (logits / temperature).softmax(-1)


_LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0])

EXERCISES["causal.temperature"] = Exercise(
    reference=temperature,
    inputs=[(_LOGITS, 0.5), (_LOGITS, 2.0), (_LOGITS + 300, 1.0)],
    mistakes={
        lambda logits, t: (logits * t).softmax(-1): (
            "multiplied: a high temperature must flatten, so divide."
        ),
        lambda logits, t: logits / t: "these are logits still: the softmax is missing.",
        lambda logits, t: logits * t: (
            "these are logits still, and multiplied: divide, then softmax."
        ),
        lambda logits, t: logits.softmax(-1): "the temperature changes nothing.",
        lambda logits, t: logits.softmax(-1) / t: (
            "divide the logits, before the softmax, not after it."
        ),
        lambda logits, t: (logits / t).log_softmax(-1): (
            "these are log-probabilities: take exp of them."
        ),
        lambda logits, t: (logits / t).exp() / (logits / t).exp().sum(): (
            "nan or inf for large logits: exp overflows. torch.softmax takes care of that."
        ),
        lambda logits, t: (logits / t).exp(): (
            "these don't add up to 1: divide the exponentials by their sum."
        ),
        lambda logits, t: (logits / t).sigmoid(): (
            "these don't add up to 1: sigmoid looks at each logit alone, softmax at all of them."
        ),
    },
    rule="There is a probability for each token, and they add up to 1.",
)


def position_ids(attention_mask: Tensor) -> Tensor:
    """Positions that count real tokens from 0, and 0 at padding: (B, T) → (B, T)."""
    return (attention_mask.cumsum(dim=1) - 1).clamp(min=0)


def _at_real_tokens(positions: Tensor, attention_mask: Tensor) -> Tensor:
    """At padding any position from 0 will do, but none below. Embeddings take int32 as well."""
    if positions.dtype == torch.int32:
        positions = positions.long()
    return torch.where(attention_mask.bool(), positions, positions.clamp(-1, 0))


EXERCISES["causal.position_ids"] = Exercise(
    reference=position_ids,
    inputs=[(torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]]),)],
    mistakes={
        lambda mask: torch.arange(mask.shape[1]).expand_as(mask): (
            "the padding is counted: the first real token of a padded text is not at 0."
        ),
        lambda mask: mask.cumsum(1): "off by one: the first real token is at 1, not at 0.",
        lambda mask: mask.cumsum(1) - 1: (
            "padding gets a negative position, for which there is no embedding. Any position from "
            "0 will do there: nobody looks at it."
        ),
    },
    rule="The real tokens of each text count from 0; padding is at 0 or any later position.",
    compared=_at_real_tokens,
)
