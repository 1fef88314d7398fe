"""What callers pass, checked, as NumPy arrays: from lists, arrays, or tensors on any device."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from helpers import checks

UNITS = {"bits": math.log(2), "nats": 1.0}  # how many nats each is
_BOOLEAN = "use mask == 1 if 1 means keep, mask == 0 if it is added to the scores"


def numbers(name: str, values: ArrayLike, dtype: str = "any", **sizes: int | None) -> np.ndarray:
    """The values as an array, none of them negative.

    `sizes` names the axes and says how long they must be, or None: `Q=len(rows), K=len(columns)`.
    """
    tensor = values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))
    checks.tensor(name, tensor, " ".join(sizes), dtype, _BOOLEAN)
    array = tensor.detach().cpu().to(torch.bool if dtype == "bool" else torch.double).numpy()
    fits = not ((array < 0) | np.isinf(array)).any()
    checks.need(fits, f"{name} must not be negative or infinite")
    wanted = tuple(size or actual for size, actual in zip(sizes.values(), array.shape, strict=True))
    shapes = f"{wanted} by its labels, got {array.shape}"
    checks.need(array.shape == wanted, f"{name} must have the shape {shapes}")
    return array


def matrix(
    name: str, values: ArrayLike, rows: Sequence[str], columns: Sequence[str], dtype: str = "any"
) -> np.ndarray:
    """The values as an array, (Q, K), with as many rows and columns as there are labels."""
    check_tokens("rows", rows)
    check_tokens("columns", columns)
    return numbers(name, values, dtype, Q=len(rows), K=len(columns))


def check_tokens(name: str, tokens: Sequence[str]) -> None:
    checks.instance(name, tokens, Sequence, "a list of tokens")
    checks.need(tokens, f"{name} is empty: give one token for each position")
    from_ids = "a string (tokenizer.convert_ids_to_tokens makes them from ids)"
    for place, token in enumerate(tokens):
        checks.instance(f"{name}[{place}]", token, str, from_ids)


def check_fractions(name: str, fractions: Mapping[str, float]) -> None:
    wanted = "a dict of name → fraction, such as {'Anna': 0.5}, and not be empty"
    checks.instance(name, fractions, Mapping, wanted)
    checks.need(fractions, f"{name} must be {wanted}")
    for key, value in fractions.items():
        fits = "between 0 and 1"
        checks.number(f"{name}[{key!r}]", value, lambda x: 0 <= x <= 1 + 1e-3, fits)


def nats_in(unit: str) -> float:
    """How many nats a unit is; ValueError if it is unknown."""
    checks.choice("unit", unit, UNITS)
    return UNITS[unit]
