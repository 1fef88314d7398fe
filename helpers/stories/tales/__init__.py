"""The seven plots, one file each. A new one is a file like these, listed in `TALES`; a slot that no
tale has had gets a line in `words.CAST`.

A tale is read from top to bottom. Every English sentence has its translation below it. `say` is for
sentences one after the other, `maybe` for some that can be left out, `one_of` for ways to say a
thing, with an empty line between them. `Either` chooses between turns of the plot, `Given` lets an
earlier word choose, and an `Outcome` says how it ends. Slots such as `{hero}` are explained in
`nodes` and, for German, in `german.translate`. Then run `python tests/tools/approved.py`.
"""

from helpers.stories.language import END
from helpers.stories.nodes import Either, InOrder
from helpers.stories.tales.baking import BAKING
from helpers.stories.tales.gift import GIFT
from helpers.stories.tales.journey import JOURNEY
from helpers.stories.tales.loan import LOAN
from helpers.stories.tales.lost import LOST
from helpers.stories.tales.outing import OUTING
from helpers.stories.tales.pet import PET

TALES = {tale.name: tale for tale in (LOST, OUTING, GIFT, PET, BAKING, JOURNEY, LOAN)}
START = InOrder(Either(*TALES.values()), END)  # each as probable as the others
