"""Predicted = recorded = measured, in every family of models that is known to be heard."""

import pytest
import torch
from families import FAMILIES, HEARD, built, near, texts

from helpers import attention, masks

in_every_family = pytest.mark.parametrize(("name", "implementation"), HEARD)
with_any_padding = pytest.mark.parametrize("padding", [None, "right", "left"])


def predicted(kind, rows, keys, family, layer):
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


@with_any_padding
@in_every_family
def test_the_recorded_mask_is_the_predicted_one(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records = attention.record(model, **inputs)
    assert {record.kind for record in records} == FAMILIES[name].kinds
    for record in records:
        expected = predicted(record.kind, *real[record.kind], FAMILIES[name], record.layer)
        assert torch.equal(record.mask, expected)  # rows of padding as well: what was handed


@with_any_padding
@in_every_family
def test_the_weights_are_those_of_the_librarys_eager_attention(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records = attention.record(model, **inputs)
    with torch.no_grad():
        output = built(name, "eager")(**inputs, output_attentions=True)
    if model.config.is_encoder_decoder:
        theirs = {kind: output[f"{kind}_attentions"] for kind in ("encoder", "decoder", "cross")}
    else:
        theirs = {records[0].kind: output.attentions}
    assert len(records) == sum(map(len, theirs.values()))
    for record in records:
        rows, _ = real[record.kind]
        ours, library = record.weights, theirs[record.kind][record.layer]
        assert ours.shape == library.shape  # (B, H, Q, K)
        torch.testing.assert_close(
            ours.transpose(1, 2)[rows], library.transpose(1, 2)[rows], atol=1e-6, rtol=1e-5
        )
        assert (ours.sum(1)[~record.mask & rows[..., None]] == 0).all()


@in_every_family
def test_recording_changes_no_logit(name, implementation):
    model = built(name, implementation)
    inputs, _ = texts(model, "right")
    heard = []
    hook = model.register_forward_hook(lambda module, args, output: heard.append(output.logits))
    with torch.no_grad():
        model(**inputs)
        attention.record(model, **inputs)
        model(**inputs)
    hook.remove()
    before, meanwhile, after = heard
    assert torch.equal(meanwhile, before)  # bit by bit
    assert torch.equal(after, before)


@with_any_padding
@in_every_family
def test_influence_is_the_reach_of_the_recorded_masks(name, implementation, padding):
    model = built(name, implementation)
    inputs, real = texts(model, padding)
    records, family = attention.record(model, **inputs), FAMILIES[name]
    positions = records[0].mask.shape[-1]
    after = attention.reach(records, near(family, positions) if family.hears else None)
    measured = attention.influence(model, **inputs)
    assert measured.keys() == FAMILIES[name].kinds
    for kind, values in measured.items():
        rows, _ = real[kind]
        assert torch.equal((values > 0)[rows], (after[kind] >= 0)[rows])
