"""Canonical CoNLL, the file format between stages.

Each line holds one word as `token<TAB>tag`, and a blank line follows each sentence. The encoding is UTF-8. Only LF ends
a line, so a token may contain U+2028, U+0085 and similar characters, and a token may be one blank (U+0020).

A file begins with a byte-order mark only if its first token begins with that character (U+FEFF). Every reader leaves
one mark out, so the token keeps its own.

A line `-DOCSTART-<TAB>O` or `-DOCSTART-<TAB>O<TAB>ID`, with a blank line after it, stands before the first sentence of
a document.
"""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from nerpipe.contracts.files import EXTRA
from nerpipe.errors import NerpipeError

DOCSTART = "-DOCSTART-"
BOUNDARY = f"{DOCSTART}\tO"  # The line before the first sentence of a document. A tab and an id may follow.


class Sentence(NamedTuple):
    """One sentence of a canonical CoNLL file. It has one tag for each token, and at least one token."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    document: str | None = None  # Id of the document that the sentence belongs to, if the document has one.
    starts_document: bool = False


def format_sentence(columns: Iterable[Iterable[str]]) -> str:
    """Format one sentence, with the blank line that ends it. Each row holds the columns of one word."""
    return "".join("\t".join(row) + "\n" for row in columns) + "\n"


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


def read_rows(path: Path, width: int) -> Iterator[list[list[str]]]:
    """Yield each sentence of a canonical file as a list of rows with `width` columns.

    Only a file with two columns can hold boundaries of documents; they are left out.

    Raises:
        NerpipeError: If the file is missing, a row has another number of columns, or the last sentence has no blank
            line after it.
    """
    for rows, _, _ in _read(path, width):
        yield rows


def read_conll(path: str | Path) -> Iterator[Sentence]:
    r"""Yield the sentences of a canonical file with two columns, one at a time.

    >>> from pathlib import Path
    >>> _ = Path("two.conll").write_text("Ada\tB-person\nslept\tO\n\n-DOCSTART-\tO\tnews-1\n\nHi\tO\n\n")
    >>> [(sentence.tokens, sentence.document) for sentence in read_conll("two.conll")]
    [(('Ada', 'slept'), None), (('Hi',), 'news-1')]

    Raises:
        NerpipeError: If `read_rows` raises it.
    """
    for rows, document, starts in _read(Path(path), width=2):
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


def _read(path: Path, width: int) -> Iterator[tuple[list[list[str]], str | None, bool]]:
    """Yield the rows of each sentence, the id of its document, and whether the document begins with it."""
    rows: list[list[str]] = []
    document, starts, after_boundary = None, False, False
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix("\ufeff")  # noqa: PLW2901 - the same line, without the byte-order mark
                if line == "\n":
                    if not after_boundary:
                        yield rows, document, starts
                        rows, starts = [], False
                    after_boundary = False
                    continue
                row = line.removesuffix("\n").split("\t")
                if row[0] == DOCSTART and width == 2 and not rows and row[1:2] == ["O"] and len(row) <= 3:  # noqa: PLR2004
                    document, starts, after_boundary = (row[2] if row[2:] else None), True, True
                    continue
                if len(row) != width or after_boundary:
                    wrong = "a blank line was" if after_boundary else f"{len(row)} columns where {width} were"
                    raise NerpipeError(
                        f"{path}:{number}: {wrong} expected in {line!r}. This file is an output of the pipeline and "
                        "may have been edited; `dvc repro --force` rebuilds it"
                    )
                rows.append(row)
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    if rows:
        raise NerpipeError(f"{path}: the file ends within a sentence; `dvc repro --force` rebuilds it")
