"""The exercises of the second notebook."""

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from helpers.exercises.checker import EXERCISES, Exercise
from helpers.objectives import IGNORE_INDEX


def entropy(chances: Tensor) -> Tensor:
    """The mean surprise of a distribution in bits: (V,) → (). What never comes adds nothing."""
    possible = chances[chances > 0]
    return -(possible * possible.log2()).sum()


def _surprises(chances: Tensor) -> Tensor:
    return -chances[chances > 0].log2()


EXERCISES["masked.entropy"] = Exercise(
    reference=entropy,
    inputs=[
        (torch.tensor([0.5, 0.25, 0.25]),),
        (torch.full((8,), 0.125),),
        (torch.tensor([0.75, 0.25, 0.0]),),
    ],
    mistakes={
        lambda p: -(p * p.log2()).sum(): (
            "nan: 0 · log 0 is nan in floating point. A word that never comes adds nothing; leave "
            "it out."
        ),
        lambda p: entropy(p) * math.log(2): "this is in nats: take the logarithm to base 2.",
        lambda p: -entropy(p): "the sign is turned: surprise is −log p, and never negative.",
        lambda p: -entropy(p) * math.log(2): "the sign is turned, and this is in nats: −log2 p.",
        lambda p: _surprises(p).sum(): "this adds up surprises; weigh each with its probability.",
        lambda p: _surprises(p).mean(): "this is the plain mean; weigh by the probabilities.",
        lambda p: entropy(p) / len(p): "this divides by the number of words; weights are enough.",
    },
    rule="Entropy is one number: the sum of p · −log2 p.",
    also=[lambda p: torch.special.entr(p).sum() / math.log(2)],
)


def padding(attention_mask: Tensor) -> Tensor:
    """Every query may attend to the keys that are real tokens: (B, T) → (B, Q=T, K=T) bool."""
    length = attention_mask.shape[1]
    return attention_mask.bool()[:, None, :].expand(-1, length, -1)


EXERCISES["masked.padding"] = Exercise(
    reference=padding,
    inputs=[(torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]),), (torch.tensor([[0, 1, 1]]),)],
    mistakes={
        lambda mask: ~padding(mask): "inverted: here True means *may attend*.",
        lambda mask: padding(mask) | True: "nothing is hidden: the padding is attended to.",
        lambda mask: padding(mask).mT: (
            "this closes rows. Rows are queries; padding must be closed as a key: a column."
        ),
        lambda mask: padding(mask) & padding(mask).mT: (
            "this closes the rows of padding as well. A row with no key has no softmax, and nobody "
            "reads what padding attends to. Close columns only."
        ),
        lambda mask: padding(mask).tril(): (
            "this is causal as well. An encoder sees both sides: close the padding, nothing else."
        ),
    },
    rule="A query may attend to exactly those keys where the attention mask is 1.",
    also=[lambda mask: [[[key == 1 for key in row]] * len(row) for row in mask.tolist()]],
)


def targets(input_ids: Tensor, chosen: Tensor) -> Tensor:
    """The chosen tokens, and −100 at all others: (B, T) and (B, T) bool → (B, T)."""
    return input_ids.masked_fill(~chosen, IGNORE_INDEX)


IDS = torch.tensor([[11, 12, 13, 12, 15], [21, 22, 22, 24, 25]])  # tokens come back
CHOSEN = torch.tensor([[0, 1, 0, 0, 1], [0, 0, 1, 1, 0]]).bool()

EXERCISES["masked.targets"] = Exercise(
    reference=targets,
    inputs=[(IDS, CHOSEN)],
    mistakes={
        lambda ids, chosen: ids: (
            "every token is a target. Those that were not chosen stand in the input: their loss "
            "is near zero and teaches nothing. Give them −100."
        ),
        lambda ids, chosen: ids.masked_fill(chosen, IGNORE_INDEX): (
            "inverted: the chosen tokens are the targets, the others are not scored."
        ),
        lambda ids, chosen: targets(ids, chosen).roll(-1, dims=1): (
            "shifted. In a masked model, input and target stand at the same position."
        ),
        lambda ids, chosen: ids.masked_fill(~chosen, 0): (
            "a token that was not chosen has the target 0, which is scored. It must be −100."
        ),
        lambda ids, chosen: ids[
            chosen
        ]: "these are only the chosen tokens; fill in −100 elsewhere.",
    },
    rule="The target of a chosen position is the token there; all others have −100.",
    also=[lambda ids, chosen: torch.where(chosen, ids, IGNORE_INDEX)],
)


def accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """The fraction of the scored tokens that are guessed right: (B, T, V) and (B, T) → ()."""
    scored = targets != IGNORE_INDEX
    return (logits.argmax(-1) == targets)[scored].float().mean()


GUESSES = torch.tensor([[1, 2, 1, 0, 2, 3], [1, 0, 0, 0, 0, 2]])
TARGETS = torch.tensor([[-100, 2, -100, 0, -100, 1], [1, -100, -100, -100, 3, -100]])

EXERCISES["masked.accuracy"] = Exercise(
    reference=accuracy,
    inputs=[(one_hot(GUESSES, 4).float() * 3 - 1, TARGETS)],
    mistakes={
        lambda logits, targets: (logits.argmax(-1) == targets).float().mean(): (
            "this divides by all tokens; count the scored ones only."
        ),
        lambda logits, targets: (logits.argmax(-1) == targets).sum(): (
            "this is the number of right guesses; divide it by the scored tokens."
        ),
        lambda logits, targets: 1 - accuracy(logits, targets): "this counts the wrong guesses.",
        lambda logits, targets: accuracy(logits[:, :-1], targets[:, 1:]): (
            "shifted. In a masked model, guess and target stand at the same position."
        ),
    },
    rule="Accuracy is one number: here 3 of 5 scored tokens are guessed right.",
    also=[lambda logits, targets: 0.6],
)


def corrupt(
    input_ids: Tensor, chosen: Tensor, fate: Tensor, random_ids: Tensor, mask_id: int
) -> Tensor:
    """Chosen tokens masked below a fate of 0.8, random up to 0.9, else kept: all (B, T)."""
    changed = torch.where(chosen & (fate < 0.9), random_ids, input_ids)
    return torch.where(chosen & (fate < 0.8), mask_id, changed)


EXERCISES["masked.corrupt"] = Exercise(
    reference=corrupt,
    inputs=[
        (
            torch.tensor([[11, 12, 13, 14, 15, 16, 17, 18]]),
            torch.tensor([[1, 1, 1, 1, 1, 0, 0, 0]]).bool(),
            torch.tensor([[0.1, 0.79, 0.81, 0.89, 0.95, 0.1, 0.85, 0.95]]),
            torch.tensor([[31, 32, 33, 34, 35, 36, 37, 38]]),
            4,
        )
    ],
    mistakes={
        lambda ids, chosen, fate, random, mask: ids.masked_fill(chosen, mask): (
            "every chosen token becomes the mask token: that is 100/0/0. Look at fate."
        ),
        lambda ids, chosen, fate, *others: corrupt(ids, chosen | True, fate, *others): (
            "a token that was not chosen has changed. Only the chosen ones may."
        ),
        lambda ids, chosen, fate, *others: corrupt(ids, chosen, fate.clamp(max=0.89), *others): (
            "no chosen token stays itself: that is 80/20/0. From 0.9 they stay."
        ),
        lambda ids, chosen, fate, random, mask: torch.where(chosen & (fate < 0.9), random, ids): (
            "the mask token is missing, or was overwritten by the random one. Mind the order: "
            "below 0.9 random, and of these below 0.8 the mask token."
        ),
    },
    rule=(
        "A chosen token becomes the mask token where its fate is below 0.8, from there to 0.9 a "
        "random one, and above that stays itself; no other token changes."
    ),
    also=[lambda *_: [[4, 4, 33, 34, 15, 16, 17, 18]]],
)


def align(word_labels: list[int], word_ids: list[int | None]) -> list[int]:
    """The label of each word at its first token, and −100 at all others, one for each token."""
    before = [None, *word_ids[:-1]]
    return [
        IGNORE_INDEX if word is None or word == last else word_labels[word]
        for last, word in zip(before, word_ids, strict=True)
    ]


def _every_piece(word_labels: list[int], word_ids: list[int | None], special: int) -> list[int]:
    return [special if word is None else word_labels[word] for word in word_ids]


def _special_scored(word_labels: list[int], word_ids: list[int | None]) -> list[int]:
    labels = align(word_labels, word_ids)
    return [0 if word is None else it for it, word in zip(labels, word_ids, strict=True)]


def _where_labels_change(word_labels: list[int], word_ids: list[int | None]) -> list[int]:
    labels = _every_piece(word_labels, word_ids, special=IGNORE_INDEX)
    changes = zip([IGNORE_INDEX, *labels[:-1]], labels, strict=True)
    return [IGNORE_INDEX if label == last else label for last, label in changes]


SPECIAL_SCORED = "the special tokens (word None) are scored. Give them −100."

EXERCISES["masked.align"] = Exercise(
    reference=align,
    inputs=[
        ([0, 2, 0, 3], [None, 0, 1, 1, 1, 2, 3, 3, None]),
        ([1, 1, 0], [None, 0, 1, 2, None]),  # two words side by side with the same label
    ],
    mistakes={
        lambda labels, words: _every_piece(labels, words, special=IGNORE_INDEX): (
            "every piece of a word is scored: a long word counts several times. Its first piece "
            "gets the label, the others −100."
        ),
        lambda labels, words: _every_piece(labels, words, special=0): SPECIAL_SCORED,
        _special_scored: SPECIAL_SCORED,
        lambda labels, words: [labels[word] for word in words if word is not None]: (
            "there must be one label for each token, special tokens and later pieces included."
        ),
        lambda labels, words: labels: "these are the labels of words; each token needs one.",
        _where_labels_change: "a word is left out: two neighbours with one label are two words.",
    },
    rule="The first token of each word has its label; later ones and special ones have −100.",
    also=[
        lambda labels, words: [
            IGNORE_INDEX if word is None or word in words[:place] else labels[word]
            for place, word in enumerate(words)
        ]
    ],
)
