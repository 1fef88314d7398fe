"""`influence`: what can reach what, measured by gradients, without a look at any mask."""

import copy
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from helpers import checks
from helpers.attention import families, scores
from helpers.attention.inputs import IDS, check, check_differentiable, run

NUMBERS_AT_ONCE = 2**21  # in one tensor of the batched backward pass: 8 MB in float32


def influence(model: PreTrainedModel, **inputs: Tensor | bool) -> dict[str, Tensor]:
    """How strongly each output depends on each input token: kind → (B, Q, K), 0.0 = not at all.

    An output is the final hidden state at position q, read along one fixed random direction; its
    gradient with respect to the embedding of token k is a vector, and its length is the influence.
    If nothing flows from k to q the gradient is exactly 0.0, whatever the weights; if something
    flows, it is not. Rounding could make a zero where an attention weight is below 1e-300: that is
    refused. It is computed on a copy in double precision, so that hardly a model comes near,
    in whatever precision it is stored.

    The diagonal says nothing about the mask: the residual connection carries each token past every
    attention layer to its own output, also under a mask that forbids a token to see itself.
    Through L layers influence is the L-step *reach* of the masks: with a sliding window it goes
    further back than the window. Kinds are "decoder" or "encoder" for a single stack (see record);
    for an encoder–decoder "encoder", "decoder", and "cross": decoder outputs on encoder inputs.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> config = GPT2Config(**size, bos_token_id=1, eos_token_id=1)
    >>> model = GPT2LMHeadModel(config)
    >>> flows = influence(model, input_ids=torch.tensor([[3, 4, 5]]))["decoder"] > 0
    >>> flows.int().tolist()
    [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]

    Rows of padding, where the attention mask is 0, mean nothing and are NaN. The copy runs without
    dropout, and the model is left as it was. One forward pass, and one backward pass over a batch
    of all T outputs, in pieces that bound the memory.

    Raises TypeError or ValueError for a model that is not a text model of transformers, weights
    that are quantized or not finite, families that pad inside, or inputs that don't fit it.
    """
    check(model, inputs)
    check_differentiable(model)
    # The plain kernel: attention in steps that a batched backward pass can follow.
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        sdpa_kernel(SDPBackend.MATH),
        _InDouble(),
    ):
        model = copy.deepcopy(model).double().eval()
        model.set_experts_implementation("eager")  # the others have no double precision
        inputs = {name: copy.deepcopy(value) for name, value in inputs.items()}
        stacks = families.stacks(model)
        embeddings, outputs = _trace(model, stacks, inputs)
        norms = {}
        try:
            for kind, output in outputs.items():
                sources = list(embeddings) if kind == "decoder" else [kind]
                found = _gradient_norms(output, [embeddings[source] for source in sources])
                for source, norm in zip(sources, found, strict=True):
                    norms["cross" if source != kind else kind] = norm
        except (
            RuntimeError,
            AssertionError,
        ) as error:  # RWKV writes in place, Reformer wants to train
            raise ValueError(
                f"model {type(model).__name__} computes in a way that can't be followed backwards "
                f"({error}). Use another family"
            ) from error
    for kind, norm in norms.items():
        decoding = len(stacks) == 2 and kind != "encoder"
        real = inputs.get("decoder_attention_mask" if decoding else "attention_mask")
        rows = norm if real is None or real.ndim != 2 else norm[real != 0]
        if not rows.isfinite().all():
            raise ValueError(
                f"the influence in the {kind} is not finite: are the model's weights? A model that "
                "ran away in training must be loaded anew"
            )
        if real is not None and real.ndim == 2:
            norm[real == 0] = torch.nan
    return norms


class _InDouble(TorchFunctionMode):
    """What is in double precision stays there, also where a model's code asks for float32.

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
        kwargs = kwargs or {}
        if function is Tensor.float and args[0].dtype == torch.float64:
            return args[0]
        if (
            function is Tensor.to and args[0].dtype == torch.float64
        ) or function in scores.SOFTMAXES:
            args = tuple(torch.float64 if x is torch.float32 else x for x in args)
            kwargs = {k: torch.float64 if x is torch.float32 else x for k, x in kwargs.items()}
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
    model: PreTrainedModel, stacks: dict[str, nn.Module], inputs: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One forward pass: each stack's token embeddings (B, K, E), as leaves, and outputs."""
    leaves: dict[str, list[Tensor]] = {kind: [] for kind in stacks}
    outputs: dict[str, Tensor] = {}
    running: list[str] = []

    def cut(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        kind = running[-1] if running else next(kind for kind in stacks if not leaves[kind])
        turned = model.config.model_type in families.TOKENS_FIRST
        leaf = (output.transpose(0, 1) if turned else output).detach()
        leaves[kind].append(leaf.requires_grad_())
        # A copy, since some families go on to work on it in place.
        return (leaf.transpose(0, 1) if turned else leaf).clone()

    def enter(kind: str, module: nn.Module, args: tuple) -> None:
        running.append(kind)

    def leave(kind: str, module: nn.Module, args: tuple, output: object) -> None:
        running.pop()
        outputs[kind] = output[0]

    with ExitStack() as hooks:
        tables = {stack.get_input_embeddings().weight for stack in stacks.values()}
        for module in model.modules():  # a table may be shared by several modules
            if isinstance(module, nn.Embedding) and module.weight in tables:
                hooks.callback(module.register_forward_hook(cut).remove)
        for kind, stack in stacks.items():
            hooks.callback(stack.register_forward_pre_hook(partial(enter, kind)).remove)
            hooks.callback(stack.register_forward_hook(partial(leave, kind)).remove)
        run(model, inputs)
    read = [inputs[name] for name in IDS if inputs.get(name) is not None]
    for (kind, embedded), ids in zip(leaves.items(), read, strict=False):
        if [each.shape[:2] for each in (*embedded, outputs.get(kind, ids))] != [ids.shape] * 2:
            raise ValueError(
                f"model {type(model).__name__} embeds {[tuple(x.shape[:2]) for x in embedded]} "
                f"tokens in its {kind} for a text of {tuple(ids.shape)}: it pads inside, or reads "
                "in another way that influence can't follow. Use another family"
            )
    return {kind: each[0] for kind, each in leaves.items()}, outputs


def _gradient_norms(output: Tensor, embeddings: list[Tensor]) -> list[Tensor]:
    """The length of d(direction · output[q]) / d embedding[k]: (B, Q, D), (B, K, E) → (B, Q, K)."""
    batch, queries, width = output.shape
    chance = torch.Generator().manual_seed(0)
    direction = torch.randn(width, generator=chance, dtype=torch.float32)
    direction = (direction / direction.norm()).to(output)
    keys = max(embedding.shape[1] for embedding in embeddings)
    at_once = max(1, NUMBERS_AT_ONCE // (batch * max(queries, keys) * 4 * width))
    pieces = []
    for rows in torch.arange(queries, device=output.device).split(at_once):
        pick = output.new_zeros(len(rows), batch, queries, width)
        pick[torch.arange(len(rows)), :, rows] = direction
        gradients = torch.autograd.grad(  # each (R, B, K, E)
            output,
            embeddings,
            pick,
            retain_graph=True,
            is_grads_batched=True,
            allow_unused=True,
            materialize_grads=True,
        )
        pieces.append([_length(gradient) for gradient in gradients])
    return [torch.cat(norms).transpose(0, 1).contiguous() for norms in zip(*pieces, strict=True)]


def _length(vectors: Tensor) -> Tensor:
    """Their lengths, (…, E) → (…), without squaring a small number to zero."""
    largest = vectors.abs().amax(-1, keepdim=True)
    safe = largest.where(largest > 0, 1.0)
    return (vectors / safe).norm(dim=-1) * largest[..., 0]
