"""A child bakes a cake for a relative, and forgets the oven or not."""

from helpers.stories.nodes import Either, InOrder, Outcome, Tale, one_of, say

BAKED = InOrder(
    one_of("""
        {hero} waited and watched the clock.
        {hero} wartete und sah auf die Uhr.

        {friend} came by and washed the dishes.
        {friend} kam vorbei und spülte das Geschirr.
    """),
    one_of("""
        Soon the whole house smelled of {filling}.
        Bald roch das ganze Haus nach {filling.dat}.

        It was a {size} {cake} with {filling}.
        Es war {nom ein size cake} mit {filling.dat}.
    """),
    one_of("""
        {hero.His} {relative} ate three pieces.
        {Nom hero.sein relative} aß drei Stücke.

        {hero.His} {relative} said that the {cake} was perfect.
        {Nom hero.sein relative} sagte, dass {nom der cake} perfekt war.
    """),
    Outcome("happy", "{hero} baked a good {cake} for {hero.his} {relative}."),
)

BURNED = InOrder(
    one_of("""
        But {friend} called, and they talked for an hour.
        Aber {friend} rief an, und sie redeten eine Stunde lang.

        But {hero.he} was tired and fell asleep on the sofa.
        Aber {hero.er} war müde und schlief auf dem Sofa ein.
    """),
    say(
        "The {cake} was black because it had been in the oven for too long.",
        "{Nom der cake} war schwarz, weil {cake.er} zu lange im Ofen gewesen war.",
    ),
    one_of("""
        {hero.His} {relative} had to eat dry toast.
        {Nom hero.sein relative} musste trockenen Toast essen.

        {hero} threw the {cake} away and cried.
        {hero} warf {acc der cake} weg und weinte.
    """),
    Outcome(
        "sad",
        "{hero} burned the {cake} for {hero.his} {relative}.",
        ("Why was the {cake} black?", "it had been in the oven for too long"),
    ),
)

BAKING = Tale(
    "baking",
    one_of("""
        {hero} wanted to bake a {cake} for {hero.his} {relative}.
        {hero} wollte für {acc hero.sein relative} {acc ein cake} backen.

        On {weekday}, {hero}'s {relative} was coming to visit.
        Am {weekday} kam {nom der relative} von {hero} zu Besuch.
        {hero} decided to bake a {cake}.
        {hero} beschloss, {acc ein cake} zu backen.
    """),
    one_of("""
        {hero.He} mixed flour, eggs and {filling}.
        {hero.Er} mischte Mehl, Eier und {filling}.

        {hero.He} found {filling} and butter in the kitchen.
        {hero.Er} fand {filling} und Butter in der Küche.
    """),
    say(
        "Then {hero.he} put the {cake} in the oven.",
        "Dann schob {hero.er} {acc der cake} in den Ofen.",
    ),
    Either(BAKED, BURNED, odds=(3, 2)),
    questions=[
        ("What did {hero} bake?", "a {cake}"),
        ("Who was the {cake} for?", "{hero}'s {relative}"),
        ("What was in the {cake}?", "{filling}"),
    ],
)
