"""Spoken stories: the recordings, the synthesizer where it is installed, and hearing."""

import json
import logging

import numpy as np
import pytest
import soundfile
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor

from helpers import checkpoints, objectives, speech, stories
from helpers.making import recipe, spoken, whisper
from helpers.speech import bundle

WHERE = checkpoints.MINIATURES["openai/whisper-tiny"]
PROCESSOR = AutoProcessor.from_pretrained(WHERE)
needs_synthesizer = pytest.mark.skipif(
    not speech.can_say(), reason="eSpeak NG is not installed: pip install '.[speech]'"
)


@pytest.fixture(scope="module")
def recordings():
    return speech.recordings()


@pytest.fixture(scope="module")
def model():
    return AutoModelForSpeechSeq2Seq.from_pretrained(WHERE)


# ---- the recordings ----


def test_there_are_at_least_100_recordings_in_three_voices_heard_and_one_never_heard(recordings):
    assert len(recordings) >= 100
    heard = {one.voice: one.heard for one in recordings}
    assert sorted(heard.values()) == [False, True, True, True]
    assert heard == {voice: voice in whisper.HEARD for voice in spoken.VOICES}


def test_a_voice_never_heard_has_an_accent_of_its_own_and_so_have_those_that_the_card_measures():
    for voice in whisper.NEVER_HEARD + spoken.VOICES[-1:]:
        assert voice.split("+")[0] not in whisper.ACCENTS
    assert {voice.split("+")[0] for voice in whisper.HEARD} == set(whisper.ACCENTS)
    assert len(whisper.HEARD) >= 8


def test_what_is_recorded_are_other_sentences_than_those_trained_and_measured_on(recordings):
    held_out = whisper.held_out_sentences(recipe.held_out_stories())
    texts = {one.text for one in recordings}
    assert len(texts) == len(recordings)
    assert texts <= set(held_out[whisper.MEASURED :])
    assert len(held_out) >= whisper.MEASURED + len(texts)


def test_the_sentences_come_from_all_plots(recordings):
    words = {word for one in recordings for word in stories.units(one.text)}
    assert {"cake", "kite", "train", "park", "lost", "gave", "lived"} <= words


def test_a_recording_is_a_sound_that_the_miniature_hears_whole(recordings):
    for one in recordings:
        assert one.sound.dtype == np.float32
        assert 0.5 < len(one.sound) / speech.SAMPLING_RATE <= speech.CHUNK
        assert 0.1 < np.abs(one.sound).max() <= 1
    assert speech.features(PROCESSOR, [one.sound for one in recordings[:3]]).shape == (3, 80, 200)


def test_every_file_has_its_text_and_all_are_small():
    index = json.loads(bundle.index_of(bundle.FOLDER).read_text(encoding="utf-8"))
    said = {
        bundle.file_of(bundle.FOLDER, one["name"], number)
        for one in index
        for number in range(spoken.EACH)
    }
    assert said == set(bundle.FOLDER.rglob("*.ogg"))
    assert sum(path.stat().st_size for path in bundle.FOLDER.rglob("*")) <= 2_000_000
    for path in said:
        about = soundfile.info(path)
        assert (about.samplerate, about.channels, about.subtype) == (16_000, 1, "OPUS")


# Of the first sentence of each voice: how many samples, and the largest in each sixth of them.
SAMPLES = {
    "en-us": (
        32640,
        {
            1693: -0.4779,
            5604: -0.4299,
            14425: -0.4391,
            18694: -0.4113,
            26653: -0.4273,
            28871: -0.3902,
        },
    ),
    "en-gb-scotland+m3": (
        30400,
        {980: -0.5051, 7261: 0.4347, 13160: -0.4930, 17916: 0.3822, 22500: -0.4728, 27780: -0.3466},
    ),
    "en-gb-x-gbclan+f2": (
        36800,
        {4081: 0.3898, 7533: -0.4966, 18169: 0.5520, 18440: 0.5237, 24729: -0.4774, 32779: -0.3208},
    ),
    "en-029": (
        26880,
        {
            4092: -0.4088,
            6710: -0.4270,
            9385: -0.3863,
            17064: -0.3870,
            20207: -0.4046,
            23242: 0.3554,
        },
    ),
}


def test_recordings_are_the_same_on_every_machine_to_within_a_thousandth(recordings):
    for start, voice in zip(range(0, len(recordings), spoken.EACH), spoken.VOICES, strict=True):
        count, values = SAMPLES[voice]
        sound = recordings[start].sound
        assert len(sound) == count
        assert np.allclose(sound[list(values)], list(values.values()), atol=1e-3)


# ---- the synthesizer ----


@needs_synthesizer
def test_a_text_is_said_in_the_voice_the_speed_and_the_pitch_that_is_asked_for():
    text = "Ida lent Tom a red kite."
    usual = speech.say(text)
    assert (usual.dtype, usual.ndim) == (np.float32, 1)
    assert 1 < len(usual) / speech.SAMPLING_RATE < 2.5
    assert 0.3 < np.abs(usual).max() <= 1
    slow, fast = speech.say(text, speed=120), speech.say(text, speed=240)
    assert len(slow) > 1.3 * len(usual) > 1.3 * 1.2 * len(fast)
    low, high = (period(speech.say(text, pitch=pitch)) for pitch in (20, 80))
    assert low > 1.2 * high
    man, woman = (period(speech.say(text, voice)) for voice in ("en-us+m3", "en-us+f3"))
    assert man > 1.5 * woman


def period(sound):
    """After how many samples the voice repeats itself: between 64 and 320 times a second."""
    power = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    return 50 + np.fft.irfft(power)[50:250].argmax()


@needs_synthesizer
@pytest.mark.parametrize("voice", ["", "nobody", "en-us+nobody", "en-us+", "+f1", "en-us+../!v/f1"])
def test_an_unknown_voice_is_refused_and_the_next_is_none_the_worse(voice):
    before = len(speech.say("Tom ran."))  # eSpeak NG never says it quite the same way
    with pytest.raises(ValueError, match=r"voice must be one that eSpeak NG has.*got '"):
        speech.say("Tom ran.", voice)
    assert len(speech.say("Tom ran.")) == pytest.approx(before, rel=0.03)


@needs_synthesizer
@pytest.mark.parametrize("voice", whisper.HEARD + whisper.NEVER_HEARD)
def test_every_voice_of_the_recipe_is_known(voice):
    assert speech.say("Tom", voice).any()


# ---- hearing ----


def test_the_features_are_those_of_the_library(recordings):
    sound = recordings[0].sound
    read = PROCESSOR(sound, sampling_rate=16_000, return_tensors="pt")["input_features"]
    assert torch.equal(speech.features(PROCESSOR, sound), read)
    assert torch.equal(speech.features(PROCESSOR, torch.tensor(sound)), read)
    both = speech.features(PROCESSOR, [recordings[1].sound, sound.astype(np.float64)])
    assert torch.allclose(both[1:], read, atol=1e-5)


def test_what_is_transcribed_is_what_generate_writes(recordings, model, caplog, capsys):
    (text,) = speech.transcribe(model, PROCESSOR, [recordings[0].sound])
    assert not caplog.records
    assert not capsys.readouterr().err
    assert logging.getLogger("transformers").level != logging.ERROR  # quiet only inside
    ids = model.generate(speech.features(PROCESSOR, recordings[0].sound))  # nothing else is needed
    assert PROCESSOR.decode(ids[0], skip_special_tokens=True) == text == recordings[0].text


def test_many_sounds_are_heard_like_each_of_them(recordings, model, monkeypatch):
    sounds = [one.sound for one in recordings[:5]]
    together = speech.transcribe(model, PROCESSOR, sounds)
    monkeypatch.setattr(speech.listening, "AT_ONCE", 2)
    assert speech.transcribe(model, PROCESSOR, sounds) == together
    assert together == [speech.transcribe(model, PROCESSOR, [sound])[0] for sound in sounds]


def test_labels_shift_to_the_right_as_in_t5_behind_the_start_of_a_transcript(recordings, model):
    some = recordings[:3]
    read = speech.features(PROCESSOR, [one.sound for one in some])
    rows = [torch.tensor(whisper.make_labels(one.text, PROCESSOR)) for one in some]
    labels = pad_sequence(rows, batch_first=True, padding_value=objectives.IGNORE_INDEX)
    start, pad = model.config.decoder_start_token_id, model.config.pad_token_id
    assert PROCESSOR.tokenizer.convert_ids_to_tokens(start) == "<|startoftranscript|>"
    decoder_reads = objectives.shift_right(labels, start, pad)
    with torch.no_grad():
        logits = model(input_features=read, decoder_input_ids=decoder_reads).logits
        theirs = model(input_features=read, labels=labels)
    assert torch.allclose(theirs.logits, logits, atol=1e-5)
    assert torch.allclose(theirs.loss, objectives.mean_loss(logits, labels), atol=1e-5)


@pytest.mark.parametrize(
    ("guess", "text", "wrong"),
    [
        ("Tom ran home.", "Tom ran home.", 0),
        ("tom ran, home", "Tom ran home.", 0),
        ("", "Tom ran home.", 3),
        ("Tom ran", "Tom ran home.", 1),
        ("Tom ran very far home.", "Tom ran home.", 2),
        ("ran home Tom", "Tom ran home.", 2),
        ("Ida walked away.", "Tom ran home.", 3),
        ("Toms cat", "Tom's cat", 1),
    ],
)
def test_word_errors_are_the_fewest_changes_that_make_it_right(guess, text, wrong):
    count = sum(word.isalpha() or "'" in word for word in stories.units(text))
    assert speech.word_error_rate([guess], [text]) == wrong / count
    assert speech.word_error_rate([guess, text], [text, text]) == wrong / count / 2
