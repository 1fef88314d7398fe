"""Targets from text, and the one loss: in closed form, against transformers, and statistically."""

import families
import pytest
import torch
from tokenizers import Tokenizer, models
from torch import Generator
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from helpers import checkpoints, objectives
from helpers.objectives import IGNORE_INDEX

V = 1000  # ordinary tokens and special ones together
PAD, END, UNK, MASK, CLS, SEP = range(6)
SENTINELS = [V - 1 - i for i in range(100)]  # T5 counts them down from the end


def tokenizer_with(vocabulary, **special_tokens):
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special_tokens)


WORDS = {"<pad>": PAD, "</s>": END, "<unk>": UNK, "[MASK]": MASK, "[CLS]": CLS, "[SEP]": SEP}
WORDS |= {f"w{i}": i for i in range(len(WORDS), V)}
BERT = tokenizer_with(
    WORDS,
    pad_token="<pad>",
    unk_token="<unk>",
    mask_token="[MASK]",
    cls_token="[CLS]",
    sep_token="[SEP]",
)
NAMES = {i: f"<extra_id_{n}>" for n, i in enumerate(SENTINELS)}
T5_WORDS = {NAMES.get(i, word): i for word, i in WORDS.items()}
T5 = tokenizer_with(T5_WORDS, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
PLAIN = tokenizer_with(WORDS, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def seeded(seed=0):
    return Generator().manual_seed(seed)


def random_ids(*shape, seed=0):
    return torch.randint(len(WORDS) - V + 6, 900, shape, generator=seeded(seed)).clamp(min=6)


# --- the next token


def test_the_target_at_every_position_is_the_next_token():
    assert objectives.next_token_targets(torch.tensor([[5, 6, 7]])).tolist() == [
        [6, 7, IGNORE_INDEX]
    ]


def test_padding_is_neither_asked_for_nor_asked():
    ids = torch.tensor([[5, 6, 7, 0, 0], [0, 0, 5, 6, 7]])
    targets = objectives.next_token_targets(ids, torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]))
    assert targets.tolist() == [[6, 7, -100, -100, -100], [-100, -100, 6, 7, -100]]


def test_a_pad_token_that_is_also_the_end_is_a_target_where_it_is_real():
    ids = torch.tensor([[5, 6, 1, 1]])  # pad = end = 1; the first one is real
    targets = objectives.next_token_targets(ids, torch.tensor([[1, 1, 1, 0]]))
    assert targets.tolist() == [[6, 1, -100, -100]]


def test_targets_leave_the_text_alone():
    ids = torch.tensor([[5, 6, 7]])
    objectives.next_token_targets(ids, torch.tensor([[1, 1, 0]]))
    assert ids.tolist() == [[5, 6, 7]]


# --- hidden tokens


@pytest.fixture(scope="module")
def masked():
    ids = random_ids(800, 128)  # about 100,000 tokens
    ids[:, 0], ids[:, -2], ids[:, -1] = CLS, SEP, PAD
    return ids, *objectives.mask_tokens(ids, BERT, generator=seeded(1))


def within(count, total, probability, deviations=5):
    expected = total * probability
    return abs(count - expected) < deviations * (expected * (1 - probability)) ** 0.5


def test_fifteen_percent_of_the_ordinary_tokens_are_chosen(masked):
    ids, _, targets = masked
    assert within((targets != IGNORE_INDEX).sum(), (ids > SEP).sum(), 0.15)


def test_of_the_chosen_80_percent_are_masked_10_random_10_kept(masked):
    ids, inputs, targets = masked
    chosen = targets != IGNORE_INDEX
    hidden = inputs[chosen] == MASK
    kept = inputs[chosen] == ids[chosen]
    chance = 1 / V  # a random token may be the mask token, or the one that was there
    assert within(hidden.sum(), chosen.sum(), 0.8 + 0.1 * chance)
    assert within(kept.sum(), chosen.sum(), 0.1 + 0.1 * chance)
    assert within((~hidden & ~kept).sum(), chosen.sum(), 0.1 - 0.2 * chance)


def test_random_tokens_come_from_the_whole_vocabulary_evenly():
    ids = torch.full((1000, 100), SEP + 1)
    inputs, _ = objectives.mask_tokens(ids, BERT, rate=1.0, generator=seeded(2))
    drawn = inputs[(inputs != ids) & (inputs != MASK)]  # about ten thousand
    assert set(drawn.tolist()) == set(range(V)) - {SEP + 1, MASK}  # the first and the last, too
    assert within((drawn < V // 2).sum(), len(drawn), (V // 2 - 2) / (V - 2))


def test_special_and_padding_tokens_are_never_chosen(masked):
    ids, inputs, targets = masked
    special = ids <= SEP
    assert (targets[special] == IGNORE_INDEX).all()
    assert torch.equal(inputs[special], ids[special])


def test_a_chosen_token_is_its_own_target_and_the_others_stay(masked):
    ids, inputs, targets = masked
    chosen = targets != IGNORE_INDEX
    assert torch.equal(targets[chosen], ids[chosen])
    assert torch.equal(inputs[~chosen], ids[~chosen])


def test_the_library_chooses_as_many_and_replaces_alike(masked):
    ids, inputs, targets = masked
    collator = DataCollatorForLanguageModeling(BERT, mlm_probability=0.15, seed=3)
    theirs, labels = collator.torch_mask_tokens(ids.clone())

    def shares(inputs, targets):
        chosen = targets != IGNORE_INDEX
        hidden, kept = inputs[chosen] == MASK, inputs[chosen] == ids[chosen]
        return torch.stack([chosen.float().mean(), hidden.float().mean(), kept.float().mean()])

    torch.testing.assert_close(
        shares(inputs, targets), shares(theirs, labels), atol=0.015, rtol=0.0
    )


def test_a_rate_of_one_asks_for_every_ordinary_token():
    ids = torch.tensor([[CLS, 7, 8, 9, SEP]])
    _, targets = objectives.mask_tokens(ids, BERT, rate=1.0, generator=seeded())
    assert targets.tolist() == [[-100, 7, 8, 9, -100]]


def test_there_is_always_something_to_predict():
    ids = torch.tensor([[CLS, 7, SEP]])
    for seed in range(20):
        _, targets = objectives.mask_tokens(ids, BERT, rate=0.01, generator=seeded(seed))
        assert targets.tolist() == [[-100, 7, -100]]


def test_the_same_generator_gives_the_same_masks_and_the_global_one_is_not_touched():
    ids, state = random_ids(4, 32), torch.get_rng_state()
    first = objectives.mask_tokens(ids, BERT, generator=seeded(5))
    again = objectives.mask_tokens(ids, BERT, generator=seeded(5))
    assert all(map(torch.equal, first, again))
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


def padded_batch(batch, length, seed=0, end=True):
    """Texts of 2 to `length` tokens, with an end token and padding behind them."""
    ids = random_ids(batch, length + 1, seed=seed).clamp(max=V - 101)
    lengths = torch.randint(2, length + 1, (batch,), generator=seeded(seed))
    lengths[0] = length
    for row, n in zip(ids, lengths.tolist(), strict=True):
        row[n] = END if end else PAD
        row[n + 1 :] = PAD
    return ids


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize(("density", "mean"), [(0.15, 3.0), (0.5, 1.0), (0.99, 2.0), (0.01, 9.0)])
def test_inputs_and_targets_rebuild_the_text_exactly(density, mean, end):
    ids = padded_batch(50, 60, end=end)
    inputs, targets = objectives.corrupt_spans(ids, T5, density, mean, seeded(1))
    for text, kept, cut in zip(ids, inputs, targets, strict=True):
        cut = cut[cut != IGNORE_INDEX].tolist()
        assert cut.pop() == END
        assert cut[-1] in SENTINELS  # the last sentinel: no more
        assert rebuild(kept[kept != PAD].tolist(), cut) == text[text != PAD].tolist()


def test_sentinels_count_up_in_inputs_and_targets_and_end_one_further():
    inputs, targets = objectives.corrupt_spans(padded_batch(20, 90), T5, generator=seeded(2))
    for kept, cut in zip(inputs.tolist(), targets.tolist(), strict=True):
        in_inputs = [token for token in kept if token in SENTINELS]
        in_targets = [token for token in cut if token in SENTINELS]
        assert in_inputs == SENTINELS[: len(in_inputs)]
        assert in_targets == SENTINELS[: len(in_inputs) + 1]


def test_no_two_sentinels_touch():
    for ids in objectives.corrupt_spans(padded_batch(50, 60), T5, 0.5, 1.5, seeded(7)):
        sentinel = torch.isin(ids, torch.tensor(SENTINELS))
        assert not (sentinel[:, 1:] & sentinel[:, :-1]).any()


@pytest.mark.parametrize(
    ("n", "hidden", "spans"), [(100, 15, 5), (512, 77, 26), (150, 22, 7), (20, 3, 1)]
)
def test_fifteen_percent_are_hidden_in_spans_of_three(n, hidden, spans):
    inputs, targets = objectives.corrupt_spans(random_ids(8, n).clamp(max=899), T5)
    assert inputs.shape == (8, n - hidden + spans)
    assert targets.shape == (8, hidden + spans + 2)  # one more sentinel, and the end


def test_a_span_may_begin_and_end_a_text_and_lie_everywhere_between():
    ids = torch.arange(10, 30).expand(4000, -1)
    inputs, _ = objectives.corrupt_spans(ids, T5, generator=seeded(3))  # one span of 3 in 20
    places = (inputs == SENTINELS[0]).nonzero()[:, 1]
    counts = torch.bincount(places, minlength=18)
    assert all(within(count, 4000, 1 / 18) for count in counts)


def test_all_ways_to_cut_are_equally_likely():
    ids = torch.arange(10, 16).expand(6000, -1)  # 3 of 6 hidden, in 2 spans: 2 × 6 ways
    inputs, targets = objectives.corrupt_spans(ids, T5, 0.5, 1.5, seeded(4))
    _, counts = torch.cat([inputs, targets], 1).unique(dim=0, return_counts=True)
    assert len(counts) == 12
    assert all(within(count, 6000, 1 / 12) for count in counts)


def test_all_ways_are_equally_likely_beside_a_longer_text_too():
    ids = torch.arange(10, 16).repeat(6000, 1)
    long = torch.arange(10, 60)[None]
    ids = torch.cat([torch.nn.functional.pad(ids, (0, 44), value=PAD), long])
    inputs, targets = objectives.corrupt_spans(ids, T5, 0.5, 1.5, seeded(4))
    _, counts = torch.cat([inputs, targets], 1)[:-1].unique(dim=0, return_counts=True)
    assert len(counts) == 12
    assert all(within(count, 6000, 1 / 12) for count in counts)


def test_the_shortest_text_keeps_one_token_and_hides_one():
    inputs, targets = objectives.corrupt_spans(torch.tensor([[7, 8, END]]), T5)
    first, last = SENTINELS[:2]
    assert (inputs.tolist(), targets.tolist()) in [
        ([[first, 8, END]], [[first, 7, last, END]]),
        ([[7, first, END]], [[first, 8, last, END]]),
    ]


def test_corruption_is_repeatable_and_leaves_text_and_global_generator_alone():
    ids = padded_batch(6, 40)
    before, state = ids.clone(), torch.get_rng_state()
    first = objectives.corrupt_spans(ids, T5, generator=seeded(5))
    again = objectives.corrupt_spans(ids, T5, generator=seeded(5))
    other = objectives.corrupt_spans(ids, T5, generator=seeded(6))
    assert all(map(torch.equal, first, again))
    assert not all(
        a.shape == b.shape and torch.equal(a, b) for a, b in zip(first, other, strict=True)
    )
    assert torch.equal(ids, before)
    assert torch.equal(torch.get_rng_state(), state)


# --- what the decoder reads


def test_the_decoder_reads_its_targets_one_place_late():
    targets = torch.tensor([[7, 8, 1, IGNORE_INDEX, IGNORE_INDEX]])
    assert objectives.shift_right(targets, 2, PAD).tolist() == [[2, 7, 8, 1, PAD]]


# --- the loss


def test_equal_logits_cost_the_logarithm_of_the_vocabulary():
    losses = objectives.token_losses(torch.zeros(2, 3, 7), torch.zeros(2, 3, dtype=torch.long))
    torch.testing.assert_close(losses, torch.full((2, 3), 7.0).log())


def test_an_ignored_position_costs_nothing_and_does_not_count():
    logits = torch.randn(1, 3, 7, generator=seeded())
    targets = torch.tensor([[3, IGNORE_INDEX, 5]])
    losses = objectives.token_losses(logits, targets)
    assert losses[0, 1] == 0
    torch.testing.assert_close(objectives.mean_loss(logits, targets), losses[0, [0, 2]].mean())


def test_each_loss_is_the_surprise_at_its_target():
    logits = torch.randn(2, 4, 7, generator=seeded())
    targets = torch.randint(7, (2, 4), generator=seeded())
    surprise = -logits.softmax(-1).gather(-1, targets[..., None])[..., 0].log()
    torch.testing.assert_close(objectives.token_losses(logits, targets), surprise)


def test_half_precision_is_summed_in_single_precision():
    logits = torch.randn(1, 3, 7, generator=seeded()).half()
    losses = objectives.token_losses(logits, torch.tensor([[1, 2, 3]]))
    assert losses.dtype == torch.float32
    assert (
        objectives.token_losses(logits.double(), torch.tensor([[1, 2, 3]])).dtype == torch.float64
    )


@pytest.fixture(scope="module")
def gpt2():
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=V, n_embd=16, n_layer=1, n_head=2, bos_token_id=END, eos_token_id=END
    )
    return GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("lengths", [[9, 9], [9, 5]])
def test_the_causal_loss_is_the_librarys_which_shifts_inside(gpt2, lengths):
    ids = random_ids(2, 9)
    mask = (torch.arange(9) < torch.tensor(lengths)[:, None]).long()
    labels = ids.masked_fill(mask == 0, IGNORE_INDEX)
    output = gpt2(ids, attention_mask=mask, labels=labels)
    targets = objectives.next_token_targets(ids, mask)
    torch.testing.assert_close(objectives.mean_loss(output.logits, targets), output.loss)


def test_left_padding_with_positions_costs_what_no_padding_costs(gpt2):
    ids = random_ids(1, 6)
    padded = torch.cat([torch.full((1, 3), PAD), ids], 1)
    mask = (padded != PAD).long()
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    logits = gpt2(padded, attention_mask=mask, position_ids=positions).logits
    ours = objectives.mean_loss(logits, objectives.next_token_targets(padded, mask))
    torch.testing.assert_close(ours, gpt2(ids, labels=ids).loss)


def test_shifting_twice_is_not_the_librarys_loss(gpt2):
    ids = random_ids(2, 9)
    targets = objectives.next_token_targets(ids)
    output = gpt2(ids, labels=targets)  # the mistake: the model shifts as well
    assert not torch.isclose(objectives.mean_loss(output.logits, targets), output.loss, atol=1e-3)


def test_the_masked_loss_is_the_librarys():
    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=V,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
        )
    ).eval()
    inputs, targets = objectives.mask_tokens(random_ids(2, 30), BERT, generator=seeded())
    output = model(inputs, labels=targets)
    torch.testing.assert_close(objectives.mean_loss(output.logits, targets), output.loss)


def test_the_sequence_to_sequence_loss_is_the_librarys_and_so_is_the_shift():
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=V, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=PAD,
        eos_token_id=END, decoder_start_token_id=PAD,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config).eval()
    inputs, targets = objectives.corrupt_spans(padded_batch(3, 20), T5, generator=seeded())
    mask = (inputs != PAD).long()
    output = model(inputs, attention_mask=mask, labels=targets)
    shifted = objectives.shift_right(targets, config.decoder_start_token_id, PAD)
    by_hand = model(inputs, attention_mask=mask, decoder_input_ids=shifted)
    torch.testing.assert_close(by_hand.logits, output.logits)
    torch.testing.assert_close(objectives.mean_loss(by_hand.logits, targets), output.loss)
    assert torch.equal(model.prepare_decoder_input_ids_from_labels(targets), shifted)


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


@pytest.mark.parametrize("name", ["t5", "mt5", "bart", "marian", "pegasus"])
def test_the_shift_of_every_family_that_has_a_start_token_is_this_one(name):
    model = families.build(name)
    batch, targets = family_batch(model)
    start, pad = model.config.decoder_start_token_id, model.config.pad_token_id
    shifted = objectives.shift_right(targets, start, pad)
    output = model(**batch)
    del batch["labels"]
    torch.testing.assert_close(model(**batch, decoder_input_ids=shifted).logits, output.logits)


# --- bad input

IDS, LOGITS = torch.tensor([[7, 8, 9]]), torch.zeros(1, 3, 20)
next_token_targets, mask_tokens = objectives.next_token_targets, objectives.mask_tokens
corrupt_spans, shift_right = objectives.corrupt_spans, objectives.shift_right
token_losses, mean_loss = objectives.token_losses, objectives.mean_loss
META = torch.zeros(1, 3, dtype=torch.long, device="meta")
BAD_INPUT = [
    (lambda: next_token_targets([[7, 8]]), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: next_token_targets(IDS.float()), TypeError, "got a tensor of torch.float32"),
    (lambda: next_token_targets(IDS.int()), TypeError, r"torch.int32.*use .long\(\)"),
    (lambda: next_token_targets(IDS[0]), ValueError, r"got \(3,\).*input_ids\[None\]"),
    (lambda: next_token_targets(IDS[:, :0]), ValueError, r"at least one token, got shape \(1, 0\)"),
    (lambda: next_token_targets(IDS, [[1, 1, 1]]), TypeError, "attention_mask must be a tensor"),
    (lambda: next_token_targets(IDS, IDS[:, :2]), ValueError, r"\(1, 3\), got \(1, 2\)"),
    (lambda: mask_tokens([[7]], BERT), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: mask_tokens(IDS[0], BERT), ValueError, r"input_ids\[None\]"),
    (lambda: mask_tokens(IDS, BERT, rate=0), ValueError, "rate must be above 0 .* got 0"),
    (lambda: mask_tokens(IDS, BERT, rate=15), ValueError, "at most 1, .* got 15"),
    (lambda: mask_tokens(IDS, BERT, rate=-0.1), ValueError, "rate must be above 0"),
    (lambda: mask_tokens(IDS, T5), ValueError, "must have a mask token; .*or corrupt_spans"),
    (lambda: mask_tokens(IDS, BERT, generator=0), TypeError, "must be a torch.Generator.*got int"),
    (lambda: mask_tokens(torch.tensor([[CLS, SEP, PAD]]), BERT), ValueError, "special tokens only"),
    (lambda: mask_tokens(META, BERT, generator=seeded()), ValueError, "generator must be on the"),
    (lambda: corrupt_spans(IDS.tolist(), T5), TypeError, "input_ids must be a tensor.*got list"),
    (lambda: corrupt_spans(IDS[None], T5), ValueError, r"shape \(B, T\), got \(1, 1, 3\)"),
    (lambda: corrupt_spans(IDS, T5, density=0.0), ValueError, "density must be between 0 and 1"),
    (lambda: corrupt_spans(IDS, T5, density=1.0), ValueError, "density must be between 0 and 1"),
    (lambda: corrupt_spans(IDS, T5, mean_span_length=0.5), ValueError, "at least 1, .* got 0.5"),
    (lambda: corrupt_spans(IDS, PLAIN), ValueError, "must have the sentinels.*use a T5 tokenizer"),
    (lambda: corrupt_spans(IDS, BERT), ValueError, "must have the sentinels"),
    (lambda: corrupt_spans(IDS[:, :1], T5), ValueError, "at least 2 tokens a row.*got 1"),
    (lambda: corrupt_spans(torch.tensor([[END]]), T5), ValueError, "at least 2 tokens.*got 0"),
    (lambda: corrupt_spans(torch.tensor([[PAD, 7, 8]]), T5), ValueError, "padding_side='right'"),
    (lambda: corrupt_spans(torch.tensor([[7, END, 8]]), T5), ValueError, "after its end"),
    (lambda: corrupt_spans(torch.tensor([[7, 8, END, END]]), T5), ValueError, "at most one end"),
    (lambda: corrupt_spans(torch.tensor([[7, SENTINELS[0]]]), T5), ValueError, "already hold sent"),
    (lambda: corrupt_spans(torch.tensor([[7, SENTINELS[50]]]), T5), ValueError, "already hold sen"),
    (lambda: corrupt_spans(IDS, T5, generator=0), TypeError, "must be a torch.Generator.*got int"),
    (lambda: corrupt_spans(random_ids(1, 600).clamp(max=899), T5, 0.5, 1), ValueError, "sentinels"),
    (lambda: corrupt_spans(META, T5, generator=seeded()), ValueError, "generator must be on the"),
    (lambda: shift_right([[7]], 0, 0), TypeError, "targets must be a tensor.*got list"),
    (lambda: shift_right(IDS[0], 0, 0), ValueError, r"targets\[None\]"),
    (lambda: shift_right(IDS, None, 0), TypeError, "start_token_id must be a whole .*None: see"),
    (lambda: shift_right(IDS, 0, "<pad>"), TypeError, "pad_token_id must be a whole .*'<pad>'"),
    (lambda: token_losses([[0.0]], IDS), TypeError, "logits must be a float tensor, got list"),
    (lambda: token_losses(IDS, IDS), TypeError, "got a tensor of torch.int64"),
    (lambda: token_losses(LOGITS[0], IDS), ValueError, r"shape \(B, T, V\), got \(3, 20\)"),
    (lambda: token_losses(LOGITS, [[7]]), TypeError, "targets must be a tensor.*got list"),
    (lambda: token_losses(LOGITS, IDS[:, :2]), ValueError, r"the logits .*3\), got \(1, 2\)"),
    (lambda: token_losses(LOGITS, IDS + 20), ValueError, "ids below 20, .* got 27 to 29"),
    (lambda: token_losses(LOGITS, IDS * 0 - 1), ValueError, "got -1 to -1"),
    (lambda: mean_loss(LOGITS, torch.full((1, 3), -100)), ValueError, "nothing is scored"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD_INPUT)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
