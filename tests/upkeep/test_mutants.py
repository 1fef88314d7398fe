"""The seeded defects can all be applied; whether they are caught is for `make mutants` to say."""

from collections import Counter

import pytest
from mutants import Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.breaks)
def test_a_defect_can_be_applied_and_leaves_valid_code(mutant):
    compile(mutant.source(), mutant.file, "exec")


def test_there_are_twelve_in_each_area_and_no_two_alike():
    listed = mutants()
    assert Counter(m.area for m in listed) == dict.fromkeys(
        ("masks", "attention", "objectives", "stories", "exercises"), 12
    )
    assert len({mutant.breaks for mutant in listed}) == 60


def test_a_defect_whose_code_has_moved_is_named():
    moved = Mutant("masks", "rows are queries", "helpers/masks.py", "no such line", "")
    with pytest.raises(ValueError, match=r"0 times, not once: write anew how “rows are queries”"):
        moved.source()
