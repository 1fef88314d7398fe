"""How good a miniature is, on stories that it has not seen, beside the ideal reader."""

import math
import random
import re
from dataclasses import dataclass
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from helpers.stories import BLANK, Story, fill, spell, units


def floor(stories: list[Story]) -> float:
    """The mean surprise of the ideal reader at the stories, in nats: nobody does better."""
    return fmean(-story.log_probability for story in stories)


def continuation(model: PreTrainedModel, tokenizer: Tokenizer, prompt: str) -> str:
    """What a decoder writes after a prompt, greedily."""
    end = tokenizer.eos_token_id
    inputs = tokenizer(f"{tokenizer.bos_token}{prompt}", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False, pad_token_id=end)
    new = output[0, inputs["input_ids"].shape[1] :]
    return tokenizer.decode(new, skip_special_tokens=True).strip()


@dataclass(frozen=True)
class Blank:
    """A story with one word hidden: the text with `___`, the word, and what could stand there."""

    text: str
    word: str
    ideal: dict[str, float]


def blanks(stories: list[Story], tokenizer: Tokenizer) -> list[Blank]:
    """One random blank in each story, where every word that could stand there is one token.

    The words are in lower case, as BERT knows them.
    """
    chance, found = random.Random(0), []
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
def log_probabilities(model: PreTrainedModel, tokenizer: Tokenizer, text: str) -> Tensor:
    """Of all tokens in the place of the blank, (V)."""
    inputs = tokenizer(text.replace(BLANK, tokenizer.mask_token), return_tensors="pt")
    (logits,) = model(**inputs).logits[inputs["input_ids"] == tokenizer.mask_token_id]
    return logits.log_softmax(-1)


def fill_quality(
    model: PreTrainedModel, tokenizer: Tokenizer, blanks: list[Blank]
) -> tuple[float, float]:
    """How well a model fills blanks: its accuracy, and its mean divergence from the ideal reader.

    The divergence is that of Kullback and Leibler, from the ideal distribution to the model's, in
    bits: what is lost when one believes the model. Its floor is 0.
    """
    hits, divergences = [], []
    for blank in blanks:
        row = log_probabilities(model, tokenizer, blank.text)
        hits.append(tokenizer.convert_ids_to_tokens(row.argmax().item()) == blank.word)
        ids = tokenizer.convert_tokens_to_ids(list(blank.ideal))
        ideal = torch.tensor(list(blank.ideal.values()))
        divergences.append(F.kl_div(row[ids], ideal, reduction="sum").item() / math.log(2))
    return fmean(hits), fmean(divergences)


def ideal_accuracy(blanks: list[Blank]) -> float:
    """How often the ideal reader fills a blank right."""
    return fmean(max(blank.ideal, key=blank.ideal.get) == blank.word for blank in blanks)


def sentinel_accuracy(model: PreTrainedModel, tokenizer: Tokenizer, blanks: list[Blank]) -> float:
    """How often the word alone is written between `<extra_id_0>`, its place, and `<extra_id_1>`."""
    first, second = "<extra_id_0>", "<extra_id_1>"
    texts = written(model, tokenizer, [blank.text.replace(BLANK, first) for blank in blanks])
    return fmean(
        text.replace(second, f" {second}").lower().split() == [first, blank.word, second]
        for text, blank in zip(texts, blanks, strict=True)
    )


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
