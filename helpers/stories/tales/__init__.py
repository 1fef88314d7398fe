"""The seven plots, one file each. A new one is written like these and listed here."""

from helpers.stories.nodes import source_of
from helpers.stories.tales.baking import BAKING
from helpers.stories.tales.gift import GIFT
from helpers.stories.tales.journey import JOURNEY
from helpers.stories.tales.loan import LOAN
from helpers.stories.tales.lost import LOST
from helpers.stories.tales.outing import OUTING
from helpers.stories.tales.pet import PET

START = source_of([LOST, OUTING, GIFT, PET, BAKING, JOURNEY, LOAN])
