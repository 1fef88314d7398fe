"""What the three notebooks have in common: stories, masks, attention, objectives, training, plots.

Axis letters in every docstring: B batch, T tokens, Q queries, K keys, H heads, V vocabulary,
L layers; for sound F frames and M mel bins. Masks are boolean, **True = may attend**, rows are
queries, columns are keys.

Notebooks import modules and call `module.function(...)`, so that a reader always sees where a name
comes from.
"""
