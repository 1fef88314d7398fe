"""Bad input to `helpers.masks`."""

import torch

from helpers import masks

MASK = masks.causal(2)
REFUSED = [
    (lambda: masks.causal(0), ValueError, "n must be at least 1, got 0"),
    (lambda: masks.causal(True), TypeError, "n must be a whole number, got bool"),
    (lambda: masks.causal(torch.ones(1, 2)), TypeError, r"float32: pass .*ids.shape\[1\]"),
    (lambda: masks.bidirectional(-1), ValueError, "n must be at least 1, got -1"),
    (lambda: masks.cross(0, 2), ValueError, "queries must be at least 1, got 0"),
    (lambda: masks.cross(2, "2"), TypeError, "keys must be a whole number, got str"),
    (lambda: masks.padding([[1, 0]]), TypeError, "attention_mask must be a tensor, got list"),
    (lambda: masks.padding(torch.ones(3)), ValueError, r"shape \(B, T\), got \(3,\).*mask\[None\]"),
    (lambda: masks.padding(torch.tensor([[1, 2, 0]])), ValueError, "got 0 to 2: .*masks.additive"),
    (lambda: masks.additive(MASK.int(), torch.float32), TypeError, r"use mask.bool\(\)"),
    (lambda: masks.additive(MASK, torch.long), TypeError, "dtype must be a floating-point type"),
    (lambda: masks.additive(MASK, "float32"), TypeError, "dtype must be a floating-point type"),
    (lambda: masks.grid(MASK[None], "ab", "ab"), ValueError, r"text of a batch, mask\[0\]"),
    (lambda: masks.grid(MASK.float(), ["a", "b"], ["a", "b"]), TypeError, "influence > 0"),
    (lambda: masks.grid(MASK, "ab", ["a", "b"]), TypeError, "rows must be a list of strings"),
    (
        lambda: masks.grid(MASK, ["a", "b"], [1, 2]),
        TypeError,
        "columns must be a list of .*got int",
    ),
    (lambda: masks.grid(MASK, ["a"], ["a", "b"]), ValueError, "each of the mask's 2 rows, got 1"),
    (lambda: masks.grid(MASK, ["a", "b"], ["a"]), ValueError, "the mask's 2 columns, got 1"),
]
