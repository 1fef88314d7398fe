"""The miniatures are made honestly, and are as good as their cards say."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
)

from helpers import checkpoints, pretrain, stories


@pytest.fixture(scope="module")
def gpt2():
    folder = checkpoints.MINIATURES["gpt2"]
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def bert():
    folder = checkpoints.MINIATURES["bert-base-uncased"]
    return AutoModelForMaskedLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def t5():
    folder = checkpoints.MINIATURES["google/flan-t5-small"]
    return AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture
def quick(monkeypatch):
    """The recipes, cut down to two steps and eight held-out stories."""
    for name, recipe in pretrain.RECIPES.items():
        rounds = tuple(replace(each, steps=2) for each in recipe.rounds)
        monkeypatch.setitem(pretrain.RECIPES, name, replace(recipe, rounds=rounds, batch_size=4))
    few = stories.sample(8, pretrain.HELD_OUT_SEED)
    monkeypatch.setattr(pretrain, "held_out_stories", lambda: few)


every_recipe = pytest.mark.parametrize("model_id", pretrain.RECIPES)
GOALS = {"translate": 0.98, "summarize": 0.98, "ask": 0.98}
AUTO_CLASSES = {
    "gpt2": AutoModelForCausalLM,
    "bert-base-uncased": AutoModelForMaskedLM,
    "google/flan-t5-small": AutoModelForSeq2SeqLM,
}


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


@every_recipe
def test_a_miniature_has_between_half_a_million_and_two_million_parameters(model_id):
    model = AUTO_CLASSES[model_id].from_pretrained(checkpoints.MINIATURES[model_id])
    assert 500_000 <= model.num_parameters() <= 2_000_000


@every_recipe
def test_some_words_of_the_stories_fall_into_several_tokens(model_id):
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES[model_id])
    words = {word for story in stories.sample(300, 0) for word in stories.units(story.text)}
    lengths = [len(tokenizer.tokenize(" " + word)) for word in words if word.isalpha()]
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


def test_the_bert_miniature_fills_blanks_like_the_ideal_reader(bert):
    model, tokenizer = bert
    asked = pretrain.blanks(pretrain.held_out_stories(400), tokenizer)
    accuracy, best, divergence = pretrain.fill_quality(model, tokenizer, asked)
    assert len(asked) == 400
    assert best > 0.9  # the blanks can be filled
    assert accuracy > best - 0.01
    assert 0 < divergence < 0.05


def test_a_bert_that_knows_nothing_fills_no_blank(bert):
    _, tokenizer = bert
    asked = pretrain.blanks(pretrain.held_out_stories(40), tokenizer)
    untrained = pretrain.bert_model(tokenizer).eval()
    accuracy, best, divergence = pretrain.fill_quality(untrained, tokenizer, asked)
    assert accuracy < 0.1 < best
    assert divergence > 5


def test_a_blank_hides_one_word_and_one_token_is_enough_for_all_that_could_stand_there(bert):
    _, tokenizer = bert
    told = pretrain.held_out_stories(50)
    for blank, story in zip(pretrain.blanks(told, tokenizer), told, strict=True):
        before, after = blank.text.split(stories.BLANK)
        hidden = story.text.removeprefix(before).removesuffix(after)
        assert hidden.lower() == blank.word
        assert {word.lower(): p for word, p in stories.fill(blank.text)[0].items()} == blank.ideal
        assert all(tokenizer.tokenize(word) == [word] for word in blank.ideal)


def test_the_ideal_reader_has_no_divergence_from_itself_and_a_guesser_has_all(bert):
    _, tokenizer = bert
    asked = pretrain.blanks(pretrain.held_out_stories(60), tokenizer)
    rows = {}
    for blank in asked:
        row = torch.full((len(tokenizer),), -1e4)
        ids = tokenizer.convert_tokens_to_ids(list(blank.ideal))
        row[ids] = torch.tensor(list(blank.ideal.values())).log()
        text = blank.text.replace(stories.BLANK, tokenizer.mask_token)
        rows[tuple(tokenizer(text).input_ids)] = row

    def ideal(input_ids, **_):
        return SimpleNamespace(logits=torch.stack([expanded(ids) for ids in input_ids]))

    def expanded(ids):
        known = rows[tuple(ids[ids != tokenizer.pad_token_id].tolist())]
        return known.expand(len(ids), -1)

    def guesser(input_ids, **_):
        return SimpleNamespace(logits=torch.zeros(*input_ids.shape, len(tokenizer)))

    accuracy, best, divergence = pretrain.fill_quality(ideal, tokenizer, asked)
    assert accuracy == best
    assert divergence == pytest.approx(0, abs=1e-4)
    open_bits = [-sum(p * math.log2(p) for p in blank.ideal.values()) for blank in asked]
    *_, divergence = pretrain.fill_quality(guesser, tokenizer, asked)
    assert divergence == pytest.approx(math.log2(len(tokenizer)) - sum(open_bits) / 60, abs=1e-4)


@pytest.mark.parametrize("task", ["translate", "summarize", "ask"])
def test_the_t5_miniature_does_its_tasks_exactly(t5, task):
    assert pretrain.exactly_right(*t5, pretrain.held_out_stories(100), task) >= GOALS[task]


def test_the_t5_miniature_fills_a_sentinel_like_the_ideal_reader(t5):
    asked = pretrain.blanks(pretrain.held_out_stories(200), t5[1])
    accuracy, best = pretrain.sentinel_accuracy(*t5, asked)
    assert best > 0.9
    assert accuracy >= best - 0.02


def test_a_t5_that_knows_nothing_does_no_task(t5):
    _, tokenizer = t5
    told = pretrain.held_out_stories(20)
    untrained = pretrain.t5_model(tokenizer).eval()
    assert pretrain.exactly_right(untrained, tokenizer, told, "translate") == 0
    accuracy, _ = pretrain.sentinel_accuracy(untrained, tokenizer, pretrain.blanks(told, tokenizer))
    assert accuracy == 0


def test_exactly_right_is_to_the_letter(monkeypatch):
    told = stories.sample(10, 0)
    chance = pretrain.random.Random(0)
    right = [pretrain.pair("summarize", story, chance)[1] for story in told]
    monkeypatch.setattr(pretrain, "written", lambda *_: right)
    assert pretrain.exactly_right(None, None, told, "summarize") == 1
    monkeypatch.setattr(pretrain, "written", lambda *_: [right[0] + " ", *right[1:]])
    assert pretrain.exactly_right(None, None, told, "summarize") == 0.9


def test_a_sentinel_is_filled_by_the_word_and_nothing_else(monkeypatch):
    asked = [pretrain.Blank("Tom ___.", word, {"ran": 0.7, "sat": 0.3}) for word in ("ran", "sat")]
    for text, expected in [
        ("<extra_id_0> Ran<extra_id_1>", 0.5),
        ("<extra_id_0> ran home<extra_id_1>", 0.0),
        ("ran<extra_id_1>", 0.0),
        ("<extra_id_0> ran", 0.0),
    ]:
        monkeypatch.setattr(pretrain, "written", lambda *_, text=text: [text, text])
        assert pretrain.sentinel_accuracy(None, None, asked) == (expected, 0.5)


# ---- what it was trained on ----


def test_no_held_out_story_is_among_the_training_stories():
    unseen = {story.text for story in pretrain.held_out_stories()}
    assert len(unseen) > 990  # a short story can come twice
    trained_on = pretrain.training_stories(30_000)
    dropped = 30_000 - len(trained_on)
    assert 0 < dropped < 12  # so that the thousand more for each round are more than enough
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


def test_bert_s_tokenizer_makes_lower_case_pieces_and_knows_its_special_tokens():
    tokenizer = pretrain.bert_tokenizer(stories.sample(300, 0))
    first = tokenizer.convert_ids_to_tokens(range(5))
    assert first == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.decode(tokenizer("Anna LOST").input_ids) == "[CLS] anna lost [SEP]"
    assert tokenizer("Anna", "Tom").token_type_ids == [0, 0, 0, 1, 1]
    assert any(token.startswith("##") for token in tokenizer.get_vocab())


def test_bert_is_asked_for_hidden_tokens_and_fewer_towards_the_end(bert):
    _, tokenizer = bert
    told = stories.sample(400, 0)
    examples = pretrain.bert_examples(told, tokenizer)
    rates, segments = [], []
    for index, (story, example) in enumerate(zip(told, examples, strict=True)):
        inputs, labels = torch.tensor(example["input_ids"]), torch.tensor(example["labels"])
        part = pretrain._segments(story.text, index)
        expected = tokenizer(*part)
        assert torch.where(labels == -100, inputs, labels).tolist() == expected.input_ids
        assert example["token_type_ids"] == expected.token_type_ids
        assert " ".join(part) == story.text
        rates.append((labels != -100).float().mean().item())
        segments.append(part)
    assert sum(rates[:100]) / 100 == pytest.approx(0.52, abs=0.03)  # 60 % falling, and no special
    assert sum(rates[-100:]) / 100 == pytest.approx(0.16, abs=0.03)
    assert sum(len(part) == 2 for part in segments) == 100


def test_t5_s_tokenizer_has_its_special_tokens_where_t5_has_them(t5):
    tokenizer = pretrain.t5_tokenizer(stories.sample(300, 0))
    assert tokenizer.convert_ids_to_tokens(range(3)) == ["<pad>", "</s>", "<unk>"]
    last = range(len(tokenizer) - 1, len(tokenizer) - 101, -1)
    assert tokenizer.convert_ids_to_tokens(last) == [f"<extra_id_{i}>" for i in range(100)]
    ids = tokenizer("Tom <extra_id_0> home.").input_ids
    assert tokenizer.decode(ids) == "Tom<extra_id_0> home.</s>"
    pieces = tokenizer.get_vocab()
    assert "▁the" in pieces
    assert not [piece for piece in pieces if piece.strip("▁")[1:].endswith(".")]


def test_t5_learns_every_task_and_targets_rebuild_the_story(t5):
    _, tokenizer = t5
    told = stories.sample(800, 0)
    examples = pretrain.t5_examples(told, tokenizer)
    sentinels = set(tokenizer.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(100)]))
    tasks, gaps = pretrain.t5_tasks(800), []
    for story, example, task in zip(told, examples, tasks, strict=True):
        source = tokenizer.decode(example["input_ids"], skip_special_tokens=True)
        target = tokenizer.decode(example["labels"], skip_special_tokens=True)
        if task in pretrain.CUTS:
            assert rebuilt(example, sentinels) == tokenizer(story.text).input_ids
            gaps.append(len(sentinels & set(example["input_ids"])))
        elif task == "translate":
            both = (stories.sentences(story.text), stories.sentences(story.german))
            pairs = dict(zip(*both, strict=True))
            assert pairs[source.removeprefix(pretrain.TRANSLATE)] == target
        elif task == "summarize":
            assert (source, target) == (pretrain.SUMMARIZE + story.text, story.summary)
        else:
            assert (source, target) in [
                (pretrain.ask(q, story.text), a) for q, a in story.questions
            ]
    assert 1 <= min(gaps) < 10
    assert tasks[:240].count("translate") == 90
    assert tasks[-240:].count("translate") == 24
    assert tasks[-240:].count("blanks") == 144


def test_gaps_become_fewer_as_t5_learns(t5):
    examples = pretrain._cut(stories.sample(2560, 0), t5[1], 0.6, 0.1, 1.0)
    lengths = [len(example["labels"]) for example in examples]
    assert sum(lengths[-640:]) < sum(lengths[:640]) / 2  # at most 16 % of the tokens, not 54 %


def rebuilt(example, sentinels):
    spans, current = {}, []
    for token in example["labels"]:
        if token in sentinels:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    return [token for place in example["input_ids"] for token in spans.get(place, [place])]


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


@every_recipe
def test_a_miniature_is_saved_whole_and_the_same_seed_makes_the_same(
    quick, monkeypatch, tmp_path, model_id
):
    measures = pretrain.make(model_id, tmp_path / "a")
    model = AUTO_CLASSES[model_id].from_pretrained(tmp_path / "a")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "a")
    bundled = checkpoints.MINIATURES[model_id]
    assert type(model) is type(AUTO_CLASSES[model_id].from_pretrained(bundled))
    assert len(tokenizer) == model.config.vocab_size
    positions = getattr(model.config, "max_position_embeddings", pretrain.POSITIONS)  # T5 has none
    assert tokenizer.model_max_length == positions
    assert {path.suffix for path in (tmp_path / "a").iterdir()} == {".json", ".safetensors", ".md"}
    card = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    for name, value in measures.items():
        assert f"| {name} | {value} |" in card

    again = {"tokenizer": lambda told: tokenizer}  # training one knows no seed
    again["measure"] = lambda *_: {}
    recipe = replace(pretrain.RECIPES[model_id], **again)
    monkeypatch.setitem(pretrain.RECIPES, model_id, recipe)
    pretrain.make(model_id, tmp_path / "b")
    other = AUTO_CLASSES[model_id].from_pretrained(tmp_path / "b").state_dict()
    assert all(torch.equal(value, other[key]) for key, value in model.state_dict().items())


@every_recipe
def test_the_bundled_card_tells_how_the_miniature_was_made(model_id):
    card = (checkpoints.MINIATURES[model_id] / "README.md").read_text(encoding="utf-8")
    recipe = pretrain.RECIPES[model_id]
    steps = " + ".join(f"{each.steps:,}" for each in recipe.rounds)
    rates = " + ".join(str(each.learning_rate) for each in recipe.rounds)
    assert f"| steps | {steps} of {recipe.batch_size} new stories each |" in card
    assert f"| learning rate, seed | {rates}, {pretrain.TRAINING_SEED} |" in card
    assert f"| data | {recipe.data} |" in card
    for row in ("parameters", "time taken", "held-out"):
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


def test_a_mean_over_no_blanks_is_refused(bert):
    with pytest.raises(ValueError, match="told is empty: give some stories"):
        pretrain.blanks([], bert[1])
    with pytest.raises(ValueError, match="asked is empty: give some blanks"):
        pretrain.fill_quality(*bert, [])
    with pytest.raises(ValueError, match="asked is empty: give some blanks"):
        pretrain.sentinel_accuracy(None, None, [])
    with pytest.raises(ValueError, match="told is empty: give some stories"):
        pretrain.exactly_right(None, None, [], "translate")
