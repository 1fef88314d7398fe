"""Bad input to `helpers.training`: what would train wrongly, or never end."""

from functools import partial

import torch
from torch import nn

from helpers import training

MODEL = nn.Linear(1, 1)
BATCH = {"input": torch.ones(1, 1)}
FROZEN = nn.Linear(1, 1).requires_grad_(False)
USUAL = {"steps": 2, "learning_rate": 0.1}
EXAMPLE = {"input_ids": [1], "labels": [1]}


def fit(data=(BATCH,), **options):
    usual = {"steps": 2, "learning_rate": 0.1, "loss": lambda model, batch: model(**batch).mean()}
    training.fit(MODEL, data, **usual | options)


def batches(*examples, **options):
    next(training.batches(examples, **{"size": 2, "seed": 0, "pad_token_id": 0} | options))


REFUSED = [
    (partial(training.seed, 2**32), ValueError, "number must be below 4294967296"),
    (partial(training.seed, "1"), TypeError, "number must be a whole number, got str"),
    (partial(training.fit, "gpt2", [BATCH], **USUAL), TypeError, "model must be a torch module"),
    (partial(training.fit, FROZEN, [BATCH], **USUAL), ValueError, "all are frozen"),
    (partial(fit, steps=0), ValueError, "steps must be at least 1, got 0"),
    (partial(fit, steps=2.0), TypeError, "steps must be a whole number, got float"),
    (partial(fit, learning_rate=0), ValueError, "learning_rate must be above 0"),
    (partial(fit, learning_rate="1e-3"), TypeError, "learning_rate.*got str"),
    (partial(fit, learning_rate=float("nan")), ValueError, "learning_rate"),
    (partial(fit, warmup=100), ValueError, "warmup must be a fraction of the steps"),
    (partial(fit, clip=0), ValueError, "clip must be above 0"),
    (partial(fit, BATCH), TypeError, r"for one batch alone: \[batch\]\), got str"),
    (partial(fit, []), ValueError, "batches ended after 0, .* give a list"),
    (partial(fit, iter([BATCH] * 3), steps=4), ValueError, "batches ended after 3"),
    (partial(fit, loss=lambda *_: None), TypeError, "the loss must be .*'labels'.*got NoneType"),
    (partial(fit, loss=lambda *_: torch.tensor(float("inf"))), ValueError, "the loss is inf at"),
    (batches, ValueError, "examples is empty"),
    (partial(batches, [1, 2]), TypeError, r"examples\[0\] must be a dict.*list"),
    (
        partial(batches, {"input_ids": [1], "labels": [5, None]}),
        TypeError,
        r"labels'\] must be a n",
    ),
    (partial(batches, {"input_ids": None}), TypeError, r"\['input_ids'\] must be a number or a li"),
    (partial(batches, {"input_ids": []}), ValueError, r"\['input_ids'\] must hold at least one"),
    (partial(batches, {"input_ids": [[1]]}), ValueError, r"shape \(T\), .*\['input_ids'\]\[0\]"),
    (
        partial(batches, EXAMPLE, {"input_ids": [1]}),
        ValueError,
        r"examples\[1\] must have the keys",
    ),
    (partial(batches, EXAMPLE, size=0), ValueError, "size must be at least 1"),
    (partial(batches, EXAMPLE, seed=None), TypeError, "seed must be a whole number, got NoneType"),
    (partial(batches, EXAMPLE, pad_token_id=None), TypeError, "see tokenizer.pad_token_id"),
    (partial(batches, EXAMPLE, pad_token_id=-100), ValueError, "pad_token_id must be at least 0"),
]
