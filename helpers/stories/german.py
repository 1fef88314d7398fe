"""German sentences by rule: article, adjective and noun agree in gender and case.

Only what the stories need: singular, nominative / accusative / dative, after a definite article
or after an *ein*-word (ein, sein, ihr). Source of the tables: any German grammar, for example
Duden, Die Grammatik, on the declension of articles and adjectives.
"""

from functools import cache

from helpers import checks
from helpers.stories.language import template_pieces

CASES = ("nom", "acc", "dat")
GENDERS = ("m", "f", "n")

# One column per gender: m, f, n.
_DEFINITE = {
    "nom": ("der", "die", "das"),
    "acc": ("den", "die", "das"),
    "dat": ("dem", "der", "dem"),
}
_EIN_ENDING = {"nom": ("", "e", ""), "acc": ("en", "e", ""), "dat": ("em", "er", "em")}
_AFTER_DEFINITE = {"nom": ("e", "e", "e"), "acc": ("en", "e", "e"), "dat": ("en", "en", "en")}
_AFTER_EIN = {"nom": ("er", "e", "es"), "acc": ("en", "e", "es"), "dat": ("en", "en", "en")}
_PRONOUN = {"nom": ("er", "sie", "es"), "acc": ("ihn", "sie", "es"), "dat": ("ihm", "ihr", "ihm")}


@cache
def noun_phrase(case: str, determiner: str, noun: str, gender: str, adjective: str = "") -> str:
    """A noun with its article and, if given, an adjective, all in the right form.

    `case` is nom, acc or dat; `determiner` is "der" or the stem of an ein-word; `gender` is m, f
    or n; `adjective` is a stem such as "rot".

    >>> noun_phrase("acc", "der", "Ball", "m", "rot")
    'den roten Ball'
    >>> noun_phrase("dat", "ihr", "Lampe", "f", "rot")
    'ihrer roten Lampe'
    >>> noun_phrase("nom", "ein", "Buch", "n", "rot")
    'ein rotes Buch'

    Raises ValueError for another case or gender.
    """
    column = _column(case, gender)
    if determiner == "der":
        article, ending = _DEFINITE[case][column], _AFTER_DEFINITE[case][column]
    else:
        article = determiner + _EIN_ENDING[case][column]
        ending = _AFTER_EIN[case][column]
    return " ".join([article, adjective + ending, noun] if adjective else [article, noun])


def pronoun(case: str, gender: str) -> str:
    """The third-person pronoun for a noun of this gender.

    >>> [pronoun("acc", gender) for gender in "mfn"]
    ['ihn', 'sie', 'es']

    Raises ValueError for another case or gender.
    """
    column = _column(case, gender)
    return _PRONOUN[case][column]


def _column(case: str, gender: str) -> int:
    checks.choice("case", case, CASES)
    checks.choice("gender", gender, GENDERS)
    return GENDERS.index(gender)


def translate(template: str, words: dict) -> str:
    """A German sentence about words (`helpers.stories.words.Word`) that have been drawn.

    `{thing.ihn}` is a form of a word, `{acc der color thing}` a noun phrase with an article,
    `{acc hero.sein color thing}` one with a possessive. A case in capitals begins a sentence.
    """
    pieces = template_pieces(template)
    return "".join([p if isinstance(p, str) else _filled(words, *p) for p in pieces])


def _filled(words: dict, *slot: tuple[str, str]) -> str:
    name, form = slot[0]
    if len(slot) == 1:
        return words[name].german[form]
    (case, _), (owner, form), *adjective, (noun, _) = slot
    phrase = noun_phrase(
        case.lower(),
        words[owner].german[form] if form else owner,
        words[noun].german[""],
        words[noun].gender,
        words[adjective[0][0]].german[""] if adjective else "",
    )
    return phrase[0].upper() + phrase[1:] if case[0].isupper() else phrase
