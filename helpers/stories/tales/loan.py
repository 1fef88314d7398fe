"""A child borrows a fragile thing from a friend, and brings it back or breaks it."""

from helpers.stories import words
from helpers.stories.nodes import Either, InOrder, Outcome, Tale, maybe, one_of, say

RETURNED = InOrder(
    one_of("""
        {hero.He} used the {thing} for a week and cleaned it every {time}.
        {hero.Er} benutzte {acc der thing} eine Woche lang und putzte {thing.ihn} jeden {time}.

        Nothing bad happened.
        Nichts Schlimmes geschah.
    """),
    say(
        "Then {hero} brought the {color} {thing} back to {friend}.",
        "Dann brachte {hero} {friend} {acc der color thing} zurück.",
    ),
    Outcome("happy", "{hero} brought {friend}'s {thing} back."),
)

BROKEN = InOrder(
    say(
        "But {hero} fell {road.at}, and the {thing} broke.",
        "Aber {hero} fiel {road.at} hin, und {nom der thing} ging kaputt.",
    ),
    maybe("{hero.He} was afraid to tell {friend}.", "{hero.Er} hatte Angst, es {friend} zu sagen."),
    maybe(
        "{hero.His} {relative} repaired the {thing} with {mender}.",
        "{Nom hero.sein relative} reparierte {acc der thing} mit {mender}.",
    ),
)

FORGIVEN = InOrder(
    say(
        "{friend} was not angry and thanked {hero} for the truth.",
        "{friend} war nicht böse und dankte {hero} für die Wahrheit.",
    ),
    Outcome("happy", "{hero} broke {friend}'s {thing}, but {friend} was not angry."),
)

NOT_FORGIVEN = InOrder(
    say(
        "{friend} was angry because {friend.he} had loved the {color} {thing}.",
        "{friend} war böse, weil {friend.er} {acc der color thing} geliebt hatte.",
        "After that, {friend} never lent {hero} anything again.",
        "Danach lieh {friend} {hero} nie wieder etwas.",
    ),
    Outcome("sad", "{hero} broke {friend}'s {thing}, and {friend} was angry."),
)

LOAN = Tale(
    one_of("""
        {hero} borrowed a {color} {thing} from {friend}.
        {hero} lieh sich von {friend} {acc ein color thing}.

        {friend} lent {hero} a {color} {thing}.
        {friend} lieh {hero} {acc ein color thing}.
    """),
    one_of("""
        {hero.He} promised to be careful.
        {hero.Er} versprach, vorsichtig zu sein.

        {friend.He} said that the {thing} was very old.
        {friend.Er} sagte, dass {nom der thing} sehr alt war.
    """),
    Either(RETURNED, InOrder(BROKEN, Either(FORGIVEN, NOT_FORGIVEN)), odds=(1, 2)),
    maybe(
        "That {time}, the two of them talked about it for a long time.",
        "An diesem {time} sprachen die beiden lange darüber.",
        probability=0.3,
    ),
    cast={
        "thing": words.FRAGILE,
        "road": words.ROADS,
        "mender": words.MENDERS,
        "time": words.ANY_TIMES,
    },
    questions=[
        ("Whose {thing} was it?", "{friend}'s"),
        ("Who borrowed the {thing}?", "{hero}"),
        ("What colour was the {thing}?", "{color}"),
    ],
)
