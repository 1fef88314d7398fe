"""Runs a learner's answer beside the reference, and names the mistake if there is one."""

import copy
import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from threading import Thread
from traceback import format_exception_only

import numpy as np
from numpy import ndarray

from helpers import checks
from helpers.exercises import values

PATIENCE = 5.0  # seconds that an answer is given


@dataclass(frozen=True)
class Exercise:
    """One exercise: a right answer, inputs, and usual mistakes with what to say about each.

    - reference: the right answer, a function or a value. Messages may show what the function
      returns, but never the value.
    - inputs: the arguments of each call, a tuple each; none for a value. Every wrong function must
      fail on one of them.
    - mistakes: wrong answers, functions or values, and why each is wrong. A learner with the same
      result reads why. Where the reference is a dict, a mistake is `(key, wrong value)`.
    - rule: what a right result is, in one sentence. It follows every other message.
    - compared: which part of a result matters, given it as an array, and the arguments.
    - also: other right answers, for the tests.

    Results are numbers, words, tensors, lists of these, or a tuple or dict of all these, which is
    compared part by part. Where whole numbers are right, floats are not. Where the reference is a
    value, real numbers may be rounded: 2 % is close enough.

    Raises ValueError if there are no inputs, or one of them is not a tuple.

    >>> EXERCISES["twice"] = Exercise(lambda x: 2 * x, [(3,), (5,)], {lambda x: x: "unchanged."})
    >>> check("twice", lambda x: x + 3)
    ✘ twice: for x = 5, your function gives 8; it should be 10.
    >>> EXERCISES["signs"] = Exercise({"a": "+", "b": "-"}, mistakes={("b", "+"): "it is below 0."})
    >>> check("signs", {"a": "-", "b": "+"})
    ✘ signs: a: not right. b: it is below 0.
    >>> del EXERCISES["twice"], EXERCISES["signs"]
    """

    reference: object
    inputs: Sequence[tuple] = ((),)
    mistakes: dict = field(default_factory=dict)
    rule: str = ""
    compared: Callable = lambda result, *arguments: result
    also: Sequence = ()

    def __post_init__(self) -> None:
        fits = self.inputs and all(isinstance(arguments, tuple) for arguments in self.inputs)
        checks.need(fits, f"inputs must be a list of tuples such as (ids,), got {self.inputs}")

    def answer_with(self, mistake: object) -> object:
        """The whole answer that makes this mistake."""
        return self.reference | dict([mistake]) if isinstance(self.reference, dict) else mistake


EXERCISES: dict[str, Exercise] = {}


class Finding(Exception):  # noqa: N818  # it is no fault
    """The sign and the sentence to print about an answer that is not right."""


def check(name: str, answer: object) -> None:
    """Print whether `answer` solves the exercise `name`, and if not, why not.

    An answer that is None or `...`, or a function that returns one of these or raises
    NotImplementedError without a message, has not been attempted yet. Whatever an answer does,
    this prints one line and returns. Raises ValueError if there is no exercise of that name.
    """
    checks.choice("name", name, EXERCISES)
    try:
        for arguments in EXERCISES[name].inputs:
            _compare(EXERCISES[name], arguments, _result(EXERCISES[name], answer, arguments))
        sign, why = "✔", "right."
    except Finding as finding:
        sign, why = finding.args
    except Exception as error:  # an answer of an odd kind broke the check itself
        sign, why = "✘", f"the answer could not be checked ({error!r})."
    print(sign, f"{name}:", *why.split())


def _call(answer: object, arguments: tuple) -> object:
    return answer(*arguments) if callable(answer) else answer


def _result(exercise: Exercise, answer: object, arguments: tuple) -> object:
    """What the learner's function returns, or the learner's value."""
    copies = copy.deepcopy(arguments)
    result, error = _in_time(answer, copies)
    if error is not None and (str(error) or not isinstance(error, NotImplementedError)):
        line = format_exception_only(error)[0].splitlines()[0]
        raise Finding("✘", f"your function stopped with {line}.") from error
    leaves = values.leaves(result)
    if leaves and all(leaf is None or leaf is ... for leaf in leaves):
        raise Finding("…", "not attempted yet.")
    if callable(exercise.reference) and not callable(answer):
        kind = type(answer).__name__
        raise Finding("✘", f"the answer is {kind}; hand over the function itself, not its result.")
    before, after = (list(map(values.read, values.leaves(each))) for each in (arguments, copies))
    if len(before) != len(after) or not all(map(np.array_equal, before, after)):
        raise Finding("✘", "your function changes its input; use a copy (`.clone()`, `list(…)`).")
    return result


def _in_time(answer: object, arguments: tuple) -> tuple[object, BaseException | None]:
    """The result or the error of the answer; a finding if it takes longer than PATIENCE.

    It runs in a thread of its own, since signals that could interrupt it exist on some systems
    only. What it computes in compiled code can't be stopped; then nobody waits for it any longer.
    """
    outcome = []

    def run() -> None:
        try:
            outcome.append((_call(answer, arguments), None))
        except BaseException as error:  # for the thread that waits
            outcome.append((None, error))

    thread = Thread(target=run, daemon=True, name="answer")
    thread.start()
    try:
        thread.join(PATIENCE)
    finally:  # after an interrupt by the learner as well
        is_late = thread.is_alive()
        if is_late:
            stop = ctypes.py_object(SystemExit)  # which no `except Exception` in the answer catches
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), stop)
    if is_late:
        late = f"your function has not returned after {PATIENCE:g} seconds, and was stopped"
        raise Finding("✘", f"{late}: does a loop in it ever end?")
    return outcome[0]


def _compare(exercise: Exercise, arguments: tuple, result: object) -> None:
    """Raises a finding unless the result equals the reference's: what is wrong, in which part."""
    right = _call(exercise.reference, arguments)
    given, wanted = _parts(result, right), _parts(right, right)
    if given.keys() != wanted.keys():
        kind = f"a {type(right).__name__}"
        raise Finding("✘", f"the result must be {kind} of {', '.join(wanted)}. {exercise.rule}")
    findings: dict[str, list[str]] = {}  # and the parts that they are about
    for part in wanted:
        difference = partial(_difference, exercise, arguments, given[part])
        finding = difference(wanted[part])
        if not finding:
            continue
        for mistake, why in exercise.mistakes.items():
            known = _parts(_call(exercise.answer_with(mistake), arguments), right)
            if not difference(known[part]):
                finding = why
                break
        findings.setdefault(finding, []).append(part)
        if callable(exercise.reference):
            break  # one example is enough
    if findings:
        lines = (f"{', '.join(parts)}: {finding}" for finding, parts in findings.items())
        raise Finding("✘", " ".join(line.removeprefix(": ") for line in lines))


def _parts(result: object, right: object) -> dict[str, ndarray]:
    """The parts of a result by name, if it has parts as the right one has; else it is one."""
    if isinstance(right, dict) and isinstance(result, dict):
        return {str(key): values.read(part) for key, part in result.items()}
    if isinstance(right, tuple) and isinstance(result, (list, tuple)):
        return {f"part {number}": values.read(part) for number, part in enumerate(result, 1)}
    return {"": values.read(result)}


def _difference(exercise: Exercise, arguments: tuple, result: ndarray, wanted: ndarray) -> str:
    """How a result differs from what is wanted: in kind, shape or a row; "" if it does not."""
    if not values.may_stand_for(result, wanted):
        holds, needed = values.kind(result), values.kind(wanted)
        return f"the result holds {holds}; it needs {needed}. {exercise.rule}"
    if wanted.ndim == 0 and result.size == 1:
        result = result.reshape(())  # [4.5] is a number
    is_value = not callable(exercise.reference)
    if result.shape != wanted.shape and (is_value or wanted.ndim != 1):
        needed = f"the shape {wanted.shape}" if wanted.ndim else "one number"
        return f"the result has the shape {result.shape}; it needs {needed}. {exercise.rule}"
    tolerance = 2e-2 if is_value or result.dtype == np.float16 else 1e-4
    if result.shape == wanted.shape:
        result, wanted = (exercise.compared(each, *arguments) for each in (result, wanted))
    agrees = values.agree(result, wanted, tolerance)
    if agrees.all():
        return ""
    if is_value:
        return f"not right. {exercise.rule}"
    row = tuple(np.argwhere(~agrees)[0][:-1].tolist())
    place = f" in row {', '.join(map(str, row))}" if row else ""
    inputs = zip(signature(exercise.reference).parameters, arguments, strict=False)
    call = ", ".join(f"{name} = {values.shown(value)}" for name, value in inputs)
    gives, should = f"gives {values.shown(result[row])}{place}", values.shown(wanted[row])
    return f"for {call}, your function {gives}; it should be {should}. {exercise.rule}"
