"""What each colour means. The greys of axes and text stand in house.mplstyle.

The hues are Okabe & Ito's (2008), which colour-blind readers can tell apart: one for each
architecture. Whatever belongs to the ideal reader is dark; whatever is hidden or impossible is
light grey and hatched.
"""

from typing import Any

from matplotlib.colors import to_rgba

from helpers import checks

HUES = {"decoder": "#0072B2", "encoder": "#D55E00", "encoder-decoder": "#009E73"}
OTHER_HUES = ["#CC79A7", "#E69F00", "#6B4226", "#56B4E9"]  # for curves beyond the first
IDEAL = "#3A3A3A"
WEIGHTS = "cividis"
SOUND = "Greys"  # loud is dark
LEAK = "#B0003A"

HATCHED = {"facecolor": "#F1F1F1", "edgecolor": "#CFCFCF", "hatch": "/////", "linewidth": 0}
_CELL = {"edgecolor": "white", "linewidth": 0.8}
LEAK_CELL = {"facecolor": "#F9E076", **_CELL}


def hue(architecture: str) -> str:
    """The colour of an architecture; ValueError if there is none."""
    checks.choice("architecture", architecture, HUES)
    return HUES[architecture]


def filled(colour: str, opacity: float = 1.0) -> dict[str, Any]:
    """The style of a filled cell."""
    return {"facecolor": to_rgba(colour, opacity), **_CELL}
