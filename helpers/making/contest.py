"""The contest: decoder, encoder and encoder–decoder at the same tasks, with a fair chance for each.

All start from random weights, have as many parameters (within 5 %), and see the same pairs in as
many steps: what is read, and what should be answered (`entrants` shows how each reads a pair). The
learning rate is chosen for each, at each task, on pairs for validation. Those for the test come
from other stories, and what is asked in either is not learned from.

`python -m helpers.making contest` plays it, `helpers.contest.results` reads what came out.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import torch
from transformers import AutoTokenizer, PreTrainedModel, T5Tokenizer

from helpers import checkpoints, contest, stories, training
from helpers.making.entrants import GAP, MODELS, Pair, answers, as_batch, example, loss, make_model
from helpers.making.recipe import Batch, by_length
from helpers.stories import BLANK, Blank, Story, fill, next_words, sentences

GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # of learning rates
FIRST = GRID.index(1e-3)  # where the search begins
SEED = 3  # of the stories
BATCH = 32
STEPS = {"translate": 1500, "fill": 4000, "continue": 800, "classify": 200}


@dataclass(frozen=True)
class Plan:
    """How large the contest is; this one takes less than an hour on two cores."""

    steps: dict[str, int] = field(default_factory=STEPS.copy)
    seeds: int = 5
    stories: int = 60_000  # to choose from: every seventh is about a loan
    blanks: int = 5  # to try in each story
    validation: int = 300
    test: int = 400


PLAN = Plan()


# ---- the tasks ----


def translation(item: tuple[str, str], tokenizer: T5Tokenizer) -> Pair:
    english, german = item
    return Pair(tokenizer(english).input_ids, tokenizer(german).input_ids)


def filling(blank: Blank, tokenizer: T5Tokenizer) -> Pair:
    source = tokenizer(blank.text.replace(BLANK, GAP)).input_ids
    return Pair(source, ids(blank.word, tokenizer))


def continuing(blank: Blank, tokenizer: T5Tokenizer) -> Pair:
    start = tokenizer.eos_token_id
    return Pair([start, *ids(blank.left, tokenizer)], ids(blank.word, tokenizer))


def classifying(story: Story, tokenizer: T5Tokenizer) -> Pair:
    return Pair(tokenizer(story.text).input_ids, ids(story.mood, tokenizer))


def ids(text: str, tokenizer: T5Tokenizer) -> list[int]:
    """Of a text, without the end token."""
    return tokenizer(text, add_special_tokens=False).input_ids


class Task(NamedTuple):
    """How an item becomes a pair, and whether the ideal reader answers it right."""

    pair: Callable[[Any, T5Tokenizer], Pair]
    ideal: Callable[[Any], bool] = lambda item: True  # of one translation, and of one mood


TASKS = {
    "translate": Task(translation),
    "fill": Task(filling, lambda blank: next(iter(fill(blank.text)[0])) == blank.word),
    "continue": Task(continuing, lambda blank: next(iter(next_words(blank.left))) == blank.word),
    "classify": Task(classifying),
}


class Exam(NamedTuple):
    """The pairs of one task, and how often the ideal reader answers those of the test right."""

    training: list[Pair]
    validation: list[Pair]
    test: list[Pair]
    ideal: float


def exams(plan: Plan, tokenizer: T5Tokenizer) -> dict[str, Exam]:
    """The tasks of the plan, over stories of one kind: somebody borrows or lends something."""
    told = {story.text: story for story in stories.sample(plan.stories, SEED)}
    loans = [story for text, story in told.items() if re.match(r"\w+ (borrowed|lent) ", text)]
    first, second = 2 * plan.test, 2 * (plan.test + plan.validation)  # enough for as many pairs
    parts = [loans[:first], loans[first:second], loans[second:]]
    items = {"classify": parts, "translate": [[*by_sentence(part)] for part in parts]}
    if plan.steps.keys() & {"fill", "continue"}:
        hidden = [open_blanks(part, plan.blanks, tokenizer) for part in parts]
        items |= {"fill": hidden, "continue": hidden}
    return {task: exam(TASKS[task], items[task], plan, tokenizer) for task in plan.steps}


def by_sentence(told: list[Story]) -> Iterator[tuple[str, str]]:
    for story in told:
        yield from zip(sentences(story.text), sentences(story.german), strict=True)


def open_blanks(told: list[Story], each: int, tokenizer: T5Tokenizer) -> list[Blank]:
    """Words that the left side leaves open: for the others nobody needs the right side."""
    hidden = stories.blanks(told, tokenizer, each=each, seed=SEED)
    return [blank for blank in hidden if len(next_words(blank.left)) > 1]


def exam(task: Task, parts: list[list], plan: Plan, tokenizer: T5Tokenizer) -> Exam:
    """Each source once: no test pair is in validation, and no pair of either is learned from."""
    known, chosen = set(), []
    for part, most in zip(parts, (plan.test, plan.validation, None), strict=True):
        found = {tuple(task.pair(item, tokenizer).source): item for item in part}
        chosen.append([item for source, item in found.items() if source not in known][:most])
        known |= set(found)
    pairs = [[task.pair(item, tokenizer) for item in part] for part in chosen]
    return Exam(*reversed(pairs), ideal=fmean(map(task.ideal, chosen[0])))


# ---- one model ----


class Judged(NamedTuple):
    """On pairs for validation: the loss in nats per token of the answer, and right answers."""

    loss: float
    right: float


class Trained(NamedTuple):
    """A model, and how good it was after 4/5 of the steps and after all."""

    model: PreTrainedModel
    before: Judged
    after: Judged


def train(
    task: str,
    architecture: str,
    exam: Exam,
    tokenizer: T5Tokenizer,
    *,
    steps: int,
    learning_rate: float,
    seed: int,
) -> Trained:
    """From random weights, on the training pairs of one task. A decoder that continues a text is
    scored at every token of it, as its mask allows; otherwise answers alone are scored.
    """
    training.seed(seed)
    model = make_model(architecture, tokenizer)
    gap, every = tokenizer.convert_tokens_to_ids(GAP), task == "continue"
    known = [example(architecture, pair, gap, every_token=every) for pair in exam.training]
    chance, examples = random.Random(seed), []
    while len(examples) < steps * BATCH:  # all in random order, then once more, and so on
        examples += chance.sample(known, len(known))
    judged = []

    def judging(batches: Iterator[Batch]) -> Iterator[Batch]:
        for step, batch in enumerate(batches):
            if step == steps * 4 // 5:
                judged.append(judge(architecture, model, exam.validation, tokenizer))
            yield batch

    pad = tokenizer.pad_token_id
    batches = by_length(examples[: steps * BATCH], size=BATCH, pad_token_id=pad)
    title = f"{task}, {architecture}, rate {learning_rate}, seed {seed}"
    rate = {"learning_rate": learning_rate}
    training.fit(model, judging(batches), steps=steps, loss=loss, title=title, **rate)
    judged.append(judge(architecture, model, exam.validation, tokenizer))
    return Trained(model.eval(), *judged)


@torch.no_grad()
def judge(
    architecture: str, model: PreTrainedModel, pairs: list[Pair], tokenizer: T5Tokenizer
) -> Judged:
    nats = loss(model, as_batch(architecture, pairs, tokenizer)).item()
    given = answers(architecture, model, pairs, tokenizer)
    right = fmean(answer == pair.target for answer, pair in zip(given, pairs, strict=True))
    return Judged(round(nats, 5), right)


def search(train_at: Callable[[float], Trained]) -> dict[float, Trained]:
    """Learning rates of the grid with what they led to, the best one first.

    Starting from one in the middle, until those on both sides of the best are known to be worse.
    """
    tried, wanted = {}, {FIRST - 1, FIRST, FIRST + 1}
    while wanted:
        tried |= {place: train_at(GRID[place]) for place in sorted(wanted)}
        best = min(tried, key=lambda place: tried[place].after.loss)
        wanted = {best - 1, best + 1} & set(range(len(GRID))) - set(tried)
    return {GRID[place]: tried[place] for place in [best, *(set(tried) - {best})]}


# ---- the whole contest ----


def entry(plan: Plan, task: str, architecture: str, exam: Exam, tokenizer: T5Tokenizer) -> dict:
    """Everything that is measured of one architecture at one task."""
    start = time.process_time()

    def train_at(rate: float, seed: int = 0) -> Trained:
        options = {"steps": plan.steps[task], "learning_rate": rate, "seed": seed}
        return train(task, architecture, exam, tokenizer, **options)

    tried = search(train_at)
    rate, first = next(iter(tried.items()))
    runs = [first, *(train_at(rate, seed) for seed in range(1, plan.seeds))]
    tests = [judge(architecture, run.model, exam.test, tokenizer) for run in runs]
    return {
        "right": [test.right for test in tests],
        "parameters": first.model.num_parameters(),
        "learning_rate": rate,
        "tried": {str(rate): tried[rate].after.loss for rate in sorted(tried)},
        "validation": [
            {"before": run.before._asdict(), "after": run.after._asdict()} for run in runs
        ],
        "minutes": round((time.process_time() - start) / 60, 2),
    }


def play(plan: Plan, folder: Path) -> contest.Results:
    """The whole contest: results and card are saved in the folder.

    If it is stopped, the same plan goes on from what `unfinished.json` has kept.
    """
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["google/flan-t5-small"])
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "unfinished.json"
    found = {"plan": asdict(plan), "threads": torch.get_num_threads(), "tasks": {}}
    if unfinished.is_file():
        earlier = json.loads(unfinished.read_text(encoding="utf-8"))
        found = earlier if earlier["plan"] == found["plan"] else found
    for task, exam in exams(plan, tokenizer).items():
        pairs = {part: len(getattr(exam, part)) for part in ("training", "validation", "test")}
        done = found["tasks"].setdefault(task, {"ideal": exam.ideal, "pairs": pairs, "entries": {}})
        for name in MODELS:
            if name not in done["entries"]:
                done["entries"][name] = entry(plan, task, name, exam, tokenizer)
                unfinished.write_text(json.dumps(found), encoding="utf-8")
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(card(found), encoding="utf-8")
    unfinished.unlink()
    return contest.results(folder)


def card(found: dict) -> str:
    """What was measured, how, and how far it can be trusted."""
    plan, tasks = found["plan"], found["tasks"]
    minutes = sum(entry["minutes"] for task in tasks.values() for entry in task["entries"].values())
    size = {
        name: entry["parameters"] for name, entry in next(iter(tasks.values()))["entries"].items()
    }
    rows = [
        [task, name, *_row(entry), f"{done['ideal']:.1%}"]
        for task, done in tasks.items()
        for name, entry in done["entries"].items()
    ]
    heads = [
        *("task", "architecture", "learning rate (tried)", "right, mean ± sd", "each seed"),
        *("validation loss at 4/5 → end", "right at 4/5 → end", "ideal reader"),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])
    counts = "\n".join(
        f"- *{task}*: {plan['steps'][task]:,} steps; "
        + ", ".join(f"{count:,} pairs for {part}" for part, count in done["pairs"].items())
        for task, done in tasks.items()
    )
    return TEXT.format(
        table=table,
        counts=counts,
        sizes=", ".join(f"{name} {count:,}" for name, count in size.items()),
        minutes=f"{minutes:.0f}",
        batch=BATCH,
        **{**found, **plan},
    )


def _row(entry: dict) -> Iterator[str]:
    right, ends = entry["right"], entry["validation"]
    losses, rights = (
        [fmean(end[when][what] for end in ends) for when in ("before", "after")]
        for what in ("loss", "right")
    )
    yield f"**{entry['learning_rate']:g}** ({', '.join(entry['tried'])})"
    yield f"{fmean(right):.1%} ± {stdev(right) if len(right) > 1 else 0:.1%}"
    yield ", ".join(f"{100 * each:.1f}" for each in right)
    yield "{:.4f} → {:.4f}".format(*losses)
    yield "{:.1%} → {:.1%}".format(*rights)


TEXT = """# The contest: decoder, encoder, encoder–decoder, side by side

Four tasks over stories from `helpers.stories` in which somebody borrows or lends something. One
model for each architecture, task and seed, all from random weights.

- *translate*: an English sentence into German; right is right to the letter.
- *fill*: a story with one word hidden, among those that its left side leaves open.
- *continue*: the left side of the same words, and no more: which word comes next?
- *classify*: does a story end "happy" or "sad"?

What is equal: parameters within 5 % ({sizes}), width 64, the tokenizer (our T5 miniature's),
pairs, order, batches of {batch}, steps, AdamW with warm-up, linear decay and clipping
(`helpers.training.fit`), no dropout. The decoder and the encoder have two layers; the
encoder–decoder has one in each stack, of which the decoder's has two kinds of attention.

What differs, because the architectures do: the decoder reads source and target as one text, and
writes greedily. The encoder gets as many masks as the answer has tokens, a hint that the others
don't get, and fills all at once. To *fill*, the decoder reads the whole story with a mark in the
gap before it answers. To *continue*, it is scored at every word of the left side as well, as its
mask allows; in everything else, and for the others, the answer alone is scored.

The learning rate is that with the lowest validation loss (seed 0), chosen for each architecture and
task from one grid: 1e-4, 3e-4, 1e-3, and so on to 1e-1. Not all of it is tried: the search goes on
until the rates on both sides of the best one are known to be worse. Sources of the test occur
neither in validation nor in training, and those of validation not in training.

{counts}

{table}

Losses are in nats per token of the answer, means over the seeds. Seeds: {seeds}. Stories to choose
from: {stories:,}. Time taken: {minutes} minutes on one core (CPU threads: {threads}).

Made by `python -m helpers.making contest`.
"""
