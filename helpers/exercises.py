"""Checks for the exercises: what is not attempted yet, what is wrong and why, what is right.

A check calls the learner's answer on small inputs whose results are known, and compares it first
with the answers that learners often give by mistake, so that it can say which mistake it is.
"""

import copy
import ctypes
import math
from collections.abc import Callable
from difflib import get_close_matches
from threading import Thread

import numpy as np
import torch
from torch import Tensor

from helpers.objectives import IGNORE_INDEX

PATIENCE = 5.0  # seconds that an answer is given

_CHECKS: dict[str, Callable[[object], None]] = {}


class Wrong(Exception):  # noqa: N818  # it is a finding, not a fault
    """The answer is wrong; the message says why. Raised by a check, printed by `check`."""


class NotAttempted(Exception):  # noqa: N818
    """There is no answer yet."""


def exercise(name: str) -> Callable[[Callable[[object], None]], Callable[[object], None]]:
    """Register a function as the check of the exercise `name`: it returns, or raises `Wrong`."""

    def register(check_answer: Callable[[object], None]) -> Callable[[object], None]:
        _CHECKS[name] = check_answer
        return check_answer

    return register


def names() -> list[str]:
    """The exercises that can be checked.

    >>> "causal.mask" in names()
    True
    """
    return sorted(_CHECKS)


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
    if not isinstance(name, str):
        raise TypeError(f"name must be a string such as 'causal.mask', not {type(name).__name__}")
    if name not in _CHECKS:
        close = get_close_matches(name, _CHECKS, n=3) or names()
        raise ValueError(f"name is {name!r}, which is no exercise; try {' or '.join(close)}")
    try:
        if _is_blank(answer):
            raise NotAttempted
        _CHECKS[name](answer)
        verdict = f"✔ {name}: right."
    except NotAttempted:
        verdict = f"… {name}: not attempted yet."
    except Wrong as why:
        verdict = f"✘ {name}: {why}"
    except Exception as error:  # an answer of an odd kind broke the check itself
        verdict = f"✘ {name}: the answer could not be checked ({_told(error)})."
    print(verdict)


# ---- what checks are made of ----


def _is_blank(value: object) -> bool:
    return value is None or value is ...


def _told(error: BaseException) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _need(fact: bool, why: str) -> None:
    if not fact:
        raise Wrong(why)


def _call(answer: object, *inputs: object) -> object:
    """What the learner's function returns for `inputs`, which it may not change."""
    _need(
        callable(answer),
        f"the answer is {type(answer).__name__}; hand over the function itself, not its result.",
    )
    copies = copy.deepcopy(inputs)
    try:
        result = _in_time(answer, copies)
    except (Wrong, NotAttempted):
        raise
    except NotImplementedError:
        raise NotAttempted from None
    except (Exception, SystemExit) as error:
        raise Wrong(f"your function stopped with {_told(error)}.") from error
    if _is_blank(result):
        raise NotAttempted
    _need(
        all(map(_unchanged, inputs, copies)),
        "your function changes its input; work on a copy (`.clone()`, `list(…)`).",
    )
    return result


def _unchanged(before: object, after: object) -> bool:
    if isinstance(before, Tensor):
        return before.dtype == after.dtype and torch.equal(before, after)
    return before == after


class _TooLongError(BaseException):
    """Raised inside an answer that has had its time; no `except Exception` there catches it."""


def _in_time(answer: Callable, inputs: tuple) -> object:
    """What the answer returns or raises, or `Wrong` if it takes longer than PATIENCE.

    It runs in a thread of its own, since signals that could interrupt it exist on some systems
    only. What it computes in compiled code can't be stopped; then nobody waits for it any longer.
    """
    outcome: dict[str, object] = {}

    def run() -> None:
        try:
            outcome["result"] = answer(*inputs)
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


def _need_tensor(result: object, shape: tuple[int, ...], meaning: str) -> Tensor:
    result = torch.as_tensor(result) if isinstance(result, np.ndarray) else result
    _need(
        isinstance(result, Tensor),
        f"your function returns {type(result).__name__}, not a tensor.",
    )
    _need(
        tuple(result.shape) == shape,
        f"the result has the shape {tuple(result.shape)}; it needs {shape}, {meaning}.",
    )
    return result


def _is(result: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers, up to rounding in the precision of the first."""
    coarse = result.dtype in (torch.float16, torch.bfloat16)
    return result.shape == other.shape and torch.allclose(
        result.double(), other.double(), rtol=2e-2 if coarse else 1e-4, atol=1e-6
    )


# ---- notebook 1: causal ----


@exercise("causal.targets")
def _targets(answer: object) -> None:
    """(B, T) token ids → (B, T) targets, aligned with the logits; −100 where nothing is scored."""
    for ids in (torch.tensor([[11, 12, 13, 14, 15], [21, 22, 23, 24, 25]]), torch.tensor([[7, 9]])):
        result = _call(answer, ids)
        result = _need_tensor(result, tuple(ids.shape), "one target for each token of each text")
        _need(
            result.dtype == torch.long,
            f"the targets are {result.dtype}; token ids are whole numbers, torch.int64.",
        )
        _targets_are_right(result, ids)


def _targets_are_right(result: Tensor, ids: Tensor) -> None:
    length = ids.shape[1]
    body = result[:, :-1]
    _need(
        not torch.equal(body, ids[:, :-1]),
        "each position is asked for the token that it has just read (unshifted). "
        "logits[t] is scored against token[t+1].",
    )
    _need(
        not torch.equal(result[:, 1:], ids[:, :-1]),
        "the shift goes the wrong way: position t is asked for token t−1, which it has seen. "
        "It must be asked for token t+1.",
    )
    _need(
        length < 3 or not torch.equal(result[:, :-2], ids[:, 2:]),
        "shifted twice: position t is asked for token t+2. One shift is enough.",
    )
    _need(
        torch.equal(body, ids[:, 1:]),
        "the target at position t must be the token at t+1, for each t but the last.",
    )
    last = result[:, -1]
    _need(
        bool((last == IGNORE_INDEX).all()),
        f"the last position is scored, with target {last[0].item()}, but no token follows it. "
        f"Its target must be {IGNORE_INDEX}, which no loss scores.",
    )


@exercise("causal.mask")
def _mask(answer: object) -> None:
    """n → (Q=n, K=n) bool, True where the query may attend to the key."""
    for n in (4, 1, 6):
        result = _need_tensor(_call(answer, n), (n, n), "one row a query, one column a key")
        _need(
            not result.is_floating_point() or not bool((result < 0).any()),
            "this is the additive form (0 and a large negative number). "
            "Return booleans: True = may attend.",
        )
        _need(
            result.dtype == torch.bool,
            f"the mask is {result.dtype}; it must be torch.bool, True = may attend.",
        )
        _mask_is_right(result, torch.ones(n, n, dtype=torch.bool).tril())


def _mask_is_right(result: Tensor, right: Tensor) -> None:
    if len(right) > 1:
        _need(
            not torch.equal(result, ~right),
            "inverted: True stands where the future is. Here True means *may attend*.",
        )
        _need(
            not torch.equal(result, right.T),
            "transposed: queries see the future and not the past. Rows are queries, columns keys.",
        )
        _need(not result.all(), "every query sees every key: nothing hides the future.")
    _need(
        not torch.equal(result, right.tril(-1)),
        "a token can't see itself: the diagonal is False. It may attend to its own position, "
        "and the first one would otherwise have nothing to attend to.",
    )
    row = (result != right).any(dim=1).nonzero()
    if len(row):
        q = row[0].item()
        raise Wrong(
            f"query {q} may attend to keys {result[q].nonzero().flatten().tolist()}; "
            f"it should be {list(range(q + 1))}."
        )


@exercise("causal.perplexity")
def _perplexity(answer: object) -> None:
    """(T,) losses in nats → perplexity, the exponential of their mean."""
    for losses in (torch.tensor([0.5, 1.0, 3.0]), torch.tensor([math.log(8.0)] * 4)):
        result = _need_number(_call(answer, losses), "perplexity")
        _perplexity_is_right(result, losses.double())


def _perplexity_is_right(result: float, losses: Tensor) -> None:
    mean, total = losses.mean().item(), losses.sum().item()
    mistakes = [
        (mean, "this is the mean loss; its exponential is missing."),
        (2**mean, "this is 2 to the mean. The losses are in nats, so the base is e: exp."),
        (math.exp(total), "this sums the losses; perplexity is per token: take their mean."),
        (2**total, "this sums the losses, and takes 2 as base. Nats go with e, and with a mean."),
        (
            losses.exp().mean().item(),
            "this averages the exponentials; average the losses first, then take exp.",
        ),
        (math.exp(-mean), "the sign is turned: the losses are −log p already, so exp(+mean)."),
    ]
    right = math.exp(mean)
    if not math.isclose(result, right, rel_tol=1e-4):
        for value, why in mistakes:
            _need(not math.isclose(result, value, rel_tol=1e-4), why)
    _need(
        math.isclose(result, right, rel_tol=1e-4),
        f"for the losses {[round(x, 2) for x in losses.tolist()]} your function gives "
        f"{result:.4g}; it should be {right:.4g}.",
    )


@exercise("causal.position_ids")
def _position_ids(answer: object) -> None:
    """(B, T) attention mask, padded on the left → (B, T) positions, 0 at the first real token."""
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]])
    result = _need_tensor(_call(answer, mask), (3, 5), "a position for each token of each text")
    _need(
        result.dtype in (torch.long, torch.int),
        f"the positions are {result.dtype}; they must be whole numbers, torch.int64.",
    )
    real = mask.bool()
    right = mask.cumsum(dim=1) - 1
    plain = torch.arange(5).expand(3, 5)
    _need(
        not torch.equal(result[real], plain[real]),
        "the padding is counted: the first real token of a padded text is not at 0.",
    )
    _need(
        not torch.equal(result[real], right[real] + 1),
        "off by one: the first real token is at 1. Positions start at 0.",
    )
    wrong = ((result != right) & real).any(dim=1).nonzero()
    if len(wrong):
        b = wrong[0].item()
        raise Wrong(
            f"for the mask {mask[b].tolist()} the real tokens get the positions "
            f"{result[b][real[b]].tolist()}; they should be {right[b][real[b]].tolist()}."
        )
    _need(
        bool((result >= 0).all()),
        "padding gets a negative position, for which there is no embedding. Any position from 0 "
        "will do there: nobody looks at it.",
    )


@exercise("causal.temperature")
def _temperature(answer: object) -> None:
    """(V,) logits and a temperature → (V,) probabilities."""
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    for given, temperature in ((logits, 0.5), (logits, 2.0), (logits + 300, 1.0)):
        result = _need_tensor(
            _call(answer, given, temperature), (4,), "a probability for each token"
        )
        _temperature_is_right(result, given, temperature)


def _temperature_is_right(result: Tensor, logits: Tensor, temperature: float) -> None:
    right = (logits / temperature).softmax(-1)
    if _is(result, right):
        return
    mistakes = [
        (
            (logits * temperature).softmax(-1),
            "multiplied: a high temperature must flatten, so divide.",
        ),
        (logits / temperature, "these are logits still: the softmax is missing."),
        (logits * temperature, "these are logits still, and multiplied: divide, then softmax."),
        (logits.softmax(-1), "the temperature changes nothing."),
        (logits.softmax(-1) / temperature, "divide the logits, before the softmax, not after it."),
        ((logits / temperature).log_softmax(-1), "these are log-probabilities: take exp of them."),
    ]
    for value, why in mistakes:
        _need(not _is(result, value), why)
    _need(
        bool(result.isfinite().all()),
        "nan or inf for large logits: exp overflows. torch.softmax takes care of that.",
    )
    _need(
        _is(result.sum(), torch.tensor(1.0)),
        f"the probabilities add up to {result.sum():.3g}, not to 1.",
    )
    raise Wrong(
        f"for the logits {logits.tolist()} at temperature {temperature} your function gives "
        f"{[round(p, 3) for p in result.tolist()]}; it should be "
        f"{[round(p, 3) for p in right.tolist()]}."
    )


# ---- notebook 2: masked ----


def _need_number(result: object, meaning: str) -> float:
    if isinstance(result, (Tensor, np.ndarray, np.generic)) and math.prod(result.shape) == 1:
        result = result.item()
    _need(
        isinstance(result, (int, float)) and not isinstance(result, bool),
        f"your function returns {type(result).__name__}; {meaning} is one number.",
    )
    return float(result)


@exercise("masked.entropy")
def _entropy(answer: object) -> None:
    """(V,) probabilities, some of them 0 → their entropy in bits."""
    for chances in ([0.5, 0.25, 0.25], [0.125] * 8, [0.75, 0.25, 0.0]):
        given = torch.tensor(chances)
        result = _need_number(_call(answer, given), "entropy")
        _entropy_is_right(result, chances)


def _entropy_is_right(result: float, chances: list[float]) -> None:
    bits = [-math.log2(p) for p in chances if p > 0]
    right = sum(p * b for p, b in zip(chances, bits, strict=False))
    _need(
        not math.isnan(result),
        "nan: 0 · log 0 is nan in floating point. A word that never comes adds nothing; leave it "
        "out.",
    )
    if math.isclose(result, right, rel_tol=1e-4):
        return
    mistakes = [
        (right * math.log(2), "this is in nats: take the logarithm to base 2, or divide by log 2."),
        (-right, "the sign is turned: surprise is −log p, and never negative."),
        (-right * math.log(2), "the sign is turned, and this is in nats: take −log2 p."),
        (sum(bits), "the surprises are added up; weigh each with its probability."),
        (
            sum(bits) / len(bits),
            "this is the plain mean; weigh each surprise with its probability.",
        ),
        (
            right / len(chances),
            "this divides by the number of words; the weights are means enough.",
        ),
    ]
    for value, why in mistakes:
        _need(not math.isclose(result, value, rel_tol=1e-4), why)
    raise Wrong(
        f"for the probabilities {chances} your function gives {result:.4g}; it should be "
        f"{right:.4g}."
    )


@exercise("masked.padding")
def _padding(answer: object) -> None:
    """(B, T) attention mask → (B, Q, K) bool, who may attend to whom in an encoder."""
    for mask in (torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]), torch.tensor([[0, 1, 1]])):
        size, length = mask.shape
        shape = (size, length, length)
        result = _need_tensor(_call(answer, mask), shape, "a square for each text")
        _need(
            result.dtype == torch.bool,
            f"the mask is {result.dtype}; it must be torch.bool, True = may attend.",
        )
        _padding_is_right(result, mask.bool())


def _padding_is_right(result: Tensor, real: Tensor) -> None:
    right = real[:, None, :].expand_as(result)
    _need(not torch.equal(result, ~right), "inverted: here True means *may attend*.")
    _need(not result.all(), "nothing is hidden: the padding is attended to.")
    _need(
        not torch.equal(result, right.mT),
        "this closes rows. Rows are queries; padding must be closed as a key: a column.",
    )
    _need(
        not torch.equal(result, right & right.mT),
        "this closes the rows of padding as well. A row with no key at all has no softmax; what "
        "padding attends to does no harm, since nobody reads its output. Close columns only.",
    )
    _need(
        not torch.equal(result, right.tril()),
        "this is causal as well. An encoder sees both sides: close the padding, nothing else.",
    )
    _need(
        torch.equal(result, right),
        "a query may attend to exactly those keys where the attention mask is 1.",
    )


@exercise("masked.targets")
def _masked_targets(answer: object) -> None:
    """(B, T) token ids and (B, T) bool, which are chosen → (B, T) targets."""
    ids = torch.tensor([[11, 12, 13, 14, 15], [21, 22, 23, 24, 25]])
    chosen = torch.tensor([[0, 1, 0, 0, 1], [0, 0, 1, 1, 0]]).bool()
    result = _need_tensor(_call(answer, ids, chosen), (2, 5), "a target for each token")
    _need(
        result.dtype == torch.long,
        f"the targets are {result.dtype}; token ids are whole numbers, torch.int64.",
    )
    right = ids.masked_fill(~chosen, IGNORE_INDEX)
    _need(
        not torch.equal(result, ids),
        "every token is a target. Those that were not chosen stand in the input: their loss is "
        f"near zero and teaches nothing. Give them {IGNORE_INDEX}.",
    )
    _need(
        not torch.equal(result, ids.masked_fill(chosen, IGNORE_INDEX)),
        "inverted: the chosen tokens are the targets, the others are not scored.",
    )
    _need(
        not torch.equal(result[:, :-1], right[:, 1:]),
        "shifted. In a masked model, input and target stand at the same position.",
    )
    _need(
        torch.equal(result[chosen], ids[chosen]),
        "the target of a chosen position is the token that stands there.",
    )
    other = result[~chosen][0].item()
    _need(
        torch.equal(result, right),
        f"a token that was not chosen has the target {other}, which would be scored. "
        f"It must be {IGNORE_INDEX}.",
    )


@exercise("masked.accuracy")
def _accuracy(answer: object) -> None:
    """(B, T, V) logits and (B, T) targets → the share of scored tokens that are guessed right."""
    targets = torch.tensor([[-100, 2, -100, 0, -100, 1], [1, -100, -100, -100, 3, -100]])
    guesses = torch.tensor([[1, 2, 1, 0, 2, 3], [1, 0, 0, 0, 0, 2]])
    logits = torch.nn.functional.one_hot(guesses, 4).float() * 3 - 1
    result = _need_number(_call(answer, logits, targets), "accuracy")
    hits, scored = guesses == targets, targets != IGNORE_INDEX
    mistakes = [
        (hits.float().mean(), "this divides by all tokens; count the scored ones only."),
        (hits.sum(), "this is the number of right guesses; divide it by the scored tokens."),
        (1 - hits[scored].float().mean(), "this is the share of wrong guesses."),
        (
            (guesses[:, :-1] == targets[:, 1:])[scored[:, 1:]].float().mean(),
            "shifted. In a masked model, guess and target stand at the same position.",
        ),
    ]
    right = hits[scored].float().mean().item()
    if not math.isclose(result, right, rel_tol=1e-4):
        for value, why in mistakes:
            _need(not math.isclose(result, value.item(), rel_tol=1e-4), why)
    _need(
        math.isclose(result, right, rel_tol=1e-4),
        f"{int(hits[scored].sum())} of {int(scored.sum())} scored tokens are guessed right, "
        f"{right:.2f}; your function gives {result:.4g}.",
    )


@exercise("masked.corrupt")
def _corrupt(answer: object) -> None:
    """ids, chosen, fate in 0 … 1, random ids (all (B, T)), mask id → (B, T) inputs: 80/10/10."""
    ids = torch.tensor([[11, 12, 13, 14, 15, 16, 17, 18]])
    chosen = torch.tensor([[1, 1, 1, 1, 1, 0, 0, 0]]).bool()
    fate = torch.tensor([[0.1, 0.79, 0.81, 0.89, 0.95, 0.1, 0.85, 0.95]])
    anything = torch.arange(31, 39)[None]
    result = _need_tensor(
        _call(answer, ids, chosen, fate, anything, 4), (1, 8), "one token for each token"
    )
    right = torch.tensor([[4, 4, 33, 34, 15, 16, 17, 18]])
    _need(
        not torch.equal(result, ids.masked_fill(chosen, 4)),
        "every chosen token becomes the mask token: that is 100/0/0. Look at fate.",
    )
    _need(
        torch.equal(result[~chosen], ids[~chosen]),
        "a token that was not chosen has changed. Only the chosen ones may.",
    )
    _need(
        not torch.equal(result[0, :5], torch.tensor([31, 32, 33, 34, 15])),
        "the mask token was put in first and then overwritten by the random one. Mind the order: "
        "below 0.9 random, and of these below 0.8 the mask token.",
    )
    for place, wanted in enumerate(right[0].tolist()):
        came = result[0, place].item()
        _need(
            came == wanted,
            f"a chosen token with fate {fate[0, place]:.2f} becomes {came}; it should be {wanted}: "
            "below 0.8 the mask token, from there to 0.9 a random one, above that itself.",
        )


@exercise("masked.align")
def _align(answer: object) -> None:
    """Labels of words, and for each token its word or None → labels of tokens."""
    _align_is_right(
        answer,
        ([0, 2, 0, 3], [None, 0, 1, 1, 1, 2, 3, 3, None]),
        [-100, 0, 2, -100, -100, 0, 3, -100, -100],
        every_piece=[-100, 0, 2, 2, 2, 0, 3, 3, -100],
    )
    _align_is_right(  # two words side by side with the same label are two words
        answer, ([1, 1, 0], [None, 0, 1, 2, None]), [-100, 1, 1, 0, -100], every_piece=None
    )


def _align_is_right(
    answer: object, inputs: tuple[list, list], right: list, every_piece: list | None
) -> None:
    word_ids = inputs[1]
    result = _call(answer, *inputs)
    result = result.tolist() if isinstance(result, Tensor) else result
    _need(
        isinstance(result, list),
        f"your function returns {type(result).__name__}; it needs a list, a label for each token.",
    )
    _need(
        len(result) == len(word_ids),
        f"there are {len(result)} labels for {len(word_ids)} tokens: one for each, special tokens "
        "and later pieces included.",
    )
    _need(
        result != every_piece,
        "every piece of a word is scored: a long word counts several times. Its first piece gets "
        "the label, the others −100.",
    )
    _need(
        not (result[0] == result[-1] != IGNORE_INDEX),
        f"the special tokens (word None) get {result[0]!r}: they are scored. Give them −100.",
    )
    for token, (came, wanted) in enumerate(zip(result, right, strict=True)):
        _need(
            came == wanted,
            f"token {token}, of word {word_ids[token]}, gets {came!r}; it should be {wanted}.",
        )


# ---- notebook 3: sequence to sequence ----


@exercise("seq2seq.shift_right")
def _shift_right(answer: object) -> None:
    """(B, T) labels with −100, start id, pad id → (B, T) what the decoder reads."""
    labels = torch.tensor([[11, 12, 13, 1], [21, 1, -100, -100]])
    right = torch.tensor([[7, 11, 12, 13], [7, 21, 1, 0]])
    result = _need_tensor(_call(answer, labels, 7, 0), (2, 4), "one input for each label")
    _need(
        result.dtype == torch.long,
        f"the inputs are {result.dtype}; token ids are whole numbers, torch.int64.",
    )
    for mistake, why in [
        (labels, "the decoder reads its own answers: nothing is shifted."),
        (
            labels.roll(-1, 1),
            "shifted the wrong way: the decoder reads the token *before* each target.",
        ),
        (
            labels.roll(1, 1),
            "the last label came round to the front. The first input is the start token.",
        ),
        (right.masked_fill(right == 7, 0), "the first input is 0; it must be the start token, 7."),
    ]:
        _need(not torch.equal(result, mistake), why)
    _need(
        not (result == IGNORE_INDEX).any(),
        f"{IGNORE_INDEX} is left in the inputs. It is no token and has no embedding: put the "
        "padding token in its place.",
    )
    _need(
        torch.equal(result, right),
        f"for the labels {labels.tolist()}, start 7 and padding 0 the decoder reads "
        f"{right.tolist()}; your function gives {result.tolist()}.",
    )


@exercise("seq2seq.cross_mask")
def _cross_mask(answer: object) -> None:
    """(B, S) attention mask of the source, number of decoder positions T → (B, T, S) bool."""
    for mask, queries in [
        (torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]), 3),
        (torch.tensor([[1, 1, 0]]), 3),
    ]:
        shape = (len(mask), queries, mask.shape[1])
        meaning = "a row for each decoder position, a column for each source token"
        result = _need_tensor(_call(answer, mask, queries), shape, meaning)
        _need(
            result.dtype == torch.bool,
            f"the mask is {result.dtype}; it must be torch.bool, True = may attend.",
        )
        right = mask.bool()[:, None, :].expand(shape)
        _need(not torch.equal(result, ~right), "inverted: here True means *may attend*.")
        _need(not result.all(), "nothing is hidden: the source's padding is attended to.")
        _need(
            not torch.equal(result, right.tril()),
            "this is causal. The source is given as a whole: each decoder position may see all of "
            "it.",
        )
        _need(
            torch.equal(result, right),
            "each decoder position may attend to exactly those source tokens that are not padding.",
        )


@exercise("seq2seq.corrupt")
def _corrupt_spans(answer: object) -> None:
    """ids, spans as (start, end), sentinels → inputs and targets, all of them lists."""
    ids, spans, sentinels = [11, 12, 13, 14, 15, 16, 17, 18], [(1, 3), (5, 6)], [99, 98, 97]
    result = _call(answer, list(ids), list(spans), list(sentinels))
    _need(
        isinstance(result, (tuple, list)) and len(result) == 2,
        f"your function returns {type(result).__name__}; it needs two lists: inputs and targets.",
    )
    inputs, targets = (x.tolist() if isinstance(x, Tensor) else list(x) for x in result)
    right_inputs, right_targets = [11, 99, 14, 15, 98, 17, 18], [99, 12, 13, 98, 16, 97]
    _need(inputs != ids, "the inputs are the whole text: nothing was cut out.")
    _need(
        [x for x in inputs if x in sentinels][:2] != [99, 99],
        "every gap has the same sentinel; then nobody can say which span belongs where.",
    )
    _need(
        inputs.count(99) < 2,
        "a sentinel stands for a whole span, however long, and not for each token of it.",
    )
    _need(
        inputs == right_inputs,
        f"the inputs are {inputs}; they should be {right_inputs}: each span gives way to its "
        "sentinel.",
    )
    _need(
        targets != [12, 13, 16],
        "the targets lack the sentinels: each span comes after its own, which says where it goes.",
    )
    _need(
        targets != right_targets[:-1],
        "the last sentinel is missing: it says that no more spans come.",
    )
    _need(
        targets == right_targets,
        f"the targets are {targets}; they should be {right_targets}.",
    )


@exercise("seq2seq.rebuild")
def _rebuild(answer: object) -> None:
    """inputs, targets, sentinels (lists) → the original ids."""
    sentinels = [99, 98, 97]
    for inputs, targets, right in [
        ([11, 99, 14, 15, 98, 17], [99, 12, 13, 98, 16, 97], [11, 12, 13, 14, 15, 16, 17]),
        ([99, 23, 24], [99, 21, 22, 98], [21, 22, 23, 24]),
        ([31, 32, 99], [99, 33, 98], [31, 32, 33]),
    ]:
        result = _call(answer, list(inputs), list(targets), list(sentinels))
        result = result.tolist() if isinstance(result, Tensor) else result
        _need(
            isinstance(result, list),
            f"your function returns {type(result).__name__}; it needs a list of token ids.",
        )
        _need(
            not set(result) & set(sentinels),
            f"a sentinel is left in {result}: each gives way to its span.",
        )
        _need(
            result == right,
            f"inputs {inputs} and targets {targets} come from {right}; your function gives "
            f"{result}.",
        )


@exercise("seq2seq.score")
def _score(answer: object) -> None:
    """(T, V) logits, (T,) targets with −100 → log-probability of the whole target, in nats."""
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0], [0.0, 0.0, 3.0], [0.0, 9.0, 0.0]])
    for targets in (torch.tensor([0, 1, 2, -100]), torch.tensor([-100, 1, -100, 0])):
        _score_is_right(answer, logits, targets)


def _score_is_right(answer: object, logits: Tensor, targets: Tensor) -> None:
    result = _need_number(_call(answer, logits, targets), "log-probability")
    places = (targets != IGNORE_INDEX).nonzero().flatten()
    logs, ids = logits.log_softmax(-1), targets[places]
    chosen = logs[places, ids]
    right = chosen.sum().item()
    others = logs[targets == IGNORE_INDEX, 0].sum().item()
    for value, why in [
        (-right, "this is the surprise, a positive number; a log-probability is at most 0."),
        (
            chosen.mean().item(),
            "this is the mean. A sequence's probability is a product: *add* the logs.",
        ),
        (chosen.sum().exp().item(), "this is the probability itself; we ask for its logarithm."),
        (
            logits[places, ids].sum().item(),
            "these are logits. The softmax comes first: log_softmax over the vocabulary.",
        ),
        (
            right + others,  # −100 clamped to 0
            f"the position with the target {IGNORE_INDEX} was added as well. It is not scored.",
        ),
    ]:
        _need(not math.isclose(result, value, rel_tol=1e-4), why)
    _need(
        math.isclose(result, right, rel_tol=1e-4),
        f"the log-probability is {right:.4g}; your function gives {result:.4g}.",
    )
