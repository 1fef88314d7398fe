"""The miniature of Whisper: an encoder–decoder that hears a sentence of a story and writes it.

No sound is stored: a second thread speaks the sentences of the next batches while the model learns
from this one, and every utterance is heard once. eSpeak NG says no sentence twice in quite the same
way, so the same seed makes another miniature each time, about as good. Two runs of this recipe were
measured on 500 new sentences: 1.5 and 1.6 % of the words wrong in voices heard in training; in the
three never heard 8.9, 9.6, 3.2 % (the bundled one) and 9.0, 11.4, 4.4 %. The second had two cores
almost to itself, and took 12.7 minutes.

Source: Radford et al. 2022 (Whisper). Hiding parts of the sound (SpecAugment, Park et al. 2019) was
tried once, together with 110 voices and more stretching: after as many steps, 25 % of the words
were wrong in voices heard in training.
"""

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from helpers import speech, training
from helpers.making.recipe import (
    HELD_OUT,
    TOKENIZER_STORIES,
    TRAINING_SEED,
    Batch,
    Example,
    Recipe,
    Round,
    held_out_stories,
    trained,
    training_stories,
)
from helpers.objectives import IGNORE_INDEX
from helpers.speech import CHUNK, SAMPLING_RATE
from helpers.stories import Story, sentences

# Five accents, each in eSpeak NG's own voice and by eight men and five women.
ACCENTS = ("en-us", "en", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
SPEAKERS = ("", *(f"+m{n}" for n in range(1, 9)), *(f"+f{n}" for n in range(1, 6)))
HEARD = tuple(accent + speaker for accent in ACCENTS for speaker in SPEAKERS)
# Other accents: of the Caribbean, of New York, and Received Pronunciation.
NEVER_HEARD = ("en-029", "en-us-nyc+m3", "en-gb-x-rp+f2")
MEASURED = 500  # sentences
MOST_SILENCE = 6400  # samples before an utterance: 0.4 s
AHEAD = 8  # batches that the second thread may be ahead

SPECIAL = ["<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>"]
SPECIAL += ["<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]


# ---- what is said ----


def held_out_sentences(stories: list[Story]) -> list[str]:
    """The sentences that the stories hold once, in random order: none is spoken in training.

    What is said more often, such as "Nothing bad happened.", must be learned.
    """
    counts = Counter(sentence for story in stories for sentence in sentences(story.text))
    found = [sentence for sentence, count in counts.items() if count == 1]
    return Random(TRAINING_SEED).sample(found, len(found))


def make_examples(stories: list[Story], processor: WhisperProcessor) -> list[Example]:
    """One sentence of every story, and the labels: what the decoder is to write.

    Of every other story it is one that was not said before, where there is such: so that the
    decoder must listen, and knows fewer sentences by heart.
    """
    random, unspoken = Random(TRAINING_SEED), set(held_out_sentences(held_out_stories()))
    examples, said = [], set()
    for index, story in enumerate(stories):
        texts = [text for text in sentences(story.text) if text not in unspoken]
        if index % 2:
            texts = [text for text in texts if text not in said] or texts
        if texts:
            text = random.choice(texts)
            said.add(text)
            examples.append({"text": text, "labels": make_labels(text, processor)})
    return examples


def make_labels(text: str, processor: WhisperProcessor) -> list[int]:
    """A prompt of special tokens (language, task, no times), the text, and its end.

    What comes before, `<|startoftranscript|>`, the library puts in when it shifts the labels to the
    right, as in T5. So it must not be among them.
    """
    return processor.tokenizer(text).input_ids[1:]


# ---- how it sounds ----


def utter(text: str, voice: str, random: Random) -> np.ndarray:
    """The text in this voice, at some speed and pitch; faster, if it would not fit into a chunk."""
    speed, pitch = random.randint(150, 230), random.randint(25, 75)
    sound = speech.say(text, voice, speed, pitch)
    while len(sound) > CHUNK * SAMPLING_RATE:
        speed += 20
        sound = speech.say(text, voice, speed, pitch)
    return sound


def disturb(sound: np.ndarray, random: Random) -> np.ndarray:
    """A little faster or slower, as a tape is; louder or softer; later; every other one noisy."""
    most = CHUNK * SAMPLING_RATE
    rate = max(random.uniform(0.9, 1.1), len(sound) / most)
    sound = np.interp(np.arange(0, len(sound), rate)[:most], np.arange(len(sound)), sound)
    if random.random() < 0.5:
        generator = np.random.default_rng(random.getrandbits(32))
        hiss = generator.standard_normal(len(sound), dtype=np.float32)
        sound = sound + hiss * sound.std() * 10 ** random.uniform(-2.5, -0.75)
    later = random.randint(0, min(MOST_SILENCE, most - len(sound)))
    sound = np.clip(sound * 10 ** random.uniform(-1, 0), -1, 1)
    return np.pad(sound, (later, 0)).astype(np.float32)


def batches(examples: list[Example], *, size: int, pad_token_id: int) -> Iterator[Batch]:
    """Batches of `input_features` (B, M, F) and `labels` (B, T), spoken by a second thread."""
    parts = [examples[start : start + size] for start in range(0, len(examples), size)]
    with ThreadPoolExecutor(1) as speaker:
        waiting = deque(speaker.submit(speak, *job) for job in enumerate(parts[:AHEAD]))
        for number in range(len(parts)):
            batch = waiting.popleft().result()
            if number + AHEAD < len(parts):
                waiting.append(speaker.submit(speak, number + AHEAD, parts[number + AHEAD]))
            yield batch


def speak(number: int, examples: list[Example]) -> Batch:
    """One batch, each sentence in a voice of its own."""
    random = Random(f"{TRAINING_SEED} {number}")
    sounds = [disturb(utter(one["text"], random.choice(HEARD), random), random) for one in examples]
    rows = [torch.tensor(one["labels"]) for one in examples]
    labels = pad_sequence(rows, batch_first=True, padding_value=IGNORE_INDEX)  # (B, T)
    read = EXTRACTOR(sounds, sampling_rate=SAMPLING_RATE, return_tensors="pt")
    return {"input_features": read["input_features"], "labels": labels}


# ---- processor and model ----

# Frames of 20 ms instead of 10: half the work, and 200 of them are a chunk. The encoder's second
# convolution halves them once more, to 100 positions.
EXTRACTOR = WhisperFeatureExtractor(feature_size=80, chunk_length=CHUNK, hop_length=320)
POSITIONS = 64  # of the decoder: twice the longest sentence


def make_processor(stories: list[Story]) -> WhisperProcessor:
    """Byte-level BPE, small enough that some words fall into pieces; special tokens stand last."""
    untrained = WhisperTokenizer(vocab={"<|endoftext|>": 0}, merges=[])
    tokenizer = trained(untrained, (story.text for story in stories), vocab_size=800)
    tokenizer.add_tokens(SPECIAL, special_tokens=True)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.model_max_length = POSITIONS
    tokenizer.set_prefix_tokens(language="english", task="transcribe")
    return WhisperProcessor(EXTRACTOR, tokenizer)


def make_model(processor: WhisperProcessor) -> WhisperForConditionalGeneration:
    tokenizer = processor.tokenizer
    end = tokenizer.eos_token_id
    start, english, translate, transcribe, _, _, no_times = tokenizer.convert_tokens_to_ids(SPECIAL)
    ids = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    ids["decoder_start_token_id"] = start
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=96,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=384,
        decoder_ffn_dim=384,
        max_source_positions=EXTRACTOR.nb_max_frames // 2,
        max_target_positions=POSITIONS,
        init_std=0.08,  # as in GPT-2's miniature
        begin_suppress_tokens=None,
        # Every utterance is new, so there is nothing to overfit.
        dropout=0.0,
        **ids,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        max_length=POSITIONS,
        is_multilingual=True,
        language="en",
        task="transcribe",
        lang_to_id={"<|en|>": english},
        task_to_id={"translate": translate, "transcribe": transcribe},
        no_timestamps_token_id=no_times,
        **ids,
    )
    return model


def losses(steps: int = 2000) -> dict[str, list[float]]:
    """The losses, in nats a token, of a short training with the sound and of one without it.

    Without it a model can only learn how the sentences go; what the other one gains, it hears.
    """
    stories = training_stories(steps * RECIPE.batch_size + HELD_OUT)
    processor = make_processor(stories[:TOKENIZER_STORIES])
    examples = make_examples(stories, processor)
    size, rate = RECIPE.batch_size, RECIPE.rounds[0].learning_rate
    silence = EXTRACTOR([np.zeros(1)] * size, sampling_rate=SAMPLING_RATE, return_tensors="pt")
    found = {}
    for name, instead in [("with the sound", {}), ("turned off", silence)]:
        training.seed(TRAINING_SEED)
        model = make_model(processor)
        spoken = batches(examples, size=size, pad_token_id=0)
        read = ({**batch, **instead} for batch in spoken)
        found[name] = training.fit(model, read, steps=steps, learning_rate=rate, title=name)
    return found


# ---- the card ----


def measures(
    model: WhisperForConditionalGeneration, processor: WhisperProcessor, stories: list[Story]
) -> dict[str, str]:
    texts = held_out_sentences(stories)[:MEASURED]

    def rate(voices: tuple[str, ...]) -> str:
        random = Random(0)
        sounds = [utter(text, random.choice(voices), random) for text in texts]
        heard = speech.transcribe(model, processor, sounds)
        return f"{speech.word_error_rate(heard, texts):.1%}"

    (guess,) = speech.transcribe(model, processor, [np.zeros(SAMPLING_RATE, np.float32)])
    silence = speech.word_error_rate([guess] * len(texts), texts)
    return {
        "held-out sentences, never spoken in training": str(len(texts)),
        f"word error rate, {len(HEARD)} voices heard in training": rate(HEARD),
        **{
            f"word error rate, a voice never heard, `{voice}`": rate((voice,))
            for voice in NEVER_HEARD
        },
        "word error rate of the same decoder in silence": f"{silence:.1%}",
    }


RECIPE = Recipe(
    stands_for="openai/whisper-tiny",
    data=f"one sentence of each story, spoken by eSpeak NG in one of {len(HEARD)} voices, with "
    "other speed, pitch, loudness and noise each time",
    tokenizer=make_processor,
    model=make_model,
    rounds=(Round(make_examples, steps=8000, learning_rate=2e-3),),
    measure=measures,
    batch_size=16,
    batches=batches,
)
