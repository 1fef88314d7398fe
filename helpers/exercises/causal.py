"""The exercises of the first notebook."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from helpers import masks
from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX


def targets(input_ids: Tensor) -> Tensor:
    """The token after each position, and −100 at the last one: (B, T) → (B, T)."""
    return pad(input_ids[:, 1:], (0, 1), value=IGNORE_INDEX)


UNSHIFTED = (
    "unshifted: each position is asked for the token it has just read, and not for the next."
)
BACKWARDS = "the shift goes the wrong way: position t is asked for token t−1, which it has seen."
LAST_SCORED = "the last position is scored, but no token follows it. Its target must be −100."

EXERCISES["causal.targets"] = Exercise(
    reference=targets,
    inputs=[
        (torch.tensor([[11, 12, 13, 11, 15], [21, 22, 22, 24, 25]]),),  # tokens come back
        (torch.tensor([[7, 9]]),),
    ],
    mistakes={
        lambda ids: ids: UNSHIFTED,
        lambda ids: pad(ids[:, :-1], (0, 1), value=IGNORE_INDEX): UNSHIFTED,
        lambda ids: pad(ids[:, :-1], (1, 0), value=IGNORE_INDEX): BACKWARDS,
        lambda ids: ids.roll(1, dims=1): BACKWARDS,
        lambda ids: targets(targets(ids)): "shifted twice: position t is asked for token t+2.",
        lambda ids: ids.roll(-1, dims=1): LAST_SCORED,
        lambda ids: pad(ids[:, 1:], (0, 1), value=0): LAST_SCORED,
        lambda ids: ids[:, 1:]: "one target is missing: the last position has one too, −100.",
    },
    rule="The target at position t is the token at t+1, for each t but the last, which has −100.",
    also=[lambda ids: [[*row[1:], IGNORE_INDEX] for row in ids.tolist()]],
)

EXERCISES["causal.mask"] = Exercise(
    reference=masks.causal,
    inputs=[(4,), (1,), (6,)],
    mistakes={
        lambda n: ~masks.causal(n): "inverted: True is where the future is; it means *may attend*.",
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
    also=[lambda n: [[key <= query for key in range(n)] for query in range(n)]],
)


def perplexity(losses: Tensor) -> Tensor:
    """The exponential of the mean loss: (T,) in nats → ()."""
    return losses.mean().exp()


EXERCISES["causal.perplexity"] = Exercise(
    reference=perplexity,
    inputs=[(torch.tensor([0.5, 1.0, 3.0]),), (torch.tensor([8.0, 8.0, 8.0, 8.0]).log(),)],
    mistakes={
        lambda losses: losses.mean(): "this is the mean loss; its exponential is missing.",
        lambda losses: 2 ** losses.mean(): "this is 2 to the mean; for nats the base is e: exp.",
        lambda losses: losses.sum().exp(): "this sums the losses; take their mean, per token.",
        lambda losses: 2 ** losses.sum(): (
            "this sums the losses, and takes 2 as base. Nats go with e, and with a mean."
        ),
        lambda losses: losses.exp().mean(): "this averages the exponentials; average first.",
        lambda losses: (-losses.mean()).exp(): "the sign is turned: losses are −log p already.",
    },
    rule="Perplexity is one number, e to the mean loss.",
    also=[lambda losses: math.prod(losses.exp().tolist()) ** (1 / len(losses))],
)


def temperature(logits: Tensor, temperature: float) -> Tensor:
    """The probabilities at a temperature: (V,) → (V,)."""
    return (logits / temperature).softmax(-1)


LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0])

EXERCISES["causal.temperature"] = Exercise(
    reference=temperature,
    inputs=[(LOGITS, 0.5), (LOGITS, 2.0), (LOGITS + 300, 1.0)],
    mistakes={
        lambda x, t: (x * t).softmax(-1): "multiplied: a high temperature flattens, so divide.",
        lambda x, t: x / t: "these are logits still: the softmax is missing.",
        lambda x, t: x * t: "these are logits still, and multiplied: divide, then softmax.",
        lambda x, t: x.softmax(-1): "the temperature changes nothing.",
        lambda x, t: x.softmax(-1) / t: "divide the logits, before the softmax, not after it.",
        lambda x, t: (x / t).log_softmax(-1): "these are log-probabilities: take exp of them.",
        lambda x, t: (x / t).exp() / (x / t).exp().sum(): (
            "nan or inf for large logits: exp overflows. torch.softmax takes care of that."
        ),
        lambda x, t: (x / t).exp(): "these don't add up to 1: divide them by their sum.",
        lambda x, t: (x / t).sigmoid(): "sigmoids don't add up to 1: take softmax, of all logits.",
    },
    rule="There is a probability for each token, and they add up to 1.",
    also=[lambda x, t: torch.distributions.Categorical(logits=x / t).probs],
)


def position_ids(attention_mask: Tensor) -> Tensor:
    """Positions that count real tokens from 0, and 0 at padding: (B, T) → (B, T)."""
    return (attention_mask.cumsum(dim=1) - 1).clamp(min=0)


def _at_real_tokens(positions: np.ndarray, attention_mask: Tensor) -> np.ndarray:
    """At padding any position from 0 will do, but none below."""
    return np.where(attention_mask.bool(), positions, positions.clip(-1, 0))


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
    rule="The real tokens of each text count from 0; padding has 0 or any later position.",
    compared=_at_real_tokens,
    also=[
        lambda mask: (mask.cumsum(1) - 1).masked_fill(mask == 0, 1),
        lambda mask: [[sum(row[:place]) for place in range(len(row))] for row in mask.tolist()],
    ],
)
