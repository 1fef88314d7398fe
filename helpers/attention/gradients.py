"""`influence`: what can reach what, measured by gradients, without a look at any mask."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from helpers import checks
from helpers.attention import families, scores
from helpers.attention.inputs import IDS, check, check_differentiable, run


def influence(
    model: PreTrainedModel, *, only: str | None = None, **inputs: Tensor | bool
) -> dict[str, Tensor]:
    """How strongly each output depends on each input token: kind → (B, Q, K), 0.0 = not at all.

    An output is the final hidden state at position q, read along one fixed random direction; its
    gradient with respect to the embedding of token k is a vector, and its length is the influence.
    If nothing flows from k to q the gradient is exactly 0.0, whatever the weights; if something
    flows, it is not. That takes a copy of the model in double precision, without dropout; where an
    attention weight is rounded to zero all the same, the model is refused.

    The diagonal says nothing about the mask: the residual connection carries each token past every
    attention layer to its own output, also under a mask that forbids a token to see itself.
    Through L layers influence is the L-step *reach* of the masks: with a sliding window it goes
    further back than the window. Kinds are "decoder" or "encoder" for a single stack (see record);
    for an encoder–decoder "encoder", "decoder", and "cross": decoder outputs on encoder inputs.
    Rows of padding, where the attention mask is 0, mean nothing and are NaN. `only` names a kind to
    measure alone: each output costs a backward pass, and a Whisper's encoder has 1,500.

    Of models that hear (see record), the encoder's inputs are *frames*: "encoder" and "cross" are
    (B, Q, F), and the gradient is with respect to all M mel bins of a frame. Convolutions come
    before the first attention. By them position q of Whisper hears frame 2q and 2 to either side,
    position q of Speech2Text frame 4q and 6 to either side. Attention then carries what a position
    has heard to all that may attend to it. So in Whisper, whose encoder hides nothing, every frame
    reaches every output, silence too, and no row is NaN; in Speech2Text every frame of the sound
    does, and of the padding the first 3 to 6, which the last position has heard before any mask.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1))
    >>> flows = influence(model, input_ids=torch.tensor([[3, 4, 5]]))["decoder"] > 0
    >>> flows.int().tolist()
    [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]

    Raises TypeError or ValueError for a model of transformers that reads neither text nor sound,
    weights that are quantized or not finite, families that pad inside, or inputs that don't fit.
    """
    check(model, inputs)
    check_differentiable(model)
    with torch.inference_mode(False), torch.enable_grad():
        twin = in_double(model)
        inputs = copy.deepcopy(inputs)
        embeddings, outputs = _trace(twin, inputs)
        ways = {kind: (output, embeddings[kind]) for kind, output in outputs.items()}
        if len(outputs) == 2:
            ways["cross"] = outputs["decoder"], embeddings["encoder"]
        if only is not None:
            checks.choice("only", only, ways)
            ways = {only: ways[only]}
        norms = {kind: _gradient_lengths(twin, *way) for kind, way in ways.items()}
    for kind, norm in norms.items():
        decoding = len(outputs) == 2 and kind != "encoder"
        mask = inputs.get("decoder_attention_mask" if decoding else "attention_mask")
        if mask is not None and families.hears(model) and not decoding:
            mask = families.positions(model, mask)
        plain = mask is not None and mask.ndim == 2
        real = mask != 0 if plain else norm.new_ones(norm.shape[:2], dtype=torch.bool)
        checks.need(
            norm[real].isfinite().all(),
            f"the influence in the {kind} is not finite: are the model's weights? A model that ran "
            "away in training must be loaded anew",
        )
        norm[~real] = torch.nan
    return norms


def in_double(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of the model in double precision, without dropout; run it inside `InDouble`."""
    twin = copy.deepcopy(model).double().eval()
    twin.set_experts_implementation("eager")  # the others have no double precision
    return twin


class InDouble(TorchFunctionMode):
    """Whatever asks for float32 gets double precision.

    And no attention weight is zero unless its key is hidden, or zeros would prove nothing.
    """

    def __enter__(self):
        self.default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # 1.0 − a mask of whole numbers, for example
        return super().__enter__()

    def __exit__(self, *error):
        torch.set_default_dtype(self.default)
        return super().__exit__(*error)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        function = Tensor.double if function is Tensor.float else function
        args = tuple(torch.float64 if x is torch.float32 else x for x in args)
        kwargs = {k: torch.float64 if x is torch.float32 else x for k, x in (kwargs or {}).items()}
        result = function(*args, **kwargs)
        if call := scores.of_call(function, args, kwargs, result):
            visible, weights, _ = call
            checks.need(
                not ((weights == 0) & visible).any(),
                "an attention weight is below 1e-300 and rounded to zero, so that an influence of "
                "0.0 would not prove that nothing flows: are the scores of this model in order?",
            )
        return result


def _trace(
    model: PreTrainedModel, inputs: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One forward pass: each stack's token embeddings (B, K, E), as leaves, and final states.

    Where a model hears, the first leaf is its features, (B, F, M).
    """
    stacks = families.stacks(model)
    hears = families.hears(model)
    turned = model.config.model_type in families.TOKENS_FIRST
    leaves: list[Tensor] = []

    def cut(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        leaf = (output.transpose(0, 1) if turned else output).detach().requires_grad_()
        leaves.append(leaf)
        # A copy, since some families go on to work on it in place.
        return (leaf.transpose(0, 1) if turned else leaf).clone()

    if hears:
        features = families.frames_first(model, inputs["input_features"]).double()
        leaves.append(features.detach().requires_grad_())
        inputs = inputs | {"input_features": families.frames_first(model, leaves[0]).clone()}
    embedding = list(stacks.values())[hears:]
    tables = {stack.get_input_embeddings().weight for stack in embedding}
    for module in model.modules():  # several may share a table
        if isinstance(module, nn.Embedding) and module.weight in tables:
            module.register_forward_hook(cut)
    # The plain kernel, whose weights are the very ones that are checked for zeros.
    with sdpa_kernel(SDPBackend.MATH), InDouble():
        outputs = run(model, stacks, inputs)
    texts = [inputs[name] for name in IDS if inputs.get(name) is not None][: len(embedding)]
    wanted = [text.shape for text in texts]
    embedded = [leaf.shape[:2] for leaf in leaves[hears:]]
    checks.need(
        embedded == wanted and [output.shape[:2] for output in outputs.values()][hears:] == wanted,
        f"model {type(model).__name__} embeds {[tuple(shape) for shape in embedded]} tokens "
        f"for texts of {[tuple(shape) for shape in wanted]}: it pads inside, or reads in another "
        "way that influence can't follow. Use another family",
    )
    return dict(zip(stacks, leaves, strict=True)), outputs


def _gradient_lengths(model: PreTrainedModel, output: Tensor, embedding: Tensor) -> Tensor:
    """The length of d(direction · output[q]) / d embedding[k]: (B, Q, D), (B, K, E) → (B, Q, K)."""
    chance = torch.Generator().manual_seed(0)
    direction = torch.randn(output.shape[-1], generator=chance, dtype=torch.float32)
    direction = (direction / direction.norm()).to(output)
    rows = []
    try:
        for along in (output @ direction).sum(0):  # one output each
            (gradient,) = torch.autograd.grad(  # (B, K, E)
                along, embedding, retain_graph=True, materialize_grads=True
            )
            rows.append(_length(gradient))
    except (RuntimeError, AssertionError) as error:  # RWKV writes in place, Reformer wants to train
        raise ValueError(
            f"model {type(model).__name__} computes in a way that can't be followed backwards "
            f"({error}). Use another family"
        ) from error
    return torch.stack(rows, dim=1)  # (B, Q, K)


def _length(vectors: Tensor) -> Tensor:
    """Their lengths, (…, E) → (…), without squaring a small number to zero."""
    largest = vectors.abs().amax(-1, keepdim=True).clamp(min=torch.finfo(vectors.dtype).tiny)
    return (vectors / largest).norm(dim=-1) * largest[..., 0]
