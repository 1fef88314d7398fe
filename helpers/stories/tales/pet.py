"""A pet runs away, and comes back or not."""

from helpers.stories.nodes import Either, InOrder, Outcome, Tale, maybe, one_of

FOUND = InOrder(
    one_of("""
        The next day, {pet} was found {place.at}.
        Am nächsten Tag wurde {pet} {place.at} gefunden.

        Then {hero.he} went {place.to} and saw {pet} {spot}.
        Dann ging {hero.er} {place.to} und sah {pet} {spot}.
    """),
    one_of("""
        The {animal} was hungry but well.
        {Nom der animal} war hungrig, aber gesund.

        {hero} kissed {pet} and laughed.
        {hero} küsste {pet} und lachte.
    """),
    maybe(
        "Since then, {hero} has always closed the {exit}.",
        "Seitdem hat {hero} {acc der exit} immer geschlossen.",
    ),
    Outcome("happy", "{hero}'s {animal} {pet} ran away and was found {place.at}."),
)

NOT_FOUND = InOrder(
    one_of("""
        {pet} never came back.
        {pet} kam nie zurück.

        Weeks passed, but nobody found {pet}.
        Wochen vergingen, aber niemand fand {pet}.
    """),
    maybe(
        "Even now, {hero} looks at the {exit} and waits.",
        "Noch heute blickt {hero} auf {acc der exit} und wartet.",
    ),
    Outcome("sad", "{hero}'s {animal} {pet} ran away and never came back."),
)

PET = Tale(
    "pet",
    one_of(
        """
        {hero} had a {coat} {animal} called {pet}.
        {hero} hatte {acc ein coat animal} namens {pet}.

        {pet} was a {coat} {animal} and lived with {hero}.
        {pet} war {nom ein coat animal} und lebte bei {hero}.
        """,
        odds=(3, 2),
    ),
    one_of("""
        {hour.one}, {hero} forgot to close the {exit}.
        {hour.one} vergaß {hero}, {acc der exit} zu schließen.

        {hour.one}, {hero}'s brother left the {exit} open.
        {hour.one} ließ der Bruder von {hero} {acc der exit} offen.
    """),
    one_of("""
        {pet} escaped at once.
        {pet} entkam sofort.

        An hour later, {pet} was gone.
        Eine Stunde später war {pet} weg.
    """),
    one_of("""
        {hero} called {pet} again and again.
        {hero} rief immer wieder nach {pet}.

        {hero} and {friend} hung up a picture of the {animal}.
        {hero} und {friend} hängten ein Bild von {dat der animal} auf.

        {hero} ran through every street.
        {hero} lief durch jede Straße.
        {hero.He} asked everybody about {pet}.
        {hero.Er} fragte alle nach {pet}.
    """),
    maybe(
        "A neighbour had seen the {coat} {animal} {place.at}.",
        "Eine Nachbarin hatte {acc der coat animal} {place.at} gesehen.",
        probability=0.4,
    ),
    Either(FOUND, NOT_FOUND, odds=(3, 2)),
    questions=[
        ("What was the name of the {animal}?", "{pet}"),
        ("Whose {animal} was {pet}?", "{hero}'s"),
        ("What was open?", "the {exit}"),
        ("What colour was {pet}?", "{coat}"),
    ],
)
