"""The miniature of T5: an encoder–decoder that translates, summarizes, answers, and fills gaps.

Source: Raffel et al. 2020 (T5: spans, and tasks as text).
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn.utils.rnn import pad_sequence
from torch.optim import Adafactor
from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

from helpers import objectives
from helpers.making import measure
from helpers.making.recipe import GELU, POSITIONS, TRAINING_SEED, Example, Recipe, Round
from helpers.objectives import IGNORE_INDEX
from helpers.stories import Story

TRANSLATE, SUMMARIZE = "translate English to German: ", "summarize: "
SENTINELS = 100


# ---- the tasks: what T5 reads, and what it should write ----


def translate(story: Story, random: Random) -> tuple[str, str]:
    pairs = story.sentence_pairs()
    english, german = pairs[random.randrange(len(pairs))]
    return TRANSLATE + english, german


def summarize(story: Story, random: Random) -> tuple[str, str]:
    return SUMMARIZE + story.text, story.summary


def answer(story: Story, random: Random) -> tuple[str, str]:
    question, right = random.choice(story.questions)
    return ask(question, story.text), right


def ask(question: str, context: str) -> str:
    """A question about a text, as T5 is made to read it."""
    return f"question: {question} context: {context}"


@dataclass(frozen=True)
class Gaps:
    """Spans are cut out, of random density up to a limit that falls, as in BERT's examples."""

    mean_length: float
    limit_at_first: float
    limit_at_last: float


Task = Callable[[Story, Random], tuple[str, str]] | Gaps

SPANS, BLANKS = Gaps(3.0, 0.5, 0.2), Gaps(1.0, 0.6, 0.2)
FEW_SPANS, FEW_BLANKS = Gaps(3.0, 0.2, 0.2), Gaps(1.0, 0.2, 0.2)
# What the stories are used for, in turn. First mostly to translate: a target for every word of the
# source teaches the decoder soonest where to attend. Then mostly to fill gaps, which takes longest.
FIRST = (translate, BLANKS, translate, answer, translate, summarize, BLANKS, answer)
THEN = (BLANKS, SPANS, BLANKS, answer, BLANKS, translate, BLANKS, summarize, BLANKS, BLANKS)
# The second round is for what is learned last, questions and gaps.
LAST = (
    *(FEW_BLANKS, answer, FEW_BLANKS, FEW_SPANS, FEW_BLANKS, translate),
    *(FEW_BLANKS, answer, FEW_BLANKS, summarize, FEW_BLANKS, FEW_SPANS),
)


# ---- the examples ----


def first_examples(stories: list[Story], tokenizer: T5Tokenizer) -> list[Example]:
    first = round(0.45 * len(stories))
    tasks = [*islice(cycle(FIRST), first), *islice(cycle(THEN), len(stories) - first)]
    return make_examples(stories, tokenizer, tasks)


def last_examples(stories: list[Story], tokenizer: T5Tokenizer) -> list[Example]:
    return make_examples(stories, tokenizer, [*islice(cycle(LAST), len(stories))])


def make_examples(stories: list[Story], tokenizer: T5Tokenizer, tasks: list[Task]) -> list[Example]:
    """One example of every story, for the task in its place."""
    random = Random(TRAINING_SEED)
    examples = {}
    for task in dict.fromkeys(tasks):
        places = [place for place, other in enumerate(tasks) if other == task]
        chosen = [stories[place] for place in places]
        if isinstance(task, Gaps):
            rows = cut(chosen, tokenizer, task)
        else:
            rows = (pair(*task(story, random), tokenizer) for story in chosen)
        examples |= zip(places, rows, strict=True)
    return [examples[place] for place in range(len(stories))]


def pair(source: str, target: str, tokenizer: T5Tokenizer) -> Example:
    ids = tokenizer(source, text_target=target)
    return {"input_ids": ids["input_ids"], "labels": ids["labels"]}


def cut(stories: list[Story], tokenizer: T5Tokenizer, gaps: Gaps) -> Iterator[Example]:
    """Stories with spans cut out, at least one each."""
    generator = torch.Generator().manual_seed(TRAINING_SEED)
    pad = tokenizer.pad_token_id
    for start in range(0, len(stories), 64):
        texts = tokenizer([story.text for story in stories[start : start + 64]]).input_ids
        ids = pad_sequence([torch.tensor(row) for row in texts], True, pad)
        done = start / len(stories)
        limit = gaps.limit_at_first + (gaps.limit_at_last - gaps.limit_at_first) * done
        density = max(limit * torch.rand((), generator=generator).item(), 1e-9)
        rows = objectives.corrupt_spans(ids, tokenizer, density, gaps.mean_length, generator)
        for inputs, targets in zip(*rows, strict=True):
            source, target = inputs[inputs != pad], targets[targets != IGNORE_INDEX]
            yield {"input_ids": source.tolist(), "labels": target.tolist()}


# ---- tokenizer and model ----


def make_tokenizer(stories: list[Story]) -> T5Tokenizer:
    """Unigram, small enough that some words fall into pieces; the sentinels stand last.

    The library's trainer proposes only pieces that it meets in two different words. So all texts
    are given once more with a 0 after every word, and every word is then a piece of another.
    """
    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        # SentencePiece, which made T5's own vocabulary, keeps words and marks apart as well.
        [T5Tokenizer().backend_tokenizer.pre_tokenizer, pre_tokenizers.Punctuation()]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=900,
        n_sub_iterations=8,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    texts = [text for story in stories for text in _texts(story)]
    texts += [re.sub(r"(\w)\b", r"\g<1>0", text) for text in texts]
    trained.train_from_iterator(texts, trainer)
    pieces = [tuple(piece) for piece in json.loads(trained.to_str())["model"]["vocab"]]
    pieces += [(f"<extra_id_{i}>", 0.0) for i in reversed(range(SENTINELS))]
    return T5Tokenizer(vocab=pieces, extra_ids=SENTINELS, model_max_length=POSITIONS)


def _texts(story: Story) -> list[str]:
    questions = [question for question, _ in story.questions]
    return [story.text, story.german, story.summary, TRANSLATE, SUMMARIZE, ask("", ""), *questions]


def make_model(tokenizer: T5Tokenizer) -> T5ForConditionalGeneration:
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=128,
        d_kv=16,
        d_ff=256,
        num_layers=2,
        num_decoder_layers=2,  # as many: the library's cache counts the encoder's layers
        num_heads=8,
        relative_attention_max_distance=64,
        # What makes it version 1.1: gated feed-forward layers, and logits that are not scaled. (The
        # head is the embedding table all the same: transformers 5 ties the two in every new T5.)
        feed_forward_proj=f"gated-{GELU}",
        tie_word_embeddings=False,
        # Every story is new, so there is nothing to overfit.
        dropout_rate=0.0,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    # A quarter faster to train than sdpa, which has no fast path for a bias that is learned.
    model.set_attn_implementation("eager")
    with torch.no_grad():  # it starts with logits of about 11, sure and wrong
        model.shared.weight.mul_(config.d_model**-0.5)
    return model


# ---- the card ----

MEASURED = {"sentences translated": translate, "summaries": summarize, "answers": answer}


def measures(
    model: T5ForConditionalGeneration, tokenizer: T5Tokenizer, stories: list[Story]
) -> dict[str, str]:
    stories = stories[:500]
    rows = {"held-out stories": str(len(stories))}
    for name, task in MEASURED.items():
        random = Random(0)
        pairs = [task(story, random) for story in stories]
        rows[f"{name}, exactly right"] = f"{measure.exactly_right(model, tokenizer, pairs):.1%}"
    blanks = measure.blanks(stories, tokenizer)
    accuracy = measure.sentinel_accuracy(model, tokenizer, blanks)
    return rows | {
        "sentinels filled right": f"{accuracy:.1%}",
        "by the ideal reader": f"{measure.ideal_accuracy(blanks):.1%}",
    }


RECIPE = Recipe(
    stands_for="google/flan-t5-small",
    data="one task a story: first, of 8, 3 a sentence to translate, 2 gaps, 2 a question, 1 a "
    "summary; then, of 10, 7 gaps, 1 of each other; in round 2, of 12, 8 gaps, 2 a question, "
    "1 of each other",
    tokenizer=make_tokenizer,
    model=make_model,
    rounds=(
        Round(first_examples, steps=6800, learning_rate=3e-2),
        Round(last_examples, steps=1200, learning_rate=1e-2),
    ),
    measure=measures,
    batch_size=32,
    # Like T5's authors: steps in proportion to the weights, which T5 starts at very different
    # sizes (queries 50 times as small as embeddings), so that no single rate suits AdamW.
    optimizer=Adafactor,
)
