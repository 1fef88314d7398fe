"""Runs a learner's answer beside the reference, and names the mistake if there is one."""

import copy
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import signature
from threading import Thread

import numpy as np
import torch
from torch import Tensor

from helpers import checks

PATIENCE = 5.0  # seconds that an answer is given

_WANTED = {
    torch.bool: "torch.bool, True = may attend; neither 1 and 0 nor the additive form, 0 and −inf",
    torch.long: "torch.int64, whole numbers",
    torch.float32: "real numbers",
}


@dataclass(frozen=True)
class Exercise:
    """One exercise: a right answer, inputs, and usual mistakes with what to say about each.

    - reference: gives the right result; messages call the inputs by the names of its parameters.
    - inputs: the arguments of each call, a tuple each. A wrong answer must fail on one of them.
    - mistakes: wrong answers, as functions of the same arguments, and why each is wrong. A learner
      whose result equals that of a mistake reads why.
    - rule: what a right result is, in one sentence. It follows every other message.
    - compared: which part of a result matters, given the result and the arguments; default: all.

    Results are tensors, numbers, lists of whole numbers, or a tuple of these.

    Raises TypeError or ValueError if there are no inputs, or one of them is not a tuple.

    >>> double = Exercise(lambda x: 2 * x, [(3,), (5,)], {lambda x: x: "unchanged."}, "Twice x.")
    >>> [double.reference(*arguments) for arguments in double.inputs]
    [6, 10]
    """

    reference: Callable
    inputs: list[tuple]
    mistakes: dict[Callable, str]
    rule: str
    compared: Callable = lambda result, *arguments: result

    def __post_init__(self) -> None:
        checks.need(self.inputs, "inputs must hold the arguments of at least one call, got none")
        for arguments in self.inputs:
            checks.instance(
                "each of the inputs", arguments, tuple, "a tuple such as (torch.ones(2),)"
            )


EXERCISES: dict[str, Exercise] = {}


class Wrong(Exception):  # noqa: N818  # it is a finding, not a fault
    """The answer is wrong; the message says why."""


class NotAttempted(Exception):  # noqa: N818
    """There is no answer yet."""


def check(name: str, answer: object) -> None:
    """Print whether `answer` solves the exercise `name`, and if not, why not.

    An answer that is None or `...`, or a function that returns one of these or raises
    NotImplementedError, has not been attempted yet. Whatever an answer does, this prints one line
    and returns.

    Raises TypeError or ValueError if there is no exercise of that name.

    >>> check("causal.mask", None)
    … causal.mask: not attempted yet.
    >>> check("causal.mask", lambda n: torch.ones(n, n, dtype=torch.bool).tril())
    ✔ causal.mask: right.
    """
    checks.instance("name", name, str, "a string such as 'causal.mask'")
    close = get_close_matches(name, EXERCISES, n=3) or names()
    is_known = name in EXERCISES
    checks.need(is_known, f"name is {name!r}, which is no exercise; try {' or '.join(close)}")
    print(_verdict(name, answer))


def names() -> list[str]:
    """The exercises that can be checked.

    >>> "causal.mask" in names()
    True
    """
    return sorted(EXERCISES)


def _verdict(name: str, answer: object) -> str:
    exercise = EXERCISES[name]
    try:
        for arguments in exercise.inputs:
            _compare(exercise, arguments, _call(answer, arguments))
    except NotAttempted:
        return f"… {name}: not attempted yet."
    except Wrong as why:
        return f"✘ {name}: {why}"
    except Exception as error:  # an answer of an odd kind broke the check itself
        return f"✘ {name}: the answer could not be checked ({_one_line(error)})."
    return f"✔ {name}: right."


# ---- calling the answer ----


def _call(answer: object, arguments: tuple) -> object:
    """What the learner's function returns; it may not change its arguments."""
    if _is_blank(answer):
        raise NotAttempted
    if not callable(answer):
        kind = type(answer).__name__
        raise Wrong(f"the answer is {kind}; hand over the function itself, not its result.")
    copies = copy.deepcopy(arguments)
    try:
        result = _in_time(answer, copies)
    except NotImplementedError:
        raise NotAttempted from None
    except Wrong:
        raise
    except (Exception, SystemExit) as error:
        raise Wrong(f"your function stopped with {_one_line(error)}.") from error
    if _is_blank(result):
        raise NotAttempted
    if not all(map(_is_unchanged, arguments, copies)):
        raise Wrong("your function changes its input; work on a copy (`.clone()`, `list(…)`).")
    return result


def _is_blank(value: object) -> bool:
    return value is None or value is ...


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _is_unchanged(before: object, after: object) -> bool:
    if isinstance(before, Tensor):
        return before.dtype == after.dtype and torch.equal(before, after)
    return before == after


class _TooLongError(BaseException):
    """Raised inside an answer that has had its time; no `except Exception` there catches it."""


def _in_time(answer: Callable, arguments: tuple) -> object:
    """What the answer returns or raises, or `Wrong` if it takes longer than PATIENCE.

    It runs in a thread of its own, since signals that could interrupt it exist on some systems
    only. What it computes in compiled code can't be stopped; then nobody waits for it any longer.
    """
    outcome: dict[str, object] = {}

    def run() -> None:
        try:
            outcome["result"] = answer(*arguments)
        except BaseException as error:  # for the thread that waits
            outcome["error"] = error

    thread = Thread(target=run, daemon=True, name="answer")
    thread.start()
    try:
        thread.join(PATIENCE)
    finally:  # after an interrupt by the learner as well
        if thread.is_alive():
            stop = ctypes.py_object(_TooLongError)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), stop)
    if not outcome or isinstance(outcome.get("error"), _TooLongError):
        raise Wrong(
            f"your function has not returned after {PATIENCE:g} seconds, and was stopped: does "
            "a loop in it ever end?"
        )
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


# ---- comparing its result ----


def _compare(exercise: Exercise, arguments: tuple, result: object) -> None:
    """Raises `Wrong` unless the result equals the reference's, and says which mistake it is."""
    right = exercise.reference(*arguments)
    count = len(right) if isinstance(right, tuple) else 1
    try:
        parts = _parts(result, count)
    except (TypeError, ValueError, RuntimeError) as error:
        raise Wrong(
            f"your function returns {type(result).__name__}, which does not have the form of a "
            f"right result. {exercise.rule}"
        ) from error
    for place, wanted in enumerate(_parts(right, count)):
        part = parts[place].squeeze() if wanted.ndim == 0 else parts[place]  # [4.5] is a number
        if _same(exercise, arguments, part, wanted):
            continue
        for mistake, why in exercise.mistakes.items():
            if _same(exercise, arguments, part, _parts(mistake(*arguments), count)[place]):
                raise Wrong(why)
        raise Wrong(f"{_difference(exercise, arguments, part, wanted)} {exercise.rule}")


def _parts(result: object, count: int) -> list[Tensor]:
    """The result as so many tensors; an error if it can't be read as these."""
    if count == 1:
        return [_tensor(result)]
    if not isinstance(result, (list, tuple)) or len(result) != count:
        raise TypeError(f"{count} results are needed")
    return [_tensor(part) for part in result]


def _tensor(value: object) -> Tensor:
    """A tensor, an array, a number or nested lists of these, as a tensor."""
    if isinstance(value, (list, tuple)):
        items = [_tensor(item) for item in value]
        return torch.stack(items) if items else torch.tensor([], dtype=torch.long)
    if isinstance(value, (np.ndarray, np.generic)):
        # NumPy's whole numbers differ between systems, and torch takes no reversed arrays
        value = value.astype(np.int64) if value.dtype.kind in "iu" else np.array(value)
    elif not isinstance(value, (Tensor, int, float)):
        raise TypeError(f"{type(value).__name__} can't be read as a tensor")
    return torch.as_tensor(value).detach().cpu()


def _same(exercise: Exercise, arguments: tuple, result: Tensor, wanted: Tensor) -> bool:
    """Whether two results agree where it matters, up to rounding in the precision of the first."""
    if result.shape != wanted.shape:
        return False
    result, wanted = (exercise.compared(each, *arguments) for each in (result, wanted))
    if not _fits(result.dtype, wanted.dtype):
        return False
    if not wanted.is_floating_point():
        return torch.equal(result.to(wanted.dtype), wanted)
    tolerance = 2e-2 if result.dtype in (torch.float16, torch.bfloat16) else 1e-4
    return torch.allclose(
        result.double(), wanted.double(), rtol=tolerance, atol=1e-6, equal_nan=True
    )


def _fits(dtype: torch.dtype, wanted: torch.dtype) -> bool:
    if wanted == torch.bool or dtype == torch.bool:
        return dtype == wanted
    return not dtype.is_complex and (wanted.is_floating_point or not dtype.is_floating_point)


def _difference(exercise: Exercise, arguments: tuple, result: Tensor, wanted: Tensor) -> str:
    """What is wrong with a result that no mistake explains: its shape, its dtype, or one row."""
    if result.shape != wanted.shape and wanted.ndim != 1:
        needed = f"the shape {tuple(wanted.shape)}" if wanted.ndim else "one number"
        return f"the result has the shape {tuple(result.shape)}; it needs {needed}."
    result, wanted = (exercise.compared(each, *arguments) for each in (result, wanted))
    if not _fits(result.dtype, wanted.dtype):
        return f"the result is {result.dtype}; it must be {_WANTED[wanted.dtype]}."
    row = ""
    if wanted.ndim > 1:
        index = (result != wanted).any(dim=-1).nonzero()[0].tolist()
        result, wanted = result[tuple(index)], wanted[tuple(index)]
        row = f" in row {', '.join(map(str, index))}"
    names = signature(exercise.reference).parameters
    call = ", ".join(f"{name} = {_shown(x)}" for name, x in zip(names, arguments, strict=True))
    return f"for {call}, your function gives {_shown(result)}{row}; it should be {_shown(wanted)}."


def _shown(value: object) -> str:
    """A value in one line, numbers rounded."""
    if isinstance(value, Tensor) and value.numel() > 24:
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Tensor):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
