"""Cutting dev and test from train, by the hash of each document or sentence: neither a seed nor the order matters.

A document or sentence stays in its split when others are added or removed, so a split grows with the corpus.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    cuts = (try_cut(source, targets, fractions, by) for by in ("document", "sentence"))
    cut = next(filter(None, cuts), None)
    if cut:
        return cut
    if sum(1 for _ in read_conll(source)) == 1:
        raise NerpipeError(
            f"{place.parent}: {' and '.join(fractions)} have no file, and train is one sentence, so they cannot be cut "
            "from it. An empty line must stand between two sentences"
        )
    empty = sorted(set(targets) - _filled(source, fractions, "sentence"))
    lines = "\n".join(f"    {split}_fraction: 0.3" for split in fractions)
    raise NerpipeError(
        f"{place.parent}: {' and '.join(fractions)} have no file, and train is too small to cut them from it: with "
        f"{', '.join(f'{split}_fraction {value:g}' for split, value in fractions.items())}, {' and '.join(empty)} "
        f"would be empty. Add the files, or put larger fractions into {place}, such as\n{lines}"
    )


def try_cut(source: Path, targets: Mapping[str, Path], fractions: Mapping[str, float], by: str) -> Cut | None:
    """Cut a clean file by one rule, or write nothing and return None if a split would be empty.

    Args:
        source: The clean file of train.
        targets: The files to write: train and those of the missing splits.
        fractions: The fraction of train that each missing split gets.
        by: "document" or "sentence".
    """
    if _filled(source, fractions, by) != set(targets):
        return None
    return Cut(by, _write(source, targets, fractions, by))


def _filled(source: Path, fractions: Mapping[str, float], by: str) -> set[str]:
    return {split for split, _ in assigned_splits(read_conll(source), fractions, by=by)}


def sentence_key(sentence: Sentence) -> str:
    """Return the content by whose hash a sentence is assigned."""
    return "\n".join(sentence.tokens)


def assigned_splits(
    sentences: Iterable[Sentence], fractions: Mapping[str, float], *, by: str
) -> Iterator[tuple[str, Sentence]]:
    """Yield each sentence of train with the split that it goes to.

    Args:
        sentences: The clean sentences of the whole file of train.
        fractions: The fraction of train that each missing split gets.
        by: "document" or "sentence".
    """
    dev, test = fractions.get("dev", 0.0), fractions.get("test", 0.0)
    split = ""
    for sentence in sentences:
        words = sentence_key(sentence)
        if by == "sentence":
            split = split_of(words, dev, test)
        elif sentence.starts_document or not split:
            split = split_of(sentence.document or words, dev, test)
        yield split, sentence


def _write(source: Path, targets: Mapping[str, Path], fractions: Mapping[str, float], by: str) -> dict[str, PartCounts]:
    number = 0
    with ExitStack() as stack:
        parts = {split: PartWriter(stack.enter_context(writing_conll(path))) for split, path in targets.items()}
        for split, sentence in assigned_splits(read_conll(source), fractions, by=by):
            number += sentence.starts_document
            parts[split].write(sentence, number)
    return {split: part.counts for split, part in parts.items()}
