"""Results of any reasonable type as arrays: reading them, comparing them, showing them."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

_WHOLE, _REAL = "whole numbers", "real numbers"
_KINDS = {"b": "True and False", "i": _WHOLE, "u": _WHOLE, "f": _REAL, "U": "words"}


def read(value: object) -> ndarray:
    """A number, a word, a tensor or lists of these as an array; anything else as an object.

    >>> read([torch.tensor(3), 4]).tolist(), read("No shift").item(), read([[1], [2, 3]]).item()
    ([3, 4], 'no shift', None)
    """
    if isinstance(value, str):
        value = value.casefold().strip()
    elif isinstance(value, Tensor):  # NumPy has no bfloat16
        value = (value.half() if value.dtype == torch.bfloat16 else value).numpy(force=True)
    elif isinstance(value, (list, tuple)):
        value = [read(item) for item in value]
        if len({item.shape for item in value}) > 1:
            value = None
    return np.asarray(value)


def leaves(value: object) -> list:
    """All that nested lists, tuples and dicts hold, or the tensors of a model.

    >>> leaves({"a": [1, (2, None)], "b": []})
    [1, 2, None]
    """
    if isinstance(value, torch.nn.Module):
        value = value.state_dict()
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def kind(array: ndarray) -> str:
    """What an array holds, in words."""
    return _KINDS.get(array.dtype.kind, "nothing that can be read")


def may_stand_for(result: ndarray, wanted: ndarray) -> bool:
    """Whether both hold the same kind of thing; whole numbers may stand for real ones."""
    kinds = kind(result), kind(wanted)
    return kinds[0] == kinds[1] or kinds == (_WHOLE, _REAL) or result.size == 0


def agree(result: ndarray, wanted: ndarray, tolerance: float) -> ndarray:
    """Where two results agree, real numbers up to a fraction; nowhere if their shapes differ."""
    if result.shape != wanted.shape:
        return np.array(False)
    if kind(wanted) != _REAL:
        return np.asarray(result == wanted)
    return np.isclose(result, wanted, rtol=tolerance, atol=1e-6, equal_nan=True)


def shown(value: object) -> str:
    """A value in short, its numbers rounded.

    >>> shown([torch.tensor([1 / 3, 2.0]), "a"]), len(shown(list(range(200))))
    ('[[0.3333, 2], a]', 242)
    """
    if isinstance(value, (Tensor, ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        text = f"[{', '.join(map(shown, value))}]"
    else:
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 240 else f"{text[:240]} …"
