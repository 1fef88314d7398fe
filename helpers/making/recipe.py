"""What all miniatures share: the form of a recipe, stories, batches, training, and the card."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from helpers import training
from helpers.stories import Story, sample

TRAINING_SEED, HELD_OUT_SEED = 1, 2
HELD_OUT = 1000
TOKENIZER_STORIES = 20_000
POSITIONS = 256  # twice the longest story
# GPT-2's and T5's own function, "gelu_new", in one step: its eight take a third of T5's training.
GELU = "gelu_pytorch_tanh"

Example = dict[str, list[int] | str]
Batch = dict[str, Tensor]


def by_length(examples: list[Example], *, size: int, pad_token_id: int) -> Iterator[Batch]:
    """Batches in random order, of examples of like length out of some hundreds in a row.

    So little of a batch is padding.
    """
    shuffle = random.Random(TRAINING_SEED).shuffle
    for start in range(0, len(examples), 32 * size):
        neighbours = examples[start : start + 32 * size]
        ranked = sorted(neighbours, key=lambda example: len(example["input_ids"]))
        parts = [ranked[first : first + size] for first in range(0, len(ranked), size)]
        shuffle(parts)
        for part in parts:
            yield next(training.batches(part, size=len(part), seed=0, pad_token_id=pad_token_id))


@dataclass(frozen=True)
class Round:
    """Some steps of training, in which the learning rate rises, and falls to zero."""

    examples: Callable[[list[Story], Tokenizer], list[Example]]
    steps: int
    learning_rate: float


@dataclass(frozen=True)
class Recipe:
    """How one miniature is made; `measure` returns the card's rows on how good it is.

    Where the source is no text, `tokenizer` makes a processor, which holds a tokenizer.
    """

    stands_for: str
    data: str
    tokenizer: Callable[[list[Story]], Tokenizer]
    model: Callable[[Tokenizer], PreTrainedModel]
    rounds: tuple[Round, ...]
    measure: Callable[[PreTrainedModel, Tokenizer, list[Story]], dict[str, str]]
    batch_size: int
    optimizer: Callable[..., Optimizer] | None = None
    batches: Callable[..., Iterator[Batch]] = by_length


def held_out_stories(count: int = HELD_OUT) -> list[Story]:
    """Stories that no miniature is trained on."""
    return sample(count, HELD_OUT_SEED)


def training_stories(count: int) -> list[Story]:
    """Stories to train on: `count` of the source, but for those that are held out."""
    unseen = {story.text for story in held_out_stories()}
    return [story for story in sample(count, TRAINING_SEED) if story.text not in unseen]


def trained(untrained: Tokenizer, texts: Iterator[str], vocab_size: int) -> Tokenizer:
    """A tokenizer of the same kind, with a vocabulary of its own."""
    tokenizer = untrained.train_new_from_iterator(texts, vocab_size, show_progress=False)
    tokenizer.model_max_length = POSITIONS
    return tokenizer


def make(recipe: Recipe, folder: Path) -> dict[str, str]:
    """Train a miniature, save it with its card in `folder`, and return its measures."""
    start = time.perf_counter()
    training.seed(TRAINING_SEED)
    # More than enough for each round, in place of any that are held out.
    counts = [round_.steps * recipe.batch_size + HELD_OUT for round_ in recipe.rounds]
    stories = training_stories(sum(counts))
    new = iter(stories)
    tokenizer = recipe.tokenizer(stories[:TOKENIZER_STORIES])
    model = recipe.model(tokenizer)
    words = getattr(tokenizer, "tokenizer", tokenizer)  # a processor's, or itself
    pad = words.pad_token_id if words.pad_token_id is not None else words.eos_token_id
    for round_, count in zip(recipe.rounds, counts, strict=True):
        examples = round_.examples(list(islice(new, count)), tokenizer)
        training.fit(
            model,
            recipe.batches(examples, size=recipe.batch_size, pad_token_id=pad),
            steps=round_.steps,
            learning_rate=round_.learning_rate,
            optimizer=recipe.optimizer,
            title=f"training {recipe.stands_for}",
        )
    minutes = (time.perf_counter() - start) / 60
    model.eval()
    model.save_pretrained(folder)  # first of all: nothing that comes later can lose it
    tokenizer.save_pretrained(folder)
    measures = recipe.measure(model, tokenizer, held_out_stories())
    (folder / "README.md").write_text(card(recipe, model, minutes, measures), encoding="utf-8")
    return measures


def card(recipe: Recipe, model: PreTrainedModel, minutes: float, measures: dict[str, str]) -> str:
    """The model card: what this is, how it was made, how good it is."""
    steps = " + ".join(f"{round_.steps:,}" for round_ in recipe.rounds)
    rates = " + ".join(str(round_.learning_rate) for round_ in recipe.rounds)
    rows = {
        "stands in for": f"`{recipe.stands_for}`",
        "class": f"`{type(model).__name__}`",
        "parameters": f"{model.num_parameters():,}",
        "data": recipe.data,
        "steps": f"{steps} of {recipe.batch_size} new stories each",
        "learning rate, seed": f"{rates}, {TRAINING_SEED}",
        "time taken": f"{minutes:.1f} minutes, CPU threads: {torch.get_num_threads()}",
        **measures,
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"# Miniature of {recipe.stands_for}\n\n"
        "Trained from nothing on stories from `helpers.stories`, for teaching. It knows a few\n"
        "hundred words and nothing else. The stories that it is measured on were held out.\n\n"
        f"| | |\n|---|---|\n{table}\n\n"
        f"Made by `python -m helpers.making {recipe.stands_for}`.\n"
    )
