"""What a model is built of, as blocks from its ids at the bottom to its logits at the top."""

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle
from transformers import PreTrainedModel

from helpers.plots import colours, page
from helpers.plots.anatomy import Anatomy, Part, Stack, dissect

_WIDTH, _HEIGHT, _STEP = 3.0, 0.62, 0.98  # of a box, and from one box to the next
_APART = 5.4  # from one stack to the next
_INCHES = 0.44  # for each unit of height and width
_HUES = {
    "attention": {"encoder": "encoder", "decoder": "decoder"},
    "cross": {"decoder": "encoder-decoder"},
}
_GREY, _INK, _PALE = "#6E6E6E", "#222222", "#EFEFEF"
_SEEN = {  # which cells of a 4 × 4 mask are filled
    "encoder": lambda query, key: True,
    "cross": lambda query, key: True,
    "decoder": lambda query, key: key <= query,
}


def architecture(
    model: PreTrainedModel, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """The blocks of a transformers model, read from the loaded model itself while it runs.

    From the bottom up: ids (or sound), embeddings, the layers, of which one is drawn, the head,
    logits. Lines that pass a block on its left are residual connections: what they carry is added
    at ⊕. Attention has the hue of its mask, which is drawn in it. An encoder–decoder has two
    stacks; the decoder's cross-attention takes its keys and values from the encoder. Shapes are
    (B, T, …): B texts of T tokens; S for the encoder's tokens, F for frames of sound.

    Raises TypeError for what is no transformers model, ValueError for one whose layers are no
    chain of attention, feed-forward, norms and additions.

    >>> from transformers import BertConfig, BertForMaskedLM
    >>> size = {"vocab_size": 99, "hidden_size": 8, "num_hidden_layers": 3}
    >>> model = BertForMaskedLM(BertConfig(**size, num_attention_heads=2, intermediate_size=16))
    >>> ax = architecture(model)
    >>> [text.get_text() for text in ax.texts if "×" in text.get_text()][:2]
    ['99 × 8', '2 × 8']
    """
    found = dissect(model)
    with page.house_style():
        drawing = _Drawing(found)
        ax = page.axes(ax, drawing.size(), title)
        drawing.on(ax)
    return ax
