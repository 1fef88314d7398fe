"""How fast things are, as ratios: `make bench`, or `make bench BENCH="NAME …"` for some of them.

What is compared takes turns in one process, so that a busy machine meets both; the numbers are
medians. pytest does not collect this.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import execute
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm
from transformers import (
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

from helpers import attention, checkpoints, objectives, stories, training
from helpers.objectives import IGNORE_INDEX

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = 1000
PAD, END = 0, 1

Row = tuple[str, str, str]  # what is measured, the ratio, the goal


def seconds(call: Callable) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def medians(*calls: Callable, rounds: int) -> list[float]:
    """The median time of each call, in seconds, after one round that does not count."""
    times = [[seconds(call) for call in calls] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*times, strict=True)]


# ---- objectives ----


def masking() -> Iterator[Row]:
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["bert-base-uncased"])
    ids = torch.randint(5, len(tokenizer), (64, 128), generator=torch.Generator().manual_seed(0))
    collator = DataCollatorForLanguageModeling(tokenizer)
    rows = [{"input_ids": row} for row in ids]
    ours, theirs = medians(
        lambda: objectives.mask_tokens(ids, tokenizer), lambda: collator(rows), rounds=50
    )
    yield "mask_tokens, 64 × 128: time beside the collator's", f"{ours / theirs:.2f}", "≤ 1"


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


def numpy_corruption(ids, rng):
    """One sequence after the other, step by step as in T5's own preprocessing."""
    rows = []
    for row in ids:
        noise = numpy_noise(rng, len(row), density=0.15, mean=3.0)
        rows.append((numpy_sentinels(row, noise), numpy_sentinels(row, ~noise)))
    inputs = np.full((len(rows), max(len(a) for a, _ in rows)), PAD)
    targets = np.full((len(rows), max(len(b) for _, b in rows)), IGNORE_INDEX)
    for i, (a, b) in enumerate(rows):
        inputs[i, : len(a)], targets[i, : len(b)] = a, b
    return inputs, targets


def spans() -> Iterator[Row]:
    names = [f"w{i}" for i in range(2, VOCABULARY - 100)]
    names += [f"<extra_id_{n}>" for n in reversed(range(100))]  # counted down from the end
    words = {word: i for i, word in enumerate(["<pad>", "</s>", *names])}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w2")),
        pad_token="<pad>",
        eos_token="</s>",
    )
    ids = torch.randint(2, 900, (64, 512), generator=torch.Generator().manual_seed(0))
    ours, theirs = medians(
        lambda: objectives.corrupt_spans(ids, tokenizer),
        partial(numpy_corruption, ids.numpy(), np.random.default_rng(0)),
        rounds=50,
    )
    yield "corrupt_spans, 64 × 512: as fast as NumPy, times", f"{theirs / ours:.1f}", "≥ 1"


# ---- attention ----


def miniature(implementation: str = "sdpa") -> GPT2LMHeadModel:
    folder = checkpoints.MINIATURES["gpt2"]
    return GPT2LMHeadModel.from_pretrained(folder, attn_implementation=implementation)


def some_ids(length: int) -> torch.Tensor:
    return torch.randint(1, 1000, (1, length), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def plain_eager(model: GPT2LMHeadModel, ids: torch.Tensor):
    return model(ids, output_attentions=True).attentions


def recording() -> Iterator[Row]:
    full_size = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval()
    ids = some_ids(128)
    for name, model, rounds in [
        ("miniature", miniature("eager"), 100),
        ("GPT-2 in full size", full_size, 20),
    ]:
        ours, theirs = medians(
            partial(attention.record, model, input_ids=ids),
            partial(plain_eager, model, ids),
            rounds=rounds,
        )
        ratio = f"{ours / theirs:.2f}"
        yield f"record, T = 128, {name}: time beside eager's", ratio, "≤ 1.1"


def row_by_row(model: GPT2LMHeadModel, ids: torch.Tensor, for_inputs_only: bool) -> torch.Tensor:
    """A backward pass for each output, as one writes it first: with the weights' gradients too."""
    embeddings = model.transformer.wte(ids).detach().requires_grad_()
    direction = torch.randn(model.config.n_embd, generator=torch.Generator().manual_seed(0))
    states = model.transformer(inputs_embeds=embeddings)[0]
    wanted = [embeddings] if for_inputs_only else None
    rows = []
    for position in range(ids.shape[1]):
        embeddings.grad = None
        (states[0, position] @ direction).backward(retain_graph=True, inputs=wanted)
        rows.append(embeddings.grad[0].norm(dim=-1))
    model.zero_grad()
    return torch.stack(rows)


def influencing() -> Iterator[Row]:
    model = miniature()
    for length, goal in [(16, ""), (128, "≥ 5")]:
        ids = some_ids(length)
        ours, all_gradients, inputs_only = medians(
            partial(attention.influence, model, input_ids=ids),
            partial(row_by_row, model, ids, for_inputs_only=False),
            partial(row_by_row, model, ids, for_inputs_only=True),
            rounds=5,
        )
        what = f"influence, T = {length}: as fast as a backward pass a row, times"
        yield what, f"{all_gradients / ours:.1f}", goal
        yield "  as those for the inputs' gradients only, times", f"{inputs_only / ours:.1f}", ""


# ---- training ----

STEPS = 60


def bare_loop(model: GPT2LMHeadModel, batches: list[dict]) -> None:
    """What `fit` does, without its checks, its bar and its options."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    for step in range(STEPS):
        rising = (step + 1) / (STEPS // 10)
        falling = (STEPS - step) / (STEPS - STEPS // 10)
        optimizer.param_groups[0]["lr"] = 1e-3 * min(rising, falling)
        loss = model(**batches[step]).loss
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def with_trainer(folder: str, model: GPT2LMHeadModel, batches: list[dict]) -> None:
    settings = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=1,  # an item is a whole batch
        max_steps=STEPS,
        learning_rate=1e-3,
        weight_decay=0.01,
        warmup_steps=STEPS // 10,
        optim="adamw_torch_fused",
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        remove_unused_columns=False,
    )
    trainer = Trainer(
        model=model, args=settings, train_dataset=batches, data_collator=lambda items: items[0]
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()


def fitting() -> Iterator[Row]:
    size = {"vocab_size": 1024, "n_positions": 160, "n_embd": 64, "n_layer": 2, "n_head": 2}
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["gpt2"])
    texts = tokenizer([story.text for story in stories.sample(STEPS * 16, seed=1)]).input_ids
    examples = [{"input_ids": ids, "labels": ids} for ids in texts]
    stream = training.batches(examples, size=16, seed=0, pad_token_id=0)
    batches = [next(stream) for _ in range(STEPS)]

    def run(train: Callable) -> None:
        torch.manual_seed(0)
        train(GPT2LMHeadModel(GPT2Config(**size, bos_token_id=0, eos_token_id=0)), batches)

    fit = partial(training.fit, steps=STEPS, learning_rate=1e-3)
    with tempfile.TemporaryDirectory() as folder:
        ours, bare, theirs = medians(
            lambda: run(fit),
            lambda: run(bare_loop),
            lambda: run(partial(with_trainer, folder)),
            rounds=7,
        )
    yield f"fit, {STEPS} steps: time beside a bare loop's", f"{ours / bare:.2f}", "≤ 1.03"
    yield "  beside the Trainer's", f"{ours / theirs:.2f}", "≤ 1"


# ---- notebooks ----


def notebooks() -> Iterator[Row]:
    total = 0.0
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        time = seconds(partial(execute.execute, path))
        total += time
        yield path.stem, f"{time:.0f} s", "≤ 45 s"
    yield "all three", f"{total:.0f} s", "≤ 120 s"


BENCHES = {
    bench.__name__: bench for bench in (masking, spans, recording, influencing, fitting, notebooks)
}


def main() -> None:
    execute.prepare()
    transformers.logging.set_verbosity_error()
    unknown = set(sys.argv[1:]) - set(BENCHES)
    if unknown:
        sys.exit(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    names = sys.argv[1:] or list(BENCHES)
    print(f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    print(f"{'':58}  {'ratio':>6}  goal")
    bar = tqdm(names, disable=not sys.stderr.isatty(), leave=False)
    for name in bar:
        bar.set_description(name)
        for what, ratio, goal in BENCHES[name]():
            tqdm.write(f"{what:58}  {ratio:>6}  {goal}")


if __name__ == "__main__":
    main()
