"""Checks for the exercises: what is not attempted yet, what is wrong and why, what is right.

`checker` runs a learner's answer beside a reference. The exercises stand in `causal`, `masked` and
`seq2seq`, one module for each notebook. To add an exercise, add one entry there:

    EXERCISES["causal.perplexity"] = Exercise(
        reference=perplexity,
        inputs=[(torch.tensor([0.5, 1.0, 3.0]),)],
        mistakes={lambda losses: losses.mean(): "the exponential is missing."},
        rule="Perplexity is the exponential of the mean loss.",
    )
"""

from helpers.exercises import causal, masked, seq2seq  # noqa: F401  # each adds its entries
from helpers.exercises.checker import EXERCISES, Exercise, check, names

__all__ = ["EXERCISES", "Exercise", "check", "names"]
