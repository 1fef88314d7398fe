"""The table of models, and which weights a model id stands for: bundled, or from the Hub.

Adding a model is one row here and one recipe in helpers.making.
"""

import os
from pathlib import Path
from typing import NamedTuple

from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSpeechSeq2Seq,
    PreTrainedConfig,
)

from helpers import checks

SWITCH = "NOTEBOOK_WEIGHTS"
ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parents[1] / "miniatures"


class Model(NamedTuple):
    """A model that a notebook teaches; the Hub knows some by two ids, the short one first."""

    ids: tuple[str, ...]
    architecture: str  # "decoder", "encoder" or "encoder-decoder"
    auto_class: type
    notebook: str
    reads: str = "text"  # or "sound"

    @property
    def miniature(self) -> Path:
        """Its folder, named after the model."""
        return FOLDER / Path(self.ids[0]).name

    def loads(self, config: PreTrainedConfig) -> bool:
        """Whether its Auto class has a model for this config."""
        return type(config) in self.auto_class._model_mapping


MODELS = [
    Model(("gpt2", "openai-community/gpt2"), "decoder", AutoModelForCausalLM, "1_causal_lm.ipynb"),
    Model(
        ("bert-base-uncased", "google-bert/bert-base-uncased"),
        "encoder",
        AutoModelForMaskedLM,
        "2_masked_lm.ipynb",
    ),
    Model(
        ("google/flan-t5-small",), "encoder-decoder", AutoModelForSeq2SeqLM, "3_seq2seq_lm.ipynb"
    ),
    Model(
        ("openai/whisper-tiny",),
        "encoder-decoder",
        AutoModelForSpeechSeq2Seq,
        "3_seq2seq_lm.ipynb",
        reads="sound",
    ),
]
MINIATURES = {name: model.miniature for model in MODELS for name in model.ids}


def closest(config: PreTrainedConfig) -> Model:
    """Of the models of the config's architecture, the one whose Auto class loads it; or the first.

    >>> from transformers import BartConfig, Speech2TextConfig
    >>> [closest(config()).ids[0] for config in (BartConfig, Speech2TextConfig)]
    ['google/flan-t5-small', 'openai/whisper-tiny']
    """
    models = [model for model in MODELS if model.architecture == architecture(config)]
    return next((model for model in models if model.loads(config)), models[0])


def resolve(model_id: str) -> str:
    """What to hand to `from_pretrained`: the path of a bundled miniature, or the id itself.

    The environment variable `NOTEBOOK_WEIGHTS` decides, each time anew: `bundled` (or nothing)
    gives the path of the miniature that stands in for `model_id`, `hub` gives the id. A model
    that has no miniature is always its id. The path is relative wherever that is short, that is,
    anywhere inside this repository: no notebook then shows the folders of the machine it ran on.

    Raises TypeError if `model_id` is not a string, ValueError if it is empty or `NOTEBOOK_WEIGHTS`
    has another value, and FileNotFoundError if the miniature has not been made yet.

    >>> resolve("distilbert/distilgpt2")
    'distilbert/distilgpt2'
    """
    checks.instance("model_id", model_id, str, "a string such as 'gpt2'")
    checks.need(model_id.strip(), f"model_id is empty ({model_id!r}); give one such as 'gpt2'")
    choice = os.environ.get(SWITCH) or "bundled"
    checks.choice(SWITCH, choice, ["bundled", "hub"])
    model = next((model for model in MODELS if model_id in model.ids), None)
    if choice == "hub" or model is None:
        return model_id
    if not (model.miniature / "config.json").is_file():
        raise FileNotFoundError(
            f"the miniature of {model_id} is missing from {model.miniature}; make it with "
            f"`python -m helpers.making {model.ids[0]}`, or set {SWITCH}=hub"
        )
    here = Path.cwd()
    inside = here.is_relative_to(ROOT)
    return os.path.relpath(model.miniature, here) if inside else str(model.miniature)


def architecture(config: PreTrainedConfig) -> str:
    """ "decoder", "encoder" or "encoder-decoder": what a model of this config is built to be.

    >>> from transformers import BertConfig, GPT2Config, T5Config
    >>> [architecture(config) for config in (GPT2Config(), BertConfig(), T5Config())]
    ['decoder', 'encoder', 'encoder-decoder']
    >>> architecture(BertConfig(is_decoder=True))
    'decoder'
    """
    if config.is_encoder_decoder:
        return "encoder-decoder"
    family = type(config)
    causal_only = (
        family in MODEL_FOR_CAUSAL_LM_MAPPING and family not in MODEL_FOR_MASKED_LM_MAPPING
    )
    return "decoder" if causal_only or getattr(config, "is_decoder", False) else "encoder"


def reads(config: PreTrainedConfig) -> str:
    """ "sound" or "text": what a model of this config is made to read.

    >>> from transformers import T5Config, WhisperConfig
    >>> [reads(config) for config in (T5Config(), WhisperConfig())]
    ['text', 'sound']
    """
    return "sound" if type(config) in MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING else "text"
