"""`recordings`: sentences of the stories, spoken beforehand, so that no synthesizer is needed.

They lie in the folder `spoken` as Ogg (Opus), which the library soundfile reads; a README there
says how they were made, and under which licence.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

FOLDER = Path(__file__).parent / "spoken"


@dataclass(frozen=True, eq=False)
class Recording:
    """A spoken sentence.

    `sound` is (samples) float32, between −1 and 1, 16,000 samples a second. `text` is what is said,
    and `voice` who says it, as `say` names it. `heard` tells whether our Whisper miniature heard
    this voice in training; it never heard the sentence. `file` is where the recording lies.
    """

    text: str
    voice: str
    heard: bool
    sound: np.ndarray
    file: Path


def recordings() -> list[Recording]:
    """The bundled recordings: 40 sentences in each of four voices, all different.

    Three voices are of those that our Whisper miniature was trained on, the fourth has an accent
    that it never heard. The sentences were held out from its training. The samples are the same
    on every machine to within 0.001.

    >>> first = recordings()[0]
    >>> first.voice, first.heard, first.sound.dtype.name
    ('en-us', True, 'float32')
    """
    index = json.loads(index_of(FOLDER).read_text(encoding="utf-8"))
    found = []
    for voice in index:
        name, heard = voice["name"], voice["heard"]
        for number, text in enumerate(voice["sentences"]):
            file = file_of(FOLDER, name, number)
            sound, _ = soundfile.read(file, dtype="float32")
            found.append(Recording(text, name, heard, sound, file))
    return found


def losses() -> dict[str, list[float]]:
    """How the loss falls, in nats a token, when a small Whisper learns to hear; and without sound.

    Two trainings of 2,000 steps, by the recipe of our miniature: "with the sound", and the same
    batches with the sound "turned off". What the text alone gives away, both learn.

    >>> {name: len(each) for name, each in losses().items()}
    {'with the sound': 2000, 'turned off': 2000}
    """
    return json.loads(losses_of(FOLDER).read_text(encoding="utf-8"))


def file_of(folder: Path, voice: str, number: int) -> Path:
    """Where a voice's sentence lies, counted from 0."""
    return folder / voice / f"{number:02}.ogg"


def index_of(folder: Path) -> Path:
    """Where it is written what each voice says."""
    return folder / "sentences.json"


def losses_of(folder: Path) -> Path:
    """Where the losses of learning to hear are."""
    return folder / "losses.json"
