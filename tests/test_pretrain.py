"""The miniatures are made honestly, and are as good as their cards say."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from helpers import checkpoints, pretrain, stories


@pytest.fixture(scope="module")
def gpt2():
    folder = checkpoints.MINIATURES["gpt2"]
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture
def quick(monkeypatch):
    """The GPT-2 recipe, cut down to two steps and eight held-out stories."""
    recipe = replace(pretrain.RECIPES["gpt2"], steps=2, batch_size=4)
    monkeypatch.setitem(pretrain.RECIPES, "gpt2", recipe)
    few = stories.sample(8, pretrain.HELD_OUT_SEED)
    monkeypatch.setattr(pretrain, "held_out_stories", lambda: few)
    return recipe


# ---- what the miniature can do ----


def test_the_gpt2_miniature_is_within_two_percent_of_the_exact_floor(gpt2):
    told = pretrain.held_out_stories(300)
    ratio = pretrain.story_surprise(*gpt2, told) / pretrain.floor(told)
    assert 0.99 < ratio < 1.02  # below 1 by more than chance would be cheating


def test_the_gpt2_miniature_summarizes_when_asked_to(gpt2):
    told = pretrain.held_out_stories(20)
    right = [
        answer == story.summary
        for answer, story in zip(pretrain.summaries(*gpt2, told), told, strict=True)
    ]
    assert sum(right) >= 18


def test_the_gpt2_miniature_has_a_parameter_count_between_half_a_million_and_two(gpt2):
    assert 500_000 <= gpt2[0].num_parameters() <= 2_000_000


def test_some_words_of_the_stories_fall_into_several_tokens(gpt2):
    words = {word for story in stories.sample(300, 0) for word in stories.units(story.text)}
    lengths = [len(gpt2[1](" " + word).input_ids) for word in words if word.isalpha()]
    assert lengths.count(1) > 100
    assert sum(length > 1 for length in lengths) > 20


def test_surprise_is_the_library_s_loss_times_the_tokens(gpt2):
    model, tokenizer = gpt2
    (story,) = told = pretrain.held_out_stories(1)
    end = tokenizer.eos_token_id
    ids = torch.tensor([[end, *tokenizer(story.text).input_ids, end]])
    with torch.no_grad():
        loss = model(ids, labels=ids).loss.item()
    expected = loss * (ids.shape[1] - 1)
    assert pretrain.story_surprise(model, tokenizer, told) == pytest.approx(expected, rel=1e-4)


def test_a_model_that_knows_nothing_is_far_above_the_floor(gpt2):
    _, tokenizer = gpt2
    told = pretrain.held_out_stories(20)
    untrained = pretrain.gpt2_model(tokenizer).eval()
    assert pretrain.story_surprise(untrained, tokenizer, told) > 10 * pretrain.floor(told)


# ---- what it was trained on ----


def test_no_held_out_story_is_among_the_training_stories():
    recipe = pretrain.RECIPES["gpt2"]
    unseen = {story.text for story in pretrain.held_out_stories()}
    assert len(unseen) > 990  # a short story can come twice
    trained_on = pretrain.training_stories(recipe.steps * recipe.batch_size + pretrain.HELD_OUT)
    assert len(trained_on) >= recipe.steps * recipe.batch_size  # nobody sees a story twice
    assert unseen.isdisjoint(story.text for story in trained_on)


def test_held_out_stories_are_taken_out_wherever_they_turn_up(monkeypatch):
    monkeypatch.setattr(pretrain, "TRAINING_SEED", pretrain.HELD_OUT_SEED)
    assert pretrain.training_stories(pretrain.HELD_OUT) == []


def test_one_example_in_four_ends_with_a_summary_and_its_prompt_is_not_scored(gpt2):
    _, tokenizer = gpt2
    told = stories.sample(8, 0)
    examples = pretrain.gpt2_examples(told, tokenizer)
    for index, (story, example) in enumerate(zip(told, examples, strict=True)):
        text = tokenizer.decode(example["input_ids"])
        summary = f"{pretrain.SUMMARY_PROMPT} {story.summary}" if index % 4 == 0 else ""
        assert text == f"<|endoftext|>{story.text}{summary}<|endoftext|>"
        scored = [label for label in example["labels"] if label != -100]
        assert tokenizer.decode(scored) == text.replace(pretrain.SUMMARY_PROMPT, "")


def test_batches_hold_every_example_once_and_little_padding():
    examples = [{"input_ids": [1] * length} for length in [3, 9, 4, 8, 3, 9, 4, 8]]
    batches = list(pretrain.by_length(examples, size=2, pad_token_id=0))
    assert sorted(tuple(b["attention_mask"].sum(1).tolist()) for b in batches) == [
        (3, 3),
        (4, 4),
        (8, 8),
        (9, 9),
    ]


# ---- making one ----


def test_a_miniature_is_saved_with_its_tokenizer_and_card(quick, tmp_path):
    measures = pretrain.make("gpt2", tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert type(model).__name__ == "GPT2LMHeadModel"
    assert len(tokenizer) == model.config.vocab_size
    assert tokenizer.model_max_length == model.config.max_position_embeddings
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors", ".md"}
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name, value in measures.items():
        assert f"| {name} | {value} |" in card


def test_the_same_seed_makes_the_same_miniature(quick, tmp_path):
    for name in "ab":
        pretrain.make("gpt2", tmp_path / name)
    one, other = (
        AutoModelForCausalLM.from_pretrained(tmp_path / name).state_dict() for name in "ab"
    )
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_the_bundled_card_tells_how_the_miniature_was_made():
    card = (checkpoints.MINIATURES["gpt2"] / "README.md").read_text(encoding="utf-8")
    recipe = pretrain.RECIPES["gpt2"]
    assert f"| steps | {recipe.steps:,} of {recipe.batch_size} new stories each |" in card
    assert f"| learning rate, seed | {recipe.learning_rate}, {pretrain.TRAINING_SEED} |" in card
    for row in ("parameters", "time taken", "loss / floor", "exact floor"):
        assert f"| {row}" in card


def test_a_model_without_a_recipe_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no recipe for 'gpt3'; there is one for gpt2"):
        pretrain.make("gpt3", tmp_path)
    with pytest.raises(SystemExit, match="2"):
        pretrain.main(["gpt3"])


def test_a_mean_over_no_stories_is_refused(gpt2):
    with pytest.raises(ValueError, match="told is empty: give some stories"):
        pretrain.floor([])
    with pytest.raises(ValueError, match="told is empty: give some stories"):
        pretrain.story_surprise(*gpt2, [])
