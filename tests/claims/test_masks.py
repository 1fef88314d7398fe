"""Masks are predicates: what they say in closed form, how they combine, how they read as text."""

import pytest
import torch

from helpers import masks


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_a_query_sees_itself_and_the_past(n):
    assert torch.equal(masks.causal(n), torch.ones(n, n).tril().bool())


def test_both_directions_are_all_directions():
    assert torch.equal(masks.bidirectional(3), torch.ones(3, 3).bool())


def test_a_bridge_is_as_high_as_the_queries_and_as_wide_as_the_keys():
    assert torch.equal(masks.cross(2, 5), torch.ones(2, 5).bool())


def test_every_mask_is_boolean():
    ones = torch.ones(1, 3, dtype=torch.long)
    for mask in [masks.causal(3), masks.bidirectional(3), masks.cross(3, 2), masks.padding(ones)]:
        assert mask.dtype == torch.bool


def test_padding_hides_the_same_keys_from_every_query():
    attention_mask = torch.tensor([[0, 1, 1], [1, 1, 0]])
    mask = masks.padding(attention_mask)
    assert mask.shape == (2, 1, 3)
    assert torch.equal((masks.bidirectional(3) & mask)[1], torch.tensor([[True, True, False]] * 3))
    assert torch.equal(masks.padding(attention_mask.bool()), mask)


def test_a_left_padded_row_of_a_causal_mask_sees_nothing():
    mask = masks.causal(3) & masks.padding(torch.tensor([[0, 1, 1]]))
    assert mask.int().tolist() == [[[0, 0, 0], [0, 1, 0], [0, 1, 1]]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_softmax_of_an_additive_mask_is_uniform_over_what_is_visible(dtype):
    weights = torch.softmax(masks.additive(masks.causal(4), dtype), dim=-1)
    expected = masks.causal(4) / torch.arange(1, 5)[:, None]
    assert weights.dtype == dtype
    assert (weights[~masks.causal(4)] == 0).all()  # not small: nothing
    torch.testing.assert_close(weights, expected.to(dtype))


def test_an_additive_mask_is_the_most_negative_finite_number_and_keeps_its_axes():
    mask = masks.additive(masks.causal(2)[None, None], torch.float32)
    assert mask.tolist() == [[[[0.0, torch.finfo(torch.float32).min], [0.0, 0.0]]]]


def test_a_grid_may_have_other_rows_than_columns():
    text = masks.grid(masks.cross(1, 2), ["▁Ball"], ["▁red", "▁ball"])
    assert text.splitlines() == ["      ┌ ▁red", "      │ ┌ ▁ball", "▁Ball ● ●"]


def test_a_grid_makes_spaces_and_line_breaks_visible():
    text = masks.grid(masks.causal(2), [" a", "\n"], [" a", "\n"])
    assert text.splitlines() == ["   ┌ ␣a", "   │ ┌ ⏎", "␣a ● ·", " ⏎ ● ●"]


def test_a_grid_gives_the_mask_back():
    mask = torch.rand(5, 8, generator=torch.Generator().manual_seed(0)) < 0.5
    lines = masks.grid(mask, list("abcde"), list("stuvwxyz")).splitlines()[8:]
    read = [[mark == "●" for mark in line.split()[1:]] for line in lines]
    assert read == mask.tolist()
