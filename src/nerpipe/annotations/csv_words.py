"""CSV with a word a row: rows to sentences. A sentence of which a row is broken is rejected as a whole."""

from collections.abc import Iterable, Iterator, Sequence

from nerpipe.annotations.csv_rows import TableRow, cell_of
from nerpipe.annotations.documents import Broken, TaggedSentence, shown
from nerpipe.annotations.tagged_rows import DOCUMENT_COLUMNS

WORD_NAMES = ("word", "token", "words", "tokens")
TAG_NAMES = ("tag", "ner_tag", "ner_tags", "label", "entity", "tags", "labels", "ner")
SENTENCE_NAMES = ("sentence #", "sentence", "sentence_id", "sent_id", "sentence id", "sentence_idx", "sent")


def word_sentences(rows: Iterable[TableRow]) -> Iterator[TaggedSentence | Broken]:
    """Read a word a row. A sentence goes on while its cell and that of its document are the same or empty.

    A broken row belongs to the sentence before it. Where it may as well be the first row of the next sentence, both are
    rejected.
    """
    sentence: list[TableRow] = []
    current = document = doubt = ""
    for row in rows:
        name, home = (_name_in(row, names) for names in (SENTENCE_NAMES, DOCUMENT_COLUMNS))
        if sentence and ((name and name != current) or (home and home != document)):
            yield _sentence(sentence, doubt)
            doubt = _doubt_of(sentence)
            sentence = []
        current, document = name or current, home or document
        sentence.append(row)
    if sentence:
        yield _sentence(sentence, doubt)


def _doubt_of(sentence: Sequence[TableRow]) -> str:
    """Give the problem of the last row of a sentence if that row may belong to the next sentence.

    If only the first row of each sentence has a name, it does not: the next sentence begins with its name.
    """
    last = sentence[-1]
    named = all(_name_in(row, SENTENCE_NAMES) for row in sentence if _is_clear(row))
    return _problem_of(last) if named and not _is_clear(last) else ""


def _is_clear(row: TableRow) -> bool:
    """Return whether a row shows its sentence."""
    return bool(row.cells) and not _has_break(row)


def _name_in(row: TableRow, columns: Sequence[str]) -> str:
    """Give the name of the sentence or document, or the empty string if there is none, or one with swallowed rows."""
    name = cell_of(row, columns)
    return "" if "\n" in name or "\r" in name else name.strip()


def _has_break(row: TableRow) -> bool:
    """Return whether a cell holds a line break. A quote that nobody closed swallows the rows behind it."""
    return any("\n" in cell or "\r" in cell for cell in row.cells.values())


def _problem_of(row: TableRow) -> str:
    return row.problem or ("bad_row" if _has_break(row) else "")


def _sentence(rows: Sequence[TableRow], doubt: str) -> TaggedSentence | Broken:
    """Make a sentence of its rows. `doubt` is the problem of a row before it that may belong to it."""
    raw = shown([row.raw for row in rows])
    broken = [(row.place, _problem_of(row)) for row in rows if _problem_of(row)]
    place, problem = broken[0] if broken else (rows[0].place, doubt)
    if problem:
        return Broken(place, problem, raw)
    tokens, tags = ([cell_of(row, names) for row in rows] for names in (WORD_NAMES, TAG_NAMES))
    return TaggedSentence(place, cell_of(rows[0], DOCUMENT_COLUMNS), tokens, [tag.strip() for tag in tags], raw)
