"""Which weights a model id stands for: the miniature bundled with this package, or the real thing.

The notebooks name the real models. `NOTEBOOK_WEIGHTS=hub` in the environment makes the same cells
load them from the Hugging Face Hub, or from its local cache.

Sources: https://huggingface.co/docs/huggingface_hub/guides/manage-cache (the cache) and
https://huggingface.co/docs/safetensors (why weights are not read from pickles).
"""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import huggingface_hub
import torch
import transformers
from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    SafetensorsParsingError,
)
from huggingface_hub.utils import validate_repo_id
from safetensors import SafetensorError, safe_open
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    PreTrainedConfig,
)

SWITCH = "NOTEBOOK_WEIGHTS"
PATIENCE = 5.0  # seconds that the Hub is given to answer, and to go on in the midst of a file
TRIES = 2  # how often the same thing is asked of it
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
            f"`python -m helpers.making {_trained_as(model_id)}`, or set {SWITCH}=hub"
        )
    return _short(folder)


def _short(folder: Path) -> str:
    """The folder as seen from the working directory, if that is inside the repository."""
    here = Path.cwd()
    return os.path.relpath(folder, here) if here.is_relative_to(ROOT) else str(folder)


def _trained_as(model_id: str) -> str:
    """The id that `helpers.making` knows: the first of those that share a folder."""
    return next(name for name in MINIATURES if MINIATURES[name] == MINIATURES[model_id])


# ---- from the Hub ----

NOTEBOOKS = {
    "decoder": ("AutoModelForCausalLM", "1_causal_lm.ipynb"),
    "encoder": ("AutoModelForMaskedLM", "2_masked_lm.ipynb"),
    "encoder-decoder": ("AutoModelForSeq2SeqLM", "3_seq2seq_lm.ipynb"),
}
# httpx or its successor, by the version of huggingface_hub.
_NETWORK_ERROR = sys.modules[huggingface_hub.get_session().__module__.split(".")[0]].HTTPError
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_WITH_WEIGHTS = (".json", ".txt", ".model", ".jinja")  # config and tokenizer, whatever their names


def fetch(model_id: str, architecture: str | None = None) -> str:
    """`resolve` the id, and make sure that `from_pretrained` will find all it needs, whole.

    A bundled miniature is there already. Of a model on the Hub, the config, the tokenizer and the
    weights are downloaded into the Hub's cache, with progress bars, unless they lie there already.
    Weights are taken as safetensors only, and no code of the checkpoint's is ever run. If the Hub
    does not answer but the cache holds the model, the cache is used, and no more questions are put
    to the Hub in this process.

    `architecture` is the one that the caller is made for: "decoder", "encoder" or
    "encoder-decoder". Any is taken if it is None.

    Raises OSError if the files can't be had or are damaged, and ValueError if the checkpoint is not
    what is needed (another architecture, a head for another task, code of its own, pickled
    weights), which is found out before the weights are downloaded; both say what to do. An
    error comes within 15 seconds of the last sign of life of the Hub. What `resolve` raises, too.

    >>> fetch("gpt2", "decoder") == resolve("gpt2")
    True
    """
    if architecture not in (None, *NOTEBOOKS):
        raise ValueError(f"architecture must be one of {list(NOTEBOOKS)}, not {architecture!r}")
    name = resolve(model_id)
    folder = Path(name) if Path(name).is_dir() else _from_hub(name, architecture)
    _check_config(name, folder, architecture)
    _check_head(name, folder, architecture, _check_weights(name, folder))
    return name


def architecture(config: PreTrainedConfig) -> str:
    """ "decoder", "encoder" or "encoder-decoder": what a model of this config is built to be.

    >>> from transformers import BertConfig, GPT2Config, T5Config
    >>> [architecture(config) for config in (GPT2Config(), BertConfig(), T5Config())]
    ['decoder', 'encoder', 'encoder-decoder']
    >>> architecture(BertConfig(is_decoder=True))
    'decoder'
    """
    if config.is_encoder_decoder:
        return "encoder-decoder"
    family = type(config)
    causal_only = (
        family in MODEL_FOR_CAUSAL_LM_MAPPING and family not in MODEL_FOR_MASKED_LM_MAPPING
    )
    return "decoder" if causal_only or getattr(config, "is_decoder", False) else "encoder"


def _from_hub(name: str, architecture: str | None) -> Path:
    """The folder of the Hub's cache that holds the model, complete."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise ValueError(
            f"{name!r} is neither a folder nor the id of a model on the Hub, such as 'gpt2' or "
            "'google/flan-t5-small'"
        ) from None
    if huggingface_hub.is_offline_mode():
        folder = _in_cache(name)
        if folder is None:
            raise OSError(
                f"{name!r} is not in the cache ({constants.HF_HUB_CACHE}), and HF_HUB_OFFLINE "
                f"forbids asking the Hub. Unset HF_HUB_OFFLINE and connect, {_way_out(name)}"
            )
        return folder
    with _impatiently():
        try:
            return _download(name, architecture)
        except _UnreachableError as error:
            problem = str(error)
    folder = _in_cache(name)
    if folder is None:
        raise OSError(f"{problem}, {_way_out(name)}") from None
    print(f"{problem.split('. ')[0]}. Using the copy of {name!r} in the cache.")
    constants.HF_HUB_OFFLINE = True  # or each from_pretrained would wait for the Hub again
    return folder


class _UnreachableError(Exception):
    """What went wrong with the Hub, and the first half of what to do."""


def _download(name: str, architecture: str | None) -> Path:
    """Download what the cache lacks; the weights last, so that they tell that all is there.

    Before the weights, which are large, it looks whether they are the right ones.
    """
    hub = constants.ENDPOINT
    try:
        there = [file.rfilename for file in HfApi().model_info(name, timeout=PATIENCE).siblings]
        wanted = _wanted(name, there)
        folder = Path(hf_hub_download(name, "config.json", etag_timeout=PATIENCE)).parent
        _check_config(name, folder, architecture)
        if wanted[-1] == _WEIGHTS and not isinstance(try_to_load_from_cache(name, _WEIGHTS), str):
            with suppress(SafetensorsParsingError):  # damaged: found, and told, further down
                header = HfApi().parse_safetensors_file_metadata(name, _WEIGHTS)
                _check_head(name, folder, architecture, set(header.tensors))
        for file in wanted:
            hf_hub_download(name, file, etag_timeout=PATIENCE)
        if _INDEX in wanted:
            _check_head(name, folder, architecture, set(_index(folder)))
            for file in _shards(folder):
                hf_hub_download(name, file, etag_timeout=PATIENCE)
    except GatedRepoError:
        problem = (
            f"{name!r} is gated. Accept its conditions at {hub}/{name} and log in with "
            "`hf auth login`"
        )
    except RepositoryNotFoundError:
        problem = (
            f"there is no model {name!r} on the Hub ({hub}), or it is private. Check the spelling "
            "(owner/name), or log in with `hf auth login`"
        )
    except HfHubHTTPError as error:
        status = error.response.status_code
        problem = f"the Hub ({hub}) answered with status {status} to {name!r}. Try again later"
    except (OSError, _NETWORK_ERROR) as error:
        problem = (
            f"the Hub ({hub}) can't be reached, or broke off, while fetching {name!r} "
            f"({_reason(error)}). Check the connection and try again: what has come is kept"
        )
    else:
        return folder
    raise _UnreachableError(problem) from None


def _wanted(name: str, there: list[str]) -> list[str]:
    """The files to fetch: config, tokenizer, and the weights, which stand last."""
    if "config.json" not in there:
        raise ValueError(
            f"{name!r} has no config.json on the Hub, so it is not a model of transformers"
        )
    weights = [file for file in (_WEIGHTS, _INDEX) if file in there][:1]
    if not weights:
        raise _no_safetensors(name, there)
    small = [f for f in there if "/" not in f and f.endswith(_WITH_WEIGHTS) and f != _INDEX]
    return [file for file in small if not file.endswith(".index.json")] + weights


def _no_safetensors(name: str, there: list[str]) -> ValueError:
    pickles = [file for file in there if file.endswith(_PICKLES)]
    others = [file for file in there if file.endswith(".safetensors")]
    if "adapter_config.json" in there:
        return ValueError(
            f"{name!r} is an adapter, a small change to another model: load that one, which its "
            "adapter_config.json names, and the adapter with the library peft"
        )
    if others:
        return ValueError(
            f"{name!r} has weights ({others[0]}), but neither {_WEIGHTS} nor {_INDEX}, which says "
            "what lies where: choose another checkpoint, or load and save this one"
        )
    if not pickles:
        return ValueError(f"{name!r} has no weights ({_WEIGHTS}); choose another checkpoint")
    return ValueError(
        f"{name!r} has its weights as a pickle only ({pickles[0]}), and reading a pickle can run "
        "any code that its author put there. Choose a checkpoint with safetensors, or have this "
        "one converted: https://huggingface.co/spaces/safetensors/convert"
    )


def _index(folder: Path) -> dict[str, str]:
    """Tensor → the file that holds it, of a checkpoint in several files."""
    path = folder / _INDEX
    try:
        return json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        removed = _forget(path)
        raise OSError(f"{path.name} is damaged ({error}). {_again(path, removed)}") from None


def _shards(folder: Path) -> list[str]:
    """The files of weights that an index names."""
    return sorted(set(_index(folder).values()))


def _in_cache(name: str) -> Path | None:
    """The folder of the cache that holds the model, if all its weights are there."""
    for file in (_WEIGHTS, _INDEX):
        found = try_to_load_from_cache(name, file)
        if isinstance(found, str):
            folder = Path(found).parent
            files = _shards(folder) if file == _INDEX else []
            return folder if all((folder / shard).is_file() for shard in files) else None
    return None


def _check_config(name: str, folder: Path, wanted: str | None) -> None:
    """Is it a model that the library knows, and of the architecture that is wanted?"""
    path = folder / "config.json"
    if not path.is_file():
        if (folder / "adapter_config.json").is_file():
            raise _no_safetensors(name, ["adapter_config.json"])
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
        (_, here), (auto_class, there) = NOTEBOOKS[wanted], NOTEBOOKS[built]
        raise ValueError(
            f"{name!r} ({kind}) has the architecture {built!r}, and this is made for {wanted!r}. "
            f"Load it with {auto_class}, as {there} does, or choose another model for {here}"
        )


def _check_head(name: str, folder: Path, wanted: str | None, tensors: set[str]) -> None:
    """Will the Auto class find weights for its head, or make new ones, which know nothing?"""
    if wanted is None:
        return
    auto_class, config = NOTEBOOKS[wanted][0], AutoConfig.from_pretrained(folder)
    auto = getattr(transformers, auto_class)
    if type(config) not in auto._model_mapping:
        raise ValueError(
            f"{name!r} ({config.model_type}) is nothing that {auto_class} takes: choose a text "
            f"model for {NOTEBOOKS[wanted][1]}"
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
            f"{name!r} was saved as {saved} and lacks {missing[0]}: {auto_class} would give it a "
            "head of random weights. Choose a checkpoint that was trained with this head"
        )


def _check_weights(name: str, folder: Path) -> set[str]:
    """Are the weights there, as safetensors, and whole? The names of all tensors.

    The header tells where the end is.
    """
    if (folder / _INDEX).is_file():
        files = _shards(folder)
    elif (folder / _WEIGHTS).is_file():
        files = [_WEIGHTS]
    else:
        raise _no_safetensors(name, sorted(path.name for path in folder.iterdir()))
    tensors: set[str] = set()
    for file in files:
        if not (folder / file).exists():
            raise OSError(f"{file} of {name!r}, which {_INDEX} names, is missing in {folder}")
        try:
            with safe_open(folder / file, "pt") as weights:
                tensors |= set(weights.keys())
        except (SafetensorError, OSError) as error:
            removed = _forget(folder / file)
            raise OSError(
                f"{file} of {name!r} is damaged ({error}). {_again(folder / file, removed)}"
            ) from None
    return tensors


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


def _way_out(name: str) -> str:
    if name in MINIATURES:
        return f"or unset {SWITCH} to use the bundled miniature"
    return "or fetch it where there is a network, as the README says under 'Use the real models'"


# ---- patience ----


@contextmanager
def _impatiently() -> Iterator[None]:
    """Inside, the Hub has PATIENCE seconds to answer and is asked the same thing TRIES times.

    By itself the library tries for minutes. A download that goes on where it broke off is another
    question, so a slow or shaky network that makes progress has all the time it needs.
    """
    asked: Counter[tuple] = Counter()

    def look(request) -> None:
        question = request.method, str(request.url), request.headers.get("Range")
        asked[question] += 1
        if asked[question] > TRIES:
            raise OSError(f"no success in {TRIES} tries")
        request.extensions["timeout"] = dict.fromkeys(
            ("connect", "read", "write", "pool"), PATIENCE
        )

    hooks = huggingface_hub.get_session().event_hooks["request"]
    hooks.append(look)
    try:
        yield
    finally:
        hooks.remove(look)


def _reason(error: Exception) -> str:
    """The first cause, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:200].rstrip(": ")
