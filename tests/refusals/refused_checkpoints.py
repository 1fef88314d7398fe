"""Bad input to `helpers.checkpoints`. Files that are missing or damaged: see test_hub.py."""

from pathlib import Path

import pytest

from helpers import checkpoints


def switched(value, model_id):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTEBOOK_WEIGHTS", value)
        return checkpoints.resolve(model_id)


SWITCH = "NOTEBOOK_WEIGHTS must be 'bundled' or 'hub', got "
REFUSED = [
    (lambda: checkpoints.resolve(""), ValueError, "model_id is empty"),
    (lambda: checkpoints.resolve("  "), ValueError, "model_id is empty"),
    (lambda: checkpoints.resolve(None), TypeError, "model_id must be a string.*got NoneType"),
    (lambda: checkpoints.resolve(Path("gpt2")), TypeError, "model_id must be .*got .*Path"),
    (lambda: switched("HUB", "gpt2"), ValueError, SWITCH + "'HUB'"),
    (lambda: switched(" hub", "distilbert/distilgpt2"), ValueError, SWITCH + "' hub'"),
    (
        lambda: checkpoints.fetch("gpt2", "causal"),
        ValueError,
        "architecture must be 'decoder' or 'encoder' or 'encoder-decoder', got 'causal'",
    ),
    (
        lambda: checkpoints.fetch("openai/whisper-tiny", "encoder-decoder", reads="speech"),
        ValueError,
        "reads must be 'text' or 'sound', got 'speech'",
    ),
    (
        lambda: checkpoints.fetch("gpt2", "decoder", reads="sound"),
        ValueError,
        "reads must be 'text', got 'sound'",
    ),
    (
        lambda: checkpoints.fetch("openai/whisper-tiny", "encoder-decoder"),
        ValueError,
        r".whisper. reads sound, and this is made for text.*AutoModelForSpeechSeq2Seq, as in 3_",
    ),
    (
        lambda: checkpoints.fetch("google/flan-t5-small", "encoder-decoder", reads="sound"),
        ValueError,
        r".t5. reads text, and this is made for sound.* load it with AutoModelForSeq2SeqLM, as in",
    ),
]
