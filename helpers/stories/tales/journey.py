"""A child takes a train to a relative, with a present in the luggage."""

from helpers.stories.nodes import NOTHING, Either, InOrder, Outcome, Tale, maybe, one_of, say

ARRIVED = InOrder(
    say(
        "{hero.His} {relative} was already waiting at the station in {goal}.",
        "{Nom hero.sein relative} wartete schon am Bahnhof in {goal}.",
    ),
    Outcome("happy", "{hero} visited {hero.his} {relative} in {goal}."),
)

FORGOT = say(
    "In {goal}, {hero.he} got off and forgot the {luggage}.",
    "In {goal} stieg {hero.er} aus und vergaß {acc der luggage}.",
)

BROUGHT_AFTER = InOrder(
    say(
        "The conductor ran after {hero.him} with the {luggage}.",
        "Der Schaffner lief {hero.ihm} mit {dat der luggage} nach.",
    ),
    Outcome("happy", "{hero} almost lost the {luggage} on the train to {goal}."),
)

CARRIED_OFF = InOrder(
    say(
        "The train went on with the {color} {luggage}.",
        "Der Zug fuhr mit {dat der color luggage} weiter.",
        "{hero.His} {relative} never got the {present}.",
        "{Nom hero.sein relative} bekam {acc der present} nie.",
    ),
    Outcome("sad", "{hero} lost a {luggage} with {present.a} on the train to {goal}."),
)

JOURNEY = Tale(
    "journey",
    one_of("""
        {hero} took the train from {town} to {goal}.
        {hero} fuhr mit dem Zug von {town} nach {goal}.

        One {sky} {time}, {hero} left {town} and travelled to {goal}.
        An {dat ein sky time} verließ {hero} {town} und reiste nach {goal}.
    """),
    one_of("""
        {hero.He} wanted to visit {hero.his} {relative}.
        {hero.Er} wollte {acc hero.sein relative} besuchen.

        {hero.His} {relative} had invited {hero.him}.
        {Nom hero.sein relative} hatte {hero.ihn} eingeladen.
    """),
    one_of("""
        In {hero.his} {color} {luggage} there was {present.a}.
        In {dat hero.sein color luggage} war {nom ein present}.

        {hero.He} carried a {color} {luggage} with {present.a} in it.
        {hero.Er} trug {acc ein color luggage} mit {dat ein present} darin.
    """),
    Either(
        one_of("""
            {hero.He} looked out of the window and counted the cows.
            {hero.Er} sah aus dem Fenster und zählte die Kühe.

            Two old men told {hero.him} a joke.
            Zwei alte Männer erzählten {hero.ihm} einen Witz.
        """),
        NOTHING,
    ),
    Either(
        ARRIVED,
        InOrder(FORGOT, Either(BROUGHT_AFTER, CARRIED_OFF, odds=(1, 2))),
        odds=(1, 2),
    ),
    maybe(
        "Late at night, {hero} was back in {town}.",
        "Spät in der Nacht war {hero} wieder in {town}.",
    ),
    questions=[
        ("Where did {hero} live?", "in {town}"),
        ("Where did {hero} go?", "to {goal}"),
        ("What was in the {luggage}?", "{present.a}"),
        ("Who lived in {goal}?", "{hero}'s {relative}"),
    ],
)
