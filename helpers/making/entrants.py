"""Who takes part in the contest: a small model of each architecture, and how it reads a pair.

A pair is a source to read and a target to answer with. A decoder reads both as one text and writes
the target token by token. An encoder–decoder reads the source and writes the target. An encoder
gets as many masks as the target has tokens, a hint that the others don't get, behind the source (or
in the place of the word that is hidden there), and fills all at once.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from helpers.making.recipe import GELU, Batch, Example
from helpers.objectives import IGNORE_INDEX

GAP = "<extra_id_0>"  # what the story tokenizer has for a mask
WIDTH, HEADS, POSITIONS = 64, 4, 128


class Pair(NamedTuple):
    """What is read and what should be answered, both as token ids."""

    source: list[int]
    target: list[int]


# ---- models with random weights: as many parameters, within 5 % ----


def decoder(**ids: int) -> GPT2LMHeadModel:
    shape = {"n_embd": WIDTH, "n_head": HEADS, "n_layer": 2, "n_positions": POSITIONS}
    dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    start = {"bos_token_id": ids["eos_token_id"], "initializer_range": WIDTH**-0.5}
    config = GPT2Config(**ids, **shape, **start, **dropout, activation_function=GELU)
    model = GPT2LMHeadModel(config)
    model.loss_type = "ForCausalLM"  # or it warns
    return model


def encoder(**ids: int) -> BertForMaskedLM:
    shape = {"hidden_size": WIDTH, "num_attention_heads": HEADS, "num_hidden_layers": 2}
    shape |= {"intermediate_size": 240, "max_position_embeddings": POSITIONS, "type_vocab_size": 1}
    dropout = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), 0.0)
    start = {"initializer_range": WIDTH**-0.5}
    return BertForMaskedLM(BertConfig(**ids, **shape, **start, **dropout, hidden_act=GELU))


def encoder_decoder(**ids: int) -> T5ForConditionalGeneration:
    shape = {"d_model": WIDTH, "num_heads": HEADS, "d_kv": WIDTH // HEADS, "d_ff": 232}
    shape |= {"num_layers": 1, "num_decoder_layers": 1, "relative_attention_max_distance": 64}
    start = {"decoder_start_token_id": ids["pad_token_id"], "tie_word_embeddings": False}
    config = T5Config(**ids, **shape, **start, dropout_rate=0.0, feed_forward_proj=GELU)
    model = T5ForConditionalGeneration(config)
    model.set_attn_implementation("eager")
    with torch.no_grad():  # as in the miniature: or it starts sure and wrong
        model.shared.weight.mul_(WIDTH**-0.5)
    return model


MODELS: dict[str, Callable[..., PreTrainedModel]] = {
    "decoder": decoder,
    "encoder": encoder,
    "encoder-decoder": encoder_decoder,
}


def make_model(architecture: str, tokenizer: T5Tokenizer) -> PreTrainedModel:
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    return MODELS[architecture](vocab_size=len(tokenizer), **ids)


# ---- how each is taught and asked ----


def example(architecture: str, pair: Pair, gap: int, *, every_token: bool = False) -> Example:
    """A pair as one architecture reads it; only the target is scored.

    With `every_token` a decoder is scored at whatever it reads, which its mask allows.

    >>> example("decoder", Pair([5, 6, 1], [7, 1]), gap=9)
    {'input_ids': [5, 6, 1, 7, 1], 'labels': [-100, -100, -100, 7, 1]}
    >>> example("encoder", Pair([5, 6, 1], [7, 1]), gap=9)
    {'input_ids': [5, 6, 1, 9, 9], 'labels': [-100, -100, -100, 7, 1]}
    >>> example("encoder", Pair([5, 9, 6, 1], [7]), gap=9)
    {'input_ids': [5, 9, 6, 1], 'labels': [-100, 7, -100, -100]}
    >>> example("encoder-decoder", Pair([5, 6, 1], [7, 1]), gap=9)
    {'input_ids': [5, 6, 1], 'labels': [7, 1]}
    """
    source, target = pair
    unscored = [IGNORE_INDEX] * len(source)
    if architecture == "encoder-decoder":
        return {"input_ids": source, "labels": target}
    if architecture == "decoder":
        return {
            "input_ids": source + target,
            "labels": (source if every_token else unscored) + target,
        }
    if gap in source:
        labels = [target[0] if token == gap else IGNORE_INDEX for token in source]
        return {"input_ids": source, "labels": labels}
    return {"input_ids": source + [gap] * len(target), "labels": unscored + target}


def as_batch(architecture: str, pairs: list[Pair], tokenizer: T5Tokenizer) -> Batch:
    """Pairs in their order, as one architecture is asked them, filled up on the right."""
    pad, gap = tokenizer.pad_token_id, tokenizer.convert_tokens_to_ids(GAP)
    examples = [example(architecture, pair, gap) for pair in pairs]
    ids, labels = (
        pad_sequence([torch.tensor(one[name]) for one in examples], True, filler)  # (B, T)
        for name, filler in (("input_ids", pad), ("labels", IGNORE_INDEX))
    )
    return {"input_ids": ids, "attention_mask": (ids != pad).long(), "labels": labels}


def loss(model: PreTrainedModel, batch: Batch) -> Tensor:
    """The model's own loss; but the head, half of the work here, sees scored tokens only."""
    if model.config.is_encoder_decoder:
        return model(**batch).loss
    ids, mask, labels = batch["input_ids"], batch["attention_mask"], batch["labels"]  # (B, T)
    states = model.base_model(ids, attention_mask=mask).last_hidden_state  # (B, T, width)
    if isinstance(model, GPT2LMHeadModel):
        states, labels, head = states[:, :-1], labels[:, 1:], model.lm_head
    else:
        head = model.cls
    scored = labels != IGNORE_INDEX
    return cross_entropy(head(states[scored]), labels[scored])  # (N, V) and (N)


@torch.no_grad()
def answers(
    architecture: str, model: PreTrainedModel, pairs: list[Pair], tokenizer: T5Tokenizer
) -> list[list[int]]:
    """What a model answers to each source: filled in at once, or written greedily."""
    if architecture == "encoder":
        batch = as_batch(architecture, pairs, tokenizer)
        guesses = model(**batch).logits.argmax(-1)  # (B, T)
        scored = batch["labels"] != IGNORE_INDEX
        return [row[here].tolist() for row, here in zip(guesses, scored, strict=True)]
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    side = "left" if architecture == "decoder" else "right"  # a decoder writes on at the right
    ids = pad_sequence([torch.tensor(pair.source) for pair in pairs], True, pad, side)  # (B, T)
    longest = max(len(pair.target) for pair in pairs)
    options = {"max_new_tokens": longest, "do_sample": False, "pad_token_id": pad}
    output = model.generate(ids, attention_mask=(ids != pad).long(), **options)
    read = ids.shape[1] if architecture == "decoder" else 1  # the source, or the start token
    rows = output[:, read:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]
