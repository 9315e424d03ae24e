"""Output for people. Text of data cannot control the terminal, change the order of a line, or end the program.

Every line that the project prints goes through `say`, and every message of an error through `printable`.
"""

import codecs
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

# Control characters except tab and line feed, other ends of lines, marks that change the order of the characters after
# them, and surrogates, which no encoding can write.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return a text in which every character that could control a terminal is written as an escape.

    Line feeds stay, because messages have several lines.

    >>> printable("\x1b[31mred\r \u202egnp")
    '\\x1b[31mred\\x0d \\u202egnp'
    """
    return _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - the largest code of two digits


def one_line(text: str) -> str:
    r"""Return a text with each line feed written as an escape, for lists in which every line is an item.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return text.replace("\n", "\\n")


def number_of(count: int, noun: str) -> str:
    """Write a number with its noun in the singular or the plural.

    >>> number_of(1, "gold sentence"), number_of(1287, "entity")
    ('1 gold sentence', '1,287 entities')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def say(text: str, *, stream: TextIO | None = None) -> None:
    """Print a text for people, and a line feed.

    Args:
        text: The text.
        stream: The stream to write to. The default is the standard output.
    """
    write_encodable(printable(text) + "\n", stream or sys.stdout)


def write_encodable(text: str, stream: TextIO) -> None:
    r"""Write a text at once. A character that the encoding of the stream lacks is written as `\uNNNN`, as in JSON.

    Args:
        text: The text. It may hold control sequences of our own, such as those of colours.
        stream: The stream to write to.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with naming(stream):
        stream.write(text.encode(encoding, _IN_JSON).decode(encoding))
        stream.flush()


@contextmanager
def naming(stream: TextIO) -> Iterator[None]:
    """Name the stream in an error of the operating system that is raised within the block and names no file."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            streams = {"standard output": sys.stdout, "standard error": sys.stderr}
            names = [name for name, each in streams.items() if each is stream]
            error.filename = names[0] if names else str(getattr(stream, "name", "an output stream"))
        raise


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


_IN_JSON = "nerpipe.json_escapes"
codecs.register_error(_IN_JSON, _escape_unencodable)
