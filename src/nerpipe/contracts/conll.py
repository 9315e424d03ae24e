"""Canonical CoNLL, the file format between stages.

Each line holds one word as `token<TAB>tag`, and a blank line follows each sentence. The encoding is UTF-8. Only LF ends
a line, so a token may contain U+2028, U+0085 and similar characters, and a token may be one blank (U+0020).

A file begins with a byte-order mark only if its first token begins with that character (U+FEFF). Every reader leaves
one mark out, so the token keeps its own.

A line `-DOCSTART-<TAB>O` or `-DOCSTART-<TAB>O<TAB>ID`, with a blank line after it, stands before the first sentence of
a document. The predictions of the stage evaluate have the same form with four columns for each word.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from nerpipe.contracts.files import EXTRA
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError

DOCSTART = "-DOCSTART-"
BOUNDARY = f"{DOCSTART}\tO"  # The line before the first sentence of a document. A tab and an id may follow.
_SURROGATE = re.compile("[\ud800-\udfff]")  # How Python shows a byte that is not UTF-8.


class Sentence(NamedTuple):
    """One sentence of a canonical CoNLL file. It has one tag for each token, and at least one token."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    document: str | None = None  # Id of the document that the sentence belongs to, if the document has one.
    starts_document: bool = False


class Block(NamedTuple):
    """The rows of one sentence, one list of columns for each word. The other fields are those of `Sentence`."""

    rows: list[list[str]]
    document: str | None
    starts_document: bool


def format_sentence(columns: Iterable[Iterable[str]]) -> str:
    """Format one sentence, with the blank line that ends it. Each row holds the columns of one word."""
    rows = "\n".join(map("\t".join, columns))
    return f"{rows}\n\n" if rows else "\n"


def format_boundary(document: str | None) -> str:
    r"""Format the line before the first sentence of a document, with the blank line after it.

    >>> format_boundary(None) + format_boundary("news-1")
    '-DOCSTART-\tO\n\n-DOCSTART-\tO\tnews-1\n\n'
    """
    return BOUNDARY + (f"\t{document}" if document else "") + "\n\n"


@contextmanager
def writing_conll(path: Path) -> Iterator[TextIO]:
    """Open a canonical file for writing. At the end, it gets a byte-order mark if its first token begins with one."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield file
    with path.open("rb") as written:
        begins_with_mark = written.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    if begins_with_mark:
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())


def name_document(document: str | None, number: int) -> str:
    """Name a document: by its id, or, if it has none, by `#` and its number in the file.

    Args:
        document: The id of the document, or None.
        number: The number of the document in the file, counted from 1.
    """
    return document or f"#{number}"


def name_documents(boundaries: Mapping[int, str | None], sentences: int) -> list[str] | None:
    """Name the document of each sentence of a file, or return None if the file has no boundaries of documents.

    >>> name_documents({1: "news-1", 3: None}, 4)
    ['#0', 'news-1', 'news-1', '#2']

    Args:
        boundaries: The id of each document (None if it has none) by the index of its first sentence. Sentences before
            the first boundary are a document of their own.
        sentences: The number of sentences of the file.
    """
    if not boundaries:
        return None
    names, number, name = [], 0, name_document(None, 0)
    for place in range(sentences):
        if place in boundaries:
            number += 1
            name = name_document(boundaries[place], number)
        names.append(name)
    return names


def read_rows(path: Path, width: int) -> Iterator[list[list[str]]]:
    """Yield each sentence of a canonical file as a list of rows with `width` columns, without the documents.

    Raises:
        NerpipeError: If `read_blocks` raises it.
    """
    for block in read_blocks(path, width):
        yield block.rows


def read_conll(path: str | Path) -> Iterator[Sentence]:
    r"""Yield the sentences of a canonical file with two columns, one at a time.

    >>> from pathlib import Path
    >>> _ = Path("two.conll").write_text("Ada\tB-person\nslept\tO\n\n-DOCSTART-\tO\tnews-1\n\nHi\tO\n\n")
    >>> [(sentence.tokens, sentence.document) for sentence in read_conll("two.conll")]
    [(('Ada', 'slept'), None), (('Hi',), 'news-1')]

    Raises:
        NerpipeError: If `read_blocks` raises it.
    """
    for rows, document, starts in read_blocks(Path(path), width=2):
        tokens, tags = zip(*rows, strict=True)
        yield Sentence(tokens, tags, document, starts)


def read_training(clean: Path) -> Iterator[Sentence]:
    """Yield the training sentences of a clean folder: those of train.conll, then those of a second corpus, if any.

    Raises:
        NerpipeError: If `read_conll` raises it.
    """
    yield from read_conll(clean / "train.conll")
    if (clean / f"{EXTRA}.conll").exists():
        yield from read_conll(clean / f"{EXTRA}.conll")


def read_blocks(path: Path, width: int) -> Iterator[Block]:
    """Yield each sentence of a canonical file with its document.

    Args:
        path: The path of the file.
        width: The number of columns of a word, 2 or more. A word with the text `-DOCSTART-` in a file of more than
            three columns is no boundary.

    Raises:
        NerpipeError: If the file is missing or not UTF-8, a row has another number of columns, or the last sentence has
            no blank line after it.
    """
    rows: list[list[str]] = []
    document, starts, after_boundary = None, False, False
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix("\ufeff")  # noqa: PLW2901 - the same line, without the byte-order mark
                if line == "\n":
                    if not after_boundary:
                        yield Block(rows, document, starts)
                        rows, starts = [], False
                    after_boundary = False
                    continue
                row = line.removesuffix("\n").split("\t")
                if row[0] == DOCSTART and row[1:2] == ["O"] and not rows and _is_boundary(row, width):
                    document, starts, after_boundary = (row[2] if row[2:] else None), True, True
                    continue
                if len(row) != width or after_boundary:
                    wrong = (
                        "a blank line was" if after_boundary else f"{number_of(len(row), 'column')} where {width} were"
                    )
                    raise NerpipeError(
                        f"{path}:{number}: {wrong} expected in {line!r}. This file is an output of the pipeline and "
                        "may have been edited; `dvc repro --force` rebuilds it"
                    )
                rows.append(row)
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    except UnicodeDecodeError:
        raise NerpipeError(
            f"{path}:{_first_that_is_not_utf8(path)}: the line is not UTF-8. This file is an output of the pipeline "
            "and may have been edited; `dvc repro --force` rebuilds it"
        ) from None
    if rows:
        raise NerpipeError(f"{path}: the file ends within a sentence; `dvc repro --force` rebuilds it")


def _first_that_is_not_utf8(path: Path) -> int:
    """Return the number of the line, which a decoder of larger pieces does not know."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        return next(number for number, line in enumerate(file, start=1) if _SURROGATE.search(line))


def _is_boundary(row: list[str], width: int) -> bool:
    """Return whether a row that begins as a boundary is one: it has no id or one, and is no word of the file."""
    return len(row) == 2 or (len(row) == 3 and width != 3)  # noqa: PLR2004 - with an id
