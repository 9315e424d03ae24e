"""Reading of raw CoNLL. Bytes become lines, and a line becomes a word, a separator or a problem (docs/data.md)."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from nerpipe.contracts.schemes import PREFIXES, is_tag
from nerpipe.errors import NerpipeError

CHUNK_BYTES = 1 << 20  # Bytes that are read at a time, and the longest line.
REMEMBERED_LINES = 1 << 16  # Number of lines; they take about 25 MB.
REMEMBERED_LENGTH = 100  # Number of characters; longer lines seldom occur again.
DOCSTART = "-DOCSTART-"
RAW_EXPECTED = "expected a raw CoNLL file with one line `token<TAB>tag` for each word"  # In error messages.

WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # Before UTF-16, whose mark is the first two bytes of this one.
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
INVALID = re.compile("[\ud800-\udfff]")  # A surrogate, which stands for a byte that is not UTF-8.
UNREADABLE = re.compile("[\0\r\ud800-\udfff]")  # The characters that no kept line may contain.
MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
SPACES = re.compile(" +")

# The reasons for quarantine: the name in the report, and the text in error messages.
PROBLEMS = {
    "invalid_utf8": "bytes that are not UTF-8",
    "nul": "a NUL character",
    "lone_cr": "a carriage return within the line",
    "empty_token": "no token before the tag",
    "one_column": "only one column and no tag",
    "several_tags": "several tags, and the param multi_tag is `reject`",
    "tag_without_type": "a tag without a type",
    "prefix_not_in_scheme": "a tag with a prefix that the named tagging scheme does not have",
    "tag_not_iob": "the last column is not an IOB tag",
}


class Word(NamedTuple):
    """A line that is not a separator. If `problem` is empty, its token and tag are valid."""

    line: str
    token: str
    tag: str
    repairs: tuple[str, ...] = ()  # The names of the repairs.
    problem: str = ""  # A key of PROBLEMS.


class Separator(NamedTuple):
    """A line between sentences. `repair` names the repair that made it a separator, if any."""

    repair: str = ""


class Digest(Protocol):
    """The type of the result of hashlib.sha256()."""

    def update(self, data: bytes, /) -> None:
        """Add bytes to the hash."""


def open_raw(source: Path) -> BinaryIO:
    """Open a raw file.

    Raises:
        NerpipeError: If the file is missing, is a folder or cannot be read.
    """
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise NerpipeError(f"{source}: the file is not there; {RAW_EXPECTED}") from None
    except IsADirectoryError:
        raise NerpipeError(f"{source}: this is a folder; {RAW_EXPECTED}") from None
    except OSError as error:
        raise NerpipeError(f"{source}: cannot be read ({error.strerror}); check its owner and permissions") from None


def read_lines(source: Path, digest: Digest, repairs: Counter[str]) -> Iterator[list[str]]:
    """Yield lists of the lines of a raw file. The lines have no line ends, and a list holds about 1 MiB of text.

    Only LF and CRLF end a line. A byte that is not UTF-8 becomes a surrogate (PEP 383), which the parser finds.

    Args:
        source: The raw file.
        digest: The hash to which all bytes of the file are added.
        repairs: The counts of repairs, to which `bom`, `crlf` and `no_final_newline` are added.

    Raises:
        NerpipeError: If the file cannot be opened, is UTF-16 or UTF-32, or has a line of over 1 MiB.
    """
    read = 0
    with open_raw(source) as file:
        for chunk in _chunks(file, digest):
            if read == 0:
                chunk = _without_mark(source, chunk, repairs)  # noqa: PLW2901 - It is the same chunk without the mark.
            # Only the first line of a chunk can be this long: the others begin and end within one read.
            if (chunk.find(b"\n") if b"\n" in chunk else len(chunk)) > CHUNK_BYTES:
                raise NerpipeError(
                    f"{source}:{read + 1}: a line of over {CHUNK_BYTES:,} bytes begins here; each word needs a line "
                    "of its own, which ends with LF or CRLF. If lines end with CR alone: tr '\\r' '\\n' < OLD > NEW"
                )
            lines = _decode(_without_crlf(chunk, repairs)).split("\n")
            if lines[-1] == "":
                lines.pop()  # The empty text after the last LF is not a line.
            else:
                repairs["no_final_newline"] += 1
            read += len(lines)
            yield lines


def _chunks(file: BinaryIO, digest: Digest) -> Iterator[bytes]:
    """Yield a file in chunks that end with LF or at the end of the file, so no character or CRLF is cut in two."""
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
    """Remove the byte-order mark of UTF-8, and refuse those of other encodings."""
    for mark, encoding in WIDE_MARKS:
        if chunk.startswith(mark):
            raise NerpipeError(
                f"{source}:1: the file is {encoding}, as its byte-order mark says; expected UTF-8. Convert the file: "
                f"iconv -f {encoding} -t UTF-8 OLD > NEW"
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
    r"""Return a line as valid Unicode without NUL, and whether it was escaped for that.

    An escaped line shows a byte that is not UTF-8 as, for example, `\xff`, NUL as `\x00`, and a backslash as two.

    >>> show_line("caf\udce9 O")
    ('caf\\xe9 O', True)
    """
    if "\0" not in line and not INVALID.search(line):
        return line, False
    escaped = line.replace("\\", "\\\\").replace("\0", "\\x00")
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), True


class LineParser(dict[str, Word | Separator]):
    """A parser of lines: `parser[line]` is the parsed line.

    It is a dict that remembers parsed lines, because most lines occur again, and a look-up of a known line is faster
    than a call of a Python function.
    """

    def __init__(self, *, multi_tag: str, prefixes: str) -> None:
        """Make a parser that remembers no line yet.

        Args:
            multi_tag: How a tag like `B-a,B-b` is read: "first" takes the first tag, "reject" makes it a problem.
            prefixes: The prefixes of the tagging scheme.
        """
        super().__init__()
        self._multi_tag = multi_tag
        self._prefixes = prefixes

    def __missing__(self, line: str) -> Word | Separator:
        parsed = self._parse(line)
        if len(line) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED_LINES:
                self.clear()  # Frequent lines are soon remembered again.
            self[line] = parsed
        return parsed

    def _parse(self, line: str) -> Word | Separator:
        if not line.strip():
            return Separator("blank_with_whitespace" if line else "")
        trimmed = line.rstrip(" \t\r")
        if UNREADABLE.search(trimmed):
            return Word(line, "", "", problem=_unreadable(trimmed))
        # The untrimmed line decides: `vitamin B-12<TAB>` has no tag; it is not the word vitamin with the tag B-12.
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
        """Return the repaired tag and its problem, a key of PROBLEMS or empty. Add the repairs to `repairs`."""
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
