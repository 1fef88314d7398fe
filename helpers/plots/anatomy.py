"""What a model is built of, read while it runs: its embeddings, layers, norms, additions, widths.

Nothing here knows a family by its name. Hooks note which modules run, and on which numbers. So a
norm stands where it was applied, and an addition where the numbers say that something was added.
"""

import copy
import re
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from helpers import checks
from helpers.attention import families

_CROSS = re.compile("cross|encdec|encoder_attn", re.IGNORECASE)  # as the library names it
_TOLERANCE = 1e-4  # of a vector's length, in single precision


class Part(NamedTuple):
    """One step on the way through a model.

    kind   "token", "position" or "segment" (tables), "convolution", "linear", "norm",
           "attention", "cross", "feed-forward" or "add"
    sizes  rows and width of a table; else the widths on the way (a convolution's reach and step)
    since  of an addition: it adds what had come out of the first so many parts of the layer
    """

    kind: str
    sizes: tuple[int, ...] = ()
    since: int = 0


class Stack(NamedTuple):
    """A stack of equal layers: what runs before them, one of them, what runs after."""

    kind: str  # "encoder" or "decoder"
    depth: int
    heads: int
    distances: str  # how attention is told them: "" (a table of positions), "learned" or "rotary"
    before: list[Part]
    layer: list[Part]
    after: list[Part]


class Anatomy(NamedTuple):
    """A model: its stacks in order, and the head on the last one; for sound, its features' axes."""

    stacks: list[Stack]
    head: list[Part]
    tied: bool  # the head's matrix is the table of token embeddings once more
    sound: str  # "B, 80, F", or "" for a model that reads text


def dissect(model: PreTrainedModel) -> Anatomy:
    """The parts of a transformers model, in the order in which they run.

    Raises TypeError for anything else, and ValueError for layers of different builds, or that are
    no chain of attention, feed-forward, norms and additions.

    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> size = {"vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8}
    >>> found = dissect(GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1)))
    >>> [part.kind for part in found.stacks[0].layer]
    ['norm', 'attention', 'add', 'norm', 'feed-forward', 'add']
    """
    checks.instance("model", model, PreTrainedModel, "a transformers model")
    model = copy.deepcopy(model).float().eval()  # no dropout, and no hook left behind
    log = _Log(model)
    with torch.no_grad():
        model(**_two_tokens(model))
    stacks = families.stacks(model)
    last = list(stacks.values())[-1]
    head = log.calls[log.end[last] :]
    tied = bool(head) and head[-1].module.weight is last.get_input_embeddings().weight
    sound = families.SOUND[model.config.model_type] if families.hears(model) else ""
    sound = sound and sound.replace("M", str(families.convolutions(model)[0])).replace(" ", ", ")
    return Anatomy([_stack(log, stacks, kind) for kind in stacks], _parts(head), tied, sound)


def _two_tokens(model: PreTrainedModel) -> dict[str, Tensor]:
    """Something short to read, of the kind that the model reads."""
    ids = torch.tensor([[2, 3]], device=model.device)
    inputs = {"input_ids": ids}
    if families.hears(model):
        (bins, step), frames = families.convolutions(model), families.chunk(model)
        shape = 1, frames or 2 * step, bins
        sound = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.device)
        inputs = {"input_features": families.frames_first(model, sound)}
    return inputs | ({"decoder_input_ids": ids} if model.config.is_encoder_decoder else {})


# ---- what ran ----


class _Call(NamedTuple):
    """One run of a module that has no others inside."""

    name: str
    module: nn.Module
    came: Tensor
    went: Tensor

    def part(self) -> Part | None:
        """The step that it is, or None for what no picture shows: dropout, activations."""
        module, name = self.module, self.name.split(".")[-1]
        if isinstance(module, nn.Embedding):
            position, segment = re.search("pos|wpe", name), "type" in name
            kind = "position" if position else "segment" if segment else "token"
            return Part(kind, tuple(module.weight.shape))
        if isinstance(module, nn.Conv1d):
            sizes = module.in_channels, module.out_channels, *module.kernel_size, *module.stride
            return Part("convolution", sizes)
        if "norm" in type(module).__name__.lower():
            return Part("norm", (self.went.shape[-1],))
        if getattr(module, "weight", None) is not None and module.weight.ndim == 2:
            return Part("linear", (self.came.shape[-1], self.went.shape[-1]))
        return None


class _Log:
    """All such calls in their order, and between which of them every module ran."""

    def __init__(self, model: nn.Module) -> None:
        self.name = type(model).__name__
        self.calls: list[_Call] = []
        self.start: dict[nn.Module, int] = {}  # of its first run, as all below but the last
        self.first_end: dict[nn.Module, int] = {}
        self.came: dict[nn.Module, Tensor] = {}
        self.went: dict[nn.Module, Tensor] = {}
        self.end: dict[nn.Module, int] = {}  # of its last run
        self.attention = [n for n, m in model.named_modules() if "Attention" in type(m).__name__]
        for name, module in model.named_modules():
            module.register_forward_pre_hook(self._enter, with_kwargs=True)
            module.register_forward_hook(partial(self._leave, name), with_kwargs=True)

    def _enter(self, module: nn.Module, args: tuple, options: dict) -> None:
        self.start.setdefault(module, len(self.calls))
        self.came.setdefault(module, _first_tensor([*args, *options.values()]))

    def _leave(self, name: str, module: nn.Module, args: tuple, options: dict, out: Any) -> None:
        went = _first_tensor(out if isinstance(out, (tuple, list)) else [out])
        if next(module.children(), None) is None:
            came = _first_tensor([*args, *options.values()])
            self.calls.append(_Call(name, module, came, went))
        self.went.setdefault(module, went)
        self.first_end.setdefault(module, len(self.calls))
        self.end[module] = len(self.calls)

    def inside(self, module: nn.Module) -> list[_Call]:
        return self.calls[self.start[module] : self.first_end[module]]

    def attention_around(self, call: _Call) -> str:
        """The name of the outermost attention that a call belongs to, or "" for none."""
        around = (name for name in self.attention if call.name.startswith(f"{name}."))
        return min(around, key=len, default="")


def _first_tensor(values: Iterable[Any]) -> Tensor | None:
    return next((value for value in values if isinstance(value, Tensor)), None)


# ---- what that makes ----


def _parts(calls: list[_Call]) -> list[Part]:
    return [part for call in calls if (part := call.part())]


def _stack(log: _Log, stacks: dict[str, nn.Module], kind: str) -> Stack:
    stack = stacks[kind]
    lists = {n: m for n, m in stack.named_modules() if isinstance(m, nn.ModuleList)}
    layers = lists[min(lists, key=lambda name: name.count("."))]  # the outermost list
    first, *others = [_chain(log, layer) for layer in layers]
    attending = sum(part.kind == "attention" for part in first)
    checks.need(
        attending and all(other == first for other in others),
        f"model {log.name} has layers of different builds, or attention that is no module with "
        "matrices of its own: the picture can't show it",
    )
    learned = any(isinstance(call.module, nn.Embedding) for call in log.inside(layers[0]))
    rotary = any("Rotary" in type(module).__name__ for module in stack.modules())
    return Stack(
        kind,
        families.depth(stacks, kind) // attending,
        families.heads(stacks, kind),
        "learned" if learned else "rotary" if rotary else "",
        _parts(log.calls[log.start[stack] : log.start[layers[0]]]),
        first,
        _parts(log.calls[log.end[layers[-1]] : log.end[stack]]),
    )


class _Step(NamedTuple):
    """A part of a layer, with the numbers that came into it and went out."""

    part: Part | None
    came: Tensor
    went: Tensor | None = None


def _steps(log: _Log, layer: nn.Module) -> list[_Step]:
    """Norms, attention and feed-forward of a layer; the matrices of each of these are one step."""
    steps: list[_Step] = []
    around_last = None
    for call in log.inside(layer):
        part = call.part()
        if part is None or part.kind not in ("norm", "linear"):
            continue
        if part.kind == "norm":
            if call.went.shape == log.went[layer].shape:  # and not of single queries or keys
                steps.append(_Step(part, call.came, call.went))
                around_last = None
            continue
        around = log.attention_around(call)
        if around == around_last:
            (kind, sizes, _), came, _ = steps.pop()
            part = Part(kind, (*sizes[:2], part.sizes[-1]))
        else:
            attending = "cross" if _CROSS.search(call.name) else "attention"
            part, came = Part(attending if around else "feed-forward", part.sizes), call.came
        steps.append(_Step(part, came, call.went))
        around_last = around
    return steps


def _chain(log: _Log, layer: nn.Module) -> list[Part]:
    """The steps of a layer, with an addition wherever one doesn't read what the last one wrote."""
    chain: list[Part] = []
    stream = log.came[layer]
    known = [(0, stream)]  # what may be added later, and how many parts it has come through
    for step in [*_steps(log, layer), _Step(None, log.went[layer])]:
        if not _close(step.came, stream):
            added = step.came.reshape(stream.shape) - stream  # OPT has laid its texts end to end
            chain.append(Part("add", since=_origin(log, added, known)))
            known.append((len(chain), step.came))
        if step.part:
            chain.append(step.part)
            stream = step.went
            if step.part.kind == "norm":
                known.append((len(chain), stream))
    return chain


def _origin(log: _Log, added: Tensor, known: list[tuple[int, Tensor]]) -> int:
    """Which of the known numbers were added."""
    since, value = min(known, key=lambda place: (place[1] - added).norm())
    checks.need(
        _close(value, added),
        f"model {log.name} has layers that are no chain of attention, feed-forward, norms and "
        "additions (some of them run side by side): the picture can't show it",
    )
    return since


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).norm() <= _TOLERANCE * one.norm())
