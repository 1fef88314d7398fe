"""Where families of models differ: which stacks of layers they have, how many, in which order.

And of those that hear, how they read a log-mel spectrogram: B sounds, M mel bins, F frames.
"""

import math

from torch import Tensor, nn
from transformers import PreTrainedModel

from helpers import checkpoints, checks

ASKING = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}  # kind → whose queries
TOKENS_FIRST = {"xlnet"}  # families whose embeddings are (T, B, E)
SOUND = {"whisper": "B M F", "speech_to_text": "B F M"}  # those that hear, and their features' axes
WHOLE_CHUNKS = {"whisper"}  # these read one number of frames only, and hide no padding among them


def stacks(model: PreTrainedModel) -> dict[str, nn.Module]:
    """The model's stacks of layers by kind, in order of execution; each gives its states first."""
    if model.config.is_encoder_decoder:
        both = {"encoder": model.get_encoder(), "decoder": model.get_decoder()}
        for stack in both.values():
            checks.need(
                isinstance(stack, PreTrainedModel),
                f"model {type(model).__name__} has a {type(stack).__name__} inside that is no "
                "model of its own, so that it can't be followed. Use another family",
            )
        return {kind: stack.base_model for kind, stack in both.items()}
    if checkpoints.architecture(model.config) == "decoder":
        decoder = model.get_decoder()  # in ModernBERT's decoder, this name is the head's
        return {"decoder": getattr(decoder, "base_model", model.base_model)}
    return {"encoder": model.base_model}


def depth(stacks: dict[str, nn.Module], kind: str) -> int:
    """How many attention layers of this kind there are."""
    config = stacks[ASKING[kind]].config
    layers = getattr(config, f"{ASKING[kind]}_layers", None)  # BART's; others: num_hidden_layers
    return layers or config.num_hidden_layers * getattr(config, "inner_group_num", 1)


def heads(stacks: dict[str, nn.Module], kind: str) -> int:
    """How many heads each of these has."""
    config = stacks[ASKING[kind]].config
    return getattr(config, f"{ASKING[kind]}_attention_heads", None) or config.num_attention_heads


def hears(model: PreTrainedModel) -> bool:
    """Whether it reads a sound, and no text, to begin with."""
    return model.main_input_name == "input_features" and model.config.model_type in SOUND


def frames_first(model: PreTrainedModel, features: Tensor) -> Tensor:
    """Features as (B, F, M), or from there back to the model's own axes: one step does both."""
    return features.mT if SOUND[model.config.model_type] == "B M F" else features


def convolutions(model: PreTrainedModel) -> tuple[int, int]:
    """Of the convolutions that an encoder of sound begins with: mel bins, frames for a position."""
    layers = [m for m in model.get_encoder().modules() if isinstance(m, nn.Conv1d)]
    return layers[0].in_channels, math.prod(layer.stride[0] for layer in layers)


def chunk(model: PreTrainedModel) -> int | None:
    """How many frames a sound must have; None for any number."""
    _, step = convolutions(model)
    whole = model.config.model_type in WHOLE_CHUNKS
    return step * model.config.max_source_positions if whole else None


def positions(model: PreTrainedModel, mask: Tensor) -> Tensor:
    """Which positions of the encoder have sound, by the mask of the frames: (B, F) → (B, K).

    The library counts a position whose first frame is sound. Whisper makes no difference.
    """
    _, step = convolutions(model)
    sound = mask[:, ::step]
    return sound.new_ones(sound.shape) if chunk(model) else sound
