"""Boundaries of documents in raw files: `-DOCSTART-` in all its spellings, and comments that name a document."""

import re
from typing import NamedTuple

from nerpipe.contracts.conll import BOUNDARY, DOCSTART

WORD = "DOCSTART"  # Every spelling holds it.
FILLERS = frozenset({DOCSTART, "O", "_", "-", "-X-", "X"})  # Cells of a boundary that say nothing.
HASH_SPELLING = re.compile(r"#\s*-?DOCSTART-?(?=\s|$)")
CONLL_2012 = re.compile(r"#(begin|end) document\b\s*(.*)")
NEW_DOCUMENT = re.compile(r"#+\s*newdoc\b(?:\s+id)?\s*(?:[=:]\s*(.*))?", re.IGNORECASE)
NAMED_DOCUMENT = re.compile(r"#+\s*(?:[\w.-]*:)?\s*doc(?:ument)?[ _-]?id\s*[=:]\s*(.+)", re.IGNORECASE)
PARENTHESES = re.compile(r"\((.*)\)")


class Boundary(NamedTuple):
    """A line before the first sentence of a document."""

    document: str = ""  # The id of the document, if the line has one.
    repair: str = ""  # Empty if the line is canonical.


def read_boundary(line: str) -> Boundary | None:
    r"""Read a line that separates documents, if it is one. Trailing white space is trimmed already.

    >>> [read_boundary(line) for line in ("-DOCSTART- (1 EU) O", "-DOCSTART-\tO\tnews-1", "word\tO")]
    [Boundary(document='1 EU', repair='docstart'), Boundary(document='news-1', repair=''), None]
    """
    if WORD in line:
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if DOCSTART in cells:
            return _of_cells(line, cells)
        if found := HASH_SPELLING.match(line):
            return _of_cells(line, [DOCSTART, *line[found.end() :].replace("\t", " ").split()])
    if found := CONLL_2012.match(line):
        return Boundary(_one_line(found[2]) if found[1] == "begin" else "", "docstart")
    return None


def read_comment(comment: str) -> tuple[str, bool]:
    """Return the id of the document that a comment names, and whether the comment says that the document begins."""
    if found := NEW_DOCUMENT.match(comment):
        return _one_line(found[1] or ""), True
    found = NAMED_DOCUMENT.match(comment)
    return (_one_line(found[1]), False) if found else ("", False)


def _of_cells(line: str, cells: list[str]) -> Boundary:
    if line == BOUNDARY:
        return Boundary()
    if line.startswith(f"{BOUNDARY}\t") and len(cells) == 3 and cells[2] not in FILLERS:  # noqa: PLR2004 - with an id
        return Boundary(_one_line(cells[2]), "" if line == f"{BOUNDARY}\t{cells[2]}" else "docstart")
    document = " ".join(cell for cell in cells if cell not in FILLERS)
    while found := PARENTHESES.fullmatch(document):
        document = found[1]
    return Boundary(_one_line(document), "docstart")


def _one_line(text: str) -> str:
    r"""Return an id on one line, with bytes that are not UTF-8 as \xNN, so that a clean file can hold it."""
    joined = " ".join(text.replace("\0", " ").split())
    return joined.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
