"""Cutting dev and test from train, by the hash of each document or sentence: neither a seed nor the order matters.

A document or sentence stays in its split when others are added or removed, so a split grows with the corpus.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.conll import Sentence, read_conll, writing_conll
from nerpipe.contracts.splitting import split_of
from nerpipe.corpus.parts import PartCounts, PartWriter
from nerpipe.errors import NerpipeError

FRACTION = 0.1  # Of each split that is missing, unless corpus.yaml says another.


class Cut(NamedTuple):
    """How a file was cut, and what is in each part."""

    by: str  # "document" or "sentence"
    counts: dict[str, PartCounts]


def cut_file(source: Path, targets: Mapping[str, Path], fractions: Mapping[str, float], place: Path) -> Cut:
    """Cut a clean file into train and the missing splits.

    A document is known by its id or, without one, by its first sentence. If the file has no documents, or too few for
    each split to get one, sentences are cut.

    Args:
        source: The clean file of train.
        targets: The files to write: train and those of the missing splits.
        fractions: The fraction of train that each missing split gets.
        place: The corpus.yaml that messages name.

    Raises:
        NerpipeError: If a split would be empty.
    """
    for by in ("document", "sentence"):
        sizes = Counter(split for split, _ in _assigned(source, fractions, by=by))
        if set(sizes) == set(targets):
            return Cut(by, _write(source, targets, fractions, by))
    if sizes.total() == 1:
        raise NerpipeError(
            f"{place.parent}: {' and '.join(fractions)} have no file, and train is one sentence, so they cannot be cut "
            "from it. An empty line must stand between two sentences"
        )
    empty = sorted(set(targets) - set(sizes))
    lines = "\n".join(f"    {split}_fraction: 0.3" for split in fractions)
    raise NerpipeError(
        f"{place.parent}: {' and '.join(fractions)} have no file, and train is too small to cut them from it: with "
        f"{', '.join(f'{split}_fraction {value:g}' for split, value in fractions.items())}, {' and '.join(empty)} "
        f"would be empty. Add the files, or put larger fractions into {place}, such as\n{lines}"
    )


def _assigned(source: Path, fractions: Mapping[str, float], *, by: str) -> Iterator[tuple[str, Sentence]]:
    dev, test = fractions.get("dev", 0.0), fractions.get("test", 0.0)
    split = ""
    for sentence in read_conll(source):
        words = "\n".join(sentence.tokens)
        if by == "sentence":
            split = split_of(words, dev, test)
        elif sentence.starts_document or not split:
            split = split_of(sentence.document or words, dev, test)
        yield split, sentence


def _write(source: Path, targets: Mapping[str, Path], fractions: Mapping[str, float], by: str) -> dict[str, PartCounts]:
    number = 0
    with ExitStack() as stack:
        parts = {split: PartWriter(stack.enter_context(writing_conll(path))) for split, path in targets.items()}
        for split, sentence in _assigned(source, fractions, by=by):
            number += sentence.starts_document
            parts[split].write(sentence, number)
    return {split: part.counts for split, part in parts.items()}
