"""Is a checkpoint what is needed: whole, of a known family, with weights for its head?

Only its config and the names of its tensors are read, so that it can be said before the weights
are downloaded.

Source: https://huggingface.co/docs/safetensors (why weights are not read from pickles).
"""

import json
from pathlib import Path

import torch
from huggingface_hub import constants
from safetensors import SafetensorError, safe_open
from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

from helpers import checks
from helpers.checkpoints.models import Model, architecture, closest, reads

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def check(name: str, folder: Path, wanted: Model | None) -> None:
    """All that can be asked of a checkpoint that lies in a folder.

    wanted is the model of our table that it is to take the place of, or None for any.
    """
    check_names(name, [path.name for path in folder.iterdir()])
    config = check_config(name, folder, wanted)
    check_head(name, config, wanted, tensors(name, folder))


def check_names(name: str, there: list[str]) -> None:
    """Do the names of its files promise a config, and weights as safetensors?"""
    if CONFIG in there and (WEIGHTS in there or INDEX in there):
        return
    pickles = [file for file in there if file.endswith(PICKLES)]
    if "adapter_config.json" in there:
        problem = (
            "is an adapter, a small change to another model: load that one, which its "
            "adapter_config.json names, and the adapter with the library peft"
        )
    elif CONFIG not in there:
        problem = f"has no {CONFIG}, so it is not a model saved by save_pretrained: choose another"
    elif pickles:
        problem = (
            f"has its weights as a pickle only ({pickles[0]}), and reading a pickle can run "
            "any code that its author put there. Choose a checkpoint with safetensors, or have "
            "this one converted: https://huggingface.co/spaces/safetensors/convert"
        )
    else:
        problem = f"has neither {WEIGHTS} nor {INDEX}: choose another checkpoint"
    raise ValueError(f"{name!r} {problem}")


def check_config(name: str, folder: Path, wanted: Model | None) -> PreTrainedConfig:
    """Is it a model that the library knows, of the architecture that is wanted, for such input?"""
    try:
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(name, folder / CONFIG, error) from None
    kind = settings.get("model_type")
    checks.need(
        kind in CONFIG_MAPPING,
        f"{name!r} is a {kind!r}, which this version of transformers does not have, and code from "
        "a checkpoint is never run. Choose another checkpoint, or a newer transformers",
    )
    config = AutoConfig.from_pretrained(folder)
    if wanted:
        _compare(f"{name!r} ({kind})", config, wanted)
    return config


def _compare(name: str, config: PreTrainedConfig, wanted: Model) -> None:
    built, read, row = architecture(config), reads(config), closest(config)
    way = f"Choose another model, or load it with {row.auto_class.__name__}, as in {row.notebook}"
    checks.need(
        built == wanted.architecture,
        f"{name} has the architecture {built!r}, and this is made for {wanted.architecture!r}. "
        f"{way}",
    )
    checks.need(
        read == wanted.reads, f"{name} reads {read}, and this is made for {wanted.reads}. {way}"
    )


def check_head(name: str, config: PreTrainedConfig, wanted: Model | None, there: set[str]) -> None:
    """Will the Auto class find weights for its head, or make new ones, which know nothing?

    there are the names of the checkpoint's tensors.
    """
    if wanted is None:
        return
    auto = wanted.auto_class.__name__
    checks.need(
        wanted.loads(config),
        f"{name!r} ({config.model_type}) is nothing that {auto} takes: "
        f"choose a {wanted.reads} model for {wanted.notebook}",
    )
    with torch.device("meta"):  # names and shapes alone
        model = wanted.auto_class.from_config(config)
    # Old checkpoints have these names for the weight and the bias of a normalization.
    old = (("gamma", "weight"), ("beta", "bias"))
    there = there | {t.removesuffix(a) + b for t in there for a, b in old if t.endswith(a)}
    body = f"{model.base_model_prefix}."
    head = [key for key, _ in model.named_parameters() if not key.startswith(body)]
    missing = [key for key in head if key not in there]
    if missing:
        saved = ", ".join(config.architectures or ["another class"])
        raise ValueError(
            f"{name!r} was saved as {saved} and lacks {missing[0]}: {auto} would give it "
            "a head of random weights. Choose a checkpoint that was trained with this head"
        )


def tensors(name: str, folder: Path) -> set[str]:
    """The names of all tensors. The headers hold them, and also where each file ends."""
    found: set[str] = set()
    for file in weights(name, folder):
        try:
            with safe_open(folder / file, "pt") as opened:
                found |= set(opened.keys())
        except SafetensorError as error:
            raise _damaged(name, folder / file, error) from None
    return found


def weights(name: str, folder: Path) -> list[str]:
    """The files that hold the weights: one, or those that an index names."""
    if (folder / WEIGHTS).exists() or not (folder / INDEX).exists():
        return [WEIGHTS]
    return sorted(set(index(name, folder).values()))


def index(name: str, folder: Path) -> dict[str, str]:
    """Tensor → the file that holds it, of a checkpoint in several files."""
    path = folder / INDEX
    try:
        return json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(name, path, error) from None


def _damaged(name: str, path: Path, error: Exception) -> OSError:
    """What to say of a damaged file, which the next try must not find in the Hub's cache again."""
    todo = f"Replace {path}"
    if path.is_relative_to(constants.HF_HUB_CACHE):
        path.resolve().unlink()  # the cache keeps the content elsewhere, and links to it
        todo = "It was removed from the cache: run this again to download it anew"
    return OSError(f"{path.name} of {name!r} is damaged ({error}). {todo}")
