"""Two children go out, and the weather decides what happens."""

from helpers.stories import words
from helpers.stories.nodes import Either, Given, InOrder, Outcome, Tale, maybe, one_of, say

WIND = InOrder(
    say(
        "Suddenly the wind blew the {color} {garment} into a tree.",
        "Plötzlich blies der Wind {acc der color garment} in einen Baum.",
    ),
    Either(
        InOrder(
            say(
                "{hero} climbed up and brought the {garment} back.",
                "{hero} kletterte hinauf und brachte {acc der garment} zurück.",
            ),
            maybe("{friend} clapped.", "{friend} klatschte."),
            Outcome("happy", "{hero} got the {garment} back from a tree."),
        ),
        InOrder(
            say(
                "Nobody could reach the {garment}, and {friend} cried.",
                "Niemand konnte {acc der garment} erreichen, und {friend} weinte.",
            ),
            Outcome("sad", "The wind blew the {garment} into a tree."),
        ),
    ),
)

RAIN = InOrder(
    one_of("""
        Soon the rain grew stronger, and the {garment} was wet.
        Bald wurde der Regen stärker, und {nom der garment} war nass.

        After an hour, the whole path was under water.
        Nach einer Stunde stand der ganze Weg unter Wasser.
    """),
    Either(
        InOrder(
            say("They danced in the rain and laughed.", "Sie tanzten im Regen und lachten."),
            Outcome("happy", "{hero} and {friend} danced in the rain."),
        ),
        InOrder(
            say(
                "{friend} caught a cold and had to stay in bed.",
                "{friend} erkältete sich und musste im Bett bleiben.",
            ),
            Outcome("sad", "{friend} got wet and caught a cold."),
        ),
    ),
)

SUN = InOrder(
    say("The sun shone until the evening.", "Die Sonne schien bis zum Abend."),
    Either(
        InOrder(
            say(
                "They ate {snack} and told each other stories.",
                "Sie aßen {snack} und erzählten sich Geschichten.",
            ),
            Outcome("happy", "{hero} and {friend} ate {snack} in the sun."),
        ),
        InOrder(
            say(
                "But {friend} took off the {garment} and got a sunburn.",
                "Aber {friend} zog {acc der garment} aus und bekam einen Sonnenbrand.",
            ),
            Outcome("sad", "{friend} stayed in the sun for too long."),
        ),
        odds=(2, 1),
    ),
)

SNOW = InOrder(
    say("The snow covered every path.", "Der Schnee bedeckte jeden Weg."),
    Either(
        InOrder(
            say(
                "They built a snowman and gave him the {color} {garment}.",
                "Sie bauten einen Schneemann und gaben ihm {acc der color garment}.",
            ),
            Outcome("happy", "{hero} and {friend} built a snowman with a {color} {garment}."),
        ),
        InOrder(
            say(
                "They lost their way, and {hero} was afraid.",
                "Sie verliefen sich, und {hero} hatte Angst.",
            ),
            Outcome("sad", "{hero} and {friend} lost their way in the snow."),
        ),
    ),
)

OUTING = Tale(
    "outing",
    one_of(
        """
        It was a {weather} {time} in {town}.
        Es war {nom ein weather time} in {town}.

        {hero} spent a {weather} {time} in {town}.
        {hero} verbrachte {acc ein weather time} in {town}.
        """,
        odds=(2, 1),
    ),
    say(
        "{hero} and {friend} wanted to {game} {outside.at}.",
        "{hero} und {friend} wollten {outside.at} {game}.",
    ),
    one_of("""
        {friend} wore {friend.his} {color} {garment}.
        {friend} trug {acc friend.sein color garment}.

        {hero} lent {friend} {hero.his} {color} {garment}.
        {hero} lieh {friend} {acc hero.sein color garment}.
    """),
    maybe(
        "{hero}'s {relative} gave them tea and {snack}.",
        "{Nom der relative} von {hero} gab ihnen Tee und {snack}.",
        probability=0.4,
    ),
    Given(
        "weather",
        {words.WINDY: WIND, words.RAINY: RAIN, words.SUNNY: SUN, words.SNOWY: SNOW},
    ),
    maybe(
        "At home, they talked about {weather.about} for hours.",
        "Zu Hause sprachen sie stundenlang über {weather.about}.",
    ),
    questions=[
        ("What was the weather like?", "{weather}"),
        ("Who was with {hero}?", "{friend}"),
        ("What colour was the {garment}?", "{color}"),
    ],
)
