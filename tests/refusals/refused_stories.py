"""Bad input to `helpers.stories`."""

from helpers import stories
from helpers.stories import nodes

LOAN = (
    "Ida lent Tom a red kite. He promised to be careful. But Tom fell on the bridge, and the kite "
    "broke. Ida was not angry and thanked Tom for the truth."
)
PURPLE = "It was a purple day"
REFUSED = [
    (lambda: stories.sample(-1, 0), ValueError, "count must be at least 0, got -1: try sample"),
    (lambda: stories.sample(2.5, 0), TypeError, "count must be a whole number, got float: 2.5"),
    (lambda: stories.sample(10, None), TypeError, "seed must be a whole number, got NoneType"),
    (lambda: stories.sample(10, -2), ValueError, "seed must be at least 0, got -2"),
    (lambda: stories.sample(1, 0, tale="Pet"), ValueError, "tale must be 'lost' or 'outing' or "),
    (lambda: stories.log_probability(None), TypeError, "text must be a string with a whole story"),
    (lambda: stories.next_words(3), TypeError, "such as 'It was a', got int"),
    (lambda: stories.next_words(PURPLE), ValueError, r"'purple' \(unit 4\) after 'It was a'"),
    (lambda: stories.next_words(PURPLE), ValueError, "; what it can say there: 'windy', "),
    (lambda: stories.next_words("Purple"), ValueError, r"'Purple' \(unit 1\) at the beginning"),
    (lambda: stories.next_words(LOAN + " Ida"), ValueError, r"can't say 'Ida' \(unit 37\) after"),
    (lambda: stories.next_words("It was a ___ day"), ValueError, "blank '___': use stories.fill"),
    (lambda: stories.next_words("It  was"), ValueError, "orthography: got 'It  was', write 'It w"),
    (lambda: stories.fill(None), TypeError, "a whole story with '___' for a word, got NoneType"),
    (lambda: stories.fill(""), ValueError, "text has no blank: write '___'"),
    (lambda: stories.fill("It was a ___ purple day."), ValueError, r"'purple' \(unit 5\) after"),
    (
        lambda: stories.fill("Ida lent Tom a ___ kite."),
        ValueError,
        r"the end of the story \(unit 8\)",
    ),
    (lambda: stories.fill(LOAN + " ___"), ValueError, r"the end of the story \(unit 38\)"),
    (lambda: stories.fill("It was a ___ , day."), ValueError, "text is not in normal orthography"),
    (lambda: stories.unit_indices("Tom.", [(3, 5)]), ValueError, "text, which has 4 characters"),
    (
        lambda: stories.blanks([], None, each=0, seed=0),
        ValueError,
        "each must be at least 1, got 0",
    ),
    (lambda: stories.blanks([], None, each=1, seed=-1), ValueError, "seed must be at least 0"),
    (
        lambda: stories.surprise_by_story(None, None, "Tom."),
        TypeError,
        "texts must be a list of",
    ),
    (lambda: stories.surprise_by_story(None, None, [3]), TypeError, r"texts\[0\] must be a string"),
    (lambda: nodes.Slot("{spot}").steps({}), ValueError, r"{spot} needs \('place',\) to be drawn"),
]
