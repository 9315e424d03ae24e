"""Reading of the lines of raw files, in any encoding and in bounded memory, and lines as messages show them."""

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from nerpipe.corpus.charset import INVALID, is_utf8
from nerpipe.corpus.raw_files import open_raw
from nerpipe.errors import NerpipeError

CHUNK_BYTES = 1 << 20  # Number of bytes read at a time, and the length of the longest line.
BETWEEN_SENTENCES = re.compile(rb"\n\r?\n")
LOOKED_AT_BYTES = 1 << 20  # A file up to this size is looked at whole before it is read, a longer one in four places.
PLACES = 4
UTF8 = "utf-8"

WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # These come before UTF-16, whose mark begins with the same two bytes.
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class Digest(Protocol):
    """The type of the result of hashlib.sha256()."""

    def update(self, data: bytes, /) -> None:
        """Add bytes to the hash."""


class NoDigest:
    """A digest that nobody needs."""

    def update(self, data: bytes, /) -> None:
        """Do nothing."""


class LookedAt(NamedTuple):
    """Lines of a file that were looked at before it is read."""

    lines: list[str]
    whole: bool  # Whether these are all lines of the file.


def read_lines(source: Path, digest: Digest, repairs: Counter[str], encoding: str = UTF8) -> Iterator[list[str]]:
    """Yield the lines of a raw file as `read_stream` does.

    Raises:
        NerpipeError: If the file cannot be opened, or `read_stream` raises it.
    """
    with open_raw(source) as file:
        yield from read_stream(file, str(source), digest, repairs, encoding)


def read_stream(
    file: BinaryIO, name: str, digest: Digest, repairs: Counter[str], encoding: str = UTF8
) -> Iterator[list[str]]:
    """Yield the lines of a stream, without their ends, a chunk of about 1 MiB at a time.

    Only LF and CRLF end a line. A byte that is not UTF-8 becomes a surrogate (PEP 383) that the parser finds.

    Args:
        file: The stream.
        name: The name of the stream in messages.
        digest: It receives every byte of the stream.
        repairs: It counts `bom`, `crlf` and `no_final_newline`.
        encoding: The encoding of the stream, as Python names it.

    Raises:
        NerpipeError: If the stream does not have this encoding, begins with the mark of UTF-16 or UTF-32, or has a line
            over 1 MiB.
    """
    read = 0
    blocks = _blocks(file, digest) if encoding == UTF8 else _recoded(file, name, digest, encoding)
    for chunk in _chunks(blocks):
        if read == 0:
            chunk = _without_mark(name, chunk, repairs)  # noqa: PLW2901 - the same chunk, cleaned
        # Only the first line of a chunk can have begun in an earlier one.
        if (chunk.find(b"\n") if b"\n" in chunk else len(chunk)) > CHUNK_BYTES:
            raise NerpipeError(
                f"{name}:{read + 1}: a line of over {CHUNK_BYTES:,} bytes begins here; each word needs a line "
                "of its own, which ends with LF or CRLF. If lines end with CR alone: tr '\\r' '\\n' < OLD > NEW"
            )
        lines = _decode(_without_crlf(chunk, repairs)).split("\n")
        if lines[-1] == "":
            lines.pop()  # What follows the last LF is not a line.
        else:
            repairs["no_final_newline"] += 1
        read += len(lines)
        yield lines


def look_at(source: Path, encoding: str = UTF8) -> LookedAt:
    """Read some lines of a file: all of a short file, the beginning and three more places of a long one.

    Raises:
        NerpipeError: If `read_lines` raises it, lines end with CR alone, or the file can be read only once.
    """
    with open_raw(source) as file:
        if not file.seekable():
            raise NerpipeError(
                f"{source}: this is a pipe or a device, which can be read only once, but the file has to be read more "
                "often; write its content to a file, and give that"
            )
        begin = file.read(LOOKED_AT_BYTES)
        if b"\r" in begin and b"\n" not in begin:
            raise NerpipeError(
                f"{source}: its lines end with CR alone; LF or CRLF is needed. Convert it: tr '\\r' '\\n' < OLD > NEW"
            )
        if encoding != UTF8 and is_utf8(begin):
            raise NerpipeError(
                f"{source}: this file is UTF-8. Read as {encoding}, as corpus.yaml says, its words would be garbled. "
                f"Convert the files of this data set that are {encoding} (iconv -f {encoding} -t UTF-8 OLD > NEW), and "
                "remove the key encoding"
            )
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size <= LOOKED_AT_BYTES:
            return LookedAt([*chain(*read_stream(file, str(source), NoDigest(), Counter(), encoding))], whole=True)
        if encoding != UTF8:
            return LookedAt(next(read_stream(file, str(source), NoDigest(), Counter(), encoding)), whole=False)
        pieces = []
        for place in range(PLACES):
            file.seek(place * size // PLACES)
            piece = file.read(LOOKED_AT_BYTES // PLACES // 2).rpartition(b"\n")[0]
            end = BETWEEN_SENTENCES.search(piece) if place else None
            pieces.append(piece[end.end() :] if end else b"" if place else piece)
    joined = io.BytesIO(b"\n\n".join(pieces))
    return LookedAt([*chain(*read_stream(joined, str(source), NoDigest(), Counter()))], whole=False)


def _blocks(file: BinaryIO, digest: Digest) -> Iterator[bytes]:
    while block := file.read(CHUNK_BYTES):
        digest.update(block)
        yield block


def _recoded(file: BinaryIO, name: str, digest: Digest, encoding: str) -> Iterator[bytes]:
    """Yield a file of another encoding as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    try:
        for block in _blocks(file, digest):
            yield decoder.decode(block).encode("utf-8")
            read += len(block)
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError as error:
        raise NerpipeError(
            f"{name}: the bytes from number {read:,} on are not {encoding} ({error}); corpus.yaml says that "
            "they are. Correct the key encoding there, or remove it if the file is UTF-8"
        ) from None


def _chunks(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file in pieces that end with LF (the last with the file): no character or CRLF is cut."""
    tail = b""
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut or len(tail) > CHUNK_BYTES:
            yield tail + block[:cut]
            tail = b""
        tail += block[cut:]
    if tail:
        yield tail


def _without_mark(name: str, chunk: bytes, repairs: Counter[str]) -> bytes:
    for mark, encoding in WIDE_MARKS:
        if chunk.startswith(mark):
            raise NerpipeError(
                f"{name}:1: the file is {encoding}, as its byte-order mark says; expected UTF-8. Convert it (iconv -f "
                f"{encoding} -t UTF-8 OLD > NEW), or put this line into the corpus.yaml beside it:\n"
                f"    encoding: {encoding.lower()}"
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
