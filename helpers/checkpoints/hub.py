"""`fetch`: a model from the Hugging Face Hub or its cache, whole, soon, or a clear error.

Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache (the cache).
"""

import re
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
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    SafetensorsParsingError,
)
from huggingface_hub.utils import _http

from helpers import checks
from helpers.checkpoints import files
from helpers.checkpoints.files import CONFIG, INDEX, WEIGHTS
from helpers.checkpoints.models import MINIATURES, MODELS, SWITCH, Model, resolve

PATIENCE = 5.0  # seconds that the Hub is given to answer, and to go on in the midst of a file
TRIES = 2  # how often the same thing is asked of it
SMALL = (".json", ".txt", ".model", ".jinja")  # config and tokenizer, whatever their names


def fetch(model_id: str, architecture: str | None = None, reads: str = "text") -> str:
    """`resolve` the id, and make sure that `from_pretrained` will find all it needs, whole.

    The config, tokenizer and weights of a model on the Hub are downloaded into its cache, unless
    they lie there already. Weights are taken as safetensors only, and no code of the checkpoint's
    is ever run. If the Hub does not answer but the cache holds the model, the cache is used, and no
    more questions are put to the Hub in this process.

    `architecture` is the one that the caller is made for: "decoder", "encoder" or
    "encoder-decoder". `reads` is what the caller gives to the model, "text" or "sound". Any model
    is taken if `architecture` is None.

    Raises OSError if the files can't be had or are damaged, and ValueError if the checkpoint is not
    what is needed (another architecture, another input, a head for another task, code of its own,
    pickled weights), which is found out before the weights are downloaded; both say what to do. An
    error comes within 15 seconds of the last sign of life of the Hub. What `resolve` raises, too.

    >>> fetch("gpt2", "decoder") == resolve("gpt2")
    True
    """
    wanted = None if architecture is None else _row(architecture, reads)
    name = resolve(model_id)
    folder = Path(name) if Path(name).is_dir() else _from_hub(name, wanted)
    files.check(name, folder, wanted)
    return name


def _row(architecture: str, reads: str) -> Model:
    """The model of the table that has this architecture and reads this."""
    checks.choice("architecture", architecture, sorted({row.architecture for row in MODELS}))
    rows = {row.reads: row for row in MODELS if row.architecture == architecture}
    checks.choice("reads", reads, sorted(rows, reverse=True))
    return rows[reads]


def _from_hub(name: str, wanted: Model | None) -> Path:
    """The folder of the Hub's cache that holds the model, complete."""
    try:
        with _impatience():
            return _download(name, wanted)
    except HFValidationError:
        raise ValueError(
            f"{name!r} is neither a folder nor the id of a model on the Hub, such as 'gpt2' or "
            "'google/flan-t5-small'"
        ) from None
    except OfflineModeIsEnabled:
        problem = (
            f"{name!r} is not in the cache ({constants.HF_HUB_CACHE}), and HF_HUB_OFFLINE "
            "forbids asking the Hub. Unset HF_HUB_OFFLINE and connect"
        )
    except HTTPError as error:
        problem = _explained(name, error)
    folder = _in_cache(name)
    if folder is None:
        way_out = (
            "fetch it where there is a network, as the README says under 'Use the real models'"
        )
        if name in MINIATURES:
            way_out = f"unset {SWITCH} to use the bundled miniature"
        raise OSError(f"{problem}, or {way_out}")
    if not huggingface_hub.is_offline_mode():
        print(f"{problem.split('. ')[0]}. Using the copy of {name!r} in the cache.")
        constants.HF_HUB_OFFLINE = True  # or each from_pretrained would wait for the Hub again
    return folder


def _download(name: str, wanted: Model | None) -> Path:
    """Download what the cache lacks; the weights last, so that they tell that all is there.

    Before the weights, which are large, it checks that they are the right ones.
    """
    there = [file.rfilename for file in HfApi().model_info(name).siblings]
    files.check_names(name, there)
    folder = Path(hf_hub_download(name, CONFIG)).parent
    config = files.check_config(name, folder, wanted)
    if WEIGHTS not in there:
        hf_hub_download(name, INDEX)
        files.check_head(name, config, wanted, set(files.index(name, folder)))
    elif not (folder / WEIGHTS).exists():
        with suppress(SafetensorsParsingError):  # a damaged file is reported once it is here
            header = HfApi().parse_safetensors_file_metadata(name, WEIGHTS)
            files.check_head(name, config, wanted, set(header.tensors))
    small = [file for file in there if "/" not in file and file.endswith(SMALL)]
    weights = [WEIGHTS] if WEIGHTS in there else files.weights(name, folder)
    for file in small + weights:
        hf_hub_download(name, file)
    return folder


def _in_cache(name: str) -> Path | None:
    """The folder of the cache that holds the model, if all its weights are there."""
    config = try_to_load_from_cache(name, CONFIG)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if all((folder / file).exists() for file in files.weights(name, folder)) else None


def _explained(name: str, error: HTTPError) -> str:
    """What went wrong with the Hub, and the first half of what to do."""
    hub = constants.ENDPOINT
    if isinstance(error, GatedRepoError):
        return (
            f"{name!r} is gated. Accept its conditions at {hub}/{name} and log in with "
            "`hf auth login`"
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"there is no model {name!r} on the Hub ({hub}), or it is private. Check the spelling "
            "(owner/name), or log in with `hf auth login`"
        )
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return f"the Hub ({hub}) answered with status {status} to {name!r}. Try again later"
    reason = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:200].rstrip(": ")
    return (
        f"the Hub ({hub}) can't be reached, or broke off, while fetching {name!r} ({reason}). "
        "Check the connection and try again: what has come is kept"
    )


@contextmanager
def _impatience() -> Iterator[None]:
    """Inside, the Hub has PATIENCE seconds to answer and is asked the same thing TRIES times.

    By itself the library tries for minutes. A download that goes on where it broke off is another
    question, so a slow or shaky network that makes progress has all the time it needs.
    """
    asked: Counter[tuple] = Counter()

    def limit(request) -> None:
        question = request.method, str(request.url), request.headers.get("Range")
        asked[question] += 1
        if asked[question] > TRIES:
            raise HTTPError(f"no success in {TRIES} tries")
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        request.extensions["timeout"] = timeouts

    def limited():
        client = factory()
        client.event_hooks["request"].append(limit)
        return client

    factory = _http._GLOBAL_CLIENT_FACTORY  # the library makes a new client after some errors
    huggingface_hub.set_client_factory(limited)
    try:
        yield
    finally:
        huggingface_hub.set_client_factory(factory)
