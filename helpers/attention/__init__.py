"""Who attends to whom in a loaded model: `record` what is done, `influence` what comes of it.

`record` listens in on the two functions of PyTorch that every attention goes through, and notes
the mask that was really applied. `influence` doesn't look at masks at all: it takes the gradient of
every output with respect to every input, and where nothing flows that is exactly 0.0. `reach` says
where something can flow, by the recorded masks alone, and after which layer.

Sources: Vaswani et al. 2017, section 3.2; Simonyan et al. 2014, "Deep inside convolutional
networks", section 3 (gradients as a measure of influence); PyTorch, "Extending torch" (modes).
"""

from helpers.attention.gradients import influence
from helpers.attention.layers import reach
from helpers.attention.recording import Attention, record

__all__ = ["Attention", "influence", "reach", "record"]
