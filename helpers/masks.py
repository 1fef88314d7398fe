"""Who may attend to whom, as boolean predicates: True = may attend, rows are queries, columns keys.

The three architectures differ by one predicate. A decoder allows `key <= query`, an encoder allows
everything, and so does the bridge from a decoder to its encoder. Padding is one more condition,
added with `&`. Raffel et al. 2020 draw such masks side by side: section 3.2.1, figure 3.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers import checks

BOOLEAN = "for 1 and 0, use mask.bool(); for an influence, use influence > 0"


def causal(n: int) -> Tensor:
    """Which keys each query may see when it can't look ahead: itself and the past, (Q=n, K=n) bool.

    >>> causal(3).int().tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]

    Raises ValueError or TypeError unless n is a whole number of at least 1.
    Source: Vaswani et al. 2017, section 3.2.3.
    """
    position = torch.arange(_tokens("n", n))
    return position[None, :] <= position[:, None]  # key <= query, (Q, K)


def bidirectional(n: int) -> Tensor:
    """Which keys each query may see when it reads in both directions: all of them, (Q=n, K=n) bool.

    >>> bidirectional(3).int().tolist()
    [[1, 1, 1], [1, 1, 1], [1, 1, 1]]

    Raises ValueError or TypeError unless n is a whole number of at least 1.
    Source: Devlin et al. 2019, section 3.
    """
    return cross(_tokens("n", n), n)


def cross(queries: int, keys: int) -> Tensor:
    """Which encoder positions each decoder position may see: all of them, (Q=queries, K=keys) bool.

    >>> cross(2, 3).int().tolist()
    [[1, 1, 1], [1, 1, 1]]

    Raises ValueError or TypeError unless both are whole numbers of at least 1.
    Source: Vaswani et al. 2017, section 3.2.3.
    """
    return torch.ones(_tokens("queries", queries), _tokens("keys", keys), dtype=torch.bool)


def padding(attention_mask: Tensor) -> Tensor:
    """Which keys are real tokens, for every query alike: (B, T) of 1 and 0 → (B, 1, K=T) bool.

    Combine it with `&`: the middle axis stretches over the queries.

    >>> attention_mask = torch.tensor([[1, 1, 1], [1, 1, 0]])  # the second is padded
    >>> (causal(3) & padding(attention_mask)).int().tolist()
    [[[1, 0, 0], [1, 1, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 0], [1, 1, 0]]]

    Raises TypeError for anything but a tensor, ValueError for another rank or other values.
    """
    checks.tensor("attention_mask", attention_mask, "B T")
    checks.need(
        ((attention_mask == 0) | (attention_mask == 1)).all(),
        f"attention_mask must hold 1 for a token and 0 for padding, got {attention_mask.min()} to "
        f"{attention_mask.max()}: an additive mask is the last step, made by masks.additive",
    )
    return attention_mask.bool()[:, None, :]  # (B, 1, K)


def additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The mask as a number to *add* to the scores: 0 where True, the most negative where False.

    After the softmax a hidden key has the weight exp(−huge) = 0, and the others still sum to 1.
    Multiplying the scores by 0 would not do that: exp(0) is 1.

    >>> additive(causal(2), torch.float16).tolist()
    [[0.0, -65504.0], [0.0, 0.0]]

    Raises TypeError unless the mask is boolean and dtype a floating-point type.
    Source: Vaswani et al. 2017, section 3.2.3 ("setting to −∞").
    """
    checks.tensor("mask", mask, None, "bool", BOOLEAN)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating-point type such as torch.float32, got {dtype}")
    scores = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return scores.masked_fill(~mask, torch.finfo(dtype).min)


def grid(mask: Tensor, rows: Sequence[str], columns: Sequence[str]) -> str:
    """The mask as text: a line for each query, ● under every key that it may see and · elsewhere.

    mask is (Q, K) bool; rows are the Q query tokens, columns the K key tokens. Each column hangs on
    its own label, so that long labels stay readable. Spaces are drawn as ␣.

    >>> words = ["The", "Ġcat", "Ġsat"]
    >>> print(grid(causal(3), words, words))
         ┌ The
         │ ┌ Ġcat
         │ │ ┌ Ġsat
     The ● · ·
    Ġcat ● ● ·
    Ġsat ● ● ●

    Raises TypeError unless the mask is a boolean tensor and the labels are strings, ValueError for
    another rank or when the labels don't fit the shape.
    """
    checks.tensor("mask", mask, "Q K", "bool", BOOLEAN)
    rows = _labels("rows", rows, mask.shape[0])
    columns = _labels("columns", columns, mask.shape[1])
    width = max(map(len, rows))
    header = [" " * (width + 1) + "│ " * k + "┌ " + label for k, label in enumerate(columns)]
    body = [
        f"{label:>{width}} " + " ".join("●" if sees else "·" for sees in line)
        for label, line in zip(rows, mask.tolist(), strict=True)
    ]
    return "\n".join(header + body)


def _tokens(name: str, count: int) -> int:
    return checks.whole(name, count, least=1, do="pass the number of tokens, as in ids.shape[1]")


def _labels(name: str, labels: Sequence[str], count: int) -> list[str]:
    wanted = "a list of strings, such as tokenizer.convert_ids_to_tokens(ids)"
    checks.instance(name, labels, Sequence, wanted, but=str)
    for label in labels:
        checks.instance(name, label, str, wanted)
    checks.need(
        len(labels) == count,
        f"{name} must hold a label for each of the mask's {count} {name}, got {len(labels)}",
    )
    return [label.replace(" ", "␣").replace("\n", "⏎") for label in labels]
