"""`fetch`: a model from the Hugging Face Hub or its cache, whole, soon, or a clear error.

Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache (the cache).
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import huggingface_hub
from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    SafetensorsParsingError,
)
from huggingface_hub.utils import validate_repo_id

from helpers import checks
from helpers.checkpoints import files
from helpers.checkpoints.files import INDEX, WEIGHTS
from helpers.checkpoints.models import MINIATURES, MODELS, SWITCH, resolve

PATIENCE = 5.0  # seconds that the Hub is given to answer, and to go on in the midst of a file
TRIES = 2  # how often the same thing is asked of it
# httpx or its successor, by the version of huggingface_hub.
_NETWORK_ERROR = sys.modules[huggingface_hub.get_session().__module__.split(".")[0]].HTTPError
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
    if architecture is not None:
        checks.choice("architecture", architecture, [model.architecture for model in MODELS])
    name = resolve(model_id)
    folder = Path(name) if Path(name).is_dir() else _from_hub(name, architecture)
    files.check_config(name, folder, architecture)
    files.check_head(name, folder, architecture, files.check_weights(name, folder))
    return name


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
        files.check_config(name, folder, architecture)
        if wanted[-1] == WEIGHTS and not isinstance(try_to_load_from_cache(name, WEIGHTS), str):
            with suppress(SafetensorsParsingError):  # damaged: found, and told, further down
                header = HfApi().parse_safetensors_file_metadata(name, WEIGHTS)
                files.check_head(name, folder, architecture, set(header.tensors))
        for file in wanted:
            hf_hub_download(name, file, etag_timeout=PATIENCE)
        if INDEX in wanted:
            files.check_head(name, folder, architecture, set(files.index(folder)))
            for file in files.shards(folder):
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
    weights = [file for file in (WEIGHTS, INDEX) if file in there][:1]
    if not weights:
        raise files.no_safetensors(name, there)
    small = [f for f in there if "/" not in f and f.endswith(_WITH_WEIGHTS) and f != INDEX]
    return [file for file in small if not file.endswith(".index.json")] + weights


def _in_cache(name: str) -> Path | None:
    """The folder of the cache that holds the model, if all its weights are there."""
    for file in (WEIGHTS, INDEX):
        found = try_to_load_from_cache(name, file)
        if isinstance(found, str):
            folder = Path(found).parent
            shards = files.shards(folder) if file == INDEX else []
            return folder if all((folder / shard).is_file() for shard in shards) else None
    return None


def _way_out(name: str) -> str:
    if name in MINIATURES:
        return f"or unset {SWITCH} to use the bundled miniature"
    return "or fetch it where there is a network, as the README says under 'Use the real models'"


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
