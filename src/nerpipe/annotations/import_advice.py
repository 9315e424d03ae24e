"""What to do when an import finds no annotation of an entity."""

from collections.abc import Sequence

from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, RECORD_PROBLEMS
from nerpipe.annotations.file_encodings import OtherEncoding, conversion_advice
from nerpipe.annotations.import_counts import ImportCounts

_EXPORT = "Export the annotated records, and import those"
_MEND = "Mend these records, or export them again, and import those"
_ADVICE = {
    "not_annotated": _EXPORT,
    "other_region": (
        "Label plain texts in Label Studio (<Labels> with <Text>, not <HyperText> or <Paragraphs>), and import those"
    ),
    "not_a_number": "Write the start and the end of each annotation as whole numbers, without quotes, and import again",
}
_SHOWN_RULES = 3


def no_annotation_message(counts: ImportCounts, encodings: Sequence[OtherEncoding]) -> str:
    """Say that no annotation is left, for which reasons, and what to do about the most frequent one."""
    meanings = {"rejected": RECORD_PROBLEMS, "quarantined": ANNOTATION_PROBLEMS}
    found = [
        (rule, f"{count:,} {rule} ({counts.places[f'{kind} {rule}'][0]}: {meanings[kind][rule]})")
        for kind in meanings
        for rule, count in counts.rules[kind].most_common(_SHOWN_RULES)
        if rule != "rejected_record"  # The reason of the record says more.
    ]
    reasons = "; ".join(shown for _, shown in found) or "none has an annotation"
    advice = _ADVICE.get(found[0][0], _MEND) if found else _EXPORT
    if encodings:
        advice = conversion_advice(encodings[0])
    return f"{counts.records['read']:,} records were read, and no annotation of an entity is left: {reasons}. {advice}"
