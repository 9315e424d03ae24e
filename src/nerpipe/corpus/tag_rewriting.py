"""New tags in the lines of a raw file, in its own scheme and columns. Nothing but the tags of words changes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from nerpipe.contracts.schemes import OUTSIDE, Span, spans_of, to_iob2
from nerpipe.corpus.clean_report import SplitCounts, split_row
from nerpipe.corpus.entity_types import rename
from nerpipe.corpus.layout import FIELDS, Layout
from nerpipe.corpus.reading import RawSentence
from nerpipe.corpus.rows import LineParser, Word
from nerpipe.errors import NerpipeError

# The prefixes of each scheme: of an entity of one word, and of the first, the middle and the last word of a longer one.
FAMILIES = {"IOB2": "BBII", "IOBES": "SBIE", "BILOU": "UBIL", "BMES": "SBME", "BMEWO": "WBME"}
WITHOUT_PREFIXES = ("IOB1", "plain")  # Here a `B` stands only behind an entity of the same type, or nowhere.
_CELL = re.compile("[^ ]+")
_MORE_THAN_A_TAG = frozenset({"multi_tag", "html_in_tag"})  # Repairs of words whose cell holds something else too.


class TagWriter:
    """Writes tags as the other tags of a file are written."""

    def __init__(
        self, layout: Layout, types: Mapping[str, str], multi_tag: str, sentences: Iterable[RawSentence]
    ) -> None:
        """Look at the tags of a file.

        Args:
            layout: The layout of the file.
            types: For each type of the file that corpus.yaml renames the new one, or `O`.
            multi_tag: For `B-a,B-b`: "first" or "reject".
            sentences: The sentences of the file.
        """
        self._layout = layout
        self._types = types
        self._parser = LineParser(layout, multi_tag=multi_tag)
        counts = SplitCounts()
        for sentence in sentences:
            tags = [word.tag for word in sentence.words]
            iob2, orphans, plain_begins = to_iob2(tags)
            counts.orphans += orphans
            counts.plain_begins += plain_begins
            counts.raw_tags.update(tags)
            counts.tags.update(iob2)
        self._raw_types = counts.entities()
        by_prefix = layout.scheme in FAMILIES or layout.scheme in WITHOUT_PREFIXES
        found = split_row(counts, replace(layout, scheme="auto"), {})["scheme"]
        self._scheme: str = layout.scheme if by_prefix else found

    def clean_tags(self, sentence: RawSentence) -> list[str]:
        """Return the tags of a sentence as clean_conll writes them: in IOB2, with the new names of types."""
        return self._read([word.tag for word in sentence.words])

    def _read(self, tags: Sequence[str]) -> list[str]:
        return rename(to_iob2(tags)[0], self._types, Counter())

    def rewrite(self, sentence: RawSentence, wanted: Sequence[Span]) -> dict[int, str]:
        """Give the lines of a sentence that change if it is to have these entities.

        Args:
            sentence: The sentence.
            wanted: Its entities, from left to right, with the types of the clean file.

        Returns:
            The new lines by their numbers.

        Raises:
            NerpipeError: If the file has no way to write these entities. The message names neither file nor line.
        """
        raw = [word.tag for word in sentence.words]
        old = spans_of(self.clean_tags(sentence))
        goal = iob2_tags_of(wanted, len(raw))
        written = self._written([self._raw_span(span, sentence, old) for span in wanted], len(raw))
        changed = {at for span in {*old} ^ {*wanted} for at in range(span.start, span.end)}
        touched = {at for span in {*old} | {*wanted} for at in range(span.start, span.end)}
        for places in (changed, touched):  # The tags of other entities stay as they are, unless they would be misread.
            tags = [written[at] if at in places else raw[at] for at in range(len(raw))]
            if self._read(tags) == goal:
                break
        else:
            raise NerpipeError("the tags of the file cannot say this, because of the entities beside it")
        numbers = sentence.line_numbers()
        return {
            numbers[at]: self._new_line(sentence.words[at], tags[at]) for at in range(len(raw)) if tags[at] != raw[at]
        }

    def _raw_span(self, span: Span, sentence: RawSentence, old: Sequence[Span]) -> Span:
        """Give an entity the type that the file has for it."""
        names = [name for name in self._raw_types if self._types.get(name, name) == span.type]
        for other in old:
            if other.type == span.type and other.start < span.end and span.start < other.end:
                return span._replace(type=sentence.words[other.start].tag[2:])
        if not names:
            known = sorted({self._types.get(name, name) for name in self._raw_types} - {OUTSIDE})
            raise NerpipeError(f"no entity of the file has the type {span.type!r}; its types are {', '.join(known)}")
        if len(names) > 1:
            raise NerpipeError(
                f"corpus.yaml reads {' and '.join(names)} as {span.type!r}, and only you know which one is meant"
            )
        return span._replace(type=names[0])

    def _written(self, spans: Sequence[Span], length: int) -> list[str]:
        """Write entities as `PREFIX-TYPE` with the prefixes of the file's scheme."""
        tags = [OUTSIDE] * length
        end_before, type_before = -1, ""
        for kind, start, end in spans:
            if self._scheme in WITHOUT_PREFIXES:
                adjoins = (end_before, type_before) == (start, kind)
                prefixes = ("B" if adjoins and self._scheme == "IOB1" else "I") + "I" * (end - start - 1)
            else:
                alone, first, middle, last = [*FAMILIES[self._scheme]]
                prefixes = alone if end - start == 1 else first + middle * (end - start - 2) + last
            tags[start:end] = [f"{prefix}-{kind}" for prefix in prefixes]
            end_before, type_before = end, kind
        return tags

    def _new_line(self, word: Word, tag: str) -> str:
        """Put a tag into the line of a word.

        Raises:
            NerpipeError: If the cell holds more than the tag, or the new line would be read in another way.
        """
        start, end = self._tag_place(word.line)
        if not _MORE_THAN_A_TAG.isdisjoint(word.repairs):
            raise NerpipeError(
                f"the cell {word.line[start:end]!r} holds more than the tag that is read, {word.tag}, and the rest "
                "would be lost; change this sentence in the file by hand"
            )
        line = word.line[:start] + self._in_notation(tag) + word.line[end:]
        read = self._parser[line]
        if not isinstance(read, Word) or (read.token, read.tag, read.problem) != (word.token, tag, ""):
            raise NerpipeError(f"the line {line!r} would not be read as the word {word.token!r} with the tag {tag}")
        return line

    def _in_notation(self, tag: str) -> str:
        if tag == OUTSIDE:
            return tag
        prefix, kind = tag[0], tag[2:]
        return {
            "plain": kind,
            "underscore": f"{prefix}_{kind}",
            "suffix": f"{kind}-{prefix}",
            "lower": f"{prefix.lower()}-{kind}",
        }.get(self._layout.scheme, tag)

    def _tag_place(self, line: str) -> tuple[int, int]:
        """Find the start and the end of the tag in a line."""
        column = self._layout.tag
        assert column  # noqa: S101 - a file without tags is refused before
        trimmed = line.rstrip(" \t\r")
        if "\t" in trimmed:
            start = 0
            for _ in range(column.at):
                start = line.index("\t", start) + 1
            end = line.find("\t", start)
            end = len(line.rstrip("\r")) if end < 0 else end
        else:
            start, end = [*_CELL.finditer(trimmed)][column.at].span()
        if column.key:
            for part in line[start:end].split(FIELDS):
                if part.strip(" ").startswith(f"{column.key}="):
                    start += part.index("=") + 1
                    end = start + len(part) - part.index("=") - 1
                    break
                start += len(part) + len(FIELDS)
        cell = line[start:end]
        return start + len(cell) - len(cell.lstrip(" ")), end - len(cell) + len(cell.rstrip(" "))


def iob2_tags_of(spans: Sequence[Span], length: int) -> list[str]:
    """Write entities that do not overlap as IOB2 tags.

    >>> iob2_tags_of([Span("x", 1, 3)], 4)
    ['O', 'B-x', 'I-x', 'O']
    """
    tags = [OUTSIDE] * length
    for kind, start, end in spans:
        tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tags
