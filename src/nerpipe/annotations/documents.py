"""What the readers of annotation tools give: documents with annotations, tagged sentences, and broken records."""

import json
from collections.abc import Sequence
from typing import NamedTuple

# Why a document or a whole record is rejected: the name in the report, and what it means.
RECORD_PROBLEMS = {
    "not_json": "the record is not valid JSON",
    "repeated_key": "an object of the record holds a key twice, so it is not clear which of its values counts",
    "not_a_record": "the record is no JSON object with a text",
    "no_text": "the record has no text",
    "unclear_text": "the record has several texts, and no quoted text shows which one is annotated",
    "invalid_utf8": "the record holds bytes that are not UTF-8",
    "lone_surrogate": "the text holds half of a surrogate pair, which is not a character",
    "nul": "the text holds a NUL character",
    "no_words": "the text is empty or white space only",
    "long_sentence": "a line of the text has more than 10,000 words",
    "other_format": "the record has the layout of another tool than the records before it",
    "not_annotated": "the record has no annotation field, so nobody annotated it",
    "other_region": "the record has regions in HTML or in a dialogue, whose places are not those of a plain text",
    "answer": "the annotator rejected or ignored the record",
    "repeated_document": "a document with the same id, text and annotations came before",
    "conflicting_document": "a document with the same id and text, but other annotations, came before",
    "bad_row": "the row, or a row of the sentence, does not hold what the header says or one tag for each word",
    "bad_token": "a word is empty or `-DOCSTART-`, or holds a tab, a line break, NUL or half of a surrogate pair",
    "bad_tag": "a tag is in none of the known schemes, or holds a comma or an angle bracket",
}
# Why an annotation is quarantined.
ANNOTATION_PROBLEMS = {
    "malformed": "the annotation does not have the form that the tool writes",
    "not_a_number": "the start or the end is not a whole number",
    "no_type": "the type is missing or is not text",
    "out_of_range": "the start or the end lies outside the text",
    "inside_character": "the start or the end lies inside a character of two UTF-16 units",
    "empty": "the annotation ends where it begins, or before",
    "white_space": "the annotation covers only white space",
    "text_differs": "the text at the offsets is not the text that the annotation quotes",
    "discontinuous": "the annotation has several parts with words between them",
    "duplicate": "another annotation has the same words and the same type",
    "second_type": "another annotation has the same words and another type",
    "nested": "the annotation lies inside a longer one",
    "overlap": "the annotation overlaps a longer one, or one of the same length that came before",
    "other_annotator": "the record has several annotators; one of them is taken",
    "rejected_record": "the record of the annotation is rejected",
}
# How an annotation is repaired.
REPAIRS = {
    "trimmed": "white space at the start or the end of the annotation is left out",
    "whole_float": "an offset such as 5.0 is read as 5",
    "type_renamed": "white space, control characters, commas and angle brackets in a type become `_`",
    "utf16_offsets": "offsets that count UTF-16 units are converted to characters",
    "character_offsets": "offsets count characters where the tool counts UTF-16 units; the quoted text shows it",
    "crlf_offsets": "offsets count CRLF as one character; the quoted text shows it",
    "joined_parts": "parts with only white space between them become one annotation",
    "orphan_i": "a tag continues no entity of its type, and begins one",
}


class Annotation(NamedTuple):
    """One annotation as the tool wrote it. Nothing in it is checked yet."""

    raw: object  # The annotation as the file holds it, for the rejects file.
    label: object = None
    parts: tuple[tuple[object, object], ...] = ()  # Start and end of each part. It is empty if there are none.
    quote: str = ""  # The text that the annotation covers, if the tool states it.
    problem: str = ""  # A key of ANNOTATION_PROBLEMS, if the reader already knows that it is not used.
    place: str = ""  # FILE:LINE if it is not that of the document.


class Document(NamedTuple):
    """One text and its annotations."""

    place: str  # FILE:LINE, FILE:LINE record N, FILE or FILE:row N. Numbers begin at 1.
    id: str  # It is empty if the file gives none.
    text: str
    annotations: list[Annotation]
    raw: str  # The record as the file holds it, for the rejects file.
    problem: str = ""  # A key of RECORD_PROBLEMS, if the reader already knows that it is not used.
    left_out: int = 0  # Number of relations, events, attributes and notes, which are no entities.
    rivals: Sequence[Sequence[Annotation]] = ()  # The work of each annotator that counts as much as the one taken.


class TaggedSentence(NamedTuple):
    """One sentence whose words and tags the file gives."""

    place: str
    document: str  # Id of its document, or empty if the file gives none.
    tokens: list[str]
    tags: list[str]
    raw: str


class Broken(NamedTuple):
    """A record that cannot be read."""

    place: str
    problem: str  # A key of RECORD_PROBLEMS.
    raw: str


def shown(value: object) -> str:
    """Give a value of a JSON file as text for the rejects file."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, TypeError):
        return f"({type(value).__name__}, which cannot be shown as JSON)"


def id_of(*candidates: object) -> str:
    """Give the first candidate that is usable as an id, which is text or a whole number, or the empty string."""
    for value in candidates:
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""
