"""The player: what its page holds, and what is left of it where no script runs."""

import html
import json
import re

import pytest
import torch
from families import FAMILIES, build, built, texts
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from helpers import attention, checkpoints, masks, plots
from helpers.plots.player import _percents

IDS = torch.tensor([[3, 4, 5, 6, 7]])


def data(player):
    """What the script is handed."""
    return json.loads(re.search(r"^const data = (.*);$", player.html, re.MULTILINE)[1])


def stacks(player):
    return {stack["kind"]: stack for stack in data(player)["stacks"]}


def one_text(name, **options):
    inputs, _ = texts(built(name), batch=1, **options)
    return built(name), inputs


def table(player):
    """The rows of the static table, each the list of its cells."""
    rows = re.findall("<tr>(.*?)</tr>", player.html)
    return [[html.unescape(cell) for cell in re.findall(">([^<]+)<", row)] for row in rows]


@pytest.mark.parametrize("name", ["gpt2", "gpt_neo", "bert", "t5", "bart"])
def test_it_holds_the_masks_the_weights_the_reach_and_what_was_measured(name):
    model, inputs = one_text(name)
    held = stacks(plots.player(model, **inputs))
    assert held.keys() == FAMILIES[name].kinds
    records, influence = attention.record(model, **inputs), attention.influence(model, **inputs)
    for kind, after in attention.reach(records).items():
        layers = [record for record in records if record.kind == kind]
        assert held[kind]["masks"] == [layer.mask[0].int().tolist() for layer in layers]
        weights = torch.stack([layer.weights[0] for layer in layers])
        packed = [[list(bytes.fromhex(head)) for head in layer] for layer in held[kind]["weights"]]
        percents = torch.tensor(packed).view_as(weights)  # (L, H, Q, K)
        torch.testing.assert_close(percents / 100, weights, atol=0.0051, rtol=0)
        assert held[kind]["after"] == after[0].tolist()
        assert held[kind]["measured"] == (influence[kind][0] > 0).int().tolist()


def test_the_three_masks_of_an_encoder_decoder_lie_beside_and_below_each_other():
    model, inputs = one_text("t5")  # 9 tokens and 7
    player = plots.player(model, **inputs)
    corners = {kind: (each["row"], each["column"]) for kind, each in stacks(player).items()}
    assert corners == {"encoder": (0, 0), "cross": (9, 0), "decoder": (9, 9)}
    assert {kind: each["hue"] for kind, each in stacks(player).items()} == {
        "encoder": plots.HUES["encoder"],
        "cross": plots.HUES["encoder-decoder"],
        "decoder": plots.HUES["decoder"],
    }
    assert len(data(player)["tokens"]) == 16
    assert data(player)["query"] == 9 + 3  # in the middle of what is written


def test_with_a_window_the_reach_grows_by_a_token_a_layer_and_the_measurement_agrees():
    window = masks.causal(5) & ~masks.causal(5).tril(-2)  # itself and one token back
    model = build("gpt2", num_hidden_layers=3)
    player = plots.player(model, input_ids=IDS, attention_mask=window[None, None])
    held = stacks(player)["decoder"]
    assert held["after"][4] == [-1, 3, 2, 1, 0]
    assert held["measured"][4] == [0, 1, 1, 1, 1]
    assert player.alt.endswith("2 of 5 inputs have reached it. After the last layer 3 have.")


def test_rows_of_padding_are_not_measured_and_nobody_attends_to_padding():
    model, mask = built("bert"), torch.tensor([[1, 1, 1, 0, 0]])
    held = stacks(plots.player(model, input_ids=IDS, attention_mask=mask))["encoder"]
    assert held["measured"] == [[1, 1, 1, 0, 0]] * 3 + [[None] * 5] * 2
    assert held["masks"][0] == [[1, 1, 1, 0, 0]] * 5


def test_labels_are_shifted_as_the_model_does_it():
    model, inputs = one_text("t5")
    labels = inputs.pop("decoder_input_ids")
    tokens = data(plots.player(model, **inputs, labels=labels))["tokens"]
    assert tokens[9:] == ["0", *map(str, labels[0, :-1].tolist())]


# ---- the same on every machine ----


def test_a_weight_between_two_percents_goes_up_whatever_its_last_digit():
    eighth = 0.125 + torch.tensor([-1e-13, 0, 1e-13], dtype=torch.double)
    assert _percents(eighth) == [13, 13, 13]
    assert _percents(torch.tensor([0.0, 0.004, 0.006, 0.994, 1.0])) == [0, 0, 1, 99, 100]


def test_weights_are_computed_in_double_precision_and_the_model_is_left_alone(monkeypatch):
    seen = []
    record = attention.record

    def spy(model, **inputs):
        seen.extend(record(model, **inputs))
        return seen

    monkeypatch.setattr(attention, "record", spy)
    model = build("llama", "eager").train()  # its softmax asks for float32
    inputs, _ = texts(model, batch=1)
    plots.player(model, **inputs)
    assert {each.weights.dtype for each in seen} == {torch.double}
    assert model.training
    assert model.dtype == torch.float32


def test_the_same_numbers_make_the_same_page_and_others_another_name():
    model, inputs = one_text("gpt2")
    first, again = (plots.player(model, **inputs).html for _ in range(2))
    assert first == again
    other = plots.player(model, input_ids=inputs["input_ids"].flip(1)).html
    names = [set(re.findall('data-player="([0-9a-f]+)"', each)) for each in (first, other)]
    assert [len(each) for each in names] == [1, 1]  # the element's and the script's
    assert names[0] != names[1]


# ---- the page ----


def test_a_sentence_in_a_model_of_full_size_takes_at_most_60_kb_and_no_network():
    size = {"hidden_size": 48, "num_hidden_layers": 12, "num_attention_heads": 12}
    ids = torch.arange(3, 13)[None]
    for name in ("gpt2", "bert"):
        page = plots.player(build(name, **size), input_ids=ids).html
        assert 20_000 < len(page.encode()) <= 60_000
        assert not re.search(r"http|//[a-z]|src=|@import|url\(", page)


@pytest.fixture(scope="module")
def translating():
    """Our T5 miniature, with tokens that look like tags, and labels."""
    where = checkpoints.resolve("google/flan-t5-small")
    tokenizer = AutoTokenizer.from_pretrained(where)
    model = AutoModelForSeq2SeqLM.from_pretrained(where)
    inputs = dict(tokenizer("Anna lost it.", return_tensors="pt"))
    inputs["labels"] = tokenizer(text_target="Anna verlor es.", return_tensors="pt").input_ids
    return plots.player(model, tokenizer=tokenizer, **inputs)


def test_where_no_script_runs_a_table_tells_all_about_the_query_in_the_middle(translating):
    tokens, held = data(translating)["tokens"], stacks(translating)
    query = data(translating)["query"]
    heads, cross, *rows = table(translating)
    assert heads == ["key", "may attend", "weight", "reached after", "measured"]
    assert cross == ["decoder: cross-attention to the source"]
    source = held["cross"]["column"] + len(held["encoder"]["after"])
    keys = [*tokens[:source], "decoder: self-attention", *tokens[source:]]
    assert [row[0] for row in rows] == keys
    first = bytes.fromhex(held["cross"]["weights"][0][0])[(query - source) * source :][:source]
    assert [row[2] for row in rows[:source]] == [f"{percent} %" for percent in first]
    own = query + 1  # below the title of the second part
    assert rows[own][1::2] == ["yes", "the start"]
    assert rows[own + 1] == [tokens[query + 1], "no", "0 %", "never", "no"]


def test_tokens_can_not_break_the_page(translating):
    assert {"</s>", "<pad>"} < set(data(translating)["tokens"])
    for tag in ("script", "style", "table", "div"):
        assert translating.html.count(f"<{tag}") == translating.html.count(f"</{tag}>") == 1
    assert "</s>" not in translating.html
    assert "<pad>" not in translating.html


def test_page_picture_and_description_come_in_one_output_and_the_caption_below(translating):
    InteractiveShell.instance()
    with capture_output() as shown:
        translating._ipython_display_()
    InteractiveShell.clear_instance()
    picture, caption = shown.outputs
    assert picture.data["text/html"] == translating.html
    assert picture.data["image/png"].startswith(b"\x89PNG")
    assert picture.data["text/plain"] == picture.metadata["image/png"]["alt"] == repr(translating)
    assert html.escape(translating.alt, quote=False) in caption.data["text/html"]


def test_the_caption_is_the_authors_if_there_is_one():
    player = plots.player(built("gpt2"), input_ids=IDS, alt='"So" <it> goes.')
    assert player.alt == '"So" <it> goes.'
    assert 'aria-label="&quot;So&quot; &lt;it&gt; goes."' in player.html


def test_numbers_can_be_read_on_every_hue():
    model, inputs = one_text("t5")
    for stack in stacks(plots.player(model, **inputs)).values():
        light, dark = sorted(map(luminance, (stack["hue"], stack["ink"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def luminance(colour):
    linear = [((c + 0.055) / 1.055) ** 2.4 if c > 0.04 else c / 12.92 for c in to_rgb(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
