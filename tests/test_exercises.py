"""The checker, checked: right answers pass, and every usual mistake is named for what it is."""

import contextlib
import re
import threading
import time

import numpy as np
import pytest
import torch

from helpers import exercises, objectives


def verdict(capsys, name, answer):
    """What `check` prints: one line, whatever the answer."""
    assert exercises.check(name, answer) is None
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return out.strip()


def shifted(ids, by=1, last=-100):
    targets = torch.full_like(ids, last)
    targets[:, : ids.shape[1] - by] = ids[:, by:]
    return targets


def backwards(ids):
    targets = torch.full_like(ids, -100)
    targets[:, 1:] = ids[:, :-1]
    return targets


def causal(n):
    return torch.ones(n, n, dtype=torch.bool).tril()


def positions(mask):
    return (mask.cumsum(1) - 1).clamp(min=0)


def in_place(ids):
    ids[:, :-1] = ids[:, 1:].clone()
    ids[:, -1] = -100
    return ids


def additive(n):
    return torch.zeros(n, n).masked_fill(~causal(n), float("-inf"))


def entropy(chances):
    chances = chances[chances > 0]
    return -(chances * chances.log2()).sum()


def columns(mask):
    return mask.bool()[:, None, :].expand(-1, mask.shape[1], -1)


def chosen_only(ids, chosen):
    return ids.masked_fill(~chosen, -100)


def accuracy(logits, targets):
    scored = targets != -100
    return (logits.argmax(-1) == targets)[scored].float().mean()


def corrupt(ids, chosen, fate, anything, mask):
    ids = torch.where(chosen & (fate < 0.9), anything, ids)
    return torch.where(chosen & (fate < 0.8), mask, ids)


def mask_overwritten(ids, chosen, fate, anything, mask):
    ids = torch.where(chosen & (fate < 0.8), mask, ids)
    return torch.where(chosen & (fate < 0.9), anything, ids)


def align(labels, word_ids):
    before = [None, *word_ids]
    return [
        -100 if word is None or word == last else labels[word]
        for last, word in zip(before, word_ids, strict=False)
    ]


def every_piece(labels, word_ids):
    return [-100 if word is None else labels[word] for word in word_ids]


def shift_right(labels, start, pad):
    shifted = labels.roll(1, dims=1)
    shifted[:, 0] = start
    return shifted.masked_fill(shifted == -100, pad)


def cross(mask, queries):
    return mask.bool()[:, None, :].expand(-1, queries, -1)


def cut(ids, spans, sentinels):
    inputs, targets, before = [], [], 0
    for (start, end), sentinel in zip(spans, sentinels[: len(spans)], strict=True):
        inputs += [*ids[before:start], sentinel]
        targets += [sentinel, *ids[start:end]]
        before = end
    return inputs + ids[before:], [*targets, sentinels[len(spans)]]


def put_back(inputs, targets, sentinels):
    spans, current = {}, None
    for token in targets:
        if token in sentinels:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [token for place in inputs for token in spans.get(place, [place])]


def score(logits, targets):
    scored = targets != -100
    return logits.log_softmax(-1)[scored].gather(-1, targets[scored][:, None]).sum()


def by_changes_of_the_label(labels, word_ids):
    """Wrong where two words side by side have the same label."""
    of_tokens = [None if word is None else labels[word] for word in word_ids]
    before = [None, *of_tokens]
    return [-100 if x is None or x == y else x for x, y in zip(of_tokens, before, strict=False)]


def emptying(inputs, targets, sentinels):
    result = put_back(list(inputs), targets, sentinels)
    inputs.clear()
    return result


RIGHT = {
    "causal.targets": [shifted, lambda ids: shifted(ids).clone()],
    "causal.mask": [causal, lambda n: torch.arange(n)[None] <= torch.arange(n)[:, None]],
    "causal.perplexity": [
        lambda losses: losses.mean().exp(),
        lambda losses: losses.mean().exp().item(),
        lambda losses: 2 ** (losses.mean() / torch.tensor(2.0).log()),
        lambda losses: np.exp(losses.numpy().mean()),
        lambda losses: np.exp(losses.numpy().mean(keepdims=True)),
    ],
    "causal.position_ids": [
        positions,
        lambda mask: (mask.cumsum(1) - 1).masked_fill(mask == 0, 1),  # what `generate` does
    ],
    "causal.temperature": [
        lambda logits, t: (logits / t).softmax(-1),
        lambda logits, t: (logits / t).log_softmax(-1).exp(),
        lambda logits, t: (logits / t).softmax(-1).half(),
        lambda logits, t: (logits / t).softmax(-1).numpy(),
    ],
    "masked.entropy": [
        entropy,
        lambda p: torch.distributions.Categorical(p).entropy().item() / torch.tensor(2.0).log(),
    ],
    "masked.padding": [columns, lambda mask: columns(mask).clone()],
    "masked.targets": [chosen_only, lambda ids, chosen: torch.where(chosen, ids, -100)],
    "masked.accuracy": [accuracy, lambda logits, targets: accuracy(logits, targets).item()],
    "masked.corrupt": [corrupt],
    "seq2seq.shift_right": [shift_right, lambda y, s, p: objectives.shift_right(y, s, p)],
    "seq2seq.cross_mask": [cross, lambda mask, n: cross(mask, n).clone()],
    "seq2seq.corrupt": [
        cut,
        lambda *args: tuple(map(torch.tensor, cut(*args))),
        lambda *args: list(cut(*args)),
    ],
    "seq2seq.rebuild": [put_back, lambda *args: torch.tensor(put_back(*args))],
    "seq2seq.score": [score, lambda x, y: score(x, y).item()],
    "masked.align": [align, lambda labels, word_ids: torch.tensor(align(labels, word_ids))],
}

WRONG = [
    ("causal.targets", lambda ids: ids.clone(), "unshifted"),
    ("causal.targets", lambda ids: torch.cat([ids[:, :-1], ids[:, :1] * 0 - 100], 1), "unshifted"),
    ("causal.targets", backwards, "the wrong way"),
    ("causal.targets", lambda ids: shifted(ids, by=2), "shifted twice"),
    ("causal.targets", lambda ids: ids.roll(-1, dims=1), "the last position is scored"),
    ("causal.targets", lambda ids: shifted(ids, last=0), "the last position is scored"),
    ("causal.targets", lambda ids: shifted(ids).flip(0), "token at t+1"),
    ("causal.targets", lambda ids: shifted(ids).float(), "torch.float32"),
    ("causal.targets", lambda ids: ids[:, 1:], "shape (2, 4)"),
    ("causal.targets", lambda ids: shifted(ids).tolist(), "list, not a tensor"),
    ("causal.targets", in_place, "changes its input"),
    ("causal.mask", lambda n: ~causal(n), "inverted"),
    ("causal.mask", lambda n: causal(n).tril(-1), "can't see itself"),
    ("causal.mask", lambda n: causal(n).T, "transposed"),
    ("causal.mask", lambda n: causal(n) | True, "nothing hides the future"),
    ("causal.mask", additive, "additive"),
    ("causal.mask", lambda n: causal(n).float(), "torch.float32"),
    ("causal.mask", lambda n: causal(n).int(), "torch.int32"),
    ("causal.mask", lambda n: causal(n).triu(-1), "query 2 may attend to keys [1, 2]"),
    ("causal.mask", lambda n: causal(n)[None], "shape (1, 4, 4)"),
    ("causal.mask", lambda n: causal(4), "shape (4, 4); it needs (1, 1)"),
    ("causal.perplexity", lambda losses: 2 ** losses.mean(), "base is e"),
    ("causal.perplexity", lambda losses: losses.sum().exp(), "sums the losses"),
    ("causal.perplexity", lambda losses: 2 ** losses.sum(), "sums the losses, and takes 2"),
    ("causal.perplexity", lambda losses: losses.mean(), "exponential is missing"),
    ("causal.perplexity", lambda losses: losses.exp().mean(), "averages the exponentials"),
    ("causal.perplexity", lambda losses: (-losses.mean()).exp(), "sign is turned"),
    ("causal.perplexity", lambda losses: losses.exp(), "one number"),
    ("causal.perplexity", lambda losses: 42.0, "gives 42; it should be 4.482"),
    ("causal.perplexity", lambda losses: float("nan"), "gives nan"),
    ("causal.position_ids", lambda mask: torch.arange(5).expand(3, 5), "padding is counted"),
    ("causal.position_ids", lambda mask: mask.cumsum(1), "off by one"),
    ("causal.position_ids", lambda mask: mask.cumsum(1) - 1, "negative position"),
    ("causal.position_ids", lambda mask: positions(mask).flip(1), "[0, 1, 2, 3, 4]"),
    ("causal.position_ids", lambda mask: positions(mask).float(), "torch.float32"),
    ("causal.position_ids", lambda mask: positions(mask)[0], "shape (5,)"),
    ("causal.temperature", lambda logits, t: (logits * t).softmax(-1), "multiplied"),
    ("causal.temperature", lambda logits, t: logits / t, "softmax is missing"),
    ("causal.temperature", lambda logits, t: logits * t, "still, and multiplied"),
    ("causal.temperature", lambda logits, t: logits.softmax(-1), "changes nothing"),
    ("causal.temperature", lambda logits, t: logits.softmax(-1) / t, "before the softmax"),
    ("causal.temperature", lambda logits, t: (logits / t).log_softmax(-1), "log-probabilities"),
    ("causal.temperature", lambda x, t: (x / t).exp() / (x / t).exp().sum(), "exp overflows"),
    ("causal.temperature", lambda logits, t: (logits / t).sigmoid(), "add up to"),
    ("causal.temperature", lambda logits, t: torch.full((4,), 0.25), "it should be [0.865"),
    ("masked.entropy", lambda p: -(p * p.log2()).sum(), "nan: 0"),
    ("masked.entropy", lambda p: entropy(p) * 0.6931472, "in nats"),
    ("masked.entropy", lambda p: -entropy(p), "sign is turned"),
    ("masked.entropy", lambda p: -entropy(p) * 0.6931472, "and this is in nats"),
    ("masked.entropy", lambda p: -p.log2().sum(), "weigh each with its probability"),
    ("masked.entropy", lambda p: -p.log2().mean(), "plain mean"),
    ("masked.entropy", lambda p: entropy(p) / len(p), "divides by the number of words"),
    ("masked.entropy", lambda p: -p.log2(), "one number"),
    ("masked.entropy", lambda p: 1.5, "gives 1.5; it should be 3"),
    ("masked.padding", lambda mask: ~columns(mask), "inverted"),
    ("masked.padding", lambda mask: columns(mask) | True, "nothing is hidden"),
    ("masked.padding", lambda mask: columns(mask).mT, "closes rows"),
    ("masked.padding", lambda mask: columns(mask) & columns(mask).mT, "no softmax"),
    ("masked.padding", lambda mask: columns(mask).tril(), "causal as well"),
    ("masked.padding", lambda mask: columns(mask).flip(-1), "exactly those keys"),
    ("masked.padding", lambda mask: columns(mask).float(), "torch.float32"),
    ("masked.padding", lambda mask: mask.bool(), "shape (2, 4)"),
    ("masked.targets", lambda ids, chosen: ids.clone(), "every token is a target"),
    ("masked.targets", lambda ids, chosen: ids.masked_fill(chosen, -100), "inverted"),
    ("masked.targets", lambda ids, chosen: chosen_only(ids, chosen).roll(-1, 1), "shifted"),
    ("masked.targets", lambda ids, chosen: ids.masked_fill(~chosen, 0), "has the target 0"),
    ("masked.targets", lambda ids, chosen: ids.masked_fill(~chosen, -100) * 0 - 100, "the token"),
    ("masked.targets", lambda ids, chosen: chosen_only(ids, chosen).float(), "torch.float32"),
    ("masked.targets", lambda ids, chosen: ids[chosen], "shape (4,)"),
    ("masked.accuracy", lambda x, y: (x.argmax(-1) == y).float().mean(), "divides by all"),
    ("masked.accuracy", lambda x, y: (x.argmax(-1) == y).sum(), "the number of right guesses"),
    ("masked.accuracy", lambda x, y: 1 - accuracy(x, y), "share of wrong"),
    ("masked.accuracy", lambda x, y: accuracy(x[:, :-1], y[:, 1:]), "shifted"),
    ("masked.accuracy", lambda x, y: 0.5, "3 of 5 scored tokens"),
    ("masked.accuracy", lambda x, y: x.argmax(-1) == y, "one number"),
    ("seq2seq.shift_right", lambda y, s, p: y.clone(), "nothing is shifted"),
    ("seq2seq.shift_right", lambda y, s, p: y.roll(-1, 1), "wrong way"),
    ("seq2seq.shift_right", lambda y, s, p: y.roll(1, 1), "round to the front"),
    ("seq2seq.shift_right", lambda y, s, p: shift_right(y, p, p), "must be the start token"),
    ("seq2seq.shift_right", lambda y, s, p: shift_right(y, s, -100), "no embedding"),
    ("seq2seq.shift_right", lambda y, s, p: shift_right(y, s, 5), "the decoder reads"),
    ("seq2seq.shift_right", lambda y, s, p: y[:, 1:], "shape (2, 3)"),
    ("seq2seq.cross_mask", lambda mask, n: ~cross(mask, n), "inverted"),
    ("seq2seq.cross_mask", lambda mask, n: cross(mask, n) | True, "nothing is hidden"),
    ("seq2seq.cross_mask", lambda mask, n: cross(mask, n).tril(), "causal"),
    ("seq2seq.cross_mask", lambda mask, n: cross(mask, n).flip(-1), "exactly those"),
    ("seq2seq.cross_mask", lambda mask, n: cross(mask, n).float(), "torch.float32"),
    ("seq2seq.cross_mask", lambda mask, n: mask.bool(), "shape (2, 4)"),
    ("seq2seq.corrupt", lambda i, s, x: (i, cut(i, s, x)[1]), "nothing was cut out"),
    ("seq2seq.corrupt", lambda i, s, x: cut(i, s, [99, 99, 97]), "the same sentinel"),
    ("seq2seq.corrupt", lambda i, s, x: ([11, 99, 99, 14], []), "the same sentinel"),
    ("seq2seq.corrupt", lambda i, s, x: ([11, 14, 15, 17, 18], cut(i, s, x)[1]), "gives way"),
    ("seq2seq.corrupt", lambda i, s, x: (cut(i, s, x)[0], [12, 13, 16]), "lack the sentinels"),
    ("seq2seq.corrupt", lambda i, s, x: (cut(i, s, x)[0], cut(i, s, x)[1][:-1]), "last sentinel"),
    ("seq2seq.corrupt", lambda i, s, x: (cut(i, s, x)[0], [5]), "the targets are [5]"),
    ("seq2seq.corrupt", lambda i, s, x: cut(i, s, x)[0], "two lists"),
    ("seq2seq.rebuild", lambda i, t, x: list(i), "a sentinel is left"),
    ("seq2seq.rebuild", lambda i, t, x: [a for a in i if a not in x], "come from"),
    ("seq2seq.rebuild", lambda i, t, x: tuple(put_back(i, t, x)), "needs a list"),
    ("seq2seq.score", lambda x, y: -score(x, y), "surprise"),
    ("seq2seq.score", lambda x, y: score(x, y) / 3, "the mean"),
    ("seq2seq.score", lambda x, y: score(x, y).exp(), "the probability itself"),
    ("seq2seq.score", lambda x, y: x[[0, 1, 2], [0, 1, 2]].sum(), "logits"),
    ("seq2seq.score", lambda x, y: score(x, y.clamp(min=0)), "not scored"),
    ("seq2seq.score", lambda x, y: -1.0, "gives -1"),
    ("masked.corrupt", lambda i, c, f, a, m: i.masked_fill(c, m), "100/0/0"),
    ("masked.corrupt", lambda i, c, f, a, m: corrupt(i, c | True, f, a, m), "not chosen has"),
    ("masked.corrupt", mask_overwritten, "overwritten"),
    ("masked.corrupt", lambda i, c, f, a, m: corrupt(i, c, 1 - f, a, m), "fate 0.10 becomes 11"),
    ("masked.corrupt", lambda i, c, f, a, m: corrupt(i, c, f + 0.05, a, m), "fate 0.79 becomes 32"),
    ("masked.corrupt", lambda i, c, f, a, m: i.clone(), "fate 0.10 becomes 11"),
    ("masked.corrupt", lambda i, c, f, a, m: corrupt(i, c, f.clamp(max=0.89), a, m), "becomes 35"),
    ("masked.corrupt", lambda i, c, f, a, m: i[0], "shape (8,)"),
    ("masked.align", every_piece, "every piece of a word is scored"),
    ("masked.align", lambda y, w: [0 if k is None else y[k] for k in w], "are scored"),
    ("masked.align", lambda y, w: [y[k] for k in w if k is not None], "7 labels for 9 tokens"),
    ("masked.align", lambda y, w: align(y, w)[::-1], "token 1, of word 0, gets -100"),
    ("masked.align", lambda y, w: tuple(align(y, w)), "returns tuple"),
    ("masked.align", by_changes_of_the_label, "token 2, of word 1, gets -100"),
    ("seq2seq.score", lambda x, y: score(x[:-1], y[:-1]), "your function gives"),
    ("seq2seq.shift_right", lambda y, s, p: shift_right(y, s, p).float(), "torch.float32"),
    ("seq2seq.rebuild", emptying, "changes its input"),
]


def test_every_exercise_has_right_and_wrong_answers_here():
    assert exercises.names() == sorted(RIGHT) == sorted({name for name, _, _ in WRONG})


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n in RIGHT for a in RIGHT[n]])
def test_a_right_answer_is_right(capsys, name, answer):
    assert verdict(capsys, name, answer) == f"✔ {name}: right."


@pytest.mark.parametrize(("name", "answer", "reason"), WRONG)
def test_a_mistake_is_called_by_its_name(capsys, name, answer, reason):
    said = verdict(capsys, name, answer)
    assert said.startswith(f"✘ {name}: ")
    assert reason in said


def nothing(*_):
    return None


def dots(*_):
    return ...


def unwritten(*_):
    raise NotImplementedError


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("answer", [None, ..., nothing, dots, unwritten])
def test_no_answer_is_not_attempted_and_not_wrong(capsys, name, answer):
    assert verdict(capsys, name, answer) == f"… {name}: not attempted yet."


def crash(*_):
    raise KeyError("no such\nthing")


def leave(*_):
    raise SystemExit(3)


class Odd:
    """Breaks whatever touches it."""

    def __eq__(self, other):
        raise ZeroDivisionError("touched")

    __bool__ = __len__ = __eq__
    __hash__ = None


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (crash, "KeyError: 'no such\\nthing'"),
        (leave, "SystemExit: 3"),
        (lambda: 1, "TypeError: "),
        (lambda *_: "text", "your function returns str"),
        (lambda *_: torch.empty(0), ""),
        (lambda *_: Odd(), "your function returns Odd"),
        (Odd(), "the answer is Odd"),
        (torch.ones(2), "the answer is Tensor"),
        (True, "the answer is bool"),
        ([], "the answer is list"),
    ],
)
def test_no_answer_breaks_the_checker(capsys, name, answer, said):
    line = verdict(capsys, name, answer)
    assert line.startswith(f"✘ {name}: ")
    assert said in line


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("causal.masks", ValueError, "causal.mask"),
        ("", ValueError, "causal.targets"),
        (None, TypeError, "NoneType"),
        (["causal.mask"], TypeError, "list"),
    ],
)
def test_an_unknown_exercise_is_refused_with_close_names(name, error, said):
    with pytest.raises(error, match=f"name .*{re.escape(said)}"):
        exercises.check(name, causal)


def for_ever(n):
    while True:
        with contextlib.suppress(Exception):  # hears nothing of the stop
            n += 1


def asleep(n):
    time.sleep(20)


@pytest.mark.parametrize("answer", [for_ever, asleep], ids=["loops", "sleeps"])
def test_an_answer_that_never_returns_is_stopped(capsys, monkeypatch, answer):
    """Also where no signal could interrupt it, as on Windows."""
    monkeypatch.setattr(exercises, "PATIENCE", 0.3)
    monkeypatch.delattr("signal.SIGALRM", raising=False)
    before, start = set(threading.enumerate()), time.perf_counter()
    assert "has not returned after 0.3 seconds" in verdict(capsys, "causal.mask", answer)
    assert time.perf_counter() - start < 10
    if answer is for_ever:  # what sleeps in compiled code is left behind, and nobody waits for it
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive()
