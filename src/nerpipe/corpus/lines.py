"""Raw CoNLL of any dialect: bytes to lines, a line to a word, a separator or a problem (docs/data.md)."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from nerpipe.contracts.schemes import PREFIXES, is_tag
from nerpipe.errors import NerpipeError

CHUNK_BYTES = 1 << 20  # bytes read at a time, and the longest line
REMEMBERED_LINES = 1 << 16  # about 25 MB
REMEMBERED_LENGTH = 100  # characters; longer lines seldom come again
DOCSTART = "-DOCSTART-"

WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark begins with the same two bytes
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
INVALID = re.compile("[\ud800-\udfff]")  # a byte that is no UTF-8, decoded to a surrogate
UNREADABLE = re.compile("[\0\r\ud800-\udfff]")  # what no kept line holds
MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
SPACES = re.compile(" +")

# Why a sentence is quarantined: the name in the report and what it means.
PROBLEMS = {
    "invalid_utf8": "bytes that are no UTF-8",
    "nul": "a NUL character",
    "lone_cr": "a carriage return within the line",
    "empty_token": "no token before the tag",
    "one_column": "one column: no tag",
    "several_tags": "several tags, and multi_tag is reject",
    "tag_without_type": "a tag without a type",
    "prefix_not_in_scheme": "a tag whose prefix the named scheme does not have",
    "tag_not_iob": "the last column is no IOB tag",
}


class Word(NamedTuple):
    """A line that is no separator; its token and tag are good if `problem` is empty."""

    line: str
    token: str
    tag: str
    repairs: tuple[str, ...] = ()
    problem: str = ""


class Separator(NamedTuple):
    """A line between sentences, and the repair that made it one."""

    repair: str = ""


class Digest(Protocol):
    """What hashlib.sha256() gives."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""


def open_raw(source: Path) -> BinaryIO:
    """Open a raw file.

    Raises:
        NerpipeError: if it is missing, a folder or not readable.
    """
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise NerpipeError(f"{source}: not there; a raw CoNLL file was expected (`token<TAB>tag` a line)") from None
    except IsADirectoryError:
        raise NerpipeError(f"{source}: a folder; a raw CoNLL file was expected (`token<TAB>tag` a line)") from None
    except OSError as error:
        raise NerpipeError(f"{source}: cannot be read ({error.strerror}); check its owner and mode") from None


def read_lines(source: Path, digest: Digest, repairs: Counter[str]) -> Iterator[list[str]]:
    """Yield the lines of a raw file, without their ends, a chunk of about 1 MiB at a time.

    Only LF and CRLF end a line. A byte that is no UTF-8 becomes a surrogate (PEP 383) that the parser finds.

    Args:
        source: the file.
        digest: is fed every byte of it.
        repairs: counts `bom`, `crlf` and `no_final_newline`.

    Raises:
        NerpipeError: if the file cannot be opened, is UTF-16 or UTF-32, or has a line over 1 MiB.
    """
    read = 0
    with open_raw(source) as file:
        for chunk in _chunks(file, digest):
            if read == 0:
                chunk = _without_mark(source, chunk, repairs)  # noqa: PLW2901 - the same chunk, cleaned
            # only a chunk's first line can have begun in an earlier one
            if (chunk.find(b"\n") if b"\n" in chunk else len(chunk)) > CHUNK_BYTES:
                raise NerpipeError(
                    f"{source}:{read + 1}: a line of over {CHUNK_BYTES:,} bytes; each word is expected on a line "
                    "of its own that ends in LF or CRLF. If they are bare CR: tr '\\r' '\\n' < OLD > NEW"
                )
            lines = _decode(_without_crlf(chunk, repairs)).split("\n")
            if lines[-1] == "":
                lines.pop()  # what follows the last LF; it is not a line
            else:
                repairs["no_final_newline"] += 1
            read += len(lines)
            yield lines


def _chunks(file: BinaryIO, digest: Digest) -> Iterator[bytes]:
    """Yield a file in pieces that end with LF (the last with the file): no character or CRLF is cut."""
    tail = b""
    while block := file.read(CHUNK_BYTES):
        digest.update(block)
        cut = block.rfind(b"\n") + 1
        if cut or len(tail) > CHUNK_BYTES:
            yield tail + block[:cut]
            tail = b""
        tail += block[cut:]
    if tail:
        yield tail


def _without_mark(source: Path, chunk: bytes, repairs: Counter[str]) -> bytes:
    for mark, encoding in WIDE_MARKS:
        if chunk.startswith(mark):
            raise NerpipeError(
                f"{source}:1: the file is {encoding}, by its byte-order mark; UTF-8 was expected. Convert "
                f"it: iconv -f {encoding} -t UTF-8 OLD > NEW"
            )
    if chunk.startswith(codecs.BOM_UTF8):
        repairs["bom"] += 1
    return chunk.removeprefix(codecs.BOM_UTF8)


def _without_crlf(chunk: bytes, repairs: Counter[str]) -> bytes:
    count = chunk.count(b"\r\n")
    if count:
        repairs["crlf"] += count
        chunk = chunk.replace(b"\r\n", b"\n")
    return chunk


def _decode(chunk: bytes) -> str:
    try:
        return chunk.decode("utf-8")
    except UnicodeDecodeError:
        return chunk.decode("utf-8", "surrogateescape")


def show_line(line: str) -> tuple[str, bool]:
    r"""Give a line as valid Unicode without NUL, and whether it had to be escaped for that.

    An escaped line shows a bad byte as `\xff` and a backslash as two.

    >>> show_line("caf\udce9 O")
    ('caf\\xe9 O', True)
    """
    if "\0" not in line and not INVALID.search(line):
        return line, False
    escaped = line.replace("\\", "\\\\").replace("\0", "\\x00")
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), True


class LineParser(dict[str, Word | Separator]):
    """Parse a line: `parser[line]`. It remembers lines, because most words of a text come again.

    A dict that computes what it lacks, because a known line then costs one look-up and no Python call.
    """

    def __init__(self, *, multi_tag: str, prefixes: str) -> None:
        """Set how tags are read.

        Args:
            multi_tag: for `B-a,B-b`: "first" or "reject".
            prefixes: those that the scheme has.
        """
        super().__init__()
        self._multi_tag = multi_tag
        self._prefixes = prefixes

    def __missing__(self, line: str) -> Word | Separator:
        parsed = self._parse(line)
        if len(line) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED_LINES:
                self.clear()  # frequent lines are back at once
            self[line] = parsed
        return parsed

    def _parse(self, line: str) -> Word | Separator:
        if not line.strip():
            return Separator("blank_with_whitespace" if line else "")
        trimmed = line.rstrip(" \t\r")
        if UNREADABLE.search(trimmed):
            return Word(line, "", "", problem=_unreadable(trimmed))
        # By the untrimmed line: `vitamin B-12<TAB>` lacks its tag, it is not the word vitamin tagged B-12.
        if "\t" in line:
            raw = trimmed.split("\t")
            columns = [column.strip(" ") for column in raw]
        else:
            raw = columns = SPACES.split(trimmed.lstrip(" "))
        token, tag = columns[0], columns[-1]
        if token == DOCSTART:
            return Separator("docstart")
        if not token:
            return Word(line, "", "", problem="empty_token")
        if len(columns) == 1:
            return Word(line, "", "", problem="one_column")
        padded = trimmed != line or line.startswith(" ") or token != raw[0] or tag != raw[-1]
        repairs = ["outer_space"] if padded else []
        tag, problem = self._parse_tag(tag, repairs)
        return Word(line, token, tag, tuple(repairs), problem)

    def _parse_tag(self, tag: str, repairs: list[str]) -> tuple[str, str]:
        """Return the tag without junk and what is wrong with it, if anything."""
        if "<" in tag and MARKUP.search(tag):
            tag = MARKUP.sub("", tag).strip(" ")
            repairs.append("html_in_tag")
        if "," in tag:
            if self._multi_tag == "reject":
                return tag, "several_tags"
            tag = tag.partition(",")[0].strip(" ")
            repairs.append("multi_tag")
        if tag.split() != [tag] or "<" in tag or ">" in tag:
            return tag, "tag_not_iob"
        if is_tag(tag, self._prefixes):
            return tag, ""
        if is_tag(tag):
            return tag, "prefix_not_in_scheme"
        return tag, "tag_without_type" if tag.removesuffix("-") in PREFIXES else "tag_not_iob"


def _unreadable(line: str) -> str:
    if INVALID.search(line):
        return "invalid_utf8"
    return "nul" if "\0" in line else "lone_cr"
