"""`say`: any text as sound, by the synthesizer eSpeak NG, where it is installed.

The library comes with the package `espeakng-loader`, which is an optional extra: `pip install
".[speech]"`. It is under the GPL, version 3. Nothing else in `helpers` needs it.

Source: https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

import ctypes
from functools import cache
from pathlib import Path

import numpy as np

from helpers import checks

SAMPLING_RATE = 16_000  # samples a second: Whisper's
CHUNK = 4  # seconds that our Whisper miniature hears at a time

# From the header: what is asked of the library, and its numbers for parameters.
_SYNCHRONOUS, _UTF8, _RATE, _PITCH = 2, 1, 1, 3
_INSTALL = (
    "install it with `.venv/bin/pip install -c constraints.txt espeakng-loader`, or go on with "
    "speech.recordings(), which need no synthesizer"
)
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def say(text: str, voice: str = "en-us", speed: int = 175, pitch: int = 50) -> np.ndarray:
    """The text as it sounds: samples between −1 and 1, (samples) float32, 16,000 a second.

    `voice` is eSpeak NG's name of a language or an accent ("en-us", "en-gb-scotland", "en-029"
    for the Caribbean), with or without the name of a speaker ("en-us+f2", "en+m7"). `speed` is in
    words a minute, from 80 to 450. `pitch` goes from 0, a low voice, to 99. The same text sounds a
    little different each time, as eSpeak NG lets its voices flutter.

    Raises ImportError where eSpeak NG is not installed, TypeError or ValueError for a voice that it
    doesn't have, a number out of range, or a text in which there is nothing to say.

        sound = speech.say("Ida lent Tom a red kite.", voice="en-gb-scotland", speed=150)
    """
    checks.instance("text", text, str, "a string such as 'Tom ran.'")
    checks.instance("voice", voice, str, "a string such as 'en-us' or 'en-us+f2'")
    checks.whole("speed", speed, least=80, below=451, do="words a minute")
    checks.whole("pitch", pitch, least=0, below=100)
    spoken = any(map(str.isalnum, text)) and _engine().speak(text, voice, speed, pitch)
    checks.need(np.any(spoken), f"text has nothing to say, got {text!r}: give it a word")
    return np.clip(resample(spoken), -1, 1)


def can_say() -> bool:
    """Whether `say` has its synthesizer here."""
    try:
        return bool(_engine())
    except ImportError:
        return False


class _Engine:
    """eSpeak NG, loaded and initialized."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        except (ImportError, OSError) as error:
            problem = f"say needs the synthesizer eSpeak NG, which can't be loaded ({error})"
            raise ImportError(f"{problem}: {_INSTALL}") from None
        self.data = Path(espeakng_loader.get_data_path())
        rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, str(self.data).encode(), 0)
        if rate != 22_050:
            raise ImportError(f"eSpeak NG did not start (it says {rate}): {_INSTALL}")
        self.pieces: list[np.ndarray] = []
        self.callback = _Callback(self._keep)  # must live as long as the library may call it
        self.library.espeak_SetSynthCallback(self.callback)

    def _keep(self, samples, count: int, events) -> int:
        if samples and count:
            self.pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0  # go on

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> np.ndarray:
        """Samples between −1 and 1, 22,050 a second."""
        _, plus, speaker = voice.partition("+")
        # The library takes an unknown speaker for none, and says nothing.
        known = not plus or speaker in self.speakers()
        known = known and self.library.espeak_SetVoiceByName(voice.encode()) == 0
        checks.need(
            known,
            f"voice must be one that eSpeak NG has, such as 'en-us', 'en-gb-scotland' or "
            f"'en-us+f2', got {voice!r}: the speakers after a + are m1 … m8, f1 … f5 and some more",
        )
        self.library.espeak_SetParameter(_RATE, speed, 0)
        self.library.espeak_SetParameter(_PITCH, pitch, 0)
        self.pieces = [np.zeros(0, np.int16)]
        encoded = text.encode()
        self.library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        return np.concatenate(self.pieces).astype(np.float32) / 2**15

    def speakers(self) -> set[str]:
        return {path.name for path in (self.data / "voices" / "!v").iterdir()}


@cache
def _engine() -> _Engine:
    """The one engine of this process: eSpeak NG hangs when it is initialized a second time."""
    return _Engine()


def resample(samples: np.ndarray) -> np.ndarray:
    """Sound of 22,050 samples a second, at 16,000: its spectrum without all above 8,000 Hz.

    >>> time = np.arange(441) / 22_050  # 20 ms
    >>> heard = resample(np.sin(2 * np.pi * 1000 * time))  # a tone of 1,000 Hz
    >>> np.allclose(heard, np.sin(2 * np.pi * 1000 * np.arange(320) / 16_000), atol=1e-6)
    True
    """
    blocks = -(-len(samples) // 441)  # of 20 ms each: 441 samples become 320
    spectrum = np.fft.rfft(samples, 441 * blocks)  # zeros are added at the end
    kept = spectrum[: 160 * blocks + 1] * (320 / 441)
    return np.fft.irfft(kept, 320 * blocks).astype(np.float32)
