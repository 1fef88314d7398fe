"""The notebooks with NOTEBOOK_WEIGHTS=hub, as the README says to run them, on a Hub of our own."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import hub as hubs
import pytest
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from helpers import checkpoints, stories
from helpers.checkpoints.models import MODELS

ROOT = Path(__file__).resolve().parents[2]
TEXT_MODELS = [model for model in MODELS if model.reads == "text"]
(WHISPER,) = [model for model in MODELS if model.reads == "sound"]


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
    path = os.pathsep.join([str(site), os.environ["PYTHONPATH"]])  # the guard lies there
    command = [sys.executable, "-c", LOAD_ALL]
    for model in TEXT_MODELS:
        command += [model.notebook, model.ids[0]]
    with hubs.running(checkpoints.MINIATURES) as hub:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=surroundings(hub, tmp_path) | {"PYTHONPATH": path},
            cwd=ROOT / "notebooks",
        )
    for path in set((site / "helpers").rglob("*.py")) - {site / "helpers" / "__init__.py"}:
        assert str(path) in run.stdout, run.stdout + run.stderr
    for model in TEXT_MODELS:
        assert f"the same weights: {model.ids[0]}" in run.stdout, run.stdout + run.stderr
        wanted = f"GET /{model.ids[0]}/resolve/main/model.safetensors"
        assert any(line.startswith(wanted) for line in hub.requests)


# ---- behind `make real`: other checkpoints, which a learner may put in ----

T5_SMALL = {"d_model": 512, "d_kv": 64, "d_ff": 1024, "num_layers": 8, "num_decoder_layers": 8}
T5_SMALL |= {"num_heads": 6, "feed_forward_proj": "gated-gelu", "vocab_size": 32128}
FULL_SIZE = {
    "gpt2": transformers.GPT2Config(),
    "bert-base-uncased": transformers.BertConfig(),
    "google/flan-t5-small": transformers.T5Config(decoder_start_token_id=0, **T5_SMALL),
    "openai/whisper-tiny": transformers.WhisperConfig(),
}
WHISPER_BASE = {"encoder_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048}
WHISPER_BASE |= {name.replace("en", "de", 1): value for name, value in WHISPER_BASE.items()}
OTHERS = {
    "gpt2": ("distilbert/distilgpt2", transformers.GPT2Config(n_layer=6)),
    "bert-base-uncased": (
        "google-bert/bert-large-uncased",
        transformers.BertConfig(hidden_size=256, num_hidden_layers=6, num_attention_heads=8),
    ),
    "google/flan-t5-small": (
        "google-t5/t5-small",
        transformers.T5Config(num_layers=6, decoder_start_token_id=0, vocab_size=32128),
    ),
    "openai/whisper-tiny": (
        "openai/whisper-base",
        transformers.WhisperConfig(d_model=512, **WHISPER_BASE),
    ),
}


def written(folder, model, config, tokenizer=None):
    """A checkpoint with random weights, and the miniature's tokenizer if no other is given."""
    tokenizer = tokenizer or AutoTokenizer.from_pretrained(model.miniature)
    for name in ("bos", "eos", "pad"):
        setattr(config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id", None))
    transformers.set_seed(0)
    random_weights = model.auto_class.from_config(config)
    if model.reads == "sound":  # which tokens stand for its languages and tasks
        own = transformers.GenerationConfig.from_pretrained(model.miniature)
        random_weights.generation_config = own
        config.decoder_start_token_id = own.decoder_start_token_id
        tokenizer = transformers.WhisperProcessor(transformers.WhisperFeatureExtractor(), tokenizer)
    random_weights.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def full_size(model, folder):
    written(folder, model, FULL_SIZE[model.ids[0]])
    return model.ids[0]


def another_model(model, folder):
    other, config = OTHERS[model.ids[0]]
    written(folder, model, config)
    return other


def half_precision(model, folder):
    shutil.copytree(model.miniature, folder)
    weights = folder / "model.safetensors"
    state = {key: value.half() for key, value in load_file(weights).items()}
    save_file(state, weights, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float16"}), encoding="utf-8")
    return model.ids[0]


def larger_vocabulary(model, folder):
    """A tokenizer that knows many other words, so that it cuts rare story words into pieces."""
    draw = random.Random(0)
    syllables = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
    words = ["".join(draw.choices(syllables, k=draw.randint(2, 5))) for _ in range(80_000)]
    texts = [story.text for story in stories.sample(300, seed=9)]
    texts += [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    tokenizer = AutoTokenizer.from_pretrained(model.miniature)
    special = [name for name in tokenizer.get_vocab() if name.startswith("<extra_id_")]
    tokenizer = tokenizer.train_new_from_iterator(
        texts, vocab_size=32_000, new_special_tokens=special or None, show_progress=False
    )
    assert len(tokenizer) > 30_000
    config = transformers.AutoConfig.from_pretrained(model.miniature, vocab_size=len(tokenizer))
    written(folder, model, config, tokenizer)
    return model.ids[0]


@pytest.mark.real
@pytest.mark.parametrize("model", TEXT_MODELS, ids=lambda model: model.notebook)
@pytest.mark.parametrize("make", [full_size, another_model, half_precision, larger_vocabulary])
def test_a_notebook_runs_on(make, model, tmp_path):
    """At most one line changed: the id in the cell that loads the model."""
    model_id = make(model, tmp_path / "model")
    text = (ROOT / "notebooks" / model.notebook).read_text(encoding="utf-8")
    line = f'model_id = checkpoints.fetch(\\"{model.ids[0]}\\"'
    assert text.count(line) == 1
    copy = ROOT / "notebooks" / f"{make.__name__}_{model.notebook}"  # beside the original
    copy.write_text(text.replace(line, line.replace(model.ids[0], model_id)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
    command += ["--nbval-lax", str(copy)]
    try:
        with hubs.running(checkpoints.MINIATURES | {model_id: tmp_path / "model"}) as hub:
            environment = surroundings(hub, tmp_path)
            run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    finally:
        copy.unlink()
    assert re.search(r"\d+ passed", run.stdout), run.stdout + run.stderr
    assert run.returncode == 0, run.stdout[-6000:]


HEAR = """
import sys
from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor
from helpers import checkpoints, speech

model_id = checkpoints.fetch(sys.argv[1], "encoder-decoder", reads="sound")
processor = AutoProcessor.from_pretrained(model_id)
model = AutoModelForSpeechSeq2Seq.from_pretrained(model_id)
recordings = speech.recordings()[:2]
sounds = [recording.sound for recording in recordings]
inputs = speech.features(processor, sounds)
labels = processor.tokenizer(recordings[0].text, return_tensors="pt").input_ids[:, 1:]
loss = model(input_features=inputs[:1].to(model.dtype), labels=labels).loss
print(model_id, tuple(inputs.shape), model.num_parameters() // 10**6, 0 < loss.item() < 20)
print(len(speech.transcribe(model, processor, sounds)))
"""


@pytest.mark.real
@pytest.mark.parametrize(
    ("make", "seen"),
    [
        (full_size, "(2, 80, 3000) 37 True"),
        (another_model, "(2, 80, 3000) 72 True"),
        (half_precision, "(2, 80, 200) 0 True"),
    ],
)
def test_a_speech_model_of_full_size_is_fetched_and_hears(make, seen, tmp_path):
    """What the cells on speech will do, but for the measuring of attention."""
    model_id = make(WHISPER, tmp_path / "model")
    with hubs.running({model_id: tmp_path / "model"}) as hub:
        run = subprocess.run(
            [sys.executable, "-c", HEAR, model_id],
            capture_output=True,
            text=True,
            env=surroundings(hub, tmp_path),
            cwd=ROOT,
        )
    assert run.stdout == f"{model_id} {seen}\n2\n", run.stdout + run.stderr
