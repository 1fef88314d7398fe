"""One call per figure: masks, influence, attention, sounds, losses, learning curves, next words.

Every function takes its data first and returns the Axes that it drew on, a new figure's unless
`ax` is given. End a cell with `show(ax, alt=...)`, which puts a caption below the picture.

`player` alone is no figure but a piece of the page to play with, and shows itself.

`matrices`, `by_hand`, `curves`, `bars` and `sound` draw, `page` holds what all figures share,
`colours` what each colour means, `house.mplstyle` everything that matplotlib lets a style decide.
"""

from helpers.plots.bars import comparison, fractions, next_words, token_losses
from helpers.plots.blocks import architecture
from helpers.plots.by_hand import numbers
from helpers.plots.colours import HUES
from helpers.plots.curves import learning_curve
from helpers.plots.matrices import attention, encoder_decoder, influence, mask
from helpers.plots.page import panels, save, show
from helpers.plots.player import player
from helpers.plots.sound import listening
from helpers.plots.targets import shift

__all__ = [
    "HUES",
    "architecture",
    "attention",
    "comparison",
    "encoder_decoder",
    "fractions",
    "influence",
    "learning_curve",
    "listening",
    "mask",
    "next_words",
    "numbers",
    "panels",
    "player",
    "save",
    "shift",
    "show",
    "token_losses",
]
