"""How surprised a causal model is at stories, or at every word of one beside the ideal reader."""

from math import inf, log

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from helpers import checks, objectives
from helpers.stories.language import spell, unit_indices, units
from helpers.stories.reader import log_probability, next_words

_AT_ONCE = 16  # texts: the logits of a vocabulary of 50,000 then take some 300 MB


@torch.no_grad()
def surprise_by_story(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str]
) -> list[float]:
    """How surprised a causal model is at each text as a whole, its end included: in nats.

    The model reads the start token, then the text; its surprise is the sum over the tokens. The
    mean over stories of the source is at least that of −`log_probability`: nobody does better.

    Raises TypeError unless `texts` is a list of strings.

    >>> from transformers import AutoModelForCausalLM, AutoTokenizer
    >>> from helpers import checkpoints, stories
    >>> folder = checkpoints.resolve("gpt2")
    >>> tokenizer = AutoTokenizer.from_pretrained(folder)
    >>> model = AutoModelForCausalLM.from_pretrained(folder)
    >>> told, other = surprise_by_story(model, tokenizer, ["Tom laughed.", "Laughed Tom."])
    >>> told < other
    True
    """
    checks.instance("texts", texts, list, "a list of strings")
    for index, text in enumerate(texts):
        checks.instance(f"texts[{index}]", text, str, "a string")
    surprises = []
    for first in range(0, len(texts), _AT_ONCE):
        some = tokenizer(texts[first : first + _AT_ONCE], add_special_tokens=False).input_ids
        rows = [torch.tensor(_with_ends(tokenizer, ids)) for ids in some]
        ids = pad_sequence(rows, batch_first=True)  # on the right, where no real token looks
        real = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        logits = model(ids.to(model.device)).logits.float().cpu()  # (B, T, V)
        losses = objectives.token_losses(logits, objectives.next_token_targets(ids, real))
        surprises += losses.sum(1).tolist()
    return surprises


def _with_ends(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> list[int]:
    return [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]


@torch.no_grad()
def surprise_by_word(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, story: str
) -> tuple[list[str], list[float], list[float]]:
    """The words of a story, and the surprise of model and ideal reader at each: all in nats.

    A word's surprise is the sum over its tokens, by the chain rule. The model reads the start
    token, then the story; the last entry, "(end)", is the end token that says that it is over.

    Raises TypeError unless `story` is a string, ValueError if the source can't say it.

    >>> from transformers import AutoModelForCausalLM, AutoTokenizer
    >>> from helpers import checkpoints, stories
    >>> folder = checkpoints.resolve("gpt2")
    >>> tokenizer = AutoTokenizer.from_pretrained(folder)
    >>> model = AutoModelForCausalLM.from_pretrained(folder)
    >>> words, _, ideal = surprise_by_word(model, tokenizer, stories.sample(1, 2)[0].text)
    >>> words[-1], len(words) == len(ideal)
    ('(end)', True)
    """
    checks.instance("story", story, str, "a string with a whole story")
    words = units(story)
    checks.need(
        log_probability(story) > -inf,
        f"story must be a whole one that the source can tell, got {story!r:.60}",
    )
    prefixes = [spell(words[:place]) for place in range(len(words) + 1)]
    pairs = zip(prefixes, [*words, ""], strict=True)  # "" is the end
    ideal = [-log(next_words(prefix)[word]) for prefix, word in pairs]
    encoded = tokenizer(story, return_offsets_mapping=True, add_special_tokens=False)
    ids = torch.tensor([_with_ends(tokenizer, encoded.input_ids)], device=model.device)  # (1, T)
    targets = objectives.next_token_targets(ids)
    losses = objectives.token_losses(model(ids).logits, targets)[0, :-1]  # [t]: of token t + 1
    owners = torch.tensor([*unit_indices(story, encoded.offset_mapping), len(words)])
    by_model = torch.zeros(len(words) + 1).index_add(0, owners, losses.float().cpu())
    return [*words, "(end)"], by_model.tolist(), ideal
