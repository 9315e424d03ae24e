"""The records of an input, and the check that a record can be predicted and written."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nerpipe.contracts.json_objects import RepeatedKeyError, unique_keys

LONGEST = 1 << 20  # Largest number of bytes in a record, or of characters in its text: 1 MiB.
DEEPEST = 100  # Largest number of arrays and objects within each other in a record.
SHOWN_CHARACTERS_OF_RAW = 1000  # Number of characters of a record that is too long that the rejects file shows.
TEXT = "text"  # Name of the field or column that holds the text, unless the user names another.
_SHOWN_NAMES, _SHOWN_NAME = 20, 80  # Number of names of fields that a message shows, and characters of each.

MOST_DIGITS = sys.int_info.default_max_str_digits  # Largest number of digits of a whole number that Python reads.
_TOO_DEEP = f"the record holds over {DEEPEST} arrays and objects within each other"

Told = Callable[[int], object]  # Function that receives the number of bytes of each read.


class Record(NamedTuple):
    """One record: a text, or words that are already known, with the other fields of the input."""

    position: str  # FILE:LINE, FILE or FILE:row N. Numbers begin at 1.
    # If the input gives words, this is the words joined by blanks. Prediction joins them as the model says.
    text: str
    words: list[str] | None  # None if the input gives no words.
    fields: dict[str, Any]  # Other fields of a JSON line, other columns of a Parquet row, or the name of a whole file.


class Rejected(NamedTuple):
    """A record that cannot be predicted, and the reason."""

    position: str
    problem: str
    raw: str  # The record as the input holds it. Bytes that are not UTF-8 are written as \xNN.


def decoded(position: str, content: bytes, *, too_long: bool) -> str | Rejected:
    """Decode the bytes of a record."""
    if too_long:
        raw = content[:SHOWN_CHARACTERS_OF_RAW].decode("utf-8", errors="backslashreplace")
        return Rejected(position, f"the record is longer than {LONGEST:,} bytes", raw)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = content.decode("utf-8", errors="backslashreplace")
        return Rejected(position, f"byte {error.start + 1} of the record is not UTF-8", raw)


def missing_field(kind: str, wanted: str, names: Sequence[str]) -> str:
    """Say that the field of the text is not there, and which ones are.

    >>> missing_field("column", "text", ["id", "body"])
    'there is no column "text"; the columns are id, body; name the one that holds the text with --text-field'
    """
    if not names:
        return f'there is no {kind} "{wanted}", nor any other'
    shown = ", ".join(name[:_SHOWN_NAME] for name in names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    advice = "name the one that holds the text with --text-field"
    return f'there is no {kind} "{wanted}"; the {kind}s are {shown}{more}; {advice}'


def json_record(position: str, line: str, text_field: str) -> Record | Rejected:
    """Read a record from a JSON object whose field of this name holds the text."""
    try:
        fields = json.loads(line, object_pairs_hook=unique_keys)
    except (json.JSONDecodeError, RepeatedKeyError) as error:
        why = str(error) if isinstance(error, RepeatedKeyError) else f"the line is not valid JSON: {error}"
        return Rejected(position, why, line)
    except RecursionError:
        return Rejected(position, _TOO_DEEP, line)
    except ValueError:
        return Rejected(position, f"the line holds a number of over {MOST_DIGITS:,} digits", line)
    if not isinstance(fields, dict):
        return Rejected(position, f'a JSON object with the field "{text_field}" was expected', line)
    if text_field not in fields:
        return Rejected(position, missing_field("field", text_field, [*fields]), line)
    return checked(position, fields, line, text_field)


def checked(
    position: str,
    fields: dict[str, Any],
    raw: str,
    text_field: str = TEXT,
    other: Callable[[Any], object] | None = None,
) -> Record | Rejected:
    """Make a record of the fields of an object, if JSON can hold them.

    Args:
        position: Position of the record.
        fields: Fields of the record, with its text.
        raw: The record as the input holds it.
        text_field: Name of the field that holds the text.
        other: Function that turns a value that JSON lacks, such as a date, into one that it has.
    """
    text = fields.pop(text_field)
    if not isinstance(text, str):
        return Rejected(position, f'"{text_field}" is {type(text).__name__}, not text', raw)
    if len(text) > LONGEST:
        return Rejected(
            position, f'"{text_field}" is longer than {LONGEST:,} characters', raw[:SHOWN_CHARACTERS_OF_RAW]
        )
    try:
        shown = json.dumps([text, fields], ensure_ascii=False, allow_nan=False, default=other)
        shown.encode("utf-8")
        # A bracket can also be part of a text, so that the first count alone says too little.
        deep = shown.count("[") + shown.count("{") > DEEPEST and _depth(fields) > DEEPEST
        problem = _TOO_DEEP if deep else ""
    except (ValueError, TypeError, RecursionError) as error:
        problem = _problem(error)
    if problem:
        return Rejected(position, problem, raw)
    return Record(position, text, None, fields if other is None else json.loads(shown)[1])


def _problem(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "the record holds half of a surrogate pair, which is not a character"
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if "JSON compliant" in str(error):
        return "the record holds NaN or an infinity, which JSON does not have"
    return f"the record holds a value that JSON cannot hold: {error}"


def _depth(value: object) -> int:
    """Count how many arrays and objects lie within each other."""
    depth, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
