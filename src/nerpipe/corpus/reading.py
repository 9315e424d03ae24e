"""The sentences of a raw file, one by one, with their documents. All commands read CoNLL with this module."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nerpipe.corpus.documents import Boundary, Documents
from nerpipe.corpus.layout import Layout
from nerpipe.corpus.rows import Aside, Comment, Line, LineParser, Separator, Word
from nerpipe.errors import NerpipeError

LONGEST_SENTENCE = 10_000  # Number of words.
SHOWN_LENGTH = 80  # Number of characters of a line in a message.


class RawSentence(NamedTuple):
    """A sentence as the file has it."""

    words: list[Word]
    start: int  # Number of its first line, counted from 1.
    asides: list[int]  # Numbers of the lines within it that are no words.
    boundary: Boundary | None  # The document that begins with it.
    cut: int = 0  # Number of words that were left out because the sentence is too long.

    def line_numbers(self) -> list[int]:
        """Return the number of each word's line."""
        numbers = range(self.start, self.start + len(self.words) + len(self.asides))
        return [number for number in numbers if number not in self.asides] if self.asides else list(numbers)


class LineCounts:
    """What is counted while a file is read."""

    def __init__(self) -> None:
        """Start at zero."""
        self.lines: Counter[str] = Counter()  # Keys: read, separators, comments.
        self.repairs: Counter[str] = Counter()


def read_sentences(
    name: str,
    chunks: Iterable[list[str]],
    layout: Layout,
    counts: LineCounts,
    *,
    multi_tag: str = "first",
    cut_long: bool = False,
) -> Iterator[RawSentence]:
    """Yield each sentence of a file, and count its lines.

    Args:
        name: The file, for messages.
        chunks: The lines of the file, as `lines.read_lines` yields them.
        layout: The layout of the file.
        counts: What is counted.
        multi_tag: For `B-a,B-b`: "first" or "reject".
        cut_long: Whether a sentence of over 10,000 words is cut instead of being an error.

    Raises:
        NerpipeError: If a sentence has over 10,000 words.
    """
    read = 0
    parser = LineParser(layout, multi_tag=multi_tag)
    state = _State(counts, flagged=layout.flag is not None)
    words = state.words
    for lines in chunks:
        # This is the inner loop: a file has many more lines than sentences.
        for number, line in enumerate(lines, start=read + 1):
            parsed = parser[line]
            if parsed.__class__ is Word:
                words.append(parsed)
            elif sentence := state.handle(parsed, number):
                if len(words) > LONGEST_SENTENCE:
                    _check_length(name, sentence, cut_long=cut_long)
                yield sentence
                words = state.words
        read += len(lines)
        # The length is checked here too, because a file without separators would fill the memory.
        if len(words) > LONGEST_SENTENCE:
            _check_length(name, state.peek(read + 1), cut_long=cut_long)
            state.shorten()
    counts.lines["read"] = read
    if words:
        if not counts.repairs["no_final_newline"]:
            counts.repairs["no_final_blank_line"] += 1
        sentence = state.take(read + 1)
        _check_length(name, sentence, cut_long=cut_long)
        yield sentence
    if empty := state.documents.finish():
        counts.repairs["empty_document"] = empty


class _State:
    """Where the reader is: the words of the open sentence, and the document that comes next."""

    def __init__(self, counts: LineCounts, *, flagged: bool) -> None:
        self.words: list[Word] = []
        self._counts = counts
        self._flagged = flagged  # Whether flags end sentences, so that blank lines end documents.
        self._asides: list[int] = []
        self._cut = 0
        self.documents = Documents()

    def handle(self, line: Line, number: int) -> RawSentence | None:
        """Take a line that is not a plain word, and return the sentence that it ends, if it ends one."""
        if line.__class__ is Separator:
            return self._separate(line, number)
        sentence = None
        if isinstance(line, Word):  # a word that ends its sentence
            self.words.append(line)
            sentence = self.take(number + 1)
        elif isinstance(line, Comment):
            if self.words:
                self.words.append(line.word)
            else:
                self._note(line)
        elif isinstance(line, Aside):
            self._counts.lines["comments"] += 1
            self._counts.repairs[line.kind] += 1
            if self.words:
                self._asides.append(number)
        elif isinstance(line, Boundary):
            sentence = self._separate(line, number)
            self.documents.begin(line)
        return sentence

    def _separate(self, line: Separator | Boundary, number: int) -> RawSentence | None:
        self._counts.lines["separators"] += 1
        if line.repair:
            self._counts.repairs[line.repair] += 1
        sentence = self.take(number) if self.words else None
        if self._flagged:
            self.documents.end()
        return sentence

    def peek(self, number: int) -> RawSentence:
        """Return the open sentence, as if it ended before this line."""
        start = number - len(self.words) - len(self._asides) - self._cut
        return RawSentence(self.words, start, self._asides, self.documents.next, self._cut)

    def take(self, number: int) -> RawSentence:
        """Return the sentence that ends before this line, and begin a new one."""
        sentence = self.peek(number)
        self.words, self._asides, self._cut = [], [], 0
        self.documents.take()
        return sentence

    def shorten(self) -> None:
        """Leave out the words of a sentence that is too long."""
        self._cut += len(self.words) - LONGEST_SENTENCE
        del self.words[LONGEST_SENTENCE:]

    def _note(self, comment: Comment) -> None:
        self._counts.lines["comments"] += 1
        if comment.name:
            self.documents.note(comment.name)


def _check_length(name: str, sentence: RawSentence, *, cut_long: bool) -> None:
    if not cut_long and len(sentence.words) > LONGEST_SENTENCE:
        raise NerpipeError(
            f"{name}:{sentence.start}: a sentence of over {LONGEST_SENTENCE:,} words begins here, with "
            f"{sentence.words[0].line[:SHOWN_LENGTH]!r}; sentences are expected to be separated by lines that "
            "are empty or hold only white space: put one after each sentence"
        )
