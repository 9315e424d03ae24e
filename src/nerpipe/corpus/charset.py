"""A guess at the encoding of text that is not UTF-8."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from nerpipe.errors import NerpipeError

# The scripts that each encoding is used for. A script is the beginning of the names of its characters in Unicode.
CANDIDATES = {
    "euc_kr": ("HANGUL",),  # Before gb18030, in which Korean text looks like Chinese.
    "gb18030": ("CJK UNIFIED",),
    "big5": ("CJK UNIFIED",),
    "shift_jis": ("HIRAGANA", "KATAKANA", "CJK UNIFIED"),
    "euc_jp": ("HIRAGANA", "KATAKANA", "CJK UNIFIED"),
    "cp1251": ("CYRILLIC",),
    "koi8_r": ("CYRILLIC",),
    "cp1253": ("GREEK",),
    "cp1255": ("HEBREW",),
    "cp1256": ("ARABIC",),
    "cp1252": ("LATIN",),
    "cp1250": ("LATIN",),
}
LOOKED_AT = 500  # Number of lines.
ANYWHERE = "‘’“”„–—…«»€§°、。，．（）「」・！？：；\u3000\xa0"
OTHER_LATIN = 0.9  # Latin letters count less than those of a script that the encoding is made for.
CAPITAL = 0.5  # A capital behind a small letter is a sign of the wrong encoding.
INVALID = re.compile("[\ud800-\udfff]")  # A byte that is not UTF-8, decoded to a surrogate.
LEAST_INVALID = 10  # From so many lines on that are not UTF-8, the file may be written in another encoding.


def likely_encoding(lines: Sequence[bytes]) -> str:
    """Name the encoding in which lines, from the beginning of a file on, look most like words.

    >>> likely_encoding(["Köln liegt am Rhein, Zürich nicht".encode("cp1252")])
    'cp1252'
    >>> likely_encoding(["Москва большой город".encode("koi8_r")])
    'koi8_r'
    """
    if sum(line.count(0) for line in lines) > len(lines):
        return "utf-16-be" if lines[0].startswith(b"\0") else "utf-16-le"
    text = b"\n".join(lines[:LOOKED_AT])
    scores = {name: _fit(text, name, scripts) for name, scripts in CANDIDATES.items()}
    return max(scores, key=lambda name: scores[name])


def _fit(content: bytes, name: str, scripts: tuple[str, ...]) -> float:
    """Give the share of the characters beyond ASCII that are letters of the scripts and fit the letter before them."""
    try:
        text = content.decode(name)
    except UnicodeError:
        return 0.0
    others = good = 0.0
    before = " "
    for character in text:
        if not character.isascii():
            others += 1
            right = character in ANYWHERE or unicodedata.name(character, "").startswith(scripts)
            mixed = before.isascii() and before.isalpha() and scripts != ("LATIN",)
            if right and not mixed:
                good += CAPITAL if character.isupper() and before.islower() else 1
                good -= name in ("gb18030", "big5") and not _common(character, name)
        elif character.isalpha() and not before.isascii() and scripts != ("LATIN",) and before.isalpha():
            good -= 1
        before = character
    fit = good / others if others else 0.0
    return fit * (OTHER_LATIN if scripts == ("LATIN",) else 1)


def _common(character: str, name: str) -> bool:
    """Return whether a character is among the common half of its encoding: the first level of GB 2312 or Big5."""
    first = character.encode(name)[0]
    return 0xA1 <= first <= 0xD7 if name == "gb18030" else 0xA1 <= first <= 0xC6  # noqa: PLR2004 - ranges of the standards


def is_utf8(begin: bytes) -> bool:
    """Return whether the beginning of a file holds characters beyond ASCII, and all are UTF-8."""
    try:
        begin[: begin.rfind(b"\n") + 1].decode()
    except UnicodeDecodeError:
        return False
    return not begin.isascii() and b"\0" not in begin


def check_encoding(lines: list[str], name: str, place: Path) -> None:
    """Check that a file is not written in another encoding. A few bad lines are not enough: those are quarantined.

    Args:
        lines: Lines of the file.
        name: The file, for the message.
        place: The corpus.yaml that the message names.

    Raises:
        NerpipeError: If ten lines or more, and most of those with more than ASCII, are not UTF-8.
    """
    other = [line for line in lines if not line.isascii()]
    invalid = [line for line in other if INVALID.search(line)]
    if len(invalid) >= LEAST_INVALID and 2 * len(invalid) > len(other):
        raise NerpipeError(f"{name}: the file is not UTF-8; {encoding_advice(invalid, place)}")


def encoding_advice(lines: list[str], place: Path) -> str:
    """Say in which encoding lines with bytes that are not UTF-8 probably are, and what to write into corpus.yaml."""
    found = likely_encoding([line.encode("utf-8", "surrogateescape") for line in lines])
    return (
        f"it is probably {found}. If the words of the corpus look right with it, put this line into {place}:\n"
        f"    encoding: {found}"
    )
