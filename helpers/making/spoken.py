"""The bundled recordings: held-out sentences, spoken in three voices that were heard in training
and in one that was not. Beside them, how the loss falls with the sound and without it.
"""

import json
from pathlib import Path
from random import Random

import soundfile

from helpers.making import whisper
from helpers.making.recipe import held_out_stories
from helpers.speech import SAMPLING_RATE
from helpers.speech.bundle import FOLDER, file_of, index_of, losses_of

VOICES = ("en-us", "en-gb-scotland+m3", "en-gb-x-gbclan+f2", "en-029")
EACH = 40  # sentences


def record(folder: Path = FOLDER) -> None:
    """Speak and store them: behind the sentences that the miniature is measured on."""
    random = Random(0)
    texts = whisper.held_out_sentences(held_out_stories())[whisper.MEASURED :]
    index = []
    for place, voice in enumerate(VOICES):
        said = texts[place * EACH : (place + 1) * EACH]
        index.append({"name": voice, "heard": voice in whisper.HEARD, "sentences": said})
        for number, text in enumerate(said):
            file = file_of(folder, voice, number)
            file.parent.mkdir(parents=True, exist_ok=True)
            # Not as loud as can be, so that what Opus adds stays between -1 and 1.
            sound = 0.7 * whisper.utter(text, voice, random)
            soundfile.write(file, sound, SAMPLING_RATE, format="OGG", subtype="OPUS")
    text = json.dumps(index, indent=2) + "\n"
    index_of(folder).write_text(text, encoding="utf-8")


def learn(folder: Path = FOLDER) -> None:
    """Store the losses of two short trainings: with the sound, and without it."""
    found = {name: [round(loss, 3) for loss in all_] for name, all_ in whisper.losses().items()}
    losses_of(folder).write_text(json.dumps(found) + "\n", encoding="utf-8")
