"""Encoding of canonical CoNLL files as a datasets.DatasetDict. The order of the labels is fixed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.conll import Sentence, name_document, read_conll
from nerpipe.contracts.files import EXTRA, SPLITS
from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import Tally, check_joint, tallies
from nerpipe.contracts.reports import CorpusRow
from nerpipe.contracts.schemes import OUTSIDE, split_tag
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict, Features

ENCODED_AT_ONCE = 10_000  # Number of sentences that are held as Python objects; the others are in Arrow's compact form.


class Encoded(NamedTuple):
    """The results that the stage encode_labels writes."""

    labels: list[str]  # The label names by id.
    data: "DatasetDict"
    report: list[dict[str, Any]]  # The rows of encode.json, one for each split.


class _Part(NamedTuple):
    """One canonical file, and what was counted in a first pass over it."""

    name: str  # A split, or `extra`.
    corpus: str  # The name of its data set.
    path: Path
    tally: Tally
    types: Counter[str]  # Entities by type.


def encode_corpus(clean: Path, ledger: Sequence[CorpusRow], *, unknown_labels: str) -> Encoded:
    """Make the label set from the training split, and encode all three splits.

    Each file is read twice: to count, and to encode. Only the encoded splits are held in memory.

    Args:
        clean: The folder with train.conll, dev.conll and test.conll, and extra.conll if the ledger counts it.
        ledger: The rows of clean.json.
        unknown_labels: What happens if dev or test contain an entity type that train lacks: "fail" raises an error;
            "outside" tags the words of these entities O and counts the entities.

    Raises:
        NerpipeError: If a file cannot be read, its counts differ from those of clean_conll, train contains no entity,
            or dev or test contain an entity type that train lacks and `unknown_labels` is "fail".
    """
    expected = tallies(ledger)
    parts = {row["split"]: _count(row, clean) for row in ledger}
    for name, part in parts.items():
        check_joint(f"clean_conll -> encode_labels, split {name}", expected[name], part.tally)
    types = {*parts["train"].types, *(parts[EXTRA].types if EXTRA in parts else ())}
    if not types:
        raise NerpipeError(
            f"{clean / 'train.conll'}: no entity in the training split, so the model cannot learn any. Check which "
            "column of the raw file is read as the tag"
        )
    unknown = {
        name: {kind: count for kind, count in part.types.items() if kind not in types} for name, part in parts.items()
    }
    if unknown_labels == "fail" and any(unknown.values()):
        raise NerpipeError(_unknown_message(parts, unknown))

    from datasets import DatasetDict

    labels = make_labels(types)
    data = DatasetDict({split: _encode(_parts_of(split, parts), labels, split) for split in SPLITS})
    return Encoded(labels, data, [_row(split, _parts_of(split, parts), unknown[split]) for split in SPLITS])


def _count(row: CorpusRow, clean: Path) -> _Part:
    """Count what is in the file of a row of clean.json."""
    path = clean / f"{row['split']}.conll"
    sentences, tags = 0, Counter[str]()
    for sentence in read_conll(path):
        sentences += 1
        tags.update(sentence.tags)
    types = Counter({split_tag(tag)[1]: count for tag, count in tags.items() if tag[0] == "B"})
    return _Part(row["split"], row["corpus"], path, Tally(sentences, tags.total(), types.total()), types)


def _parts_of(split: str, parts: Mapping[str, _Part]) -> list[_Part]:
    """Return the files of a split: train has those of two corpora if there are two."""
    return [parts[split], parts[EXTRA]] if split == "train" and EXTRA in parts else [parts[split]]


def _row(split: str, parts: Sequence[_Part], unknown: Mapping[str, int]) -> dict[str, Any]:
    """Return the row of encode.json of a split. Entities of unknown types are O, so they are not counted."""
    sentences, tokens, entities = (sum(counts) for counts in zip(*(part.tally for part in parts), strict=True))
    return {
        "split": split,
        **Tally(sentences, tokens, entities - sum(unknown.values()))._asdict(),
        "outside": dict(sorted(unknown.items())),
        "sentences_by_corpus": {part.corpus: part.tally.sentences for part in parts},
    }


def _unknown_message(parts: Mapping[str, _Part], unknown: Mapping[str, Mapping[str, int]]) -> str:
    """Return the error message, which lists each unknown type with its count and its first line."""
    lines = [
        f"  {kind}: {number_of(count, 'entity')} in {name}, the first at {parts[name].path}:"
        f"{_first_line(parts[name].path, kind)}"
        for name, counts in unknown.items()
        for kind, count in sorted(counts.items())
    ]
    return (
        "dev or test contain entity types that train lacks, so the model cannot learn them:\n" + "\n".join(lines) + "\n"
        "Correct the tags, rename the types in the corpus.yaml of the data set, move sentences with these types into "
        "train, or set `unknown_labels: outside`, which tags these entities O and counts them in metrics/encode.json"
    )


def _first_line(path: Path, kind: str) -> int:
    """Return the number of the first line of a canonical file on which an entity of this type begins."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return next(number for number, line in enumerate(file, start=1) if line.endswith(f"\tB-{kind}\n"))


def _encode(parts: Sequence[_Part], labels: Sequence[str], split: str) -> "Dataset":
    """Encode the sentences of one split.

    Returns:
        A dataset with one row for each sentence and the columns id, tokens, ner_tags, document (None if the file has
        no boundaries of documents) and corpus (the name of the data set).
    """
    import pyarrow as pa
    from datasets import ClassLabel, Dataset, Features, List, NamedSplit, Value

    features = Features(
        {
            "id": Value("string"),
            "tokens": List(Value("string")),
            "ner_tags": List(ClassLabel(names=list(labels))),
            "document": Value("string"),
            "corpus": Value("string"),
        }
    )
    ids = {label: index for index, label in enumerate(labels)}
    batches = [batch for part in parts for batch in _batches(part, ids, features)]
    return Dataset(pa.Table.from_batches(batches, schema=features.arrow_schema), split=NamedSplit(split))


def _batches(part: _Part, ids: Mapping[str, int], features: "Features") -> "Iterator[pa.RecordBatch]":
    """Yield the sentences of one file as Arrow batches. A tag without an id is O, because its type is unknown."""
    import pyarrow as pa

    rows = _with_documents(read_conll(part.path))
    start = 0
    while batch := list(islice(rows, ENCODED_AT_ONCE)):
        columns = {
            "id": [f"{part.name}-{index}" for index in range(start, start + len(batch))],
            "tokens": [sentence.tokens for sentence, _ in batch],
            "ner_tags": [[ids.get(tag, ids[OUTSIDE]) for tag in sentence.tags] for sentence, _ in batch],
            "document": [document for _, document in batch],
            "corpus": [part.corpus] * len(batch),
        }
        start += len(batch)
        yield pa.RecordBatch.from_pydict(columns, schema=features.arrow_schema)


def _with_documents(sentences: Iterator[Sentence]) -> Iterator[tuple[Sentence, str | None]]:
    """Yield each sentence with the name of its document, or None if no boundary stands before it."""
    number, document = 0, None
    for sentence in sentences:
        if sentence.starts_document:
            number += 1
            document = name_document(sentence.document, number)
        yield sentence, document
