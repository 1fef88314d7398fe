"""Models from the Hub: the real download path, and every fault told clearly and soon."""

import json
import os
import re
import resource
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
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSpeechSeq2Seq,
    AutoProcessor,
    AutoTokenizer,
    BertConfig,
)

from helpers import checkpoints
from helpers.checkpoints.models import MODELS, Model

ALLOWED = 15  # seconds until an error has to be there
PAUSE = 2  # seconds at most that the library itself waits before it tries again
NOWHERE = "http://127.0.0.1:9"
UNSET = "unset NOTEBOOK_WEIGHTS to use the bundled miniature"
INDEX = "model.safetensors.index.json"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub that serves the miniatures under the real ids, an empty cache, and the switch on it."""
    with hubs.running(checkpoints.MINIATURES) as running:
        monkeypatch.setenv("NOTEBOOK_WEIGHTS", "hub")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        at(monkeypatch, running.address)
        yield running
    huggingface_hub.close_session()


def at(monkeypatch, address):
    """Look for the Hub at this address."""
    monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", address)
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def trouble(hub, monkeypatch, kind):
    if kind == "no network":
        at(monkeypatch, NOWHERE)
    elif kind == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    else:
        hub.faults["gpt2"] = kind


def copy(model_id, folder):
    """A copy of a miniature, which a test may damage."""
    return shutil.copytree(checkpoints.MINIATURES[model_id], folder / "copy")


def refused(error, *said, model_id="gpt2", **wanted):
    """`fetch` fails in time, with all of this in one message and no second error behind it."""
    start = time.perf_counter()
    with pytest.raises(error) as caught:
        checkpoints.fetch(model_id, **wanted)
    assert time.perf_counter() - start < ALLOWED
    message = str(caught.value)
    for part in (model_id, *said):
        assert part in message, message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(message) < 600


def asked(hub, pattern):
    return [line for line in hub.requests if re.search(pattern, line)]


def loaded(model_id, auto_class):
    """What was fetched, without another question to any Hub."""
    cache = constants.HF_HUB_CACHE
    return auto_class.from_pretrained(model_id, cache_dir=cache, local_files_only=True)


def same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# ---- what works ----


@pytest.mark.parametrize("model", MODELS)
def test_the_real_id_is_downloaded_and_loads(hub, model):
    model_id, bundled = model.ids[0], model.miniature
    assert checkpoints.fetch(model_id, model.architecture, model.reads) == model_id
    assert "model.safetensors" in asked(hub, "GET .*/resolve/")[-1]  # they tell that all is there
    auto = model.auto_class
    assert same(loaded(model_id, auto), auto.from_pretrained(bundled))
    vocabulary = AutoTokenizer.from_pretrained(bundled).get_vocab()
    assert loaded(model_id, AutoTokenizer).get_vocab() == vocabulary
    if model.reads == "sound":
        extractors = loaded(model_id, AutoProcessor), AutoProcessor.from_pretrained(bundled)
        one, other = (each.feature_extractor.to_dict() for each in extractors)
        assert one == other
        assert one["hop_length"] == 320  # not the library's own 160


def test_nothing_is_downloaded_twice(hub):
    checkpoints.fetch("gpt2")
    hub.requests.clear()
    checkpoints.fetch("gpt2")
    assert not asked(hub, "GET /gpt2/")


def test_only_what_is_needed_is_downloaded(hub, tmp_path):
    hub.models["some/model"] = folder = copy("gpt2", tmp_path)
    (folder / "onnx").mkdir()
    for name in ("pytorch_model.bin", "tf_model.h5", "onnx/model.onnx", "onnx/config.json"):
        (folder / name).write_bytes(b"large")
    checkpoints.fetch("some/model")
    assert not asked(hub, "pytorch|tf_|onnx")


def sharded(folder):
    """A BERT whose weights lie in several files."""
    model = AutoModelForMaskedLM.from_config(BertConfig(vocab_size=900, num_hidden_layers=1))
    model.save_pretrained(folder, max_shard_size="10MB")
    return model


def test_weights_in_several_files(hub, tmp_path):
    model = sharded(tmp_path / "sharded")
    hub.models["some/bert"] = tmp_path / "sharded"
    checkpoints.fetch("some/bert", "encoder")
    assert len(asked(hub, "GET .*/model-.*-of-.*safetensors")) > 1
    assert same(loaded("some/bert", AutoModelForMaskedLM), model)


def test_a_shaky_network_that_makes_progress_has_time(hub, monkeypatch):
    hub.faults["gpt2/model.safetensors"] = "shaky"
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 50_000)  # as small, for so small a file
    checkpoints.fetch("gpt2")
    assert len(asked(hub, "model.safetensors")) > 5 * checkpoints.hub.TRIES


@pytest.mark.parametrize("kind", ["no network", "error", "offline"])
def test_without_the_hub_the_cache_is_enough(hub, monkeypatch, capsys, kind):
    checkpoints.fetch("gpt2")
    hub.requests.clear()
    trouble(hub, monkeypatch, kind)
    capsys.readouterr()
    assert checkpoints.fetch("gpt2", "decoder") == "gpt2"
    told = "Using the copy of 'gpt2' in the cache" in capsys.readouterr().out
    assert told == (kind != "offline")
    assert huggingface_hub.is_offline_mode()  # no more questions
    MODELS[0].auto_class.from_pretrained("gpt2", cache_dir=constants.HF_HUB_CACHE)
    assert len(hub.requests) <= checkpoints.hub.TRIES


def test_what_the_readme_fetches_ahead_is_enough(hub, monkeypatch):
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
    for model in MODELS:
        assert checkpoints.fetch(model.ids[0]) == model.ids[0]


def test_what_lies_here_needs_no_hub(hub, monkeypatch, tmp_path):
    assert checkpoints.fetch(str(copy("gpt2", tmp_path)), "decoder")
    monkeypatch.delenv("NOTEBOOK_WEIGHTS")
    assert checkpoints.fetch("gpt2", "decoder") == checkpoints.resolve("gpt2")
    assert not hub.requests


# ---- faults of the network and of the Hub ----


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no network", ("can't be reached", NOWHERE, "Check the connection", UNSET)),
        ("offline", ("not in the cache", "HF_HUB_OFFLINE", UNSET)),
        ("gated", ("gated", "hf auth login", UNSET)),
        ("error", ("status 500", "Try again later", UNSET)),
    ],
)
def test_nothing_is_cached_and_nothing_to_be_had(hub, monkeypatch, kind, said):
    trouble(hub, monkeypatch, kind)
    refused(OSError, *said)
    assert len(hub.requests) <= checkpoints.hub.TRIES


def test_an_unknown_id(hub):
    said = ("no model", "spelling", "hf auth login", "Use the real models")
    refused(OSError, *said, model_id="nobody/nothing")


@pytest.mark.parametrize("name", ["a/b/c", "Tom laughed.", "../my/model", "./plian"])
@pytest.mark.parametrize("offline", [False, True])
def test_what_can_be_no_id(hub, monkeypatch, name, offline):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    refused(ValueError, "neither a folder nor the id", model_id=name)
    assert not hub.requests


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
    assert len(asked(hub, "GET.*safetensors")) <= checkpoints.hub.TRIES
    hub.faults.clear()
    assert checkpoints.fetch("gpt2") == "gpt2"  # the next try is none the worse
    loaded("gpt2", MODELS[0].auto_class)


def test_a_hub_that_goes_away_in_the_midst(hub):
    hub.faults["gpt2/tokenizer.json"] = "leaves"
    refused(OSError, "can't be reached, or broke off", "try again", UNSET)


def test_the_librarys_patience_is_given_back(hub):
    hooks = list(huggingface_hub.get_session().event_hooks["request"])
    hub.faults["gpt2"] = "error"
    refused(OSError, "500")
    assert huggingface_hub.get_session().event_hooks["request"] == hooks


def test_a_full_disk_is_not_blamed_on_the_hub(hub):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))  # bytes a file may have
    try:
        with pytest.raises(OSError, match=r"^\[Errno 27\] File too large"):
            checkpoints.fetch("gpt2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert checkpoints.fetch("gpt2") == "gpt2"


# ---- faults of files ----


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", INDEX])
def test_a_damaged_file_is_removed_from_the_cache(hub, tmp_path, file):
    sharded(tmp_path / "sharded")
    hub.models["some/bert"] = tmp_path / "sharded"
    model_id = "some/bert" if file == INDEX else "gpt2"
    hub.faults[f"{model_id}/{file}"] = "damaged"
    said = ("damaged", "removed from the cache", "run this again")
    refused(OSError, f"{file} of", *said, model_id=model_id)
    hub.faults.clear()
    assert checkpoints.fetch(model_id) == model_id


def test_a_file_that_lost_its_end_in_the_cache(hub):
    checkpoints.fetch("gpt2")
    shorten(checkpoints.hub._in_cache("gpt2").resolve())
    refused(OSError, "model.safetensors", "damaged", "removed from the cache")
    assert checkpoints.fetch("gpt2") == "gpt2"


def shorten(folder):
    weights = (folder / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-1000])


def only(folder, *names):
    """Leave these files alone, and make those that are not there."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    for name in names:
        (folder / name).touch()


SHARD = "model-00002-of-00005.safetensors"
NEITHER = f"has neither model.safetensors nor {INDEX}"


@pytest.mark.parametrize(
    ("damage", "error", "said"),
    [
        (lambda f: (f / SHARD).unlink(), OSError, f"No such file .*{SHARD}"),
        (lambda f: (f / INDEX).write_text("[not json"), OSError, f"{INDEX} .*damaged.* Replace "),
        (lambda f: (f / INDEX).write_text("{}"), OSError, f"{INDEX} .*damaged.* Replace "),
        (lambda f: (f / SHARD).write_text("cut"), OSError, f"{SHARD} .*damaged.* Replace "),
        (lambda f: (f / "config.json").unlink(), ValueError, "has no config.json"),
        (lambda f: (f / INDEX).unlink(), ValueError, NEITHER),
        (lambda f: only(f, "config.json", "model.fp16.safetensors"), ValueError, NEITHER),
        (lambda f: only(f, "config.json", "model.bin"), ValueError, "pickle.*model.bin.*any code"),
        (lambda f: only(f, "adapter_config.json"), ValueError, "is an adapter, a small change"),
    ],
)
def test_a_folder_that_lacks_something_is_told_what_and_left_alone(tmp_path, damage, error, said):
    folder = tmp_path / "sharded"
    sharded(folder)
    damage(folder)
    left = sorted(folder.iterdir())
    with pytest.raises(error, match=said) as caught:
        checkpoints.fetch(str(folder), "encoder")
    assert "removed" not in str(caught.value)
    assert sorted(folder.iterdir()) == left


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("config.json", "pytorch_model.bin"), "any code"),
        (("README.md",), "no config.json"),
    ],
)
def test_a_repository_is_refused_by_the_names_of_its_files(hub, tmp_path, files, said):
    hub.models["old/model"] = folder = copy("gpt2", tmp_path)
    only(folder, *files)
    refused(ValueError, said, model_id="old/model")
    assert not asked(hub, "GET /old/model")


# ---- checkpoints that are not what is needed ----


@pytest.mark.parametrize(
    ("model_id", "wanted", "auto_class"),
    [
        ("google/flan-t5-small", "decoder", "AutoModelForSeq2SeqLM"),
        ("gpt2", "encoder", "AutoModelForCausalLM"),
        ("bert-base-uncased", "encoder-decoder", "AutoModelForMaskedLM"),
        ("openai/whisper-tiny", "decoder", "AutoModelForSpeechSeq2Seq"),
    ],
)
def test_another_architecture(hub, model_id, wanted, auto_class):
    refused(ValueError, wanted, auto_class, ".ipynb", model_id=model_id, architecture=wanted)
    assert not asked(hub, "safetensors")  # nor any weights


@pytest.mark.parametrize(
    ("model_id", "wanted", "said"),
    [
        ("google/flan-t5-small", "sound", ("reads text", "AutoModelForSeq2SeqLM")),
        ("openai/whisper-tiny", "text", ("reads sound", "AutoModelForSpeechSeq2Seq")),
    ],
)
def test_text_where_sound_is_needed_and_the_other_way_round(hub, model_id, wanted, said):
    said += (f"made for {wanted}", "3_seq2seq_lm.ipynb")
    asked_for = {"architecture": "encoder-decoder", "reads": wanted}
    refused(ValueError, *said, model_id=model_id, **asked_for)
    assert not asked(hub, "safetensors")


TINY = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
TINY |= {"intermediate_size": 32}
BERT = {"vocab_size": 50} | TINY
GPT2 = {"vocab_size": 50, "n_embd": 12, "n_layer": 1, "n_head": 2, "eos_token_id": 1}
WHISPER = {"vocab_size": 50, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1}
WHISPER |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "pad_token_id": 0}
WHISPER |= {"bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}


def saved(folder, class_name, settings, shards="1GB"):
    """A folder with a tiny random model of that class."""
    model_class = getattr(transformers, class_name)
    model = model_class(model_class.config_class(**settings))
    model.save_pretrained(folder, max_shard_size=shards)
    return folder


@pytest.mark.parametrize(
    ("class_name", "settings", "architecture", "said"),
    [
        ("BertForSequenceClassification", BERT, "encoder", "lacks cls.predictions"),
        ("BertModel", BERT, "encoder", "saved as BertModel and lacks cls.predictions"),
        ("ElectraForPreTraining", BERT, "encoder", "head of random weights"),
        ("ViTModel", TINY, "encoder", "nothing that AutoModelForMaskedLM takes"),
        ("GPT2ForSequenceClassification", GPT2, "decoder", None),
        ("BertForPreTraining", BERT, "encoder", None),
    ],
)
@pytest.mark.parametrize("shards", ["1GB", "5KB"])
def test_a_head_that_would_be_new_is_refused_before_the_weights_come(
    hub, tmp_path, class_name, settings, architecture, said, shards
):
    """GPT-2's head is its embedding, which every GPT-2 holds; BERT's pretraining holds it, too."""
    hub.models["some/model"] = folder = saved(tmp_path / "model", class_name, settings, shards)
    for name in ("some/model", str(folder)):
        if said is None:
            assert checkpoints.fetch(name, architecture) == name
        else:
            refused(ValueError, said, model_id=name, architecture=architecture)
    fetched = list(Path(constants.HF_HUB_CACHE).rglob("*.safetensors"))
    assert bool(fetched) == (said is None)


def test_a_row_in_the_table_is_all_that_another_family_needs(hub, tmp_path, monkeypatch):
    hub.models["some/model"] = saved(tmp_path / "m", "WhisperForConditionalGeneration", WHISPER)
    wanted = {"model_id": "some/model", "architecture": "encoder-decoder", "reads": "sound"}
    rows(monkeypatch, *MODELS[:3])
    with pytest.raises(ValueError, match="reads must be 'text', got 'sound'"):
        checkpoints.fetch(**wanted)
    speech = Model(
        ("some/whisper",), "encoder-decoder", AutoModelForSpeechSeq2Seq, "speech.ipynb", "sound"
    )
    rows(monkeypatch, *MODELS[:3], speech)
    assert checkpoints.fetch(**wanted) == "some/model"
    assert checkpoints.fetch("google/flan-t5-small", "encoder-decoder")
    said = "AutoModelForSpeechSeq2Seq, as in speech"
    refused(ValueError, said, "decoder", **wanted | {"architecture": "decoder", "reads": "text"})


def rows(monkeypatch, *models):
    """Another table of models."""
    for module in (checkpoints.models, checkpoints.hub):
        monkeypatch.setattr(module, "MODELS", models)


def test_code_of_the_checkpoints_own_is_refused(hub, tmp_path):
    hub.models["new/model"] = folder = copy("gpt2", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.MyConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    marker = tmp_path / "was_run"
    (folder / "mine.py").write_text(f"open({str(marker)!r}, 'w')")
    refused(ValueError, "'mine'", "never run", model_id="new/model")
    assert not marker.exists()
    assert not asked(hub, "mine.py|safetensors")
