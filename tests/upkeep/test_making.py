"""The miniatures are made honestly, and are as good as their cards say."""

import json
import math
import re
import statistics
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoConfig, AutoProcessor, AutoTokenizer

from helpers import checkpoints, speech, stories
from helpers.making import RECIPES, bert, gpt2, measure, recipe, spoken, t5, whisper
from helpers.making import __main__ as command
from helpers.speech import bundle

every_recipe = pytest.mark.parametrize("model_id", RECIPES)


@cache
def load(model_id):
    return load_from(checkpoints.MINIATURES[model_id])


def load_from(folder):
    (name,) = AutoConfig.from_pretrained(folder).architectures
    model = getattr(transformers, name).from_pretrained(folder)
    return model, AutoTokenizer.from_pretrained(folder)


# ---- what the miniatures can do, and models that know nothing can't ----


def test_gpt2_is_within_two_percent_of_the_exact_floor_and_summarizes_when_asked_to():
    model, tokenizer = load("gpt2")
    unseen = recipe.held_out_stories(300)
    surprises = stories.surprise_by_story(model, tokenizer, [story.text for story in unseen])
    ratio = statistics.fmean(surprises) / measure.floor(unseen)
    assert 0.99 < ratio < 1.02  # below 1 by more than chance would be cheating
    rows = gpt2.measures(model, tokenizer, unseen[:20])
    assert int(rows['summaries after "TL;DR:" that are exactly right, of 20']) >= 18
    rows = gpt2.measures(gpt2.make_model(tokenizer).eval(), tokenizer, unseen[:5])
    assert float(rows["loss / floor"]) > 10
    assert rows['summaries after "TL;DR:" that are exactly right, of 5'] == "0"


def test_bert_fills_blanks_like_the_ideal_reader():
    model, tokenizer = load("bert-base-uncased")
    blanks = measure.blanks(recipe.held_out_stories(400), tokenizer)
    accuracy, divergence = measure.fill_quality(model, tokenizer, blanks)
    best = measure.ideal_accuracy(blanks)
    assert len(blanks) == 400
    assert best > 0.9  # the blanks can be filled
    assert accuracy > best - 0.01
    assert 0 < divergence < 0.05
    untrained = bert.make_model(tokenizer).eval()
    accuracy, divergence = measure.fill_quality(untrained, tokenizer, blanks[:40])
    assert accuracy < 0.1
    assert divergence > 5


def test_a_blank_hides_one_word_and_one_token_is_enough_for_all_that_could_stand_there():
    _, tokenizer = load("bert-base-uncased")
    unseen = recipe.held_out_stories(50)
    for blank, story in zip(measure.blanks(unseen, tokenizer), unseen, strict=True):
        before, after = blank.text.split(stories.BLANK)
        hidden = story.text.removeprefix(before).removesuffix(after)
        assert hidden.lower() == blank.word
        assert {word.lower(): p for word, p in stories.fill(blank.text)[0].items()} == blank.ideal
        assert all(tokenizer.tokenize(word) == [word] for word in blank.ideal)


def test_the_ideal_reader_has_no_divergence_from_itself_and_a_guesser_has_all(monkeypatch):
    _, tokenizer = load("bert-base-uncased")
    size = len(tokenizer)
    blanks = {blank.text: blank for blank in measure.blanks(recipe.held_out_stories(60), tokenizer)}

    def ideal(model, tokenizer, text):
        words = blanks[text].ideal
        row = torch.full((size,), -1e4)
        row[tokenizer.convert_tokens_to_ids(list(words))] = torch.tensor([*words.values()]).log()
        return row

    monkeypatch.setattr(measure, "log_probabilities", ideal)
    accuracy, divergence = measure.fill_quality(None, tokenizer, blanks.values())
    assert accuracy == measure.ideal_accuracy(blanks.values())
    assert divergence == pytest.approx(0, abs=1e-4)
    monkeypatch.setattr(measure, "log_probabilities", lambda *_: torch.zeros(size).log_softmax(-1))
    _, divergence = measure.fill_quality(None, tokenizer, blanks.values())
    bits = [-p * math.log2(p) for blank in blanks.values() for p in blank.ideal.values()]
    assert divergence == pytest.approx(math.log2(size) - sum(bits) / 60, abs=1e-4)


def percent(rows):
    return {name: float(row.rstrip("%")) / 100 for name, row in rows.items() if row.endswith("%")}


def test_t5_does_its_tasks_exactly_and_fills_sentinels_like_the_ideal_reader():
    model, tokenizer = load("google/flan-t5-small")
    rows = percent(t5.measures(model, tokenizer, recipe.held_out_stories(200)))
    best = rows.pop("by the ideal reader")
    assert best > 0.9
    assert rows.pop("sentinels filled right") >= best - 0.02
    assert len(rows) == 3
    assert min(rows.values()) >= 0.98
    untrained = t5.make_model(tokenizer).eval()
    rows = percent(t5.measures(untrained, tokenizer, recipe.held_out_stories(20)))
    assert sorted(rows.values())[:4] == [0.0] * 4


def test_right_is_to_the_letter_and_a_sentinel_is_filled_by_the_word_alone(monkeypatch):
    texts = ["Tom ran.", "Tom ran. "]
    monkeypatch.setattr(measure, "written", lambda *_: texts)
    assert measure.exactly_right(None, None, [("", "Tom ran.")] * 2) == 0.5
    blank = measure.Blank("Tom ___.", "ran", {"ran": 0.7, "sat": 0.3})
    for text in ["<extra_id_0> ran home<extra_id_1>", "ran<extra_id_1>", "<extra_id_0> ran"]:
        texts = [text, "<extra_id_0> Ran<extra_id_1>"]
        assert measure.sentinel_accuracy(None, None, [blank] * 2) == 0.5
    sat = replace(blank, word="sat")
    assert measure.ideal_accuracy([blank, blank, sat]) == pytest.approx(2 / 3)


def rates(rows):
    """The word error rates of a card: heard, never heard, in silence."""
    found = {name: row for name, row in percent(rows).items() if name.startswith("word error rate")}
    heard, *never_heard, silence = found.values()
    assert len(never_heard) == 3
    return heard, max(never_heard), silence


def test_whisper_hears_new_sentences_in_voices_that_it_knows_and_in_others_not_in_silence():
    """The card's 500 sentences are spoken anew only when it is made; here, what is bundled."""
    model, _ = load("openai/whisper-tiny")
    processor = AutoProcessor.from_pretrained(checkpoints.MINIATURES["openai/whisper-tiny"])
    for heard, limit in ((True, 0.03), (False, 0.12)):
        some = [one for one in speech.recordings() if one.heard == heard]
        texts, sounds = [one.text for one in some], [one.sound for one in some]
        guesses = speech.transcribe(model, processor, sounds)
        assert speech.word_error_rate(guesses, texts) <= limit
        silence = speech.transcribe(model, processor, [np.zeros(16_000, np.float32)]) * len(some)
        assert speech.word_error_rate(silence, texts) > 0.7


def test_whispers_card_says_how_near_it_comes_to_its_goals():
    text = (checkpoints.MINIATURES["openai/whisper-tiny"] / "README.md").read_text("utf-8")
    heard, never_heard, silence = rates(dict(re.findall(r"^\| (.*?) \| (.*?) \|$", text, re.M)))
    assert heard <= 0.02
    assert never_heard <= 0.10
    assert silence > 0.7


# ---- what they are trained on ----


def test_no_held_out_story_is_among_the_training_stories(monkeypatch):
    monkeypatch.setattr(recipe, "TRAINING_SEED", recipe.HELD_OUT_SEED)
    unseen = {story.text for story in recipe.held_out_stories()}
    trained_on = recipe.training_stories(recipe.HELD_OUT + 200)
    assert 150 < len(trained_on) <= 200
    assert unseen.isdisjoint(story.text for story in trained_on)


def test_one_example_in_four_ends_with_a_summary_and_its_prompt_is_not_scored():
    _, tokenizer = load("gpt2")
    some = stories.sample(8, 0)
    for index, example in enumerate(gpt2.make_examples(some, tokenizer)):
        summary = f"{gpt2.SUMMARY_PROMPT} {some[index].summary}" if index % 4 == 0 else ""
        text = tokenizer.decode(example["input_ids"])
        assert text == f"<|endoftext|>{some[index].text}{summary}<|endoftext|>"
        scored = [label for label in example["labels"] if label != -100]
        assert tokenizer.decode(scored) == text.replace(gpt2.SUMMARY_PROMPT, "")


def test_bert_is_asked_for_hidden_tokens_and_fewer_towards_the_end():
    _, tokenizer = load("bert-base-uncased")
    some = stories.sample(400, 0)
    rates = []
    for index, example in enumerate(bert.make_examples(some, tokenizer)):
        inputs, labels = torch.tensor(example["input_ids"]), torch.tensor(example["labels"])
        part = bert.segments(some[index].text, index)
        assert len(part) == (1 if index % 4 else 2)
        assert " ".join(part) == some[index].text
        expected = tokenizer(*part)
        assert torch.where(labels == -100, inputs, labels).tolist() == expected.input_ids
        assert example["token_type_ids"] == expected.token_type_ids
        rates.append((labels != -100).float().mean().item())
    assert sum(rates[:100]) / 100 == pytest.approx(0.52, abs=0.03)  # 60 % falling, and no special
    assert sum(rates[-100:]) / 100 == pytest.approx(0.16, abs=0.03)


def rebuilt(example, sentinels):
    spans, current = {}, []
    for token in example["labels"]:
        if token in sentinels:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [token for place in example["input_ids"] for token in spans.get(place, [place])]


def test_t5_learns_every_task_and_targets_rebuild_the_story():
    _, tokenizer = load("google/flan-t5-small")
    some = stories.sample(800, 0)
    sentinels = set(tokenizer.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(100)]))
    counts = Counter()
    for story, example in zip(some, t5.first_examples(some, tokenizer), strict=True):
        if sentinels & set(example["input_ids"]):
            assert rebuilt(example, sentinels) == tokenizer(story.text).input_ids
            counts["gaps"] += 1
            continue
        german = zip(stories.sentences(story.text), stories.sentences(story.german), strict=True)
        pairs = {(t5.TRANSLATE + sentence, other) for sentence, other in german}
        pairs |= {(t5.ask(question, story.text), right) for question, right in story.questions}
        pairs |= {(t5.SUMMARIZE + story.text, story.summary)}
        source, target = tokenizer.batch_decode([*example.values()], skip_special_tokens=True)
        assert (source, target) in pairs
        counts[source.split(" ")[0]] += 1
    # Of 8 in the first 360, and then of 10, as the card says.
    assert counts == {"translate": 179, "gaps": 398, "question:": 134, "summarize:": 89}


def test_gaps_become_fewer_as_t5_learns():
    examples = t5.cut(
        stories.sample(2560, 0), load("google/flan-t5-small")[1], t5.Gaps(1.0, 0.6, 0.1)
    )
    lengths = [len(example["labels"]) for example in examples]
    assert sum(lengths[-640:]) < sum(lengths[:640]) / 2  # at most 16 % of the tokens, not 54 %


def utterances(monkeypatch):
    """What is said from now on, with sounds that need no synthesizer: a tone for each letter."""
    said = []

    def say(text, voice="en-us", speed=175, pitch=50):
        said.append((text, voice, speed, pitch))
        notes = np.repeat([ord(letter) for letter in text], 150_000 // speed)
        return np.sin(2 * np.pi * 10 * notes * np.arange(len(notes)) / 16_000, dtype=np.float32) / 2

    monkeypatch.setattr(speech, "say", say)
    return said


def test_whisper_writes_what_is_said_and_nothing_that_is_held_out(monkeypatch):
    said = utterances(monkeypatch)
    processor = AutoProcessor.from_pretrained(checkpoints.MINIATURES["openai/whisper-tiny"])
    held_out = recipe.held_out_stories()
    unseen = set(whisper.held_out_sentences(held_out))
    examples = whisper.make_examples(held_out[:60], processor)  # these, to be sure to meet some
    assert len(examples) > 50
    batches = list(whisper.batches(examples, size=8, pad_token_id=0))
    assert [len(batch["labels"]) for batch in batches[:-1]] == [8] * (len(examples) // 8)
    rows = [row[row != -100] for batch in batches for row in batch["labels"]]
    texts = list(dict.fromkeys(text for text, *_ in said))
    assert [processor.decode(row, skip_special_tokens=True) for row in rows] == [
        example["text"] for example in examples
    ]
    assert set(texts) == {example["text"] for example in examples}
    assert unseen.isdisjoint(texts)
    start = "<|en|><|transcribe|><|notimestamps|>"  # the model puts in what comes before
    assert {processor.decode(row[:3]) for row in rows} == {start}
    assert {row[-1].item() for row in rows} == {processor.tokenizer.eos_token_id}
    voices, speeds, pitches = zip(*(how for _, *how in said), strict=True)
    assert set(voices) <= set(whisper.HEARD)
    assert len(set(voices)) > 30
    assert len(set(speeds)) > 20
    assert len(set(pitches)) > 20


def test_each_row_of_features_is_the_sound_of_its_label(monkeypatch):
    utterances(monkeypatch)
    monkeypatch.setattr(whisper, "disturb", lambda sound, random: sound)
    processor = AutoProcessor.from_pretrained(checkpoints.MINIATURES["openai/whisper-tiny"])
    texts = ["Tom ran.", "It was late.", "Ida had a red kite."]
    examples = [{"text": text, "labels": whisper.make_labels(text, processor)} for text in texts]
    (batch,) = whisper.batches(examples, size=3, pad_token_id=0)
    lengths = [(row > row.min()).any(0).sum().item() for row in batch["input_features"]]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == 3
    assert [(row != -100).sum().item() for row in batch["labels"]] == [
        len(example["labels"]) for example in examples
    ]


def test_what_would_not_fit_into_a_chunk_is_said_faster(monkeypatch):
    said = utterances(monkeypatch)
    text = "Ida lent Tom a red kite, and the wind blew all day long."
    sound = whisper.utter(2 * text, "en", Random(0))
    assert len(sound) <= 64_000
    assert len(said) > 1
    assert [speed for _, _, speed, _ in said] == [said[0][2] + 20 * n for n in range(len(said))]


def test_a_disturbed_sound_comes_later_louder_or_softer_faster_or_slower_and_often_with_noise():
    tone = 0.5 * np.sin(np.arange(48_000) / 20)
    seen = [whisper.disturb(tone, Random(seed)) for seed in range(60)]
    starts = [np.flatnonzero(one)[0] for one in seen]
    assert min(starts) < 1000 < 5000 < max(starts) <= 6401
    rates = [len(tone) / (len(one) - start) for one, start in zip(seen, starts, strict=True)]
    assert 0.89 < min(rates) < 0.93 < 1.07 < max(rates) < 1.11
    loudness = [np.abs(one).max() / 0.5 for one in seen]
    assert 0.1 <= min(loudness) < 0.2 < 0.8 < max(loudness) <= 2
    noisy = [
        around_the_tone(one[start:]) < 1 - 2e-6 for one, start in zip(seen, starts, strict=True)
    ]
    assert 15 < sum(noisy) < 45
    longest = whisper.disturb(np.ones(64_000, np.float32) / 2, Random(0))
    assert longest.dtype == np.float32
    assert 63_000 < len(longest) <= 64_000


def around_the_tone(sound):
    """The fraction of a sound's energy that is near its strongest frequency."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    strongest = power.argmax()
    return power[strongest - 20 : strongest + 20].sum() / power.sum()


def test_recordings_are_made_of_what_the_index_says(monkeypatch, tmp_path):
    said = utterances(monkeypatch)
    monkeypatch.setattr(spoken, "EACH", 2)
    spoken.record(tmp_path)
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)
    made = speech.recordings()
    assert [(one.text, one.voice) for one in made] == list(dict.fromkeys(how[:2] for how in said))
    assert [one.heard for one in made] == [True] * 6 + [False] * 2
    before = json.loads((Path(bundle.__file__).parent / "spoken" / "sentences.json").read_text())
    assert made[0].text == before[0]["sentences"][0]  # the same sentences as before
    for one in made:
        assert 0.25 < np.abs(one.sound).max() < 0.5  # 0.7 of what is said
        assert len(one.sound) <= 64_000


def test_batches_hold_every_example_once_and_little_padding():
    examples = [{"input_ids": [1] * length} for length in [3, 9, 4, 8, 3, 9, 4, 8]]
    batches = recipe.by_length(examples, size=2, pad_token_id=0)
    lengths = [batch["attention_mask"].sum(1).tolist() for batch in batches]
    assert sorted(lengths) == [[3, 3], [4, 4], [8, 8], [9, 9]]
    assert lengths != sorted(lengths)  # in random order


# ---- making one ----


def test_t5_s_tokenizer_has_its_special_tokens_where_t5_has_them():
    tokenizer = t5.make_tokenizer(stories.sample(300, 0))
    assert tokenizer.convert_ids_to_tokens(range(3)) == ["<pad>", "</s>", "<unk>"]
    last = range(len(tokenizer) - 1, len(tokenizer) - 101, -1)
    assert tokenizer.convert_ids_to_tokens(last) == [f"<extra_id_{i}>" for i in range(100)]
    ids = tokenizer("Tom <extra_id_0> home.").input_ids
    assert tokenizer.decode(ids) == "Tom<extra_id_0> home.</s>"
    pieces = tokenizer.get_vocab()
    assert "▁the" in pieces
    assert not [piece for piece in pieces if piece.strip("▁")[1:].endswith(".")]


@every_recipe
def test_a_miniature_is_saved_whole_and_the_same_seed_makes_the_same(
    monkeypatch, tmp_path, model_id
):
    rounds = tuple(replace(round_, steps=2) for round_ in RECIPES[model_id].rounds)
    quick = replace(RECIPES[model_id], rounds=rounds, batch_size=4)
    few = stories.sample(8, recipe.HELD_OUT_SEED)
    monkeypatch.setattr(recipe, "held_out_stories", lambda: few)
    monkeypatch.setattr(whisper, "MEASURED", 4)
    monkeypatch.setattr(recipe, "HELD_OUT", 100)  # stories told besides those to train on
    utterances(monkeypatch)
    monkeypatch.setitem(RECIPES, model_id, quick)
    command.main([model_id, "--out", str(tmp_path)])
    (folder,) = tmp_path.iterdir()
    model, tokenizer = load_from(folder)
    assert type(model) is type(load(model_id)[0])
    assert len(tokenizer) == model.config.vocab_size
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors", ".md"}

    reads = AutoProcessor.from_pretrained(folder)  # for text, the tokenizer
    again = replace(quick, tokenizer=lambda _: reads)  # training one knows no seed
    measures = recipe.make(again, tmp_path / "again")
    other = load_from(tmp_path / "again")[0].state_dict()
    assert all(torch.equal(value, other[key]) for key, value in model.state_dict().items())
    for folder in tmp_path.iterdir():
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert all(f"| {name} | {value} |" in card for name, value in measures.items())


@every_recipe
def test_the_bundled_miniature_is_small_and_its_card_tells_how_it_was_made(model_id):
    model, tokenizer = load(model_id)
    assert 500_000 <= model.num_parameters() <= 2_000_000
    words = {word for story in stories.sample(300, 0) for word in stories.units(story.text)}
    lengths = [len(tokenizer.tokenize(" " + word)) for word in words if word.isalpha()]
    assert lengths.count(1) > 100
    assert sum(length > 1 for length in lengths) > 20
    bundled = (checkpoints.MINIATURES[model_id] / "README.md").read_text(encoding="utf-8")
    lines = recipe.card(RECIPES[model_id], model, 0.0, {}).splitlines()
    assert [line for line in lines if line not in bundled and "time taken" not in line] == []
