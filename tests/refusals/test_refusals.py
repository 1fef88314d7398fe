"""What is refused, and in which words: a table for each module of `helpers`, one row a call.

A row is (call, error, message): the call without arguments, the kind of its error, and a pattern
that the error's message holds. It names the argument, what came, and what to do.
"""

from importlib import import_module

import pytest

TABLES = ["checkpoints", "masks"]
ROWS = [
    pytest.param(*row, id=f"{table}-{number}")
    for table in TABLES
    for number, row in enumerate(import_module(f"refused_{table}").REFUSED)
]


@pytest.mark.parametrize(("call", "error", "message"), ROWS)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
