"""The plain loop: what it computes, what it leaves behind, and what it refuses."""

import random
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn
from tqdm import tqdm
from transformers import GPT2Config, GPT2LMHeadModel, PrinterCallback, Trainer, TrainingArguments

from helpers import training
from helpers.training import ProgressBar, batches, fit


class Line(nn.Module):
    """y = w·x, with the squared error as loss, in the form that language models have."""

    def __init__(self, weight=0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.inner = nn.Dropout(0.5)
        self.seen = []

    def forward(self, x, labels=None):
        self.seen.append((x.tolist(), self.training, self.inner.training))
        self.loss = ((self.weight * x - labels) ** 2).mean() if labels is not None else None
        return self


def batch(x=1.0, y=1.0):
    return {"x": torch.tensor([x]), "labels": torch.tensor([y])}


def tiny_gpt2():
    config = GPT2Config(
        vocab_size=8, n_embd=16, n_layer=1, n_head=2, n_positions=16, eos_token_id=0, bos_token_id=0
    )
    return GPT2LMHeadModel(config)


# ---- what fit computes ----


def test_the_loop_is_forward_backward_clip_update():
    training.seed(0)
    ids = torch.randint(8, (4, 12))
    data = [{"input_ids": ids, "labels": ids}, {"input_ids": ids.flip(1), "labels": ids.flip(1)}]
    model, twin = tiny_gpt2(), tiny_gpt2()
    twin.load_state_dict(model.state_dict())
    training.seed(1)
    losses = fit(model, data, steps=5, learning_rate=1e-2, warmup=0, decay=False, clip=0.5)

    training.seed(1)
    twin.train()
    optimizer = torch.optim.AdamW(twin.parameters(), lr=1e-2)
    expected = []
    for step in range(5):
        loss = twin(**data[step % 2]).loss
        loss.backward()
        nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-4)
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-3)  # five steps of up to 1e-2


def test_the_loss_is_a_plain_number_for_each_step():
    losses = fit(Line(), [batch()], steps=7, learning_rate=0.01)
    assert len(losses) == 7
    assert all(type(loss) is float for loss in losses)
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == 1.0


def test_the_learning_rate_rises_and_then_falls_in_straight_lines():
    share = training._schedule(100, 0.1, decay=True)
    rates = [share(step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert rates[10:] == pytest.approx([(90 - i) / 90 for i in range(90)])
    assert min(rates) > 0


def test_without_warmup_and_decay_the_learning_rate_is_what_was_asked_for():
    model = Line()
    fit(model, [batch()], steps=1, learning_rate=0.25, warmup=0, decay=False, weight_decay=0)
    assert model.weight.item() == pytest.approx(0.25)  # AdamW's first step is the learning rate
    share = training._schedule(50, 0, decay=False)
    assert {share(step) for step in range(50)} == {1.0}


def test_the_learning_rate_that_fit_uses_follows_the_schedule(monkeypatch):
    seen = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(
        torch.optim.AdamW,
        "step",
        lambda self: (seen.append(self.param_groups[0]["lr"]), step(self))[1],
    )
    fit(Line(), [batch()], steps=4, learning_rate=0.1, warmup=0.5)
    assert seen == pytest.approx([0.05, 0.1, 0.1, 0.05])


def test_long_gradients_are_shortened(monkeypatch):
    norms = []
    step = torch.optim.AdamW.step

    def spy(self):
        norms.append(self.param_groups[0]["params"][0].grad.norm().item())
        return step(self)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    fit(Line(), [batch(y=100.0)], steps=1, learning_rate=0.1)
    fit(Line(), [batch(y=100.0)], steps=1, learning_rate=0.1, clip=float("inf"))
    assert norms == pytest.approx([1.0, 200.0], rel=1e-4)


def test_another_loss_can_be_put_in_the_models_place():
    model = Line(weight=2.0)
    losses = fit(
        model,
        [{"x": torch.tensor([3.0])}],
        steps=1,
        learning_rate=0.1,
        loss=lambda model, batch: (model.weight * batch["x"]).sum(),
    )
    assert losses == [6.0]


def test_another_optimizer_can_be_put_in_the_place_of_adamw():
    model = Line(3.0)
    options = {"steps": 1, "learning_rate": 0.5, "warmup": 0, "clip": 1e9, "weight_decay": 0.1}
    fit(model, [batch(x=1.0, y=1.0)], **options, optimizer=torch.optim.SGD)
    gradient = 2 * (3.0 - 1.0) + 0.1 * 3.0  # of the squared error, and the decay
    assert model.weight.item() == pytest.approx(3.0 - 0.5 * gradient)


def test_frozen_weights_stay():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[0].requires_grad_(False)
    before = [p.clone() for p in model.parameters()]
    fit(model, [batch()], steps=3, learning_rate=0.1, loss=lambda m, b: m(b["x"]).square().mean())
    changed = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert changed == [False, False, True, True]


# ---- what fit leaves behind ----


@pytest.mark.parametrize("mode", [True, False])
def test_every_part_is_back_in_its_mode_and_holds_no_gradient(mode):
    model = Line()
    model.train(mode)
    model.inner.train(not mode)
    fit(model, [batch()], steps=2, learning_rate=0.1)
    assert model.seen[0][1:] == (True, True)  # train mode during training
    assert (model.training, model.inner.training) == (mode, not mode)
    assert model.weight.grad is None


def test_gradients_from_before_play_no_part():
    weights = []
    for old in (None, torch.tensor(1e6)):
        model = Line()
        model.weight.grad = old
        fit(model, [batch()], steps=3, learning_rate=0.1)
        weights.append(model.weight.item())
    assert weights[0] == weights[1]


def test_the_mode_is_restored_after_an_error():
    model = Line().eval()
    with pytest.raises(ValueError, match="nan"):
        fit(model, [batch(y=float("nan"))], steps=2, learning_rate=0.1)
    assert not model.training
    assert model.weight.grad is None


# ---- batches that fit takes ----


def test_a_list_starts_over_at_its_end():
    model = Line()
    fit(model, [batch(x=1.0), batch(x=2.0)], steps=5, learning_rate=0.1)
    assert [x for x, *_ in model.seen] == [[1.0], [2.0], [1.0], [2.0], [1.0]]


def test_a_data_loader_starts_over_at_its_end():
    data = torch.utils.data.DataLoader([{"x": 1.0, "labels": 1.0}] * 4, batch_size=2)
    assert len(fit(Line(), data, steps=5, learning_rate=0.1)) == 5


def test_a_generator_is_used_once_and_no_further_than_needed():
    left = iter([batch(x=1.0), batch(x=2.0), batch(x=3.0)])
    fit(Line(), left, steps=2, learning_rate=0.1)
    assert next(left)["x"] == 3.0


def test_a_generator_that_ends_early_is_an_error():
    with pytest.raises(ValueError, match=r"batches ended after 3 of steps=4.*give a list"):
        fit(Line(), (batch() for _ in range(3)), steps=4, learning_rate=0.1)


def test_a_loss_that_is_no_number_names_its_step_and_moves_no_weight():
    data, model = [batch(), batch(), batch(y=float("nan")), batch()], Line()
    before = Line()
    fit(before, data, steps=2, learning_rate=0.1, decay=False, warmup=0.0)
    with pytest.raises(ValueError, match=r"the loss is nan at step 3: that batch has no token to"):
        fit(model, data, steps=4, learning_rate=0.1, decay=False, warmup=0.0)
    assert model.weight.item() == before.weight.item()
    with pytest.raises(ValueError, match="the loss is inf at step 1"):
        fit(Line(), [batch(y=float("inf"))], steps=4, learning_rate=0.1)


def test_weights_that_ran_away_are_to_be_loaded_anew():
    model = Line()
    model.weight.data.fill_(float("nan"))
    with pytest.raises(ValueError, match="run away: load the model anew, and lower learning_rate"):
        fit(model, [batch()], steps=1, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"float16, which overflows: load the model anew"):
        fit(model.half(), [batch()], steps=1, learning_rate=0.1, loss=lambda m, b: m.weight.sum())


class Headless(Line):
    def forward(self, x, labels=None):
        return type("Output", (), {"loss": None})()


OPTIONS = {"steps": 2, "learning_rate": 0.1}


@pytest.mark.parametrize(
    ("model", "data", "options", "error", "said"),
    [
        ("gpt2", [batch()], {}, TypeError, "model must be a torch module, got str"),
        (Headless(), [batch()], {}, TypeError, "the loss must be a tensor.*it is None"),
        (nn.Sequential(), [batch()], {}, ValueError, "model has no parameter"),
        (Line(), batch(), {}, TypeError, r"one batch: \[batch\].*got dict"),
        (Line(), [], {}, ValueError, "batches ended after 0"),
        (Line(), None, {}, TypeError, "batches must be a list.*NoneType"),
        (Line(), batch, {}, TypeError, "batches must be a list.*function"),
        (Line(), torch.ones(2, 3), {}, TypeError, "batches must be a list.*float32"),
        (Line(), [torch.ones(3)], {}, TypeError, "a batch must be a dict.*float32"),
        (Line(), [{"x": [1.0], "labels": [1.0]}], {}, TypeError, r"batch\['x'\].*got list"),
        (Line(), [{"x": torch.ones(1)}], {}, ValueError, r"no 'labels', only \['x'\]"),
        (Line(), [batch()], {"steps": 0}, ValueError, "steps must be at least 1, got 0"),
        (Line(), [batch()], {"steps": 2.0}, TypeError, "steps must be a whole number, got float"),
        (Line(), [batch()], {"steps": True}, TypeError, "steps must be a whole number, got bool"),
        (Line(), [batch()], {"learning_rate": 0}, ValueError, "learning_rate must be above 0"),
        (Line(), [batch()], {"learning_rate": "1e-3"}, TypeError, "learning_rate.*got str"),
        (Line(), [batch()], {"learning_rate": float("nan")}, ValueError, "learning_rate"),
        (Line(), [batch()], {"warmup": 100}, ValueError, "warmup must be a part of the steps"),
        (Line(), [batch()], {"weight_decay": -1.0}, ValueError, "weight_decay must be 0 or more"),
        (Line(), [batch()], {"clip": 0}, ValueError, "clip must be above 0"),
        (
            Line(),
            [batch()],
            {"loss": lambda m, b: (m.weight * b["x"] - torch.ones(3)) ** 2},
            TypeError,
            r"one number, a mean; it is shape \(3,\)",
        ),
        (Line(), [batch()], {"loss": lambda m, b: 1.0}, TypeError, "the loss must be.*it is 1.0"),
        (
            Line(),
            [batch()],
            {"loss": lambda m, b: b["x"].mean()},
            ValueError,
            "does not depend on a trainable weight",
        ),
    ],
)
def test_bad_input_is_refused(model, data, options, error, said):
    with pytest.raises(error, match=said):
        fit(model, data, **OPTIONS | options)


@pytest.mark.parametrize(("value", "quiet"), [("1", True), ("0", False), ("", False)])
def test_the_bar_can_be_switched_off_in_notebooks_too(monkeypatch, value, quiet):
    seen = {}
    bar = training.tqdm
    monkeypatch.setattr(training, "tqdm", lambda **how: seen.update(how) or bar(disable=True))
    monkeypatch.setenv("TQDM_DISABLE", value)
    fit(Line(), [batch()], steps=3, learning_rate=0.1)
    assert seen["disable"] is quiet


def test_the_bar_shows_the_loss(monkeypatch, capsys):
    monkeypatch.setattr(training, "tqdm", tqdm)  # text, whatever `tqdm.auto` chose
    monkeypatch.setenv("TQDM_DISABLE", "0")
    fit(Line(), [batch()], steps=3, learning_rate=1e-9, title="line")
    assert "line, loss 1.000: 100%" in capsys.readouterr().err


def test_the_library_s_trainer_gets_the_same_bar_and_prints_nothing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(training, "tqdm", tqdm)
    monkeypatch.setenv("TQDM_DISABLE", "0")
    options = TrainingArguments(
        tmp_path,
        max_steps=3,
        per_device_train_batch_size=2,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    examples = [{"input_ids": [1, 2, 3], "labels": [1, 2, 3]}] * 4
    trainer = Trainer(tiny_gpt2(), options, train_dataset=examples, callbacks=[ProgressBar("gpt")])
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    out, err = capsys.readouterr()
    assert out == ""
    assert "gpt: 100%" in err
    assert "3/3" in err
    assert list(tmp_path.iterdir()) == []


# ---- batches ----

EXAMPLES = [{"input_ids": [n] * n, "labels": [n] * n} for n in range(1, 8)]


def take(count, examples=EXAMPLES, **options):
    return list(
        islice(batches(examples, **{"size": 2, "seed": 0, "pad_token_id": 9} | options), count)
    )


def test_rows_are_filled_up_on_the_right():
    (made,) = take(
        1, [{"input_ids": [5, 7], "labels": [5, 7, 8]}, {"input_ids": [4], "labels": [3]}]
    )
    order = slice(None) if made["input_ids"][0, 0] == 5 else slice(None, None, -1)
    rows = {key: value.tolist()[order] for key, value in made.items()}
    assert rows == {
        "input_ids": [[5, 7], [4, 9]],
        "labels": [[5, 7, 8], [3, -100, -100]],
        "attention_mask": [[1, 1], [1, 0]],
    }


def test_the_label_of_a_whole_text_is_one_number():
    (made,) = take(1, [{"input_ids": [1, 2], "labels": 1}, {"input_ids": [3], "labels": 1}])
    assert made["labels"].tolist() == [1, 1]


def test_masks_that_examples_bring_are_kept():
    one = {"input_ids": [1, 2], "attention_mask": [0, 1], "token_type_ids": [0, 1]}
    two = {"input_ids": [3, 4, 5], "attention_mask": [1, 1, 1], "token_type_ids": [1, 1, 1]}
    (made,) = take(1, [one, two])
    row = made["input_ids"].tolist().index([1, 2, 9])
    assert made["attention_mask"].tolist()[row] == [0, 1, 0]
    assert made["token_type_ids"].tolist()[row] == [0, 1, 0]


def test_every_round_has_every_example_once_in_a_new_order():
    made = take(14)  # 7 examples, 2 a batch: 4 rounds, cut across their ends
    order = [row[0] for one in made for row in one["input_ids"].tolist()]
    rounds = [order[i : i + 7] for i in range(0, 28, 7)]
    assert [sorted(one) for one in rounds] == [list(range(1, 8))] * 4
    assert len({tuple(one) for one in rounds}) > 1


def test_the_same_seed_gives_the_same_batches():
    def rows(**options):
        return [one["input_ids"].tolist() for one in take(5, **options)]

    random.seed(0)
    first = rows()
    random.seed(1)
    assert rows() == first
    assert rows(seed=1) != first


def test_a_model_learns_from_them():
    training.seed(0)
    examples = [{"input_ids": [1, 2, 3] * n, "labels": [1, 2, 3] * n} for n in (2, 3, 4)]
    losses = fit(
        tiny_gpt2(),
        batches(examples, size=4, seed=0, pad_token_id=0),
        steps=40,
        learning_rate=1e-2,
    )
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    ("examples", "options", "error", "said"),
    [
        ([], {}, ValueError, "examples is empty"),
        ("text", {}, TypeError, "examples must be a list of dicts.*got str"),
        (EXAMPLES[0], {}, TypeError, "examples must be a list of dicts.*got dict"),
        (None, {}, TypeError, "examples must be.*NoneType"),
        ([[1, 2]], {}, TypeError, r"examples\[0\] must be a dict.*list"),
        ([{"labels": [1]}], {}, ValueError, r"examples\[0\]\['input_ids'\].*None"),
        ([{"input_ids": [1], "labels": [None]}], {}, TypeError, r"\['labels'\] must be .*NoneType"),
        ([{"input_ids": []}], {}, ValueError, r"\['input_ids'\] must be a list of at least"),
        ([{"input_ids": 3}], {}, ValueError, r"\['input_ids'\] must be a list of at least.*3"),
        ([EXAMPLES[0], {"input_ids": [1]}], {}, ValueError, r"examples\[1\] has the keys"),
        (EXAMPLES, {"size": 0}, ValueError, "size must be at least 1"),
        (EXAMPLES, {"size": "2"}, TypeError, "size must be a whole number"),
        (EXAMPLES, {"seed": None}, TypeError, "seed must be a whole number, got NoneType"),
        (EXAMPLES, {"pad_token_id": None}, TypeError, "pad_token_id must be a whole number"),
        (EXAMPLES, {"pad_token_id": -100}, ValueError, "pad_token_id must be at least 0"),
    ],
)
def test_bad_examples_are_refused_at_once(examples, options, error, said):
    with pytest.raises(error, match=said):
        batches(examples, **{"size": 2, "seed": 0, "pad_token_id": 0} | options)


# ---- seeds and device ----


def test_a_seed_makes_all_three_sources_start_over():
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002

    training.seed(3)
    first = draw()
    assert all(a != b for a, b in zip(first, draw(), strict=True))
    training.seed(3)
    assert draw() == first
    training.seed(4)
    assert all(a != b for a, b in zip(first, draw(), strict=True))


@pytest.mark.parametrize(
    ("number", "error"),
    [(-1, ValueError), (2**32, ValueError), (1.0, TypeError), (None, TypeError), (True, TypeError)],
)
def test_a_bad_seed_is_refused(number, error):
    with pytest.raises(error, match="number must be"):
        training.seed(number)


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_device_is_the_fastest_there_is_unless_one_is_named(monkeypatch, cuda, mps, best):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.delenv("NOTEBOOK_DEVICE", raising=False)
    assert training.device() == torch.device(best)
    monkeypatch.setenv("NOTEBOOK_DEVICE", "cpu")
    assert training.device() == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "tpu", "CPU"])
def test_a_device_that_is_not_there_is_refused(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("NOTEBOOK_DEVICE", name)
    with pytest.raises(ValueError, match=f"NOTEBOOK_DEVICE must be .*'cpu'.*, got {name!r}"):
        training.device()
