"""For maintainers: the bundled miniatures, the README's picture, and the contest's results.

A miniature is a real model class of the library with a real tokenizer, but small, and trained on
stories from `helpers.stories`. To add one, write its recipe in a module like `gpt2`, add it below,
and add its row to `helpers.checkpoints.models.MODELS`.

`python -m helpers.making gpt2` makes one, `all` makes all, `figure` draws the picture, and
`contest` lets the three architectures compete.
"""

from helpers.making import bert, gpt2, t5

RECIPES = {recipe.stands_for: recipe for recipe in (gpt2.RECIPE, bert.RECIPE, t5.RECIPE)}
