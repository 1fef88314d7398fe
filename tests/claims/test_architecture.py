"""The picture of a model's blocks is read from the model, so another config changes it."""

import matplotlib.pyplot as plt
import pytest
import torch
import transformers
from families import FAMILIES, SIZE, SPECIAL, build, built

from helpers import plots
from helpers.plots.anatomy import dissect

PRE = ["norm", "attention", "add", "norm", "feed-forward", "add"]
POST = ["attention", "add", "norm", "feed-forward", "add", "norm"]
SIDE_BY_SIDE = {"gptj", "gpt_neox", "phi", "falcon"}
OTHER = {"opt", "mixtral", "modernbert", "xlnet"}  # lists of texts, experts, unlike layers, einsum


def kinds(parts):
    return [part.kind for part in parts]


def words(ax):
    return {text.get_text() for text in ax.texts}


def whisper(**changes):
    size = {"d_model": 32, "vocab_size": 99, "max_source_positions": 20} | SPECIAL
    size |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    torch.manual_seed(0)
    return transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(**size | changes, decoder_start_token_id=1)
    )


def test_gpt2_and_t5_normalize_before_and_bert_after():
    assert kinds(dissect(built("gpt2")).stacks[0].layer) == PRE
    assert kinds(dissect(built("bert")).stacks[0].layer) == POST
    encoder, decoder = dissect(built("t5")).stacks
    assert kinds(encoder.layer) == PRE
    assert kinds(decoder.layer) == [*PRE[:3], "norm", "cross", "add", *PRE[3:]]


def test_what_is_added_is_what_came_before_the_norm_or_after_it():
    """Before the norm in GPT-2, after it in BERT: by the number of parts it has come through."""
    for name, expected in [("gpt2", [0, 3]), ("bert", [0, 3]), ("bart", [0, 3, 6])]:
        layer = dissect(built(name)).stacks[-1].layer
        assert [part.since for part in layer if part.kind == "add"] == expected
    assert kinds(dissect(built("gpt2")).stacks[0].layer)[2] == "add"  # just before place 3
    assert kinds(dissect(built("bert")).stacks[0].layer)[2] == "norm"


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - SIDE_BY_SIDE - OTHER))
def test_a_layer_of_every_family_attends_adds_and_feeds_forward(name):
    for stack in dissect(built(name)).stacks:
        found = kinds(stack.layer)
        steps = sum(kind in ("attention", "cross", "feed-forward") for kind in found)
        assert found.count("add") == steps >= 2


@pytest.mark.parametrize("name", sorted(SIDE_BY_SIDE | OTHER))
def test_a_layer_that_is_no_chain_is_refused(name):
    with pytest.raises(ValueError, match="the picture can't show it"):
        dissect(built(name))
    with pytest.raises(TypeError, match="model must be a transformers model, got Linear"):
        plots.architecture(torch.nn.Linear(2, 2))


def test_another_config_changes_the_drawing():
    small = words(plots.architecture(build("gpt2")))
    assert {"token\n99 × 32", "× 2", "feed-forward\n32 → 128 → 32", "ids (B, T)"} < small
    changes = {"num_hidden_layers": 5, "hidden_size": 48, "num_attention_heads": 6, "n_inner": 7}
    large = words(plots.architecture(build("gpt2", **changes, vocab_size=1234)))
    assert {"token\n1,234 × 48", "× 5", "feed-forward\n48 → 7 → 48", "logits (B, T, 1,234)"} < large
    assert any("6 heads" in text for text in large)
    plt.close("all")


def test_a_head_of_its_own_is_not_called_tied():
    for tied in (True, False):
        drawn = words(plots.architecture(build("gpt2", tie_word_embeddings=tied)))
        assert ("head, weights tied\n32 → 99" in drawn) is tied
        assert ("head\n32 → 99" in drawn) is not tied
    plt.close("all")


def test_a_head_of_several_blocks_is_named_beside_them():
    drawn = words(plots.architecture(built("bert")))
    assert {"head", "linear, weights tied\n32 → 99", "linear\n32 → 32"} < drawn
    plt.close("all")


def test_an_encoder_decoder_has_two_stacks_and_a_bridge_and_hears_if_it_is_whisper():
    drawn = words(plots.architecture(built("t5")))
    assert {"ids (B, S)", "ids (B, T)", "× 2", "× 3", "keys and values from (B, S, 32)"} < drawn
    drawn = words(plots.architecture(whisper(num_mel_bins=40)))
    assert {"convolution\n40 → 32", "convolution\n32 → 32, step 2", "(B, S, 32)"} < drawn
    assert "log-mel spectrogram (B, 40, F)" in drawn
    assert "ids (B, S)" not in drawn
    drawn = words(plots.architecture(built("speech_to_text")))
    assert "log-mel spectrogram (B, F, 5)" in drawn
    plt.close("all")


def test_segments_and_a_norm_of_the_embeddings_are_berts():
    (bert,) = dissect(built("bert")).stacks
    assert sorted(kinds(bert.before)) == ["norm", "position", "segment", "token"]
    assert kinds(dissect(built("gpt2")).stacks[0].before) == ["token", "position"]


def test_a_model_is_left_as_it_was():
    model = build("bert").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    dissect(model)
    assert all(module.training and not module._forward_hooks for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert SIZE["hidden_size"] == dissect(model.half()).stacks[0].layer[0].sizes[0]
