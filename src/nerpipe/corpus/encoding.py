"""Encoding of canonical CoNLL files as a datasets.DatasetDict. The order of the labels is fixed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.conll import Sentence, read_conll
from nerpipe.contracts.files import SPLITS
from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import Tally, check_joint, tally
from nerpipe.contracts.schemes import OUTSIDE, split_tag
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from datasets import DatasetDict


class Encoded(NamedTuple):
    """The results that the stage encode_labels writes."""

    labels: list[str]  # The label names by id.
    data: "DatasetDict"
    report: list[dict[str, Any]]  # The rows of encode.json, one for each split.


def encode_corpus(clean: Path, expected: Mapping[str, Tally], *, unknown_labels: str) -> Encoded:
    """Make the label set from the training split, and encode all three splits.

    Args:
        clean: The folder with train.conll, dev.conll and test.conll.
        expected: The counts of clean_conll for each split.
        unknown_labels: What happens if dev or test contain an entity type that train lacks: "fail" raises an error;
            "outside" tags the words of these entities O and counts the entities.

    Raises:
        NerpipeError: If a file cannot be read, its counts differ from those of clean_conll, train contains no entity,
            or dev or test contain an entity type that train lacks and `unknown_labels` is "fail".
    """
    splits = {split: list(read_conll(clean / f"{split}.conll")) for split in SPLITS}
    for split, sentences in splits.items():
        check_joint(f"clean_conll -> encode_labels, split {split}", expected[split], _tally(sentences))
    types = {split_tag(tag)[1] for sentence in splits["train"] for tag in sentence.tags} - {""}
    if not types:
        raise NerpipeError(
            f"{clean / 'train.conll'}: no entity in the training split, so the model cannot learn any. The tag must "
            "be in the last column of the raw file; check that column"
        )
    unknown = {split: _unknown_types(sentences, types) for split, sentences in splits.items()}
    if unknown_labels == "fail" and any(unknown.values()):
        raise NerpipeError(_unknown_message(clean, splits, unknown))
    labels = make_labels(types)
    ids = {label: index for index, label in enumerate(labels)}
    known = {split: _outside(sentences, types) for split, sentences in splits.items()}
    report = [
        {"split": split, **_tally(sentences)._asdict(), "outside": dict(sorted(unknown[split].items()))}
        for split, sentences in known.items()
    ]
    return Encoded(labels, _dataset(known, labels, ids), report)


def _tally(sentences: Sequence[Sentence]) -> Tally:
    """Count the sentences, tokens and entities of a split."""
    return tally(sentence.tags for sentence in sentences)


def _unknown_types(sentences: Sequence[Sentence], types: set[str]) -> Counter[str]:
    """Count the entities, by type, whose type train lacks."""
    begun = (split_tag(tag) for sentence in sentences for tag in sentence.tags)
    return Counter(kind for prefix, kind in begun if prefix == "B" and kind not in types)


def _unknown_message(clean: Path, splits: Mapping[str, Sequence[Sentence]], unknown: Mapping[str, Counter[str]]) -> str:
    """Return the error message, which lists each unknown type with its count and its first line."""
    lines = []
    for split, counts in unknown.items():
        for kind, count in sorted(counts.items()):
            line = 1
            for sentence in splits[split]:
                if f"B-{kind}" in sentence.tags:
                    line += sentence.tags.index(f"B-{kind}")
                    break
                line += len(sentence.tags) + 1
            lines.append(f"  {kind}: {count} entities in {split}, the first at {clean / f'{split}.conll'}:{line}")
    return (
        "dev or test contain entity types that train lacks, so the model cannot learn them:\n" + "\n".join(lines) + "\n"
        "Correct the tags, move sentences with these types into train, or set `unknown_labels: outside`, which tags "
        "these entities O and counts them in metrics/encode.json"
    )


def _outside(sentences: Sequence[Sentence], types: set[str]) -> list[Sentence]:
    """Replace the tags of unknown types with O."""
    known = types | {""}
    return [
        Sentence(sentence.tokens, tuple(tag if split_tag(tag)[1] in known else OUTSIDE for tag in sentence.tags))
        for sentence in sentences
    ]


def _dataset(splits: Mapping[str, Sequence[Sentence]], labels: list[str], ids: Mapping[str, int]) -> "DatasetDict":
    from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

    features = Features(
        {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=labels))}
    )
    return DatasetDict(
        {
            split: Dataset.from_dict(
                {
                    "id": [f"{split}-{index}" for index in range(len(sentences))],
                    "tokens": [sentence.tokens for sentence in sentences],
                    "ner_tags": [[ids[tag] for tag in sentence.tags] for sentence in sentences],
                },
                features=features,
                split=split,
            )
            for split, sentences in splits.items()
        }
    )
