"""Bad input to `helpers.objectives`."""

import torch
from transformers import AutoTokenizer

from helpers import checkpoints
from helpers.objectives import (
    corrupt_spans,
    mask_tokens,
    mean_loss,
    next_token_targets,
    shift_right,
    token_losses,
)

GPT2, BERT, T5 = (
    AutoTokenizer.from_pretrained(checkpoints.MINIATURES[name])
    for name in ("gpt2", "bert-base-uncased", "google/flan-t5-small")
)
PAD, END, SENTINEL = T5.pad_token_id, T5.eos_token_id, T5.convert_tokens_to_ids("<extra_id_50>")
IDS, LOGITS = torch.tensor([[7, 8, 9]]), torch.zeros(1, 3, 20)


def cut(*row, **options):
    corrupt_spans(torch.tensor([row]), T5, **options)


REFUSED = [
    (lambda: next_token_targets([[7, 8]]), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: next_token_targets(IDS.int()), TypeError, r"torch.int32.*use .long\(\)"),
    (lambda: next_token_targets(IDS[0]), ValueError, r"got \(3,\).*input_ids\[None\]"),
    (lambda: next_token_targets(IDS[:, :0]), ValueError, r"at least one token, got shape \(1, 0\)"),
    (lambda: next_token_targets(IDS, [[1, 1, 1]]), TypeError, "attention_mask must be a tensor"),
    (lambda: next_token_targets(IDS, IDS[:, :2]), ValueError, r"\(1, 3\), got \(1, 2\)"),
    (lambda: mask_tokens([[7]], BERT), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: mask_tokens(IDS, BERT, rate=0), ValueError, "rate must be above 0 .* got 0"),
    (lambda: mask_tokens(IDS, BERT, rate=15), ValueError, "at most 1, .* got 15"),
    (lambda: mask_tokens(IDS, T5), ValueError, "must have a mask token; .*or corrupt_spans"),
    (lambda: mask_tokens(IDS, BERT, generator=0), TypeError, "must be a torch.Generator.*got int"),
    (lambda: mask_tokens(IDS * 0, BERT), ValueError, "special tokens only"),
    (lambda: corrupt_spans(IDS.tolist(), T5), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: cut(7, 8, density=0.0), ValueError, "density must be between 0 and 1"),
    (lambda: cut(7, 8, density=1.0), ValueError, "density must be between 0 and 1"),
    (lambda: cut(7, 8, mean_span_length=0.5), ValueError, "at least 1, .* got 0.5"),
    (lambda: corrupt_spans(IDS, GPT2), ValueError, "sentinels.*GPT2.*use a T5 tokenizer"),
    (lambda: corrupt_spans(IDS, BERT), ValueError, "sentinels.*Bert.*or mask_tokens"),
    (lambda: cut(7), ValueError, "at least 2 tokens a row.*got 1"),
    (lambda: cut(END), ValueError, "at least 2 tokens.*got 0"),
    (lambda: cut(PAD, 7, 8), ValueError, "padding_side='right'"),
    (lambda: cut(7, END, 8), ValueError, "at most one end"),
    (lambda: cut(7, 8, END, END), ValueError, "at most one end"),
    (lambda: cut(7, SENTINEL), ValueError, "already hold sentinels"),
    (lambda: cut(7, 8, generator=0), TypeError, "must be a torch.Generator.*got int"),
    (lambda: cut(*[7] * 600, density=0.5, mean_span_length=1), ValueError, "has 100: take shorter"),
    (lambda: shift_right([[7]], 0, 0), TypeError, "targets must be a tensor.*got list"),
    (lambda: shift_right(IDS, None, 0), TypeError, "start_token_id must be a whole .*None: see"),
    (lambda: shift_right(IDS, 0, "<pad>"), TypeError, "pad_token_id must be a whole .*'<pad>'"),
    (lambda: token_losses([[0.0]], IDS), TypeError, "logits must be a float tensor, got list"),
    (lambda: token_losses(LOGITS[0], IDS), ValueError, r"shape \(B, T, V\), got \(3, 20\)"),
    (lambda: token_losses(LOGITS, [[7]]), TypeError, "targets must be a tensor.*got list"),
    (lambda: token_losses(LOGITS, IDS[:, :2]), ValueError, r"the logits .*3\), got \(1, 2\)"),
    (lambda: token_losses(LOGITS, IDS + 20), ValueError, "ids below 20, .* got 27 to 29"),
    (lambda: token_losses(LOGITS, IDS * 0 - 1), ValueError, "got -1 to -1"),
    (lambda: mean_loss(LOGITS, torch.full((1, 3), -100)), ValueError, "nothing is scored"),
]
