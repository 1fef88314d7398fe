"""What pytest does first: the surroundings that notebooks and tests run in."""

import execute

execute.prepare()
