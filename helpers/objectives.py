"""How the three architectures make targets from text — and the one loss they share.

A causal model's target is the next token, a masked model's the token that was hidden, a
sequence-to-sequence model's the spans that were cut out. `token_losses` and `mean_loss` then do the
same cross-entropy for all three.

Targets are aligned with the logits: `targets[b, t]` is what `logits[b, t]` should predict, or
`IGNORE_INDEX` where nothing is asked.

Sources: Radford et al. 2019, section 2; Devlin et al. 2019, section 3.1 and appendix A.1; Raffel et
al. 2020, sections 3.1.4 and 3.3.4.
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

IGNORE_INDEX = -100  # PyTorch's default `ignore_index`: a target that is not scored


def next_token_targets(input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
    """The next token at every position, (B, T) → (B, T): `targets[t] = input_ids[t + 1]`.

    The last position has no next token. A position is scored only if it *and* its next one are real
    tokens, so that padding on either side costs nothing.

    >>> next_token_targets(torch.tensor([[5, 6, 7, 8]])).tolist()
    [[6, 7, 8, -100]]
    >>> next_token_targets(torch.tensor([[5, 6, 0]]), torch.tensor([[1, 1, 0]])).tolist()
    [[6, -100, -100]]

    Models of the GPT family shift inside: give them `labels=input_ids`, never these targets (that
    would shift twice).

    Raises TypeError for anything but integer tensors, ValueError for another rank or an empty text.

    Source: Radford et al. 2019, section 2.
    """
    _check_ids("input_ids", input_ids)
    targets = functional.pad(input_ids[:, 1:], (0, 1), value=IGNORE_INDEX)  # (B, T)
    if attention_mask is None:
        return targets
    _check_same_shape("attention_mask", attention_mask, input_ids)
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
    all-special text, a rate that is not in (0, 1], a tokenizer with no mask token, or a generator
    on another device.

    Source: Devlin et al. 2019, section 3.1 (task 1) and appendix A.1.
    """
    _check_ids("input_ids", input_ids)
    _check_generator(generator, input_ids)
    if not 0 < rate <= 1:
        raise ValueError(f"rate must be above 0 and at most 1, got {rate}: BERT uses 0.15")
    if tokenizer.mask_token_id is None:
        raise ValueError(
            f"tokenizer must have a mask token; {type(tokenizer).__name__} has none: use the "
            "tokenizer of a masked language model, or corrupt_spans for a T5 tokenizer"
        )
    special = torch.tensor(tokenizer.all_special_ids, device=input_ids.device)
    ordinary = ~torch.isin(input_ids, special)  # (B, T)
    if not ordinary.any():
        raise ValueError("input_ids hold special tokens only: there is nothing to mask")
    draw = torch.rand(input_ids.shape, generator=generator, device=input_ids.device)
    draw = draw.masked_fill(~ordinary, 2.0)  # out of reach of any rate
    chosen = draw < rate  # (B, T)
    if not chosen.any():
        chosen = draw == draw.min()
    original = input_ids[chosen]  # (N,)
    fate = torch.rand(original.shape, generator=generator, device=original.device)
    random_ids = torch.randint(
        len(tokenizer), original.shape, generator=generator, device=original.device
    )
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
    is not on the right, rows of fewer than two tokens, a density outside (0, 1), a mean span length
    below 1, a tokenizer without padding, end or sentinel tokens, more spans than it has sentinels,
    sentinels already in the text, or a generator on another device.

    Source: Raffel et al. 2020, sections 3.1.4 and 3.3.4.
    """
    _check_ids("input_ids", input_ids)
    _check_generator(generator, input_ids)
    if not 0 < density < 1:
        raise ValueError(f"density must be between 0 and 1, got {density}: T5 uses 0.15")
    if not mean_span_length >= 1:
        raise ValueError(
            f"mean_span_length must be at least 1, got {mean_span_length}: T5 uses 3.0"
        )
    lengths, ended = _text_lengths(input_ids, tokenizer)  # (B,), (B,)
    cut = (lengths * density).round().long().clamp(min=1).minimum(lengths - 1)
    spans = (cut / mean_span_length).round().long().clamp(min=1)
    spans = spans.minimum(cut).minimum(lengths - cut + 1)
    sentinels = _sentinels(tokenizer, int(spans.max()) + 1).to(input_ids.device)  # (S + 1,)
    known = _all_sentinels(tokenizer).to(input_ids.device)  # also those that are not needed here
    near = (input_ids >= known.min()) & (input_ids <= known.max())  # far faster than isin
    if near.any() and torch.isin(input_ids, known).any():
        raise ValueError("input_ids already hold sentinels: give the text before corruption")

    # A text is kept[0] hidden[0] kept[1] … hidden[S − 1] kept[S]; the first and last may be empty.
    kept = _random_pieces(lengths - cut, spans, 0, generator)  # (B, S + 1)
    hidden = _random_pieces(cut, spans - 1, 1, generator)  # (B, S)
    number = torch.arange(len(sentinels), device=input_ids.device)
    inputs = _weave(
        input_ids,
        slots=kept[:, :-1].cumsum(1) + number[:-1],  # each sentinel comes after a kept piece
        skips=hidden - 1,
        used=number[:-1] < spans[:, None],
        sentinels=sentinels[:-1],
        lengths=lengths - cut + spans + ended,
        fill=tokenizer.pad_token_id,
    )
    targets = _weave(
        input_ids,
        slots=hidden.cumsum(1).sub(hidden) + number[:-1],  # each comes before a hidden one
        skips=kept[:, :-1] - 1,
        used=number[:-1] < spans[:, None],
        sentinels=sentinels[:-1],
        lengths=cut + spans + 2,
        fill=IGNORE_INDEX,
    )
    targets.scatter_(1, (cut + spans)[:, None], sentinels[spans][:, None])
    targets.scatter_(1, (cut + spans + 1)[:, None], tokenizer.eos_token_id)
    return inputs, targets


def shift_right(targets: Tensor, start_token_id: int, pad_token_id: int) -> Tensor:
    """What a decoder reads while it learns to write the targets (teacher forcing): (B, T) → (B, T).

    Every target moves one place to the right, behind the start token; the last one falls off.
    IGNORE_INDEX is no token, so it becomes padding.

    >>> shift_right(torch.tensor([[7, 8, 1, -100]]), start_token_id=0, pad_token_id=0).tolist()
    [[0, 7, 8, 1]]

    Raises TypeError for anything but an integer tensor or ids that are not whole numbers (a config
    with no decoder_start_token_id has None), ValueError for another rank or an empty target.

    Source: Vaswani et al. 2017, section 3.1 ("offset by one position").
    """
    _check_ids("targets", targets)
    for name, token_id in [("start_token_id", start_token_id), ("pad_token_id", pad_token_id)]:
        if isinstance(token_id, bool) or not isinstance(token_id, int):
            raise TypeError(
                f"{name} must be a token id, got {token_id!r}: see model.config."
                "decoder_start_token_id and tokenizer.pad_token_id, and set the one that is None"
            )
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
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        raise TypeError(
            f"logits must be a float tensor, got {_kind(logits)}: pass model(...).logits"
        )
    if logits.ndim != 3:
        raise ValueError(
            f"logits must have shape (B, T, V), got {tuple(logits.shape)}: for one text, add the "
            "batch axis with logits[None]"
        )
    _check_ids("targets", targets)
    if logits.shape[:2] != targets.shape:
        raise ValueError(
            f"targets must have shape {tuple(logits.shape[:2])} to fit the logits, got "
            f"{tuple(targets.shape)}: one target a position, IGNORE_INDEX where none is asked"
        )
    vocabulary = logits.shape[-1]
    if ((targets != IGNORE_INDEX) & ((targets < 0) | (targets >= vocabulary))).any():
        raise ValueError(
            f"targets must be {IGNORE_INDEX} or ids below {vocabulary}, the width of the logits, "
            f"got {targets.min()} to {targets.max()}: do tokenizer and model belong together?"
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
    if scored == 0:
        raise ValueError(f"targets are all {IGNORE_INDEX}: nothing is scored, so there is no mean")
    return losses.sum() / scored


def _random_pieces(totals: Tensor, cuts: Tensor, first: int, generator: Generator | None) -> Tensor:
    """Cut each total at that many places, all ways equally likely: (B,), (B,) → (B, C + 1).

    Places go from `first` to total − first, so that with 1 no piece is empty, and with 0 the outer
    ones may be. A row with fewer than C cuts ends in pieces of 0.
    """
    free = (totals - 2 * first + 1 - cuts + 1)[:, None]  # places, were cuts allowed to coincide
    turn = torch.arange(int(cuts.max()), device=totals.device)
    chance = torch.rand(
        len(totals), len(turn), generator=generator, device=totals.device, dtype=torch.float64
    )
    # Pólya's urn: draw a free place or repeat one of the draws so far. That makes all multisets
    # equally likely, and moving the i-th smallest by i makes them sets. No shuffling needed.
    draw = (chance * (free + turn)).long()  # (B, C)
    origin = torch.where(draw < free, turn, draw - free)
    for _ in range(len(turn).bit_length()):
        origin = origin.gather(1, origin)  # a repeat of a repeat of …
    unused = turn >= cuts[:, None]
    chosen = draw.gather(1, origin).masked_fill_(unused, int(totals.max())).sort(1).values
    edges = torch.where(unused, totals[:, None], chosen + turn + first)
    return edges.diff(prepend=torch.zeros_like(totals)[:, None], append=totals[:, None])


def _weave(
    ids: Tensor,
    slots: Tensor,
    skips: Tensor,
    used: Tensor,
    sentinels: Tensor,
    lengths: Tensor,
    fill: int,
) -> Tensor:
    """Copy a text, but put a sentinel in each used slot and skip as many tokens there."""
    width = int(lengths.max())
    slots = slots.where(used, width)  # a spare column takes what is not used
    source = ids.new_zeros(len(ids), width + 1).scatter_(1, slots, skips).cumsum(1)
    place = torch.arange(width + 1, device=ids.device)
    source = (source + place).clamp_(0, ids.shape[1] - 1)  # where each token comes from
    woven = ids.gather(1, source).scatter_(1, slots, sentinels.expand_as(slots))
    return woven.masked_fill_(place >= lengths[:, None], fill)[:, :width].contiguous()


def _sentinels(tokenizer: PreTrainedTokenizerBase, needed: int) -> Tensor:
    """The ids of <extra_id_0>, <extra_id_1>, …: (needed,)."""
    ids = tokenizer.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(needed)])
    found = sum(i not in (None, tokenizer.unk_token_id) for i in ids)
    if found == 0:
        raise ValueError(
            f"tokenizer must have the sentinels <extra_id_0>, <extra_id_1>, …; "
            f"{type(tokenizer).__name__} has none: use a T5 tokenizer, or mask_tokens for BERT's"
        )
    if found < needed:
        raise ValueError(
            f"input_ids would lose {needed - 1} spans, which takes {needed} sentinels; tokenizer "
            f"has {found}: take shorter texts, a lower density or longer spans"
        )
    return torch.tensor(ids)


def _all_sentinels(tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """The ids of all sentinels that a T5 vocabulary has, at most a hundred: (S,)."""
    ids = tokenizer.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(100)])
    return torch.tensor([i for i in ids if i not in (None, tokenizer.unk_token_id)])


def _text_lengths(input_ids: Tensor, tokenizer: PreTrainedTokenizerBase) -> tuple[Tensor, Tensor]:
    """Each row's tokens before its end token and padding, and whether it has an end: (B,), (B,)."""
    for name in ("pad_token_id", "eos_token_id"):
        if getattr(tokenizer, name) is None:
            raise ValueError(
                f"tokenizer must have a {name}; {type(tokenizer).__name__} has none: "
                "use a T5 tokenizer, or set one"
            )
    ends = input_ids == tokenizer.eos_token_id
    text = ~ends & (input_ids != tokenizer.pad_token_id)  # (B, T)
    lengths, ended = text.sum(1), ends.sum(1)
    if (text[:, 1:] & ~text[:, :-1]).any() or (ended > 1).any():
        raise ValueError(
            "input_ids must be text, then at most one end token, then padding; a row has something "
            "after its end or padding: use padding_side='right' and one text a row"
        )
    if lengths.min() < 2:
        raise ValueError(
            f"input_ids need at least 2 tokens a row, one to hide and one to keep, got "
            f"{lengths.min()}: give longer texts"
        )
    return lengths, ended


def _kind(value: object) -> str:
    return f"a tensor of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__


def _check_ids(name: str, ids: Tensor) -> None:
    if not isinstance(ids, Tensor) or ids.dtype != torch.long:
        raise TypeError(
            f"{name} must be a tensor of token ids (torch.long), got {_kind(ids)}: "
            "ask the tokenizer for return_tensors='pt'; for other whole numbers, use .long()"
        )
    if ids.ndim != 2:
        raise ValueError(
            f"{name} must have shape (B, T), got {tuple(ids.shape)}: for one text, add the batch "
            f"axis with {name}[None]"
        )
    if ids.numel() == 0:
        raise ValueError(f"{name} must hold at least one token, got shape {tuple(ids.shape)}")


def _check_same_shape(name: str, mask: Tensor, ids: Tensor) -> None:
    if not isinstance(mask, Tensor):
        raise TypeError(f"{name} must be a tensor, got {_kind(mask)}: pass the tokenizer's")
    if mask.shape != ids.shape:
        raise ValueError(
            f"{name} must have the shape of input_ids, {tuple(ids.shape)}, got "
            f"{tuple(mask.shape)}: pass the one that the tokenizer made with them"
        )


def _check_generator(generator: Generator | None, ids: Tensor) -> None:
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {type(generator).__name__}: "
            "make it with torch.Generator().manual_seed(0)"
        )
    if generator is not None and generator.device.type != ids.device.type:
        raise ValueError(
            f"generator must be on the device of input_ids, {ids.device}, got {generator.device}: "
            f"make it with torch.Generator({ids.device.type!r})"
        )
