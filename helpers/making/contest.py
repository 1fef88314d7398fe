"""The contest: decoder, encoder and encoder–decoder at the same tasks, with a fair chance for each.

All start from random weights, have as many parameters (within 5 %), and see the same pairs in as
many steps: what is read, and what should be answered (`entrants` shows how each reads a pair). The
learning rate is chosen for each, at each task, on pairs for validation. Those for the test come
from other stories, and what is asked in either is not learned from.

`python -m helpers.making contest` plays it, `helpers.contest.results` reads what came out.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product, starmap
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import torch
from transformers import AutoTokenizer, PreTrainedModel, T5Tokenizer

from helpers import checkpoints, stories, training
from helpers.contest import Judged, Results, Run, results, save
from helpers.making.entrants import GAP, MODELS, Pair, answers, as_batch, example, loss, make_model
from helpers.making.recipe import Batch, by_length
from helpers.stories import BLANK, Blank, Story, fill, next_words

GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # of learning rates
FIRST = GRID.index(1e-3)  # where the search begins
SEED = 3  # of the stories
BATCH = 32
STEPS = {"translate": 1200, "fill": 6500, "continue": 4000, "classify": 150}


@dataclass(frozen=True)
class Plan:
    """How large the contest is; this one takes some two hours of one core."""

    steps: dict[str, int] = field(default_factory=STEPS.copy)
    seeds: int = 5
    stories: int = 80_000  # to choose from: every seventh is about a loan
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
    loans = [story for story in told.values() if story.tale == "loan"]
    third, second = -2 * plan.test, -2 * (plan.test + plan.validation)  # enough for as many pairs
    parts = [loans[:second], loans[second:third], loans[third:]]
    items = {"classify": parts, "translate": [[*by_sentence(part)] for part in parts]}
    if plan.steps.keys() & {"fill", "continue"}:
        hidden = [open_blanks(part, plan.blanks, tokenizer) for part in parts]
        items |= {"fill": hidden, "continue": hidden}
    return {task: exam(TASKS[task], items[task], plan, tokenizer) for task in plan.steps}


def by_sentence(told: list[Story]) -> Iterator[tuple[str, str]]:
    for story in told:
        yield from story.sentence_pairs()


def open_blanks(told: list[Story], each: int, tokenizer: T5Tokenizer) -> list[Blank]:
    """Words that the left side leaves open: for the others nobody needs the right side."""
    hidden = stories.blanks(told, tokenizer, each=each, seed=SEED)
    return [blank for blank in hidden if len(next_words(blank.left)) > 1]


def exam(task: Task, parts: list[list], plan: Plan, tokenizer: T5Tokenizer) -> Exam:
    """Each pair once; what is read in validation is new, and so is what is read in the test."""
    known, chosen = set(), []
    for part, most in zip(parts, (None, plan.validation, plan.test), strict=True):
        pairs = {str(pair): (pair, item) for item in part for pair in [task.pair(item, tokenizer)]}
        new = [row for row in pairs.values() if tuple(row[0].source) not in known]
        chosen.append(new[:most])
        known |= {tuple(pair.source) for pair, _ in pairs.values()}
    pairs = [[pair for pair, _ in part] for part in chosen]
    return Exam(*pairs, ideal=fmean(task.ideal(item) for _, item in chosen[-1]))


# ---- one run ----


def run(
    task: str,
    architecture: str,
    exam: Exam,
    tokenizer: T5Tokenizer,
    *,
    steps: int,
    learning_rate: float,
    seed: int,
) -> Run:
    """One model, from random weights, on the training pairs of one task.

    A decoder that learns to continue is scored at every token, as its mask allows; otherwise only
    answers are scored.
    """
    start = time.process_time()
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
    batches = judging(by_length(examples[: steps * BATCH], size=BATCH, pad_token_id=pad))
    options = {"steps": steps, "learning_rate": learning_rate, "loss": loss}
    training.fit(model, batches, **options, title=f"{task}, {architecture}, rate {learning_rate}")
    judged += [judge(architecture, model, part, tokenizer) for part in (exam.validation, exam.test)]
    seconds = round(time.process_time() - start, 1)
    size = model.num_parameters()
    return Run(task, architecture, size, steps, learning_rate, seed, *judged, seconds)


@torch.no_grad()
def judge(
    architecture: str, model: PreTrainedModel, pairs: list[Pair], tokenizer: T5Tokenizer
) -> Judged:
    nats = loss(model, as_batch(architecture, pairs, tokenizer)).item()
    given = answers(architecture, model, pairs, tokenizer)
    right = fmean(answer == pair.target for answer, pair in zip(given, pairs, strict=True))
    return Judged(round(nats, 5), right)


# ---- the whole contest ----


def best_rate(run_at: Callable[[float], Run]) -> float:
    """The best learning rate of the grid, by the validation loss.

    From one in the middle, until those on both sides of the best are known to be worse.
    """
    tried, wanted = {}, {FIRST - 1, FIRST, FIRST + 1}
    while wanted:
        tried |= {place: run_at(GRID[place]).after.loss for place in sorted(wanted)}
        best = min(tried, key=tried.get)
        wanted = {best - 1, best + 1} & set(range(len(GRID))) - set(tried)
    return GRID[best]


def play(plan: Plan, folder: Path) -> Results:
    """All runs, but for those that the results in the folder have already: so it can be stopped."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["google/flan-t5-small"])
    folder.mkdir(parents=True, exist_ok=True)
    made = exams(plan, tokenizer)
    found = Results(
        ideal={task: exam.ideal for task, exam in made.items()},
        pairs={task: [*map(len, exam[:3])] for task, exam in made.items()},
        runs=[],
    )
    earlier = results(folder) if (folder / "results.json").is_file() else found
    if earlier.pairs == found.pairs:
        found.runs.extend(run for run in earlier.runs if run.steps == plan.steps[run.task])
    known = {(*run[:2], *run[3:6]): run for run in found.runs}

    def run_at(task: str, name: str, rate: float, seed: int = 0) -> Run:
        key = (task, name, plan.steps[task], rate, seed)
        if key not in known:
            options = {"steps": plan.steps[task], "learning_rate": rate, "seed": seed}
            known[key] = run(task, name, made[task], tokenizer, **options)
            found.runs.append(known[key])
            save(found, folder)
        return known[key]

    for task, name in product(plan.steps, MODELS):
        rate = best_rate(partial(run_at, task, name))
        for seed in range(1, plan.seeds):
            run_at(task, name, rate, seed)
    (folder / "README.md").write_text(card(found), encoding="utf-8")
    return found


def card(found: Results) -> str:
    """What was measured, how, and what came out."""
    tasks = {task: found.chosen(task, "decoder") for task in found.ideal}
    steps, seeds = (
        {task: runs[0].steps for task, runs in tasks.items()},
        min(map(len, tasks.values())),
    )
    planned = ", ".join(f"{task} {count:,}" for task, count in PLAN.steps.items())
    short = (steps, seeds) != (PLAN.steps, PLAN.seeds)
    sizes = {run.architecture: f"{run.architecture} {run.parameters:,}" for run in found.runs}
    return TEXT.format(
        rows="\n".join(starmap(partial(_row, found), product(tasks, MODELS))),
        counts="\n".join(
            "| {} | {:,} | {:,} | {:,} | {:,} |".format(task, steps[task], *found.pairs[task])
            for task in tasks
        ),
        sizes=", ".join(sizes.values()),
        seeds=seeds,
        short=SHORT.format(seeds=PLAN.seeds, steps=planned) if short else "",
        minutes=round(sum(run.seconds for run in found.runs) / 60),
        batch=BATCH,
    )


def _row(found: Results, task: str, name: str) -> str:
    runs = found.chosen(task, name)
    right = [run.test.right for run in runs]
    loss_before, right_before, loss_after, right_after = (
        fmean(column) for column in zip(*((*run.before, *run.after) for run in runs), strict=True)
    )
    tried = ", ".join(f"{rate:g}" for rate in found.tried(task, name))
    return (
        f"| {task} | {name} | **{runs[0].learning_rate:g}** ({tried}) "
        f"| {fmean(right):.1%} ± {stdev(right) if len(right) > 1 else 0:.1%} "
        f"| {', '.join(f'{100 * each:.1f}' for each in right)} | {found.ideal[task]:.1%} "
        f"| {right_before:.1%} → {right_after:.1%} | {loss_before:.4f} → {loss_after:.4f} |"
    )


SHORT = """**A first result, of a shorter contest.** The program now asks for {seeds} seeds, and
for these steps: {steps}. Where the last fifth of
the training still brings more right answers, the bars are not the last word.

"""

TEXT = """# The contest: decoder, encoder, encoder–decoder, side by side

Four tasks over stories from `helpers.stories` in which somebody borrows or lends something. One
model for each architecture, task and seed, all from random weights.

- *translate*: an English sentence into German; right is right to the letter
- *fill*: a story with one word hidden, of those that its left side leaves open
- *continue*: the left side of such a word, and no more: which word comes next?
- *classify*: does a story end "happy" or "sad"?

**Equal** are the parameters, within 5 % ({sizes}), the width (64), the tokenizer (our T5
miniature's), the pairs and their order, batches of {batch}, steps, and the training
(`helpers.training.fit`: AdamW, warm-up, decay to zero; no dropout). Decoder and encoder have two
layers; the encoder–decoder has one in each stack, and two kinds of attention in the decoder's.

**Different** is how they are asked. The decoder reads source and target as one text, and writes
greedily. The encoder gets as many masks as the answer has tokens, a hint that the others don't get,
and fills all at once. To *fill*, the decoder reads the whole story with a mark in the gap before it
answers, like the encoder–decoder. To *continue*, it is scored at every token, as its mask allows;
in all else only answers are scored.

The **learning rate** has the lowest validation loss (first seed), for each architecture and task,
on one grid: 1e-4, 3e-4, 1e-3, …, 1e-1. The search ends when the rates on both sides of the best are
known to be worse. What is asked in the test is neither in validation nor in training, and what is
asked in validation is not in training.

| task | steps | pairs for training | validation | test |
|---|---|---|---|---|
{counts}

| task | architecture | rate (tried) | right ± sd | each seed | ideal | at 4/5 → at the end | loss |
|---|---|---|---|---|---|---|---|
{rows}

{short}The last two columns are of the validation: right answers, and the loss in nats per token of
the answers, means over the {seeds} seeds. All runs together took {minutes} minutes of one core.

Made by `python -m helpers.making contest`. Runs that `results.json` has are not run again: to
measure anew, give another folder (`--out`).
"""
