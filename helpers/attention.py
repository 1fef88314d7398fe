"""Who attends to whom in a loaded model: `record` what is done, `influence` what comes of it.

`record` listens in on the function that computes attention, and notes the mask that was really
handed to it. `influence` doesn't look at masks at all: it takes the gradient of every output with
respect to every input, and where nothing flows that is exactly 0.0.

Sources: Vaswani et al. 2017, section 3.2; Simonyan et al. 2014, "Deep inside convolutional
networks", section 3 (gradients as a measure of influence); transformers, "Attention interface".
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from sys import modules

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from helpers import checkpoints, masks

NO_WEIGHT = -1000.0  # whatever the scores: exp(−1000) is 0, so an added value below it hides a key
NUMBERS_AT_ONCE = 2**21  # in one tensor of the batched backward pass: 8 MB in float32


@dataclass(frozen=True, eq=False)
class Attention:
    """What one attention layer was handed and made of it.

    kind     "encoder", "decoder" (each attending to itself) or "cross" (decoder to encoder)
    layer    0 for the first of its kind
    mask     (B, Q, K) bool, True = may attend
    weights  (B, H, Q, K), each row sums to 1
    """

    kind: str
    layer: int
    mask: Tensor
    weights: Tensor

    def __repr__(self) -> str:
        mask, weights = tuple(self.mask.shape), tuple(self.weights.shape)
        return f"Attention({self.kind!r}, layer={self.layer}, mask={mask}, weights={weights})"


def record(model: PreTrainedModel, **inputs: Tensor | bool) -> list[Attention]:
    """The mask and the weights of every attention layer while the model reads the inputs.

    The model runs as it is, with its own attention implementation (`sdpa` or `eager`), so the mask
    is the one that was really applied: the boolean one, the additive one, or none at all and the
    `is_causal` flag. The weights are those that the family's eager function gives with that mask.
    A key counts as visible when any head may see it.

    It runs without dropout and without gradients, and leaves the model as it was. Rows of padding
    mean nothing: with left padding they see nothing, and eager then weighs all keys alike.

    kind says how the layer was *built*, not what it was seen to do: layers of a causal language
    model are "decoder", with their mask taken away, too; a BERT's are "encoder" unless its config
    says `is_decoder=True`, also when it was loaded with AutoModelForCausalLM.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> config = GPT2Config(**size, bos_token_id=1, eos_token_id=1)
    >>> model = GPT2LMHeadModel(config)
    >>> first, second = record(model, input_ids=torch.tensor([[3, 4, 5]]))
    >>> first
    Attention('decoder', layer=0, mask=(1, 3, 3), weights=(1, 2, 3, 3))
    >>> print(masks.grid(first.mask[0], ["Tom", "Ġran", "."], ["Tom", "Ġran", "."]))
         ┌ Tom
         │ ┌ Ġran
         │ │ ┌ .
     Tom ● · ·
    Ġran ● ● ·
       . ● ● ●

    Raises TypeError or ValueError for a model that is not a text model of transformers, inputs that
    don't fit it, and families whose layers don't go through transformers' attention interface
    (bloom, deberta, falcon, …): it never answers for a part of the layers only.

    Source: https://huggingface.co/docs/transformers/attention_interface
    """
    _check(model, inputs)
    stacks = _stacks(model)
    kind_of = {module: kind for kind, stack in stacks.items() for module in stack.modules()}
    calls: list[tuple[nn.Module, Tensor, Tensor]] = []
    states = inputs.get("encoder_hidden_states")  # for a decoder that is used on its own
    with (
        _quiet(kind_of),
        torch.no_grad(),
        _handed_states(stacks, states) as bridges,
        _listening(kind_of, calls),
    ):
        model(**inputs)
    records, seen = [], Counter()
    for module, mask, weights in calls:
        kind = "cross" if module in bridges else kind_of[module]
        records.append(Attention(kind, seen[kind], mask, weights))
        seen[kind] += 1
    _check_complete(model, stacks, seen, crossing=len(stacks) == 2 or states is not None)
    return records


def influence(model: PreTrainedModel, **inputs: Tensor | bool) -> dict[str, Tensor]:
    """How strongly each output depends on each input token: kind → (B, Q, K), 0.0 = not at all.

    An output is the final hidden state at position q, read along one fixed random direction; its
    gradient with respect to the embedding of token k is a vector, and its length is the influence.
    If nothing flows from k to q the gradient is exactly 0.0, whatever the weights; if something
    flows, it is zero only by a chance that doesn't happen.

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

    Rows of padding, where the attention mask is 0, mean nothing and are NaN. The model runs without
    dropout and is left as it was, with no gradients on it. One forward pass, and one backward pass
    over a batch of all T outputs, in pieces that bound the memory.

    Raises TypeError or ValueError for a model that is not a text model of transformers, or inputs
    that don't fit it.
    """
    _check(model, inputs)
    stacks = _stacks(model)
    # The plain kernel: attention in steps that a batched backward pass can follow.
    with _quiet(model.modules()), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        embeddings, outputs = _trace(model, stacks, inputs)
        if len(stacks) == 1:
            (kind,) = stacks
            norms = {kind: _gradient_norms(outputs[kind], [embeddings[kind]])[0]}
        else:
            (encoder,) = _gradient_norms(outputs["encoder"], [embeddings["encoder"]])
            both = [embeddings["encoder"], embeddings["decoder"]]
            cross, decoder = _gradient_norms(outputs["decoder"], both)
            norms = {"encoder": encoder, "cross": cross, "decoder": decoder}
    for kind, norm in norms.items():
        decoding = len(stacks) == 2 and kind != "encoder"
        real = inputs.get("decoder_attention_mask" if decoding else "attention_mask")
        if real is not None and real.ndim == 2:
            norm[real == 0] = torch.nan
    return norms


def _stacks(model: PreTrainedModel) -> dict[str, nn.Module]:
    """The model's stacks of layers by kind, in order of execution; each gives its states first."""
    if model.config.is_encoder_decoder:
        return {
            "encoder": model.get_encoder().base_model,
            "decoder": model.get_decoder().base_model,
        }
    if checkpoints.architecture(model.config) == "decoder":
        return {"decoder": model.get_decoder().base_model}
    return {"encoder": model.base_model}


@contextmanager
def _quiet(modules: Iterable[nn.Module]) -> Iterator[None]:
    """No dropout inside; afterwards every module trains or not as before."""
    training = [module for module in modules if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def _listening(own: Container[nn.Module], calls: list) -> Iterator[None]:
    """Put a listener in front of each attention function, and take it away again."""
    before = {name: ALL_ATTENTION_FUNCTIONS.get(name) for name in ("eager", "sdpa")}
    for name, function in before.items():
        ALL_ATTENTION_FUNCTIONS[name] = _listener(name, function, own, calls)
    try:
        yield
    finally:
        for name, function in before.items():
            del ALL_ATTENTION_FUNCTIONS[name]
            if ALL_ATTENTION_FUNCTIONS.get(name) is not function:
                ALL_ATTENTION_FUNCTIONS[name] = function


def _listener(
    name: str, function: Callable | None, own: Container[nn.Module], calls: list
) -> Callable:
    """The attention function of this name, which also notes what it was handed and made of it."""

    def listener(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options
    ):
        attend = function or _eager(module)
        output, weights = attend(module, query, key, value, mask, **options)
        if module in own:
            keep = _visible(name, module, query, key, mask, options.get("is_causal"))
            if weights is None:  # sdpa gives none
                bias = mask if mask is not None and mask.is_floating_point() else None
                bias = masks.additive(keep, query.dtype) if bias is None else bias
                _, weights = _eager(module)(module, query, key, value[..., :1], bias, **options)
            keep = keep.expand(len(query), -1, query.shape[2], -1).any(1)  # (B, Q, K)
            calls.append((module, keep, weights))
        return output, weights

    return listener


def _visible(
    name: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    mask: Tensor | None,
    is_causal: bool | None,
) -> Tensor:
    """What the implementation makes of the mask it is handed: (1 or B, 1 or H, 1 or Q, K) bool."""
    if mask is None:
        everything = torch.ones(
            1, 1, query.shape[2], key.shape[2], dtype=torch.bool, device=key.device
        )
        flag = getattr(module, "is_causal", True) if is_causal is None else is_causal
        return everything.tril() if name == "sdpa" and flag else everything
    if name == "sdpa" and mask.dtype == torch.bool:
        return mask
    return mask > NO_WEIGHT  # added to the scores; True and False, too, count as 1 and 0 in eager


def _eager(module: nn.Module) -> Callable:
    """The plain attention function that stands in the same file as the layer's class."""
    for family in type(module).__mro__:
        function = getattr(modules[family.__module__], "eager_attention_forward", None)
        if function is not None:
            return function
    raise ValueError(
        f"model has an attention layer {type(module).__name__} with no eager_attention_forward "
        "beside it: record can't tell its weights, use influence"
    )


@contextmanager
def _handed_states(stacks: dict[str, nn.Module], states: Tensor | None) -> Iterator[set[nn.Module]]:
    """The decoder's modules that get the encoder's states; filled as the model runs."""
    found: set[nn.Module] = set()
    known = [states]

    def look(module: nn.Module, args: tuple, options: dict) -> None:
        if any(value is known[-1] is not None for value in (*args, *options.values())):
            found.add(module)

    with ExitStack() as hooks:
        crossing = len(stacks) == 2 or states is not None
        for module in stacks["decoder"].modules() if crossing else ():
            if next(module.children(), None) is not None:  # attention has linear layers inside
                handle = module.register_forward_pre_hook(look, with_kwargs=True)
                hooks.callback(handle.remove)
        if len(stacks) == 2:
            handle = stacks["encoder"].register_forward_hook(
                lambda module, args, output: known.append(output[0])
            )
            hooks.callback(handle.remove)
        yield found


def _trace(
    model: PreTrainedModel, stacks: dict[str, nn.Module], inputs: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One forward pass: each stack's token embeddings (B, K, E), as leaves, and outputs."""
    leaves: list[Tensor] = []
    outputs: dict[str, Tensor] = {}

    def cut(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    with ExitStack() as hooks:
        tables = {stack.get_input_embeddings().weight for stack in stacks.values()}
        for module in model.modules():  # a table may be shared by several modules
            if isinstance(module, nn.Embedding) and module.weight in tables:
                hooks.callback(module.register_forward_hook(cut).remove)
        for kind, stack in stacks.items():
            keep = stack.register_forward_hook(
                lambda module, args, output, kind=kind: outputs.update({kind: output[0]})
            )
            hooks.callback(keep.remove)
        model(**inputs)
    if len(leaves) < len(stacks) or len(outputs) < len(stacks):
        raise ValueError(
            f"model {type(model).__name__} embedded {len(leaves)} texts and ran {len(outputs)} of "
            f"its {len(stacks)} stacks in a way that influence can't follow: use another family"
        )
    return dict(zip(stacks, leaves, strict=False)), outputs


def _gradient_norms(output: Tensor, embeddings: list[Tensor]) -> list[Tensor]:
    """The length of d(direction · output[q]) / d embedding[k]: (B, Q, D), (B, K, E) → (B, Q, K)."""
    batch, queries, width = output.shape
    direction = torch.randn(width, generator=torch.Generator().manual_seed(0))
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
        pieces.append([gradient.float().norm(dim=-1) for gradient in gradients])
    return [torch.cat(norms).transpose(0, 1).contiguous() for norms in zip(*pieces, strict=True)]


def _check_complete(
    model: PreTrainedModel, stacks: dict[str, nn.Module], seen: Counter, crossing: bool
) -> None:
    """Every layer must have been heard, or the answer would be silently wrong."""
    expected = {kind: _depth(kind, stack.config) for kind, stack in stacks.items()}
    if crossing:
        expected["cross"] = expected["decoder"]
    if seen != expected:
        raise ValueError(
            f"model {type(model).__name__} has {expected} attention layers, but {dict(seen)} went "
            "through transformers' attention interface as sdpa or eager (its implementation is "
            f"{model.config._attn_implementation!r}): record can't see the rest. "
            "Try model.set_attn_implementation('sdpa'), or influence, which needs no interface"
        )


def _depth(kind: str, config: PreTrainedConfig) -> int:
    layers = getattr(config, f"{kind}_layers", None)  # BART's name; others say num_hidden_layers
    return layers or config.num_hidden_layers * getattr(config, "inner_group_num", 1)


def _check(model: PreTrainedModel, inputs: dict[str, Tensor]) -> None:
    """Tell what a learner can get wrong, before the library does in its own words."""
    if not isinstance(model, PreTrainedModel):
        raise TypeError(
            f"model must be a transformers model, got {type(model).__name__}: "
            "load one with AutoModelForCausalLM.from_pretrained(model_id)"
        )
    if model.main_input_name != "input_ids":
        raise ValueError(
            f"model must read text; {type(model).__name__} reads {model.main_input_name}: "
            "load a causal, masked or sequence-to-sequence language model"
        )
    if "input_ids" not in inputs:
        raise ValueError(
            f"inputs must hold input_ids, got {sorted(inputs) or 'nothing'}: "
            "pass **tokenizer(text, return_tensors='pt')"
        )
    for name in ("past_key_values", "encoder_outputs"):
        if inputs.get(name) is not None:
            raise ValueError(f"inputs must be whole texts, got {name}: leave it out")
    _check_architecture(model, inputs)
    for name in ("input_ids", "decoder_input_ids", "labels"):
        if inputs.get(name) is not None:
            _check_ids(name, inputs[name], model)
    for name in ("attention_mask", "decoder_attention_mask", "token_type_ids", "position_ids"):
        if inputs.get(name) is not None and not isinstance(inputs[name], Tensor):
            came = type(inputs[name]).__name__
            raise TypeError(f"{name} must be a tensor, got {came}: ask for return_tensors='pt'")
    for name in ("attention_mask", "decoder_attention_mask"):
        _check_mask(name, inputs)


def _check_architecture(model: PreTrainedModel, inputs: dict[str, Tensor]) -> None:
    if not model.config.is_encoder_decoder:
        alien = [name for name in inputs if name.startswith("decoder_")]
        if alien:
            raise ValueError(
                f"inputs hold {alien}, but {type(model).__name__} has one stack of layers and no "
                "second text: leave them out, or load an AutoModelForSeq2SeqLM"
            )
    elif inputs.get("decoder_input_ids") is None and inputs.get("labels") is None:
        raise ValueError(
            f"inputs must hold decoder_input_ids or labels, because {type(model).__name__} is an "
            "encoder–decoder and reads two texts: pass labels=tokenizer(text_target=…).input_ids"
        )


def _check_ids(name: str, ids: Tensor, model: PreTrainedModel) -> None:
    if not isinstance(ids, Tensor) or ids.is_floating_point():
        came = f"a tensor of {ids.dtype}" if isinstance(ids, Tensor) else type(ids).__name__
        raise TypeError(
            f"{name} must be a tensor of token ids, got {came}: ask for return_tensors='pt'"
        )
    if name == "labels":
        return
    if ids.ndim != 2 or ids.numel() == 0:
        raise ValueError(
            f"{name} must have shape (B, T) with at least one token, got {tuple(ids.shape)}: "
            f"for one text, add the batch axis with {name}[None]; an empty text has no tokens"
        )
    table = model.get_input_embeddings()
    if ids.device != table.weight.device:
        raise ValueError(
            f"{name} must be on the model's device, {model.device}, got {ids.device}: "
            f"move them with {name}.to(model.device)"
        )
    vocabulary = table.num_embeddings
    low, high = map(int, ids.aminmax())
    if low < 0 or high >= vocabulary:
        raise ValueError(
            f"{name} must be from 0 to {vocabulary - 1}, got {low} to {high}: "
            "do tokenizer and model belong together?"
        )
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit is not None and ids.shape[1] > limit:
        raise ValueError(
            f"{name} has {ids.shape[1]} tokens, but {type(model).__name__} has {limit} positions: "
            "shorten the text, or tokenize with truncation=True"
        )


def _check_mask(name: str, inputs: dict[str, Tensor]) -> None:
    mask, ids = inputs.get(name), inputs.get(name.replace("attention_mask", "input_ids"))
    if mask is not None and ids is not None and mask.ndim == 2 and mask.shape != ids.shape:
        raise ValueError(
            f"{name} must have the shape of its ids, {tuple(ids.shape)}, got {tuple(mask.shape)}: "
            "pass the one that the tokenizer made with them"
        )
