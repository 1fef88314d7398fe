"""Which weights a model id stands for: the miniature bundled with this package, or the real thing.

The notebooks name the real models. `NOTEBOOK_WEIGHTS=hub` in the environment makes the same cells
load them from the Hugging Face Hub, or from its local cache.
"""

import os
from pathlib import Path

SWITCH = "NOTEBOOK_WEIGHTS"
ROOT = Path(__file__).resolve().parent.parent
_FOLDER = Path(__file__).resolve().parent / "miniatures"

# Where the miniature of each model lies. The Hub knows two of the models by two ids.
MINIATURES = {
    "gpt2": _FOLDER / "gpt2",
    "openai-community/gpt2": _FOLDER / "gpt2",
    "bert-base-uncased": _FOLDER / "bert-base-uncased",
    "google-bert/bert-base-uncased": _FOLDER / "bert-base-uncased",
    "google/flan-t5-small": _FOLDER / "flan-t5-small",
}


def resolve(model_id: str) -> str:
    """What to hand to `from_pretrained`: the path of a bundled miniature, or the id itself.

    The environment variable `NOTEBOOK_WEIGHTS` decides, each time anew: `bundled` (or nothing)
    gives the path of the miniature that stands in for `model_id`, `hub` gives the id. A model
    that has no miniature is always its id. The path is relative wherever that is short, that is,
    anywhere inside this repository: no notebook then shows the folders of the machine it ran on.

    Raises TypeError if `model_id` is not a string, ValueError if it is empty or `NOTEBOOK_WEIGHTS`
    has another value, and FileNotFoundError if the miniature has not been made yet.

    >>> resolve("distilbert/distilgpt2")
    'distilbert/distilgpt2'
    """
    if not isinstance(model_id, str):
        raise TypeError(
            f"model_id must be a string such as 'gpt2', not {type(model_id).__name__}: {model_id!r}"
        )
    if not model_id.strip():
        raise ValueError(f"model_id is empty ({model_id!r}); give one such as 'gpt2'")
    choice = os.environ.get(SWITCH) or "bundled"
    if choice not in ("bundled", "hub"):
        raise ValueError(
            f"{SWITCH} is {choice!r}; it can be 'bundled' (the miniatures, the default) "
            "or 'hub' (the real weights)"
        )
    if choice == "hub" or model_id not in MINIATURES:
        return model_id
    folder = MINIATURES[model_id]
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"the miniature of {model_id} is missing from {_short(folder)}; make it with "
            f"`python -m helpers.pretrain {_trained_as(model_id)}`, or set {SWITCH}=hub"
        )
    return _short(folder)


def _short(folder: Path) -> str:
    """The folder as seen from the working directory, if that is inside the repository."""
    here = Path.cwd()
    return os.path.relpath(folder, here) if here.is_relative_to(ROOT) else str(folder)


def _trained_as(model_id: str) -> str:
    """The id that `helpers.pretrain` knows: the first of those that share a folder."""
    return next(name for name in MINIATURES if MINIATURES[name] == MINIATURES[model_id])
