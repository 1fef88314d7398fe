"""Make a miniature from nothing: `python -m helpers.pretrain gpt2`.

A miniature is a real model class of the library with a real tokenizer, but small, and trained on
stories from `helpers.stories`. A recipe says how each one is made; training, measuring, saving and
the model card are the same for all. The stories that a miniature is measured on are never among
those that it is trained on.

Sources: Radford et al. 2019 (GPT-2, and summarizing by "TL;DR:"); Devlin et al. 2019 (BERT);
Wettig et al. 2023 (masking more than 15 %); Raffel et al. 2020 (T5: spans, and tasks as text).
"""

import argparse
import json
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn.utils.rnn import pad_sequence
from torch.optim import Adafactor, Optimizer
from tqdm.auto import tqdm
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Tokenizer,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from helpers import checkpoints, objectives, stories, training
from helpers.objectives import IGNORE_INDEX
from helpers.stories import Story

TRAINING_SEED, HELD_OUT_SEED = 1, 2
HELD_OUT = 1000
TOKENIZER_STORIES = 20_000
SUMMARY_PROMPT = "\nTL;DR:"
POSITIONS = 256  # twice the longest story
# GPT-2's and T5's own function, "gelu_new", computed in one step instead of eight: with that one, a
# third of T5's training time is spent on it.
GELU = "gelu_pytorch_tanh"

Example = dict[str, list[int]]


@dataclass(frozen=True)
class Round:
    """Some steps of training: `examples` turns stories into what they score.

    In each round the learning rate rises, and falls to zero.
    """

    examples: Callable[[list[Story], object], list[Example]]
    steps: int
    learning_rate: float


@dataclass(frozen=True)
class Recipe:
    """How one miniature is made."""

    stands_for: str
    data: str
    tokenizer: Callable[[list[Story]], object]
    model: Callable[[object], torch.nn.Module]
    rounds: tuple[Round, ...]
    measure: Callable[[object, object, list[Story]], dict[str, str]]
    batch_size: int
    optimizer: Callable[..., Optimizer] | None = None


# ---- stories to train and to measure on ----


def held_out_stories(count: int = HELD_OUT) -> list[Story]:
    """The first stories of those that no miniature is trained on."""
    return stories.sample(count, HELD_OUT_SEED)


def training_stories(count: int) -> list[Story]:
    """Stories to train on: drawn from the source, without the held-out ones."""
    unseen = {story.text for story in held_out_stories()}
    return [story for story in stories.sample(count, TRAINING_SEED) if story.text not in unseen]


# ---- GPT-2 ----


def gpt2_tokenizer(told: list[Story]) -> GPT2Tokenizer:
    """Byte-level BPE, small enough that some words fall into pieces."""
    untrained = GPT2Tokenizer(vocab={"<|endoftext|>": 0}, merges=[])
    texts = (f"{story.text}{SUMMARY_PROMPT} {story.summary}" for story in told)
    tokenizer = untrained.train_new_from_iterator(texts, vocab_size=1024, show_progress=False)
    tokenizer.model_max_length = POSITIONS
    return tokenizer


def gpt2_model(tokenizer: GPT2Tokenizer) -> GPT2LMHeadModel:
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=POSITIONS,
        n_embd=128,
        n_layer=4,
        n_head=8,
        activation_function=GELU,
        # 1 / sqrt(width): with the library's 0.02, made for width 768, attention starts out flat
        # and a narrow model takes much longer to learn to look back.
        initializer_range=0.08,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        # Every story is new, so there is nothing to overfit.
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    return GPT2LMHeadModel(config)


def gpt2_examples(told: list[Story], tokenizer: GPT2Tokenizer) -> list[Example]:
    """Three stories in four end with the end token; the fourth goes on with its summary.

    The prompt "TL;DR:" is given, never predicted (its labels are -100). So the model learns to end
    a story where the source ends it, and to summarize where it is asked to.
    """
    end = [tokenizer.eos_token_id]
    prompt = tokenizer(SUMMARY_PROMPT).input_ids
    texts = tokenizer([story.text for story in told]).input_ids
    summaries = tokenizer([f" {story.summary}" for story in told]).input_ids
    examples = []
    for index, (text, summary) in enumerate(zip(texts, summaries, strict=True)):
        if index % 4:
            ids = labels = end + text + end
        else:
            ids = end + text + prompt + summary + end
            labels = end + text + [IGNORE_INDEX] * len(prompt) + summary + end
        examples.append({"input_ids": ids, "labels": labels})
    return examples


@torch.no_grad()
def story_surprise(model: GPT2LMHeadModel, tokenizer: GPT2Tokenizer, told: list[Story]) -> float:
    """The model's mean surprise at a story, its end included, in nats.

    Its floor is the source's own: the mean of -log_probability.
    """
    _check_told(told)
    end = [tokenizer.eos_token_id]
    texts = tokenizer([story.text for story in told]).input_ids
    examples = [{"input_ids": end + ids + end} for ids in texts]
    total = 0.0
    for batch in in_order(examples, size=50, pad_token_id=end[0]):
        targets = objectives.next_token_targets(**batch)
        total += objectives.token_losses(model(**batch).logits, targets).sum().item()
    return total / len(told)


def floor(told: list[Story]) -> float:
    """The mean surprise of the ideal reader at the same stories, in nats: nobody does better."""
    _check_told(told)
    return -sum(story.log_probability for story in told) / len(told)


def _check_told(told: list[Story]) -> None:
    if not told:
        raise ValueError("told is empty: give some stories, such as held_out_stories(100)")


@torch.no_grad()
def summaries(model: GPT2LMHeadModel, tokenizer: GPT2Tokenizer, told: list[Story]) -> list[str]:
    """What the model says after "TL;DR:", greedily, to each story."""
    answers = []
    for story in told:
        prompt = f"{tokenizer.bos_token}{story.text}{SUMMARY_PROMPT}"
        inputs = tokenizer(prompt, return_tensors="pt")
        output = model.generate(
            **inputs, max_new_tokens=40, do_sample=False, pad_token_id=tokenizer.eos_token_id
        )
        new = output[0, inputs["input_ids"].shape[1] :]
        answers.append(tokenizer.decode(new, skip_special_tokens=True).strip())
    return answers


def gpt2_measure(model, tokenizer, told: list[Story]) -> dict[str, str]:
    """The rows of the model card that say how good the miniature is."""
    surprise, best = story_surprise(model, tokenizer, told), floor(told)
    asked = told[:200]
    right = sum(
        answer == story.summary
        for answer, story in zip(summaries(model, tokenizer, asked), asked, strict=True)
    )
    return {
        "held-out loss, nats per story": f"{surprise:.3f}",
        "exact floor, nats per story": f"{best:.3f}",
        "loss / floor": f"{surprise / best:.4f}",
        "held-out stories": str(len(told)),
        f'summaries after "TL;DR:" that are exactly right, of {len(asked)}': str(right),
    }


# ---- BERT ----


def bert_tokenizer(told: list[Story]) -> BertTokenizer:
    """Lower-casing WordPiece, small enough that some words fall into pieces.

    The library's trainer breaks ties between pieces by chance, whatever the seed: a few pieces,
    and with them the miniature, are others in the next process.
    """
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    untrained = BertTokenizer(
        vocab={token: index for index, token in enumerate(special)}, do_lower_case=True
    )
    texts = (story.text for story in told)
    tokenizer = untrained.train_new_from_iterator(texts, vocab_size=832, show_progress=False)
    tokenizer.model_max_length = POSITIONS
    return tokenizer


def bert_model(tokenizer: BertTokenizer) -> BertForMaskedLM:
    config = BertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=POSITIONS,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=8,
        intermediate_size=512,
        # Twice the library's 0.02, which is made for width 768. With GPT-2's 0.08 the feed-forward
        # layers, which BERT does not scale down at the start, drown what attention has found.
        initializer_range=0.04,
        pad_token_id=tokenizer.pad_token_id,
        # Every story is new, so there is nothing to overfit.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return BertForMaskedLM(config)


def bert_examples(told: list[Story], tokenizer: BertTokenizer) -> list[Example]:
    """Stories with tokens hidden, as 80/10/10; one story in four comes in two segments.

    The share of tokens that are asked for falls from 60 % to 10 %, instead of BERT's 15 % all the
    time: many targets teach a small model sooner to look elsewhere for a name, few show it what a
    nearly whole text is like.
    """
    generator = torch.Generator().manual_seed(TRAINING_SEED)
    segments = [_segments(story.text, index) for index, story in enumerate(told)]
    ones = _rows(tokenizer([part[0] for part in segments if len(part) == 1]))
    twos = _rows(tokenizer([part for part in segments if len(part) == 2]))
    examples = []
    for index, part in enumerate(segments):
        ids, token_type_ids = next(ones if len(part) == 1 else twos)
        rate = 0.6 - 0.5 * index / len(told)
        inputs, targets = objectives.mask_tokens(torch.tensor([ids]), tokenizer, rate, generator)
        examples.append(
            {
                "input_ids": inputs[0].tolist(),
                "token_type_ids": token_type_ids,
                "labels": targets[0].tolist(),
            }
        )
    return examples


def _segments(text: str, index: int) -> tuple[str, ...]:
    """The story number `index`: one in four comes in two segments, as BERT is made to read.

    >>> _segments("Tom laughed. Anna ran home. It was late.", 0)
    ('Tom laughed.', 'Anna ran home. It was late.')
    >>> _segments("Tom laughed. Anna ran home. It was late.", 1)
    ('Tom laughed. Anna ran home. It was late.',)
    """
    if index % 4:
        return (text,)
    sentences = text.split(". ")
    middle = len(sentences) // 2
    return ". ".join(sentences[:middle]) + ".", ". ".join(sentences[middle:])


def _rows(encoded: Mapping[str, list[list[int]]]) -> Iterator[tuple[list[int], list[int]]]:
    return zip(encoded["input_ids"], encoded["token_type_ids"], strict=True)


@dataclass(frozen=True)
class Blank:
    """A story with one word hidden: the text with `___`, the word, and what could stand there."""

    text: str
    word: str
    ideal: dict[str, float]


def blanks(told: list[Story], tokenizer: BertTokenizer | T5Tokenizer, seed: int = 0) -> list[Blank]:
    """One blank in each story: a random one of those for which one mask token is enough.

    It is enough where every word that could stand there is one token. Words are in lower case, as
    the model knows them.
    """
    _check_told(told)
    chance, found = random.Random(seed), []
    for story in told:
        words = stories.units(story.text)
        places = [place for place, word in enumerate(words) if word.isalpha()]
        for place in chance.sample(places, len(places)):
            text = stories.spell([*words[:place], stories.BLANK, *words[place + 1 :]])
            (exact,) = stories.fill(text)
            if all(len(tokenizer.tokenize(word)) == 1 for word in exact):
                ideal = {word.lower(): share for word, share in exact.items()}
                found.append(Blank(text, words[place].lower(), ideal))
                break
    return found


@torch.no_grad()
def fill_quality(model, tokenizer, asked: list[Blank]) -> tuple[float, float, float]:
    """How well a model fills blanks: its accuracy, the ideal reader's, and the mean divergence.

    The divergence is that of Kullback and Leibler, from the ideal distribution to the model's, in
    bits: what is lost when one believes the model. Its floor is 0.
    """
    if not asked:
        raise ValueError("asked is empty: give some blanks, such as blanks(told, tokenizer)")
    hits = ideal_hits = divergence = 0.0
    for start in range(0, len(asked), 50):
        part = asked[start : start + 50]
        texts = [blank.text.replace(stories.BLANK, tokenizer.mask_token) for blank in part]
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        at_blanks = batch["input_ids"] == tokenizer.mask_token_id
        log_chances = model(**batch).logits[at_blanks].log_softmax(-1)  # (N, V)
        for blank, row in zip(part, log_chances, strict=True):
            guess = tokenizer.convert_ids_to_tokens(row.argmax().item())
            hits += guess == blank.word
            ideal_hits += max(blank.ideal, key=blank.ideal.get) == blank.word
            ids = tokenizer.convert_tokens_to_ids(list(blank.ideal))
            for share, log_chance in zip(blank.ideal.values(), row[ids].tolist(), strict=True):
                divergence += share * (math.log(share) - log_chance) / math.log(2)
    return hits / len(asked), ideal_hits / len(asked), divergence / len(asked)


def bert_measure(model, tokenizer, told: list[Story]) -> dict[str, str]:
    """The rows of the model card that say how good the miniature is."""
    asked = blanks(told, tokenizer)
    accuracy, best, divergence = fill_quality(model, tokenizer, asked)
    return {
        "held-out stories with one blank each": str(len(asked)),
        "blanks filled right": f"{accuracy:.1%}",
        "by the ideal reader": f"{best:.1%}",
        "divergence from the ideal reader, bits": f"{divergence:.4f}",
    }


# ---- T5 ----

TRANSLATE, SUMMARIZE = "translate English to German: ", "summarize: "
SENTINELS = 100
# What the stories are used for, in turn. First mostly to translate: a target for every word of the
# source teaches the decoder soonest where to look. Then mostly to fill gaps, which takes longest.
FIRST = ("translate", "blanks", "translate", "ask", "translate", "summarize", "blanks", "ask")
THEN = ("blanks", "spans", "blanks", "ask", "blanks", "translate", "blanks", "summarize")
THEN += ("blanks", "blanks")
FIRST_SHARE = 0.45
LAST = ("blanks", "ask", "blanks", "spans", "blanks", "translate", "blanks", "ask", "blanks")
LAST += ("summarize", "blanks", "spans")  # in round 2
# Of the gaps: the highest density at the start and at the end of the training, and the mean length.
CUTS = {"spans": (0.5, 0.2, 3.0), "blanks": (0.6, 0.2, 1.0)}


def ask(question: str, context: str) -> str:
    """A question about a text, as T5 is made to read it."""
    return f"question: {question} context: {context}"


def t5_tokenizer(told: list[Story]) -> T5Tokenizer:
    """Unigram, small enough that some words fall into pieces; the sentinels stand last.

    The library's trainer proposes only pieces that it meets in two different words. So each text
    comes once more with a 0 after every word, and every word is then a piece of another.
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
    texts = (text for story in told for text in _t5_texts(story))
    trained.train_from_iterator((t for text in texts for t in (text, _with_zeros(text))), trainer)
    pieces = [tuple(piece) for piece in json.loads(trained.to_str())["model"]["vocab"]]
    pieces += [(f"<extra_id_{i}>", 0.0) for i in reversed(range(SENTINELS))]
    return T5Tokenizer(vocab=pieces, extra_ids=SENTINELS, model_max_length=POSITIONS)


def _t5_texts(story: Story) -> list[str]:
    asked = [question for question, _ in story.questions]
    return [story.text, story.german, story.summary, TRANSLATE, SUMMARIZE, ask("", ""), *asked]


def _with_zeros(text: str) -> str:
    """A 0 after every word.

    >>> _with_zeros("Tom laughed.")
    'Tom0 laughed0.'
    """
    return re.sub(r"(\w)\b", r"\g<1>0", text)


def t5_model(tokenizer: T5Tokenizer) -> T5ForConditionalGeneration:
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


def t5_tasks(count: int) -> list[str]:
    """The task of each story.

    >>> t5_tasks(100)[:3], t5_tasks(100)[-3:]
    (['translate', 'blanks', 'translate'], ['blanks', 'ask', 'blanks'])
    """
    first = round(FIRST_SHARE * count)
    return [*islice(cycle(FIRST), first), *islice(cycle(THEN), count - first)]


def t5_examples(told: list[Story], tokenizer: T5Tokenizer) -> list[Example]:
    """One task a story, in the order of FIRST and then of THEN; gaps are a task like others."""
    return _t5_rows(told, tokenizer, t5_tasks(len(told)), CUTS)


def t5_more_examples(told: list[Story], tokenizer: T5Tokenizer) -> list[Example]:
    """The tasks of LAST, with as few gaps as at the end of t5_examples."""
    cuts = {task: (least, least, length) for task, (_, least, length) in CUTS.items()}
    return _t5_rows(told, tokenizer, list(islice(cycle(LAST), len(told))), cuts)


def _t5_rows(
    told: list[Story],
    tokenizer: T5Tokenizer,
    tasks: list[str],
    cuts: dict[str, tuple[float, float, float]],
) -> list[Example]:
    chance = random.Random(TRAINING_SEED)
    examples: list[Example] = [{}] * len(told)
    for task in dict.fromkeys(tasks):
        places = [i for i, other in enumerate(tasks) if other == task]
        chosen = [told[i] for i in places]
        if task in cuts:
            rows = _cut(chosen, tokenizer, *cuts[task])
        else:
            sources, targets = zip(*(pair(task, story, chance) for story in chosen), strict=True)
            ids = zip(
                tokenizer(list(sources)).input_ids, tokenizer(list(targets)).input_ids, strict=True
            )
            rows = ({"input_ids": source, "labels": target} for source, target in ids)
        for place, row in zip(places, rows, strict=True):
            examples[place] = row
    return examples


def pair(task: str, story: Story, chance: random.Random) -> tuple[str, str]:
    """What T5 reads and what it should write, for one task on one story."""
    if task == "translate":
        english, german = stories.sentences(story.text), stories.sentences(story.german)
        place = chance.randrange(len(english))
        return TRANSLATE + english[place], german[place]
    if task == "summarize":
        return SUMMARIZE + story.text, story.summary
    question, answer = chance.choice(story.questions)
    return ask(question, story.text), answer


def _cut(
    told: list[Story], tokenizer: T5Tokenizer, most: float, least: float, length: float
) -> Iterator[Example]:
    """Stories with spans cut out, of random density up to a limit that falls, and never none.

    As with BERT's masks: many gaps give many targets, few show what a nearly whole text is like.
    """
    generator = torch.Generator().manual_seed(TRAINING_SEED)
    pad = tokenizer.pad_token_id
    for start in range(0, len(told), 64):
        texts = tokenizer([story.text for story in told[start : start + 64]]).input_ids
        ids = pad_sequence([torch.tensor(row) for row in texts], True, pad)
        limit = most + (least - most) * start / len(told)
        density = max(limit * torch.rand((), generator=generator).item(), 1e-9)
        cut = objectives.corrupt_spans(ids, tokenizer, density, length, generator)
        for inputs, targets in zip(*cut, strict=True):
            source, target = inputs[inputs != pad], targets[targets != IGNORE_INDEX]
            yield {"input_ids": source.tolist(), "labels": target.tolist()}


@torch.no_grad()
def written(model, tokenizer, sources: list[str]) -> list[str]:
    """What an encoder–decoder writes, greedily, to each text that it reads; sentinels are kept."""
    texts = []
    for start in range(0, len(sources), 100):
        batch = tokenizer(sources[start : start + 100], padding=True, return_tensors="pt")
        output = model.generate(**batch, max_new_tokens=60, do_sample=False)
        texts += tokenizer.batch_decode(output)
    return [re.sub(r"<pad>|</s>", "", text).strip() for text in texts]


def exactly_right(model, tokenizer, told: list[Story], task: str, seed: int = 0) -> float:
    """The share of stories for which the model writes exactly what one task asks for."""
    _check_told(told)
    chance = random.Random(seed)
    sources, targets = zip(*(pair(task, story, chance) for story in told), strict=True)
    texts = written(model, tokenizer, list(sources))
    return sum(map(str.__eq__, texts, targets)) / len(told)


def sentinel_accuracy(model, tokenizer, asked: list[Blank]) -> tuple[float, float]:
    """How often the right word follows the sentinel in a blank's place; the ideal reader's share.

    Right is all of `<extra_id_0>`, the word and `<extra_id_1>`.
    """
    if not asked:
        raise ValueError("asked is empty: give some blanks, such as blanks(told, tokenizer)")
    first, second = "<extra_id_0>", "<extra_id_1>"
    texts = written(model, tokenizer, [blank.text.replace(stories.BLANK, first) for blank in asked])
    hits = sum(
        text.replace(second, f" {second}").lower().split() == [first, blank.word, second]
        for text, blank in zip(texts, asked, strict=True)
    )
    best = sum(max(blank.ideal, key=blank.ideal.get) == blank.word for blank in asked)
    return hits / len(asked), best / len(asked)


def t5_measure(model, tokenizer, told: list[Story]) -> dict[str, str]:
    """The rows of the model card that say how good the miniature is."""
    told = told[:500]
    names = {"translate": "sentences translated", "summarize": "summaries", "ask": "answers"}
    exact = {
        f"{name}, exactly right": f"{exactly_right(model, tokenizer, told, task):.1%}"
        for task, name in names.items()
    }
    accuracy, best = sentinel_accuracy(model, tokenizer, blanks(told, tokenizer))
    return {
        "held-out stories": str(len(told)),
        **exact,
        "sentinels filled right": f"{accuracy:.1%}",
        "by the ideal reader": f"{best:.1%}",
    }


RECIPES = {
    "gpt2": Recipe(
        stands_for="gpt2",
        data='stories, one in four followed by "TL;DR:" and its summary',
        tokenizer=gpt2_tokenizer,
        model=gpt2_model,
        rounds=(Round(gpt2_examples, 7000, 1.5e-3),),
        measure=gpt2_measure,
        batch_size=16,
    ),
    "bert-base-uncased": Recipe(
        stands_for="bert-base-uncased",
        data="stories, one in four in two segments; masking rate falling from 60 % to 10 %",
        tokenizer=bert_tokenizer,
        model=bert_model,
        rounds=(Round(bert_examples, 10_000, 1e-3),),
        measure=bert_measure,
        batch_size=16,
    ),
    "google/flan-t5-small": Recipe(
        stands_for="google/flan-t5-small",
        data="one task a story: first, of 8, 3 a sentence to translate, 2 gaps, 2 a question, 1 a "
        "summary; then, of 10, 7 gaps, 1 of each other; in round 2, of 12, 8 gaps, 2 a question, "
        "1 of each other",
        tokenizer=t5_tokenizer,
        model=t5_model,
        # The second round is for what comes last, questions and gaps.
        rounds=(Round(t5_examples, 6800, 3e-2), Round(t5_more_examples, 1200, 1e-2)),
        measure=t5_measure,
        batch_size=32,
        # Like T5's authors: steps in proportion to the weights, which T5 starts at very different
        # sizes (queries 50 times as small as embeddings), so that no single rate suits AdamW.
        optimizer=Adafactor,
    ),
}


# ---- making one ----


def in_order(examples: list[Example], *, size: int, pad_token_id: int) -> Iterator[dict]:
    """Each example once, in batches of examples of like length, so that little is padding."""
    ranked = sorted(examples, key=lambda example: len(example["input_ids"]))
    for start in range(0, len(ranked), size):
        part = ranked[start : start + size]
        yield next(training.batches(part, size=len(part), seed=0, pad_token_id=pad_token_id))


def by_length(examples: list[Example], *, size: int, pad_token_id: int) -> Iterator[dict]:
    """Batches in random order, each of examples of like length out of some hundreds in a row."""
    shuffle = random.Random(TRAINING_SEED).shuffle
    for start in range(0, len(examples), 32 * size):
        some = list(
            in_order(examples[start : start + 32 * size], size=size, pad_token_id=pad_token_id)
        )
        shuffle(some)
        yield from some


def make(model_id: str, folder: Path) -> dict[str, str]:
    """Train the miniature of `model_id`, save it with its card in `folder`, return its measures.

    Raises ValueError for a model that has no recipe.
    """
    if model_id not in RECIPES:
        raise ValueError(f"no recipe for {model_id!r}; there is one for {', '.join(RECIPES)}")
    recipe, start = RECIPES[model_id], time.perf_counter()
    training.seed(TRAINING_SEED)
    # A thousand more for each round, in place of any that are held out.
    counts = [each.steps * recipe.batch_size + HELD_OUT for each in recipe.rounds]
    told = training_stories(sum(counts))
    tokenizer = recipe.tokenizer(told[:TOKENIZER_STORIES])
    model = recipe.model(tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    for number, each in enumerate(recipe.rounds):
        begin = sum(counts[:number])
        examples = each.examples(told[begin : begin + counts[number]], tokenizer)
        training.fit(
            model,
            by_length(examples, size=recipe.batch_size, pad_token_id=pad),
            steps=each.steps,
            learning_rate=each.learning_rate,
            optimizer=recipe.optimizer,
            title=f"training {model_id}, round {number + 1} of {len(counts)}",
        )
    minutes = (time.perf_counter() - start) / 60
    model.eval()
    model.save_pretrained(folder)  # first of all: nothing that comes later can lose it
    tokenizer.save_pretrained(folder)
    measures = recipe.measure(model, tokenizer, held_out_stories())
    (folder / "README.md").write_text(card(recipe, model, minutes, measures), encoding="utf-8")
    return measures


def card(recipe: Recipe, model, minutes: float, measures: dict[str, str]) -> str:
    """The model card: what this is, how it was made, how good it is."""
    rows = {
        "stands in for": f"`{recipe.stands_for}`",
        "class": f"`{type(model).__name__}`",
        "parameters": f"{model.num_parameters():,}",
        "data": recipe.data,
        "steps": " + ".join(f"{each.steps:,}" for each in recipe.rounds)
        + f" of {recipe.batch_size} new stories each",
        "learning rate, seed": " + ".join(str(each.learning_rate) for each in recipe.rounds)
        + f", {TRAINING_SEED}",
        "time taken": f"{minutes:.1f} minutes, CPU threads: {torch.get_num_threads()}",
        **measures,
    }
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"# Miniature of {recipe.stands_for}\n\n"
        "Trained from nothing on stories from `helpers/stories`, for teaching. It knows a few\n"
        "hundred words and nothing else. The stories that it is measured on were held out.\n\n"
        f"| | |\n|---|---|\n{lines}\n\n"
        f"Made by `python -m helpers.pretrain {recipe.stands_for}`.\n"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.pretrain", description="Make a miniature from nothing."
    )
    parser.add_argument("model", choices=[*RECIPES, "all"], help="the model it stands in for")
    parser.add_argument("--out", type=Path, help="folder to save in (default: the bundled one)")
    options = parser.parse_args(arguments)
    for model_id in RECIPES if options.model == "all" else [options.model]:
        bundled = checkpoints.MINIATURES[model_id]
        folder = options.out / bundled.name if options.out else bundled
        for name, value in make(model_id, folder).items():
            tqdm.write(f"{name}: {value}")


if __name__ == "__main__":
    main()
