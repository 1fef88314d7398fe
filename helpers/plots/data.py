"""What callers pass, checked, as NumPy arrays: from lists, arrays, or tensors on any device."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from helpers import checks

UNITS = {"bits": math.log(2), "nats": 1.0}  # how many nats each is
_BOOLEAN = "use mask == 1 if 1 means keep, mask == 0 if it is added to the scores"


def array(
    name: str,
    values: ArrayLike,
    axes: str,
    *labels: Sequence[str],
    dtype: str = "any",
    least: float = 0,
) -> np.ndarray:
    """The values, none below `least`, with the axes named, each as long as its labels if given.

    >>> array("weights", [[0.5, 0.5]], "Q K", ["It"], ["It", "was"])
    array([[0.5, 0.5]])
    """
    for token in (token for tokens in labels for token in tokens):
        from_ids = "a string (tokenizer.convert_ids_to_tokens makes them from ids)"
        checks.instance("each token", token, str, from_ids)
    tensor = values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))
    checks.tensor(name, tensor, axes, dtype, _BOOLEAN)
    if labels:
        checks.same_shape(name, tensor, "its labels", tuple(map(len, labels)))
    found = tensor.detach().cpu().to(torch.bool if dtype == "bool" else torch.double).numpy()
    fits = not ((found < least) | np.isinf(found)).any()
    checks.need(fits, f"{name} must not be negative or infinite")
    return found


def nats_in(unit: str) -> float:
    """How many nats a unit is."""
    checks.choice("unit", unit, UNITS)
    return UNITS[unit]
