"""Bad input to `helpers.attention`, and models that it can't answer for."""

import warnings

import torch
import transformers
from families import (
    BART_SIZE,
    GROUPED,
    LENGTH,
    SIZE,
    SPECIAL,
    SPEECH_SIZE,
    F,
    M,
    V,
    build,
    built,
    two_vocabularies,
)
from torch import nn

from helpers import masks
from helpers.attention import influence, reach, record

IDS, LONG = torch.tensor([[5, 6, 7]]), torch.arange(3, LENGTH + 3)[None]
TWO = {"input_ids": IDS, "decoder_input_ids": IDS}
FEATURES, LISTENED = torch.zeros(1, M, F), torch.ones(1, F)
SPEECH = SPEECH_SIZE | SPECIAL | {"num_mel_bins": M, "max_source_positions": F // 2}
WINDOWS = SIZE | SPECIAL | {"attention_window": 4, "max_position_embeddings": LENGTH + 2}


def gpt2(**inputs):
    return record(built("gpt2"), **{"input_ids": IDS} | inputs)


def bert(**inputs):
    return record(built("bert"), **{"input_ids": IDS} | inputs)


def t5(**inputs):
    return record(built("t5"), **{"input_ids": IDS} | inputs)


def whisper(measure=record, **inputs):
    return measure(built("whisper"), **{"input_features": FEATURES, "labels": IDS} | inputs)


def speech_to_text(**inputs):
    features = {"input_features": FEATURES.mT, "labels": IDS}
    return record(built("speech_to_text"), **features | inputs)


def of(family, head, **size):
    """A model of transformers that is not in the table of families."""
    config = getattr(transformers, f"{family}Config")(**size)
    return getattr(transformers, family + head)(config).eval()


def longformer():
    return of("Longformer", "ForMaskedLM", **WINDOWS)


def led():
    size = BART_SIZE | SPECIAL | {"attention_window": 4}
    del size["max_position_embeddings"]
    return of("LED", "ForConditionalGeneration", **size)


def fsmt():
    vocabularies = {"langs": ["en", "de"], "src_vocab_size": V, "tgt_vocab_size": V}
    return of("FSMT", "ForConditionalGeneration", **BART_SIZE | SPECIAL | vocabularies)


def big_bird():
    blocks = {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}
    return of("BigBird", "ForMaskedLM", **SIZE | blocks)


def lfm2():
    layers = {"layer_types": ["conv", "full_attention"]}
    return of("Lfm2", "ForCausalLM", **GROUPED | SPECIAL | layers)


def funnel():
    size = {"vocab_size": V, "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 32}
    return transformers.FunnelBaseModel(transformers.FunnelConfig(**size, block_sizes=[1, 1]))


def recurrent(family):
    size = {"vocab_size": V, "hidden_size": 32, "num_hidden_layers": 2}
    return of(family, "ForCausalLM", **size | SPECIAL)


def multimodal():
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    return of(
        "PaliGemma",
        "ForConditionalGeneration",
        vision_config=vision | {"num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        text_config={"model_type": "gemma"} | GROUPED | {"head_dim": 8},
        projection_dim=32,
    )


def quantized():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao is deprecated
        return torch.ao.quantization.quantize_dynamic(build("bert"), {nn.Linear})


def half_deaf():
    model = build("gpt2")
    model.transformer.h[1].attn.forward = lambda states, **_: (states, None)
    return model


def infinite():
    model = build("gpt2")
    model.transformer.h[0].mlp.c_fc.bias.data.fill_(float("inf"))
    return model


def steep():
    size = {"num_hidden_layers": 1, "num_attention_heads": 1}
    return build("gpt2", **size, initializer_range=10.0)


def short(name):
    return build(name, max_position_embeddings=8)


REFUSED = [
    # what is no text model of transformers
    (lambda: record(nn.Linear(2, 2)), TypeError, r"PEFT, model.get_base_model\(\), got Linear"),
    (lambda: influence(nn.Linear(2, 2)), TypeError, "model must be a transformers model.*Linear"),
    (lambda: record(of("ViT", "Model", **SIZE)), ValueError, "ViTModel reads pixel_values"),
    (lambda: record(multimodal(), input_ids=IDS), ValueError, "is multimodal"),
    # inputs that are no texts
    (lambda: record(built("gpt2")), ValueError, r"got nothing: pass \*\*tokenizer"),
    (lambda: record(built("gpt2"), text="Tom"), ValueError, r"input_ids, got \['text'\]"),
    (lambda: gpt2(input_ids=[[5, 6]]), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: gpt2(input_ids=IDS.float()), TypeError, "got a tensor of torch.float32"),
    (lambda: gpt2(input_ids=IDS[0]), ValueError, r"got \(3,\).*input_ids\[None\]"),
    (lambda: gpt2(input_ids=IDS[:, :0]), ValueError, "must hold at least one token"),
    (lambda: gpt2(input_ids=IDS + V), ValueError, "from 0 to 98, got 104 to 106: do tokenizer"),
    (lambda: gpt2(input_ids=-IDS), ValueError, "from 0 to 98, got -7 to -5"),
    (lambda: gpt2(input_ids=IDS.to("meta")), ValueError, "model's device, cpu, got meta"),
    (lambda: gpt2(past_key_values=()), ValueError, "whole texts, got past_key_values"),
    (lambda: gpt2(decoder_input_ids=IDS), ValueError, "one stack of layers.*an AutoModelForSeq2"),
    (lambda: t5(), ValueError, "must hold decoder_input_ids or labels, because T5For"),
    (lambda: t5(labels=[[5]]), TypeError, "labels must be a tensor.*got list"),
    (lambda: t5(decoder_input_ids=IDS[0]), ValueError, "decoder_input_ids must have shape"),
    (
        lambda: record(two_vocabularies(32), **TWO | {"input_ids": IDS + 45}),
        ValueError,
        "^input_ids must be from 0 to 49",
    ),
    (
        lambda: record(two_vocabularies(32), **TWO | {"decoder_input_ids": IDS + 95}),
        ValueError,
        "^decoder_input_ids must be from 0 to 98",
    ),
    # a text where a sound is heard, a sound where a text is read, and sounds that are none
    (lambda: record(built("whisper"), **TWO), ValueError, "input_ids, but Whisper.* hears sound"),
    (lambda: record(built("whisper"), labels=IDS), ValueError, r"features, got \['labels'\]: pass"),
    (
        lambda: record(built("t5"), input_features=FEATURES, labels=IDS),
        ValueError,
        r"input_features, but T5.* reads text: pass \*\*tokenizer",
    ),
    (lambda: bert(input_features=FEATURES), ValueError, "input_features, but Bert.* reads text"),
    (lambda: whisper(labels=None), ValueError, "decoder_input_ids or labels.* a sound and a text"),
    (lambda: whisper(labels=[[5]]), TypeError, "labels must be a tensor.*got list"),
    (
        lambda: whisper(labels=None, decoder_input_ids=IDS + V),
        ValueError,
        "^decoder_input_ids must be from 0 to 98",
    ),
    (lambda: whisper(decoder_input_ids=LONG.repeat(1, 2) % V), ValueError, "s': 64.* 32 positions"),
    (lambda: whisper(input_features=FEATURES.tolist()), TypeError, "input_features .* got list"),
    (
        lambda: whisper(input_features=FEATURES.long()),
        TypeError,
        "got a tensor of torch.int64: pas",
    ),
    (
        lambda: whisper(input_features=torch.zeros(1, 64_000)),
        ValueError,
        r"\(B, M, F\), got \(1, 64000\): of a waveform, pass \*\*feature_extractor",
    ),
    (
        lambda: whisper(input_features=FEATURES[0]),
        ValueError,
        r"batch axis, input_features\[None\]",
    ),
    (
        lambda: whisper(influence, input_features=FEATURES.mT),
        ValueError,
        r"\(B, M, F\) with 5 mel bins and 24 frames, got \(1, 24, 5\)",
    ),
    (
        lambda: whisper(input_features=FEATURES[..., 1:]),
        ValueError,
        "24 frames, got .1, 5, 23.: do",
    ),
    (
        lambda: speech_to_text(input_features=FEATURES),
        ValueError,
        r"\(B, F, M\) with 5 mel bins, got \(1, 5, 24\)",
    ),
    (lambda: whisper(input_features=FEATURES / 0), ValueError, "input_features must be finite"),
    (
        lambda: whisper(input_features=FEATURES.half()),
        ValueError,
        "as the model is, got torch.floa",
    ),
    (lambda: whisper(input_features=FEATURES.to("meta")), ValueError, "on cpu, .* on meta: use"),
    (
        lambda: whisper(attention_mask=IDS),
        ValueError,
        r"frames of its sounds, \(1, 24\), got \(1, 3",
    ),
    (lambda: whisper(attention_mask=LISTENED[None]), ValueError, r"attention_mask .*\(B, F\), got"),
    (
        lambda: speech_to_text(attention_mask=LISTENED / 2),
        ValueError,
        "must hold 1 for sound and t",
    ),
    (
        lambda: speech_to_text(attention_mask=LISTENED * 0),
        ValueError,
        "_mask of frames must hold 1",
    ),
    (
        lambda: speech_to_text(attention_mask=(torch.arange(F) != 9)[None]),
        ValueError,
        "to the end, 0 for padding: pass what the feature extractor made",
    ),
    (
        lambda: record(of("Whisper", "ForAudioClassification", **SPEECH), input_features=FEATURES),
        ValueError,
        "ForAudioClassification has no decoder: load it with AutoModelForSpeechSeq2Seq",
    ),
    (
        lambda: whisper(influence, only="query"),
        ValueError,
        "only must be 'encoder' or 'decoder' or",
    ),
    # masks that would be misread
    (lambda: gpt2(attention_mask=[[1]]), TypeError, "attention_mask must be a tensor"),
    (lambda: gpt2(attention_mask=masks.causal(3)[None]), ValueError, "add the head axis"),
    (lambda: bert(attention_mask=IDS[:, :2]), ValueError, r"its ids, \(1, 3\), got \(1, 2\)"),
    (
        lambda: gpt2(attention_mask=torch.tensor([[0.0, 0.0, -1e9]])),
        ValueError,
        "must hold 1 for a token and 0 for padding, got -1e",
    ),
    (
        lambda: bert(attention_mask=torch.full((1, 1, 3, 3), -2000.0)),
        ValueError,
        "-200., which is neither clearly visible nor",
    ),
    # texts longer than the positions
    (lambda: gpt2(input_ids=IDS.repeat(1, 11)), ValueError, "'input_ids': 33}.*32 positions"),
    (lambda: record(short("bert"), input_ids=LONG), ValueError, "can't read .*8 positions"),
    (
        lambda: influence(short("roberta"), input_ids=LONG[:, :8]),  # its positions begin at 1
        ValueError,
        "Roberta.* can't read .*8 positions",
    ),
    # record, where it can't hear every layer or can't show what it hears
    (lambda: record(recurrent("Mamba"), input_ids=IDS), ValueError, "Mamba.* has none"),
    (
        lambda: record(of("FNet", "ForMaskedLM", **SIZE | SPECIAL), input_ids=IDS),
        ValueError,
        "FNet.* has none",
    ),
    (
        lambda: record(half_deaf(), input_ids=IDS),
        ValueError,
        "{'decoder': 2} attention layers, but {'decoder': 1} were heard",
    ),
    (lambda: record(big_bird(), input_ids=LONG), ValueError, "'encoder': 2}.*{'encoder': 8}"),
    (lambda: record(lfm2(), input_ids=IDS), ValueError, "'decoder': 2}.*{'decoder': 1}"),
    (lambda: record(longformer(), input_ids=LONG[:, :6]), ValueError, "in windows, in blocks"),
    (lambda: record(led(), **TWO), ValueError, "LED.* in windows"),
    (lambda: record(infinite(), input_ids=IDS), ValueError, "not a number"),
    # influence, where a zero would prove nothing
    (lambda: influence(infinite(), input_ids=IDS), ValueError, "not a number"),
    (lambda: influence(steep(), input_ids=LONG), ValueError, "weight is .* rounded to zero"),
    (lambda: influence(quantized(), input_ids=IDS), ValueError, "is quantized"),
    (lambda: influence(longformer(), input_ids=LONG[:, :6]), ValueError, "it pads inside"),
    (lambda: influence(funnel(), input_ids=LONG), ValueError, "or reads in another way"),
    (lambda: influence(led(), **TWO), ValueError, "it pads inside"),
    (
        lambda: influence(recurrent("Rwkv"), input_ids=IDS),
        ValueError,
        r"Rwkv.* can't be followed backwards \(.*inplace",
    ),
    (lambda: record(fsmt(), **TWO), ValueError, "FSMTEncoder inside that is no model of its own"),
    (lambda: reach([]), ValueError, "records are empty: pass what attention.record returned"),
    (
        lambda: reach([IDS]),
        TypeError,
        "each record must be what attention.record returned, got a t",
    ),
]
