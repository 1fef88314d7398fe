"""Mask and weights of one call of PyTorch, in either of its two ways to compute attention."""

import torch
from torch import Tensor
from torch.nn import functional

from helpers import checks, masks

VISIBLE, HIDDEN = -1000.0, -5000.0  # no score comes near; between them nobody can tell
SOFTMAXES = {functional.softmax, torch.softmax, Tensor.softmax}
Call = tuple[Tensor, Tensor, str]  # mask, weights, source


def of_call(function: object, args: tuple, options: dict, result: Tensor) -> Call | None:
    """Mask, weights and source, if this call of PyTorch computes attention; else None.

    Both are (B, H, Q, K), or (B · H, Q, K) in some families. A softmax over other numbers, such as
    a router's, may look the same: it is for the caller to count.
    """
    if function is functional.scaled_dot_product_attention:
        return _of_fused(*args, **options)
    if function in SOFTMAXES and args[0].ndim in (3, 4):
        _check_numbers(args[0])
        return _visible(args[0]), result, "scores"
    return None


def _of_fused(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Call:
    if enable_gqa:
        key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = query @ key.mT * scale  # (B, H, Q, K)
    _check_numbers(scores)
    source = "flag" if attn_mask is None else "mask"
    if attn_mask is None:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device)
        attn_mask = attn_mask.tril() if is_causal else attn_mask
    if attn_mask.dtype == torch.bool:
        keep, bias = attn_mask, masks.additive(attn_mask, scores.dtype)
    else:
        keep, bias = _visible(attn_mask), attn_mask
    weights = (scores + bias).softmax(-1)
    return keep.expand(scores.shape), weights, source


def _check_numbers(scores: Tensor) -> None:
    checks.need(
        not scores.isnan().any(),
        "an attention score is not a number (nan): are the weights finite? A model that ran away "
        "in training must be loaded anew",
    )


def _visible(numbers: Tensor) -> Tensor:
    """True where a score, or what is added to one, leaves a key visible."""
    unclear = (numbers < VISIBLE) & (numbers > HIDDEN)
    if unclear.any():
        raise ValueError(
            f"an attention score is {numbers[unclear][0].item():.0f}, which is neither clearly "
            "visible nor clearly hidden: hide keys with masks.additive, or record in float32"
        )
    return numbers >= VISIBLE
