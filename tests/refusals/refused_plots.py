"""Bad input to `helpers.plots`."""

import math

import torch
from families import BART_SIZE, SPECIAL, built, texts
from matplotlib.figure import Figure
from transformers import M2M100Config, M2M100ForConditionalGeneration

from helpers import plots

SEEN = torch.ones(2, 2, dtype=torch.bool)
AB = {"rows": "ab", "columns": "ab"}
A = {"a": 1.0}
HEARD = {"rows": "ab", "seconds": 1.0}
LONG = torch.full((1, 34), 3)
M2M = M2M100ForConditionalGeneration(M2M100Config(**BART_SIZE | SPECIAL))  # silent about labels


def player(name, batch=1, **options):
    inputs, _ = texts(built(name), batch=batch)
    return plots.player(built(name), **inputs | options)


REFUSED = [
    (lambda: plots.mask(SEEN.float(), **AB), TypeError, "boolean .* mask == 1 if 1 means keep"),
    (lambda: plots.mask(SEEN[None], **AB), ValueError, r"shape \(Q, K\), .* batch, mask\[0\]"),
    (lambda: plots.mask(SEEN[:1], **AB), ValueError, r"of its labels, \(2, 2\), got \(1, 2\)"),
    (lambda: plots.mask(SEEN, rows=[5, 6], columns="ab"), TypeError, "convert_ids_to_tokens"),
    (lambda: plots.mask(SEEN, **AB, architecture="gpt2"), ValueError, "got 'gpt2'"),
    (lambda: plots.influence(SEEN, -SEEN.float(), **AB), ValueError, "influence must not be neg"),
    (lambda: plots.encoder_decoder({}, {}, source="ab", target="ab"), KeyError, "encoder"),
    (lambda: plots.attention(SEEN * 2, **AB), ValueError, "most 1, got 2: take the softmax first"),
    (lambda: plots.token_losses("ab", [1.0]), ValueError, r"losses must have the shape .*\(2,\)"),
    (lambda: plots.token_losses("a", [1.0], ideal=[-1.0]), ValueError, "ideal must not be neg"),
    (lambda: plots.token_losses("a", [1.0], unit="bit"), ValueError, "unit must be 'bits' or"),
    (lambda: plots.learning_curve([]), ValueError, "losses must hold at least one"),
    (lambda: plots.learning_curve({"a": [[1.0]]}), ValueError, r"losses a must have shape \(T\)"),
    (lambda: plots.learning_curve([1.0], floor=-1.0), ValueError, "floor must be finite and at"),
    (lambda: plots.learning_curve([1.0], smooth=0), ValueError, "smooth must be at least 1"),
    (lambda: plots.learning_curve([1.0], vocabulary=0), ValueError, "vocabulary must be at least"),
    (lambda: plots.learning_curve({n: [1.0] for n in "abcdef"}), ValueError, "1 to 5 runs"),
    (
        lambda: plots.shift("ab", "b"),
        ValueError,
        "asked must hold a target .* for each of 2 tokens",
    ),
    (
        lambda: plots.shift("ab", ["b", None], labels="a"),
        ValueError,
        "labels must hold one for each",
    ),
    (lambda: plots.shift("ab", ["b", None], at=1), ValueError, "at must be a position that is sco"),
    (lambda: plots.shift("ab", ["b", None], at=2), ValueError, "at must be .*got 2"),
    (lambda: plots.numbers({"x": [[1.0]]}, rows="ab"), ValueError, "x must have a row for each"),
    (lambda: plots.numbers({}, rows="a"), ValueError, "matrices is empty: give a name"),
    (lambda: plots.numbers({"x": [1.0]}, rows="a"), ValueError, r"x must have shape \(Q, K\)"),
    (
        lambda: plots.numbers({"x": [[math.nan]]}, rows="a"),
        ValueError,
        "x must be numbers, got nan",
    ),
    (
        lambda: plots.numbers({"x": SEEN}, **AB, mask=SEEN.float()),
        TypeError,
        "mask must be a boolean",
    ),
    (lambda: plots.next_words(A, {}), ValueError, "ideal must be probabilities, got 0"),
    (lambda: plots.next_words({"a": 0.7, "b": 0.7}, A), ValueError, "model must .* sum to 1.4"),
    (lambda: plots.next_words({"a": 1.5, "b": -0.5}, A), ValueError, "model must be probab"),
    (lambda: plots.comparison({"fill": {"gpt2": 0.5}}), ValueError, "a key of fill .* got 'gpt2'"),
    (lambda: plots.comparison({"fill": 0.5}), TypeError, "fill must be a dict of name → fraction"),
    (lambda: plots.mask(SEEN, **AB, architecture=["decoder"]), ValueError, r"got \['decoder'\]"),
    (lambda: plots.show("figure", "text"), TypeError, "figure must be what a plot function"),
    (lambda: plots.show(Figure(), None), TypeError, "alt must be a sentence that says"),
    (lambda: plots.comparison({"fill": {"decoder": 1.5}}), ValueError, "fill: decoder .* got 1.5"),
    (lambda: plots.comparison({"fill": {"decoder": []}}), ValueError, "fill: decoder must hold at"),
    (lambda: plots.comparison({"fill": {"encoder": [0.5, -1]}}), ValueError, "fill: enc.* got -1"),
    (
        lambda: plots.comparison({"fill": {}}, ideal={"fill": [1.0]}),
        TypeError,
        "fill must be a num",
    ),
    (lambda: plots.comparison({"fill": {}}, ideal=A), ValueError, "a key of ideal must be 'fill'"),
    (lambda: plots.panels(2, columns=0), ValueError, "columns must be at least 1, got 0"),
    (lambda: plots.panels(0), ValueError, "count must be at least 1, got 0"),
    (lambda: plots.show(Figure(), " "), ValueError, "alt is empty: say in words"),
    (lambda: plots.listening([0.5], SEEN, **HEARD), ValueError, r"features must have .*\(M, F\)"),
    (lambda: plots.listening(SEEN[None], SEEN, **HEARD), ValueError, r"of a batch, features\[0\]"),
    (
        lambda: plots.listening(SEEN / 0, SEEN, **HEARD),
        ValueError,
        "features must not be negative or inf",
    ),
    (lambda: plots.listening(SEEN, SEEN[0], **HEARD), ValueError, r"weights must have .*\(Q, K\)"),
    (lambda: plots.listening(SEEN, SEEN[:1], **HEARD), ValueError, r"\(2, 2\), got \(1, 2\)"),
    (lambda: plots.listening(SEEN, -SEEN.float(), **HEARD), ValueError, "weights must not be neg"),
    (lambda: plots.listening(SEEN, SEEN, rows=[5, 6], seconds=1.0), TypeError, "convert_ids_to"),
    (lambda: plots.listening(SEEN, SEEN, rows="ab", seconds=0.0), ValueError, "seconds must be ab"),
    (lambda: plots.listening(SEEN, SEEN, rows="ab", seconds="4"), TypeError, "seconds must be a n"),
    (lambda: player("gpt2", batch=2), ValueError, "must hold one text, got 2: cut each tensor"),
    (lambda: player("gpt2", alt=" "), ValueError, "alt is empty: say in words"),
    (lambda: player("gpt2", alt=5), TypeError, "alt must be a sentence"),
    (lambda: player("gpt2", tokenizer="gpt2"), TypeError, "tokenizer must be a tokenizer of tr"),
    (lambda: player("gpt2", input_ids=[[3]]), TypeError, r"input_ids must be a tensor .* got list"),
    (lambda: player("whisper"), ValueError, "must read text; WhisperFor.* plots.listening"),
    (lambda: player("t5", input_ids=LONG), ValueError, "at most 40 tokens, got 41: shorten"),
    (lambda: player("t5", decoder_input_ids=None), ValueError, "decoder_input_ids or labels"),
    (
        lambda: plots.player(M2M, input_ids=LONG, labels=LONG),
        ValueError,
        "decoder_input_ids, because",
    ),
]
