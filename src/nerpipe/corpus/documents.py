"""Boundaries of documents in raw files: `-DOCSTART-` in all its spellings, and comments that name a document."""

import re
from typing import NamedTuple

from nerpipe.contracts.conll import BOUNDARY, DOCSTART
from nerpipe.corpus.lines import show_line

WORD = "DOCSTART"  # Every spelling holds it.
FILLERS = frozenset({DOCSTART, "O", "_", "-", "-X-", "X"})  # Cells of a boundary that say nothing.
HASH_SPELLING = re.compile(r"#\s*-?DOCSTART-?(?=\s|$)")
CONLL_2012 = re.compile(r"#(begin|end) document\b\s*(.*)")
NEW_DOCUMENT = re.compile(r"#+\s*newdoc\b(?:\s+id)?\s*(?:[=:]\s*(.*))?", re.IGNORECASE)

# A key and its value: `# newspaper:document_id = 7`, `# doc id: 7`. No part can be matched in many ways, so that each
# search takes linear time.
KEYED = (
    re.compile(r"#+\s*(?:[\w.:-]*[:.])?([\w-]+(?: id)?)\s*=\s*(.+)"),
    re.compile(r"#+\s*(?:[\w-]+\.)*([\w-]+(?: id)?)\s*:\s*(.+)"),
)
# The kinds of names that a comment can give to a document, from the weakest on. A line begins a document without doubt.
BY_SOURCE, BY_TEXT, BY_DOCUMENT, BY_LINE = 1, 2, 3, 4
# Keys that name a document. `sent_id`, `id` and `text` name none.
KEYS = (
    (re.compile(r"(\w*_)?doc(ument)?_?id"), BY_DOCUMENT),
    (re.compile(r"(text|article|news|story)_?id|(\w*_)?ur[il]"), BY_TEXT),
    (re.compile(r"(\w*_)?source|file_?name"), BY_SOURCE),
)
# An address, with or without a date behind it, as in GermEval: `# https://example.org/a [2009-10-17]`.
ADDRESS = re.compile(r"#+\s*([a-z][a-z0-9+.-]*://\S+)\s*(?:\[[^][]*\])?", re.IGNORECASE)
SITE = re.compile(r"#+\s*([\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b.*)", re.IGNORECASE)
DATE = re.compile(r"\[\d{4}-\d\d-\d\d\]")


class Boundary(NamedTuple):
    """A line before the first sentence of a document."""

    document: str = ""  # The id of the document, if the line has one.
    repair: str = ""  # Empty if the line is canonical.


class DocumentName(NamedTuple):
    """What a comment says about the document of the next sentence."""

    document: str  # The id. It may be empty if the document begins here.
    key: str  # What the comment calls the id.
    rank: int  # BY_SOURCE, BY_TEXT or BY_DOCUMENT, or BY_LINE if the comment says that a document begins.


def read_boundary(line: str, *, two_columns: bool = True) -> Boundary | None:
    r"""Read a line that separates documents, if it is one. Trailing white space is trimmed already.

    >>> [read_boundary(line) for line in ("-DOCSTART- (1 EU) O", "-DOCSTART-\tO\tnews-1", "word\tO")]
    [Boundary(document='1 EU', repair='docstart'), Boundary(document='news-1', repair=''), None]

    Args:
        line: The line.
        two_columns: Whether the rows of the file have two columns. Then a third cell of a boundary is an id, also if it
            is one letter such as `X`.
    """
    if WORD in line:
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if DOCSTART in cells:
            return _of_cells(line, cells, two_columns=two_columns)
        if found := HASH_SPELLING.match(line):
            rest = line[found.end() :].replace("\t", " ").split()
            return _of_cells(line, [DOCSTART, *rest], two_columns=two_columns)
    if found := CONLL_2012.match(line):
        return Boundary(_as_id(found[2]) if found[1] == "begin" else "", "docstart")
    return None


def read_comment(comment: str) -> DocumentName | None:
    """Read a comment that names the document of the next sentence, if it does.

    >>> read_comment("# doc_id = news-1")
    DocumentName(document='news-1', key='doc_id', rank=3)
    >>> read_comment("# https://example.org/a [2009-10-17]").document
    'https://example.org/a'
    >>> read_comment("# sent_id = news-1-s1")
    """
    if found := NEW_DOCUMENT.match(comment):
        return DocumentName(_as_id(found[1] or ""), "newdoc", BY_LINE)
    if found := ADDRESS.fullmatch(comment) or _dated_site(comment):
        return DocumentName(_as_id(found[1]), "address", BY_TEXT)
    for pattern in KEYED:
        if found := pattern.match(comment):
            key = found[1].casefold().replace(" ", "_").replace("-", "_")
            rank = next((rank for name, rank in KEYS if name.fullmatch(key)), None)
            if rank:
                return DocumentName(_as_id(found[2]), key, rank)
    return None


class Documents:
    """Which document comes next, while a file is read.

    One kind of comment names the documents of a file: the strongest one, and of two that are equally strong the first.
    So a comment `# source = ...` before each sentence does not divide the documents that `# doc_id = ...` names.
    """

    def __init__(self) -> None:
        """Begin without a document."""
        self.next: Boundary | None = None  # The document that begins with the next sentence.
        self._empty = 0  # Number of documents with an id and without a sentence.
        self._document = ""  # The id of the document.
        self._within = False  # Whether a sentence has come since the document began.
        self._next_rank = 0  # What named the next document.
        self._rank, self._key, self._named = 0, "", ""  # The kind of comment that names documents, and its last id.

    def take(self) -> None:
        """Note that the sentence with which the next document begins has come."""
        self.next, self._within = None, True

    def begin(self, boundary: Boundary, rank: int = BY_LINE) -> None:
        """Begin a document.

        Args:
            boundary: The boundary before it.
            rank: What says that it begins.
        """
        if self.next and self.next.document not in ("", boundary.document) and self._next_rank >= rank:
            self._empty += 1
        if rank == BY_LINE and self._rank < BY_DOCUMENT:
            self._rank, self._key, self._named = BY_DOCUMENT, "", ""  # Weaker comments name no document from here on.
        self.next, self._next_rank, self._document, self._within = boundary, rank, boundary.document, False

    def finish(self) -> int:
        """Return the number of documents with an id and without a sentence, at the end of the file."""
        return self._empty + bool(self.next and self.next.document)

    def end(self) -> None:
        """End the document, if it has a sentence."""
        if self._within:
            self.next, self._next_rank, self._document, self._within = Boundary(), 0, "", False

    def note(self, name: DocumentName) -> None:
        """Take the name that a comment gives to the document of the next sentence."""
        if name.rank == BY_LINE:
            self.begin(Boundary(name.document))
            return
        if name.rank < self._rank or (name.rank == self._rank and self._key not in ("", name.key)):
            return
        changed = name.document not in (self._named, self._document)
        self._rank, self._key, self._named = name.rank, name.key, name.document
        if self.next and self.next.document and self._next_rank == BY_LINE:
            return  # The line that began the document has named it.
        if changed or (self.next and not self.next.document):
            self.begin(Boundary(name.document), name.rank)


def _of_cells(line: str, cells: list[str], *, two_columns: bool) -> Boundary:
    if line == BOUNDARY:
        return Boundary()
    if line.startswith(f"{BOUNDARY}\t") and len(cells) == 3 and (two_columns or cells[2] not in FILLERS):  # noqa: PLR2004 - with an id
        document = show_line(cells[2])[0]
        return Boundary(document, "" if line == f"{BOUNDARY}\t{document}" else "docstart")
    document = " ".join(cell for cell in cells if cell not in FILLERS)
    around = 0  # Number of parentheses around the id.
    while 2 * around + 1 < len(document) and document[around] == "(" and document[-1 - around] == ")":
        around += 1
    return Boundary(_as_id(document[around : len(document) - around]), "docstart")


def _dated_site(comment: str) -> re.Match[str] | None:
    """Match the name of a site and all behind it, without the date at the end of the comment."""
    rest, date = comment[: -len("[2009-10-17]")], comment[-len("[2009-10-17]") :]
    return SITE.fullmatch(rest.rstrip()) if DATE.fullmatch(date) else None


def _as_id(text: str) -> str:
    """Return text as the id of a document: on one line, and with NUL and bytes that are not UTF-8 escaped."""
    return " ".join(show_line(text)[0].split())
