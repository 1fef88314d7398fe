"""How fast the source is: run `python tests/tools/bench_stories.py`. pytest does not collect it.

Prints the median and the slowest of a hundred over stories and positions, in milliseconds, and
stories a second.
"""

import sys
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from helpers import stories


def milliseconds(function, *arguments) -> float:
    start = perf_counter()
    function(*arguments)
    return (perf_counter() - start) * 1e3


def report(name: str, times: list[float], goal: str) -> None:
    times.sort()
    high = times[int(0.99 * len(times))]
    print(f"{name:28}median {median(times):6.2f} ms   99 % below {high:6.2f} ms   (goal {goal})")


def main(calls: int = 1000) -> None:
    random = Random(0)
    texts = [story.text for story in stories.sample(calls, seed=1)]
    parts = [stories.units(text) for text in texts]
    cuts = [random.randrange(len(units)) for units in parts]
    prefixes = [stories.spell(units[:cut]) for units, cut in zip(parts, cuts, strict=True)]
    blanks = [
        stories.spell([*units[:cut], stories.BLANK, *units[cut + 1 :]])
        for units, cut in zip(parts, cuts, strict=True)
    ]
    firsts = [stories.spell([stories.BLANK, *units[1:]]) for units in parts]
    seconds = median(milliseconds(stories.sample, 2000, seed) / 1e3 for seed in range(5))
    print(f"{'sample':28}{2000 / seconds:,.0f} stories a second   (goal 2,000)")
    report("next_words('')", [milliseconds(stories.next_words, "") for _ in range(100)], "10")
    report("next_words(prefix)", [milliseconds(stories.next_words, p) for p in prefixes], "10")
    report("fill, one blank", [milliseconds(stories.fill, text) for text in blanks], "10")
    report("fill, first word blank", [milliseconds(stories.fill, text) for text in firsts], "10")
    report("log_probability", [milliseconds(stories.log_probability, t) for t in texts], "10")


if __name__ == "__main__":
    main()
