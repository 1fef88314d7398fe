"""The checker, checked: each entry by its reference and mistakes, shared rules by examples."""

import contextlib
import re
import threading
import time

import numpy as np
import pytest
import torch

from helpers import exercises
from helpers.exercises import EXERCISES, Exercise, checker

MISTAKES = [(name, mistake) for name, entry in EXERCISES.items() for mistake in entry.mistakes]


def verdict(capsys, name, answer):
    """What `check` prints: one line, whatever the answer."""
    assert exercises.check(name, answer) is None
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return out.strip()


# ---- each entry ----


@pytest.mark.parametrize("name", exercises.names())
def test_the_reference_is_right(capsys, name):
    assert verdict(capsys, name, EXERCISES[name].reference) == f"✔ {name}: right."


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_refused_with_its_own_reason(capsys, name, mistake):
    why = EXERCISES[name].mistakes[mistake]
    assert verdict(capsys, name, mistake) == f"✘ {name}: {why}"
    for arguments in EXERCISES[name].inputs:
        mistake(*arguments)  # compared with an answer that fails there first, so it may not raise


@pytest.mark.parametrize("name", EXERCISES)
def test_no_answer_its_input_or_another_shape_is_not_right(capsys, name):
    assert verdict(capsys, name, lambda *_: None) == f"… {name}: not attempted yet."
    for answer in (lambda first, *_: first, lambda *_: torch.zeros(2, 1, 1, 3), lambda *_: []):
        assert verdict(capsys, name, answer).startswith(f"✘ {name}: ")


# ---- results worked out apart from the references, for each input ----

T, F = True, False
RESULTS = {
    "causal.targets": [[[12, 13, 11, 15, -100], [22, 22, 24, 25, -100]], [[9, -100]]],
    "causal.mask": [(np.tri(n) == 1).tolist() for n in (4, 1, 6)],
    "causal.perplexity": [4.48169, 8],
    "causal.temperature": [
        [0.864955, 0.117059, 0.0158422, 0.00214401],
        [0.455054, 0.276004, 0.167405, 0.101536],
        [0.643914, 0.236883, 0.0871443, 0.0320586],
    ],
    "causal.position_ids": [[[0, 1, 2, 3, 4], [0, 0, 0, 1, 2], [0, 0, 0, 0, 0]]],
    "masked.entropy": [1.5, 3, 0.811278],
    "masked.padding": [[[[T, T, T, F]] * 4, [[T] * 4] * 4], [[[F, T, T]] * 3]],
    "masked.targets": [[[-100, 12, -100, -100, 15], [-100, -100, 22, 24, -100]]],
    "masked.accuracy": [0.6],
    "masked.corrupt": [[[4, 4, 33, 34, 15, 16, 17, 18]]],
    "masked.align": [[-100, 0, 2, -100, -100, 0, 3, -100, -100], [-100, 1, 1, 0, -100]],
    "seq2seq.shift_right": [[[7, 11, 12, 13], [7, 21, 1, 0]]],
    "seq2seq.cross_mask": [[[[T, T, T, F]] * 3, [[T] * 4] * 3], [[[T, T, F]] * 3]],
    "seq2seq.score": [-0.729138, -9.46462],
    "seq2seq.corrupt": [
        [[11, 99, 14, 15, 98, 17, 18], [99, 12, 13, 98, 16, 97]],
        [[99, 22, 98], [99, 21, 98, 23, 24, 97]],
    ],
    "seq2seq.rebuild": [[11, 12, 13, 14, 15, 16, 17], [21, 22, 23, 24], [31, 32, 33]],
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor])
def test_these_are_right_in_any_reasonable_type(capsys, name, kind):
    def answer(*_):
        result = next(results)
        if name == "seq2seq.corrupt":
            return tuple(map(kind, result))
        return result if isinstance(result, (int, float)) else kind(result)

    results = iter(RESULTS[name])
    assert verdict(capsys, name, answer) == f"✔ {name}: right."
    assert next(results, "all are used") == "all are used"


def reference(name):
    return EXERCISES[name].reference


def emptying(inputs, targets, sentinels):
    ids = reference("seq2seq.rebuild")(inputs, targets, sentinels)
    inputs.clear()
    return ids


RIGHT = [
    ("causal.mask", lambda n: [torch.arange(n) <= query for query in range(n)]),
    ("causal.mask", lambda n: (np.tri(n) == 1)[::-1, ::-1].T),  # an array read backwards
    ("causal.perplexity", lambda losses: np.exp(losses.numpy().mean())),
    ("causal.perplexity", lambda losses: np.exp(losses.numpy().mean(keepdims=True))),
    ("causal.perplexity", lambda losses: losses.half().mean().exp()),
    ("causal.temperature", lambda logits, t: (logits / t).softmax(-1).half()),
    ("causal.temperature", lambda logits, t: (logits / t).softmax(-1).bfloat16().requires_grad_()),
    ("causal.position_ids", lambda mask: (mask.cumsum(1) - 1).masked_fill(mask == 0, 1).int()),
    ("seq2seq.corrupt", lambda *x: list(reference("seq2seq.corrupt")(*x))),
    ("causal.targets", lambda ids: reference("causal.targets")(ids).int()),
    ("masked.align", lambda *x: torch.tensor(reference("masked.align")(*x)).int()),
]
WRONG = [
    ("causal.targets", lambda ids: ids.zero_(), "changes its input"),
    ("causal.targets", lambda ids: reference("causal.targets")(ids).flip(0), "in row 0"),
    ("causal.targets", lambda ids: reference("causal.targets")(ids).float(), "torch.float32"),
    ("causal.targets", lambda ids: ids[0], "shape (5,); it needs the shape (2, 5)"),
    ("causal.mask", lambda n: torch.zeros(n, n).masked_fill(torch.eye(n) == 0, -1e9), "additive"),
    ("causal.mask", lambda n: np.tri(4) == 1, "shape (4, 4); it needs the shape (1, 1)"),
    ("causal.mask", lambda n: np.triu(np.tri(n), -1) == 1, "gives [False, True, True, False] in"),
    ("causal.perplexity", lambda losses: losses.exp(), "it needs one number"),
    ("causal.perplexity", lambda losses: True, "torch.bool"),
    ("causal.perplexity", lambda losses: 42, "gives 42; it should be 4.482"),
    ("causal.perplexity", lambda losses: float("nan"), "gives nan"),
    ("causal.temperature", lambda logits, t: torch.full((4,), 0.25), "should be [0.865, 0.1171"),
    ("causal.position_ids", lambda mask: mask.cumsum(1) - 9 * (mask == 0) - 1, "negative position"),
    ("masked.align", lambda labels, word_ids: [None, *labels], "returns list"),
    ("seq2seq.shift_right", lambda *x: reference("seq2seq.shift_right")(*x).float(), "float32"),
    ("seq2seq.corrupt", lambda *x: reference("seq2seq.corrupt")(*x)[0], "does not have the form"),
    ("seq2seq.rebuild", emptying, "changes its input"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_an_answer_written_otherwise_is_right(capsys, name, answer):
    assert verdict(capsys, name, answer) == f"✔ {name}: right."


@pytest.mark.parametrize(("name", "answer", "reason"), WRONG)
def test_any_other_wrong_answer_is_told_the_difference(capsys, name, answer, reason):
    said = verdict(capsys, name, answer)
    assert said.startswith(f"✘ {name}: ")
    assert reason in said


# ---- rules that all exercises share ----


def raising(error):
    def answer(*_):
        raise error

    return answer


class Odd:
    """Breaks whatever touches it."""

    def __bool__(self):
        raise ZeroDivisionError("touched")

    __eq__ = __len__ = __hash__ = __bool__


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "… causal.mask: not attempted yet."),
        (..., "… causal.mask: not attempted yet."),
        (lambda n: ..., "… causal.mask: not attempted yet."),
        (raising(NotImplementedError), "… causal.mask: not attempted yet."),
        (raising(KeyError("no such\nthing")), "stopped with KeyError: 'no such\\nthing'."),
        (raising(SystemExit(3)), "stopped with SystemExit: 3."),
        (lambda: 1, "stopped with TypeError: "),
        (lambda n: "text", "your function returns str"),
        (lambda n: Odd(), "your function returns Odd"),
        (lambda n: [[True], [True, False]], "✘ causal.mask: "),
        (Odd(), "the answer is Odd; hand over the function itself"),
        (torch.ones(2), "the answer is Tensor; hand over the function itself"),
    ],
)
def test_no_answer_breaks_the_checker(capsys, answer, said):
    assert said in verdict(capsys, "causal.mask", answer)


def for_ever(n):
    while True:
        with contextlib.suppress(Exception):  # hears nothing of the stop
            n += 1


def asleep(n):
    time.sleep(20)


@pytest.mark.parametrize("answer", [for_ever, asleep])
def test_an_answer_that_never_returns_is_stopped(capsys, monkeypatch, answer):
    """Also where no signal could interrupt it, as on Windows."""
    monkeypatch.setattr(checker, "PATIENCE", 0.3)
    monkeypatch.delattr("signal.SIGALRM", raising=False)
    before, start = set(threading.enumerate()), time.perf_counter()
    assert "has not returned after 0.3 seconds" in verdict(capsys, "causal.mask", answer)
    assert time.perf_counter() - start < 10
    if answer is for_ever:  # what sleeps in compiled code is left behind, and nobody waits for it
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("causal.masks", ValueError, "causal.mask"),
        ("", ValueError, "causal.targets"),
        (["causal.mask"], TypeError, "list"),
    ],
)
def test_an_unknown_exercise_is_refused_with_close_names(name, error, said):
    with pytest.raises(error, match=f"name .*{re.escape(said)}"):
        exercises.check(name, abs)


@pytest.mark.parametrize(("inputs", "error"), [([], ValueError), ([torch.ones(2)], TypeError)])
def test_an_entry_needs_a_tuple_for_each_call(inputs, error):
    with pytest.raises(error, match="inputs must"):
        Exercise(abs, inputs, {}, "")
