"""`record`: the masks that were really applied, read where PyTorch computes attention."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from helpers import checks
from helpers.attention import families, scores
from helpers.attention.inputs import check, run


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

    Models that hear, Whisper and Speech2Text, take the `input_features` that their feature
    extractor makes, (B, M, F) and (B, F, M), in place of `input_ids`. Their masks are over the
    encoder's positions, fewer than the frames: convolutions make one of 2 in Whisper, of 4 in
    Speech2Text. Whisper always reads a whole chunk and hides none of it, silence included, even
    when handed an `attention_mask` (transformers #19864); Speech2Text hides the padding.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1))
    >>> first, second = record(model, input_ids=torch.tensor([[3, 4, 5]]))
    >>> first
    Attention('decoder', layer=0, mask=(1, 3, 3), weights=(1, 2, 3, 3))
    >>> first.mask.int().tolist()
    [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]

    Raises TypeError or ValueError for a model of transformers that reads neither text nor sound,
    inputs that don't fit, models without attention, patterns that are not (Q, K) (Longformer's
    windows), and scores between −1000 and −5000: it never answers for a part of the layers only.
    """
    check(model, inputs)
    stacks, main = families.stacks(model), model.main_input_name
    with _quiet(model), torch.no_grad(), _Listener(stacks, len(inputs[main])) as listener:
        lengths = {kind: states.shape[1] for kind, states in run(model, stacks, inputs).items()}
    if listener.handed is not None:
        lengths["cross"] = listener.handed.shape[1]
    records, seen = [], Counter()
    for kind, call in listener.calls:
        records.append(Attention(kind, seen[kind], *call))
        seen[kind] += 1
    _check_complete(model, seen, {kind: families.depth(stacks, kind) for kind in lengths})
    _check_shapes(model, records, lengths)
    return records


@contextmanager
def _quiet(model: nn.Module) -> Iterator[None]:
    """No dropout inside; afterwards every module trains or not as before."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


class _Listener(TorchFunctionMode):
    """Notes every attention inside the stacks, as PyTorch computes it."""

    def __init__(self, stacks: dict[str, nn.Module], batch: int) -> None:
        super().__init__()
        self.stacks, self.batch = stacks, batch
        self.hooks = []
        self.handed: Tensor | None = None  # the encoder's states, as the decoder gets them
        self.running: list[str] = []  # the kind of each module at work, the innermost last
        self.calls: list[tuple[str, scores.Call]] = []

    def __enter__(self):
        for name, stack in self.stacks.items():
            for module in stack.modules():
                if next(module.children(), None) is not None:  # attention has layers inside
                    enter = partial(self._enter, name)
                    self.hooks += [
                        module.register_forward_pre_hook(enter, with_kwargs=True),
                        module.register_forward_hook(self._leave),
                    ]
        return super().__enter__()

    def __exit__(self, *error):
        for hook in self.hooks:
            hook.remove()
        return super().__exit__(*error)

    def _enter(self, stack: str, module: nn.Module, args: tuple, options: dict) -> None:
        if module is self.stacks.get("decoder"):
            self.handed = options.get("encoder_hidden_states")
        given = (*args, *options.values())
        crosses = self.handed is not None and any(each is self.handed for each in given)
        self.running.append("cross" if crosses else stack)

    def _leave(self, *_: object) -> None:
        self.running.pop()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if self.running and (call := scores.of_call(function, args, kwargs or {}, result)):
            self._note(*call)
        return result

    def _note(self, mask: Tensor, weights: Tensor, source: str) -> None:
        kind = self.running[-1]
        if weights.ndim == 3:  # (B · H, Q, K), unless it is something else
            if len(weights) != self.batch * families.heads(self.stacks, kind):
                return
            mask, weights = (each.unflatten(0, (self.batch, -1)) for each in (mask, weights))
        self.calls.append((kind, (mask.any(1), weights, source)))  # any head: (B, Q, K)


def _check_complete(model: PreTrainedModel, seen: Counter, expected: dict[str, int]) -> None:
    """Every layer must have been heard, or the answer would be silently wrong."""
    checks.need(
        seen,
        f"model {type(model).__name__} computes no attention that record can hear: it has none "
        "(mamba, fnet), or a kernel of its own: try model.set_attn_implementation('sdpa')",
    )
    checks.need(
        seen == expected,
        f"model {type(model).__name__} has {expected} attention layers, but {dict(seen)} were "
        "heard: record can't see the rest, or they don't attend (jamba, bamba)",
    )


def _check_shapes(model: PreTrainedModel, records: list[Attention], lengths: dict) -> None:
    """Each mask has a row for each token that asks and a column for each that is asked."""
    for record in records:
        shape = tuple(record.weights.shape)
        wanted = lengths[families.ASKING[record.kind]], lengths[record.kind]
        checks.need(
            shape[-2:] == wanted,
            f"model {type(model).__name__} has attention weights of the shape {shape} where "
            f"{wanted} are queries and keys: it attends in windows, in blocks or to more than "
            "tokens, which no (Q, K) mask can show",
        )
