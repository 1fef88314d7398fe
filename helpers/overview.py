"""The picture of the three masks, for the README: `python -m helpers.overview`.

Each mask is predicted, recorded in the library, and measured on a miniature, and the three have to
be equal before anything is drawn.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
)

from helpers import attention, checkpoints, masks, objectives, plots

PICTURE = checkpoints.models.ROOT / "notebooks" / "three_masks.png"
ENGLISH, GERMAN = "Emma found her red ball.", "Emma fand ihren roten Ball."


def draw() -> Figure:
    """Decoder, encoder and encoder–decoder side by side, as measured on the three miniatures.

    Raises RuntimeError if a mask is not the one that was predicted.
    """
    left, middle, right = plots.panels(3, size=(14.0, 5.4))
    for ax, model_id, auto_class, kind, predict in [
        (left, "gpt2", AutoModelForCausalLM, "decoder", masks.causal),
        (middle, "bert-base-uncased", AutoModelForMaskedLM, "encoder", masks.bidirectional),
    ]:
        model, tokenizer = _load(model_id, auto_class)
        inputs = tokenizer(ENGLISH, return_tensors="pt")
        tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
        mask = predict(len(tokens))
        (flows,) = _measure(model, {kind: mask}, **inputs).values()
        names = {"rows": tokens, "columns": tokens, "architecture": kind}
        plots.influence(mask, flows, **names, ax=ax)
        ax.get_legend().remove()  # the last panel's says it all
        _name(ax, f"{kind}: {model_id}")
    model, tokenizer = _load("google/flan-t5-small", AutoModelForSeq2SeqLM)
    inputs = tokenizer(ENGLISH, return_tensors="pt")
    labels = tokenizer(text_target=GERMAN, return_tensors="pt").input_ids
    read = objectives.shift_right(
        labels, model.config.decoder_start_token_id, tokenizer.pad_token_id
    )
    source, target = (
        tokenizer.convert_ids_to_tokens(ids[0]) for ids in (inputs["input_ids"], read)
    )
    three = {
        "encoder": masks.bidirectional(len(source)),
        "cross": masks.cross(len(target), len(source)),
        "decoder": masks.causal(len(target)),
    }
    flows = _measure(model, three, **inputs, decoder_input_ids=read)
    plots.encoder_decoder(three, flows, source=source, target=target, ax=right)
    _name(right, "encoder–decoder: flan-t5-small")
    key = right.get_legend()
    key.remove()
    look = {"loc": "outside lower center", "ncols": 5, "frameon": False}
    right.figure.legend(handles=key.legend_handles, **look)
    return right.figure


def _name(ax: Axes, text: str) -> None:
    """A title below the panel: above it, tokens of different lengths would put it out of line."""
    ax.set_title(text, loc="center", y=-0.1, weight="bold")


def _load(model_id: str, auto_class: type) -> tuple[PreTrainedModel, object]:
    where = checkpoints.resolve(model_id)
    return auto_class.from_pretrained(where), AutoTokenizer.from_pretrained(where)


def _measure(
    model: PreTrainedModel, predicted: dict[str, Tensor], **inputs: Tensor
) -> dict[str, Tensor]:
    """The influence by kind, if it and the recorded masks are as predicted."""
    flows = {kind: each[0] for kind, each in attention.influence(model, **inputs).items()}
    records = attention.record(model, **inputs)
    found = [(layer.kind, layer.mask[0]) for layer in records]
    found += [(kind, each > 0) for kind, each in flows.items()]
    for kind, mask in found:
        if not torch.equal(mask, predicted[kind]):
            raise RuntimeError(f"{type(model).__name__}: its {kind} mask is not as predicted")
    return flows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m helpers.overview", description=draw.__doc__)
    parser.add_argument("--out", type=Path, default=PICTURE, help="file (default: the README's)")
    out = parser.parse_args(arguments).out
    plots.save(draw(), out)
    print(out)


if __name__ == "__main__":
    main()
