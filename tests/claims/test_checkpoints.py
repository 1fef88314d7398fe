"""Which weights a model id stands for."""

from pathlib import Path

import pytest

from helpers import checkpoints
from helpers.checkpoints import models

OTHERS = ["distilbert/distilgpt2", "gpt2-large", "./my/model", "GPT2"]


@pytest.mark.parametrize("switch", ["", "bundled"])
def test_the_miniature_stands_in_for_the_real_model(monkeypatch, switch):
    monkeypatch.setenv("NOTEBOOK_WEIGHTS", switch)
    package = Path(checkpoints.__file__).parents[1]
    for model_id, folder in [
        ("gpt2", "gpt2"),
        ("openai-community/gpt2", "gpt2"),
        ("bert-base-uncased", "bert-base-uncased"),
        ("google-bert/bert-base-uncased", "bert-base-uncased"),
        ("google/flan-t5-small", "flan-t5-small"),
        ("openai/whisper-tiny", "whisper-tiny"),
    ]:
        assert Path(checkpoints.resolve(model_id)).samefile(package / "miniatures" / folder)


def test_a_path_shown_in_a_notebook_tells_nothing_of_the_machine(monkeypatch):
    monkeypatch.chdir(models.ROOT / "notebooks")
    assert checkpoints.resolve("gpt2") == str(Path("../helpers/miniatures/gpt2"))


def test_hub_means_the_id_itself(monkeypatch):
    monkeypatch.setenv("NOTEBOOK_WEIGHTS", "hub")
    for model_id in [*checkpoints.MINIATURES, *OTHERS]:
        assert checkpoints.resolve(model_id) == model_id


def test_a_model_without_a_miniature_is_its_id():
    assert [checkpoints.resolve(model_id) for model_id in OTHERS] == OTHERS


@pytest.mark.parametrize("model_id", checkpoints.MINIATURES)
def test_a_missing_miniature_says_how_to_make_it(monkeypatch, tmp_path, model_id):
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    made_as = model_id.replace("openai-community/", "").replace("google-bert/", "")
    said = f"{model_id} .*`python -m helpers.making {made_as}`, or set NOTEBOOK_WEIGHTS=hub"
    with pytest.raises(FileNotFoundError, match=said):
        checkpoints.resolve(model_id)
