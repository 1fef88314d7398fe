"""The source: probabilities held to hand calculation, to enumeration and to the samples themselves;
texts and translations to what somebody has approved (`approved`); the rest to what was promised."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations, product
from math import exp, inf, isclose, isfinite, log, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist, mean, stdev

import approved
import pytest

from helpers import stories
from helpers.stories import decks, german, nodes, reader, words

ROOT = Path(__file__).resolve().parents[2]

# Short stories to ask about, written by hand.
LOAN = (
    "Ida lent Tom a red kite. He promised to be careful. But Tom fell on the bridge, and the kite "
    "broke. Ida was not angry and thanked Tom for the truth."
)
LOST = (
    "It was a cold day in Vienna. Anna went to the lake. She took her red ball along. There were "
    "many people at the lake that day. Suddenly the ball was gone. Anna looked for the red ball "
    "because she had lost it. Ben helped her to search. Ben found the red ball on the pier. Anna "
    "was happy again."
)
OUTING = (
    "It was a windy morning in Basel. Paul and Mia wanted to fly a kite on the hill. Paul lent "
    "Mia his green cap. Suddenly the wind blew the green cap into a tree. Paul climbed up and "
    "brought the cap back. At home, they talked about the wind for hours."
)
PET = (
    "Nora had a black cat called Max. One day, Nora forgot to close the gate. Max escaped at "
    "once. Nora called Max again and again. Max never came back. Even now, Nora looks at the gate "
    "and waits."
)
BAKING = (
    "Finn wanted to bake a tart for his aunt. He mixed flour, eggs and plums. Then he put the "
    "tart in the oven. But Clara called, and they talked for an hour. The tart was black because "
    "it had been in the oven for too long. Finn threw the tart away and cried."
)
JOURNEY = (
    "Luna took the train from Munich to Bremen. Her uncle had invited her. In her white bag there "
    "was an umbrella. In Bremen, she got off and forgot the bag. The train went on with the white "
    "bag. Her uncle never got the umbrella. Late at night, Luna was back in Munich."
)
BY_HAND = [LOAN, LOST, OUTING, PET, BAKING, JOURNEY]


@cache
def drawn(count=2500, seed=2024):
    return stories.sample(count, seed)


@cache
def vocabulary():
    """Every unit in 8,000 stories, likeliest first."""
    seen = Counter(unit for story in drawn(8000) for unit in stories.units(story.text))
    return [unit for unit, _ in seen.most_common()]


def graded(rank, size):
    """The chance of one of `size` words, if the first comes three times as often as the last.

    The weights go from 3 to 1 in even steps, so their mean is 2.
    """
    return (3 - 2 * rank / (size - 1)) / (2 * size)


def with_blanks(text, *indices):
    parts = stories.units(text)
    for index in indices:
        parts[index] = "___"
    return stories.spell(parts)


def same_distribution(one, other):
    return one.keys() == other.keys() and all(
        isclose(one[unit], other[unit], rel_tol=1e-9) for unit in one
    )


# ---- Units ----


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("It was a day.", ["It", "was", "a", "day", "."]),
        ("In Basel, he sat.", ["In", "Basel", ",", "he", "sat", "."]),
        ("Tom's well-known ___ broke.", ["Tom's", "well-known", "___", "broke", "."]),
    ],
)
def test_a_unit_is_a_word_or_a_punctuation_mark(text, parts):
    assert stories.units(text) == parts
    assert stories.spell(parts) == text


def test_stories_are_spelled_from_their_units():
    for story in drawn():
        assert stories.spell(stories.units(story.text)) == story.text


# ---- Probabilities worked out by hand ----


def test_a_story_is_as_probable_as_the_product_of_its_choices():
    choices = [
        1 / 7,  # this tale of seven
        1 / 2,  # "lent", not "borrowed"
        graded(12, 20),  # Ida, seventh of the girls: 13th of the children
        3 / 20,  # Tom, first of ten boys
        3 / 16,  # red, first of eight colours
        3 / 18,  # kite, first of nine things
        1 / 2,  # the promise
        2 / 3,  # it breaks
        3 / 8,  # the bridge, first of four
        1 / 2,  # "was afraid" left out
        1 / 2,  # "repaired" left out
        1 / 2,  # not angry
        0.7,  # "talked about it" left out
    ]
    expected = sum(log(chance) for chance in choices)
    assert isclose(stories.log_probability(LOAN), expected, rel_tol=1e-12)


def test_the_first_unit_is_it_in_two_tales():
    assert isclose(stories.next_words("")["It"], (3 / 8 + 2 / 3) / 7)


def test_the_likeliest_word_comes_first():
    for distribution in [stories.next_words(""), *stories.fill("___" + LOAN[3:])]:
        chances = list(distribution.values())
        assert chances == sorted(chances, reverse=True)


def test_a_blank_is_filled_from_both_sides():
    # Before: a hat or a boat, whatever the source knows. After: what the wind blew away.
    blank = OUTING.replace("his green cap", "his green ___")
    assert len(stories.next_words(blank.split(" ___")[0])) > 1
    assert stories.fill(blank) == [{"cap": 1.0}]


def test_a_blank_that_nothing_decides_keeps_its_prior():
    """Four roads, but "on the" goes with the first two only."""
    bridge, stairs = graded(0, 4), graded(1, 4)
    (filled,) = stories.fill(LOAN.replace("on the bridge", "on the ___"))
    expected = {"bridge": bridge / (bridge + stairs), "stairs": stairs / (bridge + stairs)}
    assert same_distribution(filled, expected)


@pytest.mark.parametrize(
    ("text", "what", "answer"),
    [
        (LOAN, "thanked ___ for", "Tom"),
        (LOAN, "___ promised", "He"),
        (LOST, "took ___ red", "her"),
        (LOST, "helped ___ to", "her"),
        (LOST, "to the ___. She", "lake"),
        (OUTING, "about the ___ for", "wind"),
        (OUTING, "Mia ___ green", "his"),
        (PET, "at the ___ and", "gate"),
        (PET, "called ___. One", "Max"),
        (BAKING, "The tart was ___", "black"),
        (JOURNEY, "back in ___.", "Munich"),
        (JOURNEY, "was ___ umbrella", "an"),
        (JOURNEY, "Her ___ had", "uncle"),
    ],
)
def test_a_far_word_decides(text, what, answer):
    """Names and pronouns, owners, places, colours, causes: exactly one word fits."""
    assert what.replace("___", answer) in text
    assert stories.fill(text.replace(what.replace("___", answer), what)) == [{answer: 1.0}]


# ---- Every text of a small source, written out ----

BEN, IDA = decks.person("Ben", "m"), decks.person("Ida", "f")
CAT, DOG = decks.noun("cat", "Katze", "f"), decks.noun("dog", "Hund", "m")
BALL, BONE = decks.noun("ball", "Ball", "m"), decks.noun("bone", "Knochen", "m")
SMALL = nodes.Tale(
    nodes.say("{hero} had a {pet}.", "{hero} hatte {acc ein pet}."),
    nodes.Either(
        nodes.say("{hero.He} ran.", "{hero.Er} lief."),
        nodes.say("The {pet} ran.", "{Nom der pet} lief."),
        odds=(3, 1),
    ),
    nodes.maybe("It rained.", "Es regnete.", probability=0.25),
    nodes.Given(
        "hero", {BEN: nodes.say("A {toy} fell.", "{Nom ein toy} fiel."), IDA: nodes.NOTHING}
    ),
    cast={
        "hero": decks.deck(BEN, IDA),  # 3/4 and 1/4
        "pet": decks.deck(CAT, DOG),
        "toy": decks.by("pet", {CAT: decks.deck(BALL, BONE), DOG: decks.deck(BONE, BALL)}),
    },
    questions=[],
)


@pytest.fixture
def small_source(monkeypatch):
    """Puts the small source in place of the stories; {units of a text: its probability}."""
    monkeypatch.setattr(reader, "START", nodes.source_of([SMALL]))
    found = Counter()
    for (hero, he, p1), (pet, toys, p2), (ran, p3), (rain, p4), (first, p5) in product(
        [("Ben", "He", 3 / 4), ("Ida", "She", 1 / 4)],
        [("cat", ["ball", "bone"], 3 / 4), ("dog", ["bone", "ball"], 1 / 4)],
        [("{he} ran.", 3 / 4), ("The {pet} ran.", 1 / 4)],
        [("", 3 / 4), (" It rained.", 1 / 4)],
        [(True, 3 / 4), (False, 1 / 4)],
    ):
        toy = f" A {toys[0] if first else toys[1]} fell." if hero == "Ben" else ""
        text = f"{hero} had a {{pet}}. {ran}{rain}{toy}".format(he=he, pet=pet)
        found[tuple(stories.units(text))] += p1 * p2 * p3 * p4 * p5
    assert isclose(found.total(), 1)
    return found


def among(texts, index):
    """How the unit at an index is distributed among texts, {units: weight}; "" behind the end."""
    found = Counter()
    for text, weight in texts.items():
        found[[*text, ""][index]] += weight / sum(texts.values())
    return found


def test_texts_and_next_words_are_as_probable_as_an_enumeration_says(small_source):
    for text, chance in small_source.items():
        assert isclose(exp(stories.log_probability(stories.spell(text))), chance)
        for end in range(len(text) + 1):
            fitting = {t: p for t, p in small_source.items() if t[:end] == text[:end]}
            next_words = stories.next_words(stories.spell(text[:end]))
            assert same_distribution(next_words, among(fitting, end))


def test_up_to_three_blanks_are_filled_as_an_enumeration_says(small_source):
    for text in small_source:
        places = range(len(text))
        for blanks in (b for size in (1, 2, 3) for b in combinations(places, size)):
            fitting = {
                other: chance
                for other, chance in small_source.items()
                if len(other) == len(text)
                and all(i in blanks or other[i] == text[i] for i in places)
            }
            filled = stories.fill(with_blanks(stories.spell(text), *blanks))
            expected = [among(fitting, blank) for blank in blanks]
            assert all(map(same_distribution, filled, expected)), (text, blanks)


# ---- Bayes' rule and the chain rule ----


def test_next_words_sum_to_one_and_chain_to_the_probability_of_the_story():
    for story in drawn(60, 1):
        parts = stories.units(story.text)
        total = 0.0
        for index, unit in enumerate([*parts, ""]):
            distribution = stories.next_words(stories.spell(parts[:index]))
            assert isclose(sum(distribution.values()), 1, rel_tol=1e-12)
            assert min(distribution.values()) > 0
            total += log(distribution[unit])
        assert isclose(total, stories.log_probability(story.text), rel_tol=0, abs_tol=1e-9)


def test_a_story_is_drawn_as_probably_as_it_is_read():
    for story in drawn(1000, 2):
        assert isclose(
            story.log_probability, stories.log_probability(story.text), rel_tol=0, abs_tol=1e-9
        )


def test_fill_is_bayes_rule_over_every_word():
    """At the blank, of five, that leaves most open: nearly every word is certain."""
    random = Random(0)
    for text in BY_HAND + [story.text for story in drawn(4, 3)]:
        parts = stories.units(text)
        blanks = {
            i: stories.fill(with_blanks(text, i))[0] for i in random.sample(range(len(parts)), 5)
        }
        index, filled = max(blanks.items(), key=lambda item: len(item[1]))
        joint = {}
        for word in vocabulary():
            whole = stories.spell([*parts[:index], word, *parts[index + 1 :]])
            joint[word] = exp(stories.log_probability(whole))
        expected = {word: chance / sum(joint.values()) for word, chance in joint.items() if chance}
        assert same_distribution(filled, expected), (text, index)


def test_thirty_blanks_are_no_problem():
    """What is still open matters, not how many places it stands in."""
    text = drawn(1, 1)[0].text
    words = stories.units(text)
    places = sorted(Random(30).sample(range(len(words)), 30))
    for place, distribution in zip(places, stories.fill(with_blanks(text, *places)), strict=True):
        assert isclose(sum(distribution.values()), 1, rel_tol=1e-9)
        assert words[place] in distribution


def test_a_text_that_leaves_all_open_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_STATES", 1000)
    with pytest.raises(ValueError, match=r"too much open: after unit \d+ there are over 1,0"):
        stories.fill(" ".join(["___"] * 30))


# ---- Samples ----


def chi_squared_tail(statistic, freedom):
    """How probable so large a chi-squared value is (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return 1 - NormalDist().cdf(((statistic / freedom) ** (1 / 3) - (1 - spread)) / sqrt(spread))


def goodness_of_fit(observed, chances):
    """The chi-squared tail of counts against probabilities; rare outcomes are taken together."""
    total = sum(observed.values())
    assert observed.keys() <= chances.keys(), observed.keys() - chances.keys()
    cells, rare = [], [0, 0.0]
    for outcome, chance in chances.items():
        if total * chance >= 5:
            cells.append((observed[outcome], total * chance))
        else:
            rare = [rare[0] + observed[outcome], rare[1] + total * chance]
    if rare[1] >= 5:
        cells.append(tuple(rare))
    if len(cells) < 2:
        return 1.0
    return chi_squared_tail(sum((o - e) ** 2 / e for o, e in cells), len(cells) - 1)


@pytest.mark.parametrize(
    ("statistic", "freedom", "tail"),
    [(3.841, 1, 0.05), (18.307, 10, 0.05), (29.588, 10, 0.001), (55.758, 40, 0.05)],
)
def test_the_chi_squared_tail_is_the_one_in_the_tables(statistic, freedom, tail):
    assert chi_squared_tail(statistic, freedom) == pytest.approx(tail, rel=0.07)


def test_a_wrong_weight_would_be_seen():
    observed = Counter({"red": 700, "blue": 300})
    assert goodness_of_fit(observed, {"red": 0.7, "blue": 0.3}) > 0.5
    assert goodness_of_fit(observed, {"red": 0.6, "blue": 0.4}) < 1e-6


def test_samples_begin_as_often_as_next_words_says():
    """The first unit, and the next one after each of the hundred commonest beginnings."""
    followers = defaultdict(Counter)
    for story in drawn(8000):
        parts = stories.units(story.text)
        for length in range(9):
            followers[stories.spell(parts[:length])][parts[length]] += 1
    common = sorted(followers, key=lambda prefix: -followers[prefix].total())[:100]
    assert common[0] == ""
    tails = [goodness_of_fit(followers[p], stories.next_words(p)) for p in common]
    assert min(tails) > 1e-4, common[tails.index(min(tails))]


def test_moods_are_as_frequent_as_the_odds_say():
    """A loan: brought back 1/3, else forgiven or not, half and half. A journey: 1/3 + 2/3 * 1/3."""
    happy = {"Whose": 1 / 3 + 2 / 3 / 2, "Where did": 1 / 3 + 2 / 3 / 3}
    for question, chance in happy.items():
        moods = Counter(
            story.mood for story in drawn(8000) if story.questions[0][0].startswith(question)
        )
        assert goodness_of_fit(moods, {"happy": chance, "sad": 1 - chance}) > 1e-4


def test_a_longer_sample_begins_with_the_shorter_one():
    assert stories.sample(0, 8) == []
    assert stories.sample(50, 8) == stories.sample(120, 8)[:50]
    assert stories.sample(50, 8) != stories.sample(50, 9)


def test_the_same_seed_gives_the_same_stories_in_another_process():
    program = (
        "from helpers import stories\n"
        "for story in stories.sample(300, 11): print(story)\n"
        "print(list(stories.next_words('').items()))\n"
        f"print([list(d.items()) for d in stories.fill({LOAN.replace('Tom', '___')!r})])\n"
    )

    def digest(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
        process = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=True,
        )
        assert process.stdout.count(b"Story(") == 300
        return hashlib.sha256(process.stdout).hexdigest()

    assert digest("1") == digest("2")


# ---- What the source can't say ----


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (LOAN, "red", "purple"),  # no word of the source
        (LOAN, "kite broke", "lamp broke"),  # another thing than the one that was lent
        (LOAN, "thanked Tom", "thanked Ben"),
        (LOAN, "lent Tom", "lent Mia"),  # two girls, and a pronoun would mean both
        (LOAN, "a red", "an red"),
        (LOAN, "Ida was not angry and thanked Tom for the truth.", ""),  # no last sentence
        (LOAN, "truth.", "truth. Ida was not angry and thanked Tom for the truth."),
        (LOAN, "truth.", "truth"),
        (LOAN, "He promised to be careful. ", ""),
        (LOAN, "red kite", "kite red"),
        (LOAN, "red kite", "red  kite"),
        (LOAN, "bridge, and", "bridge , and"),
        (LOAN, "truth.", "truth. "),
        (LOAN, "He", "he"),
        (LOST, "on the pier", "under a bench"),  # there is none at the lake
        (OUTING, "about the wind", "about the rain"),
        (PET, "Max", "Nora"),  # a pet is not called like its owner
        (OUTING, "cap", "shirt"),  # not what the wind blows off
        (BAKING, "plums", "cheese"),
        (BAKING, "tart", "pizza"),  # with plums
        (JOURNEY, "to Bremen", "to Munich"),
        (JOURNEY, "was an umbrella", "was a umbrella"),
    ],
)
def test_what_the_source_cannot_say_has_probability_zero(text, right, wrong):
    assert text.count(right) >= 1
    assert isfinite(stories.log_probability(text))
    assert stories.log_probability(text.replace(right, wrong)) == -inf


@pytest.mark.parametrize(
    "text", ["", " \n", "___", "It was a ___ day.", "é🙂", "Tom", "Tom " * 999]
)
def test_whatever_a_model_writes_gets_a_probability(text):
    assert stories.log_probability(text) == -inf


def test_one_strange_word_makes_any_story_impossible():
    random = Random(12)
    for story in drawn(200, 12):
        parts = stories.units(story.text)
        parts[random.randrange(len(parts))] = random.choice(["purple", "Heidi", "walrus", "?"])
        assert stories.log_probability(stories.spell(parts)) == -inf
        assert stories.log_probability(" ".join(stories.sentences(story.text)[1:])) == -inf
        assert stories.log_probability(story.text + " The end.") == -inf


# ---- What comes with a story ----


def test_stories_are_those_that_somebody_has_approved():
    """Texts, translations, summaries, questions, names and moods; see `approved`."""
    message = "if this is meant: python tests/tools/approved.py, and read the differences"
    assert approved.text() == approved.FILE.read_text(encoding="utf-8"), message


def test_a_story_has_four_to_nine_sentences():
    lengths = {len(stories.sentences(story.text)) for story in drawn(8000)}
    assert lengths == {4, 5, 6, 7, 8, 9}


def test_there_are_more_than_three_hundred_words():
    assert len({word.lower() for word in vocabulary() if word.isalpha()}) > 300


def test_there_are_more_than_a_billion_stories():
    """A distribution over N stories has entropy at most ln N."""
    surprises = [-story.log_probability for story in drawn(8000)]
    entropy, error = mean(surprises), stdev(surprises) / sqrt(len(surprises))
    assert entropy - 5 * error > log(1e9)


def test_english_articles_and_spacing_are_right():
    wrong = re.compile(r"\b[Aa] [aeiou]|\b[Aa]n (?!hour)[^aeiou]|  |\s$|^\s|[{}_]")
    for story in drawn():
        for text in [story.text, story.summary, *(t for pair in story.questions for t in pair)]:
            assert not wrong.search(text), text
        assert all(sentence[0].isupper() for sentence in stories.sentences(story.text))
        assert " ".join(stories.sentences(story.text)) == story.text


NAMES = {
    word.english[""] for deck in (words.CHILDREN, words.PETS, words.TOWNS) for word in deck.words
}


def test_entities_are_exactly_the_names_and_all_of_them():
    name = re.compile("|".join(rf"\b{name}\b" for name in sorted(NAMES)))
    seen = defaultdict(set)
    for story in drawn():
        spans = [match.span() for match in name.finditer(story.text)]
        assert [entity[:2] for entity in story.entities] == spans
        for start, end, label in story.entities:
            seen[label].add(story.text[start:end])
    assert {label: len(names) for label, names in seen.items()} == {"PER": 20, "PET": 6, "LOC": 10}


def test_a_summary_is_one_short_sentence():
    for story in drawn():
        assert stories.sentences(story.summary) == [story.summary]
        assert story.summary[0].isupper()
        assert len(story.summary) < len(story.text) / 2


def test_questions_end_in_a_question_mark_and_the_text_answers_them():
    def stems(text):
        return {unit.removesuffix("'s") for unit in stories.units(text)}

    for story in drawn():
        assert len(set(story.questions)) == len(story.questions) >= 2
        for question, answer in story.questions:
            assert re.fullmatch(r"(Who|Whose|What|Where|When|Why) [^?.!]+\?", question)
            assert answer
            assert stems(answer) - {"a", "the", "in", "to", "at", "on", "fell"} <= stems(story.text)


# ---- German ----


def test_german_goes_sentence_by_sentence():
    translation = {}
    for story in drawn(8000):
        for english, translated in zip(
            stories.sentences(story.text), stories.sentences(story.german), strict=True
        ):
            assert translation.setdefault(english, translated) == translated


def test_german_agrees_in_gender_and_case_as_a_grammar_has_it():
    table = """
        nom m  der rote X    ein roter X     er
        nom f  die rote X    eine rote X     sie
        nom n  das rote X    ein rotes X     es
        acc m  den roten X   einen roten X   ihn
        acc f  die rote X    eine rote X     sie
        acc n  das rote X    ein rotes X     es
        dat m  dem roten X   einem roten X   ihm
        dat f  der roten X   einer roten X   ihr
        dat n  dem roten X   einem roten X   ihm
    """
    for line in table.strip().splitlines():
        key, definite, indefinite, pronoun = re.split(r" {2,}", line.strip())
        case, gender = key.split()
        assert german.noun_phrase(case, "der", "X", gender, "rot") == definite
        assert german.noun_phrase(case, "ein", "X", gender, "rot") == indefinite
        assert german.noun_phrase(case, "ein", "X", gender) == f"{indefinite.split()[0]} X"
        assert german.pronoun(case, gender) == pronoun


# ---- Bad input ----


@pytest.mark.parametrize(
    ("name", "given", "error", "message"),
    [
        ("sample", (-1, 0), ValueError, "count must be at least 0, got -1: try sample(10, seed=0)"),
        ("sample", (2.5, 0), TypeError, "count must be a whole number, got float: 2.5"),
        ("sample", (True, 0), TypeError, "count must be a whole number, got bool: True"),
        ("sample", (10, None), TypeError, "seed must be a whole number, got NoneType"),
        ("sample", (10, -2), ValueError, "seed must be at least 0, got -2"),
        ("log_probability", (None,), TypeError, "text must be a string with a whole story"),
        ("next_words", (3,), TypeError, "such as 'It was a', got int"),
        ("next_words", ("It was a purple day",), ValueError, "'purple' (unit 4) after 'It was a'"),
        ("next_words", ("It was a purple day",), ValueError, "; what it can say there: 'windy', "),
        ("next_words", ("Purple",), ValueError, "'Purple' (unit 1) at the beginning"),
        ("next_words", (LOAN + " Ida",), ValueError, "can't say 'Ida' (unit 37) after"),
        ("next_words", ("It was a ___ day",), ValueError, "prefix has a blank '___': use stories."),
        ("next_words", ("It  was",), ValueError, "not in normal orthography: got 'It  was', write"),
        ("fill", (None,), TypeError, "a whole story with '___' for a word, got NoneType"),
        ("fill", ("",), ValueError, "text has no blank: write '___'"),
        ("fill", (LOAN,), ValueError, "text has no blank: write '___'"),
        ("fill", ("It was a ___ purple day.",), ValueError, "'purple' (unit 5) after 'It was a __"),
        ("fill", ("Ida lent Tom a ___ kite.",), ValueError, "the end of the story (unit 8) after"),
        ("fill", (LOAN + " ___",), ValueError, "can't say the end of the story (unit 38)"),
        ("fill", ("It was a ___ , day.",), ValueError, "text is not in normal orthography"),
        ("unit_indices", ("Tom.", [(0, 3), (3, 5)]), ValueError, "text, which has 4 characters"),
    ],
)
def test_bad_input_is_named(name, given, error, message):
    with pytest.raises(error, match=re.escape(message)):
        getattr(stories, name)(*given)


def test_a_prefix_may_be_empty_or_end_in_a_space():
    assert isclose(sum(stories.next_words("").values()), 1)
    assert stories.next_words("It was ") == stories.next_words("It was") == {"a": 1.0}
    assert stories.next_words(LOAN)[""] == pytest.approx(0.7)


def test_each_token_belongs_to_the_unit_that_its_letters_are_in():
    for story in stories.sample(50, 8):
        letters = [(i, i + 1) for i in range(len(story.text)) if story.text[i] != " "]
        rebuilt = [""] * len(stories.units(story.text))
        for (start, end), unit in zip(
            letters, stories.unit_indices(story.text, letters), strict=True
        ):
            rebuilt[unit] += story.text[start:end]
        assert rebuilt == stories.units(story.text)


def test_tokens_of_any_text_find_their_units():
    offsets = [(0, 2), (3, 7), (8, 9), (9, 11), (11, 12), (12, 13)]
    assert stories.unit_indices('He said "Hi".', offsets) == [0, 1, 2, 3, 4, 5]
    assert stories.unit_indices("  Tom  ran ", [(2, 5), (5, 7), (7, 10)]) == [0, 1, 1]


@pytest.mark.parametrize(
    ("case", "gender", "message"),
    [
        ("gen", "m", "case must be 'nom' or 'acc' or 'dat', got 'gen'"),
        ("nom", "x", "gender must be"),
    ],
)
def test_german_knows_three_cases_and_three_genders(case, gender, message):
    with pytest.raises(ValueError, match=message):
        german.noun_phrase(case, "der", "Ball", gender)
    with pytest.raises(ValueError, match=message):
        german.pronoun(case, gender)
