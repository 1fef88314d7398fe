"""A child brings a present to a friend's birthday party, or comes without it."""

from helpers.stories.nodes import Either, InOrder, Outcome, Tale, maybe, one_of, say

BOUGHT = say(
    "{hero} went {shop} and bought {friend.him} a {color} {present}.",
    "{hero} ging {shop} und kaufte {friend.ihm} {acc ein color present}.",
)

MADE = InOrder(
    say(
        "{hero} had no money, so {hero.he} made {friend.him} a {color} {present}.",
        "{hero} hatte kein Geld, also bastelte {hero.er} {friend.ihm} {acc ein color present}.",
    ),
    maybe(
        "{hero.His} {relative} helped {hero.him} with the paint.",
        "{Nom hero.sein relative} half {hero.ihm} beim Anmalen.",
    ),
)

WELCOME = InOrder(
    one_of("""
        {friend} had always wanted {present.a}.
        {friend} hatte sich schon immer {acc ein present} gewünscht.

        {friend} was so glad that {friend.he} jumped for joy.
        {friend} war so froh, dass {friend.er} vor Freude in die Luft sprang.

        The {color} {present} was the best gift of all.
        {Nom der color present} war das beste Geschenk von allen.
    """),
    maybe(
        "{friend} gave {hero} the biggest piece of cake.",
        "{friend} gab {hero} das größte Stück Kuchen.",
    ),
    Outcome("happy", "{friend} was glad about the {present} from {hero}."),
)

DROPPED = InOrder(
    say(
        "On the way, {hero} dropped the {present} into the river, and it was gone.",
        "Unterwegs ließ {hero} {acc der present} in den Fluss fallen, und {present.er} war weg.",
    ),
    one_of("""
        {hero} came with empty hands.
        {hero} kam mit leeren Händen.

        {hero.He} was so sad that {hero.he} turned back.
        {hero.Er} war so traurig, dass {hero.er} umkehrte.
    """),
    Outcome(
        "sad",
        "{hero} lost the {present} for {friend}.",
        ("What happened to the {present}?", "it fell into the river"),
    ),
)

ONE_TOO_MANY = InOrder(
    say(
        "But {friend} already had a {color} {present} at home.",
        "Aber {friend} hatte schon {acc ein color present} zu Hause.",
        "{hero} sat in the corner and did not say a word.",
        "{hero} saß in der Ecke und sagte kein Wort.",
    ),
    Outcome("sad", "{friend} already had {present.a} like the one from {hero}."),
)

GIFT = Tale(
    "gift",
    one_of("""
        {hero} knew {friend} from school.
        {hero} kannte {friend} aus der Schule.

        {hero} and {friend} were good friends.
        {hero} und {friend} waren gute Freunde.
    """),
    one_of("""
        {friend}'s birthday party was on {weekday}.
        Die Geburtstagsfeier von {friend} war am {weekday}.

        {friend} invited all the children to a party on {weekday}.
        {friend} lud alle Kinder für {weekday} zu einem Fest ein.
    """),
    Either(BOUGHT, MADE, odds=(3, 2)),
    maybe(
        "{hero.He} wrapped the {present} in {paper} paper.",
        "{hero.Er} wickelte {acc der present} in {paper.es} Papier.",
        probability=0.6,
    ),
    Either(WELCOME, Either(DROPPED, ONE_TOO_MANY), odds=(3, 2)),
    questions=[
        ("What was the present?", "a {color} {present}"),
        ("Who gave the present?", "{hero}"),
        ("When was the party?", "on {weekday}"),
    ],
)
