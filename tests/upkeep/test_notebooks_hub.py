"""The notebooks with NOTEBOOK_WEIGHTS=hub, as the README says to run them, on a Hub of our own."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import hub as hubs
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from helpers import checkpoints, stories

WEIGHTS = "model.safetensors"
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {
    "1_causal_lm": "gpt2",
    "2_masked_lm": "bert-base-uncased",
    "3_seq2seq_lm": "google/flan-t5-small",
}


def surroundings(hub, folder):
    """The environment of a child that asks this Hub, with an empty cache in the folder."""
    return os.environ | {
        "NOTEBOOK_WEIGHTS": "hub",
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(folder / "hf_home"),
        "HF_HUB_OFFLINE": "0",
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that a wheel is installed in: built from a copy that has one sub-package more."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignore = shutil.ignore_patterns("__pycache__")
    package = shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=ignore)
    (package / "sub").mkdir()
    (package / "sub" / "__init__.py").write_text("")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder / "dist"), str(folder)]
    subprocess.run(command, check=True, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    (wheel,) = (folder / "dist").iterdir()
    shutil.unpack_archive(wheel, folder / "site", "zip")
    return folder


def test_a_wheel_holds_the_whole_package(installed):
    built, source = installed / "site" / "helpers", installed / "helpers"
    names = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    assert Path("sub/__init__.py") in names
    assert {path.relative_to(built) for path in built.rglob("*") if path.is_file()} == names


def guarded(folder):
    """The folder in front of what PYTHONPATH names already: the guard against traffic."""
    return os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])


LOAD_ALL = """
import importlib
import pkgutil
import sys
import nbformat
import torch
from transformers import AutoTokenizer
import helpers
from helpers import checkpoints, stories

for found in pkgutil.walk_packages(helpers.__path__, "helpers."):
    print(importlib.import_module(found.name).__file__)
for name, model_id in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    notebook, space = nbformat.read(name, as_version=4), {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
        if "tokenizer" in space and "model" in space:
            break
    bundled = checkpoints.MINIATURES[model_id]
    there = type(space["model"]).from_pretrained(bundled).state_dict()
    here = space["model"].state_dict()
    assert here.keys() == there.keys() and len(here) > 10
    assert all(torch.equal(here[key], there[key]) for key in there)
    assert space["tokenizer"].get_vocab() == AutoTokenizer.from_pretrained(bundled).get_vocab()
    print("the same weights:", space["model_id"])
"""


def test_every_notebook_loads_what_it_downloads(installed, tmp_path):
    """The cells that load it, with the switch on, nothing cached, and the wheel's `helpers`.

    What they get is what is bundled, to the bit. So all cells below do what the tests of the
    notebooks see them do. And every module of the wheel can be imported, from another folder.
    """
    site = installed / "site"
    command = [sys.executable, "-c", LOAD_ALL]
    for name, model_id in NOTEBOOKS.items():
        command += [f"{name}.ipynb", model_id]
    with hubs.running(checkpoints.MINIATURES) as hub:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=surroundings(hub, tmp_path) | {"PYTHONPATH": guarded(site)},
            cwd=ROOT / "notebooks",
        )
    for path in set((site / "helpers").rglob("*.py")) - {site / "helpers" / "__init__.py"}:
        assert str(path) in run.stdout, run.stdout + run.stderr
    for model_id in NOTEBOOKS.values():
        assert f"the same weights: {model_id}" in run.stdout, run.stdout + run.stderr
        wanted = f"GET /{model_id}/resolve/main/model.safetensors"
        assert any(line.startswith(wanted) for line in hub.requests)


# ---- behind `make real`: full size, and other checkpoints ----


def passes(path, hub, tmp_path):
    """`pytest --nbval-lax` on a notebook, with an empty cache; its output, if a cell fails."""
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
    command += ["--nbval-lax", str(path)]
    environment = surroundings(hub, tmp_path)
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert re.search(r"\d+ passed", run.stdout), run.stdout + run.stderr
    assert run.returncode == 0, run.stdout[-6000:]


def full_size(model_id):
    """The real config of the library's defaults, with random weights."""
    return {
        "gpt2": transformers.GPT2Config(),
        "bert-base-uncased": transformers.BertConfig(),
        "google/flan-t5-small": transformers.T5Config(
            d_model=512,
            d_kv=64,
            d_ff=1024,
            num_layers=8,
            num_decoder_layers=8,
            num_heads=6,
            feed_forward_proj="gated-gelu",
            decoder_start_token_id=0,
            vocab_size=32128,
        ),
    }[model_id]


def others(model_id):
    """Another checkpoint of the same architecture, as somebody would put it in: its id, config."""
    return {
        "gpt2": ("distilbert/distilgpt2", transformers.GPT2Config(n_layer=6)),
        "bert-base-uncased": (
            "google-bert/bert-large-uncased",
            transformers.BertConfig(hidden_size=256, num_hidden_layers=6, num_attention_heads=8),
        ),
        "google/flan-t5-small": (
            "google-t5/t5-small",
            transformers.T5Config(num_layers=6, decoder_start_token_id=0, vocab_size=32128),
        ),
    }[model_id]


def written(folder, model_id, config, tokenizer=None):
    """A checkpoint with random weights and a tokenizer, the miniature's if none is given."""
    auto = {
        "gpt2": transformers.AutoModelForCausalLM,
        "bert-base-uncased": transformers.AutoModelForMaskedLM,
        "google/flan-t5-small": transformers.AutoModelForSeq2SeqLM,
    }[model_id]
    if tokenizer is None:
        tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES[model_id])
    for name in ("bos", "eos", "pad"):
        setattr(config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id", None))
    torch.manual_seed(0)
    auto.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.real
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_in_full_size(name, tmp_path):
    model_id = NOTEBOOKS[name]
    folder = written(tmp_path / "full", model_id, full_size(model_id))
    start = time.perf_counter()
    with hubs.running(checkpoints.MINIATURES | {model_id: folder}) as hub:
        passes(ROOT / "notebooks" / f"{name}.ipynb", hub, tmp_path)
    print(f"\n{name} in full size: {time.perf_counter() - start:.0f} s")


@pytest.mark.real
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_on_another_checkpoint(name, tmp_path):
    """One line changed: the id in the cell that loads the model."""
    model_id = NOTEBOOKS[name]
    other, config = others(model_id)
    folder = written(tmp_path / "other", model_id, config)
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    line = f'model_id = checkpoints.fetch(\\"{model_id}\\"'
    assert text.count(line) == 1
    path = ROOT / "notebooks" / f"other_{name}.ipynb"  # beside the original, as a copy would be
    path.write_text(text.replace(line, line.replace(model_id, other)), encoding="utf-8")
    try:
        with hubs.running(checkpoints.MINIATURES | {other: folder}) as hub:
            passes(path, hub, tmp_path)
    finally:
        path.unlink()


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    """The miniatures, stored in half precision: id → folder."""
    folders = {}
    for model_id, bundled in checkpoints.MINIATURES.items():
        folder = tmp_path_factory.mktemp("half") / "model"
        folders[model_id] = shutil.copytree(bundled, folder)
        state = {key: value.half() for key, value in load_file(folder / WEIGHTS).items()}
        save_file(state, folder / WEIGHTS, metadata={"format": "pt"})
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config["dtype"] = "float16"
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folders


@pytest.mark.real
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_on_checkpoints_in_half_precision(name, halved, tmp_path):
    with hubs.running(halved) as hub:
        passes(ROOT / "notebooks" / f"{name}.ipynb", hub, tmp_path)


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory):
    """Models with random weights, and tokenizers that know many other words: id → folder.

    Trained on few stories, they cut rare story words into pieces, as the real ones do.
    """
    draw = random.Random(0)
    syllables = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
    words = ["".join(draw.choices(syllables, k=draw.randint(2, 5))) for _ in range(80_000)]
    texts = [story.text for story in stories.sample(300, seed=9)]
    texts += [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    folders = {}
    for model_id in NOTEBOOKS.values():
        bundled = checkpoints.MINIATURES[model_id]
        tokenizer = AutoTokenizer.from_pretrained(bundled)
        special = [name for name in tokenizer.get_vocab() if name.startswith("<extra_id_")]
        tokenizer = tokenizer.train_new_from_iterator(
            texts, vocab_size=32_000, new_special_tokens=special or None, show_progress=False
        )
        assert len(tokenizer) > 30_000, len(tokenizer)
        config = transformers.AutoConfig.from_pretrained(bundled, vocab_size=len(tokenizer))
        folder = tmp_path_factory.mktemp("large") / "model"
        folders[model_id] = written(folder, model_id, config, tokenizer)
    return folders


@pytest.mark.real
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_on_checkpoints_with_a_larger_vocabulary(name, enlarged, tmp_path):
    start = time.perf_counter()
    with hubs.running(checkpoints.MINIATURES | enlarged) as hub:
        passes(ROOT / "notebooks" / f"{name}.ipynb", hub, tmp_path)
    print(f"\n{name} with 30,000 tokens: {time.perf_counter() - start:.0f} s")
