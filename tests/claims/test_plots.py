"""Figures: what is drawn where, in which colour, with which words beside it."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.collections import PolyCollection
from matplotlib.colors import same_color, to_hex
from matplotlib.transforms import Bbox

from helpers import plots
from helpers.plots import colours

TOKENS = ["It", "Ġwas", "Ġa", "Ġwindy", "Ġday"]
CAUSAL = torch.ones(5, 5, dtype=torch.bool).tril()
LABELS = {"rows": TOKENS, "columns": TOKENS}
NAN = math.nan
BLUE = colours.HUES["decoder"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def cells(ax, colour):
    """(row, column) of the squares of a colour and its opacity, or of the dots or crosses."""
    found = set()
    for shapes in ax.collections:
        if same_color(shapes.get_facecolor()[0], colour):
            squares = isinstance(shapes, PolyCollection)
            middles = [path.vertices[:4].mean(axis=0) for path in shapes.get_paths()]
            points = middles if squares else shapes.get_offsets()
            found |= {(round(float(y)), round(float(x))) for x, y in points}
    return found


def where(matrix):
    return set(map(tuple, torch.as_tensor(matrix).nonzero().tolist()))


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


# ---- matrices ----


@pytest.mark.parametrize("architecture", plots.HUES)
def test_allowed_cells_have_the_hue_and_hidden_ones_are_hatched(architecture):
    ax = plots.mask(CAUSAL, **LABELS, architecture=architecture)
    assert cells(ax, plots.HUES[architecture]) == where(CAUSAL)
    assert cells(ax, "#f1f1f1") == where(~CAUSAL)
    assert [c.get_hatch() for c in ax.collections] == [None, "/////"]
    assert legend(ax) == ["may attend", "not allowed"]
    assert legend(plots.mask(CAUSAL | True, **LABELS)) == ["may attend"]


def test_queries_go_down_and_keys_across_and_a_space_can_be_seen():
    ax = plots.mask([[True, True, False]], rows=[" $q$\n"], columns=["a", "▁b", "Ġc"])
    assert ticks(ax.yaxis) == ["␣$q$↵"]
    assert not ax.get_yticklabels()[0].get_parse_math()
    assert ticks(ax.xaxis) == ["a", "␣b", "␣c"]
    assert cells(ax, "#0072b2") == {(0, 0), (0, 1)}
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("attends from (query)", "attended to (key)")
    ax = plots.influence(CAUSAL, CAUSAL.float(), **LABELS)  # that is reach, through all layers
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("output at", "input at")
    bottom, top = plots.mask(CAUSAL, **LABELS).get_ylim()
    assert bottom > top  # the first query is the uppermost


def test_a_dot_stands_wherever_influence_was_measured_and_grows_with_it():
    measured = torch.tensor([[1e-12, 0, 0], [0.5, 1e-3, 0], [0.0, 0.5, 1]])
    ax = plots.influence(CAUSAL[:3, :3], measured, rows="abc", columns="abc")
    assert cells(ax, "white") == where(measured)
    assert legend(ax) == ["allowed by the rule", "not allowed", "measured influence"]
    sizes = ax.collections[-1].get_sizes()  # in the order of reading
    assert 0 < sizes[0] < sizes[2] < sizes[1] == sizes[3] < sizes[4]


def test_influence_that_a_mask_hides_is_a_leak_however_small():
    measured = torch.eye(5)
    measured[1, 3] = 1e-30
    ax = plots.influence(CAUSAL, measured, **LABELS)
    assert cells(ax, "#f9e076") == cells(ax, "#b0003a") == {(1, 3)}
    assert cells(ax, "white") == where(torch.eye(5))
    assert legend(ax) == ["allowed by the rule", "not allowed", "measured influence", "leak"]
    ax = plots.influence(CAUSAL, torch.ones(5, 5), **LABELS)
    assert legend(ax) == ["allowed by the rule", "measured influence", "leak"]  # nothing is hatched


def test_what_was_not_measured_is_pale_and_has_no_dot():
    measured = torch.full((5, 5), NAN)
    measured[2, 1] = 0.5
    ax = plots.influence(CAUSAL, measured, **LABELS)
    assert cells(ax, "white") == cells(ax, "#0072b2") == {(2, 1)}
    assert cells(ax, ("#0072b2", 0.3)) == where(CAUSAL) - {(2, 1)}
    assert cells(ax, "#f1f1f1") == where(~CAUSAL)
    assert legend(ax)[-1] == "not measured"


def test_weights_are_cividis_from_0_to_1_unless_they_have_a_scale_of_their_own():
    fifths = torch.full((5, 5), 0.2)
    (image,) = plots.attention(fifths, **LABELS).images
    assert image.get_cmap().name == "cividis"
    assert image.get_clim() == (0.0, 1.0)
    np.testing.assert_allclose(image.get_array(), 0.2)
    (image,) = plots.attention(fifths, **LABELS, limit=None, label="fraction").images
    assert image.get_clim() == (0.0, pytest.approx(0.2))
    assert image.colorbar.ax.get_ylabel() == "fraction"


def test_hidden_weights_are_hatched_and_a_leak_if_they_are_not_zero():
    weights = CAUSAL / CAUSAL.sum(1, keepdim=True)
    weights[0, 4] = 1e-9
    ax = plots.attention(weights, **LABELS, mask=CAUSAL)
    assert cells(ax, "#f1f1f1") == where(~CAUSAL) - {(0, 4)}
    assert cells(ax, "#b0003a") == {(0, 4)}
    assert legend(ax) == ["not allowed", "leak"]


def test_outlined_cells_get_a_frame_where_both_labels_are_there():
    twins = {LABELS["rows"][2]: LABELS["columns"][1], "nobody": LABELS["columns"][0]}
    ax = plots.attention(CAUSAL / 5, **LABELS, outlined=twins)
    (frame,) = (patch for patch in ax.patches if not patch.get_fill())
    assert (frame.get_x(), frame.get_y()) == (0.5, 1.5)


def test_fractions_show_the_mean_below_the_name_and_measurements_as_dots():
    ax = plots.fractions({"honest": [0.5, 0.7, 0.7], "copying": [0.0, 0.0, 0.0], "once": [0.2]})
    assert ticks(ax.yaxis) == ["honest\n63 %", "copying\n0", "once\n20 %"]
    assert ax.get_xlim() == (0, 1)
    dots = [line.get_xydata() for line in ax.lines]
    assert [len({tuple(dot) for dot in each}) for each in dots] == [3, 3]  # none covers another
    assert dots[0][:, 0].tolist() == [0.5, 0.7, 0.7]


THREE = {
    "encoder": torch.ones(3, 3, dtype=torch.bool),
    "cross": torch.ones(2, 3, dtype=torch.bool),
    "decoder": torch.ones(2, 2, dtype=torch.bool).tril(),
}
PAIR = {"source": ["▁a", "▁b", "</s>"], "target": ["<pad>", "▁c"]}


def test_square_rectangle_and_triangle_stand_on_one_pair_of_axes():
    ax = plots.encoder_decoder(THREE, {kind: m.float() for kind, m in THREE.items()}, **PAIR)
    assert ticks(ax.xaxis) == ticks(ax.yaxis) == ["␣a", "␣b", "</s>", "<pad>", "␣c"]
    assert cells(ax, "#d55e00") == {(q, k) for q in range(3) for k in range(3)}
    assert cells(ax, "#009e73") == {(q, k) for q in (3, 4) for k in range(3)}
    assert cells(ax, "#0072b2") == {(3, 3), (4, 3), (4, 4)}
    assert cells(ax, "#f1f1f1") == {(3, 4)}  # the corner above the triangle stays empty
    assert len(cells(ax, "white")) == 9 + 6 + 3
    names = ["encoder", "cross-attention", "decoder", "not allowed", "measured influence"]
    assert legend(ax) == names


@pytest.mark.parametrize(
    ("kind", "cell", "place"),
    [("encoder", (2, 0), (2, 0)), ("cross", (1, 1), (4, 1)), ("decoder", (0, 1), (3, 4))],
)
def test_a_leak_in_any_of_the_three_is_marked_in_its_place(kind, cell, place):
    masks = {name: mask.clone() for name, mask in THREE.items()}
    flows = {name: mask.float() for name, mask in THREE.items()}
    masks[kind][cell], flows[kind][cell] = False, 1.0
    ax = plots.encoder_decoder(masks, flows, **PAIR)
    assert cells(ax, "#b0003a") == {place}
    assert legend(ax)[-1] == "leak"
    ax.figure.canvas.draw()
    assert ax.bbox.height > 0.6 * ax.figure.bbox.height  # a long legend takes no room from it


# ---- sound ----

SOUND = torch.arange(-12.0, 12).reshape(3, 8)  # M, F: the last bin is the loudest


def test_a_spectrogram_and_the_weights_below_it_share_their_seconds():
    weights = torch.tensor([[0.9, 0.1, 0, 0], [0, 0, 0.3, 0.7]])
    ax = plots.listening(SOUND, weights, rows=["It", "Ġwas"], seconds=2.5)
    _, below, _ = ax.figure.axes
    (sound_picture,), (below_picture,) = ax.images, below.images
    np.testing.assert_allclose(below_picture.get_array(), weights)
    np.testing.assert_array_equal(sound_picture.get_array(), SOUND)
    assert below_picture.get_extent()[:2] == sound_picture.get_extent()[:2] == [0, 2.5]
    assert ax.get_xlim() == below.get_xlim() == (0, 2.5)
    assert [below.get_xlabel(), below.get_ylabel()] == ["seconds", "written"]
    assert ax.get_ylabel() == "mel bin"
    assert ticks(below.yaxis) == ["It", "␣was"]
    ax.figure.canvas.draw()
    words, sound = below.get_window_extent(), ax.get_window_extent()
    assert (words.x0, words.x1) == pytest.approx((sound.x0, sound.x1))
    assert words.y1 < sound.y0  # the sound stands above, and they don't touch


def test_the_first_token_is_the_uppermost_and_the_last_bin_too_and_loud_is_dark():
    ax = plots.listening(SOUND, [[1.0, 0.0]] * 3, rows="abc", seconds=1)
    (sound,) = ax.images
    assert ax.figure.axes[1].get_ylim() == (2.5, -0.5)
    assert (ax.get_ylim(), sound.origin) == ((0, 3), "lower")
    quiet, loud = (sound.cmap(sound.norm(number))[0] for number in (-12, 11))
    assert loud < 0.1 < 0.9 < quiet


def test_weights_over_time_are_cividis_up_to_the_largest_or_a_limit_and_nan_is_pale():
    influence = [[0.5, 0.25, 0.0], [NAN, NAN, NAN]]
    ax = plots.listening(SOUND, influence, rows=["a", "<pad>"], seconds=1, label="influence")
    (image,) = ax.figure.axes[1].images
    assert image.get_cmap().name == "cividis"
    assert image.get_clim() == (0.0, 0.5)
    assert image.colorbar.ax.get_ylabel() == "influence"
    assert image.get_array().mask.tolist() == [[False] * 3, [True] * 3]
    assert same_color(ax.figure.axes[1].get_facecolor(), "#f1f1f1")
    ax = plots.listening(SOUND, influence, rows="ab", seconds=1, limit=1.0)
    (image,) = ax.figure.axes[1].images
    assert image.get_clim() == (0.0, 1.0)


def test_a_weight_that_is_a_hundredth_of_the_largest_can_be_told_from_none():
    ax = plots.listening(SOUND, [[1.0, 0.01, 0.0]], rows=["to"], seconds=1)
    (image,) = ax.figure.axes[1].images
    _, faint, none = image.cmap(image.norm(image.get_array()))[0]
    assert abs(faint - none).max() > 0.1


# ---- losses ----


def test_losses_come_in_nats_and_are_drawn_in_bits():
    eight = torch.full((5,), math.log(8))
    ax = plots.token_losses(TOKENS, eight, ideal=[math.log(2)] * 5)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([3.0] * 5)
    lines = ax.collections[0].get_segments()
    assert [float(line[0, 1]) for line in lines] == pytest.approx([1.0] * 5)
    assert ax.get_ylabel() == "surprise in bits"
    assert legend(ax) == ["model", "ideal reader"]
    ax = plots.token_losses(TOKENS * 18, [2.0] * 90, unit="nats")
    assert [bar.get_height() for bar in ax.patches] == [2.0] * 90
    assert ax.get_ylabel() == "surprise in nats"
    assert legend(ax) == ["model"]
    assert ticks(ax.xaxis) == ["It", "␣was", "␣a", "␣windy", "␣day"] * 18  # all of them


@pytest.mark.parametrize("losses", [[NAN, 1, 1, 1, 1], [NAN] * 5])
def test_a_token_that_nobody_predicts_has_no_bar(losses):
    ax = plots.token_losses(TOKENS, losses, ideal=[NAN] * 5)
    assert math.isnan(ax.patches[0].get_height())
    ax.figure.canvas.draw()


def test_a_curve_starts_at_zero_and_shows_every_loss():
    losses = [5.0, 4.0, 2.0, 3.0]
    ax = plots.learning_curve(losses, unit="nats", smooth=1)
    for line in ax.lines:  # as it was, and the mean of one step
        assert list(line.get_xdata()) == [1, 2, 3, 4]
        assert list(line.get_ydata()) == losses
    assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 5
    assert ax.get_legend() is None


def test_the_floor_is_a_line_with_its_name_and_its_height():
    ax = plots.learning_curve({"honest": [2.0, 1.0], "cheating": [2.0, 0.1]}, floor=math.log(2))
    assert ax.lines[-1].get_ydata() == pytest.approx([1.0, 1.0])
    assert legend(ax) == ["honest", "cheating", "floor: 1.00 bits"]
    (hatched,) = [patch for patch in ax.patches if patch.get_hatch()]
    assert hatched.get_extents().height > 0


def test_knowing_nothing_is_a_dotted_line_at_log_v_in_sight():
    ax = plots.learning_curve([2.0, 1.0], vocabulary=1024)
    assert set(ax.lines[-1].get_ydata().round(9)) == {10.0}
    assert ax.get_ylim()[1] > 10
    assert legend(ax) == ["knows nothing: log₂ V"]


def test_each_run_has_a_colour_of_its_own():
    ax = plots.learning_curve({str(n): [1.0, 2.0 + n] for n in range(5)}, smooth=1)
    assert len({line.get_color() for line in ax.lines}) == 5


def arrows(ax):
    """From where to where, by colour."""
    ways = {}
    for arrow in ax.texts:
        if getattr(arrow, "arrow_patch", None):
            way = round(arrow.xyann[0], 2), round(arrow.xy[0], 2)
            ways.setdefault(to_hex(arrow.arrow_patch.get_edgecolor()).upper(), set()).add(way)
    return ways


def test_an_answer_that_can_be_read_is_red():
    asked = ["b", "c", None]
    assert colours.LEAK not in arrows(plots.shift("abc", asked))
    leaky = arrows(plots.shift("abc", asked, causal=False))
    assert leaky == {colours.LEAK: {(0.85, 0.15), (1.85, 1.15)}, BLUE: {(0, 0), (1, 1)}}
    own = arrows(plots.shift("abc", ["a", "b", None]))
    assert own[colours.LEAK] == {(0, 0), (1, 1)}
    farther = arrows(plots.shift("abc", ["c", None, None]))  # shifted twice: hidden as well
    assert farther == {BLUE: {(0, 0)}, "#9A9A9A": {(1.85, 0.15)}}


def test_a_guess_stands_between_what_it_rests_on_and_the_target_that_scores_it():
    ax = plots.shift("ab", ["b", None])
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["target"] > heights["guess"] > heights["read"]
    ways = [(text.xyann, text.xy) for text in ax.texts if getattr(text, "arrow_patch", None)]
    ends = sorted(tuple(sorted(round(y / heights["target"], 1) for _, y in way)) for way in ways)
    assert len([end for end in ends if end[1] > 0.6]) == 1  # b is scored; what is not, has no line
    guesses = [text for text in ax.texts if text.get_text() == "?"]  # unscored, it guesses, too
    assert [text.get_position() for text in guesses] == [
        (0, heights["guess"]),
        (1, heights["guess"]),
    ]


def test_labels_stand_above_the_targets_that_they_become():
    ax = plots.shift("abc", ["b", "c", None], labels="abc")
    heights = {}
    for text in ax.texts:
        heights.setdefault(text.get_text(), []).append(text.get_position()[1])
    assert heights["labels"][0] > heights["target"][0] > heights["read"][0]
    assert heights["a"] == [heights["read"][0], heights["labels"][0]]  # a is no target
    assert arrows(ax)["#9A9A9A"] >= {(0.8, 0.2), (1.8, 1.2)}  # the library moves them to the left
    own = plots.shift("abc", ["a", "b", "c"], labels="abc")
    assert arrows(own)["#9A9A9A"] == {(0, 0), (1, 1), (2, 2)}
    twice = plots.shift("abc", ["c", None, None], labels=["b", "c", "–"])
    assert (0.8, 0.2) in arrows(twice)["#9A9A9A"]


def test_one_guess_rests_on_what_is_read_up_to_it_and_on_nothing_hatched():
    ax = plots.shift("abcd", ["b", "c", "d", None], at=1)
    assert len([patch for patch in ax.patches if patch.get_hatch()]) == 2  # c and d
    ways = arrows(ax)
    assert (ways[BLUE], ways["#9A9A9A"]) == ({(0, 1), (1, 1)}, {(1.85, 1.15)})  # dotted: the answer


def test_without_a_causal_mask_one_guess_rests_on_all():
    ax = plots.shift("abcd", [None, "x", None, None], at=1, causal=False, architecture="encoder")
    assert not [patch for patch in ax.patches if patch.get_hatch()]
    assert list(arrows(ax).values()) == [{(0, 1), (1, 1), (2, 1), (3, 1)}]


def test_numbers_are_written_as_they_are_and_hatched_where_the_mask_hides():
    scores = {"scores": [[-1.0, -math.inf, 0.0], [0.256, 0.0, 1.0]]}
    hides = [[True, False, False], [True, True, True]]
    ax = plots.numbers(scores, rows="ab", columns="cde", mask=hides)
    assert [text.get_text() for text in ax.texts] == ["-1", "−∞", "0", "0.26", "0", "1"]
    assert [text.get_position() for text in ax.texts][:4] == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert cells(ax, "#f1f1f1") == {(0, 1), (0, 2)}
    assert (ax.get_title("left") or ax.get_title(), ax.get_ylabel()) == ("scores", "query")


def test_vectors_stand_beside_scores_in_rows_of_queries_or_keys():
    vectors = {"queries": [[1.0], [2.0]], "keys": [[3.0], [4.0], [5.0]], "scores": [[1.0] * 3] * 2}
    axes = plots.numbers(vectors, rows="ab", columns="cde", architecture="encoder").figure.axes
    assert [ticks(ax.yaxis) for ax in axes] == [["a", "b"], ["c", "d", "e"], ["a", "b"]]
    assert [ticks(ax.xaxis) for ax in axes] == [[""], [""], ["c", "d", "e"]]
    assert [text.get_text() for text in axes[1].texts] == ["3", "4", "5"]
    assert [ax.get_xlabel() for ax in axes] == ["", "", "key"]
    assert {ax.get_ylim() for ax in axes} == {(2.5, -0.5)}  # cells of one size


def test_a_matrix_that_vectors_are_multiplied_by_has_rows_without_a_name():
    made = {"x": torch.ones(3, 2), "w": torch.eye(2), "x @ w": torch.ones(3, 2)}
    axes = plots.numbers(made, rows="abc").figure.axes
    assert [[t for t in ticks(ax.yaxis) if t] for ax in axes] == [[*"abc"], [], [*"abc"]]
    assert [text.get_text() for text in axes[1].texts] == ["1", "0", "0", "1"]


def test_keys_bear_the_labels_of_queries_unless_they_have_their_own():
    for ax in (
        plots.mask(CAUSAL, rows=TOKENS),
        plots.influence(CAUSAL, CAUSAL / 5, rows=TOKENS),
        plots.attention(CAUSAL / 5, rows=TOKENS),
        plots.numbers({"x": CAUSAL / 5}, rows=TOKENS),
    ):
        assert ticks(ax.xaxis) == ticks(ax.yaxis)


# ---- words and architectures ----


def test_the_model_stands_beside_the_ideal_reader():
    ax = plots.next_words({"a": 0.1, "": 0.3, "c": 0.2}, {"a": 0.75, "b": 0.25}, top=3)
    model, ideal = ax.containers
    assert ticks(ax.yaxis) == ["a", "b", "(end)", "all others"]  # in the ideal reader's order
    left = 1 - 0.1 - 0.3  # "c", and whatever the model was not asked about
    assert [bar.get_width() for bar in model] == pytest.approx([0.1, 0.0, 0.3, left])
    assert [bar.get_width() for bar in ideal] == pytest.approx([0.75, 0.25, 0.0, 0.0])
    assert legend(ax) == ["model", "ideal reader"]
    assert [text.get_text() for text in ax.texts][:3] == ["10 %", "0", "30 %"]
    tenths = dict.fromkeys("abcdefghij", 0.1)
    assert sum(tenths.values()) < 1  # by rounding
    assert ticks(plots.next_words(tenths, tenths).yaxis) == list("abcdefghij")  # no others


def test_tasks_stand_side_by_side_and_an_architecture_has_its_hue():
    scores = {
        "fill": {"decoder": 0.2, "encoder": 0.9, "encoder-decoder": 0.8},
        "translate": {"decoder": 0.4, "encoder-decoder": 0.6},
    }
    ax = plots.comparison(scores, ideal={"fill": 0.95})
    assert [round(bar.get_center()[0]) for bar in ax.patches] == [0, 0, 0, 1, 1]
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.9, 0.8, 0.4, 0.6]
    blue, orange, green = (hue.lower() for hue in plots.HUES.values())
    drawn = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert drawn == [blue, orange, green, blue, green]
    assert ticks(ax.xaxis) == ["fill", "translate"]
    assert legend(ax) == ["decoder", "encoder", "encoder-decoder", "ideal reader"]
    (mark,) = [c for c in ax.collections if hasattr(c, "get_segments")]
    assert mark.get_segments()[0][:, 1].tolist() == [0.95, 0.95]


def test_several_seeds_are_a_bar_for_their_mean_and_a_dot_for_each():
    scores = {"fill": {"decoder": [0.2, 0.6], "encoder": 0.9}, "translate": {"decoder": [0.0, 0.1]}}
    ax = plots.comparison(scores)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.4, 0.9, 0.05])
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in dots] == [[0.2, 0.6], [0.0, 0.1]]
    for line, bar in zip(dots, [ax.patches[0], ax.patches[2]], strict=True):
        assert all(bar.get_x() < x < bar.get_x() + bar.get_width() for x in line.get_xdata())
    assert [text.get_text() for text in ax.texts] == ["40 %", "90 %", "5.0 %"]
    assert ax.texts[2].get_position()[1] > 0.1  # above the dots of a low bar
    assert legend(ax) == ["decoder", "encoder", "encoder-decoder", "one seed"]


# ---- on the page ----


def test_show_puts_the_caption_below_the_picture_and_closes_the_figure():
    InteractiveShell.instance()
    with capture_output() as page:
        plots.show(plots.mask(CAUSAL, **LABELS), alt="A <triangle> & its dots.")
    InteractiveShell.clear_instance()
    picture, caption = page.outputs
    assert picture.data["image/png"].startswith(b"\x89PNG")
    assert picture.data["text/plain"] == "A <triangle> & its dots."
    assert picture.metadata["image/png"]["alt"] == "A <triangle> & its dots."
    assert 300 < picture.metadata["image/png"]["width"] < 600
    assert set(caption.data) == {"text/html"}  # no second line in a plain terminal
    assert "<small>A &lt;triangle&gt; &amp; its dots.</small>" in caption.data["text/html"]
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("draw", "arguments", "options"),
    [
        (plots.mask, [CAUSAL], LABELS),
        (plots.influence, [CAUSAL, CAUSAL / 5], LABELS),
        (plots.encoder_decoder, [THREE, THREE], PAIR),
        (plots.attention, [CAUSAL / 5], LABELS),
        (plots.listening, [SOUND, CAUSAL / 5], {"rows": TOKENS, "seconds": 2.0}),
        (plots.token_losses, [TOKENS, [1.0] * 5], {}),
        (plots.learning_curve, [[2.0, 1.0]], {}),
        (plots.next_words, [{"a": 1.0}, {"a": 1.0}], {}),
        (plots.comparison, [{"fill": {"decoder": 0.5}}], {}),
    ],
)
def test_every_function_draws_on_the_axes_it_is_given_and_leaves_settings_alone(
    draw, arguments, options
):
    before = dict(plt.rcParams)
    ax, _ = plots.panels(2)
    assert draw(*arguments, **options, ax=ax, title="A title") is ax
    assert ax.get_title(loc="left") == "A title"
    assert draw(*arguments, **options).figure is not ax.figure
    assert dict(plt.rcParams) == before


@pytest.mark.parametrize("count", [12, 30])
def test_no_label_is_clipped_and_none_overlaps_its_neighbour(count):
    tokens = ["ĠWednesday", "Ġ."] * (count // 2)
    ax = plots.mask(torch.ones(count, count, dtype=torch.bool), rows=tokens, columns=tokens)
    ax.figure.canvas.draw()
    page = ax.figure.bbox
    for axis in (ax.xaxis, ax.yaxis):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
        assert len(boxes) == count
        assert Bbox.union([page, *boxes]).bounds == page.bounds
        assert all(box.padded(-1).count_overlaps(boxes) == 1 for box in boxes)  # itself


@pytest.mark.parametrize("count", [1, 6, 30])
def test_no_word_beside_a_sound_overlaps_another(count):
    weights = torch.ones(count, 200) / 200
    rows = ["<|startoftranscript|>", "Ġwas"] * 15
    ax = plots.listening(SOUND, weights, rows=rows[:count], seconds=4.0, title="A title")
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.figure.axes[1].get_yticklabels()]
    assert len(boxes) == count
    assert all(box.padded(-1).count_overlaps(boxes) == 1 for box in boxes)
    page, drawn = ax.figure.bbox, [part.get_tightbbox() for part in ax.figure.axes]
    assert Bbox.union([page, *drawn]).bounds == page.bounds
