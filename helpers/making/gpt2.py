"""The miniature of GPT-2: a decoder that tells stories, and summarizes where it is asked to.

Source: Radford et al. 2019 (GPT-2, and summarizing by "TL;DR:").
"""

from statistics import fmean

from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

from helpers.making import measure
from helpers.making.recipe import GELU, POSITIONS, Example, Recipe, Round, trained
from helpers.objectives import IGNORE_INDEX
from helpers.stories import Story, surprise_by_story

SUMMARY_PROMPT = "\nTL;DR:"


def make_tokenizer(stories: list[Story]) -> GPT2Tokenizer:
    """Byte-level BPE, small enough that some words fall into pieces."""
    untrained = GPT2Tokenizer(vocab={"<|endoftext|>": 0}, merges=[])
    texts = (f"{story.text}{SUMMARY_PROMPT} {story.summary}" for story in stories)
    return trained(untrained, texts, vocab_size=1024)


def make_model(tokenizer: GPT2Tokenizer) -> GPT2LMHeadModel:
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=POSITIONS,
        n_embd=128,
        n_layer=4,
        n_head=8,
        activation_function=GELU,
        # 1 / sqrt(width): with the library's 0.02, made for width 768, attention starts out flat
        # and a narrow model takes much longer to learn to attend to earlier words.
        initializer_range=0.08,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        # Every story is new, so there is nothing to overfit.
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    return GPT2LMHeadModel(config)


def make_examples(stories: list[Story], tokenizer: GPT2Tokenizer) -> list[Example]:
    """Three stories in four end with the end token; the fourth goes on with its summary.

    The prompt "TL;DR:" is given, never predicted: its labels are -100.
    """
    end = [tokenizer.eos_token_id]
    prompt = tokenizer(SUMMARY_PROMPT).input_ids
    examples = []
    for index, story in enumerate(stories):
        ids = labels = end + tokenizer(story.text).input_ids
        if index % 4 == 0:
            summary = tokenizer(f" {story.summary}").input_ids
            ids = ids + prompt + summary
            labels = labels + [IGNORE_INDEX] * len(prompt) + summary
        examples.append({"input_ids": ids + end, "labels": labels + end})
    return examples


def measures(
    model: GPT2LMHeadModel, tokenizer: GPT2Tokenizer, stories: list[Story]
) -> dict[str, str]:
    surprise = fmean(surprise_by_story(model, tokenizer, [story.text for story in stories]))
    floor = measure.floor(stories)
    some = stories[:200]
    right = sum(
        measure.continuation(model, tokenizer, f"{story.text}{SUMMARY_PROMPT}") == story.summary
        for story in some
    )
    return {
        "held-out loss, nats per story": f"{surprise:.3f}",
        "exact floor, nats per story": f"{floor:.3f}",
        "loss / floor": f"{surprise / floor:.4f}",
        "held-out stories": str(len(stories)),
        f'summaries after "TL;DR:" that are exactly right, of {len(some)}': str(right),
    }


RECIPE = Recipe(
    stands_for="gpt2",
    data='stories, one in four followed by "TL;DR:" and its summary',
    tokenizer=make_tokenizer,
    model=make_model,
    rounds=(Round(make_examples, steps=7000, learning_rate=1.5e-3),),
    measure=measures,
    batch_size=16,
)
