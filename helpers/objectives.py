"""How the three architectures make targets from text — and the one loss they share.

A causal model's target is the next token, a masked model's the token that was hidden, a
sequence-to-sequence model's the spans that were cut out. `token_losses` and `mean_loss` then do the
same cross-entropy for all three.

Targets are aligned with the logits: `targets[b, t]` is what `logits[b, t]` should predict, or
`IGNORE_INDEX` where nothing is asked.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from helpers import checks

IGNORE_INDEX = -100  # PyTorch's default `ignore_index`: a target that is not scored


def next_token_targets(input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
    """The next token at every position, (B, T) → (B, T): `targets[t] = input_ids[t + 1]`.

    The last position has no next token. A position is scored only if it *and* its next one are real
    tokens, so that padding on either side costs nothing. Models of the GPT family shift inside:
    give them `labels=input_ids`, never these targets (that would shift twice).

    >>> next_token_targets(torch.tensor([[5, 6, 7, 8]])).tolist()
    [[6, 7, 8, -100]]
    >>> next_token_targets(torch.tensor([[5, 6, 0]]), torch.tensor([[1, 1, 0]])).tolist()
    [[6, -100, -100]]

    Raises TypeError for anything but integer tensors, ValueError for another rank or an empty text.
    Source: Radford et al. 2019, section 2.
    """
    checks.tensor("input_ids", input_ids, "B T", "ids")
    targets = functional.pad(input_ids[:, 1:], (0, 1), value=IGNORE_INDEX)  # (B, T)
    if attention_mask is None:
        return targets
    checks.tensor("attention_mask", attention_mask, "B T")
    checks.same_shape("attention_mask", attention_mask, "input_ids", input_ids.shape)
    real = attention_mask.bool()
    next_is_real = functional.pad(real[:, 1:], (0, 1), value=False)
    return targets.masked_fill(~(real & next_is_real), IGNORE_INDEX)


def mask_tokens(
    input_ids: Tensor,
    tokenizer: PreTrainedTokenizerBase,
    rate: float = 0.15,
    generator: Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Hide some tokens and ask for them back: (B, T) → inputs (B, T), targets (B, T).

    Each ordinary token is chosen with probability `rate`, independently. Of the chosen, 80 % become
    the mask token, 10 % a random token, 10 % stay as they are; all of them are targets. Special and
    padding tokens are never chosen. The random token comes from the whole vocabulary, special
    tokens included, as in BERT's own code and in transformers. If chance chooses none at all, one
    token is chosen, so that a batch always has a loss.

    Raises TypeError for anything but an integer tensor, ValueError for another rank, an empty or
    all-special text, a rate that is not in (0, 1], or a tokenizer with no mask token.
    Source: Devlin et al. 2019, section 3.1 (task 1) and appendix A.1.
    """
    checks.tensor("input_ids", input_ids, "B T", "ids")
    _check_generator(generator)
    checks.number("rate", rate, lambda x: 0 < x <= 1, "above 0 and at most 1, as BERT's 0.15")
    checks.need(
        tokenizer.mask_token_id is not None,
        f"tokenizer must have a mask token; {type(tokenizer).__name__} has none: use BERT's, or "
        "corrupt_spans for a T5 tokenizer",
    )
    special = torch.tensor(tokenizer.all_special_ids, device=input_ids.device)
    ordinary = ~torch.isin(input_ids, special)  # (B, T)
    checks.need(ordinary.any(), "input_ids hold special tokens only: there is nothing to mask")
    chance = {"generator": generator, "device": input_ids.device}
    draw = torch.rand(input_ids.shape, **chance)
    draw = draw.masked_fill(~ordinary, 2.0)  # out of reach of any rate
    chosen = draw < rate  # (B, T)
    if not chosen.any():
        chosen = draw == draw.min()
    original = input_ids[chosen]  # (N,)
    fate = torch.rand(original.shape, **chance)
    random_ids = torch.randint(len(tokenizer), original.shape, **chance)
    inputs, targets = input_ids.clone(), torch.full_like(input_ids, IGNORE_INDEX)
    inputs[chosen] = torch.where(fate < 0.9, random_ids, original)
    inputs[chosen] = torch.where(fate < 0.8, tokenizer.mask_token_id, inputs[chosen])
    targets[chosen] = original
    return inputs, targets


def corrupt_spans(
    input_ids: Tensor,
    tokenizer: PreTrainedTokenizerBase,
    density: float = 0.15,
    mean_span_length: float = 3.0,
    generator: Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Cut spans out of a text and ask for them back: (B, T) → inputs (B, S), targets (B, U).

    Each span leaves a sentinel in the inputs; the targets give every sentinel with its span, one
    last sentinel that says "no more", and the end token. Put back in its place, each span rebuilds
    the text exactly.

        text     Thank you for inviting me to your party last week </s>
        inputs   Thank you <extra_id_0> me to your party <extra_id_1> week </s>
        targets  <extra_id_0> for inviting <extra_id_1> last <extra_id_2> </s>

    A row of n tokens (end token and padding not counted) loses round(n · density) of them in
    round(that / mean_span_length) spans, at least one token and one span, with a kept token between
    spans; all ways to do so are equally likely. Rows of inputs are filled up with padding tokens,
    so that `attention_mask = inputs != pad_token_id`; rows of targets with IGNORE_INDEX, ready to
    be `labels`.

    Raises TypeError for anything but an integer tensor; ValueError for another rank, padding that
    is not on the right, rows of fewer than two tokens, sentinels already in the text, a density
    outside (0, 1), a mean span length below 1, or a tokenizer with too few sentinels.
    Source: Raffel et al. 2020, sections 3.1.4 and 3.3.4.
    """
    checks.tensor("input_ids", input_ids, "B T", "ids")
    _check_generator(generator)
    checks.number("density", density, lambda x: 0 < x < 1, "between 0 and 1, such as T5's 0.15")
    checks.number("mean_span_length", mean_span_length, lambda x: x >= 1, "at least 1, as T5's 3.0")
    sentinels = _sentinels(tokenizer)
    inputs, targets = [], []
    for row in input_ids.tolist():
        text, end = _split(row, tokenizer, sentinels)
        question, answer = _cut_out(text, sentinels, density, mean_span_length, generator)
        inputs.append(question + end)
        targets.append([*answer, tokenizer.eos_token_id])
    return (
        _side_by_side(inputs, tokenizer.pad_token_id).to(input_ids.device),
        _side_by_side(targets, IGNORE_INDEX).to(input_ids.device),
    )


def shift_right(targets: Tensor, start_token_id: int, pad_token_id: int) -> Tensor:
    """What a decoder reads while it learns to write the targets (teacher forcing): (B, T) → (B, T).

    Every target moves one place to the right, behind the start token; the last one falls off.
    IGNORE_INDEX is no token, so it becomes padding. T5 starts from the padding token, Whisper from
    <|startoftranscript|>, which its tokenizer has put in front of the language, the task and the
    words already: cut it off the targets, or the decoder reads it twice.

    >>> shift_right(torch.tensor([[7, 8, 1, -100]]), start_token_id=0, pad_token_id=0).tolist()
    [[0, 7, 8, 1]]

    Raises TypeError for anything but an integer tensor or ids that are not whole numbers (a config
    with no decoder_start_token_id has None), ValueError for another rank or an empty target.
    Source: Vaswani et al. 2017, section 3.1 ("offset by one position").
    """
    checks.tensor("targets", targets, "B T", "ids")
    checks.whole("start_token_id", start_token_id, do="see model.config.decoder_start_token_id")
    checks.whole("pad_token_id", pad_token_id, do="see tokenizer.pad_token_id, and set it if None")
    shifted = functional.pad(targets[:, :-1], (1, 0), value=start_token_id)  # (B, T)
    return shifted.masked_fill(shifted == IGNORE_INDEX, pad_token_id)


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """The surprise at each target, in nats, and 0 where ignored: (B, T, V) and (B, T) → (B, T).

    Surprise is −log of the probability that the softmax of the logits gives to the target.

    >>> logits = torch.tensor([[[0.0, 0.0], [0.0, 0.0]]])  # two tokens, equally likely
    >>> token_losses(logits, torch.tensor([[1, IGNORE_INDEX]])).round(decimals=3).tolist()
    [[0.6930000185966492, 0.0]]

    Raises TypeError for anything but tensors of numbers and of ids, ValueError when the shapes
    don't fit or a target is outside the vocabulary.
    """
    checks.tensor("logits", logits, "B T V", "float", "pass model(...).logits")
    checks.tensor("targets", targets, "B T", "ids")
    checks.same_shape("targets", targets, "the logits without V", logits.shape[:2])
    vocabulary = logits.shape[-1]
    checks.need(
        ((targets == IGNORE_INDEX) | ((targets >= 0) & (targets < vocabulary))).all(),
        f"targets must be {IGNORE_INDEX} or ids below {vocabulary}, the width of the logits, "
        f"got {targets.min()} to {targets.max()}: do tokenizer and model belong together?",
    )
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # half is too coarse
    return functional.cross_entropy(
        logits.mT, targets, ignore_index=IGNORE_INDEX, reduction="none"
    )  # (B, V, T) and (B, T) → (B, T)


def mean_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean surprise over the scored targets, in nats: what transformers returns as `loss`, ().

    >>> logits = torch.tensor([[[0.0, 0.0], [0.0, 9.0]]])
    >>> mean_loss(logits, torch.tensor([[1, IGNORE_INDEX]])).round(decimals=3).item()
    0.6930000185966492

    Raises like token_losses, and ValueError when no target is scored.
    """
    losses = token_losses(logits, targets)
    scored = (targets != IGNORE_INDEX).sum()
    checks.need(scored, f"targets are all {IGNORE_INDEX}: nothing is scored, so there is no mean")
    return losses.sum() / scored


def _cut_out(
    text: list[int],
    sentinels: list[int],
    density: float,
    mean_span_length: float,
    generator: Generator | None,
) -> tuple[list[int], list[int]]:
    """One text: what is left of it, and what was cut out."""
    cut = min(max(round(len(text) * density), 1), len(text) - 1)
    spans = min(max(round(cut / mean_span_length), 1), len(text) - cut + 1)
    checks.need(
        spans < len(sentinels),
        f"input_ids would lose {spans} spans, which takes {spans + 1} sentinels; tokenizer has "
        f"{len(sentinels)}: take shorter texts, a lower density or longer spans",
    )
    # kept[0] hidden[0] kept[1] … hidden[S − 1] kept[S]; the first and the last may be empty.
    kept = _pieces(len(text) - cut, spans, 0, generator)
    hidden = _pieces(cut, spans - 1, 1, generator)
    question, answer, place = [], [], 0
    for sentinel, keep, hide in zip(sentinels, kept, hidden, strict=False):
        question += [*text[place : place + keep], sentinel]
        answer += [sentinel, *text[place + keep : place + keep + hide]]
        place += keep + hide
    return question + text[place:], [*answer, sentinels[spans]]


def _pieces(total: int, cuts: int, first: int, generator: Generator | None) -> list[int]:
    """Cut a total at that many places, all ways equally likely: the lengths of cuts + 1 pieces.

    Places go from `first` to total − first: with 1 no piece is empty, with 0 the outer ones may be.
    """
    device = "cpu" if generator is None else generator.device
    order = torch.randperm(total + 1 - 2 * first, generator=generator, device=device)
    edges = [0, *sorted(place + first for place in order[:cuts].tolist()), total]
    return [right - left for left, right in pairwise(edges)]


def _side_by_side(rows: list[list[int]], filler: int) -> Tensor:
    width = max(map(len, rows))
    filled = [row + [filler] * (width - len(row)) for row in rows]
    return torch.from_numpy(np.array(filled))  # several times as fast as torch.tensor


def _sentinels(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids of <extra_id_0>, <extra_id_1>, …, at most the hundred that T5 has."""
    ids = tokenizer.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(100)])
    sentinels = [i for i in ids if i not in (None, tokenizer.unk_token_id)]
    checks.need(
        sentinels and None not in (tokenizer.pad_token_id, tokenizer.eos_token_id),
        "tokenizer must have a padding token, an end token and sentinels <extra_id_0>, …; "
        f"{type(tokenizer).__name__} has not: use a T5 tokenizer, or mask_tokens for BERT's",
    )
    return sentinels


def _split(
    row: list[int], tokenizer: PreTrainedTokenizerBase, sentinels: list[int]
) -> tuple[list[int], list[int]]:
    """A row's text, and its end token if it has one; the padding goes."""
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    text = row[: min((row.index(i) for i in (end, pad) if i in row), default=len(row))]
    ends = [end] if end in row else []
    checks.need(
        all(i == pad for i in row[len(text) + len(ends) :]),
        "input_ids must be text, then at most one end token, then padding: use "
        "padding_side='right' and one text a row",
    )
    enough = "at least 2 tokens a row, one to hide and one to keep"
    checks.need(len(text) > 1, f"input_ids need {enough}, got {len(text)}: give longer texts")
    fresh = set(text).isdisjoint(sentinels)
    checks.need(fresh, "input_ids already hold sentinels: give the text before corruption")
    return text, ends


def _check_generator(generator: Generator | None) -> None:
    if generator is not None:
        wanted = "a torch.Generator, such as torch.Generator().manual_seed(0)"
        checks.instance("generator", generator, Generator, wanted)
