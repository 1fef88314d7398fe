"""Checks for the exercises: what is not attempted yet, what is wrong and why, what is right.

`checker` runs a learner's answer beside a reference. The exercises stand in `causal`, `masked` and
`seq2seq`, one module for each notebook. To add an exercise, add one entry there; the tests read it:

    EXERCISES["causal.perplexity"] = Exercise(
        reference=perplexity,
        inputs=[(torch.tensor([0.5, 1.0, 3.0]),)],
        mistakes={lambda losses: losses.mean(): "the exponential is missing."},
        rule="Perplexity is the exponential of the mean loss.",
    )
    EXERCISES["causal.symptoms"] = Exercise(
        reference={"loss A": "no shift", "loss B": "two shifts"},
        mistakes={("loss A", "two shifts"): "it falls to 0: the model copies its input."},
    )
"""

from helpers.exercises import causal, masked, seq2seq  # noqa: F401  # each adds its entries
from helpers.exercises.checker import EXERCISES, Exercise, check

__all__ = ["EXERCISES", "Exercise", "check"]
