"""Spoken stories: bundled recordings, a synthesizer for any text, and what a model hears in them.

A sound is a NumPy array of samples, (samples) float32 between −1 and 1, `SAMPLING_RATE` a second.
"""

from helpers.speech.bundle import Recording, losses, recordings
from helpers.speech.listening import features, transcribe, word_error_rate
from helpers.speech.synthesizer import CHUNK, SAMPLING_RATE, can_say, say

__all__ = [
    "CHUNK",
    "SAMPLING_RATE",
    "Recording",
    "can_say",
    "features",
    "losses",
    "recordings",
    "say",
    "transcribe",
    "word_error_rate",
]
