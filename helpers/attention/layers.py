"""`reach`: what can get where through the recorded masks, layer by layer."""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers import checks
from helpers.attention.recording import Attention


def reach(records: Sequence[Attention], heard: Tensor | None = None) -> dict[str, Tensor]:
    """After how many layers an input can have reached a query: kind → (B, Q, K) whole numbers.

    Before the first layer each position holds its own token: 0. A layer hands a query what the keys
    held that it may attend to; by the residual connection the query keeps what it held. The number
    is that of the first layer after which a way leads from k to q, or −1 where none ever does. It
    is a product of masks, as `influence` is a product of derivatives: in rows that are no padding,
    the numbers from 0 up stand where `influence` is not 0.0.

    Kinds are those of `record`. "cross" counts the decoder's layers, because the decoder begins
    when the encoder has ended. Of models that hear, `heard` says which frames each position of the
    encoder holds before its first layer, (K, F) bool; "encoder" and "cross" are then (B, Q, F).

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> from helpers import attention
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1))
    >>> window = torch.ones(4, 4, dtype=torch.bool).tril().triu(-1)  # itself and one token back
    >>> ids = torch.tensor([[3, 4, 5, 6]])
    >>> records = attention.record(model, input_ids=ids, attention_mask=window[None, None])
    >>> reach(records)["decoder"][0].tolist()
    [[0, -1, -1, -1], [1, 0, -1, -1], [2, 1, 0, -1], [-1, 2, 1, 0]]

    Raises ValueError unless there is a record, TypeError for anything but records.
    """
    checks.need(records, "records are empty: pass what attention.record returned")
    for record in records:
        checks.instance("each record", record, Attention, "what attention.record returned")
    after = {record.kind: _own(record, heard) for record in records}
    for record in records:  # in the order in which the model ran them
        for kind in after if record.kind == "decoder" else [record.kind]:
            if record.kind == "decoder" and kind == "encoder":
                continue
            held = after["encoder" if record.kind == "cross" else kind] >= 0
            handed = (record.mask.float() @ held.float()) > 0
            after[kind][handed & (after[kind] < 0)] = record.layer + 1
    return after


def _own(record: Attention, heard: Tensor | None) -> Tensor:
    """0 where a query holds an input from the beginning, −1 elsewhere: (B, Q, K)."""
    own = torch.eye(*record.mask.shape[1:], dtype=torch.bool, device=record.mask.device)
    if heard is not None and record.kind != "decoder":
        own = heard if record.kind == "encoder" else heard.new_zeros(len(own), heard.shape[1])
    own = own & (record.kind != "cross")
    return own.long().sub(1).repeat(len(record.mask), 1, 1)
