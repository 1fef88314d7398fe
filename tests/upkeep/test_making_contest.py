"""The contest is played as its card says, by small models in a small number of steps."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest
import torch
from transformers import AutoTokenizer

from helpers import checkpoints, stories
from helpers import contest as bundled
from helpers.making import __main__ as command
from helpers.making import contest, entrants

PLAN = contest.Plan(
    steps=dict.fromkeys(contest.STEPS, 2), seeds=2, stories=800, blanks=2, validation=8, test=8
)
every_architecture = pytest.mark.parametrize("architecture", entrants.MODELS)


@cache
def tokenizer():
    return AutoTokenizer.from_pretrained(checkpoints.MINIATURES["google/flan-t5-small"])


@cache
def exams():
    return contest.exams(PLAN, tokenizer())


# ---- what is asked ----


def text(ids):
    """As it is written in stories: the tokenizer puts a space behind a gap."""
    written = tokenizer().decode(ids).replace("<extra_id_0>", " ___ ").replace("</s>", "")
    return stories.spell(stories.units(written))


def test_nothing_that_is_asked_in_test_or_validation_is_learned_from():
    for exam in exams().values():
        parts = [{tuple(pair.source) for pair in part} for part in exam[:3]]
        assert all(len(set(map(str, part))) == len(part) for part in exam[:3])
        assert all(first.isdisjoint(second) for first, second in combinations(parts, 2))
        assert min(map(len, parts)) > 5


def test_a_word_is_hidden_from_test_and_training_in_different_stories():
    told = [{text(pair.source) for pair in part} for part in exams()["fill"][:3]]
    words = [{text(pair.target) for pair in part} for part in exams()["fill"][:3]]
    learned, tested = told[0], told[2]
    whole = {source.replace("___", word) for source in learned for word in words[0]}
    assert not {source.replace("___", word) for source in tested for word in words[2]} & whole


def test_the_source_of_a_pair_is_what_its_task_says():
    sources = {
        task: [text(pair.source) for pair in exam.training] for task, exam in exams().items()
    }
    targets = {
        task: [text(pair.target) for pair in exam.training] for task, exam in exams().items()
    }
    told = {story.text: story for story in stories.sample(PLAN.stories, contest.SEED)}
    for source, target in zip(sources["classify"], targets["classify"], strict=True):
        assert target == told[source].mood
    german = {}
    for story in told.values():
        german |= zip(stories.sentences(story.text), stories.sentences(story.german), strict=True)
    for source, target in zip(sources["translate"], targets["translate"], strict=True):
        assert german[source] == target
    for source, target in zip(sources["fill"], targets["fill"], strict=True):
        left = source[: source.index("___")].rstrip()
        assert source.replace("___", target) in told
        assert len(stories.next_words(left)) > 1
        assert target in stories.next_words(left)
    for source, target in zip(sources["continue"], targets["continue"], strict=True):
        assert target in stories.next_words(source)


# ---- who is asked ----


def test_all_have_as_many_parameters_within_five_percent():
    sizes = [entrants.make_model(name, tokenizer()).num_parameters() for name in entrants.MODELS]
    assert max(sizes) < 1.05 * min(sizes)


@every_architecture
def test_the_loss_of_scored_tokens_is_the_model_s_own(architecture):
    model = entrants.make_model(architecture, tokenizer())
    for exam in exams().values():
        batch = entrants.as_batch(architecture, exam.test, tokenizer())
        assert entrants.loss(model, batch).item() == pytest.approx(
            model(**batch).loss.item(), rel=1e-4
        )


@every_architecture
def test_padding_changes_no_answer(architecture):
    torch.manual_seed(0)
    model = entrants.make_model(architecture, tokenizer()).eval()
    pairs = exams()["translate"].test
    together = entrants.answers(architecture, model, pairs, tokenizer())
    alone = [entrants.answers(architecture, model, [pair], tokenizer())[0] for pair in pairs]
    for one, other in zip(alone, together, strict=True):
        assert one == other[: len(one)]


@every_architecture
@pytest.mark.parametrize("task", ["translate", "fill"])
def test_what_was_learned_by_heart_is_answered_right(monkeypatch, architecture, task):
    monkeypatch.setattr(contest, "BATCH", 8)
    few = exams()[task].training[:4]
    exam = exams()[task]._replace(training=few, validation=few, test=exams()[task].test[:20])
    options = {"steps": 80, "learning_rate": 3e-3, "seed": 0}
    run = contest.run(task, architecture, exam, tokenizer(), **options)
    assert run.after.right == 1
    assert run.after.loss < run.before.loss < 1
    assert run.test.right < 1


# ---- how the rate is chosen, and what is kept ----


@pytest.mark.parametrize("best", contest.GRID)
def test_the_best_rate_is_found_wherever_it_lies_and_its_neighbours_are_tried(best):
    place, tried = contest.GRID.index(best), []

    def run_at(rate):
        tried.append(rate)
        loss = abs(contest.GRID.index(rate) - place)
        return bundled.Run(*[None] * 7, after=bundled.Judged(loss, 0.0), test=None, seconds=0.0)

    assert contest.best_rate(run_at) == best
    assert len(tried) == len(set(tried))
    assert set(tried) >= set(contest.GRID[max(place - 1, 0) : place + 2])


def test_a_contest_can_be_stopped_and_goes_on_and_its_card_has_every_number(monkeypatch, tmp_path):
    monkeypatch.setattr(contest, "GRID", (1e-3, 3e-3, 1e-2))
    monkeypatch.setattr(contest, "FIRST", 1)
    monkeypatch.setattr(contest, "BATCH", 4)
    plan = replace(PLAN, steps={"fill": 2, "classify": 2}, stories=300)
    monkeypatch.setattr(contest, "PLAN", plan)
    runs, run = [], contest.run

    def counted(*arguments, **options):
        if len(runs) == 5:
            raise KeyboardInterrupt
        runs.append(run(*arguments, **options))
        return runs[-1]

    monkeypatch.setattr(contest, "run", counted)
    with pytest.raises(KeyboardInterrupt):
        command.main(["contest", "--out", str(tmp_path)])
    assert bundled.results(tmp_path).runs == runs
    monkeypatch.setattr(contest, "run", run)
    command.main(["contest", "--out", str(tmp_path)])
    found = bundled.results(tmp_path)
    assert found.runs[:5] == runs
    assert len(found.runs) == 2 * 3 * (3 + 1)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    for task, each in found.scores().items():
        for name, right in each.items():
            assert len(right) == 2
            assert f"| {task} | {name} | **" in card
            assert ", ".join(f"{100 * fraction:.1f}" for fraction in right) in card
    monkeypatch.setattr(contest, "run", None)  # nothing is run again
    monkeypatch.setattr(contest, "PLAN", replace(plan, seeds=1))
    command.main(["contest", "--out", str(tmp_path)])
    assert bundled.results(tmp_path) == found


def test_the_chosen_rate_has_the_lowest_loss_in_validation_whatever_the_test_says():
    def run(rate, seed, loss, right):
        judged = bundled.Judged(loss, 0.5), bundled.Judged(9.0, right)
        return bundled.Run("fill", "decoder", 9, 1, rate, seed, judged[0], *judged, 1.0)

    runs = [run(1e-2, 0, 0.5, 1.0), run(1e-3, 0, 0.4, 0.1), run(1e-3, 1, 0.6, 0.2)]
    found = bundled.Results({"fill": 1.0}, {"fill": [1, 1, 1]}, runs)
    assert found.tried("fill", "decoder") == {1e-3: 0.4, 1e-2: 0.5}
    assert found.scores() == {"fill": {"decoder": [0.1, 0.2]}}
