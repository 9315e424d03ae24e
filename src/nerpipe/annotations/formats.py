"""Which tool wrote the files that a user names: found from what is in them, and said."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nerpipe.annotations.brat_folder import brat_documents
from nerpipe.annotations.csv_tables import csv_documents, csv_header_message, csv_layout
from nerpipe.annotations.documents import Broken, Document, TaggedSentence
from nerpipe.annotations.json_records import JsonRecord, check_mark, is_json, json_records
from nerpipe.annotations.label_studio import task_text_field
from nerpipe.annotations.tagged_rows import (
    json_sentences,
    parquet_sentences,
    saved_sentences,
    saved_splits,
    split_named,
)
from nerpipe.annotations.tool_records import (
    DOCCANO,
    HUGGING_FACE,
    TASK_READERS,
    is_doccano_without_spans,
    read_tool_record,
    tool_of,
)
from nerpipe.annotations.unknown_files import KNOWN, unknown_message
from nerpipe.errors import NerpipeError

BRAT, CSV = "brat", "CSV"
UTF16_TOOLS = tuple(TASK_READERS)  # Their offsets count UTF-16 units, as JavaScript does.
TAGGED_FORMATS = (HUGGING_FACE, CSV)  # Their files may hold words with tags.
_PROBED_RECORDS = 1000
FileRecord = Document | TaggedSentence | Broken


class UnknownFormatError(NerpipeError):
    """A file has no known format."""


class AnnotationFile(NamedTuple):
    """One file, or one folder of save_to_disk, or all pairs of brat."""

    name: str
    format: str
    split: str  # train, dev or test if the name says so, or else the empty string.
    paths: tuple[tuple[Path, str], ...]  # The files, each with an id for its document that is used by brat alone.


def find_files(names: Sequence[str | Path]) -> list[AnnotationFile]:
    """List what the names stand for, and find the format. The files of a folder are in the order of their names.

    Files in a folder that have no known format are left out.

    Raises:
        NerpipeError: If a file is missing, or a file that is named or all files of a folder have no known format, a
            folder is empty, or the formats differ.
    """
    found: list[AnnotationFile] = []
    pairs: list[tuple[Path, str]] = []
    for name in names:
        top = Path(name)
        if not top.exists():
            raise NerpipeError(f"{name}: no such file or folder; give what the annotation tool exported")
        if _is_saved(top):
            found += [
                AnnotationFile(str(path), HUGGING_FACE, split, ((path, ""),))
                for split, path in saved_splits(top).items()
            ]
            continue
        files = _files_of(top)
        with_annotations = any(path.suffix == ".ann" or path.with_suffix(".ann").is_file() for path in files)
        unknown: list[UnknownFormatError] = []
        before = len(found) + len(pairs)
        for path in files:
            if with_annotations and path.suffix in (".ann", ".txt"):
                pairs.append((path, _brat_id(path, top)))
                continue
            try:
                found.append(AnnotationFile(str(path), _format_of(path), split_named(path.name), ((path, ""),)))
            except UnknownFormatError as error:
                unknown.append(error)
        if unknown and len(found) + len(pairs) == before:
            raise unknown[0]
    if pairs:
        name = str(pairs[0][0].parent if len(pairs) > 1 else pairs[0][0])
        found.append(AnnotationFile(name, BRAT, "", tuple(pairs)))
    if len({file.format for file in found}) > 1:
        shown = "; ".join(f"{file.name} is {file.format}" for file in found[:10])
        raise NerpipeError(
            f"the files have several formats: {shown}. Import the files of each format under a --name of their own"
        )
    return found


def left_aside(names: Sequence[str | Path], files: Sequence[AnnotationFile]) -> list[str]:
    """List the files of the folders among these names that are not read, because they have no known format."""
    read = {path for file in files for path, _ in file.paths}
    folders = [Path(name) for name in names if Path(name).is_dir() and not _is_saved(Path(name))]
    return [str(path) for folder in folders for path in _all_files(folder) if path not in read]


def _is_saved(top: Path) -> bool:
    """Return whether a path is a folder of save_to_disk."""
    return (top / "dataset_dict.json").is_file() or (top / "state.json").is_file()


def _all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _files_of(top: Path) -> list[Path]:
    if top.is_file():
        return [top]
    if not top.is_dir():
        raise NerpipeError(
            f"{top}: this is a pipe or a device, but a file is read several times; write it into a file first "
            "(COMMAND > export.jsonl), and import that"
        )
    files = _all_files(top)
    if any(
        path.suffix == ".ann" for path in files
    ):  # A folder of brat also holds its configuration, annotation.conf and the like.
        return [path for path in files if path.suffix in (".txt", ".ann")]
    if not files:
        raise NerpipeError(f"{top}: the folder is empty; give what the annotation tool exported")
    return files


def _brat_id(path: Path, top: Path) -> str:
    return (path.relative_to(top) if top.is_dir() else Path(path.name)).with_suffix("").as_posix()


def _format_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        raise NerpipeError(f"{path}: the file cannot be read ({error.strerror}); check its mode") from None
    check_mark(path, begin)
    if begin == b"PAR1":
        return HUGGING_FACE
    if path.suffix.lower() in (".csv", ".tsv"):
        if csv_layout(path):
            return CSV
        raise UnknownFormatError(unknown_message(path, csv_header_message(path)))
    if is_json(path):
        records = islice(json_records(path), _PROBED_RECORDS)
        values = [record.value for record in records if isinstance(record, JsonRecord)]
        tool = next(filter(None, map(tool_of, values)), "")
        if tool or any(map(is_doccano_without_spans, values)):
            return tool or DOCCANO
        raise UnknownFormatError(
            f"{path}: no record has the layout of a known annotation tool and an annotation. {KNOWN}"
        )
    raise UnknownFormatError(unknown_message(path, f"the format is not known. {KNOWN}"))


def read_file(file: AnnotationFile) -> Iterator[FileRecord]:
    """Read the documents or sentences of a file. What cannot be read is yielded as broken.

    Raises:
        NerpipeError: If the file cannot be read at all.
    """
    path = file.paths[0][0]
    if file.format == BRAT:
        yield from brat_documents(file.paths)
    elif file.format == CSV:
        yield from csv_documents(path)
    elif file.format == HUGGING_FACE:
        read = saved_sentences if path.is_dir() else json_sentences if is_json(path) else parquet_sentences
        yield from read(path)
    else:
        text_field = task_text_field(json_records(path)) if file.format in TASK_READERS else ""
        for record in json_records(path):
            yield record if isinstance(record, Broken) else read_tool_record(record, file.format, text_field)
