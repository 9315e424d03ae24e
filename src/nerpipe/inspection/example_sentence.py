"""An example sentence of dev, and the entities that the exported model finds in it."""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.joining import join_words
from nerpipe.contracts.terminal import say, write_encodable
from nerpipe.contracts.word_rules import RULES

if TYPE_CHECKING:
    from nerpipe.prediction.finder import Entity

LOOKED_AT_IN_DEV = 200  # Sentences of dev.
EXAMPLE_LENGTHS = range(20, 161)  # Lengths of an example, which should say something and fit on a line or two.
WANTED_ENTITIES = 2  # Entities of an example, if there is a sentence with so many.


def show_example(model: Path, dev: Path) -> None:
    """Print the command that predicts a sentence of dev, and what it prints.

    It is the first sentence of dev in which the model finds two entities, whether they are right or not.

    Args:
        model: The exported folder.
        dev: The canonical CoNLL file of dev.

    Raises:
        NerpipeError: If the folder or the file cannot be read.
    """
    from nerpipe.prediction.marked_text import mark_entities, takes_colour
    from nerpipe.prediction.predictor import Predictor

    predictor = Predictor(model)
    joining = RULES[predictor.decoding.word_rule].joining
    texts = [join_words(sentence.tokens, joining)[0] for sentence in islice(read_conll(dev), LOOKED_AT_IN_DEV)]
    texts = [text for text in texts if len(text) in EXAMPLE_LENGTHS and text[0] != "-"]
    example = choose_example(texts, predictor(texts))
    if not example:
        say(f"The model finds no entity in the first sentences of {dev}.")
        return
    text, entities = example
    say(f"A sentence of dev, and what the new model finds in it:\n$ nerpipe predict {model} {shell_word(text)}")
    write_encodable(f"{mark_entities(text, entities, colour=takes_colour(sys.stdout))}\n", sys.stdout)


def choose_example(
    texts: Sequence[str], entities: "Sequence[Sequence[Entity]]"
) -> "tuple[str, Sequence[Entity]] | None":
    """Return the first text with two entities or more and its entities, else the first with one, else None.

    >>> choose_example(["no", "a b"], [[], ["a", "b"]])
    ('a b', ['a', 'b'])
    """
    for wanted in range(WANTED_ENTITIES, 0, -1):
        for text, found in zip(texts, entities, strict=True):
            if len(found) >= wanted:
                return text, found
    return None
