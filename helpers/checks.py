"""What a caller got wrong, in one style: which argument, what is wanted, what came, what to do.

TypeError for the wrong kind of thing, ValueError for a wrong shape or value.
"""

import math
from collections.abc import Callable, Collection
from numbers import Real

import torch
from torch import Tensor

IDS = "ask the tokenizer for return_tensors='pt'; for other whole numbers, use .long()"
_DTYPES: dict[str, tuple[str, Callable[[torch.dtype], bool]]] = {
    "ids": ("a tensor of token ids (torch.long)", lambda dtype: dtype == torch.long),
    "bool": ("a boolean tensor, True = may attend", lambda dtype: dtype == torch.bool),
    "float": ("a float tensor", lambda dtype: dtype.is_floating_point),
    "any": ("a tensor", lambda dtype: True),
}


def kind(value: object) -> str:
    """What it is, for an error message: "a tensor of torch.float32", or "list"."""
    return f"a tensor of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__


def need(fits: object, message: str) -> None:
    """Raises ValueError with the message unless it fits."""
    if not fits:
        raise ValueError(message)


def instance(
    name: str, value: object, types: type | tuple, wanted: str, but: type | tuple = ()
) -> None:
    """Raises TypeError unless the value is of one of the types, and of none in `but`.

    >>> instance("text", 5, str, "a string such as 'Tom ran.'")
    Traceback (most recent call last):
    TypeError: text must be a string such as 'Tom ran.', got int
    """
    if not isinstance(value, types) or isinstance(value, but):
        raise TypeError(f"{name} must be {wanted}, got {kind(value)}")


def tensor(name: str, value: object, axes: str | None, dtype: str = "any", do: str = IDS) -> None:
    """Raises TypeError for another type or dtype, ValueError for another rank or an empty tensor.

    axes names the axes, "B T", or is None for any; dtype is "ids", "bool", "float" or "any"; do
    says what to do about a wrong type.

    >>> tensor("ids", torch.tensor([3, 4]), "B T")
    Traceback (most recent call last):
    ValueError: ids must have shape (B, T), got (2,): for one text, add the batch axis, ids[None]
    """
    wanted, fits = _DTYPES[dtype]
    if not isinstance(value, Tensor) or not fits(value.dtype):
        raise TypeError(f"{name} must be {wanted}, got {kind(value)}: {do}")
    shape = tuple(value.shape)
    if axes:
        missing = len(axes.split()) - len(shape)
        way = f": for one text of a batch, {name}[0]" if missing == -1 else ""
        if missing == 1 and axes.startswith("B"):
            way = f": for one text, add the batch axis, {name}[None]"
        need(not missing, f"{name} must have shape ({axes.replace(' ', ', ')}), got {shape}{way}")
    need(value.numel(), f"{name} must hold at least one token, got shape {shape}")


def same_shape(name: str, value: Tensor, other: str, wanted: tuple[int, ...]) -> None:
    """Raises ValueError unless the tensor has the shape of the other one."""
    came, wanted = tuple(value.shape), tuple(wanted)
    way = "pass what was made with it"
    need(came == wanted, f"{name} must have the shape of {other}, {wanted}, got {came}: {way}")


def whole(
    name: str, value: object, least: float = -math.inf, below: float = math.inf, do: str = ""
) -> int:
    """The value itself; TypeError unless it is a whole number, ValueError out of range.

    >>> whole("steps", 0, least=1)
    Traceback (most recent call last):
    ValueError: steps must be at least 1, got 0
    """
    way = f": {do}" if do else ""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {_shown(value)}{way}")
    need(value >= least, f"{name} must be at least {least}, got {value}{way}")
    need(value < below, f"{name} must be below {below}, got {value}{way}")
    return value


def number(name: str, value: object, fits: Callable[[float], bool], wanted: str) -> None:
    """Raises TypeError unless the value is a number, ValueError unless it is as `wanted` says."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, {wanted}, got {_shown(value)}")
    need(fits(value), f"{name} must be {wanted}, got {value}")


def choice(name: str, value: object, options: Collection[str]) -> None:
    """Raises ValueError unless the value is one of the options.

    >>> choice("side", "top", ["left", "right"])
    Traceback (most recent call last):
    ValueError: side must be 'left' or 'right', got 'top'
    """
    known = isinstance(value, str) and value in options
    need(known, f"{name} must be {' or '.join(map(repr, options))}, got {value!r}")


def _shown(value: object) -> str:
    return kind(value) if isinstance(value, Tensor) else f"{type(value).__name__}: {value!r:.60}"
