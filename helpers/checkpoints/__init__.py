"""Which weights a model id stands for: the miniature bundled with this package, or the real thing.

The notebooks name the real models. `NOTEBOOK_WEIGHTS=hub` in the environment makes the same cells
load them from the Hugging Face Hub, or from its local cache.
"""

from helpers.checkpoints.hub import fetch
from helpers.checkpoints.models import MINIATURES, architecture, resolve

__all__ = ["MINIATURES", "architecture", "fetch", "resolve"]
