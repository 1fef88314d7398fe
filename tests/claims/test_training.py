"""The plain loop: what it computes, what it leaves behind, and which batches it takes."""

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

    def forward(self, x, labels):
        self.seen.append((x.tolist(), self.training, self.inner.training))
        self.loss = ((self.weight * x - labels) ** 2).mean()
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
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, 1e6)  # from before: it plays no part
    training.seed(1)
    losses = fit(model, data, steps=5, learning_rate=1e-2, warmup=0.4, clip=0.5)

    training.seed(1)
    twin.train()
    optimizer = torch.optim.AdamW(twin.parameters())
    expected = []
    for step, rate in enumerate([5e-3, 1e-2, 1e-2, 2 / 3 * 1e-2, 1 / 3 * 1e-2]):
        optimizer.param_groups[0]["lr"] = rate
        loss = twin(**data[step % 2]).loss
        loss.backward()
        nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-4)
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-3)  # five steps of up to 1e-2


@pytest.mark.parametrize(("warmup", "rising"), [(0.1, 10), (0.0, 0), (1.0, 100)])
def test_the_learning_rate_rises_and_then_falls_in_straight_lines(warmup, rising):
    rates = []

    class Spy(torch.optim.SGD):
        def step(self):
            rates.append(self.param_groups[0]["lr"])
            return super().step()

    fit(Line(), [batch()], steps=100, learning_rate=0.1, warmup=warmup, optimizer=Spy)
    up = [0.1 * (i + 1) / rising for i in range(rising)]
    down = [0.1 * (100 - i) / (100 - rising) for i in range(rising, 100)]
    assert rates == pytest.approx(up + down)


@pytest.mark.parametrize(("clip", "moved"), [(1.0, 1.0), (float("inf"), 200.0)])
def test_gradients_longer_than_clip_are_shortened_to_it(clip, moved):
    model = Line()
    options = {"steps": 1, "learning_rate": 1.0, "optimizer": torch.optim.SGD, "weight_decay": 0.0}
    fit(model, [batch(y=100.0)], clip=clip, **options)
    assert model.weight.item() == pytest.approx(moved, rel=1e-4)


def test_another_loss_and_another_optimizer_can_be_put_in_their_places():
    model = Line(3.0)
    options = {"steps": 1, "learning_rate": 0.5, "weight_decay": 0.1, "optimizer": torch.optim.SGD}
    line = {"x": torch.tensor([0.25])}
    assert fit(model, [line], loss=lambda model, batch: model.weight * batch["x"].sum(), **options)
    assert model.weight.item() == pytest.approx(3.0 - 0.5 * (0.25 + 0.1 * 3.0))


def test_frozen_weights_stay():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[0].requires_grad_(False)
    before = [p.clone() for p in model.parameters()]
    fit(model, [batch()], steps=3, learning_rate=0.1, loss=lambda m, b: m(b["x"]).square().mean())
    changed = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert changed == [False, False, True, True]


# ---- what fit leaves behind ----


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("y", [1.0, float("nan")])
def test_every_part_is_back_in_its_mode_and_holds_no_gradient(mode, y):
    model = Line()
    model.train(mode)
    model.inner.train(not mode)
    try:
        fit(model, [batch(), batch(y=y)], steps=2, learning_rate=0.1)
    except ValueError:
        assert y != 1.0  # after an error, too
    assert model.seen[0][1:] == (True, True)  # train mode during training
    assert (model.training, model.inner.training) == (mode, not mode)
    assert model.weight.grad is None


def test_a_loss_that_is_no_number_names_its_step_and_moves_no_weight():
    model, weights = Line(), []

    def loss(model, batch):
        weights.append(model.weight.item())
        return model(**batch).loss

    data = [batch(), batch(), batch(y=float("nan"))]
    with pytest.raises(ValueError, match="the loss is nan at step 3: that batch has no token to"):
        fit(model, data, steps=4, learning_rate=0.1, loss=loss)
    assert model.weight.item() == weights[2] != weights[1]


# ---- batches that fit takes ----


@pytest.mark.parametrize("wrap", [list, lambda data: torch.utils.data.DataLoader(data, None)])
def test_what_can_start_again_starts_over_at_its_end(wrap):
    model = Line()
    fit(model, wrap([batch(x=1.0), batch(x=2.0)]), steps=5, learning_rate=0.1)
    assert [x for x, *_ in model.seen] == [[1.0], [2.0], [1.0], [2.0], [1.0]]


def test_a_generator_is_used_once_and_no_further_than_needed():
    left = iter([batch(x=1.0), batch(x=2.0), batch(x=3.0)])
    fit(Line(), left, steps=2, learning_rate=0.1)
    assert next(left)["x"] == 3.0


# ---- the bar ----


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
        tmp_path, max_steps=3, save_strategy="no", report_to="none", disable_tqdm=True, use_cpu=True
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


# ---- batches that are made ----


def take(count, examples, **options):
    made = batches(examples, **{"size": 2, "seed": 0, "pad_token_id": 9} | options)
    return list(islice(made, count))


def rows(made):
    """Each row of a batch of two as a dict, the row that begins with 5 first."""
    both = [{key: column[i].tolist() for key, column in made.items()} for i in range(2)]
    return sorted(both, key=lambda row: row["input_ids"][0] != 5)


def test_rows_are_filled_up_on_the_right():
    one, two = {"input_ids": [5, 7], "labels": [5, 7, 8]}, {"input_ids": [4], "labels": [3]}
    assert rows(*take(1, [one, two])) == [
        {"input_ids": [5, 7], "labels": [5, 7, 8], "attention_mask": [1, 1]},
        {"input_ids": [4, 9], "labels": [3, -100, -100], "attention_mask": [1, 0]},
    ]


def test_the_label_of_a_whole_text_is_one_number_and_masks_that_examples_bring_are_kept():
    one = {"input_ids": [5, 2], "labels": 1, "attention_mask": [0, 1], "token_type_ids": [0, 1]}
    two = {"input_ids": [3], "labels": 0, "attention_mask": [1], "token_type_ids": [1]}
    filled = {"input_ids": [3, 9], "attention_mask": [1, 0], "token_type_ids": [1, 0]}
    assert rows(*take(1, [one, two])) == [one, two | filled]


EXAMPLES = [{"input_ids": [n] * n} for n in range(1, 8)]


def test_every_round_has_every_example_once_in_a_new_order():
    made = take(14, EXAMPLES)  # 7 examples, 2 a batch: 4 rounds, cut across their ends
    order = [row[0] for one in made for row in one["input_ids"].tolist()]
    rounds = [order[i : i + 7] for i in range(0, 28, 7)]
    assert [sorted(one) for one in rounds] == [list(range(1, 8))] * 4
    assert len({tuple(one) for one in rounds}) > 1


def test_the_same_seed_gives_the_same_batches():
    def ids(**options):
        return [one["input_ids"].tolist() for one in take(5, EXAMPLES, **options)]

    random.seed(0)
    first = ids()
    random.seed(1)
    assert ids() == first
    assert ids(seed=1) != first


# ---- seeds and device ----


def test_a_seed_makes_all_three_sources_start_over():
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002

    training.seed(3)
    first = draw()
    assert all(a != b for a, b in zip(first, draw(), strict=True))
    training.seed(3)
    assert draw() == first


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
