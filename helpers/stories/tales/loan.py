"""A child borrows a fragile thing from a friend, and brings it back or breaks it."""

from helpers.stories.nodes import Either, InOrder, Outcome, Tale, maybe, one_of, say

RETURNED = InOrder(
    one_of("""
        {hero.He} used the {loan} for a week and cleaned it every {hour}.
        {hero.Er} benutzte {acc der loan} eine Woche lang und putzte {loan.ihn} jeden {hour}.

        Nothing bad happened.
        Nichts Schlimmes geschah.
    """),
    say(
        "Then {hero} brought the {color} {loan} back to {friend}.",
        "Dann brachte {hero} {friend} {acc der color loan} zurück.",
    ),
    Outcome("happy", "{hero} brought {friend}'s {loan} back."),
)

BROKEN = InOrder(
    say(
        "But {hero} fell {road}, and the {loan} broke.",
        "Aber {hero} fiel {road} hin, und {nom der loan} ging kaputt.",
    ),
    maybe("{hero.He} was afraid to tell {friend}.", "{hero.Er} hatte Angst, es {friend} zu sagen."),
    maybe(
        "{hero.His} {relative} repaired the {loan} with {mender}.",
        "{Nom hero.sein relative} reparierte {acc der loan} mit {mender}.",
    ),
)

FORGIVEN = InOrder(
    say(
        "{friend} was not angry and thanked {hero} for the truth.",
        "{friend} war nicht böse und dankte {hero} für die Wahrheit.",
    ),
    Outcome("happy", "{hero} broke {friend}'s {loan}, but {friend} was not angry."),
)

NOT_FORGIVEN = InOrder(
    say(
        "{friend} was angry because {friend.he} had loved the {color} {loan}.",
        "{friend} war böse, weil {friend.er} {acc der color loan} geliebt hatte.",
        "After that, {friend} never lent {hero} anything again.",
        "Danach lieh {friend} {hero} nie wieder etwas.",
    ),
    Outcome("sad", "{hero} broke {friend}'s {loan}, and {friend} was angry."),
)

LOAN = Tale(
    "loan",
    one_of("""
        {hero} borrowed a {color} {loan} from {friend}.
        {hero} lieh sich von {friend} {acc ein color loan}.

        {friend} lent {hero} a {color} {loan}.
        {friend} lieh {hero} {acc ein color loan}.
    """),
    one_of("""
        {hero.He} promised to be careful.
        {hero.Er} versprach, vorsichtig zu sein.

        {friend.He} said that the {loan} was very old.
        {friend.Er} sagte, dass {nom der loan} sehr alt war.
    """),
    Either(RETURNED, InOrder(BROKEN, Either(FORGIVEN, NOT_FORGIVEN)), odds=(1, 2)),
    maybe(
        "That {hour}, the two of them talked about it for a long time.",
        "An diesem {hour} sprachen die beiden lange darüber.",
        probability=0.3,
    ),
    questions=[
        ("Whose {loan} was it?", "{friend}'s"),
        ("Who borrowed the {loan}?", "{hero}"),
        ("What colour was the {loan}?", "{color}"),
    ],
)
