"""From canonical CoNLL to a datasets.DatasetDict with a fixed label order."""

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
    """What encode_labels writes."""

    labels: list[str]
    data: "DatasetDict"
    report: list[dict[str, Any]]


def encode_corpus(clean: Path, expected: Mapping[str, Tally], *, unknown_labels: str) -> Encoded:
    """Derive the labels from the training split and encode all three.

    Args:
        clean: the folder with {train,dev,test}.conll.
        expected: what clean_conll counted in each split.
        unknown_labels: for a type that train lacks: "fail", or "outside" to tag its words O and count them.

    Raises:
        NerpipeError: if a count does not meet, train holds no entity, or dev or test hold a type that train lacks.
    """
    splits = {split: list(read_conll(clean / f"{split}.conll")) for split in SPLITS}
    for split, sentences in splits.items():
        check_joint(f"clean_conll -> encode_labels, split {split}", expected[split], _tally(sentences))
    types = {split_tag(tag)[1] for sentence in splits["train"] for tag in sentence.tags} - {""}
    if not types:
        raise NerpipeError(
            f"{clean / 'train.conll'}: no entity in the training split, so there is nothing to learn; is the tag in "
            "the last column?"
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
    return tally(sentence.tags for sentence in sentences)


def _unknown_types(sentences: Sequence[Sentence], types: set[str]) -> Counter[str]:
    """Count the entities of types that train lacks."""
    begun = (split_tag(tag) for sentence in sentences for tag in sentence.tags)
    return Counter(kind for prefix, kind in begun if prefix == "B" and kind not in types)


def _unknown_message(clean: Path, splits: Mapping[str, Sequence[Sentence]], unknown: Mapping[str, Counter[str]]) -> str:
    """List the unknown types, each with its count and its first line."""
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
        "dev or test hold entity types that train lacks, which no model could learn:\n" + "\n".join(lines) + "\n"
        "Correct the tags, move sentences with these types into train, or set unknown_labels: outside to tag them O "
        "(counted in metrics/encode.json)"
    )


def _outside(sentences: Sequence[Sentence], types: set[str]) -> list[Sentence]:
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
