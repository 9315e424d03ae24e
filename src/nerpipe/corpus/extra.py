"""A second corpus: its training sentences are added to those of the first one (the param `extra`)."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nerpipe.contracts.conll import read_conll, writing_conll
from nerpipe.contracts.files import EXTRA
from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.corpus.parts import PartCounts, PartWriter
from nerpipe.corpus.sources import Corpus
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import yaml_text

SIMILAR = 0.6  # Likeness of two names of types, as difflib measures it, from which on one is proposed for the other.
SHORT = 3  # Letters of an abbreviation such as PER, which is proposed for a name that begins with it.


def training_split(corpus: Corpus) -> Corpus:
    """Return a corpus that has the training file alone, as the split `extra`. Its dev and test are not used."""
    return corpus._replace(sources={EXTRA: corpus.sources["train"]})


def check_types(first: Corpus, extra: Corpus, train: Iterable[str], added: Iterable[str]) -> None:
    """Check that the training splits of both corpora have the same entity types.

    A type that one of them does not mark would be tagged O there, and the model would learn not to find it.

    Args:
        first: The first corpus.
        extra: The second corpus.
        train: The types of the training split of the first corpus.
        added: The types of the training split of the second one.

    Raises:
        NerpipeError: If the types differ. The message ends with the lines for each corpus.yaml.
    """
    ours, theirs = set(train), set(added)
    if ours == theirs:
        return
    said = (
        f"extra: the training splits of {first.folder.name} and {extra.folder.name} have different entity types "
        f"({', '.join(sorted(ours))} and {', '.join(sorted(theirs))}), and a model cannot learn a type from text in "
        "which it is not marked. Rename, merge or drop types (O drops one)"
    )
    missing = ours - theirs
    renamed = {kind: _counterpart(kind, sorted(missing)) or OUTSIDE for kind in sorted(theirs - ours)}
    if not ours & theirs and {*renamed.values()} == {OUTSIDE}:
        raise NerpipeError(
            f"{said}. They seem to have no type in common, so that nothing would be left: set `extra: none`, or say "
            f"which types are the same, as here with lines in {extra.place}:\n    types:\n"
            f"      {yaml_text(min(theirs))}: {yaml_text(min(ours))}"
        )
    dropped = dict.fromkeys(sorted(missing - set(renamed.values())), OUTSIDE)
    for corpus, types in ((extra, renamed), (first, dropped)):
        if types:
            lines = "".join(f"\n      {yaml_text(old)}: {yaml_text(new)}" for old, new in types.items())
            said += f".\nFor {corpus.folder.name}, for example with these lines in {corpus.place}:\n    types:{lines}"
    raise NerpipeError(said)


def _counterpart(kind: str, others: Sequence[str]) -> str | None:
    """Find the type that probably has another name: nearly the same one, or an abbreviation of it or by it."""

    def likeness(other: str) -> float:
        short, long = sorted((kind.casefold(), other.casefold()), key=len)
        abbreviated = len(short) >= SHORT and long.startswith(short)
        return max(difflib.SequenceMatcher(None, short, long).ratio(), SIMILAR * abbreviated)

    best = max(others, key=likeness, default=None)
    return best if best and likeness(best) >= SIMILAR else None


def drop_shared(added: Path, held_out: Mapping[str, Path]) -> tuple[PartCounts, dict[str, int]]:
    """Remove the sentences of a clean file that are also in dev or test of the first corpus.

    Args:
        added: The clean training file of the second corpus. It is replaced.
        held_out: The clean files of dev and test.

    Returns:
        The counts of what is left, and the number of sentences that were dropped because of each split.

    Raises:
        NerpipeError: If nothing is left.
    """
    seen = {split: {sentence.tokens for sentence in read_conll(path)} for split, path in held_out.items()}
    dropped: Counter[str] = Counter(dict.fromkeys(held_out, 0))
    whole = added.with_name(f".whole-{added.name}")
    added.rename(whole)
    try:
        with writing_conll(added) as file:
            part, number = PartWriter(file), 0
            for sentence in read_conll(whole):
                number += sentence.starts_document
                split = next((split for split, tokens in seen.items() if sentence.tokens in tokens), None)
                if split:
                    dropped[split] += 1
                else:
                    part.write(sentence, number)
    finally:
        whole.unlink()
    if not part.counts.sentences:
        raise NerpipeError(
            "extra: every training sentence of the second corpus is also in dev or test of the first one, so nothing "
            "is left to train on; set `extra: none`, or name another data set"
        )
    return part.counts, dict(dropped)
