"""German sentences by rule: article, adjective and noun agree in gender and case.

Only what the stories need: singular, nominative / accusative / dative, after a definite article
or after an *ein*-word (ein, sein, ihr). Source of the tables: any German grammar, for example
Duden, Die Grammatik, on the declension of articles and adjectives.
"""

import re
from functools import cache

# The definite article and the ending of an adjective after it; the endings of an ein-word and of
# an adjective after it; the pronoun.
_FORMS = {
    ("nom", "m"): ("der", "e", "", "er", "er"),
    ("nom", "f"): ("die", "e", "e", "e", "sie"),
    ("nom", "n"): ("das", "e", "", "es", "es"),
    ("acc", "m"): ("den", "en", "en", "en", "ihn"),
    ("acc", "f"): ("die", "e", "e", "e", "sie"),
    ("acc", "n"): ("das", "e", "", "es", "es"),
    ("dat", "m"): ("dem", "en", "em", "en", "ihm"),
    ("dat", "f"): ("der", "en", "er", "en", "ihr"),
    ("dat", "n"): ("dem", "en", "em", "en", "ihm"),
}


@cache
def noun_phrase(case: str, determiner: str, noun: str, gender: str, adjective: str = "") -> str:
    """A noun with its article and, if given, an adjective, all in the right form.

    `case` is nom, acc or dat; `determiner` is "der" or the stem of an ein-word; `gender` is m, f
    or n; `adjective` is a stem such as "rot".

    >>> noun_phrase("acc", "der", "Ball", "m", "rot")
    'den roten Ball'
    >>> noun_phrase("dat", "ihr", "Lampe", "f", "rot")
    'ihrer roten Lampe'
    """
    definite, after_definite, ein_ending, after_ein, _ = _FORMS[case, gender]
    if determiner == "der":
        article, ending = definite, after_definite
    else:
        article, ending = determiner + ein_ending, after_ein
    return " ".join([article, adjective + ending, noun] if adjective else [article, noun])


def pronoun(case: str, gender: str) -> str:
    """The third-person pronoun for a noun of this gender.

    >>> [pronoun("acc", gender) for gender in "mfn"]
    ['ihn', 'sie', 'es']
    """
    return _FORMS[case, gender][-1]


def translate(template: str, words: dict) -> str:
    """A German sentence about words (`helpers.stories.decks.Word`) that have been drawn.

    `{thing.ihn}` is a form of a word, `{acc der color thing}` a noun phrase with an article,
    `{acc hero.sein color thing}` one with a possessive. A case in capitals begins a sentence.
    """
    return re.sub(r"\{([^}]*)\}", lambda slot: _filled(slot[1].split(), words), template)


def _filled(slot: list[str], words: dict) -> str:
    *before, noun = slot
    if not before:
        return _form(noun, words)
    case, determiner, *adjectives = before
    if "." in determiner:
        determiner = _form(determiner, words)
    adjective = _form(adjectives[0], words) if adjectives else ""
    gender = words[noun].gender
    phrase = noun_phrase(case.lower(), determiner, _form(noun, words), gender, adjective)
    return phrase[0].upper() + phrase[1:] if case.istitle() else phrase


def _form(part: str, words: dict) -> str:
    name, _, form = part.partition(".")
    return words[name].german[form]
