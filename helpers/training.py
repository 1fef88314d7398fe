"""Training in a plain loop: seeds, the device, batches, and `fit`.

Sources: AdamW from Loshchilov & Hutter 2019; warm-up from Vaswani et al. 2017, section 5.3; linear
decay to zero from Defazio et al. 2023; clipping by norm from Pascanu et al. 2013.
"""

import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from math import inf, isfinite
from numbers import Real

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence
from torch.optim import AdamW, Optimizer
from tqdm.auto import tqdm
from transformers import TrainerCallback, set_seed

from helpers import checks
from helpers.objectives import IGNORE_INDEX

# ---- seeds and device ----


def seed(number: int) -> None:
    """Make the random numbers of Python, NumPy and torch start from the same place every time.

    Raises TypeError unless `number` is a whole number, ValueError unless it is in 0 … 2³² − 1.

    >>> seed(1)
    >>> first = torch.rand(3)
    >>> seed(1)
    >>> torch.equal(torch.rand(3), first)
    True
    """
    checks.whole("number", number, least=0, below=2**32)  # NumPy's limit
    set_seed(number)


def device() -> torch.device:
    """Where to train: CUDA if there is one, else Apple's MPS, else the CPU.

    The environment variable `NOTEBOOK_DEVICE` (`cuda`, `mps`, `cpu`) overrides the choice.
    Raises ValueError if it names something else, or something that this machine does not have.
    """
    gpus = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    present = [*[name for name in gpus if gpus[name]], "cpu"]
    chosen = os.environ.get("NOTEBOOK_DEVICE") or present[0]
    checks.choice("NOTEBOOK_DEVICE", chosen, present)
    return torch.device(chosen)


# ---- batches ----


def batches(
    examples: Sequence[Mapping[str, Sequence[int] | int]],
    *,
    size: int,
    seed: int,
    pad_token_id: int,
) -> Iterator[dict[str, Tensor]]:
    """Endless batches of `size` examples, in a new random order each time round.

    An example is a dict such as {"input_ids": [5, 7, 2], "labels": [5, 7, 2]}. A list becomes a
    row, filled up on the right to the longest of its batch: `input_ids` with `pad_token_id`,
    `labels` with −100, which no loss scores. So (B, T) for the inputs, and the labels may have
    a length of their own. A single number, the label of a whole text, becomes one entry of (B,).
    `attention_mask` is 1 on tokens and 0 on padding, unless the examples bring their own.

    Raises TypeError or ValueError at the first batch, and names what is wrong.

    >>> stories = [{"input_ids": [5, 7, 2], "labels": [5, 7, 2]}, {"input_ids": [4], "labels": [4]}]
    >>> batch = next(batches(stories, size=2, seed=0, pad_token_id=0))
    >>> sorted(batch["labels"].tolist())
    [[4, -100, -100], [5, 7, 2]]
    """
    checks.whole("size", size, least=1)
    checks.whole("seed", seed, least=0)
    checks.whole("pad_token_id", pad_token_id, least=0, do="see tokenizer.pad_token_id")
    examples = list(examples)
    _check_examples(examples)
    chance = random.Random(seed)
    order: list[int] = []
    while True:
        while len(order) < size:  # every example once, in random order, then once more, and so on
            order += chance.sample(range(len(examples)), len(examples))
        yield _pad([examples[i] for i in order[:size]], pad_token_id)
        del order[:size]


def _pad(examples: list[Mapping], pad_token_id: int) -> dict[str, Tensor]:
    """One batch: rows side by side, filled up on the right, with their attention mask."""
    fillers = {"input_ids": pad_token_id, "labels": IGNORE_INDEX}  # others end in 0
    columns = {key: [torch.tensor(one[key]) for one in examples] for key in examples[0]}
    columns.setdefault("attention_mask", [torch.ones_like(ids) for ids in columns["input_ids"]])
    return {
        key: pad_sequence(column, batch_first=True, padding_value=fillers.get(key, 0))  # (B, T)
        if column[0].dim()
        else torch.stack(column)  # (B,)
        for key, column in columns.items()
    }


def _check_examples(examples: list) -> None:
    checks.need(examples, "examples is empty: there is nothing to make batches of")
    for index, example in enumerate(examples):
        name = f"examples[{index}]"
        checks.instance(name, example, Mapping, "a dict with 'input_ids'")
        checks.need(
            example.keys() == examples[0].keys(),
            f"{name} must have the keys of the first, {sorted(examples[0])}, got {sorted(example)}",
        )
        for key, values in example.items():
            row = values if isinstance(values, (list, tuple)) else [values]
            for value in {type(value): value for value in row}.values():  # one of each type
                wanted = "a number or a list of them"
                checks.instance(f"{name}[{key!r}]", value, (Real, list), wanted)
        checks.tensor(f"{name}['input_ids']", torch.tensor(example["input_ids"]), "T")


# ---- the loop ----


def fit(
    model: Module,
    batches: Iterable[Mapping[str, Tensor]],
    *,
    steps: int,
    learning_rate: float,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    loss: Callable[[Module, Mapping[str, Tensor]], Tensor] | None = None,
    optimizer: Callable[..., Optimizer] | None = None,
    title: str = "training",
) -> list[float]:
    """Train `model` for `steps` batches, and return the loss of each, in nats per scored token.

    Five things a step: forward, forget the old gradients, backward, clip, update. The learning rate
    rises from near zero during the first `warmup` (a fraction of the steps), because AdamW's first
    averages rest on few gradients. Then it falls in a straight line to zero, because the noise of
    single batches then averages out: a curve that ends flat has arrived. Gradients longer than
    `clip` are shortened to it.

    `batches` can be a list or a DataLoader, which starts over at its end, or an endless generator
    such as `training.batches(...)` makes. Each batch is a dict of tensors for the model, which are
    moved to its device. The loss is the model's own, `model(**batch).loss`; another one comes in
    as `loss(model, batch)`. Another optimizer than AdamW is made by
    `optimizer(parameters, lr=…, weight_decay=…)`, such as `torch.optim.Adafactor`. Afterwards the
    model is in the mode (train or eval) that it was in, and holds no gradients.

    Raises TypeError or ValueError for options out of range, for batches that don't fit or end
    early, and when the loss is no longer a finite number: before the weights are moved by it.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> ids = torch.tensor([[1, 2, 3, 1, 2, 3, 1, 2, 3]])
    >>> model = GPT2LMHeadModel(GPT2Config(vocab_size=4, n_embd=16, n_layer=1, n_head=2))
    >>> losses = fit(model, [{"input_ids": ids, "labels": ids}], steps=30, learning_rate=1e-2)
    >>> len(losses), losses[-1] < losses[0]
    (30, True)
    """
    checks.whole("steps", steps, least=1)
    checks.number("learning_rate", learning_rate, lambda x: 0 < x < inf, "above 0, such as 1e-3")
    checks.number("warmup", warmup, lambda x: 0 <= x <= 1, "a fraction of the steps, from 0 to 1")
    checks.number("clip", clip, lambda x: x > 0, "above 0 (float('inf') clips nothing)")
    checks.instance("model", model, Module, "a torch module")
    parameters = [p for p in model.parameters() if p.requires_grad]
    checks.need(parameters, "model has no parameter that can be trained: all are frozen")
    make = optimizer or partial(AdamW, fused=True)
    updates = make(parameters, lr=learning_rate, weight_decay=weight_decay)
    (group,) = updates.param_groups
    losses: list[float] = []
    with _training_mode(model), _bar(steps, title) as bar:
        for step, batch in enumerate(islice(_endless(batches), steps)):
            group["lr"] = learning_rate * _fraction(step, steps, warmup)
            batch = {key: value.to(parameters[0].device) for key, value in batch.items()}
            value = loss(model, batch) if loss else model(**batch).loss
            losses.append(_checked(value, step))
            updates.zero_grad()
            value.backward()
            clip_grad_norm_(parameters, clip)
            updates.step()
            bar.set_description(f"{title}, loss {losses[-1]:.3f}", refresh=False)
            bar.update()
    return losses


def _fraction(step: int, steps: int, warmup: float) -> float:
    """The fraction of the learning rate: up to 1 in a straight line, then down towards 0.

    >>> [round(_fraction(step, 5, 0.4), 2) for step in range(5)]
    [0.5, 1.0, 1.0, 0.67, 0.33]
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / (steps - rising)


def _endless(batches: Iterable) -> Iterator[Mapping[str, Tensor]]:
    """The batches, and again from the start where they can start again."""
    count = 0
    while True:
        before = count
        for batch in batches:
            wanted = "a dict of tensors such as {'input_ids': …} (for one batch alone: [batch])"
            checks.instance("a batch", batch, Mapping, wanted)
            yield batch
            count += 1
        way = "give a list, more batches, or fewer steps"
        checks.need(count > before, f"batches ended after {count}, and can't start again: {way}")


def _checked(loss: Tensor, step: int) -> float:
    """The loss as a number, checked before any weight is moved by it."""
    wanted = "a tensor with one number: give batches with 'labels', or loss=…"
    checks.instance("the loss", loss, Tensor, wanted)
    checks.need(
        isfinite(loss.item()),
        f"the loss is {loss.item()} at step {step + 1}: that batch has no token to score (all its "
        "labels are -100), or numbers overflow: then load the model anew, in float32, and lower "
        "learning_rate",
    )
    return loss.item()


@contextmanager
def _training_mode(model: Module) -> Iterator[None]:
    """Train mode inside; outside, every part of the model is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.train()
    try:
        yield
    finally:
        model.zero_grad()
        for module, was_training in modes:
            module.training = was_training


def _bar(steps: int, title: str) -> tqdm:
    # Outside notebooks tqdm heeds TQDM_DISABLE by itself; its notebook form does not.
    quiet = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(total=steps, desc=title, unit="step", disable=quiet)


class ProgressBar(TrainerCallback):
    """The progress bar of `fit` for transformers' `Trainer`, whose own is a table in a notebook.

    Ask for `disable_tqdm=True` in the TrainingArguments, for `callbacks=[ProgressBar()]` in the
    Trainer, and then for `trainer.remove_callback(PrinterCallback)`, which prints run times.
    """

    def __init__(self, title: str = "training") -> None:
        self.title = title

    def on_train_begin(self, args, state, control, **_) -> None:
        self._bar = _bar(state.max_steps, self.title)

    def on_step_end(self, args, state, control, **_) -> None:
        self._bar.update()

    def on_train_end(self, args, state, control, **_) -> None:
        self._bar.close()
