"""What is recorded is what was applied; what is measured is what can flow: in every family."""

import copy
import logging

import pytest
import torch
import transformers
from families import (
    BART_SIZE,
    FAMILIES,
    GPT2_SIZE,
    GROUPED,
    HEARD,
    LENGTH,
    SIZE,
    SPECIAL,
    T5_SIZE,
    V,
    build,
    built,
)
from torch import nn
from transformers import AutoModelForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.gpt2 import modeling_gpt2

from helpers import attention, masks

IDS = torch.tensor([[5, 6, 7]])
T, S = 7, 9  # tokens of a (decoder's) text, tokens of an encoder's text


def texts(model, padding=None, batch=2):
    """Random texts, the second one padded: the inputs, and each kind's real queries and keys."""
    generator = torch.Generator().manual_seed(1)

    def text(length, pads):
        ids = torch.randint(3, V, (batch, length), generator=generator)
        mask = torch.ones_like(ids)
        if padding:
            mask[1, slice(length - pads, None) if padding == "right" else slice(pads)] = 0
        return ids.masked_fill(mask == 0, 0), mask

    if not model.config.is_encoder_decoder:
        ids, mask = text(T, 2)
        inputs = {"input_ids": ids} | ({"attention_mask": mask} if padding else {})
        return inputs, {kind: (mask.bool(), mask) for kind in ("decoder", "encoder")}
    (ids, mask), (decoder_ids, decoder_mask) = text(S, 3), text(T, 2)
    inputs = {"input_ids": ids, "decoder_input_ids": decoder_ids}
    if padding:
        inputs |= {"attention_mask": mask, "decoder_attention_mask": decoder_mask}
    return inputs, {
        "encoder": (mask.bool(), mask),
        "decoder": (decoder_mask.bool(), decoder_mask),
        "cross": (decoder_mask.bool(), mask),
    }


def predicted(kind, rows, keys, family, layer=0):
    """(B, Q, K), from helpers.masks alone."""
    queries, width, window = rows.shape[1], keys.shape[1], family.window(layer)
    causal = kind == "decoder" and not family.open
    shape = masks.causal(queries) if causal else masks.cross(queries, width)
    if window and causal:
        shape = shape & ~masks.causal(queries).tril(-window)
    elif window:
        shape = shape & shape.triu(-window).tril(window)
    seen = shape & masks.padding(keys)
    if family.rows == "blind":
        seen = seen & rows[..., None]
    if family.rows == "self":
        seen = seen | torch.eye(queries, dtype=torch.bool)
    return seen


def reach(steps):
    """Where something can flow through these masks, one after the other, and straight ahead."""
    reached = torch.eye(steps[0].shape[-1], dtype=torch.bool)[None]
    for mask in steps:
        reached = reached | ((mask.float() @ reached.float()) > 0)
    return reached


def every_mask(records, kind):
    return [record.mask for record in records if record.kind == kind]


# --- record


@pytest.mark.parametrize("padding", [None, "right", "left"])
@pytest.mark.parametrize(("name", "implementation"), HEARD)
def test_the_recorded_mask_is_the_predicted_one(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records = attention.record(model, **inputs)
    assert {record.kind for record in records} == FAMILIES[name].kinds
    for record in records:
        rows, keys = real[record.kind]
        expected = predicted(record.kind, rows, keys, FAMILIES[name], record.layer)
        assert record.mask.dtype == torch.bool
        assert torch.equal(record.mask, expected)  # rows of padding as well: what was handed


@pytest.mark.parametrize("padding", [None, "right", "left"])
@pytest.mark.parametrize(("name", "implementation"), HEARD)
def test_the_weights_are_those_of_the_librarys_eager_attention(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records = attention.record(model, **inputs)
    with torch.no_grad():
        theirs = built(name, "eager")(**inputs, output_attentions=True)
    if model.config.is_encoder_decoder:
        weights = {
            "encoder": theirs.encoder_attentions,
            "decoder": theirs.decoder_attentions,
            "cross": theirs.cross_attentions,
        }
    else:
        weights = {records[0].kind: theirs.attentions}
    assert len(records) == sum(map(len, weights.values()))
    for record in records:
        rows, _ = real[record.kind]
        theirs = weights[record.kind][record.layer]
        assert record.weights.shape == theirs.shape
        torch.testing.assert_close(
            record.weights.transpose(1, 2)[rows], theirs.transpose(1, 2)[rows], atol=1e-6, rtol=1e-5
        )
        assert (record.weights.sum(1)[~record.mask & rows[..., None]] == 0).all()


@pytest.mark.parametrize(("name", "implementation"), HEARD)
def test_recording_changes_no_logit(name, implementation):
    model = built(name, implementation)
    inputs, _ = texts(model, "right")
    with torch.no_grad():
        before = model(**inputs).logits
    heard = []
    hook = model.register_forward_hook(lambda module, args, output: heard.append(output.logits))
    attention.record(model, **inputs)
    hook.remove()
    with torch.no_grad():
        after = model(**inputs).logits
    assert torch.equal(heard[0], before)  # bit by bit
    assert torch.equal(after, before)


def test_without_a_mask_sdpa_reads_the_causal_flag_and_eager_does_not(monkeypatch):
    monkeypatch.setattr(modeling_gpt2, "create_causal_mask", lambda **_: None)
    for implementation, expected in [("sdpa", masks.causal(T)), ("eager", masks.bidirectional(T))]:
        model = build("gpt2", implementation)
        inputs, _ = texts(model)
        assert torch.equal(attention.record(model, **inputs)[0].mask[0], expected)
        assert torch.equal(attention.influence(model, **inputs)["decoder"][0] > 0, expected)


@pytest.mark.parametrize("number", [-1e9, -10_000.0])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_a_number_far_below_zero_hides_a_key(implementation, number):
    """As people write it by hand, in place of the most negative one that there is."""
    model = build("bert", implementation)
    inputs, _ = texts(model)
    added = torch.zeros(2, 1, T, T).masked_fill(~masks.causal(T), number)
    for record in attention.record(model, **inputs, attention_mask=added):
        assert torch.equal(record.mask, masks.causal(T).expand(2, -1, -1))
        assert (record.weights.sum(1)[~record.mask] == 0).all()


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
    assert [(record.kind, record.layer) for record in records] == [
        ("encoder", 0),
        ("encoder", 1),
        ("decoder", 0),
        ("cross", 0),
        ("decoder", 1),
        ("cross", 1),
        ("decoder", 2),
        ("cross", 2),
    ]


def test_a_record_tells_its_shapes_not_its_numbers():
    model = build("gpt2")
    record = attention.record(model, **texts(model)[0])[1]
    assert repr(record) == "Attention('decoder', layer=1, mask=(2, 7, 7), weights=(2, 4, 7, 7))"


def test_hearing_only_some_of_the_layers_is_refused():
    model = build("gpt2")
    model.transformer.h[1].attn.forward = lambda states, **_: (states, None)
    with pytest.raises(ValueError, match=r"{'decoder': 2} .*, but {'decoder': 1} were heard"):
        attention.record(model, **texts(model)[0])


def test_an_attention_function_of_ones_own_is_heard():
    model = build("gpt2")
    expected = attention.record(model, **texts(model)[0])
    ALL_ATTENTION_FUNCTIONS["own"] = ALL_ATTENTION_FUNCTIONS["sdpa"]
    try:
        model.set_attn_implementation("own")
        heard = attention.record(model, **texts(model)[0])
    finally:
        del ALL_ATTENTION_FUNCTIONS["own"]
    for one, other in zip(heard, expected, strict=True):
        assert torch.equal(one.mask, other.mask)


def test_cross_attention_of_a_decoder_on_its_own_is_told_apart():
    model = build("gpt2", add_cross_attention=True)
    states = torch.randn(2, S, 32, generator=torch.Generator().manual_seed(0))
    records = attention.record(model, **texts(model)[0], encoder_hidden_states=states)
    assert [record.kind for record in records] == ["decoder", "cross"] * 2
    assert [record.mask.shape[-1] for record in records] == [T, S] * 2


def test_the_kind_is_what_the_layer_was_built_to_be():
    size = SIZE | SPECIAL
    bert = transformers.BertConfig(**size)
    loaded_as_causal = AutoModelForCausalLM.from_config(bert).eval()
    decoder = AutoModelForCausalLM.from_config(transformers.BertConfig(**size, is_decoder=True))
    inputs = {"input_ids": torch.arange(3, 8)[None]}
    (one, *_), (other, *_) = (
        attention.record(model, **inputs) for model in (loaded_as_causal, decoder.eval())
    )
    assert (one.kind, other.kind) == ("encoder", "decoder")
    assert torch.equal(one.mask[0], masks.bidirectional(5))
    assert torch.equal(other.mask[0], masks.causal(5))


# --- influence


@pytest.mark.parametrize("padding", [None, "right", "left"])
@pytest.mark.parametrize(("name", "implementation"), HEARD)
def test_influence_is_the_reach_of_the_recorded_masks(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records = attention.record(model, **inputs)
    measured = attention.influence(model, **inputs)
    expected = {
        kind: reach(every_mask(records, kind))
        for kind in measured
        if kind in ("encoder", "decoder")
    }
    if "cross" in measured:
        flows = torch.zeros(1, T, S, dtype=torch.bool)
        for own, cross in zip(
            every_mask(records, "decoder"), every_mask(records, "cross"), strict=True
        ):
            flows = flows | ((own.float() @ flows.float()) > 0)
            flows = flows | ((cross.float() @ expected["encoder"].float()) > 0)
        expected["cross"] = flows
    assert measured.keys() == FAMILIES[name].kinds
    for kind, values in measured.items():
        rows, _ = real[kind]
        assert torch.equal((values > 0)[rows], expected[kind].expand_as(values)[rows])


def test_an_encoder_taken_out_of_an_encoder_decoder_is_an_encoder():
    torch.manual_seed(0)
    model = transformers.T5EncoderModel(transformers.T5Config(**T5_SIZE | SPECIAL)).eval()
    inputs = {"input_ids": torch.arange(3, 8)[None]}
    assert [record.kind for record in attention.record(model, **inputs)] == ["encoder"] * 2
    assert (attention.influence(model, **inputs)["encoder"] > 0).all()


def one_row_at_a_time(model, states_of, embedding, inputs):
    """The same gradients, with one backward pass for each output."""
    leaves = []

    def cut(module, args, output):
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    hook = embedding.register_forward_hook(cut)
    states = states_of(model, inputs)  # (B, Q, D)
    hook.remove()
    direction = torch.randn(states.shape[-1], generator=torch.Generator().manual_seed(0))
    direction = (direction / direction.norm()).to(states)
    rows = [
        torch.autograd.grad((states[:, q] @ direction).sum(), leaves[0], retain_graph=True)[0]
        for q in range(states.shape[1])
    ]
    return torch.stack([row.norm(dim=-1) for row in rows], dim=1)


@pytest.mark.parametrize(("name", "body"), [("gpt2", "transformer"), ("bert", "bert")])
def test_one_batched_pass_gives_what_one_pass_a_row_gives(name, body):
    model = build(name).double()
    inputs, _ = texts(model)
    ((_, values),) = attention.influence(model, **inputs).items()
    expected = one_row_at_a_time(
        model,
        lambda model, inputs: getattr(model, body)(**inputs)[0],
        model.get_input_embeddings(),
        inputs,
    )
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-4)


def test_pieces_of_any_size_give_the_same(monkeypatch):
    model = build("t5")
    inputs, _ = texts(model, "right")
    whole = attention.influence(model, **inputs)
    monkeypatch.setattr(attention.gradients, "NUMBERS_AT_ONCE", 1)  # one row at a time
    for kind, values in attention.influence(model, **inputs).items():
        torch.testing.assert_close(values, whole[kind], equal_nan=True)


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
    measured = attention.influence(model, **inputs, labels=labels)
    assert torch.equal(measured["decoder"][0] > 0, masks.causal(T))
    assert len(attention.record(model, **inputs, labels=labels)) == 8


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_influence_survives_a_model_in_half_precision(dtype):
    model = build("gpt2").to(dtype)
    values = attention.influence(model, **texts(model)[0])["decoder"]
    assert next(model.parameters()).dtype == dtype
    assert torch.equal(values > 0, masks.causal(T).expand(2, -1, -1))


# --- what rounding, padding inside and other odd models may not turn into a silent wrong answer


def reached(model, ids):
    return attention.influence(model, input_ids=ids)["decoder"][0] > 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("layers", [1, 4])
def test_rounding_makes_no_zero(layers, dtype):
    """Large weights, whose softmax underflows in the precision that they are stored in."""
    settings = {"n_layer": layers, "n_head": 1, "n_positions": 64, "initializer_range": 1.0}
    model = build("gpt2", "eager", **settings).to(dtype)
    ids = torch.randint(3, V, (1, 48), generator=torch.Generator().manual_seed(1))
    assert (model.float()(ids, output_attentions=True).attentions[0] == 0).sum() > 48 * 47 / 2
    assert torch.equal(reached(model.to(dtype), ids), masks.causal(48))


def test_zeros_that_rounding_could_have_made_are_refused():
    model = build("gpt2", n_layer=1, n_head=1, initializer_range=10.0)
    with pytest.raises(ValueError, match="an attention weight is below 1e-300"):
        attention.influence(model, **texts(model)[0])


def test_a_number_that_hides_a_little_lets_something_through():
    model = build("bert")
    inputs, _ = texts(model)
    added = torch.zeros(2, 1, T, T).masked_fill(~masks.causal(T), -500.0)
    assert all(r.mask.all() for r in attention.record(model, **inputs, attention_mask=added))
    assert (attention.influence(model, **inputs, attention_mask=added)["encoder"] > 0).all()
    with pytest.raises(ValueError, match="-2000, which is neither clearly visible nor"):
        attention.record(model, **inputs, attention_mask=4 * added)


@pytest.mark.parametrize("measure", [attention.record, attention.influence])
def test_weights_that_are_not_finite_are_refused(measure):
    model = build("gpt2")
    model.transformer.h[0].mlp.c_fc.bias.data.fill_(float("inf"))
    with pytest.raises(ValueError, match="not a number"):
        measure(model, **texts(model)[0])


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_a_quantized_model_has_no_gradients_to_measure():
    with pytest.warns(DeprecationWarning, match="torch.ao.quantization is deprecated"):
        model = torch.ao.quantization.quantize_dynamic(build("bert"), {nn.Linear})
    with pytest.raises(ValueError, match="is quantized"):
        attention.influence(model, **texts(model)[0])


WINDOWS = {"attention_window": 4}


@pytest.mark.parametrize(("length", "padded"), [(6, "embeds"), (8, None)])
def test_padding_inside_a_model_is_refused_and_so_are_windows(length, padded):
    settings = SIZE | SPECIAL | WINDOWS | {"max_position_embeddings": LENGTH + 2}
    model = transformers.LongformerForMaskedLM(transformers.LongformerConfig(**settings)).eval()
    inputs = {"input_ids": torch.arange(3, 3 + length)[None]}
    with pytest.raises(ValueError, match="in windows, in blocks"):
        attention.record(model, **inputs)
    if padded:
        with pytest.raises(ValueError, match="it pads inside"):
            attention.influence(model, **inputs)
    else:
        assert attention.influence(model, **inputs)["encoder"].shape == (1, 8, 8)


def test_an_encoder_decoder_that_pads_inside_is_refused():
    size = {name: value for name, value in BART_SIZE.items() if name != "max_position_embeddings"}
    model = transformers.LEDForConditionalGeneration(transformers.LEDConfig(**size, **WINDOWS))
    inputs = {"input_ids": torch.arange(3, 9)[None], "decoder_input_ids": torch.arange(3, 6)[None]}
    with pytest.raises(ValueError, match="it pads inside"):
        attention.influence(model.eval(), **inputs)
    with pytest.raises(ValueError, match=r"LED.* in windows"):
        attention.record(model, **inputs)


@pytest.mark.parametrize("width", [32, 48])
def test_two_stacks_may_have_two_vocabularies_and_two_widths(width):
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(
        transformers.BertConfig(**SIZE | SPECIAL | {"vocab_size": 50}),
        transformers.GPT2Config(**GPT2_SIZE | SPECIAL | {"n_embd": width}),
    )
    model = transformers.EncoderDecoderModel(config=config).eval()
    inputs = {"input_ids": torch.arange(3, 9)[None], "decoder_input_ids": torch.tensor([[80, 81]])}
    kinds = [record.kind for record in attention.record(model, **inputs)]
    assert kinds == ["encoder"] * 2 + ["decoder", "cross"] * 2
    flows = attention.influence(model, **inputs)
    assert {kind: values.shape[1:] for kind, values in flows.items()} == {
        "encoder": (6, 6),
        "cross": (2, 6),
        "decoder": (2, 2),
    }
    for name, highest in [("input_ids", 49), ("decoder_input_ids", V - 1)]:
        with pytest.raises(ValueError, match=f"^{name} must be from 0 to {highest}"):
            attention.record(model, **inputs | {name: torch.tensor([[highest + 1]])})


def test_positions_end_where_the_model_says_and_not_its_config():
    rotary = build("llama", max_position_embeddings=8)
    ids = torch.arange(3, 15)[None]
    assert torch.equal(attention.record(rotary, input_ids=ids)[0].mask[0], masks.causal(12))
    shorter = build("roberta", max_position_embeddings=8)  # its positions begin at 1
    for name, model in [("roberta", shorter), ("bert", build("bert", max_position_embeddings=8))]:
        for measure in (attention.record, attention.influence):
            with pytest.raises(ValueError, match=f"(?i){name}.* can't read .*8 positions"):
                measure(model, input_ids=ids[:, :8] if name == "roberta" else ids)


def test_inference_mode_changes_nothing():
    with torch.inference_mode():
        model = build("gpt2")
        inputs, _ = texts(model)
        assert torch.equal(reached(model, inputs["input_ids"]), masks.causal(T))
        assert torch.equal(attention.record(model, **inputs)[0].mask[0], masks.causal(T))


def test_a_model_in_a_wrapper_is_asked_for_by_the_way_in():
    class PeftModel(nn.Module):
        def get_base_model(self):
            return None

    class OptimizedModule(nn.Module):  # what torch.compile makes; importing it takes seconds
        _orig_mod = built("gpt2")

    for model, way_in in [
        (OptimizedModule(), "OptimizedModule: pass model._orig_mod"),
        (PeftModel(), r"PeftModel: pass model.get_base_model\(\)"),
    ]:
        for measure in (attention.record, attention.influence):
            with pytest.raises(TypeError, match=way_in):
                measure(model, input_ids=IDS)


def test_a_model_without_attention_is_named():
    mamba = transformers.MambaConfig(vocab_size=V, hidden_size=32, num_hidden_layers=2, **SPECIAL)
    fnet = transformers.FNetConfig(**SIZE | SPECIAL)
    for model in (transformers.MambaForCausalLM(mamba), transformers.FNetForMaskedLM(fnet)):
        with pytest.raises(ValueError, match=r"(Mamba|FNet).* has none \(mamba, fnet\)"):
            attention.record(model.eval(), input_ids=IDS)


def test_what_attends_in_blocks_or_only_in_some_layers_is_refused():
    blocks = {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}
    big_bird = transformers.BigBirdForMaskedLM(transformers.BigBirdConfig(**SIZE | blocks))
    layers = {"layer_types": ["conv", "full_attention"]}
    lfm2 = transformers.Lfm2ForCausalLM(transformers.Lfm2Config(**GROUPED | SPECIAL | layers))
    for model, heard in [(big_bird, "'encoder': 8"), (lfm2, "'decoder': 1")]:
        ids = torch.arange(3, LENGTH + 3)[None]
        with pytest.raises(
            ValueError, match=f"'(en|de)coder': 2}} attention layers, but {{{heard}"
        ):
            attention.record(model.eval(), input_ids=ids)


def test_what_cannot_be_followed_backwards_is_refused():
    config = transformers.RwkvConfig(vocab_size=V, hidden_size=32, num_hidden_layers=2, **SPECIAL)
    with pytest.raises(ValueError, match=r"Rwkv.* can't be followed backwards \(.*inplace"):
        attention.influence(transformers.RwkvForCausalLM(config).eval(), input_ids=IDS)
    size = {"langs": ["en", "de"], "src_vocab_size": V, "tgt_vocab_size": V}
    config = transformers.FSMTConfig(**BART_SIZE | SPECIAL | size)
    model = transformers.FSMTForConditionalGeneration(config).eval()
    for measure in (attention.record, attention.influence):
        with pytest.raises(ValueError, match="FSMTEncoder inside that is no model of its own"):
            measure(model, input_ids=IDS, decoder_input_ids=IDS)


def test_a_token_of_padding_that_is_read_all_the_same_shows():
    """ConvBERT's convolution knows no attention mask: its padding flows to the neighbours."""
    size = SIZE | SPECIAL | {"embedding_size": 16, "conv_kernel_size": 3, "num_hidden_layers": 1}
    model = transformers.ConvBertForMaskedLM(transformers.ConvBertConfig(**size)).eval()
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    flows = attention.influence(model, input_ids=torch.arange(3, 9)[None], attention_mask=mask)
    assert (flows["encoder"][0, :4, 4:] > 0).tolist() == [[False, False]] * 3 + [[True, False]]


def test_a_multimodal_model_is_not_taken_for_a_text_model():
    config = transformers.PaliGemmaConfig(
        vision_config={"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
        | {"num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        text_config={"model_type": "gemma"} | GROUPED | {"head_dim": 8},
        projection_dim=32,
    )
    model = transformers.PaliGemmaForConditionalGeneration(config).eval()
    for measure in (attention.record, attention.influence):
        with pytest.raises(ValueError, match="is multimodal"):
            measure(model, input_ids=IDS)


def test_the_record_says_where_its_mask_comes_from():
    expected = {("gpt2", "sdpa"): "flag", ("t5", "sdpa"): "mask", ("bloom", "eager"): "scores"}
    for (name, implementation), source in expected.items():
        model = build(name, implementation)
        assert attention.record(model, **texts(model)[0])[0].source == source


# --- negative controls: with the mask taken away, the checks above must fail


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_without_its_causal_mask_a_decoder_sees_the_future(implementation):
    model = build("gpt2", implementation)
    inputs, _ = texts(model)
    model.config.is_causal = False
    assert all(record.mask.all() for record in attention.record(model, **inputs))
    assert all(record.kind == "decoder" for record in attention.record(model, **inputs))
    assert (attention.influence(model, **inputs)["decoder"] > 0).all()
    model.config.is_causal = True
    future = ~masks.causal(T)
    assert (attention.influence(model, **inputs)["decoder"][:, future] == 0).all()


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_the_causal_mask_can_be_taken_away_for_one_call(implementation):
    model = build("gpt2", implementation)
    inputs, _ = texts(model)
    assert (attention.influence(model, **inputs, is_causal=False)["decoder"] > 0).all()
    assert attention.record(model, **inputs, is_causal=False)[0].mask.all()
    assert torch.equal(attention.record(model, **inputs)[0].mask[0], masks.causal(T))


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_a_mask_of_ones_own_is_recorded_and_measured(implementation):
    model = build("gpt2", implementation)
    inputs, _ = texts(model)
    own = masks.causal(T) & ~masks.causal(T).tril(-2)  # itself and the one before
    inputs["attention_mask"] = masks.additive(own, torch.float32).expand(2, 1, -1, -1)
    assert torch.equal(attention.record(model, **inputs)[0].mask[0], own)
    measured = attention.influence(model, **inputs)["decoder"] > 0
    assert torch.equal(measured[0], reach([own[None]] * 2)[0])


def test_what_is_recorded_belongs_to_the_caller_alone():
    model, mask = build("gpt2", "sdpa"), masks.causal(T)[None, None]
    first, *others = attention.record(
        model, input_ids=torch.arange(T)[None] % V, attention_mask=mask
    )
    first.mask.zero_()
    assert torch.equal(mask[0, 0], masks.causal(T))
    assert others
    assert all(torch.equal(each.mask[0], masks.causal(T)) for each in others)


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


@pytest.mark.parametrize("measure", [attention.record, attention.influence])
@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_measuring_leaves_no_trace(name, measure):
    model = build(name).train()
    next(model.modules()).get_input_embeddings().eval()  # some parts may be frozen
    for index, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(index % 2 == 0)
    inputs, _ = texts(model, "right")
    model(**inputs).logits.sum().backward()

    def everything():
        return (
            copy.deepcopy(dict(model.state_dict())),
            [
                (p.requires_grad, None if p.grad is None else p.grad.clone())
                for p in model.parameters()
            ],
            [
                (m.training, len(m._forward_hooks), len(m._forward_pre_hooks))
                for m in model.modules()
            ],
            model.config.to_dict(),
            model.config._attn_implementation,
            [ALL_ATTENTION_FUNCTIONS.get(name) for name in ("eager", "sdpa")],
            torch.get_rng_state(),
            {name: value.clone() for name, value in inputs.items()},
        )

    before = everything()
    measure(model, **inputs)
    assert_same(everything(), before)


def assert_same(a, b):
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


@pytest.mark.parametrize("measure", [attention.record, attention.influence])
def test_measuring_leaves_no_trace_when_the_model_breaks_down(measure):
    model = build("gpt2").train()
    before = [ALL_ATTENTION_FUNCTIONS.get(name) for name in ("eager", "sdpa")]

    class Breakdown(nn.Module):
        def forward(self, *args, **kwargs):
            raise RuntimeError("breakdown")

    model.transformer.h[1].mlp = Breakdown()
    with pytest.raises(RuntimeError, match="breakdown"):
        measure(model, **texts(model)[0])
    assert [ALL_ATTENTION_FUNCTIONS.get(name) for name in ("eager", "sdpa")] == before
    assert all(module.training for module in model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_users_own_attention_function_is_put_back():
    library = ALL_ATTENTION_FUNCTIONS["sdpa"]

    def own(*args, **kwargs):
        return library(*args, **kwargs)

    ALL_ATTENTION_FUNCTIONS["sdpa"] = own
    try:
        model = build("gpt2", "sdpa")
        attention.record(model, **texts(model)[0])
        assert ALL_ATTENTION_FUNCTIONS["sdpa"] is own
    finally:
        del ALL_ATTENTION_FUNCTIONS["sdpa"]


@pytest.mark.parametrize("measure", [attention.record, attention.influence])
def test_dropout_does_not_blur_the_measurement(measure):
    model = build("gpt2")
    inputs, _ = texts(model)
    still, training = measure(model, **inputs), measure(model.train(), **inputs)
    if measure is attention.record:
        assert torch.equal(still[1].weights, training[1].weights)
    else:
        assert torch.equal(still["decoder"], training["decoder"])


def test_influence_works_where_gradients_are_off():
    model = build("gpt2").requires_grad_(False)
    with torch.no_grad():
        values = attention.influence(model, **texts(model)[0])["decoder"]
    assert torch.equal(values[0] > 0, masks.causal(T))
    assert not values.requires_grad


def test_measuring_says_nothing_on_the_way(caplog, recwarn):
    model = build("t5")
    with caplog.at_level(logging.WARNING):
        attention.record(model, **texts(model)[0])
        attention.influence(model, **texts(model)[0])
    assert not caplog.records
    assert not recwarn.list


# --- bad input


@pytest.fixture(scope="module")
def models():
    vision = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    return {name: build(name) for name in ("gpt2", "bert", "t5")} | {
        "vision": transformers.ViTModel(vision),
        "linear": nn.Linear(2, 2),
    }


BAD_INPUT = [
    ("linear", {"input_ids": IDS}, TypeError, "model must be a transformers model.*got Linear"),
    ("vision", {"input_ids": IDS}, ValueError, "model must read text; ViTModel reads pixel_values"),
    ("gpt2", {}, ValueError, r"inputs must hold input_ids, got nothing: pass \*\*tokenizer"),
    ("gpt2", {"text": "Tom"}, ValueError, r"inputs must hold input_ids, got \['text'\]"),
    ("gpt2", {"input_ids": [[5, 6]]}, TypeError, "input_ids must be a tensor.*got list"),
    ("gpt2", {"input_ids": IDS.float()}, TypeError, "got a tensor of torch.float32"),
    ("gpt2", {"input_ids": IDS[0]}, ValueError, r"got \(3,\).*input_ids\[None\]"),
    ("gpt2", {"input_ids": IDS[:, :0]}, ValueError, "must hold at least one token"),
    ("gpt2", {"input_ids": IDS.repeat(1, 11)}, ValueError, r"'input_ids': 33}.*32 positions"),
    ("gpt2", {"input_ids": IDS, "attention_mask": masks.causal(3)[None]}, ValueError, "head axis"),
    (
        "gpt2",
        {"input_ids": IDS, "attention_mask": torch.tensor([[0.0, 0.0, -1e9]])},
        ValueError,
        "must hold 1 for a token and 0 for padding, got -1e",
    ),
    ("gpt2", {"input_ids": IDS + V}, ValueError, "from 0 to 98, got 104 to 106: do tokenizer"),
    ("gpt2", {"input_ids": -IDS}, ValueError, "from 0 to 98, got -7 to -5"),
    ("gpt2", {"input_ids": IDS.to("meta")}, ValueError, "on the model's device, cpu, got meta"),
    ("gpt2", {"input_ids": IDS, "attention_mask": [[1]]}, TypeError, "attention_mask must be a t"),
    ("bert", {"input_ids": IDS, "attention_mask": IDS[:, :2]}, ValueError, r"\(1, 3\), got \(1, 2"),
    ("gpt2", {"input_ids": IDS, "past_key_values": ()}, ValueError, "whole texts, got past_key_v"),
    ("gpt2", {"input_ids": IDS, "decoder_input_ids": IDS}, ValueError, "one stack of layers"),
    ("bert", {"input_ids": IDS, "decoder_attention_mask": IDS}, ValueError, "load an AutoModel"),
    ("t5", {"input_ids": IDS}, ValueError, "must hold decoder_input_ids or labels, because T5For"),
    ("t5", {"input_ids": IDS, "labels": [[5]]}, TypeError, "labels must be a tensor.*got list"),
    ("t5", {"input_ids": IDS, "decoder_input_ids": IDS[0]}, ValueError, "decoder_input_ids must h"),
]  # fmt: skip


@pytest.mark.parametrize("measure", [attention.record, attention.influence])
@pytest.mark.parametrize(("model", "inputs", "error", "message"), BAD_INPUT)
def test_bad_input_is_named(models, measure, model, inputs, error, message):
    with pytest.raises(error, match=message):
        measure(models[model], **inputs)
