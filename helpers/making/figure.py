"""The picture of the three masks, for the README.

Each mask is predicted, recorded in the library, and measured on a miniature, and the three have to
be equal before anything is drawn.
"""

from collections.abc import Callable

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

from helpers import attention, checkpoints, masks, plots

PICTURE = checkpoints.models.ROOT / "notebooks" / "three_masks.png"
# short texts, of 6 to 8 tokens in all: three masks of about one size
ENGLISH = "Anna lent Tom a guitar."
PAIR = "Tom laughed.", "Tom lachte."


def draw() -> Figure:
    """Decoder, encoder and encoder–decoder side by side, as measured on the three miniatures.

    Raises RuntimeError if a mask is not the one that was predicted.
    """
    left, middle, right = plots.panels(3, size=(14.0, 5.4))
    _draw_one(left, "decoder", "gpt2", AutoModelForCausalLM, masks.causal)
    _draw_one(middle, "encoder", "bert-base-uncased", AutoModelForMaskedLM, masks.bidirectional)
    _draw_t5(right)
    names = ["decoder: our GPT-2", "encoder: our BERT", "encoder–decoder: our T5"]
    for ax, name in zip([left, middle, right], names, strict=True):
        key = ax.get_legend()  # the last one says it all
        key.remove()
        ax.set_title(name, loc="center", y=0, pad=-20, weight="bold")  # below, so in line
        ax.set_anchor("S")
    place = {"loc": "outside lower center", "ncols": 4, "frameon": False}
    words = [text.get_text() for text in key.get_texts()]
    right.figure.legend(key.legend_handles, words, **place)
    return right.figure


def _draw_one(
    ax: Axes, kind: str, model_id: str, auto_class: type, predict: Callable[[int], Tensor]
) -> None:
    where = checkpoints.resolve(model_id)
    model, tokenizer = auto_class.from_pretrained(where), AutoTokenizer.from_pretrained(where)
    inputs = tokenizer(ENGLISH, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    mask = predict(len(tokens))
    _check(model, {kind: mask}, **inputs)
    plots.mask(mask, rows=tokens, architecture=kind, ax=ax)


def _draw_t5(ax: Axes) -> None:
    where = checkpoints.resolve("google/flan-t5-small")
    tokenizer = AutoTokenizer.from_pretrained(where)
    model = AutoModelForSeq2SeqLM.from_pretrained(where)
    english, german = PAIR
    inputs = tokenizer(english, return_tensors="pt")
    labels = tokenizer(text_target=german, return_tensors="pt").input_ids
    decoder_reads = model.prepare_decoder_input_ids_from_labels(labels)
    source = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    target = tokenizer.convert_ids_to_tokens(decoder_reads[0])
    predicted = {
        "encoder": masks.bidirectional(len(source)),
        "cross": masks.cross(len(target), len(source)),
        "decoder": masks.causal(len(target)),
    }
    _check(model, predicted, **inputs, decoder_input_ids=decoder_reads)
    plots.encoder_decoder(predicted, source=source, target=target, ax=ax)


def _check(model: PreTrainedModel, predicted: dict[str, Tensor], **inputs: Tensor) -> None:
    """RuntimeError unless recorded masks and measured influence are as predicted."""
    found = [(layer.kind, layer.mask[0]) for layer in attention.record(model, **inputs)]
    influence = attention.influence(model, **inputs)
    found += [(kind, flow[0] > 0) for kind, flow in influence.items()]
    for kind, mask in found:
        if not mask.equal(predicted[kind]):
            raise RuntimeError(f"{type(model).__name__}: its {kind} mask is not as predicted")
