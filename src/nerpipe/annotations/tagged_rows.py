"""Data sets whose words are given: Hugging Face folders, Parquet and JSON lines with words and tags."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.annotations.documents import Broken, TaggedSentence, id_of, shown
from nerpipe.annotations.json_records import is_json, json_records
from nerpipe.annotations.tool_records import HUGGING_FACE, TAG_COLUMNS, TOKEN_COLUMNS, tool_of
from nerpipe.errors import NerpipeError

DOCUMENT_COLUMNS = ("document_id", "doc_id", "document")
_SPLIT_NAMES = {"train": "train", "training": "train", "test": "test"} | dict.fromkeys(
    ("dev", "valid", "validation", "val"), "dev"
)


class RowColumns(NamedTuple):
    """The columns of a data set: of the words, of the tags, and the names of tags that are numbers."""

    tokens: str
    tags: str
    names: Sequence[str] | None


def split_named(name: str) -> str:
    """Give the split that a name begins with (train, dev, valid, validation, test), or the empty string."""
    word = name.lower().replace("-", ".").replace("_", ".").split(".")[0]
    return _SPLIT_NAMES.get(word, "")


def json_sentences(path: Path) -> Iterator[TaggedSentence | Broken]:
    """Read JSON lines with words and tags.

    Raises:
        NerpipeError: If the tags are numbers, and no dataset_info.json beside the file gives their names.
    """
    columns: RowColumns | None = None
    for record in json_records(path):
        if isinstance(record, Broken):
            yield record
        elif tool_of(record.value) not in ("", HUGGING_FACE):
            yield Broken(record.place, "other_format", record.raw)
        elif not isinstance(record.value, dict):
            yield Broken(record.place, "not_a_record", record.raw)
        else:
            if columns is None and tool_of(record.value):
                columns = _columns(path, record.value, _info_features(path.parent), [record.value])
            yield _sentence(record.place, record.value, columns, record.raw)


def parquet_sentences(path: Path) -> Iterator[TaggedSentence | Broken]:
    """Read a Parquet file with words and tags, with the names of the tags that the `datasets` library keeps in it.

    Raises:
        NerpipeError: If it is not readable, lacks the columns, or lacks the names of tags that are numbers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path)
        metadata = json.loads((table.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        features = metadata.get("info", {}).get("features", {}) or _info_features(path.parent)
        number = 0
        columns: RowColumns | None = None
        for batch in table.iter_batches(batch_size=1024):
            rows = batch.to_pylist()
            columns = columns or _columns(path, dict.fromkeys(table.schema_arrow.names), features, rows)
            for row in rows:
                number += 1
                yield _sentence(f"{path}:row {number}", row, columns, shown(row))
    except (pa.ArrowException, ValueError) as error:
        raise NerpipeError(f"{path}: the file is not readable Parquet ({error}); export it again") from None


def saved_splits(folder: Path) -> dict[str, Path]:
    """List the data sets of a folder of save_to_disk by their split; a single data set has the split `""`.

    Raises:
        NerpipeError: If a split has a name that is none of train, dev, validation and test.
    """
    if not (folder / "dataset_dict.json").is_file():
        return {"": folder}
    inside = sorted(path.parent for path in folder.glob("*/state.json"))
    unknown = [path.name for path in inside if not split_named(path.name)]
    if unknown:
        raise NerpipeError(
            f"{folder}: the data set has the splits {', '.join(path.name for path in inside)}, and {unknown[0]} is "
            "none of train, dev, validation and test; rename it or save the splits that you need"
        )
    return {split_named(path.name): path for path in inside}


def saved_sentences(folder: Path) -> Iterator[TaggedSentence | Broken]:
    """Read one data set that `save_to_disk` wrote.

    Raises:
        NerpipeError: If it is not readable, lacks the columns, or lacks the names of tags that are numbers.
    """
    import datasets

    try:
        data = datasets.load_from_disk(str(folder))
    except (OSError, ValueError) as error:
        raise NerpipeError(f"{folder}: the folder is no data set of save_to_disk ({error}); save it again") from None
    columns: RowColumns | None = None
    for number, row in enumerate(data, start=1):
        columns = columns or _columns(folder, row, data.features.to_dict(), [row])
        yield _sentence(f"{folder}:row {number}", row, columns, shown(row))


def _info_features(folder: Path) -> Mapping[str, Any]:
    """Read the features that a dataset_info.json in the folder states."""
    try:
        features = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8")).get("features")
    except (OSError, ValueError, AttributeError):
        return {}
    return features if isinstance(features, dict) else {}


def _columns(
    path: Path, row: Mapping[str, Any], features: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> RowColumns:
    tokens = next((name for name in TOKEN_COLUMNS if name in row), "")
    tags = next((name for name in TAG_COLUMNS if name in row), "")
    if not tokens or not tags:
        raise NerpipeError(
            f"{path}: the columns are {', '.join(row)}; one of {', '.join(TOKEN_COLUMNS)} and one of "
            f"{', '.join(TAG_COLUMNS)} are needed. Rename the columns, for example with rename_column"
        )
    names = _class_names(features.get(tags))
    if names is None and any(isinstance(tag, int) for each in rows for tag in each.get(tags) or ()):
        saved = "with save_to_disk or as Parquet, which keep" if is_json(path) else "with save_to_disk, which keeps"
        raise NerpipeError(
            f"{path}: the column {tags} holds numbers, and nothing says which tags they stand for. Save the data set "
            f"{saved} the names; or put its dataset_info.json, with the names in `features`, beside the file; or write "
            "the names themselves into the column"
        )
    return RowColumns(tokens, tags, names)


def _class_names(feature: object) -> Sequence[str] | None:
    """Find the names of a ClassLabel inside a feature, however deep it lies."""
    if isinstance(feature, list):
        return _class_names(feature[0]) if feature else None
    if not isinstance(feature, dict):
        return None
    names = feature.get("names")
    return names if isinstance(names, list) else _class_names(feature.get("feature"))


def _sentence(place: str, row: Mapping[str, Any], columns: RowColumns | None, raw: str) -> TaggedSentence | Broken:
    if columns is None:
        return Broken(place, "bad_row", raw)
    tokens, tags = row.get(columns.tokens), row.get(columns.tags)
    if not isinstance(tokens, list) or not isinstance(tags, list) or len(tokens) != len(tags):
        return Broken(place, "bad_row", raw)
    named = [_tag(tag, columns.names) for tag in tags]
    if not all(isinstance(token, str) for token in tokens):
        return Broken(place, "bad_token", raw)
    if not all(named):
        return Broken(place, "bad_tag", raw)
    document = id_of(*(row.get(name) for name in DOCUMENT_COLUMNS))
    return TaggedSentence(place, document, tokens, named, raw)


def _tag(tag: object, names: Sequence[str] | None) -> str:
    """Give the name of a tag, or the empty string if it has none."""
    if isinstance(tag, str):
        return tag.strip()
    known = names is not None and isinstance(tag, int) and not isinstance(tag, bool) and 0 <= tag < len(names)
    return names[tag] if known and names is not None and isinstance(tag, int) else ""
