"""What is recorded is what was applied; what is measured is what can flow."""

import copy
import logging

import pytest
import torch
import transformers
from families import (
    FAMILIES,
    SIZE,
    SPECIAL,
    T5_SIZE,
    F,
    S,
    T,
    V,
    build,
    built,
    near,
    texts,
    two_vocabularies,
)
from torch import nn
from transformers import AutoModelForCausalLM
from transformers.models.gpt2 import modeling_gpt2

from helpers import attention, masks

FUTURE = ~masks.causal(T)
by_either_way = pytest.mark.parametrize("implementation", ["sdpa", "eager"])
with_either_tool = pytest.mark.parametrize("measure", [attention.record, attention.influence])


# --- record


def test_without_a_mask_sdpa_reads_the_causal_flag_and_eager_does_not(monkeypatch):
    monkeypatch.setattr(modeling_gpt2, "create_causal_mask", lambda **_: None)
    for implementation, expected in [("sdpa", masks.causal(T)), ("eager", masks.bidirectional(T))]:
        model = build("gpt2", implementation)
        inputs, _ = texts(model)
        assert torch.equal(attention.record(model, **inputs)[0].mask[0], expected)
        assert torch.equal(attention.influence(model, **inputs)["decoder"][0] > 0, expected)


@pytest.mark.parametrize("number", [-1e9, -10_000.0])
@by_either_way
def test_a_number_far_below_zero_hides_a_key(implementation, number):
    """As people write it by hand, in place of the most negative one that there is."""
    model = build("bert", implementation)
    inputs, _ = texts(model)
    added = torch.zeros(2, 1, T, T).masked_fill(FUTURE, number)
    for record in attention.record(model, **inputs, attention_mask=added):
        assert torch.equal(record.mask, masks.causal(T).expand(2, -1, -1))
        assert (record.weights.sum(1)[~record.mask] == 0).all()


def test_a_number_that_hides_a_little_lets_something_through():
    model = build("bert")
    inputs, _ = texts(model)
    added = torch.zeros(2, 1, T, T).masked_fill(FUTURE, -500.0)
    assert all(r.mask.all() for r in attention.record(model, **inputs, attention_mask=added))
    assert (attention.influence(model, **inputs, attention_mask=added)["encoder"] > 0).all()


def test_a_key_is_visible_if_any_head_may_see_it():
    model = build("bert", "sdpa")
    inputs, _ = texts(model)
    heads = torch.stack([masks.causal(T), *[torch.eye(T, dtype=torch.bool)] * 3])[None]
    for record in attention.record(model, **inputs, attention_mask=heads.expand(2, -1, -1, -1)):
        assert torch.equal(record.mask, masks.causal(T).expand(2, -1, -1))


def test_only_the_models_own_layers_are_recorded():
    model, other = build("gpt2"), build("llama")
    inputs, _ = texts(model)
    model.register_forward_hook(lambda *_: other(**inputs) and None)  # someone else, meanwhile
    assert len(attention.record(model, **inputs)) == 2


def test_layers_come_in_order_of_execution():
    model = build("t5")
    records = attention.record(model, **texts(model)[0])
    expected = [("encoder", 0), ("encoder", 1)]
    expected += [(kind, layer) for layer in range(3) for kind in ("decoder", "cross")]
    assert [(record.kind, record.layer) for record in records] == expected


def test_cross_attention_of_a_decoder_on_its_own_is_told_apart():
    model = build("gpt2", add_cross_attention=True)
    states = torch.randn(2, S, 32, generator=torch.Generator().manual_seed(0))
    records = attention.record(model, **texts(model)[0], encoder_hidden_states=states)
    assert [record.kind for record in records] == ["decoder", "cross"] * 2
    assert [record.mask.shape[-1] for record in records] == [T, S] * 2


def test_the_kind_is_what_the_layer_was_built_to_be():
    inputs = {"input_ids": torch.arange(3, 8)[None]}
    for is_decoder, kind, mask in [
        (False, "encoder", masks.bidirectional(5)),
        (True, "decoder", masks.causal(5)),
    ]:
        config = transformers.BertConfig(**SIZE | SPECIAL, is_decoder=is_decoder)
        record = attention.record(AutoModelForCausalLM.from_config(config), **inputs)[0]
        assert record.kind == kind
        assert torch.equal(record.mask[0], mask)


def test_the_record_says_where_its_mask_comes_from():
    expected = {("gpt2", "sdpa"): "flag", ("t5", "sdpa"): "mask", ("bloom", "eager"): "scores"}
    for (name, implementation), source in expected.items():
        model = build(name, implementation)
        assert attention.record(model, **texts(model)[0])[0].source == source


def test_what_is_recorded_belongs_to_the_caller_alone():
    model, mask = build("gpt2", "sdpa"), masks.causal(T)[None, None]
    inputs, _ = texts(model, batch=1)
    first, other = attention.record(model, **inputs, attention_mask=mask)
    assert not first.weights.requires_grad
    first.mask.zero_()
    assert torch.equal(mask[0, 0], masks.causal(T))
    assert torch.equal(other.mask[0], masks.causal(T))


# --- influence


@pytest.mark.parametrize(("name", "kind"), [("gpt2", "decoder"), ("bert", "encoder")])
def test_influence_is_the_length_of_a_row_of_the_jacobian(name, kind):
    model = build(name).double()
    ids = texts(model, batch=1)[0]["input_ids"]
    direction = torch.randn(32, generator=torch.Generator().manual_seed(0))
    direction = (direction / direction.norm()).double()

    def outputs(embeddings):
        return model.base_model(inputs_embeds=embeddings)[0][0] @ direction  # (Q)

    embeddings = model.get_input_embeddings()(ids)
    jacobian = torch.autograd.functional.jacobian(outputs, embeddings)  # (Q, 1, K, E)
    values = attention.influence(model, input_ids=ids)[kind][0]
    torch.testing.assert_close(values, jacobian[:, 0].norm(dim=-1), atol=1e-9, rtol=1e-9)


def test_what_has_influence_moves_the_output_and_what_has_none_does_not():
    """No gradients at all: change one token, and see which outputs move, bit by bit."""
    model = build("mistral", "eager")
    inputs, _ = texts(model)
    flows = attention.influence(model, **inputs)["decoder"] > 0
    with torch.no_grad():
        before = model(**inputs).logits
        for key in range(T):
            changed = inputs["input_ids"].clone()
            changed[:, key] = (changed[:, key] + 1) % V
            moved = (model(changed).logits != before).any(-1)  # (B, Q)
            assert torch.equal(moved, flows[:, :, key])


@pytest.mark.parametrize("padding", ["right", "left"])
def test_rows_of_padding_have_no_answer(padding):
    model = build("t5")
    inputs, real = texts(model, padding)
    for kind, values in attention.influence(model, **inputs).items():
        assert torch.equal(values.isnan().all(-1), ~real[kind][0])
        assert torch.equal(values.isnan().any(-1), ~real[kind][0])


def test_labels_stand_in_for_decoder_inputs():
    model = build("t5")
    inputs, _ = texts(model)
    labels = inputs.pop("decoder_input_ids")
    labels[1, -2:] = -100  # where the loss is told to look away
    measured = attention.influence(model, **inputs, labels=labels)
    assert torch.equal(measured["decoder"][0] > 0, masks.causal(T))
    assert len(attention.record(model, **inputs, labels=labels)) == 8


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("layers", [1, 4])
def test_rounding_makes_no_zero(layers, dtype):
    """Large weights, whose softmax underflows in the precision that they are stored in."""
    size = {"num_hidden_layers": layers, "num_attention_heads": 1, "max_position_embeddings": 64}
    model = build("gpt2", "eager", **size, initializer_range=1.0).to(dtype)
    ids = torch.randint(3, V, (1, 48), generator=torch.Generator().manual_seed(1))
    assert (model.float()(ids, output_attentions=True).attentions[0] == 0).sum() > 48 * 47 / 2
    flows = attention.influence(model.to(dtype), input_ids=ids)["decoder"][0] > 0
    assert torch.equal(flows, masks.causal(48))


def test_one_kind_alone_is_as_it_is_among_the_others():
    for name, kinds in [("t5", ["encoder", "cross", "decoder"]), ("gpt2", ["decoder"])]:
        inputs, _ = texts(built(name))
        every = attention.influence(built(name), **inputs)
        for kind in kinds:
            (alone,) = attention.influence(built(name), **inputs, only=kind).items()
            assert alone[0] == kind
            assert torch.equal(alone[1], every[kind])


# --- sound


def moved(model, inputs, frames):
    """Whether other noise in these frames of the second sound moves an output of the decoder."""
    changed = inputs["input_features"].clone()
    noise = torch.randn(changed.shape, generator=torch.Generator().manual_seed(3))
    axes = (1, slice(None), frames) if changed.shape[-1] == F else (1, frames)
    changed[axes] = noise[axes]
    rows = inputs["decoder_attention_mask"].bool()
    with torch.no_grad():
        before, after = model(**inputs).logits, model(**inputs | {"input_features": changed}).logits
    return not torch.equal(before[rows], after[rows])  # bit by bit


def test_whisper_hears_silence_whatever_the_mask_says():
    """transformers #19864: the mask is taken, and not used."""
    model = built("whisper")
    inputs, _ = texts(model, "right")
    assert (inputs["attention_mask"][1, 14:] == 0).all()
    assert moved(model, inputs, slice(14, F))
    assert moved(model, inputs, slice(F - 1, F))  # its last frame, through a whole chunk
    influence = attention.influence(model, **inputs)
    assert (influence["encoder"] > 0).all()
    assert (influence["cross"][1, :-2, 14:] > 0).all()
    with torch.no_grad():
        masked = model(**inputs).logits
        del inputs["attention_mask"]
        assert torch.equal(model(**inputs).logits, masked)


@pytest.mark.parametrize(("frames", "leak"), [(13, 6), (14, 5), (15, 4), (16, 3), (17, 6)])
def test_speech2text_hides_padding_but_its_last_position_hears_a_little_of_it(frames, leak):
    model = built("speech_to_text")
    inputs, _ = texts(model, "right")
    inputs["attention_mask"] = (torch.arange(F) < torch.tensor([[F], [frames]])).long()
    assert moved(model, inputs, slice(frames, F))
    assert moved(model, inputs, slice(frames + leak - 1, F))
    assert not moved(model, inputs, slice(frames + leak, F))
    expected = torch.arange(F) < frames + leak
    influence = attention.influence(model, **inputs)
    assert torch.equal(influence["cross"][1, :-2] > 0, expected.expand(T - 2, -1))
    positions = -(-frames // 4)
    assert torch.equal(influence["encoder"][1, :positions] > 0, expected.expand(positions, -1))
    assert influence["encoder"][1, positions:].isnan().all()


@pytest.mark.parametrize("name", ["whisper", "speech_to_text"])
def test_before_the_first_attention_a_position_hears_what_the_convolutions_reach(name):
    model = build(name, num_hidden_layers=0, encoder_layers=0)
    heard = attention.influence(model, **texts(model)[0])["encoder"] > 0
    assert torch.equal(heard, near(FAMILIES[name], heard.shape[1]).expand_as(heard))
    assert heard[0].sum(1).max() == {"whisper": 5, "speech_to_text": 13}[name]


def test_influence_of_a_frame_is_over_all_of_its_mel_bins():
    model = build("whisper").double()
    inputs, _ = texts(model, batch=1)
    direction = torch.randn(32, generator=torch.Generator().manual_seed(0))
    direction = (direction / direction.norm()).double()

    def outputs(features):
        return model.model.encoder(features)[0][0] @ direction  # (Q)

    features = inputs["input_features"].double()
    jacobian = torch.autograd.functional.jacobian(outputs, features)  # (Q, 1, M, F)
    values = attention.influence(model, **inputs | {"input_features": features})["encoder"][0]
    torch.testing.assert_close(values, jacobian[:, 0].norm(dim=1), atol=1e-9, rtol=1e-9)


def test_whispers_decoder_starts_from_a_prompt_of_special_tokens():
    start, english, german, transcribe, no_times = range(90, 95)
    model = build("whisper", decoder_start_token_id=start)
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=2,
        pad_token_id=0,
        decoder_start_token_id=start,
        is_multilingual=True,
        lang_to_id={"<|en|>": english, "<|de|>": german},
        task_to_id={"transcribe": transcribe},
        no_timestamps_token_id=no_times,
        return_timestamps=False,
        max_length=8,
    )
    read = []
    decoder = model.get_decoder()
    decoder.register_forward_pre_hook(
        lambda module, args, options: read.append(options["input_ids"][0].tolist()),
        with_kwargs=True,
    )
    features = texts(model)[0]["input_features"]
    model.generate(features, language="de", task="transcribe")
    assert read[0] == [start, german, transcribe, no_times]
    read.clear()
    model.generate(features)  # which language? the start token alone finds out
    assert read[0] == [start]
    assert read[1] in [[start, language, no_times] for language in (english, german)]


def test_labels_of_whispers_tokenizer_begin_with_the_start_token_already():
    """As they are, the model would shift a second one in front of them."""
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>"]
    vocabulary = {token: place for place, token in enumerate([*special, "<|notimestamps|>", "a"])}
    settings = {"language": "english", "task": "transcribe", "predict_timestamps": False}
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=[], **settings)
    labels = tokenizer("a", return_tensors="pt").input_ids
    assert labels.tolist() == [[1, 2, 3, 4, 5, 0]]
    model = build("whisper", decoder_start_token_id=1)
    for targets, read in [(labels, [1, 1, 2, 3, 4, 5]), (labels[:, 1:], [1, 2, 3, 4, 5])]:
        heard = {"input_features": texts(model, batch=1)[0]["input_features"]}
        expected = model(**heard, decoder_input_ids=torch.tensor([read])).logits
        torch.testing.assert_close(model(**heard, labels=targets).logits, expected)


# --- odd models, and odd ways to call them


def test_an_encoder_taken_out_of_an_encoder_decoder_is_an_encoder():
    model = transformers.T5EncoderModel(transformers.T5Config(**T5_SIZE | SPECIAL))
    inputs = {"input_ids": torch.arange(3, 8)[None]}
    assert [record.kind for record in attention.record(model, **inputs)] == ["encoder"] * 2
    assert (attention.influence(model, **inputs)["encoder"] > 0).all()


@pytest.mark.parametrize("width", [32, 48])
def test_two_stacks_may_have_two_vocabularies_and_two_widths(width):
    model = two_vocabularies(width)
    inputs = {"input_ids": torch.arange(3, 9)[None], "decoder_input_ids": torch.tensor([[80, 81]])}
    kinds = [record.kind for record in attention.record(model, **inputs)]
    assert kinds == ["encoder"] * 2 + ["decoder", "cross"] * 2
    flows = attention.influence(model, **inputs)
    assert {kind: values.shape[1:] for kind, values in flows.items()} == {
        "encoder": (6, 6),
        "cross": (2, 6),
        "decoder": (2, 2),
    }


def test_positions_end_where_the_model_says_and_not_its_config():
    rotary = build("llama", max_position_embeddings=8)
    record = attention.record(rotary, input_ids=torch.arange(3, 15)[None])[0]
    assert torch.equal(record.mask[0], masks.causal(12))


def test_a_token_of_padding_that_is_read_all_the_same_shows():
    """ConvBERT's convolution knows no attention mask: its padding flows to the neighbours."""
    size = SIZE | SPECIAL | {"embedding_size": 16, "conv_kernel_size": 3, "num_hidden_layers": 1}
    model = transformers.ConvBertForMaskedLM(transformers.ConvBertConfig(**size))
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    flows = attention.influence(model, input_ids=torch.arange(3, 9)[None], attention_mask=mask)
    assert (flows["encoder"][0, :4, 4:] > 0).tolist() == [[False, False]] * 3 + [[True, False]]


def test_inference_mode_changes_nothing():
    with torch.inference_mode():
        model = build("gpt2")
        inputs, _ = texts(model)
        values = attention.influence(model, **inputs)["decoder"][0]
        assert torch.equal(values > 0, masks.causal(T))
        assert torch.equal(attention.record(model, **inputs)[0].mask[0], masks.causal(T))


def test_influence_works_where_gradients_are_off():
    model = build("gpt2").requires_grad_(False)
    with torch.no_grad():
        values = attention.influence(model, **texts(model)[0])["decoder"]
    assert torch.equal(values[0] > 0, masks.causal(T))
    assert not values.requires_grad


# --- negative controls: with the mask taken away, the claims above must fail


@by_either_way
def test_without_its_causal_mask_a_decoder_sees_the_future(implementation):
    model = build("gpt2", implementation)
    inputs, _ = texts(model)
    for mask in (True, False):
        model.config.is_causal = mask
        for record in attention.record(model, **inputs):
            assert record.kind == "decoder"
            assert record.mask[:, FUTURE].all() != mask
        flows = attention.influence(model, **inputs)["decoder"][:, FUTURE] > 0
        assert flows.all() != mask
        assert flows.any() != mask


@by_either_way
def test_a_mask_of_ones_own_is_recorded_and_measured(implementation):
    model = build("gpt2", implementation)
    inputs, _ = texts(model)
    own = masks.causal(T) & ~masks.causal(T).tril(-2)  # itself and the one before
    inputs["attention_mask"] = masks.additive(own, torch.float32).expand(2, 1, -1, -1)
    assert torch.equal(attention.record(model, **inputs)[0].mask[0], own)
    reach = masks.causal(T) & ~masks.causal(T).tril(-3)  # through two layers, two before
    assert torch.equal(attention.influence(model, **inputs)["decoder"][0] > 0, reach)


def test_a_boolean_mask_hides_nothing_from_eager_attention_and_record_says_so():
    model = build("gpt2", "eager")  # adds True and False to the scores, as 1 and 0
    inputs, _ = texts(model)
    inputs["attention_mask"] = masks.causal(T).expand(2, 1, -1, -1)
    assert attention.record(model, **inputs)[0].mask.all()
    assert (attention.influence(model, **inputs)["decoder"] > 0).all()


@pytest.mark.parametrize("name", ["bert", "t5"])
def test_padding_that_is_not_masked_is_seen(name):
    model = build(name)
    inputs, real = texts(model, "right")
    rows, keys = real["encoder"]
    hidden = rows[:, :, None] & (keys == 0)[:, None, :]
    assert (attention.influence(model, **inputs)["encoder"][hidden] == 0).all()
    del inputs["attention_mask"]
    assert (attention.influence(model, **inputs)["encoder"][hidden] > 0).all()


# --- the model is left as it was


def everything(model, inputs):
    """All that a measurement could change: numbers, and settings."""
    numbers = [*model.state_dict().values(), torch.get_rng_state(), *inputs.values()]
    numbers += [p.grad for p in model.parameters() if p.grad is not None]
    settings = [p.requires_grad for p in model.parameters()]
    for module in model.modules():
        settings += [module.training, len(module._forward_hooks), len(module._forward_pre_hooks)]
    settings += [model.config.to_dict(), model.config._attn_implementation]
    return copy.deepcopy(numbers), [*settings, torch.get_default_dtype()]


@with_either_tool
@pytest.mark.parametrize("name", ["gpt2", "t5", "whisper"])
def test_measuring_leaves_no_trace(name, measure):
    model = build(name).train()
    model.get_input_embeddings().eval()  # some parts may be frozen
    for index, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(index % 2 == 0)
    inputs, _ = texts(model, "right")
    model(**inputs).logits.sum().backward()
    numbers, settings = everything(model, inputs)
    measure(model, **inputs)
    numbers_now, settings_now = everything(model, inputs)
    assert settings_now == settings
    torch.testing.assert_close(numbers_now, numbers, rtol=0, atol=0)


@with_either_tool
def test_measuring_leaves_no_trace_when_the_model_breaks_down(measure):
    class Breakdown(nn.Module):
        def forward(self, *args, **kwargs):
            raise RuntimeError("breakdown")

    model = build("gpt2").train()
    model.transformer.h[1].mlp = Breakdown()
    inputs, _ = texts(model)
    _, settings = everything(model, inputs)
    with pytest.raises(RuntimeError, match="breakdown"):
        measure(model, **inputs)
    assert everything(model, inputs)[1] == settings


@with_either_tool
def test_dropout_does_not_blur_the_measurement(measure):
    model = build("gpt2")
    inputs, _ = texts(model)
    still, training = measure(model, **inputs), measure(model.train(), **inputs)
    if measure is attention.record:
        assert torch.equal(still[1].weights, training[1].weights)
    else:
        assert torch.equal(still["decoder"], training["decoder"])


def test_measuring_says_nothing_on_the_way(caplog, recwarn):
    model = build("t5")
    with caplog.at_level(logging.WARNING):
        attention.record(model, **texts(model)[0])
        attention.influence(model, **texts(model)[0])
    assert not caplog.records
    assert not recwarn.list
