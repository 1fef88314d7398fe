"""Who attends to whom in a loaded model: `record` what is done, `influence` what comes of it.

`record` listens in on the two functions of PyTorch that every attention goes through, and notes
the mask that was really applied. `influence` doesn't look at masks at all: it takes the gradient of
every output with respect to every input, and where nothing flows that is exactly 0.0.

Sources: Vaswani et al. 2017, section 3.2; Simonyan et al. 2014, "Deep inside convolutional
networks", section 3 (gradients as a measure of influence); PyTorch, "Extending torch" (modes).
"""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedConfig, PreTrainedModel

from helpers import checkpoints, masks

VISIBLE, HIDDEN = -1000.0, -5000.0  # no score comes near; between them nobody can tell
TOKENS_FIRST = {"xlnet"}  # families whose embeddings are (T, B, E)
NUMBERS_AT_ONCE = 2**21  # in one tensor of the batched backward pass: 8 MB in float32


@dataclass(frozen=True, eq=False)
class Attention:
    """What one attention layer was handed and made of it.

    kind     "encoder", "decoder" (each attending to itself) or "cross" (decoder to encoder)
    layer    0 for the first of its kind
    mask     (B, Q, K) bool, True = may attend
    weights  (B, H, Q, K), each row sums to 1
    source   where the mask was read: "mask" or "flag", which PyTorch's fused function was handed,
             or "scores", some of them far below all others, which went into a softmax
    """

    kind: str
    layer: int
    mask: Tensor
    weights: Tensor
    source: str

    def __repr__(self) -> str:
        mask, weights = tuple(self.mask.shape), tuple(self.weights.shape)
        return f"Attention({self.kind!r}, layer={self.layer}, mask={mask}, weights={weights})"


def record(model: PreTrainedModel, **inputs: Tensor | bool) -> list[Attention]:
    """The mask and the weights of every attention layer while the model reads the inputs.

    The model runs as it is, with its own attention implementation, so the mask is the one that was
    really applied. PyTorch has two ways to compute attention. One is a fused function, which is
    handed a mask, or a flag that says "causal"; the weights are computed beside it, since it
    returns none. The other is a softmax over scores: there a key is hidden if its score lies below
    −5000, as after adding the most negative number that there is. A key counts as visible when any
    head may see it.

    It runs without dropout and without gradients, and leaves the model as it was. Rows of padding
    mean nothing: with left padding they see nothing, and a softmax then weighs all keys alike.

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
    don't fit it, models without attention (mamba, fnet), patterns that are not (Q, K) (the windows
    of longformer and led), and scores between −1000 and −5000: it never answers for a part of the
    layers only.

    Source: https://pytorch.org/docs/stable/notes/extending.html
    """
    _check(model, inputs)
    stacks = _stacks(model)
    batch = len(inputs["input_ids"])
    with _quiet(model.modules()), torch.no_grad(), _listening(stacks, batch) as listener:
        _run(model, inputs)
    records, seen = [], Counter()
    for kind, call in listener.calls:
        records.append(Attention(kind, seen[kind], *call))
        seen[kind] += 1
    _check_complete(model, stacks, seen, crossing=bool(listener.bridges))
    _check_shapes(model, records, listener.lengths)
    return records


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
    _check(model, inputs)
    _check_differentiable(model)
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
        stacks = _stacks(model)
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


def _stacks(model: PreTrainedModel) -> dict[str, nn.Module]:
    """The model's stacks of layers by kind, in order of execution; each gives its states first."""
    if model.config.is_encoder_decoder:
        stacks = {"encoder": model.get_encoder(), "decoder": model.get_decoder()}
        for stack in stacks.values():
            if not isinstance(stack, PreTrainedModel):
                raise ValueError(
                    f"model {type(model).__name__} has a {type(stack).__name__} inside that is no "
                    "model of its own, so that it can't be followed. Use another family"
                )
        return {kind: stack.base_model for kind, stack in stacks.items()}
    if checkpoints.architecture(model.config) == "decoder":
        decoder = model.get_decoder()  # in ModernBERT's decoder, this name is the head's
        return {"decoder": getattr(decoder, "base_model", model.base_model)}
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


_SOFTMAXES = {functional.softmax, torch.softmax, Tensor.softmax}


class _Listener(TorchFunctionMode):
    """Notes every attention inside the stacks, as PyTorch computes it."""

    def __init__(self, stacks: dict[str, nn.Module], batch: int) -> None:
        super().__init__()
        self.stacks, self.batch = stacks, batch
        self.inside: list[tuple[str, nn.Module]] = []  # what is running, the innermost last
        self.bridges: set[nn.Module] = set()  # what is handed the encoder's states
        self.lengths: dict[str, int] = {}  # kind of stack → its tokens
        self.calls: list[tuple[str, tuple[Tensor, Tensor, str]]] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if self.inside and function is functional.scaled_dot_product_attention:
            self._note(_of_fused(*args, **(kwargs or {})))
        elif self.inside and function in _SOFTMAXES:
            scores = args[0]
            if scores.ndim == 3 and scores.shape[0] == self.batch * self._heads():
                scores, weights = (x.unflatten(0, (self.batch, -1)) for x in (scores, result))
                self._note(_of_scores(scores, weights))  # some families have (B · H, Q, K)
            elif scores.ndim == 4:
                self._note(_of_scores(scores, result))
        return result

    def _heads(self) -> int:
        kind, _ = self.inside[-1]
        config = self.stacks[kind].config
        return getattr(config, f"{kind}_attention_heads", None) or config.num_attention_heads

    def _note(self, call: tuple[Tensor, Tensor, str]) -> None:
        (kind, module), (mask, weights, source) = self.inside[-1], call
        kind = "cross" if module in self.bridges else kind
        self.calls.append((kind, (mask.any(1), weights, source)))  # any head: (B, Q, K)


@contextmanager
def _listening(stacks: dict[str, nn.Module], batch: int) -> Iterator[_Listener]:
    """A listener that knows, at each moment, which module of which stack is running."""
    listener = _Listener(stacks, batch)
    states: list[Tensor] = []  # the encoder's, as the decoder is handed them

    def enter(kind: str, module: nn.Module, args: tuple, options: dict) -> None:
        listener.inside.append((kind, module))
        if module is stacks.get("decoder"):
            states[:] = filter(lambda x: x is not None, [options.get("encoder_hidden_states")])
        elif any(value is state for state in states for value in (*args, *options.values())):
            listener.bridges.add(module)
        if module is stacks[kind] and states and kind == "decoder":
            listener.lengths["cross"] = states[0].shape[1]

    def leave(kind: str, module: nn.Module, args: tuple, output: object) -> None:
        listener.inside.pop()
        if module is stacks[kind]:
            listener.lengths[kind] = output[0].shape[1]

    with ExitStack() as hooks:
        for kind, stack in stacks.items():
            for module in stack.modules():
                if next(module.children(), None) is not None:  # attention has layers inside
                    hook = partial(enter, kind)
                    handle = module.register_forward_pre_hook(hook, with_kwargs=True)
                    hooks.callback(handle.remove)
                    hooks.callback(module.register_forward_hook(partial(leave, kind)).remove)
        with listener:
            yield listener


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
        if (function is Tensor.to and args[0].dtype == torch.float64) or function in _SOFTMAXES:
            args = tuple(torch.float64 if x is torch.float32 else x for x in args)
            kwargs = {k: torch.float64 if x is torch.float32 else x for k, x in kwargs.items()}
        result = function(*args, **kwargs)
        if function is functional.scaled_dot_product_attention:
            self._check(*_of_fused(*args, **kwargs))
        elif function in _SOFTMAXES and args[0].ndim in (3, 4):
            self._check(*_of_scores(args[0], result))
        return result

    def _check(self, keep: Tensor, weights: Tensor, source: str) -> None:
        if ((weights == 0) & keep).any():
            raise ValueError(
                "an attention weight is below 1e-300 and rounded to zero, so that an influence of "
                "0.0 would not prove that nothing flows: are the scores of this model in order?"
            )


def _of_fused(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Tensor, Tensor, str]:
    """Mask and weights, (B, H, Q, K), and the source of a call of PyTorch's fused function."""
    if enable_gqa:
        key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = query @ key.mT * scale  # (B, H, Q, K)
    keep = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device)
    if attn_mask is None:
        keep = keep.tril() if is_causal else keep
        bias = masks.additive(keep, scores.dtype)
    elif attn_mask.dtype == torch.bool:
        keep, bias = attn_mask, masks.additive(attn_mask, scores.dtype)
    else:
        keep, bias = _told_apart(attn_mask), attn_mask
    _check_numbers(scores)
    weights = (scores + bias).softmax(-1)
    return keep.expand(scores.shape), weights, "flag" if attn_mask is None else "mask"


def _of_scores(scores: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, str]:
    """The same of a softmax over scores."""
    _check_numbers(scores)
    return _told_apart(scores), weights, "scores"


def _check_numbers(scores: Tensor) -> None:
    if scores.isnan().any():
        raise ValueError(
            "an attention score is not a number (nan): are the weights finite? A model that ran "
            "away in training must be loaded anew"
        )


def _told_apart(numbers: Tensor) -> Tensor:
    """True where a score, or what is added to one, leaves a key visible."""
    unclear = (numbers < VISIBLE) & (numbers > HIDDEN)
    if unclear.any():
        raise ValueError(
            f"an attention score is {numbers[unclear][0].item():.0f}, which is neither clearly "
            "visible nor clearly hidden: hide keys with masks.additive, or record in float32"
        )
    return numbers >= VISIBLE


def _run(model: PreTrainedModel, inputs: dict[str, Tensor]) -> None:
    try:
        model(**inputs)
    except (IndexError, RuntimeError) as error:
        lengths = {name: inputs[name].shape[1] for name in _IDS if inputs.get(name) is not None}
        limit = getattr(model.config, "max_position_embeddings", None)
        # Some families give up two of their positions, so theirs end before the limit.
        if isinstance(error, IndexError) or (limit and 0 < limit - 2 <= max(lengths.values())):
            raise ValueError(
                f"model {type(model).__name__} can't read {lengths} tokens ({error}); its config "
                f"speaks of {limit} positions: shorten the text, or tokenize with truncation=True"
            ) from error
        raise


def _trace(
    model: PreTrainedModel, stacks: dict[str, nn.Module], inputs: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One forward pass: each stack's token embeddings (B, K, E), as leaves, and outputs."""
    leaves: dict[str, list[Tensor]] = {kind: [] for kind in stacks}
    outputs: dict[str, Tensor] = {}
    running: list[str] = []

    def cut(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        kind = running[-1] if running else next(kind for kind in stacks if not leaves[kind])
        turned = model.config.model_type in TOKENS_FIRST
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
        _run(model, inputs)
    read = [inputs[name] for name in _IDS if inputs.get(name) is not None]
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


def _check_complete(
    model: PreTrainedModel, stacks: dict[str, nn.Module], seen: Counter, crossing: bool
) -> None:
    """Every layer must have been heard, or the answer would be silently wrong."""
    expected = {kind: _depth(kind, stack.config) for kind, stack in stacks.items()}
    if crossing:
        expected["cross"] = expected["decoder"]
    if not seen:
        raise ValueError(
            f"model {type(model).__name__} computes no attention that record can hear: it has "
            "none (mamba, fnet), or a kernel of its own. In that case try "
            "model.set_attn_implementation('sdpa')"
        )
    if seen != expected:
        raise ValueError(
            f"model {type(model).__name__} has {expected} attention layers, but {dict(seen)} were "
            "heard: record can't see the rest, or they don't attend (jamba, bamba)"
        )


def _check_shapes(
    model: PreTrainedModel, records: list[Attention], lengths: dict[str, int]
) -> None:
    """Each mask has a row for each token that asks and a column for each that is asked."""
    for record in records:
        queries = lengths["encoder" if record.kind == "encoder" else "decoder"]
        wanted = queries, lengths[record.kind]
        if tuple(record.weights.shape[-2:]) != wanted:
            raise ValueError(
                f"model {type(model).__name__} has attention weights of the shape "
                f"{tuple(record.weights.shape)} where {wanted} are queries and keys: it attends in "
                "windows, in blocks or to more than tokens, which no (Q, K) mask can show"
            )


def _depth(kind: str, config: PreTrainedConfig) -> int:
    layers = getattr(config, f"{kind}_layers", None)  # BART's name; others say num_hidden_layers
    return layers or config.num_hidden_layers * getattr(config, "inner_group_num", 1)


_IDS = ("input_ids", "decoder_input_ids", "labels")


def _check(model: PreTrainedModel, inputs: dict[str, Tensor]) -> None:
    """Tell what a learner can get wrong, before the library does in its own words."""
    inner = getattr(model, "_orig_mod", None)  # of torch.compile
    for wrapped, way_in in [
        (isinstance(inner, PreTrainedModel), "model._orig_mod"),
        (hasattr(model, "get_base_model"), "model.get_base_model()"),  # of PEFT
    ]:
        if wrapped:
            raise TypeError(f"model is wrapped in a {type(model).__name__}: pass {way_in}")
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
    towers = [n for n in ("vision_config", "audio_config") if getattr(model.config, n, None)]
    if towers:
        raise ValueError(
            f"model must read text alone; {type(model).__name__} is multimodal ({towers[0]}): "
            "load the language model in it by itself"
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
    for name in _IDS:
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
    stacks = _stacks(model)  # an encoder's vocabulary need not be its decoder's
    stack = stacks["decoder" if name == "decoder_input_ids" else next(iter(stacks))]
    table = stack.get_input_embeddings()
    if ids.device != table.weight.device:
        raise ValueError(
            f"{name} must be on the model's device, {model.device}, got {ids.device}: "
            f"move them with {name}.to(model.device)"
        )
    vocabulary = table.weight.shape[0]
    low, high = map(int, ids.aminmax())
    if low < 0 or high >= vocabulary:
        raise ValueError(
            f"{name} must be from 0 to {vocabulary - 1}, got {low} to {high}: "
            "do tokenizer and model belong together?"
        )


def _check_differentiable(model: PreTrainedModel) -> None:
    """Gradients flow through floating-point weights only: through others, zeros would be a lie."""
    quantized = getattr(model, "is_quantized", False) or any(
        "quantized" in type(module).__module__ for module in model.modules()
    )
    if quantized:
        raise ValueError(
            f"model {type(model).__name__} is quantized, and no gradient passes its weights: load "
            "it in float32"
        )


def _check_mask(name: str, inputs: dict[str, Tensor]) -> None:
    """Two forms run as they look: (B, T) of 1 and 0, and whatever has a head axis."""
    mask, ids = inputs.get(name), inputs.get(name.replace("attention_mask", "input_ids"))
    if mask is None:
        return
    if mask.ndim == 3:
        raise ValueError(
            f"{name} has the shape {tuple(mask.shape)}, and the library would misread its rows: "
            f"add the head axis, {name}=mask[:, None]"
        )
    if mask.ndim not in (2, 4):
        raise ValueError(
            f"{name} must be (B, T), as the tokenizer made it, or (B, 1, Q, K), got "
            f"{tuple(mask.shape)}"
        )
    if mask.ndim == 4:
        return
    if ids is not None and mask.shape != ids.shape:
        raise ValueError(
            f"{name} must have the shape of its ids, {tuple(ids.shape)}, got {tuple(mask.shape)}: "
            "pass the one that the tokenizer made with them"
        )
    if ((mask != 0) & (mask != 1)).any():
        raise ValueError(
            f"{name} of shape (B, T) must hold 1 for a token and 0 for padding, got "
            f"{mask.min().item():g} to {mask.max().item():g}: numbers to add to the scores take "
            "the shape (B, 1, Q, K)"
        )
