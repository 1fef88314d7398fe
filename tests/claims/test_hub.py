"""Models from the Hub: the real download path, and every fault told clearly and soon."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import hub as hubs
import huggingface_hub
import pytest
import torch
import transformers
from huggingface_hub import constants
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, BertConfig

from helpers import checkpoints

ALLOWED = 15  # seconds until an error has to be there


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Copies of the miniatures that a test may damage: name → folder."""
    return lambda name: shutil.copytree(
        checkpoints.MINIATURES[name], tmp_path_factory.mktemp("shelf") / "model"
    )


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub that serves the miniatures under the real ids, an empty cache, and the switch on it."""
    with hubs.running(checkpoints.MINIATURES) as running:
        monkeypatch.setenv("NOTEBOOK_WEIGHTS", "hub")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", running.address)
        at(monkeypatch, running.address)
        yield running
    huggingface_hub.close_session()


def at(monkeypatch, address):
    """Look for the Hub at this address."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def refused(error, *said, model_id="gpt2", architecture=None):
    """`fetch` fails in time, with all of this in one message and no second error behind it."""
    start = time.perf_counter()
    with pytest.raises(error) as caught:
        checkpoints.fetch(model_id, architecture)
    assert time.perf_counter() - start < ALLOWED
    message = str(caught.value)
    for part in (model_id, *said):
        assert part in message, message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(message) < 600
    return message


# ---- what works ----


@pytest.mark.parametrize(
    ("model_id", "architecture"),
    [
        ("gpt2", "decoder"),
        ("bert-base-uncased", "encoder"),
        ("google/flan-t5-small", "encoder-decoder"),
    ],
)
def test_the_real_id_is_downloaded_and_loads(hub, model_id, architecture):
    assert checkpoints.fetch(model_id, architecture) == model_id
    got = [line for line in hub.requests if line.startswith("GET")]
    assert f"GET /{model_id}/resolve/{hubs.COMMIT}/model.safetensors" in "\n".join(got).replace(
        "/main/", f"/{hubs.COMMIT}/"
    )
    folder = checkpoints.hub._in_cache(model_id)
    assert folder.is_relative_to(constants.HF_HUB_CACHE)
    original = load_file(checkpoints.MINIATURES[model_id] / "model.safetensors")
    fetched = load_file(folder / "model.safetensors")
    assert original.keys() == fetched.keys()
    assert all(torch.equal(original[key], fetched[key]) for key in original)


def test_the_unchanged_calls_load_what_was_fetched(hub):
    name = checkpoints.fetch("gpt2", "decoder")
    cache = constants.HF_HUB_CACHE
    model = AutoModelForCausalLM.from_pretrained(name, cache_dir=cache)
    tokenizer = AutoTokenizer.from_pretrained(name, cache_dir=cache)
    bundled = AutoModelForCausalLM.from_pretrained(checkpoints.MINIATURES["gpt2"])
    assert len(tokenizer) == bundled.config.vocab_size
    ids = tokenizer("One sunny day", return_tensors="pt").input_ids
    assert torch.equal(model(ids).logits, bundled(ids).logits)


def test_nothing_is_downloaded_twice(hub):
    checkpoints.fetch("gpt2")
    before = len(hub.requests)
    checkpoints.fetch("gpt2")
    assert not [line for line in hub.requests[before:] if line.startswith("GET /gpt2/")]


def test_only_what_is_needed_is_downloaded(hub, shelf):
    folder = shelf("gpt2")
    for name in ("pytorch_model.bin", "tf_model.h5", "onnx/model.onnx", "onnx/config.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"large")
    hub.models["some/model"] = folder
    checkpoints.fetch("some/model")
    assert not [line for line in hub.requests if "pytorch" in line or "tf_" in line]
    assert not [line for line in hub.requests if "onnx" in line]


def test_weights_in_several_files(hub, tmp_path):
    model = AutoModelForMaskedLM.from_config(BertConfig(vocab_size=900, num_hidden_layers=1))
    model.save_pretrained(tmp_path / "sharded", max_shard_size="10MB")
    assert len(list((tmp_path / "sharded").glob("model-*-of-*.safetensors"))) > 1
    hub.models["some/bert"] = tmp_path / "sharded"
    checkpoints.fetch("some/bert", "encoder")
    loaded = AutoModelForMaskedLM.from_pretrained("some/bert", cache_dir=constants.HF_HUB_CACHE)
    assert torch.equal(loaded.state_dict()["cls.predictions.bias"], model.cls.predictions.bias)


def test_a_shaky_network_that_makes_progress_has_time(hub):
    hub.faults["gpt2/model.safetensors"] = "shaky"
    size = (checkpoints.MINIATURES["gpt2"] / "model.safetensors").stat().st_size
    assert size > 5 * 200_000 * checkpoints.hub.TRIES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
        patch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 50_000)  # as small, for so small a file
        checkpoints.fetch("gpt2")
    assert sum("model.safetensors" in line for line in hub.requests) > 10


@pytest.mark.parametrize("trouble", ["no network", "error", "offline"])
def test_without_the_hub_the_cache_is_enough(hub, monkeypatch, capsys, trouble):
    checkpoints.fetch("gpt2")
    capsys.readouterr()
    if trouble == "no network":
        at(monkeypatch, "http://127.0.0.1:9")
    elif trouble == "error":
        hub.faults["gpt2"] = "error"
    else:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    before = len(hub.requests)
    assert checkpoints.fetch("gpt2", "decoder") == "gpt2"
    assert ("Using the copy of 'gpt2' in the cache" in capsys.readouterr().out) == (
        trouble != "offline"
    )
    assert huggingface_hub.is_offline_mode()  # no more questions
    AutoModelForCausalLM.from_pretrained("gpt2", cache_dir=constants.HF_HUB_CACHE)
    assert len(hub.requests) - before <= checkpoints.hub.TRIES


def test_what_the_readme_fetches_ahead_is_enough(hub, monkeypatch, tmp_path):
    readme = (checkpoints.models.ROOT / "README.md").read_text(encoding="utf-8")
    (loop,) = re.findall(r"^ *for id in .*?done$", readme, re.M | re.S)
    command = loop.replace(".venv/bin/hf", str(Path(sys.executable).with_name("hf")))
    environment = os.environ | {
        "HF_ENDPOINT": hub.address,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_CACHE": constants.HF_HUB_CACHE,
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",  # or the command asks elsewhere for a newer version
    }
    subprocess.run(["sh", "-ec", command], env=environment, check=True, capture_output=True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for model_id in ("gpt2", "bert-base-uncased", "google/flan-t5-small"):
        assert checkpoints.fetch(model_id) == model_id


def test_a_bundled_miniature_needs_no_hub(hub, monkeypatch):
    monkeypatch.delenv("NOTEBOOK_WEIGHTS")
    assert checkpoints.fetch("gpt2", "decoder") == checkpoints.resolve("gpt2")
    assert not hub.requests


def test_a_folder_of_ones_own(hub, shelf):
    assert checkpoints.fetch(str(shelf("gpt2")), "decoder")
    assert not hub.requests


# ---- faults ----

INDEX = "model.safetensors.index.json"
SHARD = "model-00002-of-00005.safetensors"


def only(folder, name):
    """Leave the config, if the model is to have one, and this file as its weights."""
    for path in folder.glob("model*"):
        path.unlink()
    (folder / name).write_text("{}")


UNSET = "unset NOTEBOOK_WEIGHTS to use the bundled miniature"


def test_no_network_and_nothing_cached(hub, monkeypatch):
    at(monkeypatch, "http://127.0.0.1:9")
    refused(OSError, "can't be reached", "http://127.0.0.1:9", "Check the connection", UNSET)


def test_offline_and_nothing_cached(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(OSError, "not in the cache", "HF_HUB_OFFLINE", UNSET)
    assert not hub.requests


def test_an_unknown_id(hub):
    said = ("no model", "spelling", "hf auth login", "Use the real models")
    refused(OSError, *said, model_id="nobody/nothing")


@pytest.mark.parametrize("name", ["a/b/c", "Tom laughed.", "../my/model"])
def test_what_can_be_no_id(hub, name):
    refused(ValueError, "neither a folder nor the id", model_id=name)
    assert not hub.requests


def test_a_gated_model(hub):
    hub.faults["gpt2"] = "gated"
    refused(OSError, "gated", f"{hub.address}/gpt2", "hf auth login", UNSET)


def test_a_server_error(hub):
    hub.faults["gpt2"] = "error"
    refused(OSError, "status 500", "Try again later", UNSET)


PAUSE = 2  # seconds at most that the library itself waits before it tries again


@pytest.mark.parametrize("fault", ["silent", "stalls", "breaks"])
def test_a_hub_that_is_too_slow_or_breaks_off(hub, monkeypatch, fault):
    """With a tenth of the patience, so that a busy machine has time to compute beside it."""
    assert checkpoints.hub.TRIES * (checkpoints.hub.PATIENCE + PAUSE) < ALLOWED
    hub.faults["gpt2" if fault == "silent" else "gpt2/model.safetensors"] = fault
    start = time.perf_counter()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.hub, "PATIENCE", checkpoints.hub.PATIENCE / 10)
        refused(OSError, "can't be reached, or broke off", "try again", UNSET)
    assert time.perf_counter() - start < ALLOWED / 2
    asked = [line for line in hub.requests if re.match("GET.*safetensors", line)]
    assert len(asked) <= checkpoints.hub.TRIES
    hub.faults.clear()
    assert checkpoints.fetch("gpt2") == "gpt2"  # the next try is none the worse
    AutoModelForCausalLM.from_pretrained("gpt2", cache_dir=constants.HF_HUB_CACHE)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_damaged_file(hub, file):
    hub.faults[f"gpt2/{file}"] = "damaged"
    refused(OSError, f"{file}", "damaged", "removed from the cache", "run this again")
    hub.faults.clear()
    assert checkpoints.fetch("gpt2") == "gpt2"


def test_a_file_that_lost_its_end_in_the_cache(hub):
    checkpoints.fetch("gpt2")
    weights = (checkpoints.hub._in_cache("gpt2") / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-1000])
    refused(OSError, "model.safetensors", "damaged", "removed from the cache")
    assert checkpoints.fetch("gpt2") == "gpt2"


def test_a_damaged_folder_of_ones_own_is_left_alone(hub, shelf):
    weights = shelf("gpt2") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    refused(OSError, "damaged", f"Replace {weights}", model_id=str(weights.parent))
    assert weights.exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda f: (f / SHARD).unlink(),
            f"{SHARD} of .*, which {INDEX} names",
        ),
        (lambda f: (f / INDEX).write_text("[not json"), f"{INDEX} is damaged .* Replace "),
        (lambda f: (f / INDEX).write_text("{}"), f"{INDEX} is damaged .* Replace "),
        (lambda f: (f / INDEX).unlink(), f"neither model.safetensors nor {INDEX}, which says"),
        (lambda f: only(f, "model.fp16.safetensors"), r"has weights \(model.fp16.safetensors\)"),
        (
            lambda f: only(f, "adapter_config.json"),
            "is an adapter, a small change to another",
        ),
    ],
)
def test_a_folder_that_lacks_something_is_told_what(tmp_path, damage, said):
    folder = tmp_path / "sharded"
    config = BertConfig(vocab_size=900, num_hidden_layers=1)
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder, max_shard_size="10MB")
    damage(folder)
    left = sorted(folder.iterdir())
    with pytest.raises((OSError, ValueError), match=said) as caught:
        checkpoints.fetch(str(folder), "encoder")
    assert "removed" not in str(caught.value)
    assert sorted(folder.iterdir()) == left


def test_a_misspelt_folder_is_told_without_a_network_too(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(ValueError, "neither a folder nor the id", model_id="./plian", architecture="decoder")


@pytest.mark.parametrize(
    ("model_id", "wanted", "auto_class"),
    [
        ("google/flan-t5-small", "decoder", "AutoModelForSeq2SeqLM"),
        ("bert-base-uncased", "decoder", "AutoModelForMaskedLM"),
        ("gpt2", "encoder", "AutoModelForCausalLM"),
        ("bert-base-uncased", "encoder-decoder", "AutoModelForMaskedLM"),
    ],
)
def test_another_architecture(hub, model_id, wanted, auto_class):
    refused(ValueError, wanted, auto_class, ".ipynb", model_id=model_id, architecture=wanted)
    assert not [line for line in hub.requests if "safetensors" in line]  # nor any weights


TINY = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
TINY |= {"intermediate_size": 32}
GPT2 = {"vocab_size": 50, "n_layer": 1, "n_head": 2, "bos_token_id": 1, "eos_token_id": 1}
WHISPER = {"vocab_size": 50, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1}
WHISPER |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "pad_token_id": 0}
WHISPER |= {"bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}


def saved(folder, class_name, **settings):
    """A folder with a tiny random model of that class."""
    model_class = getattr(transformers, class_name)
    model_class(model_class.config_class(**settings)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("class_name", "settings", "architecture", "said"),
    [
        ("BertForSequenceClassification", TINY, "encoder", "lacks cls.predictions"),
        ("BertModel", TINY, "encoder", "saved as BertModel and lacks cls.predictions"),
        ("ElectraForPreTraining", TINY, "encoder", "head of random weights"),
        ("GPT2ForSequenceClassification", {"n_embd": 12} | GPT2, "decoder", None),
        ("BertForPreTraining", TINY, "encoder", None),
        ("WhisperForConditionalGeneration", WHISPER, "encoder-decoder", "nothing that AutoModelF"),
    ],
)
def test_a_head_that_would_be_new_is_refused_before_the_weights_come(
    hub, tmp_path, class_name, settings, architecture, said
):
    """GPT-2's head is its embedding, which every GPT-2 holds; BERT's pretraining holds it, too."""
    folder = saved(tmp_path / "model", class_name, **settings)
    hub.models["some/model"] = folder
    for name in ("some/model", str(folder)):
        if said is None:
            assert checkpoints.fetch(name, architecture) == name
        else:
            refused(ValueError, said, model_id=name, architecture=architecture)
    in_cache = huggingface_hub.try_to_load_from_cache("some/model", "model.safetensors")
    assert (in_cache is None) == (said is not None)


def test_pickled_weights_are_refused(hub, shelf):
    folder = shelf("gpt2")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.models["old/model"] = folder
    said = ("pickle", "pytorch_model.bin", "any code", "safetensors")
    refused(ValueError, *said, model_id="old/model")
    assert not [line for line in hub.requests if "pytorch_model" in line]
    refused(ValueError, *said, model_id=str(folder))


def test_code_of_the_checkpoints_own_is_refused(hub, shelf):
    folder = shelf("gpt2")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.MyConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    marker = folder.parent / "was_run"
    (folder / "mine.py").write_text(f"open({str(marker)!r}, 'w')")
    hub.models["new/model"] = folder
    refused(ValueError, "'mine'", "never run", model_id="new/model")
    assert not marker.exists()
    assert not [line for line in hub.requests if "mine.py" in line]


def test_a_repository_that_is_no_model(hub, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "README.md").write_text("data")
    hub.models["some/data"] = tmp_path / "data"
    refused(ValueError, "no config.json", model_id="some/data")


def test_an_architecture_that_there_is_not():
    with pytest.raises(ValueError, match=r"architecture must be 'decoder' or.*'causal'"):
        checkpoints.fetch("gpt2", "causal")


def test_the_librarys_patience_is_given_back(hub):
    hooks = list(huggingface_hub.get_session().event_hooks["request"])
    hub.faults["gpt2"] = "error"
    refused(OSError, "500")
    assert huggingface_hub.get_session().event_hooks["request"] == hooks


def test_the_weights_are_the_last_to_come(hub):
    checkpoints.fetch("gpt2")
    files = [Path(line).name for line in hub.requests if line.startswith("GET /gpt2/resolve")]
    assert files[-1] == "model.safetensors"
