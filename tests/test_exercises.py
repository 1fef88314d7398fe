"""The checker, checked: each entry by its own reference and mistakes, the shared rules by examples.

Right and wrong answers that no entry holds are written here anew, so that a broken reference shows.
"""

import contextlib
import math
import re
import threading
import time
from itertools import pairwise

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


def test_the_exercises_are_those_of_the_notebooks():
    assert len(EXERCISES) == 5 + 6 + 5
    assert {name.split(".")[0] for name in EXERCISES} == {"causal", "masked", "seq2seq"}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_is_right(capsys, name):
    assert verdict(capsys, name, EXERCISES[name].reference) == f"✔ {name}: right."


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_refused_with_its_own_reason(capsys, name, mistake):
    why = EXERCISES[name].mistakes[mistake]
    assert verdict(capsys, name, mistake) == f"✘ {name}: {why}"


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_can_be_run_on_all_inputs(name, mistake):
    for arguments in EXERCISES[name].inputs:
        mistake(*arguments)


@pytest.mark.parametrize("name", EXERCISES)
def test_no_answer_its_input_or_another_shape_is_not_right(capsys, name):
    assert verdict(capsys, name, lambda *_: None) == f"… {name}: not attempted yet."
    for answer in (lambda first, *_: first, lambda *_: torch.zeros(2, 1, 1, 3), lambda *_: []):
        assert verdict(capsys, name, answer).startswith(f"✘ {name}: ")


# ---- right answers of other kinds, and wrong ones that passed once ----


def next_tokens(ids):
    return [[*row[1:], -100] for row in ids.tolist()]


def positions(mask):
    return np.maximum(mask.numpy().cumsum(1) - 1, 0)


def eighty_ten_ten(ids, chosen, fate, anything, mask):
    inputs = torch.where(chosen & (fate < 0.8), mask, ids)
    return torch.where(chosen & (fate >= 0.8) & (fate < 0.9), anything, inputs)


def first_pieces(labels, word_ids):
    seen = {None}
    return tuple(-100 if k in seen or seen.add(k) else labels[k] for k in word_ids)


def shifted(labels, start, pad):
    return [[start, *(pad if y == -100 else y for y in row[:-1])] for row in labels.tolist()]


def cut(ids, spans, sentinels):
    inputs, targets = list(ids), [sentinels[len(spans)]]
    for (start, end), sentinel in reversed(list(zip(spans, sentinels, strict=False))):
        inputs[start:end] = [sentinel]
        targets = [sentinel, *ids[start:end], *targets]
    return [inputs, targets]


def put_back(inputs, targets, sentinels):
    ids = list(inputs)
    for sentinel, following in pairwise(sentinels):
        if following in targets:
            span = targets[targets.index(sentinel) + 1 : targets.index(following)]
            place = ids.index(sentinel)
            ids[place : place + 1] = span
    return ids


def score(logits, targets):
    return sum(row.log_softmax(-1)[y] for row, y in zip(logits, targets, strict=True) if y >= 0)


RIGHT = [
    ("causal.targets", next_tokens),
    ("causal.targets", lambda ids: np.array(next_tokens(ids), dtype=np.int32)),
    ("causal.mask", lambda n: [torch.arange(n) <= query for query in range(n)]),
    ("causal.mask", lambda n: np.arange(n)[None, ::-1] >= np.arange(n)[::-1, None]),
    ("causal.perplexity", lambda losses: math.exp(sum(losses) / len(losses))),
    ("causal.perplexity", lambda losses: np.exp(losses.numpy().mean())),
    ("causal.perplexity", lambda losses: np.exp(losses.numpy().mean(keepdims=True))),
    ("causal.perplexity", lambda losses: losses.half().mean().exp()),
    ("causal.temperature", lambda logits, t: (logits / t).softmax(-1).half()),
    ("causal.temperature", lambda logits, t: (logits / t).softmax(-1).requires_grad_().bfloat16()),
    ("causal.temperature", lambda logits, t: (logits / t).log_softmax(-1).exp().tolist()),
    ("causal.position_ids", positions),
    ("causal.position_ids", lambda mask: torch.tensor(positions(mask)).int()),
    ("causal.position_ids", lambda mask: (mask.cumsum(1) - 1).masked_fill(mask == 0, 1)),
    ("masked.entropy", lambda chances: -sum(p * math.log2(p) for p in chances.tolist() if p)),
    ("masked.padding", lambda mask: [[row] * len(row) for row in mask.bool().tolist()]),
    ("masked.targets", lambda ids, chosen: np.where(chosen, ids, -100)),
    ("masked.accuracy", lambda x, y: (x.argmax(-1) == y).sum() / (y >= 0).sum()),
    ("masked.corrupt", eighty_ten_ten),
    ("masked.align", first_pieces),
    ("seq2seq.shift_right", shifted),
    ("seq2seq.cross_mask", lambda mask, n: torch.stack([mask == 1] * n, dim=1)),
    ("seq2seq.score", score),
    ("seq2seq.score", lambda logits, targets: score(logits, targets).item()),
    ("seq2seq.corrupt", cut),
    ("seq2seq.corrupt", lambda *arguments: tuple(map(np.array, cut(*arguments)))),
    ("seq2seq.rebuild", put_back),
    ("seq2seq.rebuild", lambda *arguments: torch.tensor(put_back(*arguments))),
]


def in_place(ids):
    ids[:] = torch.tensor(next_tokens(ids))
    return ids


def emptying(inputs, targets, sentinels):
    ids = put_back(inputs, targets, sentinels)
    inputs.clear()
    return ids


WRONG = [
    ("causal.targets", in_place, "changes its input"),
    ("causal.targets", lambda ids: torch.tensor(next_tokens(ids)).float(), "torch.float32"),
    ("causal.targets", lambda ids: next_tokens(ids)[::-1], "in row 0"),
    ("causal.targets", lambda ids: next_tokens(ids)[0], "shape (5,); it needs the shape (2, 5)"),
    ("causal.mask", lambda n: torch.zeros(n, n).masked_fill(torch.eye(n) == 0, -1e9), "additive"),
    ("causal.mask", lambda n: torch.ones(n, n).tril().int(), "torch.int32"),
    ("causal.mask", lambda n: torch.ones(4, 4).tril() > 0, "(4, 4); it needs the shape (1, 1)"),
    (
        "causal.mask",
        lambda n: torch.ones(n, n).tril().triu(-1) > 0,
        "[False, True, True, False] in",
    ),
    ("causal.perplexity", lambda losses: losses.exp(), "it needs one number"),
    ("causal.perplexity", lambda losses: True, "torch.bool"),
    ("causal.perplexity", lambda losses: 42, "gives 42; it should be 4.482"),
    ("causal.perplexity", lambda losses: float("nan"), "gives nan"),
    ("causal.temperature", lambda logits, t: torch.full((4,), 0.25), "should be [0.865, 0.1171"),
    ("causal.position_ids", lambda mask: mask.cumsum(1) - 9 * (mask == 0) - 1, "negative position"),
    ("masked.align", lambda labels, word_ids: [None, *labels], "can't be compared"),
    ("seq2seq.shift_right", lambda *x: torch.tensor(shifted(*x)).float(), "torch.float32"),
    ("seq2seq.corrupt", lambda *x: cut(*x)[0], "list of 7; it needs 2 results"),
    ("seq2seq.corrupt", lambda *x: [*cut(*x)[:1], [5]], "gives [5]; it should be [99, 12"),
    ("seq2seq.rebuild", emptying, "changes its input"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_an_answer_written_otherwise_is_right(capsys, name, answer):
    assert verdict(capsys, name, answer) == f"✔ {name}: right."


def test_every_reference_has_such_an_answer_beside_it():
    assert {name for name, _ in RIGHT} == set(EXERCISES)


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

    def __eq__(self, other):
        raise ZeroDivisionError("touched")

    __bool__ = __len__ = __eq__
    __hash__ = None


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
