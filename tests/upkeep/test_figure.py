"""The README's picture: drawn from what was measured, and not drawn if that is not as predicted."""

import re

import matplotlib.pyplot as plt
import pytest

from helpers import attention, checkpoints
from helpers.making import __main__ as command
from helpers.making import figure


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_the_picture_has_three_panels_and_one_legend(tmp_path, monkeypatch):
    drawn = figure.draw()
    monkeypatch.setattr(figure, "draw", lambda: drawn)
    command.main(["figure", "--out", str(tmp_path / "masks.png")])
    assert (tmp_path / "masks.png").read_bytes().startswith(b"\x89PNG")
    names = ["decoder: our GPT-2", "encoder: our BERT", "encoder–decoder: our T5"]
    assert [ax.get_title() for ax in drawn.axes] == names
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert words == ["encoder", "cross-attention", "decoder", "not allowed"]


def test_nothing_is_drawn_from_a_mask_that_is_not_as_predicted(monkeypatch):
    measure = attention.influence
    monkeypatch.setattr(
        attention, "influence", lambda *a, **k: {n: x.mT for n, x in measure(*a, **k).items()}
    )
    with pytest.raises(RuntimeError, match="GPT2LMHeadModel: its decoder mask is not as predicted"):
        figure.draw()


def test_the_readme_shows_the_picture_with_its_text():
    readme = (checkpoints.models.ROOT / "README.md").read_text(encoding="utf-8")
    (alt, path) = re.search(r"!\[([^\]]+)\]\(([^)]+\.png)\)", readme, re.DOTALL).groups()
    assert (checkpoints.models.ROOT / path).samefile(figure.PICTURE)
    assert len(alt.split()) > 10
