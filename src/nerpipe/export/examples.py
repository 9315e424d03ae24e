"""Example texts for the model card, which the page of `nerpipe serve` and the Hugging Face Hub offer to try."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nerpipe.contracts.joining import Joining, find_joining, join_words
from nerpipe.contracts.labels import read_labels
from nerpipe.contracts.schemes import split_tag
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import printable

MOST_EXAMPLES = 3
_LONGEST = 200  # In characters.
_GOOD_LENGTH = 100  # Of the sentences with equally many types, the one whose length is nearest is chosen.


def examples_of(encoded: Path) -> list[str]:
    """Choose example texts from dev.

    Args:
        encoded: The folder with labels.json and the data set of encode_labels.

    Raises:
        NerpipeError: If the labels or the data set cannot be read.
    """
    dev = load_splits(encoded / "dataset", "tokens", "ner_tags")["dev"]
    labels = read_labels(encoded / "labels.json")
    tokens = list(dev["tokens"])
    tags = ([labels[tag] for tag in row] for row in dev["ner_tags"])
    return choose_examples(zip(tokens, tags, strict=True), find_joining(tokens))


def choose_examples(sentences: Iterable[tuple[Sequence[str], Sequence[str]]], joining: Joining) -> list[str]:
    """Choose up to MOST_EXAMPLES sentences that show many entity types together.

    The next one is the sentence with the most types that those before it do not show. When all types are shown,
    counting begins anew. Sentences that are long, or hold characters that a terminal would obey, are left out.

    Args:
        sentences: The words and the gold tags of each sentence.
        joining: How words become text.

    Returns:
        The texts. There are fewer, or none, if too few sentences hold an entity.
    """
    types: dict[str, frozenset[str]] = {}  # Of each text.
    for words, tags in sentences:
        text, _ = join_words(words, joining)
        found = frozenset(split_tag(tag)[1] for tag in tags) - {""}
        if found and len(text) <= _LONGEST and text.isprintable() and printable(text) == text:
            types.setdefault(text, found)
    chosen: list[str] = []
    shown: frozenset[str] = frozenset()
    while types and len(chosen) < MOST_EXAMPLES:
        best = min(types, key=lambda text: (-len(types[text] - shown), abs(len(text) - _GOOD_LENGTH)))
        if types[best] <= shown:
            shown = frozenset()
            continue
        chosen.append(best)
        shown |= types.pop(best)
    return chosen
