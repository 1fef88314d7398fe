"""For maintainers: the miniatures, recordings, the README's picture, and the contest's results.

A miniature is a real model class of the library with a real tokenizer, but small, and trained on
stories from `helpers.stories`. To add one, write its recipe in a module like `gpt2`, add it below,
and add its row to `helpers.checkpoints.models.MODELS`.

`python -m helpers.making openai/whisper-tiny` makes one, `all` makes all, `recordings` speaks the
recordings of `helpers.speech`, `losses` shows how a small Whisper learns to hear, `figure` draws
the picture, and `contest` lets the three architectures compete.
"""

from helpers.making import bert, gpt2, t5, whisper

RECIPES = {module.RECIPE.stands_for: module.RECIPE for module in (gpt2, bert, t5, whisper)}
