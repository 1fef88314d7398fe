"""A child loses a thing, looks for it with a friend, and finds it or not."""

from helpers.stories.nodes import NOTHING, Either, InOrder, Outcome, Tale, one_of, say

FOUND = InOrder(
    one_of("""
        At last, they found the {thing} {spot}.
        Endlich fanden sie {acc der thing} {spot}.

        {friend} found the {color} {thing} {spot}.
        {friend} fand {acc der color thing} {spot}.
    """),
    one_of("""
        {hero} thanked {friend} and laughed.
        {hero} dankte {friend} und lachte.

        {hero} was happy again.
        {hero} war wieder glücklich.

        {hero.He} hugged {friend} and held the {thing} tight.
        {hero.Er} umarmte {friend} und hielt {acc der thing} fest.
    """),
    Outcome(
        "happy",
        "{hero} and {friend} found the lost {thing} {spot}.",
        ("Where was the {thing} in the end?", "{spot}"),
    ),
)

NOT_FOUND = InOrder(
    one_of("""
        They searched until it was dark, but the {thing} was not there.
        Sie suchten, bis es dunkel war, aber {nom der thing} war nicht da.

        But a stranger had taken the {thing} away.
        Aber ein Fremder hatte {acc der thing} mitgenommen.
    """),
    one_of("""
        {hero} never saw the {color} {thing} again.
        {hero} sah {acc der color thing} nie wieder.

        {hero} went to bed in tears.
        {hero} ging weinend ins Bett.
    """),
    Outcome("sad", "{hero} lost {hero.his} {color} {thing} {place.at}."),
)

LOST = Tale(
    "lost",
    Either(
        say(
            "One {sky} {time}, {hero} went {place.to}.",
            "An {dat ein sky time} ging {hero} {place.to}.",
        ),
        InOrder(
            say("It was a {sky} {time} in {town}.", "Es war {nom ein sky time} in {town}."),
            one_of("""
                {hero} went {place.to}.
                {hero} ging {place.to}.

                {hero} spent the {time} {place.at}.
                {hero} verbrachte {acc der time} {place.at}.
            """),
        ),
        say("On {weekday}, {hero} was {place.at}.", "Am {weekday} war {hero} {place.at}."),
        odds=(3, 3, 2),
    ),
    one_of(
        """
        {hero.He} took {hero.his} {color} {thing} along.
        {hero.Er} nahm {acc hero.sein color thing} mit.

        {hero.His} {color} {thing} was always with {hero.him}.
        {Nom hero.sein color thing} war immer bei {hero.ihm}.

        {hero.He} had brought {hero.his} {color} {thing}.
        {hero.Er} hatte {acc hero.sein color thing} mitgebracht.
        """,
        odds=(3, 2, 2),
    ),
    Either(
        one_of("""
            There were many people {place.at} that day.
            An diesem Tag waren viele Leute {place.at}.

            {hero.He} stayed for a long time.
            {hero.Er} blieb lange.
        """),
        NOTHING,
    ),
    one_of("""
        On the way home, {hero.he} noticed that the {thing} was gone.
        Auf dem Heimweg merkte {hero.er}, dass {nom der thing} weg war.

        Suddenly the {thing} was gone.
        Plötzlich war {nom der thing} weg.

        In the evening, {hero.he} could not find the {thing} anywhere.
        Am Abend konnte {hero.er} {acc der thing} nirgends finden.
    """),
    one_of(
        """
        {hero} looked for the {color} {thing} because {hero.he} had lost it.
        {hero} suchte {acc der color thing}, weil {hero.er} {thing.ihn} verloren hatte.

        {hero.He} was very sad because {hero.he} loved the {thing}.
        {hero.Er} war sehr traurig, weil {hero.er} {acc der thing} liebte.

        {hero} began to cry.
        {hero} fing an zu weinen.
        """,
        odds=(3, 2, 1),
    ),
    one_of("""
        {friend} helped {hero.him} to search.
        {friend} half {hero.ihm} beim Suchen.

        {hero.He} asked {friend} for help.
        {hero.Er} bat {friend} um Hilfe.
    """),
    Either(FOUND, NOT_FOUND, odds=(3, 2)),
    questions=[
        ("What did {hero} lose?", "a {color} {thing}"),
        ("Who helped {hero}?", "{friend}"),
        ("Where was {hero}?", "{place.at}"),
    ],
)
