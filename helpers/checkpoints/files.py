"""Is a checkpoint what is needed: whole, of a known family, with weights for its head?

Only its config and the names of its tensors are read, so that it can be said before the weights
are downloaded.

Source: https://huggingface.co/docs/safetensors (why weights are not read from pickles).
"""

import json
from pathlib import Path

import torch
import transformers
from huggingface_hub import constants
from safetensors import SafetensorError, safe_open
from transformers import CONFIG_MAPPING, AutoConfig

from helpers.checkpoints.models import MODELS, Model, architecture

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def check_config(name: str, folder: Path, wanted: str | None) -> None:
    """Is it a model that the library knows, and of the architecture that is wanted?"""
    path = folder / "config.json"
    if not path.is_file():
        if (folder / "adapter_config.json").is_file():
            raise no_safetensors(name, ["adapter_config.json"])
        raise OSError(f"{name!r} has no config.json; give a folder made by save_pretrained")
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        removed = _forget(path)
        raise OSError(
            f"the config.json of {name!r} is damaged ({error}). {_again(path, removed)}"
        ) from None
    kind = settings.get("model_type")
    if kind not in CONFIG_MAPPING:
        own = "needs code of its own, which is never run" if "auto_map" in settings else "is new"
        raise ValueError(
            f"{name!r} is a {kind!r}, a family that this version of transformers does not have: it "
            f"{own}. Choose another checkpoint, or a newer transformers"
        )
    built = architecture(AutoConfig.from_pretrained(folder))
    if wanted is not None and built != wanted:
        here, there = _row(wanted), _row(built)
        raise ValueError(
            f"{name!r} ({kind}) has the architecture {built!r}, and this is made for {wanted!r}. "
            f"Load it with {there.auto_class}, as {there.notebook} does, or choose another model "
            f"for {here.notebook}"
        )


def check_head(name: str, folder: Path, wanted: str | None, tensors: set[str]) -> None:
    """Will the Auto class find weights for its head, or make new ones, which know nothing?"""
    if wanted is None:
        return
    row, config = _row(wanted), AutoConfig.from_pretrained(folder)
    auto = getattr(transformers, row.auto_class)
    if type(config) not in auto._model_mapping:
        raise ValueError(
            f"{name!r} ({config.model_type}) is nothing that {row.auto_class} takes: "
            f"choose a text model for {row.notebook}"
        )
    with torch.device("meta"):  # names and shapes alone
        model = auto.from_config(config)
    # Old checkpoints have these names for the weight and the bias of a normalization.
    old = (("gamma", "weight"), ("beta", "bias"))
    there = tensors | {t.removesuffix(a) + b for t in tensors for a, b in old if t.endswith(a)}
    body = f"{model.base_model_prefix}."
    missing = [key for key, _ in model.named_parameters() if not key.startswith(body)]
    missing = [key for key in missing if key not in there]
    if missing:
        saved = ", ".join(config.architectures or ["another class"])
        raise ValueError(
            f"{name!r} was saved as {saved} and lacks {missing[0]}: {row.auto_class} would give it "
            "a head of random weights. Choose a checkpoint that was trained with this head"
        )


def check_weights(name: str, folder: Path) -> set[str]:
    """Are the weights there, as safetensors, and whole? The names of all tensors.

    The header tells where the end is.
    """
    if (folder / INDEX).is_file():
        files = shards(folder)
    elif (folder / WEIGHTS).is_file():
        files = [WEIGHTS]
    else:
        raise no_safetensors(name, sorted(path.name for path in folder.iterdir()))
    tensors: set[str] = set()
    for file in files:
        if not (folder / file).exists():
            raise OSError(f"{file} of {name!r}, which {INDEX} names, is missing in {folder}")
        try:
            with safe_open(folder / file, "pt") as weights:
                tensors |= set(weights.keys())
        except (SafetensorError, OSError) as error:
            removed = _forget(folder / file)
            raise OSError(
                f"{file} of {name!r} is damaged ({error}). {_again(folder / file, removed)}"
            ) from None
    return tensors


def no_safetensors(name: str, there: list[str]) -> ValueError:
    pickles = [file for file in there if file.endswith(PICKLES)]
    others = [file for file in there if file.endswith(".safetensors")]
    if "adapter_config.json" in there:
        return ValueError(
            f"{name!r} is an adapter, a small change to another model: load that one, which its "
            "adapter_config.json names, and the adapter with the library peft"
        )
    if others:
        return ValueError(
            f"{name!r} has weights ({others[0]}), but neither {WEIGHTS} nor {INDEX}, which says "
            "what lies where: choose another checkpoint, or load and save this one"
        )
    if not pickles:
        return ValueError(f"{name!r} has no weights ({WEIGHTS}); choose another checkpoint")
    return ValueError(
        f"{name!r} has its weights as a pickle only ({pickles[0]}), and reading a pickle can run "
        "any code that its author put there. Choose a checkpoint with safetensors, or have this "
        "one converted: https://huggingface.co/spaces/safetensors/convert"
    )


def index(folder: Path) -> dict[str, str]:
    """Tensor → the file that holds it, of a checkpoint in several files."""
    path = folder / INDEX
    try:
        return json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        removed = _forget(path)
        raise OSError(f"{path.name} is damaged ({error}). {_again(path, removed)}") from None


def shards(folder: Path) -> list[str]:
    """The files of weights that an index names."""
    return sorted(set(index(folder).values()))


def _forget(path: Path) -> bool:
    """Take a damaged file out of the Hub's cache, or the next try would find it there again.

    Returns whether it lay there.
    """
    if not path.is_relative_to(constants.HF_HUB_CACHE):
        return False
    content = path.resolve()  # the cache keeps the content elsewhere, and links to it
    path.unlink()
    content.unlink(missing_ok=True)
    return True


def _again(path: Path, removed: bool) -> str:
    if removed:
        return "It was removed from the cache: run this again to download it anew"
    return f"Replace {path}"


def _row(architecture: str) -> Model:
    return next(model for model in MODELS if model.architecture == architecture)
