"""Tiny random models of many families: one table for all the tests that hold for every family."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

import torch
import transformers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSpeechSeq2Seq,
)

V = 99  # vocabulary
LENGTH = 32  # positions
T, S = 7, 9  # tokens of a (decoder's) text, tokens of an encoder's text
M, F = 5, 24  # mel bins and frames of a sound
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}

BODY = {"vocab_size": V, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SIZE = BODY | {"intermediate_size": 32, "max_position_embeddings": LENGTH}
GROUPED = SIZE | {"num_key_value_heads": 2}
DEBERTA_SIZE = SIZE | {
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "max_relative_positions": 8,
}
T5_SIZE = BODY | {"d_kv": 8, "d_ff": 32, "num_decoder_layers": 3, "decoder_start_token_id": 0}
BART_SIZE = BODY | {
    "decoder_layers": 3,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": LENGTH,
    "decoder_start_token_id": 2,
}
SPEECH_SIZE = BART_SIZE | {"encoder_layers": 2, "encoder_attention_heads": 4}
SPEECH_SIZE["max_target_positions"] = SPEECH_SIZE.pop("max_position_embeddings")


@dataclass(frozen=True)
class Family:
    """One family: how to build a tiny model of it, and what its attention is like.

    window   layer → how many tokens back a query sees, itself included, or None for all; in an
             encoder: how many to either side
    sdpa     it can do without the eager function
    rows     "blind" where rows of padding see nothing, "self" where they see themselves as well
    open     built as a decoder, it hides nothing unless it is told to
    shifts   as a causal model, it moves the labels itself; Whisper's decoder and XLNet leave that
             to whoever calls them
    hears    for sound: from one position to the next so many frames, and each hears so many to
             either side of its own
    masks    it hides the padding of a sound
    """

    auto: type
    config: str
    size: dict = field(repr=False)
    window: Callable[[int], int | None] = lambda layer: None
    sdpa: bool = True
    rows: str = ""
    open: bool = False
    shifts: bool = True
    hears: tuple[int, int] | None = None
    masks: bool = True

    @property
    def kinds(self) -> set[str]:
        return {
            AutoModelForCausalLM: {"decoder"},
            AutoModelForMaskedLM: {"encoder"},
            AutoModelForSeq2SeqLM: {"encoder", "cross", "decoder"},
            AutoModelForSpeechSeq2Seq: {"encoder", "cross", "decoder"},
        }[self.auto]


_causal = partial(Family, AutoModelForCausalLM)
_masked = partial(Family, AutoModelForMaskedLM)
_seq2seq = partial(Family, AutoModelForSeq2SeqLM)
_speech = partial(Family, AutoModelForSpeechSeq2Seq)
FAMILIES = {
    "gpt2": _causal("GPT2Config", SIZE),
    "gpt_neo": _causal(
        "GPTNeoConfig",
        SIZE | {"attention_types": [[["global", "local"], 1]], "window_size": 3},
        window=lambda layer: 3 if layer % 2 else None,
        sdpa=False,
    ),
    "gptj": _causal("GPTJConfig", SIZE | {"rotary_dim": 4}, sdpa=False),
    "mpt": _causal("MptConfig", BODY | {"max_seq_len": LENGTH}, sdpa=False),
    "ctrl": _causal("CTRLConfig", SIZE | {"dff": 32}),
    "gpt_neox": _causal("GPTNeoXConfig", SIZE),
    "opt": _causal("OPTConfig", SIZE | {"ffn_dim": 32, "word_embed_proj_dim": 32}),
    "bloom": _causal("BloomConfig", BODY, sdpa=False),
    "llama": _causal("LlamaConfig", GROUPED),
    "mistral": _causal("MistralConfig", GROUPED | {"sliding_window": 3}, window=lambda layer: 3),
    "qwen2": _causal("Qwen2Config", GROUPED),
    "qwen3": _causal("Qwen3Config", GROUPED | {"head_dim": 8}),
    "gemma2": _causal(
        "Gemma2Config",
        GROUPED | {"head_dim": 8, "sliding_window": 3},
        window=lambda layer: None if layer % 2 else 3,
        sdpa=False,
    ),
    "phi": _causal("PhiConfig", SIZE),
    "falcon": _causal("FalconConfig", SIZE),
    "mixtral": _causal("MixtralConfig", GROUPED | {"num_local_experts": 4}),
    "xglm": _causal("XGLMConfig", SIZE | {"ffn_dim": 32}, sdpa=False),
    "bert": _masked("BertConfig", SIZE),
    "roberta": _masked("RobertaConfig", SIZE | {"max_position_embeddings": LENGTH + 1}),  # from 1
    "distilbert": _masked("DistilBertConfig", SIZE | {"hidden_dim": 32}),
    "albert": _masked("AlbertConfig", SIZE | {"embedding_size": 16, "inner_group_num": 2}),
    "electra": _masked("ElectraConfig", SIZE | {"embedding_size": 16}),
    "modernbert": _masked(
        "ModernBertConfig",
        SIZE | {"local_attention": 4, "global_attn_every_n_layers": 2}
        | {"cls_token_id": 1, "sep_token_id": 2},
        window=lambda layer: 2 if layer % 2 else None,
    ),
    "deberta-v2": _masked("DebertaV2Config", DEBERTA_SIZE, sdpa=False, rows="blind"),
    "deberta": _masked("DebertaConfig", DEBERTA_SIZE, sdpa=False, rows="blind"),
    "mpnet": _masked("MPNetConfig", SIZE, sdpa=False),
    "xlnet": _causal(
        "XLNetConfig",
        BODY | {"d_head": 8, "d_inner": 32},
        sdpa=False,
        rows="self",
        open=True,
        shifts=False,
    ),
    "t5": _seq2seq("T5Config", T5_SIZE),
    "mt5": _seq2seq("MT5Config", T5_SIZE),
    "bart": _seq2seq("BartConfig", BART_SIZE),
    "mbart": _seq2seq("MBartConfig", BART_SIZE),
    "marian": _seq2seq("MarianConfig", BART_SIZE),
    "pegasus": _seq2seq("PegasusConfig", BART_SIZE),
    "whisper's decoder": _causal(
        "WhisperConfig", BART_SIZE | {"max_target_positions": LENGTH}, shifts=False
    ),
    "whisper": _speech(
        "WhisperConfig",
        SPEECH_SIZE | {"num_mel_bins": M, "max_source_positions": F // 2},
        hears=(2, 2),  # convolutions of 3 and 3 frames, steps of 1 and 2
        masks=False,  # whatever the attention mask says: transformers #19864
    ),
    "speech_to_text": _speech(
        "Speech2TextConfig",
        SPEECH_SIZE | {"input_feat_per_channel": M, "conv_channels": 16},
        sdpa=False,
        hears=(4, 6),  # of 5 and 5 frames, steps of 2 and 2
    ),
}  # fmt: skip
HEARD = [  # (family, attention implementation)
    (name, implementation)
    for name, family in FAMILIES.items()
    for implementation in ("sdpa", "eager")
    if family.sdpa or implementation == "eager"
]


def build(name, implementation=None, **changes):
    """A tiny random model of this family, always the same."""
    family = FAMILIES[name]
    torch.manual_seed(0)
    settings = family.size | SPECIAL | changes | {"attn_implementation": implementation}
    return family.auto.from_config(getattr(transformers, family.config)(**settings)).eval()


@cache
def built(name, implementation=None):
    """The same, made once for all tests that leave it as it is."""
    return build(name, implementation)


def two_vocabularies(width):
    """An encoder that knows 50 tokens, and a decoder of this width that knows V."""
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(
        transformers.BertConfig(**SIZE | SPECIAL | {"vocab_size": 50}),
        transformers.GPT2Config(**SIZE | SPECIAL | {"hidden_size": width}),
    )
    return transformers.EncoderDecoderModel(config=config).eval()


def texts(model, padding=None, batch=2):
    """Random texts, the second one padded: the inputs, and each kind's real queries and keys."""
    generator = torch.Generator().manual_seed(1)

    def text(length, pads):
        ids = torch.randint(3, V, (batch, length), generator=generator)
        mask = torch.ones_like(ids)
        if padding:
            mask[1, slice(length - pads, None) if padding == "right" else slice(pads)] = 0
        return ids.masked_fill(mask == 0, 0), mask

    if not model.config.is_encoder_decoder:
        ids, mask = text(T, 2)
        inputs = {"input_ids": ids} | ({"attention_mask": mask} if padding else {})
        return inputs, {kind: (mask.bool(), mask) for kind in ("decoder", "encoder")}
    (ids, mask), (decoder_ids, decoder_mask) = text(S, 3), text(T, 2)
    inputs = {"input_ids": ids, "decoder_input_ids": decoder_ids}
    positions = mask
    if model.main_input_name == "input_features":
        features, mask, positions = sounds(FAMILIES[model.config.model_type], padding, batch)
        inputs = {"input_features": features, "decoder_input_ids": decoder_ids}
    if padding:
        inputs |= {"attention_mask": mask, "decoder_attention_mask": decoder_mask}
    return inputs, {
        "encoder": (positions.bool(), positions),
        "decoder": (decoder_mask.bool(), decoder_mask),
        "cross": (decoder_mask.bool(), positions),
    }


def sounds(family, padding, batch):
    """Random features, the second sound 14 frames long and then silent: masks of frames, positions.

    Feature extractors pad at the end, whatever is asked of the tokenizer.
    """
    features = torch.randn(batch, M, F, generator=torch.Generator().manual_seed(2))
    mask = torch.ones(batch, F, dtype=torch.long)
    if padding:
        mask[1, 14:] = 0
        features[1, :, 14:] = -1.5  # as silence is
    step, _ = family.hears
    heard = mask if family.masks else torch.ones_like(mask)
    features = features if family.config == "WhisperConfig" else features.mT
    return features, mask, heard[:, ::step]


def near(family, positions):
    """Which frames each position hears by the convolutions alone: (K, F)."""
    step, around = family.hears
    return (torch.arange(F) - step * torch.arange(positions)[:, None]).abs() <= around
