"""Files that are not UTF-8: their likely encoding, and what to do."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from nerpipe.corpus.charset import LOOKED_AT, likely_encoding

_BORDER = re.compile(rb'[\n",]')  # No character of several bytes holds one of these, in any known encoding.


class OtherEncoding(NamedTuple):
    """What a file that is not UTF-8 probably is."""

    file: str
    encoding: str  # As iconv calls it.
    mostly_utf8: bool  # Whether more of the file is UTF-8 with letters beyond ASCII than is not.


def other_encodings(paths: Iterable[Path]) -> list[OtherEncoding]:
    """Guess the encoding of each file that is not UTF-8."""
    found = []
    for path in paths:
        parts = [part for part in _BORDER.split(path.read_bytes()) if not part.isascii()]
        invalid = [part for part in parts if not _is_valid(part)]
        if invalid:
            name = likely_encoding(invalid[:LOOKED_AT]).upper().replace("_", "-")
            found.append(OtherEncoding(str(path), name, 2 * len(invalid) <= len(parts)))
    return found


def _is_valid(part: bytes) -> bool:
    try:
        part.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def conversion_advice(found: OtherEncoding) -> str:
    """Say what the file probably is, and how to convert it."""
    if found.mostly_utf8:
        return (
            f"{found.file}: most of the file is UTF-8, and the rejected rows are probably {found.encoding}; convert "
            "these rows alone, because a conversion of the whole file would spoil the others"
        )
    return (
        f"{found.file}: the file is probably {found.encoding}; convert it, and import the new file: "
        f"iconv -f {found.encoding} -t UTF-8 OLD > NEW"
    )
