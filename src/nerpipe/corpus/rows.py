"""What a line of a raw file is: a word, a separator, a boundary of documents, or a comment (docs/data.md)."""

import re
from typing import NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, PREFIXES, is_tag, read_tag
from nerpipe.corpus.charset import INVALID
from nerpipe.corpus.documents import Boundary, DocumentName, read_boundary, read_comment
from nerpipe.corpus.layout import FIELDS, Layout

REMEMBERED_LINES = 1 << 16  # About 25 MB.
REMEMBERED_LENGTH = 100  # Number of characters. Longer lines seldom come again.

UNREADABLE = re.compile("[\0\r\ud800-\udfff]")  # Characters that no line of a kept sentence holds.
MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
SPACES = re.compile(" +")
COMMENTS = ("# ", "#\t", "## ", "##\t")
KEY_AND_VALUE = re.compile(r"#+ +\S+ = ")  # A comment such as `# text = ...`.
RANGE, EMPTY_NODE = re.compile(r"\d+-\d+"), re.compile(r"\d+\.\d+")  # Ids of CoNLL-U lines that are no words.
SENTENCE_END = "EndOfSentence"

# Why a sentence is quarantined: the name in the report and what it means.
PROBLEMS = {
    "invalid_utf8": "bytes that are not UTF-8",
    "nul": "a NUL character",
    "lone_cr": "a carriage return within the line",
    "empty_token": "no token before the tag",
    "one_column": "only one column and no tag",
    "ragged": "another number of columns than the other rows have",
    "no_tag": "the tag is missing",
    "several_tags": "several tags, and multi_tag is `reject`",
    "tag_without_type": "a tag without a type",
    "prefix_not_in_scheme": "a tag with a prefix that the named tagging scheme does not have",
    "tag_not_iob": "the tag column holds no tag",
}
# The reasons that are about the tag alone.
TAG_PROBLEMS = frozenset({"no_tag", "several_tags", "tag_without_type", "prefix_not_in_scheme", "tag_not_iob"})


class Word(NamedTuple):
    """A line with a word. If `problem` is empty, its token and tag are valid."""

    line: str
    token: str
    tag: str  # `O` or `PREFIX-TYPE`.
    repairs: tuple[str, ...] = ()  # The names of the repairs.
    problem: str = ""  # A key of PROBLEMS.


class LastWord(Word):
    """A word with a flag that ends the sentence."""

    __slots__ = ()


class Separator(NamedTuple):
    """A line between sentences, and the repair that made it one."""

    repair: str = ""


class Comment(NamedTuple):
    """A comment before a sentence. Within a sentence it is the word."""

    word: Word
    name: DocumentName | None = None  # What it says about the document of the sentence.


class Aside(NamedTuple):
    """A line that is no word wherever it stands, and its name in the report."""

    kind: str


Line = Word | Separator | Boundary | Comment | Aside


class LineParser(dict[str, Line]):
    """Parse a line: `parser[line]`. It remembers lines, because most words of a text come again.

    A dict that computes what it lacks, because a known line then costs one look-up and no Python call.
    """

    def __init__(self, layout: Layout, *, multi_tag: str) -> None:
        """Set how lines are read.

        Args:
            layout: The layout of the file.
            multi_tag: For `B-a,B-b`: "first" or "reject".
        """
        super().__init__()
        self._layout = layout
        self._multi_tag = multi_tag
        self._header = list(layout.header)
        odd = layout.number is not None or layout.flag is not None or layout.header or layout.token.key
        self._simple = layout.tabs and not odd and layout.tag is not None and not layout.tag.key
        self._tags: dict[str, str] = {}  # Cells of the tag column that were good as they are, and the tags in them.

    def __missing__(self, line: str) -> Line:
        parsed = self._parse_simple(line) or self._parse(line)
        if len(line) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED_LINES:
                self.clear()  # Frequent lines are back at once.
            self[line] = parsed
        return parsed

    def _parse_simple(self, line: str) -> Word | None:
        """Parse a row in which nothing is unusual. Most rows are such rows, and this takes a third of the time."""
        cells = line.split("\t")
        layout = self._layout
        if not self._simple or len(cells) != layout.width or line[0] in " #" or line[-1] in " \t\r":
            return None
        token, tag = cells[layout.token.at], self._tags.get(cells[layout.tag.at])  # type: ignore[union-attr]
        if not token or not tag or token[0] == " " or token[-1] == " ":
            return None
        return None if "DOCSTART" in line or UNREADABLE.search(line) else Word(line, token, tag)

    def _parse(self, line: str) -> Line:
        if not line.strip():
            return Separator("blank_with_whitespace" if line else "")
        trimmed = line.rstrip(" \t\r")
        if line[0] == "#" or "DOCSTART" in line:
            boundary = read_boundary(trimmed, two_columns=self._layout.width == 2)  # noqa: PLR2004 - a token and a tag
            if boundary:
                return boundary
            if line.startswith(COMMENTS):
                return self._parse_comment(line, trimmed)
        return self._parse_row(line, trimmed)

    def _parse_comment(self, line: str, trimmed: str) -> Line:
        """Parse a line that is a comment unless it is a row of the file whose first column is `#` or `##`."""
        word = self._parse_row(line, trimmed)
        if not isinstance(word, Word):
            return word
        if self._is_sure(word, trimmed):
            return word
        return Comment(word, read_comment(trimmed))

    def _is_sure(self, word: Word, line: str) -> bool:
        """Return whether a line that begins as a comment is a word: it has a tag that no comment would have."""
        layout = self._layout
        if word.problem or "other_separator" in word.repairs or layout.tag is None:
            return False
        if not layout.tabs and KEY_AND_VALUE.match(line):
            return False  # A comment in a file with spaces may have as many parts as a row, and end with `O`.
        two = layout.tabs or layout.width == 2  # noqa: PLR2004 - a token and a tag
        return self._is_known(word.tag) or (two and layout.scheme != "plain")

    def _parse_row(self, line: str, trimmed: str) -> Word | Aside | Comment:
        if UNREADABLE.search(trimmed):
            return Word(line, "", "", problem=_unreadable(trimmed))
        raw, repairs = self._cells(line, trimmed)
        cells = [cell.strip(" ") for cell in raw]
        if self._layout.number is not None and self._layout.number < len(cells):
            number = cells[self._layout.number]
            if RANGE.fullmatch(number) or EMPTY_NODE.fullmatch(number):
                return Aside("multiword_token" if "-" in number else "empty_node")
        if cells == self._header:
            return Comment(Word(line, "", "", problem="tag_not_iob"))
        return self._parse_word(line, raw, cells, repairs, padded=trimmed != line)

    def _parse_word(self, line: str, raw: list[str], cells: list[str], repairs: list[str], *, padded: bool) -> Word:
        layout = self._layout
        token_cell = raw[layout.token.at] if layout.token.at < len(raw) else None
        token = (layout.token.read(cells) or " ") if token_cell else ""  # A cell of blanks is a blank as token.
        if token_cell == "":
            return Word(line, "", "", problem="empty_token")
        if len(cells) != layout.width:
            return Word(line, "", "", problem="one_column" if len(cells) == 1 else "ragged")
        if layout.tag is None:
            return Word(line, token, "", problem="one_column" if "other_separator" in repairs else "")
        token_padded = len(raw[layout.token.at]) != len(cells[layout.token.at] or token)
        leading = line[0] == " " and not layout.tabs
        if padded or leading or token_padded or raw[layout.tag.at] != cells[layout.tag.at]:
            repairs.append("outer_space")
        cell = layout.tag.read(cells)
        tag, problem = self._parse_tag(cell, repairs)
        if "other_separator" in repairs and (problem or not self._is_known(tag)):
            return Word(line, "", "", problem="one_column" if layout.tabs or " " not in line.strip() else "ragged")
        if not problem and not repairs:
            self._tags[cell] = tag
        ends = layout.flag is not None and SENTENCE_END in cells[layout.flag].split(FIELDS)
        return (LastWord if ends else Word)(line, token, tag, tuple(repairs), problem)

    def _is_known(self, tag: str) -> bool:
        """Return whether a tag is `O` or has a type that was seen in the rows that were looked at."""
        return tag == OUTSIDE or tag[2:] in self._layout.types

    def _cells(self, line: str, trimmed: str) -> tuple[list[str], list[str]]:
        """Split a row at the separator of the file, or at the other one if only that gives the right number.

        A row without the separator of the file may also be a token with a blank, such as `vitamin B-12`. `_parse_word`
        finds that out by the tag.
        """
        tabs, width = self._layout.tabs, self._layout.width
        if tabs and "\t" not in line:
            spaced = SPACES.split(trimmed.lstrip(" "))
            return (spaced, ["other_separator"]) if len(spaced) == width > 1 else ([trimmed], [])
        if tabs:
            cells = trimmed.split("\t")
            if len(cells) < width:
                # The last columns are empty.
                whole = line.rstrip("\r").split("\t")
                cells = whole if len(whole) == width else cells
            return cells, []
        if "\t" in trimmed:
            tabbed = trimmed.split("\t")
            return tabbed, ["other_separator"] if len(tabbed) == width else []
        return SPACES.split(trimmed.lstrip(" ")), []

    def _parse_tag(self, tag: str, repairs: list[str]) -> tuple[str, str]:
        """Return the tag as `O` or `PREFIX-TYPE`, and what is wrong with it, if anything."""
        if not tag:
            return tag, "one_column" if self._layout.width == 2 else "no_tag"  # noqa: PLR2004 - a token and a tag
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
        if found := read_tag(tag, self._layout.scheme):
            return found, ""
        if is_tag(tag):
            return tag, "prefix_not_in_scheme"
        return tag, "tag_without_type" if tag.removesuffix("-") in PREFIXES else "tag_not_iob"


def _unreadable(line: str) -> str:
    if INVALID.search(line):
        return "invalid_utf8"
    return "nul" if "\0" in line else "lone_cr"
