"""How good a miniature is, on stories that it has not seen, beside the ideal reader."""

import math
import random
import re
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from helpers import objectives
from helpers.making.recipe import in_order
from helpers.stories import BLANK, Story, fill, spell, units


@torch.no_grad()
def story_surprise(model: PreTrainedModel, tokenizer: Tokenizer, stories: list[Story]) -> float:
    """The model's mean surprise at a story, its end included, in nats; see `floor`."""
    end = [tokenizer.eos_token_id]
    texts = tokenizer([story.text for story in stories]).input_ids
    examples = [{"input_ids": end + ids + end} for ids in texts]
    total = 0.0
    for batch in in_order(examples, size=50, pad_token_id=end[0]):
        targets = objectives.next_token_targets(**batch)
        total += objectives.token_losses(model(**batch).logits, targets).sum().item()
    return total / len(stories)


def floor(stories: list[Story]) -> float:
    """The mean surprise of the ideal reader at the same stories, in nats: nobody does better."""
    return fmean(-story.log_probability for story in stories)


def continuations(model: PreTrainedModel, tokenizer: Tokenizer, prompts: list[str]) -> list[str]:
    """What a decoder writes after each prompt, greedily."""
    texts = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        output = model.generate(
            **inputs, max_new_tokens=40, do_sample=False, pad_token_id=tokenizer.eos_token_id
        )
        new = output[0, inputs["input_ids"].shape[1] :]
        texts.append(tokenizer.decode(new, skip_special_tokens=True).strip())
    return texts


@dataclass(frozen=True)
class Blank:
    """A story with one word hidden: the text with `___`, the word, and what could stand there."""

    text: str
    word: str
    ideal: dict[str, float]

    @property
    def guess(self) -> str:
        """The ideal reader's."""
        return max(self.ideal, key=self.ideal.get)


def blanks(stories: list[Story], tokenizer: Tokenizer, seed: int = 0) -> list[Blank]:
    """One blank in each story: a random one of those for which one mask token is enough.

    It is enough where every word that could stand there is one token. Words are in lower case, as
    the model knows them.
    """
    chance, found = random.Random(seed), []
    for story in stories:
        words = units(story.text)
        places = [place for place, word in enumerate(words) if word.isalpha()]
        for place in chance.sample(places, len(places)):
            text = spell([*words[:place], BLANK, *words[place + 1 :]])
            (exact,) = fill(text)
            if all(len(tokenizer.tokenize(word)) == 1 for word in exact):
                ideal = {word.lower(): probability for word, probability in exact.items()}
                found.append(Blank(text, words[place].lower(), ideal))
                break
    return found


@torch.no_grad()
def log_probabilities(model: PreTrainedModel, tokenizer: Tokenizer, blanks: list[Blank]) -> Tensor:
    """Of all tokens in the place of each blank, (blanks, V)."""
    rows = []
    for start in range(0, len(blanks), 50):
        part = blanks[start : start + 50]
        texts = [blank.text.replace(BLANK, tokenizer.mask_token) for blank in part]
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        at_blanks = batch["input_ids"] == tokenizer.mask_token_id
        rows.append(model(**batch).logits[at_blanks].log_softmax(-1))
    return torch.cat(rows)


def fill_quality(
    model: PreTrainedModel, tokenizer: Tokenizer, blanks: list[Blank]
) -> tuple[float, float, float]:
    """How well a model fills blanks: its accuracy, the ideal reader's, and the mean divergence.

    The divergence is that of Kullback and Leibler, from the ideal distribution to the model's, in
    bits: what is lost when one believes the model. Its floor is 0.
    """
    hits, divergences = [], []
    rows = log_probabilities(model, tokenizer, blanks)
    for blank, row in zip(blanks, rows, strict=True):
        hits.append(tokenizer.convert_ids_to_tokens(row.argmax().item()) == blank.word)
        ids = tokenizer.convert_tokens_to_ids(list(blank.ideal))
        pairs = zip(blank.ideal.values(), row[ids].tolist(), strict=True)
        divergences.append(sum(p * (math.log(p) - log) for p, log in pairs) / math.log(2))
    return fmean(hits), ideal_accuracy(blanks), fmean(divergences)


def ideal_accuracy(blanks: list[Blank]) -> float:
    """How often the ideal reader fills a blank right."""
    return fmean(blank.guess == blank.word for blank in blanks)


def sentinel_accuracy(
    model: PreTrainedModel, tokenizer: Tokenizer, blanks: list[Blank]
) -> tuple[float, float]:
    """How often the right word follows the sentinel in a blank's place; the ideal reader's score.

    Right is all of `<extra_id_0>`, the word and `<extra_id_1>`.
    """
    first, second = "<extra_id_0>", "<extra_id_1>"
    texts = written(model, tokenizer, [blank.text.replace(BLANK, first) for blank in blanks])
    hits = [
        text.replace(second, f" {second}").lower().split() == [first, blank.word, second]
        for text, blank in zip(texts, blanks, strict=True)
    ]
    return fmean(hits), ideal_accuracy(blanks)


def exactly_right(
    model: PreTrainedModel, tokenizer: Tokenizer, pairs: list[tuple[str, str]]
) -> float:
    """The fraction of (source, target) for which the model writes exactly the target."""
    texts = written(model, tokenizer, [source for source, _ in pairs])
    return fmean(text == target for text, (_, target) in zip(texts, pairs, strict=True))


def written(model: PreTrainedModel, tokenizer: Tokenizer, sources: list[str]) -> list[str]:
    """What an encoder–decoder writes, greedily, to each text that it reads; sentinels are kept."""
    texts = []
    for start in range(0, len(sources), 100):
        batch = tokenizer(sources[start : start + 100], padding=True, return_tensors="pt")
        output = model.generate(**batch, max_new_tokens=60, do_sample=False)
        texts += tokenizer.batch_decode(output)
    return [re.sub(r"<pad>|</s>", "", text).strip() for text in texts]
