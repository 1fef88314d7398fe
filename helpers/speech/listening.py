"""From sound to text: the features that a speech model reads, what it hears, how many words are
wrong.

Source: Radford et al. 2022 (Whisper), https://arxiv.org/abs/2212.04356.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin
from transformers.utils import logging

from helpers import checks
from helpers.speech.synthesizer import SAMPLING_RATE
from helpers.stories import units

AT_ONCE = 50  # sounds in a batch: enough to be fast, few enough for little memory


def features(
    processor: ProcessorMixin,
    sounds: np.ndarray | Sequence[np.ndarray],
    sampling_rate: int = SAMPLING_RATE,
) -> Tensor:
    """What a speech model reads: the log-mel spectrogram, (B, M, F), of one sound or of several.

    `processor` comes from `AutoProcessor.from_pretrained`. A sound is (samples) of floats between
    −1 and 1, `sampling_rate` of them a second, and no longer than the model's chunk; what it lacks
    to a whole chunk is silence.

    Raises TypeError or ValueError for a sound that isn't one: another sampling rate, stereo, whole
    numbers, nothing, too much, or what is no finite number.

        inputs = speech.features(processor, speech.recordings()[0].sound)
    """
    checks.instance("processor", processor, ProcessorMixin, "one from AutoProcessor, for speech")
    extractor = getattr(processor, "feature_extractor", None)
    checks.need(
        hasattr(extractor, "n_samples"),
        f"processor is a {type(processor).__name__}, which has no log-mel spectrogram: take the "
        "processor of a model like Whisper",
    )
    checks.whole("sampling_rate", sampling_rate)
    checks.need(
        sampling_rate == extractor.sampling_rate,
        f"sampling_rate must be {extractor.sampling_rate}, as the model was trained with, got "
        f"{sampling_rate}: resample the sound, or it is heard too slow or too fast",
    )
    single = isinstance(sounds, (np.ndarray, Tensor))
    named = {"sounds": sounds} if single else _several(sounds)
    for name, sound in named.items():
        _check_sound(name, sound, sampling_rate, extractor.n_samples)
    several = [np.asarray(sound, dtype=np.float32) for sound in named.values()]
    read = extractor(several, sampling_rate=sampling_rate, return_tensors="pt")
    return read["input_features"]


def _several(sounds: object) -> dict[str, object]:
    """The sounds by what to call them in an error."""
    wanted = "a sound, that is a NumPy array of samples, or a list of sounds"
    checks.instance("sounds", sounds, (list, tuple), wanted)
    checks.need(sounds, "sounds is empty: give it at least one")
    return {f"sounds[{place}]": sound for place, sound in enumerate(sounds)}


def _check_sound(name: str, sound: object, rate: int, most: int) -> None:
    checks.instance(name, sound, (np.ndarray, Tensor), "a NumPy array of samples")
    sound, shape = torch.as_tensor(sound), tuple(sound.shape)
    if not sound.dtype.is_floating_point:
        way = "divide what comes from 16 bits by 32768.0"
        raise TypeError(f"{name} must be floats between -1 and 1, got {checks.kind(sound)}: {way}")
    way = ""
    if len(shape) == 2:
        way = f": for stereo, take the mean of the channels, {name}.mean({np.argmin(shape)})"
    checks.need(len(shape) == 1, f"{name} must have shape (samples,), got {shape}{way}")
    checks.need(len(sound), f"{name} is empty: it has no samples")
    checks.need(
        len(sound) <= most,
        f"{name} has {len(sound)} samples ({len(sound) / rate:.1f} s), and the model hears {most} "
        f"at a time ({most / rate:.0f} s): cut it, or say it faster",
    )
    largest = sound.abs().max().item()  # nan, if there is one
    checks.need(
        largest < float("inf"), f"{name} holds {largest}: its samples must be finite numbers"
    )
    checks.need(
        largest <= 1,
        f"{name} must lie between -1 and 1, got {largest:.4g}: divide what comes from 16 bits by "
        f"32768.0, and what is a little too loud by abs({name}).max()",
    )


@torch.no_grad()
def transcribe(
    model: PreTrainedModel, processor: ProcessorMixin, sounds: Sequence[np.ndarray]
) -> list[str]:
    """The text that a model like Whisper hears in each sound, its most probable tokens in turn.

    What `features` raises, too.

        texts = speech.transcribe(model, processor, [speech.say("Tom laughed.")])
    """
    read = features(processor, list(sounds)).to(model.device, model.dtype)  # (B, M, F)
    texts = []
    with _quiet():
        for batch in read.split(AT_ONCE):
            ids = model.generate(batch, language="en", task="transcribe", max_new_tokens=40)
            texts += processor.batch_decode(ids, skip_special_tokens=True)
    return [text.strip() for text in texts]


@contextmanager
def _quiet() -> Iterator[None]:
    """Whisper's `generate` warns of options that it gives to itself, and of a missing attention
    mask, which its encoder does not read."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def word_error_rate(guesses: Sequence[str], texts: Sequence[str]) -> float:
    """How many words must be changed, put in or taken out to make the guesses right, for each word
    of the texts.

    Upper and lower case are the same, and only words count, no punctuation. The rate can be above
    1, when a guess has more words than its text.

    >>> word_error_rate(["Tom ran to home.", "It was red."], ["Tom ran home.", "It was late."])
    0.3333333333333333

    Raises TypeError unless both are lists of strings, ValueError unless there are as many of both,
    with at least one word in the texts.
    """
    for name, several in (("guesses", guesses), ("texts", texts)):
        checks.instance(name, several, (list, tuple), "a list of strings")
        for place, one in enumerate(several):
            checks.instance(f"{name}[{place}]", one, str, "a string")
    checks.need(
        len(guesses) == len(texts),
        f"guesses must be as many as texts, {len(texts)}, got {len(guesses)}",
    )
    pairs = [(_words(guess), _words(text)) for guess, text in zip(guesses, texts, strict=True)]
    count = sum(len(text) for _, text in pairs)
    checks.need(count, "texts hold no word to compare with")
    return sum(_edits(guess, text) for guess, text in pairs) / count


def _words(text: str) -> list[str]:
    return [unit.lower() for unit in units(text) if unit[0].isalpha()]


def _edits(one: list[str], other: list[str]) -> int:
    """The least number of changes that make one list of words the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))  # from no word to the first n of the other
    for done, word in enumerate(one, start=1):
        above, row = row, [done]
        for place, wanted in enumerate(other):
            changed = above[place] + (word != wanted)
            row.append(min(changed, above[place + 1] + 1, row[place] + 1))
    return row[-1]
