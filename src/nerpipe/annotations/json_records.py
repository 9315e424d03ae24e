"""JSON of any layout to records: lines, an array, or objects one after the other.

A broken record does not end the reading of a file.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.annotations.documents import Broken
from nerpipe.contracts.json_objects import RepeatedKeyError, unique_keys
from nerpipe.errors import NerpipeError

_LONGEST_NUMBER = 400  # Digits. Python refuses to read numbers of over 4,300 digits.
_PROBED_LINES = 20
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


class JsonRecord(NamedTuple):
    """One record of a file."""

    place: str
    value: Any
    raw: str


def text_of(path: Path) -> str:
    r"""Read a whole file. A byte that is not UTF-8 becomes a surrogate, and line ends stay as they are.

    Raises:
        NerpipeError: If the file cannot be read, or is UTF-16.
    """
    return _bytes_of(path).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _bytes_of(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NerpipeError(f"{path}: the file cannot be read ({error.strerror}); check its name and mode") from None
    check_mark(path, content[:4])
    return content


def check_mark(path: Path, begin: bytes) -> None:
    """Check that a file does not begin with the byte-order mark of UTF-16.

    Raises:
        NerpipeError: If it does.
    """
    if begin.startswith(_WIDE_MARKS):
        raise NerpipeError(
            f"{path}: the file is UTF-16, by its byte-order mark; UTF-8 is needed. Convert it: "
            "iconv -f UTF-16 -t UTF-8 OLD > NEW"
        )


def is_json(path: Path) -> bool:
    """Return whether the first character of a file that is no white space begins a JSON object or array."""
    with path.open("rb") as file:
        return file.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def json_records(path: Path) -> Iterator[JsonRecord | Broken]:
    """Yield the records of a file: one on each line, or those of an array, or objects one after the other.

    Raises:
        NerpipeError: If the file cannot be read, or is UTF-16.
    """
    text = text_of(path)
    lines = text.split("\n")
    if _holds_lines(lines):
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield parse_record(f"{path}:{number}", line.removesuffix("\r"))
        return
    for place, piece in _placed(_pieces(text)):
        yield parse_record(f"{path}:{place}", piece)


def _holds_lines(lines: list[str]) -> bool:
    """Return whether each line holds a record, by the first lines that hold something.

    A file that begins with `[` is an array, unless its lines are lists that begin with a text, as spaCy's are. Other
    files hold lines if one of the first is an object that begins without an indent.
    """
    filled = [line for line in lines[: 2 * _PROBED_LINES] if line.strip()][:_PROBED_LINES]
    if filled and filled[0].lstrip()[:1] == "[":
        return filled[0].lstrip()[1:].lstrip()[:1] == '"'
    records = (parse_record("", line) for line in filled if line[0] == "{" or line is filled[0])
    return any(isinstance(record, JsonRecord) and isinstance(record.value, dict) for record in records)


def parse_record(place: str, raw: str) -> JsonRecord | Broken:
    """Parse the text of one record."""
    if not _is_utf8(raw):
        return Broken(place, "invalid_utf8", without_surrogates(raw))
    try:
        return JsonRecord(place, json.loads(raw, parse_int=_number, object_pairs_hook=unique_keys), raw)
    except RepeatedKeyError:
        return Broken(place, "repeated_key", raw)
    except (ValueError, RecursionError):
        return Broken(place, "not_json", raw)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def without_surrogates(raw: str) -> str:
    r"""Give a text of `text_of` with each byte that is not UTF-8 written as `\xNN`."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def _placed(pieces: Iterator[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield each piece with its place: its line, and its number in the file if another one begins in the same line."""
    before = 0
    ends: list[tuple[int, str]] = [(0, "")]
    for number, ((line, piece), (following, _)) in enumerate(pairwise(chain(pieces, ends)), start=1):
        yield (f"{line} record {number}" if line in (before, following) else str(line)), piece
        before = line


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield each object or array at the top, or in the array that is the whole text, with the number of its first line.

    What stands between them and is no comma is yielded too, so that it is counted as a broken record.
    """
    outer = 1 if text.lstrip()[:1] == "[" else 0
    depth, start, line, counted = 0, 0, 1, 0
    if outer:
        start = text.index("[") + 1

    def piece(end: int) -> Iterator[tuple[int, str]]:
        nonlocal line, counted
        content = text[start:end].strip(", \t\r\n")
        if content and content != "]":
            begin = text.index(content[0], start)
            line, counted = line + text.count("\n", counted, begin), begin
            yield line, content

    for match in _TOKEN.finditer(text):
        character = match[0]
        if character in ("[", "{"):
            if depth == outer:
                yield from piece(match.start())
                start = match.start()
            depth += 1
        elif character in ("]", "}"):
            depth -= 1
            if depth == outer:
                yield from piece(match.end())
                start = match.end()
    yield from piece(len(text))
