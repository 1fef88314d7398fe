"""Targets from text, and the one loss: in closed form, against transformers, and statistically."""

import families
import pytest
import torch
from torch import Generator
from transformers import AutoTokenizer

from helpers import checkpoints, objectives
from helpers.objectives import IGNORE_INDEX

BERT = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["bert-base-uncased"])
T5 = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["google/flan-t5-small"])
PAD, END = T5.pad_token_id, T5.eos_token_id
SENTINELS = T5.convert_tokens_to_ids([f"<extra_id_{n}>" for n in range(100)])


def seeded(seed=0):
    return Generator().manual_seed(seed)


def random_ids(*shape, seed=0):
    """Ordinary tokens of both tokenizers."""
    return torch.randint(5, 800, shape, generator=seeded(seed))


# --- the next token


def test_padding_is_neither_asked_for_nor_asked():
    ids = torch.tensor([[5, 6, 7, 0, 0], [0, 0, 5, 6, 7]])
    targets = objectives.next_token_targets(ids, torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]))
    assert targets.tolist() == [[6, 7, -100, -100, -100], [-100, -100, 6, 7, -100]]


def test_a_pad_token_that_is_also_the_end_is_a_target_where_it_is_real():
    ids = torch.tensor([[5, 6, 1, 1]])  # pad = end = 1; the first one is real
    targets = objectives.next_token_targets(ids, torch.tensor([[1, 1, 1, 0]]))
    assert targets.tolist() == [[6, 1, -100, -100]]


# --- hidden tokens


@pytest.fixture(scope="module")
def masked():
    ids = random_ids(800, 128)  # about 100,000 tokens
    ids[:, 0], ids[:, -2], ids[:, -1] = BERT.cls_token_id, BERT.sep_token_id, BERT.pad_token_id
    return ids, *objectives.mask_tokens(ids, BERT, generator=seeded(1))


def within(count, total, probability, deviations=5):
    expected = total * probability
    return abs(count - expected) < deviations * (expected * (1 - probability)) ** 0.5


def test_fifteen_percent_of_the_ordinary_tokens_are_chosen_and_special_ones_never(masked):
    ids, inputs, targets = masked
    special = torch.isin(ids, torch.tensor(BERT.all_special_ids))
    assert within((targets != IGNORE_INDEX).sum(), (~special).sum(), 0.15)
    assert (targets[special] == IGNORE_INDEX).all()
    assert torch.equal(inputs[special], ids[special])


def test_a_chosen_token_is_its_own_target_and_the_others_stay(masked):
    ids, inputs, targets = masked
    chosen = targets != IGNORE_INDEX
    assert torch.equal(targets[chosen], ids[chosen])
    assert torch.equal(inputs[~chosen], ids[~chosen])


def test_of_the_chosen_80_percent_are_masked_10_random_10_kept(masked):
    ids, inputs, targets = masked
    chosen = targets != IGNORE_INDEX
    hidden = inputs[chosen] == BERT.mask_token_id
    kept = inputs[chosen] == ids[chosen]
    chance = 1 / len(BERT)  # a random token may be the mask token, or the one that was there
    assert within(hidden.sum(), chosen.sum(), 0.8 + 0.1 * chance)
    assert within(kept.sum(), chosen.sum(), 0.1 + 0.1 * chance)
    assert within((~hidden & ~kept).sum(), chosen.sum(), 0.1 - 0.2 * chance)


def test_random_tokens_come_from_the_whole_vocabulary_evenly():
    ids = torch.full((1000, 100), 5)
    inputs, targets = objectives.mask_tokens(ids, BERT, rate=1.0, generator=seeded(2))
    assert torch.equal(targets, ids)
    drawn = inputs[(inputs != ids) & (inputs != BERT.mask_token_id)]  # about ten thousand
    half, both = len(BERT) // 2, {5, BERT.mask_token_id}
    assert set(drawn.tolist()) == set(range(len(BERT))) - both  # the first and the last, too
    assert within((drawn < half).sum(), len(drawn), (half - 2) / (len(BERT) - 2))


def test_there_is_always_something_to_predict():
    ids = torch.tensor([[BERT.cls_token_id, 7, BERT.sep_token_id]])
    for seed in range(20):
        _, targets = objectives.mask_tokens(ids, BERT, rate=0.01, generator=seeded(seed))
        assert targets.tolist() == [[-100, 7, -100]]


@pytest.mark.parametrize(
    ("corrupt", "tokenizer"), [(objectives.mask_tokens, BERT), (objectives.corrupt_spans, T5)]
)
def test_corruption_is_repeatable_and_leaves_text_and_global_generator_alone(corrupt, tokenizer):
    ids = random_ids(6, 40)
    before, state = ids.clone(), torch.get_rng_state()
    first = corrupt(ids, tokenizer, generator=seeded(5))
    assert all(map(torch.equal, first, corrupt(ids, tokenizer, generator=seeded(5))))
    assert not torch.equal(first[0], corrupt(ids, tokenizer, generator=seeded(6))[0])
    assert torch.equal(ids, before)
    assert torch.equal(torch.get_rng_state(), state)


# --- spans


def rebuild(inputs, targets):
    """Put every span back in the place of its sentinel: lists of ids, with no padding."""
    spans, sentinel = {}, None
    for token in targets:
        if token in SENTINELS:
            spans[sentinel := token] = []
        else:
            spans[sentinel].append(token)
    return [token for i in inputs for token in (spans[i] if i in SENTINELS else [i])]


def padded_batch(batch, length, end=True):
    """Texts of 2 to `length` tokens, with an end token and padding behind them."""
    ids = random_ids(batch, length + 1)
    lengths = torch.randint(2, length + 1, (batch,), generator=seeded())
    lengths[0] = length
    for row, n in zip(ids, lengths.tolist(), strict=True):
        row[n] = END if end else PAD
        row[n + 1 :] = PAD
    return ids


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize(("density", "mean"), [(0.15, 3.0), (0.5, 1.0), (0.99, 2.0), (0.01, 9.0)])
def test_inputs_and_targets_rebuild_the_text_exactly(density, mean, end):
    ids = padded_batch(50, 60, end)
    inputs, targets = objectives.corrupt_spans(ids, T5, density, mean, seeded(1))
    for text, kept, cut in zip(ids, inputs, targets, strict=True):
        cut = cut[cut != IGNORE_INDEX].tolist()
        assert cut.pop() == END
        assert cut[-1] in SENTINELS  # the last sentinel: no more
        assert rebuild(kept[kept != PAD].tolist(), cut) == text[text != PAD].tolist()


def test_sentinels_count_up_in_inputs_and_one_further_in_targets_and_never_touch():
    both = objectives.corrupt_spans(padded_batch(50, 60), T5, 0.5, 1.5, seeded(7))
    for kept, cut in zip(*map(torch.Tensor.tolist, both), strict=True):
        in_inputs = [token for token in kept if token in SENTINELS]
        in_targets = [token for token in cut if token in SENTINELS]
        assert in_inputs == SENTINELS[: len(in_inputs)]
        assert in_targets == SENTINELS[: len(in_inputs) + 1]
    for ids in both:
        sentinel = torch.isin(ids, torch.tensor(SENTINELS))
        assert not (sentinel[:, 1:] & sentinel[:, :-1]).any()


@pytest.mark.parametrize(
    ("n", "hidden", "spans"), [(100, 15, 5), (512, 77, 26), (150, 22, 7), (20, 3, 1), (2, 1, 1)]
)
def test_fifteen_percent_are_hidden_in_spans_of_three(n, hidden, spans):
    inputs, targets = objectives.corrupt_spans(random_ids(8, n), T5)
    assert inputs.shape == (8, n - hidden + spans)
    assert targets.shape == (8, hidden + spans + 2)  # one more sentinel, and the end


def test_all_ways_to_cut_are_equally_likely_beside_a_longer_text_too():
    ids = torch.full((6001, 50), PAD)
    ids[:-1, :6] = torch.arange(10, 16)  # 3 of 6 hidden, in 2 spans: 2 × 6 ways
    ids[-1] = torch.arange(10, 60)
    inputs, targets = objectives.corrupt_spans(ids, T5, 0.5, 1.5, seeded(4))
    _, counts = torch.cat([inputs, targets], 1)[:-1].unique(dim=0, return_counts=True)
    assert len(counts) == 12
    assert all(within(count, 6000, 1 / 12) for count in counts)


# --- what the decoder reads


def test_the_decoder_reads_its_targets_one_place_late():
    targets = torch.tensor([[7, 8, 1, IGNORE_INDEX, IGNORE_INDEX]])
    assert objectives.shift_right(targets, 2, PAD).tolist() == [[2, 7, 8, 1, PAD]]


# --- the loss


def test_each_loss_is_the_surprise_at_its_target():
    logits = torch.randn(2, 4, 7, generator=seeded())
    targets = torch.randint(7, (2, 4), generator=seeded())
    surprise = -logits.softmax(-1).gather(-1, targets[..., None])[..., 0].log()
    torch.testing.assert_close(objectives.token_losses(logits, targets), surprise)


def test_an_ignored_position_costs_nothing_and_does_not_count():
    logits = torch.randn(1, 3, 7, generator=seeded())
    targets = torch.tensor([[3, IGNORE_INDEX, 5]])
    losses = objectives.token_losses(logits, targets)
    assert losses[0, 1] == 0
    torch.testing.assert_close(objectives.mean_loss(logits, targets), losses[0, [0, 2]].mean())


@pytest.mark.parametrize(("given", "computed"), [("half", "float"), ("double", "double")])
def test_half_precision_is_summed_in_single_precision(given, computed):
    logits = getattr(torch.randn(1, 3, 7, generator=seeded()), given)()
    targets = torch.tensor([[1, 2, 3]])
    expected = objectives.token_losses(getattr(logits, computed)(), targets)
    assert torch.equal(objectives.token_losses(logits, targets), expected)


def test_left_padding_with_positions_costs_what_no_padding_costs():
    gpt2, ids = families.build("gpt2"), random_ids(1, 6) % families.V
    padded = torch.nn.functional.pad(ids, (3, 0))
    mask = (torch.arange(9) >= 3).long()[None]
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    logits = gpt2(padded, attention_mask=mask, position_ids=positions).logits
    ours = objectives.mean_loss(logits, objectives.next_token_targets(padded, mask))
    torch.testing.assert_close(ours, gpt2(ids, labels=ids).loss)


def test_shifting_twice_is_not_the_librarys_loss():
    gpt2, ids = families.build("gpt2"), random_ids(2, 9) % families.V
    targets = objectives.next_token_targets(ids)
    output = gpt2(ids, labels=targets)  # the mistake: the model shifts as well
    assert not torch.isclose(objectives.mean_loss(output.logits, targets), output.loss, atol=1e-3)


# --- the same loss in every family


def family_batch(model, seed=0):
    """Two texts, the second one padded, and what each has as a target in its architecture."""
    generator = seeded(seed)
    ids = torch.randint(3, families.V, (2, 9), generator=generator)
    mask = (torch.arange(9) < torch.tensor([[9], [6]])).long()
    ids = ids.masked_fill(mask == 0, 0)
    kind = checkpoints.architecture(model.config)
    batch = {"input_ids": ids, "attention_mask": mask}
    if kind == "decoder":
        targets = objectives.next_token_targets(ids, mask)
        return batch | {"labels": ids.masked_fill(mask == 0, IGNORE_INDEX)}, targets
    if kind == "encoder":
        chosen = torch.rand(ids.shape, generator=generator) < 0.3
        targets = ids.masked_fill(~chosen | (mask == 0), IGNORE_INDEX)
        return batch | {"labels": targets}, targets
    targets = torch.randint(3, families.V, (2, 7), generator=generator)
    targets[1, 5:] = IGNORE_INDEX
    if model.main_input_name == "input_features":
        batch = {"input_features": families.texts(model)[0]["input_features"]}
    return batch | {"labels": targets}, targets


@pytest.mark.parametrize("name", families.FAMILIES)
def test_the_loss_of_every_family_is_this_one(name):
    model = families.build(name)
    batch, targets = family_batch(model)
    if not families.FAMILIES[name].shifts:
        targets = batch["labels"]
    output = model(**batch)
    assert output.loss.isfinite()
    torch.testing.assert_close(objectives.mean_loss(output.logits, targets), output.loss)
    wrong = targets.roll(1, 0)  # the other text's: a check that always agrees would agree here
    assert not torch.isclose(objectives.mean_loss(output.logits, wrong), output.loss, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["t5", "mt5", "bart", "marian", "pegasus", "whisper", "speech_to_text"]
)
def test_the_shift_of_every_family_that_has_a_start_token_is_this_one(name):
    model = families.build(name)
    batch, targets = family_batch(model)
    start, pad = model.config.decoder_start_token_id, model.config.pad_token_id
    shifted = objectives.shift_right(targets, start, pad)
    output = model(**batch)
    del batch["labels"]
    torch.testing.assert_close(model(**batch, decoder_input_ids=shifted).logits, output.logits)
