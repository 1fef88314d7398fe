"""The source: probabilities held to hand calculation, to enumeration and to the samples themselves;
texts and translations to what somebody has approved (`approved`); the rest to what was promised."""

import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations, product
from math import exp, inf, isclose, isfinite, log, sqrt
from random import Random
from statistics import mean, stdev

import approved
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from helpers import checkpoints, stories
from helpers.stories import decks, nodes, reader, words

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


@cache
def drawn(count=2500, seed=2024):
    return stories.sample(count, seed)


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


def test_a_unit_is_a_word_or_a_punctuation_mark():
    parts = ["Tom's", "well-known", "___", "broke", ",", "he", "said", "."]
    assert stories.units("Tom's well-known ___ broke, he said.") == parts
    assert stories.units("") == []


def test_stories_are_spelled_from_their_units():
    for story in drawn():
        assert stories.spell(stories.units(story.text)) == story.text


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


def test_the_likeliest_word_comes_first():
    for distribution in [stories.next_words(""), *stories.fill("___" + LOAN[3:])]:
        chances = list(distribution.values())
        assert chances == sorted(chances, reverse=True)


def test_a_blank_is_filled_from_both_sides():
    """Before: a hat or a boat, whatever the source knows. After: what the wind blew away."""
    blank = OUTING.replace("his green cap", "his green ___")
    assert len(stories.next_words(blank.split(" ___")[0])) > 1
    assert stories.fill(blank) == [{"cap": 1.0}]


@pytest.mark.parametrize(
    ("text", "what", "answer"),
    [
        (LOAN, "thanked ___ for", "Tom"),
        (LOST, "helped ___ to", "her"),
        (LOST, "to the ___. She", "lake"),
        (OUTING, "about the ___ for", "wind"),
        (PET, "at the ___ and", "gate"),
        (BAKING, "The tart was ___", "black"),
        (JOURNEY, "was ___ umbrella", "an"),
        (JOURNEY, "Her ___ had", "uncle"),
    ],
)
def test_a_far_word_decides(text, what, answer):
    """Names and pronouns, places, colours, causes: exactly one word fits."""
    assert what.replace("___", answer) in text
    assert stories.fill(text.replace(what.replace("___", answer), what)) == [{answer: 1.0}]


def test_a_prefix_may_be_empty_or_end_in_a_space():
    assert isclose(sum(stories.next_words("").values()), 1)
    assert stories.next_words("It was ") == stories.next_words("It was") == {"a": 1.0}
    assert stories.next_words(LOAN)[""] == pytest.approx(0.7)


# ---- Every text of a small source, written out ----


@pytest.fixture
def small_source(monkeypatch):
    """Puts a small source in place of the stories; {units of a text: its probability}."""
    ben, ida = decks.person("Ben", "m"), decks.person("Ida", "f")
    cat, dog = decks.nouns("cat = die Katze, dog = der Hund")
    ball, bone = decks.nouns("ball = der Ball, bone = der Knochen")
    toys_of = {cat: (ball, bone), dog: (bone, ball)}
    cast = {"hero": (ben, ida), "pet": (cat, dog), "toy": decks.by("pet", toys_of)}
    monkeypatch.setattr(nodes, "CAST", cast)
    rain = nodes.say("It rained.", "")
    small = nodes.InOrder(
        nodes.say("{hero} had a {pet}.", ""),
        nodes.Either(nodes.say("{hero.He} ran.", ""), nodes.say("The {pet} ran.", ""), odds=(3, 1)),
        nodes.Either(rain, nodes.NOTHING, rain, odds=(1, 6, 1)),  # two ways to say the same
        nodes.Given("hero", {ben: nodes.say("A {toy} fell.", ""), ida: nodes.NOTHING}),
        stories.END,
    )
    monkeypatch.setattr(reader, "BEGINNING", {reader.State.at((small,), {}): 1.0})
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


def test_thirty_blanks_are_no_problem():
    """What is still open matters, not how many places it stands in."""
    text = drawn(1, 1)[0].text
    parts = stories.units(text)
    places = sorted(Random(30).sample(range(len(parts)), 30))
    for place, distribution in zip(places, stories.fill(with_blanks(text, *places)), strict=True):
        assert isclose(sum(distribution.values()), 1, rel_tol=1e-9)
        assert parts[place] in distribution


def test_a_text_that_leaves_all_open_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_STATES", 1000)
    with pytest.raises(ValueError, match=r"too much open: after unit \d+ there are over 1,0"):
        stories.fill(" ".join(["___"] * 30))


# ---- Samples ----


def test_a_story_is_drawn_as_probably_as_it_is_read():
    for story in drawn():
        read = stories.log_probability(story.text)
        assert isclose(story.log_probability, read, rel_tol=0, abs_tol=1e-9)


@pytest.mark.parametrize("tale", sorted({story.tale for story in drawn()}))
def test_stories_of_one_tale_are_those_of_that_tale_among_all(tale):
    chosen = stories.sample(500, 5, tale=tale)
    assert {story.tale for story in chosen} == {tale}
    for story in chosen:
        read = stories.log_probability(story.text)
        assert isclose(story.log_probability, read, rel_tol=0, abs_tol=1e-9)


def test_samples_go_on_as_often_as_next_words_says():
    """After each beginning of up to eight units, wherever 20 or more are expected of a word."""
    followers = defaultdict(Counter)
    for story in drawn(8000):
        parts = stories.units(story.text)
        for length in range(9):
            followers[stories.spell(parts[:length])][parts[length]] += 1
    for prefix, counts in followers.items():
        if counts.total() > 500:
            expected = stories.next_words(prefix)
            assert counts.keys() <= expected.keys()
            for unit, chance in expected.items():
                mean_count = counts.total() * chance
                if mean_count >= 20:
                    assert abs(counts[unit] - mean_count) < 4.5 * sqrt(mean_count), (prefix, unit)


def test_a_longer_sample_begins_with_the_shorter_one():
    assert stories.sample(0, 8) == []
    assert stories.sample(50, 8) == stories.sample(120, 8)[:50]
    assert stories.sample(50, 8) != stories.sample(50, 9)


# ---- What the source can't say ----


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (LOAN, "kite broke", "lamp broke"),  # another thing than the one that was lent
        (LOAN, "lent Tom", "lent Mia"),  # two girls, and a pronoun would mean both
        (LOAN, "Ida was not angry and thanked Tom for the truth.", ""),  # no last sentence
        (LOAN, "truth.", "truth"),
        (LOAN, "He promised to be careful. ", ""),
        (LOAN, "red kite", "kite red"),
        (LOAN, "red kite", "red  kite"),
        (LOAN, "bridge, and", "bridge , and"),
        (LOAN, "truth.", "truth. "),
        (LOAN, "He", "he"),
        (LOST, "on the pier", "under a bench"),  # there is none at the lake
        (OUTING, "about the wind", "about the rain"),
        (OUTING, "cap", "shirt"),  # not what the wind blows off
        (PET, "Max", "Nora"),  # a pet is not called like its owner
        (BAKING, "tart", "pizza"),  # with plums
        (JOURNEY, "to Bremen", "to Munich"),
    ],
)
def test_what_the_source_cannot_say_has_probability_zero(text, right, wrong):
    assert text.count(right) >= 1
    assert isfinite(stories.log_probability(text))
    assert stories.log_probability(text.replace(right, wrong)) == -inf


@pytest.mark.parametrize("text", ["", " \n", "___", "It was a ___ day.", "é🙂", "Tom " * 999])
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


def test_stories_are_short_and_of_few_words_but_many():
    """A distribution over N stories has entropy at most ln N."""
    lengths = {len(stories.sentences(story.text)) for story in drawn(8000)}
    assert lengths == {4, 5, 6, 7, 8, 9}
    vocabulary = {unit.lower() for story in drawn(8000) for unit in stories.units(story.text)}
    assert 300 < len(vocabulary) < 500
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


def test_entities_are_exactly_the_names_and_all_of_them():
    names = {word.english[""] for word in (*words.CHILDREN, *words.PETS, *words.TOWNS)}
    name = re.compile("|".join(rf"\b{name}\b" for name in names))
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


def test_german_goes_sentence_by_sentence():
    translation = {}
    for story in drawn(8000):
        for english, translated in zip(
            stories.sentences(story.text), stories.sentences(story.german), strict=True
        ):
            assert translation.setdefault(english, translated) == translated


def test_blanks_hide_one_word_each_and_only_where_one_token_can_stand():
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MINIATURES["bert-base-uncased"])
    told = stories.sample(20, seed=5)
    hidden = stories.blanks(told, tokenizer, each=2, seed=0)
    assert len(hidden) == 40
    for place, blank in enumerate(hidden):
        assert blank.text.replace("___", blank.word) == told[place // 2].text
        assert blank.text.startswith(f"{blank.left} ___" if blank.left else "___")
        possible = stories.next_words(blank.left)
        assert blank.word in possible
        assert all(len(tokenizer.tokenize(word)) == 1 and word.isalpha() for word in possible)
    assert hidden == stories.blanks(told, tokenizer, each=2, seed=0)
    assert hidden != stories.blanks(told, tokenizer, each=2, seed=1)


# ---- a model's surprise ----


def test_a_storys_surprise_is_the_sum_over_its_words_in_any_company():
    folder = checkpoints.MINIATURES["gpt2"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    texts = [LOAN, PET]
    by_words = [sum(stories.surprise_by_word(model, tokenizer, text)[1]) for text in texts]
    assert stories.surprise_by_story(model, tokenizer, texts) == pytest.approx(by_words, rel=1e-4)
    many = stories.surprise_by_story(model, tokenizer, [LOAN] * 17)  # more than go in one batch
    assert many == pytest.approx([by_words[0]] * 17, rel=1e-4)
    assert stories.surprise_by_story(model, tokenizer, []) == []


def test_a_story_says_of_which_tale_it_is():
    told = drawn(500)
    assert len({story.tale for story in told}) == 7
    for story in told:  # these two words begin a loan, and no other tale
        assert (story.tale == "loan") == (story.text.split()[1] in ("lent", "borrowed"))
