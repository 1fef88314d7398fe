"""How fast masking and span corruption are: run `python tests/bench_objectives.py`.

Prints ratios, each the best of many on one thread, so that a busy machine matters little. pytest
does not collect it.
"""

import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, DataCollatorForLanguageModeling, PreTrainedTokenizerFast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers import checkpoints, objectives
from helpers.objectives import IGNORE_INDEX

VOCABULARY = 1000
PAD, END = 0, 1


def best(*calls, rounds: int = 40) -> list[float]:
    """The best time of each call, in seconds; the calls take turns, so that all meet the same."""
    times = [[] for _ in calls]
    for _ in range(rounds):
        for call, spent in zip(calls, times, strict=True):
            start = perf_counter()
            call()
            spent.append(perf_counter() - start)
    return [min(spent) for spent in times]


# ---- masking ----


def masking() -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["bert-base-uncased"])
    ids = torch.randint(5, len(tokenizer), (64, 128), generator=torch.Generator().manual_seed(0))
    collator = DataCollatorForLanguageModeling(tokenizer)
    rows = [{"input_ids": row} for row in ids]
    ours, theirs, inner = best(
        lambda: objectives.mask_tokens(ids, tokenizer),
        lambda: collator(rows),
        lambda: collator.torch_mask_tokens(ids.clone()),
    )
    print(f"mask_tokens, 64 x 128 tokens: {ours / theirs:.2f} of the library's collator's time,")
    print(f"{ours / inner:.2f} of that of its masking alone (goal: at most 1)")


# ---- spans: T5's own preprocessing, one sequence after the other ----


def numpy_pieces(rng, total, parts):
    """T5's random segmentation: shuffle where segments begin, then count each one's tokens."""
    begins = np.arange(total - 1) < parts - 1
    rng.shuffle(begins)
    segment = np.cumsum(np.pad(begins, (1, 0)))
    return np.unique(segment, return_counts=True)[1]


def numpy_noise(rng, length, density, mean):
    """T5's random span mask: segments that are kept and segments that are noise take turns."""
    hidden = int(np.clip(np.round(length * density), 1, length - 1))
    spans = max(int(np.round(hidden / mean)), 1)
    kept_pieces = numpy_pieces(rng, length - hidden, spans)
    hidden_pieces = numpy_pieces(rng, hidden, spans)
    pieces = np.stack([kept_pieces, hidden_pieces], axis=1).reshape(-1)
    begins = np.zeros(length, dtype=int)
    begins[np.cumsum(pieces)[:-1]] = 1
    return np.cumsum(begins) % 2 == 1


def numpy_sentinels(row, mask):
    """T5's spans to sentinels: the first token of each masked span becomes one, the rest go."""
    before = np.pad(mask[:-1], (1, 0))
    first = mask & ~before
    values = np.where(first, VOCABULARY - np.cumsum(first), row)
    return np.append(values[~(mask & before)], END)


def numpy_corruption(ids, density=0.15, mean=3.0, rng=None):
    """One sequence after the other, step by step as in T5's own preprocessing."""
    rows = []
    for row in ids:
        noise = numpy_noise(rng, len(row), density, mean)
        rows.append((numpy_sentinels(row, noise), numpy_sentinels(row, ~noise)))
    inputs = np.full((len(rows), max(len(a) for a, _ in rows)), PAD)
    targets = np.full((len(rows), max(len(b) for _, b in rows)), IGNORE_INDEX)
    for i, (a, b) in enumerate(rows):
        inputs[i, : len(a)], targets[i, : len(b)] = a, b
    return inputs, targets


def spans() -> None:
    names = [f"w{i}" for i in range(2, VOCABULARY - 100)]
    names += [f"<extra_id_{n}>" for n in reversed(range(100))]  # counted down from the end
    words = {word: i for i, word in enumerate(["<pad>", "</s>", *names])}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w2")),
        pad_token="<pad>",
        eos_token="</s>",
    )
    ids = torch.randint(2, 900, (64, 512), generator=torch.Generator().manual_seed(0))
    ours, theirs = best(
        lambda: objectives.corrupt_spans(ids, tokenizer),
        partial(numpy_corruption, ids.numpy(), rng=np.random.default_rng(0)),
    )
    print(f"corrupt_spans, 64 x 512 tokens: {theirs / ours:.1f} times as fast as a loop in NumPy")


if __name__ == "__main__":
    torch.set_num_threads(1)
    masking()
    spans()
