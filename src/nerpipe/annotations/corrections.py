"""Corrected tasks of `nerpipe suspects`: which sentence each is about, and which entities it is to have."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, RECORD_PROBLEMS, Annotation, Broken, Document
from nerpipe.annotations.formats import UTF16_TOOLS, find_files, read_file
from nerpipe.annotations.json_records import parse_record
from nerpipe.annotations.offsets import Mention, judge_annotations
from nerpipe.annotations.tool_records import DOCCANO, LABEL_STUDIO, MINIMAL, PRODIGY, SPACY
from nerpipe.contracts.schemes import Span
from nerpipe.corpus.training_places import SentenceId, read_id
from nerpipe.errors import NerpipeError

SENTENCE_ID = "nerpipe_id"  # The field of a task that holds the id of the sentence.
CORRECTABLE = (DOCCANO, LABEL_STUDIO, MINIMAL, PRODIGY, SPACY)
UNANSWERED = ("answer", "not_annotated")  # Problems of records that nobody has corrected.
HARMLESS = ("duplicate", "other_annotator")  # Annotations that are left out without a loss.


class CorrectedTask(NamedTuple):
    """A record of a tool's export that is about a sentence of train."""

    place: str  # FILE:LINE of the record.
    id: SentenceId
    document: Document
    unit: str  # What its offsets count: "characters" or "utf16".


class RefusedTask(NamedTuple):
    """A record that changes nothing, and why."""

    place: str
    why: str


def read_tasks(names: Sequence[str | Path]) -> Iterator[CorrectedTask | RefusedTask | None]:
    """Read the records of the exports of annotation tools.

    Yields:
        A task for each record; None for one that nobody has answered.

    Raises:
        NerpipeError: If a file cannot be read, or is of no tool that `nerpipe suspects` writes tasks for.
    """
    for file in find_files(names):
        if file.format not in CORRECTABLE:
            raise NerpipeError(
                f"{file.name}: the format is {file.format}, but corrections can be taken from {', '.join(CORRECTABLE)} "
                "only; export the tasks in one of these formats"
            )
        unit = "utf16" if file.format in UTF16_TOOLS else "characters"
        for record in read_file(file):
            yield _task(record, unit)


def _task(record: object, unit: str) -> CorrectedTask | RefusedTask | None:
    if isinstance(record, Broken):
        return RefusedTask(record.place, RECORD_PROBLEMS[record.problem])
    assert isinstance(record, Document)  # noqa: S101 - the other kind comes from other formats
    if record.problem in UNANSWERED:
        return None
    if record.problem:
        return RefusedTask(record.place, RECORD_PROBLEMS[record.problem])
    parsed = parse_record(record.place, record.raw)
    if isinstance(parsed, Broken):
        return RefusedTask(record.place, RECORD_PROBLEMS[parsed.problem])
    found = read_id(_named(parsed.value))
    if found is None:
        return RefusedTask(
            record.place,
            f"the record has no field {SENTENCE_ID} with the id of a sentence, as tasks of `nerpipe suspects` have it",
        )
    return CorrectedTask(record.place, found, record, unit)


def _named(value: object) -> str:
    """Find the id in a record, or in an object of it: `data` in Label Studio, `meta` in Prodigy."""
    if not isinstance(value, dict):
        return ""
    objects: list[Mapping[str, Any]] = [value, *(inner for inner in value.values() if isinstance(inner, dict))]
    ids = [each[SENTENCE_ID] for each in objects if isinstance(each.get(SENTENCE_ID), str)]
    return ids[0] if ids else ""


def wanted_spans(task: CorrectedTask, tokens: Sequence[str]) -> list[Span] | RefusedTask:
    """Give the entities of a corrected task as spans of the words of its sentence.

    Args:
        task: The task.
        tokens: The words of the sentence as the raw file has them.
    """
    text = task.document.text
    words = word_places(text, tokens)
    if words is None:
        return RefusedTask(task.place, f"its text {text[:80]!r} is not that of the sentence, {' '.join(tokens)[:80]!r}")
    spans, *rivals = (
        _spans(task, annotations, words) for annotations in (task.document.annotations, *task.document.rivals)
    )
    for rival in rivals:
        if isinstance(spans, RefusedTask) or isinstance(rival, RefusedTask):
            return spans if isinstance(spans, RefusedTask) else rival
        if rival != spans:
            alone = min({*spans} ^ {*rival}, key=lambda span: span[1:])
            quoted = text[words[alone.start][0] : words[alone.end - 1][1]]
            return RefusedTask(
                task.place,
                f"its annotators disagree: {alone.type} {quoted!r} is the work of some of them alone. Delete the wrong "
                "annotations in the tool, or mark the right one as ground truth, and export again",
            )
    return spans


def _spans(
    task: CorrectedTask, annotations: Sequence[Annotation], words: Sequence[tuple[int, int]]
) -> list[Span] | RefusedTask:
    """Give the entities of one annotator."""
    text = task.document.text
    mentions = []
    for verdict in judge_annotations(text, words, annotations, task.unit):
        if verdict.mention:
            mentions.append(verdict.mention)
        elif verdict.problem not in HARMLESS:
            return RefusedTask(task.place, f"{ANNOTATION_PROBLEMS[verdict.problem]}: {verdict.annotation.raw}")
    spans = [_span(mention, words) for mention in sorted(mentions, key=lambda mention: mention.start)]
    for span, mention in zip(spans, sorted(mentions, key=lambda mention: mention.start), strict=True):
        if span is None:
            quoted = text[mention.start : mention.end]
            return RefusedTask(task.place, f"{mention.type} {quoted!r} begins or ends inside a word of the file")
    return [span for span in spans if span]


def _span(mention: Mention, words: Sequence[tuple[int, int]]) -> Span | None:
    starts = {start: at for at, (start, end) in enumerate(words) if start < end}
    ends = {end: at for at, (start, end) in enumerate(words) if start < end}
    if mention.start not in starts or mention.end not in ends:
        return None
    return Span(mention.type, starts[mention.start], ends[mention.end] + 1)


def word_places(text: str, tokens: Sequence[str]) -> list[tuple[int, int]] | None:
    """Find the words of a sentence in a text that has the same characters, whatever its white space.

    >>> word_places("a bc", ["a", "b", "c"])
    [(0, 1), (2, 3), (3, 4)]

    Returns:
        The start and end of each word, in ascending order; an empty range for a word of white space. None if the text
        has other characters.
    """
    dark = [at for at, character in enumerate(text) if not character.isspace()]
    places: list[tuple[int, int]] = []
    used = 0
    for token in tokens:
        shown = "".join(token.split())
        found = dark[used : used + len(shown)]
        if "".join(text[at] for at in found) != shown:
            return None
        before = places[-1][1] if places else 0
        places.append((found[0], found[-1] + 1) if found else (before, before))
        used += len(shown)
    return places if used == len(dark) else None
