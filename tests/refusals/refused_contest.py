"""Bad input to `helpers.contest`."""

from helpers import contest

REFUSED = [
    (lambda: contest.results("nowhere"), FileNotFoundError, "nowhere does not: .*making contest"),
]
