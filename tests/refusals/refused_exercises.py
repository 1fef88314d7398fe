"""Bad input to `helpers.exercises`."""

from helpers.exercises import Exercise, check

REFUSED = [
    (lambda: check("causal.masks", abs), ValueError, "name must be .*, got 'causal.masks'"),
    (lambda: check(["causal.mask"], abs), ValueError, r"name must be .*, got \['causal.mask'\]"),
    (lambda: Exercise(abs, []), ValueError, r"inputs must be a list of tuples .*, got \[\]"),
    (lambda: Exercise(abs, [3]), ValueError, r"inputs must be a list of tuples .*, got \[3\]"),
]
