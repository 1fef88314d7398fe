"""Each entry, checked by what it holds; the rules that all share, by entries made for this."""

import contextlib
import math
import re
import threading
import time

import numpy as np
import pytest
import torch

from helpers import exercises
from helpers.exercises import EXERCISES, Exercise, checker

IDS = torch.tensor([[11, 12, 13], [21, 22, 23]])
LEAKS = torch.nn.Linear(2, 2)
TIGHT = torch.nn.Linear(2, 2, bias=False)
SYMPTOMS = {"loss A": "no shift", "loss B": "two shifts", "loss C": "leak"}

TOYS = {
    "toy.ids": Exercise(lambda ids: ids.flip(1), [(IDS,)], {lambda ids: ids: "unchanged."}),
    "toy.list": Exercise(lambda ids: torch.tensor(ids).long().flip(0), [([1, 2, 3],), ([],)]),
    "toy.mask": Exercise(lambda n: torch.ones(n, n).tril() == 1, [(3,), (1,)]),
    "toy.mean": Exercise(lambda x: x.mean(), [(torch.tensor([0.5, 1.5]),)]),
    "toy.rows": Exercise(lambda x: x.softmax(-1), [(torch.eye(2),)]),
    "toy.pair": Exercise(lambda x: (x, [x]), [(1,), (2,)], {lambda x: (x, [x, x]): "twice."}),
    "toy.batch": Exercise(lambda batch: batch["ids"] + 1, [({"ids": IDS},)]),
    "toy.model": Exercise(lambda m: "tight" if m.bias is None else "leaks", [(LEAKS,), (TIGHT,)]),
    "toy.bits": Exercise(1.5, mistakes={3: "this is the sum."}, also=[1.52]),
    "toy.count": Exercise(3, rule="It is a count."),
    "toy.scored": Exercise([True, False, True], mistakes={(False, True, False): "inverted."}),
    "toy.symptoms": Exercise(
        SYMPTOMS,
        mistakes={("loss A", "leak"): "a leak falls to 0.", ("loss B", "leak"): "it rises."},
        rule="Each has one.",
        also=[{"loss C": "Leak", "loss B": " two shifts", "loss A": "no shift"}],
    ),
}
EXERCISES_AND_TOYS = EXERCISES | TOYS


@pytest.fixture(autouse=True)
def with_toys(monkeypatch):
    for name, toy in TOYS.items():
        monkeypatch.setitem(EXERCISES, name, toy)


@pytest.fixture
def verdict(capsys):
    """What `check` prints: one line, whatever the answer."""

    def printed(name, answer):
        assert exercises.check(name, answer) is None
        out, err = capsys.readouterr()
        assert err == ""
        assert out.count("\n") == 1
        return out.strip()

    return printed


def raising(error):
    def answer(*_):
        raise error

    return answer


class Odd:
    """Breaks whatever touches it."""

    def __bool__(self):
        raise ZeroDivisionError("touched")

    __eq__ = __len__ = __hash__ = __bool__


# ---- each entry ----


@pytest.mark.parametrize("name", EXERCISES_AND_TOYS)
def test_the_reference_and_other_right_answers_are_right(verdict, name):
    for answer in (EXERCISES[name].reference, *EXERCISES[name].also):
        assert verdict(name, answer) == f"✔ {name}: right."


@pytest.mark.parametrize("name", EXERCISES_AND_TOYS)
def test_a_mistake_is_refused_with_its_own_reason(verdict, name):
    entry = EXERCISES[name]
    for mistake, why in entry.mistakes.items():
        said = verdict(name, entry.answer_with(mistake))
        assert re.fullmatch(rf"✘ {name}: ([\w, ]+: )?{re.escape(why)}", said)
        for arguments in entry.inputs if callable(mistake) else ():
            mistake(*arguments)  # an answer that fails there first meets it, so it may not raise


@pytest.mark.parametrize("name", EXERCISES_AND_TOYS)
def test_no_answer_its_input_or_another_shape_is_not_right(verdict, name):
    for blank in (None, ..., lambda *_: None, lambda *_: (..., ...), raising(NotImplementedError)):
        assert verdict(name, blank) == f"… {name}: not attempted yet."
    for answer in (lambda *inputs: inputs, lambda *inputs: inputs[0], lambda *_: torch.zeros(2, 1)):
        assert verdict(name, answer).startswith(f"✘ {name}: ")


def test_a_loss_in_nats_is_called_by_its_name(verdict):
    """Worked out apart from the entry: three bits are 3 · ln 2 nats."""
    answer = {"scored": 2, "first": 1, "bits": 3 * math.log(2)}
    assert verdict("causal.prompt_loss", answer).startswith(
        "✘ causal.prompt_loss: bits: that is in nats"
    )


def test_an_encoder_that_runs_again_is_noticed_though_the_ids_are_right(verdict):
    right = EXERCISES["seq2seq.write"].reference

    def wasteful(encode, decode, source, *rest):
        return right(encode, lambda _, ids: decode(encode(source), ids), source, *rest)

    for arguments in EXERCISES["seq2seq.write"].inputs:
        assert torch.equal(wasteful(*arguments), right(*arguments))
    assert "encode was called a second time" in verdict("seq2seq.write", wasteful)


# ---- which results are right ----

RIGHT = [
    ("toy.ids", lambda ids: ids.flip(1).int()),
    ("toy.ids", lambda ids: ids.flip(1).numpy().astype(np.uint16)),
    ("toy.ids", lambda ids: [row.flip(0) for row in ids]),
    ("toy.list", lambda ids: ids[::-1]),
    ("toy.list", lambda ids: tuple(np.array(ids, dtype=np.int32)[::-1])),
    ("toy.mask", lambda n: (np.tri(n) == 1)[::-1, ::-1].T),  # an array read backwards
    ("toy.mask", lambda n: [[key <= query for key in range(n)] for query in range(n)]),
    ("toy.mean", lambda x: x.numpy().mean(keepdims=True)),
    ("toy.mean", lambda x: [1]),
    ("toy.rows", lambda x: x.softmax(-1).half()),
    ("toy.rows", lambda x: x.softmax(-1).bfloat16().requires_grad_()),
    ("toy.pair", lambda x: [torch.tensor(x), (x,)]),
    ("toy.bits", torch.tensor([3 / 2])),
    ("toy.count", np.int8(3)),
    ("toy.scored", np.array([True, False, True])),
    ("toy.scored", torch.tensor([1, 0, 1]).bool()),
]
WRONG = [
    ("toy.ids", lambda ids: ids.flip(1).float(), "holds real numbers; it needs whole numbers."),
    ("toy.ids", lambda ids: ids[0], "the result has the shape (3,); it needs the shape (2, 3)."),
    ("toy.ids", lambda ids: ids.zero_(), "your function changes its input"),
    ("toy.list", lambda ids: [ids.pop() for _ in ids * 1], "your function changes its input"),
    ("toy.list", lambda ids: [3, 2], "for ids = [1, 2, 3], your function gives [3, 2]; it should"),
    ("toy.list", lambda ids: [None, *ids[1:]], "holds nothing that can be read; it needs whole"),
    ("toy.mask", lambda n: np.tri(n), "holds real numbers; it needs True and False."),
    ("toy.mask", lambda n: np.tri(n).astype(int), "holds whole numbers; it needs True and False."),
    ("toy.mask", lambda n: [[True], [True, False]], "holds nothing that can be read"),
    ("toy.mask", lambda n: "text", "holds words; it needs True and False."),
    ("toy.mask", lambda n: Odd(), "holds nothing that can be read"),
    ("toy.mask", lambda n: torch.tensor([1]).softmax(-1), "stopped with NotImplementedError: "),
    ("toy.mask", raising(KeyError("no such\nthing")), "stopped with KeyError: 'no such\\nthing'."),
    ("toy.mask", raising(SystemExit(3)), "stopped with SystemExit: 3."),
    ("toy.mask", lambda: 1, "stopped with TypeError: "),
    ("toy.mask", Odd(), "the answer is Odd; hand over the function itself"),
    ("toy.mask", torch.ones(2), "the answer is Tensor; hand over the function itself"),
    ("toy.mean", lambda x: 1.001, "gives 1.001; it should be 1."),
    ("toy.mean", lambda x: x, "the result has the shape (2,); it needs one number."),
    ("toy.mean", lambda x: True, "holds True and False; it needs real numbers."),
    ("toy.mean", lambda x: float("nan"), "gives nan; it should be 1."),
    ("toy.rows", lambda x: (x + 1e-9).softmax(-1) * torch.tensor([[1.0], [2.0]]), "in row 1;"),
    ("toy.pair", lambda x: x, "the result must be a tuple of part 1, part 2."),
    (
        "toy.pair",
        lambda x: (2, [2]),
        "pair: part 1: for x = 1, your function gives 2; it should be",
    ),
    ("toy.batch", lambda batch: batch["ids"].add_(1), "your function changes its input"),
    ("toy.batch", lambda batch: batch.pop("ids") + 1, "your function changes its input"),
    ("toy.model", lambda model: model.weight.data.zero_(), "your function changes its input"),
    ("toy.model", lambda model: "leaks", "gives leaks; it should be tight."),
    ("toy.bits", 1.6, "✘ toy.bits: not right."),
    ("toy.count", 3.0, "holds real numbers; it needs whole numbers. It is a count."),
    ("toy.scored", [1, 0, 1], "holds whole numbers; it needs True and False."),
    ("toy.scored", [True, True, False], "✘ toy.scored: not right."),
    ("toy.scored", [True, False], "the result has the shape (2,); it needs the shape (3,)."),
    ("toy.symptoms", dict.fromkeys(SYMPTOMS, "?"), "loss A, loss B, loss C: not right. Each has"),
    ("toy.symptoms", "leak", "the result must be a dict of loss A, loss B, loss C. Each has one."),
    ("toy.symptoms", SYMPTOMS | {"loss D": "leak"}, "the result must be a dict of loss A, loss B,"),
    ("toy.symptoms", SYMPTOMS | {"loss B": ...}, "loss B: the result holds nothing that can be"),
    (
        "toy.symptoms",
        dict.fromkeys(SYMPTOMS, "leak") | {"loss C": "no shift"},
        "loss A: a leak falls to 0. loss B: it rises. loss C: not right. Each has one.",
    ),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_result_of_any_reasonable_type_is_right(verdict, name, answer):
    assert verdict(name, answer) == f"✔ {name}: right."


@pytest.mark.parametrize(("name", "answer", "why"), WRONG)
def test_any_other_answer_is_told_what_is_wrong_but_never_a_value(verdict, name, answer, why):
    said = verdict(name, answer)
    assert said.startswith(f"✘ {name}: ")
    assert why in said
    assert said.count("for ") <= 1  # one example
    assert "should be" not in said or callable(EXERCISES[name].reference)


# ---- an answer that never returns ----


def for_ever(n):
    while True:
        with contextlib.suppress(Exception):  # hears nothing of the stop
            n += 1


def asleep(n):
    time.sleep(20)


@pytest.mark.parametrize("answer", [for_ever, asleep])
def test_an_answer_that_never_returns_is_stopped(verdict, monkeypatch, answer):
    """Also where no signal could interrupt it, as on Windows."""
    monkeypatch.setattr(checker, "PATIENCE", 0.3)
    monkeypatch.delattr("signal.SIGALRM", raising=False)
    before, start = set(threading.enumerate()), time.perf_counter()
    assert "has not returned after 0.3 seconds" in verdict("toy.mask", answer)
    assert time.perf_counter() - start < 10
    if answer is for_ever:  # what sleeps in compiled code is left behind, and nobody waits for it
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive()
