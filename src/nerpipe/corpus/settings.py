"""What is true of a corpus: data/raw/NAME/corpus.yaml, an optional file whose keys are checked as params are."""

import codecs
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nerpipe.contracts.schemes import OUTSIDE, SCHEMES
from nerpipe.corpus.pointers import Pointer, read_pointers
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml

SETTINGS_FILE = "corpus.yaml"
OLD_FILE = "source.yaml"
MULTI_TAG = ("first", "reject")
# Other names of schemes, for the advice in messages.
OTHER_NAMES = {"bio": "IOB2", "bio2": "IOB2", "iob": "IOB1", "bioes": "IOBES", "biluo": "BILOU", "bmeso": "BMES"}
ALLOWED = {
    "files": "for train, and for dev and test if they exist, a mapping with url, file and sha256",
    "token_column": "a number from 1, a name of the header row, or one of them with a key of `key=value` fields",
    "tag_column": "a number from 1, a name of the header row, or one of them with a key of `key=value` fields, such as "
    "misc.name",
    "scheme": f"one of {', '.join(SCHEMES)}",
    "multi_tag": f"one of {', '.join(MULTI_TAG)}",
    "encoding": "an encoding that Python knows, such as cp1252",
    "types": f"a mapping from a type of the raw files to its new name, or to {OUTSIDE} to drop it",
    "language": "one or more codes of languages (ISO 639-1 or BCP 47), such as en, or de, fr",
    "license": "a name of a licence as the Hugging Face Hub writes it, such as cc0-1.0 or cc-by-4.0",
    "dev_fraction": "a number above 0 and below 1",
    "test_fraction": "a number above 0 and below 1",
}
PATTERNS = {
    "language": re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*(, ?[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)*"),
    "license": re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}"),
}


@dataclass(frozen=True)
class CorpusSettings:
    """The keys of corpus.yaml. docs/data.md explains each."""

    files: Mapping[str, Pointer] = field(default_factory=dict)
    token_column: str = ""  # If it is empty, the program looks for it.
    tag_column: str = ""
    scheme: str = "auto"
    multi_tag: str = "first"
    encoding: str = "utf-8"
    types: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    license: str = ""
    dev_fraction: float | None = None  # If it is None, `cutting.FRACTION` is used for a missing split.
    test_fraction: float | None = None

    def column_names(self) -> list[str]:
        """List the names of columns. A first row that holds one of them is the header."""
        return [name.partition(".")[0] for name in (self.token_column, self.tag_column) if name]


def load_settings(folder: Path) -> CorpusSettings:
    """Read the corpus.yaml of a folder, or its source.yaml, which holds what is now the key `files`.

    Raises:
        NerpipeError: If a key is unknown or a value is not allowed. The message lists all of them, each with file, key,
            value and what is allowed.
    """
    path, old = folder / SETTINGS_FILE, folder / OLD_FILE
    if not path.exists():
        return CorpusSettings(files=read_pointers(load_yaml(old), str(old))) if old.exists() else CorpusSettings()
    raw = load_yaml(path)
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise NerpipeError(f"{path}: a mapping was expected, one `key: value` on each line; found {type(raw).__name__}")
    values = _checked_keys(raw, path)
    if old.exists():
        if "files" in values:
            raise NerpipeError(f"[{path} -> files] {old} names files too; keep one of the two")
        values["files"] = read_pointers(load_yaml(old), str(old))
    settings = CorpusSettings(**values)
    if (settings.dev_fraction or 0) + (settings.test_fraction or 0) >= 1:
        raise NerpipeError(
            f"[{path} -> dev_fraction] with test_fraction it leaves nothing for train; expected less than 1"
        )
    return settings


def _checked_keys(raw: Mapping[Any, Any], path: Path) -> dict[str, Any]:
    problems = []
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in ALLOWED:
            near = difflib.get_close_matches(str(key), ALLOWED, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(ALLOWED)}"
            problems.append(f"[{path} -> {key}] unknown key with the value {value!r}; {hint}")
            continue
        try:
            values[key] = read_pointers(value, f"{path} -> files") if key == "files" else _checked_value(key, value)
        except ValueError as error:
            problems.append(f"[{path} -> {key}] {value!r} {error}; expected {ALLOWED[key]}")
    if problems:
        raise NerpipeError("\n".join(problems))
    return values


def source_hint(folder: Path) -> str:
    """Say what to do with a source.yaml. The text is empty if there is none."""
    old = folder / OLD_FILE
    if not old.exists():
        return ""
    return (
        f"{old} is still read; its new place is {folder / SETTINGS_FILE}, under the key `files:` with every line two "
        "spaces further to the right"
    )


def _checked_value(key: str, value: object) -> object:
    """Return a value in the type of its key.

    Raises:
        ValueError: If it is not allowed. Its text says what is wrong with the value.
    """
    if key in ("dev_fraction", "test_fraction"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("is not a number")
        if not 0 < value < 1:
            raise ValueError("is out of range")
        return float(value)
    if key in ("token_column", "tag_column"):
        if isinstance(value, bool) or not isinstance(value, int | str) or value in ("", 0):
            raise ValueError("is neither a number from 1 nor a name")
        return str(value)
    if key == "types":
        return _checked_types(value)
    if not isinstance(value, str):
        raise ValueError("is not text; to make it text, quote it")  # noqa: TRY004 - the caller uses the text of a ValueError
    choices = {"scheme": tuple(SCHEMES), "multi_tag": MULTI_TAG}.get(key)
    if choices and value not in choices:
        names = {choice.casefold(): choice for choice in choices} | OTHER_NAMES
        near = difflib.get_close_matches(value.casefold(), names, n=1, cutoff=0.4)
        raise ValueError("is not allowed" + (f" (did you mean {names[near[0]]!r}?)" if near else ""))
    return _checked_encoding(value) if key == "encoding" else _checked_words(key, value)


def _checked_words(key: str, value: str) -> str:
    if key in PATTERNS and not PATTERNS[key].fullmatch(value):
        raise ValueError("is not allowed")
    return value


def _checked_types(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not value:
        raise ValueError("is not a mapping")
    for old, new in value.items():
        if not isinstance(old, str) or not isinstance(new, str) or not _is_type(new):
            raise ValueError(
                f"maps {old!r} to {new!r}: both must be text, the new name without white space, `<`, `>` and comma"
            )
    return dict(value)


def _is_type(name: str) -> bool:
    return name.split() == [name] and name.isprintable() and not {"<", ">", ","} & set(name)


def _checked_encoding(value: str) -> str:
    try:
        info = codecs.lookup(value)
        # Some codecs, such as hex, are no encodings of text. That of UTF-16 needs the byte-order mark that it writes.
        info.incrementaldecoder().decode("a\n".encode(value), final=True).encode()
    except (LookupError, TypeError, AttributeError, ValueError):
        raise ValueError("is not known as an encoding of text") from None
    return "utf-8" if info.name in ("utf-8", "utf-8-sig") else value  # A byte-order mark is left out in any case.
