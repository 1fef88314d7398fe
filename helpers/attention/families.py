"""Where families of models differ: which stacks of layers they have, how many, in which order."""

from torch import nn
from transformers import PreTrainedModel

from helpers import checkpoints, checks

ASKING = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}  # kind → whose queries
TOKENS_FIRST = {"xlnet"}  # families whose embeddings are (T, B, E)


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
