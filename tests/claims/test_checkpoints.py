"""Which weights a model id stands for."""

import re
from pathlib import Path

import pytest

from helpers import checkpoints


@pytest.fixture(autouse=True)
def _no_switch(monkeypatch):
    monkeypatch.delenv("NOTEBOOK_WEIGHTS", raising=False)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Miniatures that exist, whatever this checkout holds: a repository of their own."""
    for name in set(checkpoints.MINIATURES.values()):
        folder = tmp_path / "helpers" / "miniatures" / name.name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
    folders = {
        key: tmp_path / "helpers" / "miniatures" / folder.name
        for key, folder in checkpoints.MINIATURES.items()
    }
    for key, folder in folders.items():
        monkeypatch.setitem(checkpoints.MINIATURES, key, folder)
    monkeypatch.setattr(checkpoints.models, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("model_id", "folder"),
    [
        ("gpt2", "gpt2"),
        ("openai-community/gpt2", "gpt2"),
        ("bert-base-uncased", "bert-base-uncased"),
        ("google-bert/bert-base-uncased", "bert-base-uncased"),
        ("google/flan-t5-small", "flan-t5-small"),
    ],
)
@pytest.mark.parametrize("switch", [None, "", "bundled"])
def test_the_miniature_stands_in_for_the_real_model(made, monkeypatch, model_id, folder, switch):
    if switch is not None:
        monkeypatch.setenv("NOTEBOOK_WEIGHTS", switch)
    assert Path(checkpoints.resolve(model_id)) == made / "helpers" / "miniatures" / folder


def test_the_miniatures_lie_in_the_package():
    package = Path(checkpoints.__file__).parents[1]
    assert {folder.parent for folder in checkpoints.MINIATURES.values()} == {package / "miniatures"}


def test_a_path_shown_in_a_notebook_tells_nothing_of_the_machine(made, monkeypatch):
    (made / "notebooks").mkdir()
    monkeypatch.chdir(made / "notebooks")
    shown = checkpoints.resolve("gpt2")
    assert Path(shown) == Path("../helpers/miniatures/gpt2")
    assert Path(shown).is_dir()


@pytest.mark.parametrize("model_id", ["gpt2", "google/flan-t5-small", "distilbert/distilgpt2"])
def test_hub_means_the_id_itself(made, monkeypatch, model_id):
    monkeypatch.setenv("NOTEBOOK_WEIGHTS", "hub")
    assert checkpoints.resolve(model_id) == model_id


@pytest.mark.parametrize("model_id", ["distilbert/distilgpt2", "gpt2-large", "./my/model", "GPT2"])
def test_a_model_without_a_miniature_is_its_id(model_id):
    assert checkpoints.resolve(model_id) == model_id


@pytest.mark.parametrize("model_id", ["gpt2", "distilbert/distilgpt2"])
@pytest.mark.parametrize("value", ["HUB", "real", "1", " hub"])
def test_another_value_of_the_switch_is_refused(monkeypatch, model_id, value):
    monkeypatch.setenv("NOTEBOOK_WEIGHTS", value)
    with pytest.raises(
        ValueError, match=f"NOTEBOOK_WEIGHTS must be 'bundled' or 'hub', got {value!r}"
    ):
        checkpoints.resolve(model_id)


@pytest.mark.parametrize(
    ("model_id", "trained_as"),
    [("openai-community/gpt2", "gpt2"), ("google/flan-t5-small", "google/flan-t5-small")],
)
def test_a_missing_miniature_says_how_to_make_it(made, model_id, trained_as):
    (checkpoints.MINIATURES[model_id] / "config.json").unlink()
    command = re.escape(f"python -m helpers.making {trained_as}`")
    with pytest.raises(FileNotFoundError, match=f"{model_id}.*{command}.*NOTEBOOK_WEIGHTS=hub"):
        checkpoints.resolve(model_id)


@pytest.mark.parametrize(
    ("model_id", "error", "said"),
    [
        ("", ValueError, "model_id is empty"),
        ("  ", ValueError, "model_id is empty"),
        (None, TypeError, "NoneType"),
        (7, TypeError, "int"),
        (Path("gpt2"), TypeError, "Path"),
        (["gpt2"], TypeError, "list"),
    ],
)
def test_a_bad_id_is_refused(model_id, error, said):
    with pytest.raises(error, match=f"model_id .*{said}|{said}"):
        checkpoints.resolve(model_id)
