"""What to do when an import finds no annotation of an entity, or finds something that is probably wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nerpipe.annotations.corpus_folder import REJECTS
from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, RECORD_PROBLEMS
from nerpipe.annotations.file_encodings import OtherEncoding, conversion_advice
from nerpipe.annotations.import_counts import ImportCounts
from nerpipe.contracts.terminal import number_of

_EXPORT = "Export the annotated records, and import those"
_MEND = "Mend these records, or export them again, and import those"
_ADVICE = {
    "not_annotated": _EXPORT,
    "other_region": (
        "Label plain texts in Label Studio (<Labels> with <Text>, not <HyperText> or <Paragraphs>), and import those"
    ),
    "unclear_text": "Keep one text in each task, or call it `text`, and import again",
    "not_a_number": "Write the start and the end of each annotation as whole numbers, without quotes, and import again",
}
_SHOWN_RULES = 3
_FEWEST_BEHIND = 10
_MOST_REJECTED = 0.1  # A larger share of the records is warned of.
_LEFT_OUT = ("answer", "not_annotated", "repeated_document")  # Nothing is lost where these are rejected.
_MOST_INSIDE_WORDS = 0.2  # A larger share of the annotations is warned of.


def no_annotation_message(counts: ImportCounts, encodings: Sequence[OtherEncoding]) -> str:
    """Say that no annotation is left, for which reasons, and what to do about the most frequent one."""
    meanings = {"rejected": RECORD_PROBLEMS, "quarantined": ANNOTATION_PROBLEMS}
    found = [
        (count, rule, f"{count:,} {rule} ({counts.places[f'{kind} {rule}'][0]}: {meanings[kind][rule]})")
        for kind in meanings
        for rule, count in counts.rules[kind].most_common(_SHOWN_RULES)
        if rule != "rejected_record"  # The reason of the record says more.
    ]
    found.sort(key=lambda each: each[0], reverse=True)
    reasons = "; ".join(shown for *_, shown in found) or "none has an annotation"
    first = found[0][1] if found else ""
    advice = _ADVICE.get(first, _MEND) if found else _EXPORT
    if first == "invalid_utf8" and encodings:
        advice = conversion_advice(encodings[0])
    read = number_of(counts.records["read"], "record")
    return f"no annotation of an entity is left of {read}: {reasons}. {advice}"


def rejected_note(report: Mapping[str, Any], encodings: Sequence[OtherEncoding]) -> str:
    """Say how many records were rejected, most of them why, and what to do. The text is empty if none was.

    Args:
        report: The counts, as `ImportCounts.report` gives them.
        encodings: The files that are not UTF-8.
    """
    records, rules = report["records"], report["rejected"]
    if not rules:
        return ""
    rule, row = max(rules.items(), key=lambda item: int(item[1]["count"]))
    share = f"{records['rejected'] / records['read']:.0%}"
    note = (
        f"{records['rejected']:,} of {number_of(records['read'], 'record')} ({share}) were rejected, {row['count']:,} "
        f"of them as {rule}: {RECORD_PROBLEMS[rule]} (for example {row['first'][0]})"
    )
    return f"{note}. {conversion_advice(encodings[0])}" if rule == "invalid_utf8" and encodings else note


def rejected_warning(report: dict[str, Any], folder: Path) -> list[str]:
    """Warn if a large share of the records is rejected, for another reason than that people left them out."""
    records = report["records"]
    lost = sum(row["count"] for rule, row in report["rejected"].items() if rule not in _LEFT_OUT)
    if lost <= _MOST_REJECTED * records["read"]:
        return []
    note = rejected_note(report, [OtherEncoding(**found) for found in report["other_encodings"]])
    return [f"WARNING: {note}. {folder / REJECTS} holds each of them with its reason"]


def shift_warning(report: dict[str, Any], folder: Path) -> list[str]:
    """Warn if many annotations begin or end inside a word: their offsets are probably shifted.

    The share is also taken of the annotations behind a character that is not ASCII, where offsets in bytes are shifted.
    """
    used = report["annotations"]["kept"] + report["annotations"]["repaired"]
    behind = report["annotations_behind_non_ascii"]
    shares = [
        (report["annotations_inside_words"], used, "annotations", 1),
        (behind["inside_words"], behind["all"], "annotations behind a character that is not ASCII", _FEWEST_BEHIND),
    ]
    found = [
        f"{inside:,} of {total:,} {what} ({inside / total:.0%})"
        for inside, total, what, fewest in shares
        if inside >= fewest and inside > _MOST_INSIDE_WORDS * total
    ]
    if not found:
        return []
    warning = (
        f"warning: {found[0]} begin or end inside a word. Their offsets may be shifted: an end that is counted in, "
        "bytes or UTF-16 units instead of characters, or CRLF counted as one character. Look at "
        f"{folder / 'train.conll'} first. If its entities are cut, correct the offsets and import again. If the "
        "language writes endings together with names, as Korean does, all is well"
    )
    return [warning]
