"""What is refused, and in which words: a table for each module of `helpers`, one row a call.

A row of `REFUSED` is (call, error, message): the call without arguments, the kind of its error, and
a pattern that the error's message holds. It names the argument, what came, and what to do.
"""

from importlib import import_module
from pathlib import Path

import pytest

TABLES = sorted(path.stem for path in Path(__file__).parent.glob("refused_*.py"))
ROWS = [
    pytest.param(*row, id=f"{table.removeprefix('refused_')}-{number}")
    for table in TABLES
    for number, row in enumerate(import_module(table).REFUSED)
]


@pytest.mark.parametrize(("call", "error", "message"), ROWS)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
