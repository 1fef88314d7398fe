"""Bad input to `helpers.speech`. What only eSpeak NG can tell: see test_speech.py."""

import sys

import numpy as np
import pytest
import torch
from transformers import AutoProcessor, AutoTokenizer

from helpers import checkpoints, speech

PROCESSOR = AutoProcessor.from_pretrained(checkpoints.MINIATURES["openai/whisper-tiny"])
GPT2 = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["gpt2"])
SECOND = np.zeros(16_000, np.float32)


def hears(sounds, *rate):
    return lambda: speech.features(PROCESSOR, sounds, *rate)


def without_synthesizer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "espeakng_loader", None)
        speech.synthesizer._Engine()


def holding(value):
    sound = SECOND.copy()
    sound[5] = value
    return sound


REFUSED = [
    (lambda: speech.say(None), TypeError, "text must be a string such as 'Tom ran.', got NoneType"),
    (lambda: speech.say("Tom ran.", 3), TypeError, "voice must be a string such as .*got int"),
    (lambda: speech.say("Tom ran.", speed=1.5), TypeError, "speed must be a whole number, got fl"),
    (lambda: speech.say("Tom ran.", speed=20), ValueError, "speed must be at least 80, got 20: wo"),
    (lambda: speech.say("Tom ran.", speed=900), ValueError, "speed must be below 451, got 900"),
    (lambda: speech.say("Tom ran.", pitch=100), ValueError, "pitch must be below 100, got 100"),
    (lambda: speech.say("  "), ValueError, "text has nothing to say, got '  '"),
    (lambda: speech.say("…?!"), ValueError, "text has nothing to say, got '…[?]!': give it a word"),
    (without_synthesizer, ImportError, "say needs .*eSpeak NG.*pip install -c con.* espeakng-load"),
    (without_synthesizer, ImportError, r"or go on with speech.recordings\(\), which need no synth"),
    (lambda: speech.features(GPT2, SECOND), TypeError, "processor must be one from AutoProcessor"),
    (hears(SECOND, 44_100), ValueError, "sampling_rate must be 16000.*got 44100: resample the"),
    (hears(SECOND, None), TypeError, "sampling_rate must be a whole number, got NoneType"),
    (
        hears(np.zeros((16_000, 2))),
        ValueError,
        r"sounds must have shape \(samples,\), got .16000",
    ),
    (hears(np.zeros((16_000, 2))), ValueError, r"stereo, take the mean .* sounds.mean\(1\)"),
    (hears(torch.zeros(2, 16_000)), ValueError, r"stereo, take the mean .* sounds.mean\(0\)"),
    (
        hears(np.zeros((1, 2, 3))),
        ValueError,
        r"must have shape \(samples,\), got .1, 2, 3.$",
    ),
    (hears([SECOND, SECOND[:0]]), ValueError, r"sounds\[1\] is empty: it has no samples"),
    (hears(SECOND.astype(np.int16)), TypeError, "sounds must be floats .* torch.int16: divide"),
    (hears(np.zeros(64_001)), ValueError, "64001 samples .*, and the model hears 64000 at a time"),
    (hears(np.zeros(80_000)), ValueError, "has 80000 samples .5.0 s.*: cut it, or say it faster"),
    (hears(holding(np.nan)), ValueError, "sounds holds nan: its samples must be finite numbers"),
    (hears(holding(-np.inf)), ValueError, "sounds holds inf: its samples must be finite numbers"),
    (hears(holding(-8000)), ValueError, "sounds must lie between -1 and 1, got 8000: divide what"),
    (hears("Tom ran."), TypeError, "sounds must be a sound, .*or a list of sounds, got str"),
    (hears([]), ValueError, "sounds is empty: give it at least one"),
    (hears([SECOND, "Tom"]), TypeError, r"sounds\[1\] must be a NumPy array of samples, got str"),
    (hears([0.1, 0.2]), TypeError, r"sounds\[0\] must be a NumPy array of samples, got float"),
    (
        lambda: speech.word_error_rate("Tom", ["Tom"]),
        TypeError,
        "guesses must be a list of strings, got str",
    ),
    (
        lambda: speech.word_error_rate(["Tom"], [None]),
        TypeError,
        r"texts\[0\] must be a string, got NoneType",
    ),
    (
        lambda: speech.word_error_rate(["Tom"], ["Tom", "ran"]),
        ValueError,
        "guesses must be as many as texts, 2, got 1",
    ),
    (lambda: speech.word_error_rate([""], ["."]), ValueError, "texts hold no word to compare"),
]
