"""What is counted while annotations are imported, and the check that all counts meet."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from nerpipe.errors import NerpipeError

_SHOWN_PLACES = 5


class ImportCounts:
    """Everything that is counted while documents are read."""

    def __init__(self) -> None:
        """Start at zero."""
        self.records: Counter[str] = Counter()  # read, kept, rejected
        self.annotations: Counter[str] = Counter()  # read, kept, repaired, quarantined
        self.rules: dict[str, Counter[str]] = {name: Counter() for name in ("repairs", "quarantined", "rejected")}
        self.places: dict[str, list[str]] = {}
        self.types: dict[str, Counter[str]] = {}  # Names of a type in the tool, by its name in the corpus.
        self.documents: Counter[str] = Counter()  # Texts that were kept, and those of them without an annotation.
        self.words_split = self.left_out = 0
        self.inside: Counter[str] = Counter()  # Annotations that begin or end inside a word, and of how many.

    def count(self, kind: str, rule: str, place: str) -> None:
        """Count one use of a rule, and remember the first places."""
        self.rules[kind][rule] += 1
        places = self.places.setdefault(f"{kind} {rule}", [])
        if len(places) < _SHOWN_PLACES:
            places.append(place)

    def count_cuts(self, annotations: Iterable[tuple[bool, bool]]) -> None:
        """Count annotations that begin or end inside a word: whether each does, and whether only ASCII is before it.

        Offsets that count bytes are wrong only behind a character that is not ASCII.
        """
        for inside, ascii_before in annotations:
            self.inside.update(all=inside, behind=not ascii_before, both=inside and not ascii_before)

    def table(self, kind: str) -> dict[str, Any]:
        """Give the counts and the first places of all rules of a kind."""
        rules = sorted(self.rules[kind].items())
        return {rule: {"count": count, "first": self.places[f"{kind} {rule}"]} for rule, count in rules}

    def report(self) -> dict[str, Any]:
        """Give all counts for import_report.json."""
        return {
            "records": {name: self.records[name] for name in ("read", "kept", "rejected")},
            "annotations": {name: self.annotations[name] for name in ("read", "kept", "repaired", "quarantined")},
            **{kind: self.table(kind) for kind in self.rules},
            "types_renamed": {
                name: dict(sorted(found.items())) for name, found in sorted(self.types.items()) if set(found) != {name}
            },
            "documents_without_annotation": {"all": self.documents["all"], "empty": self.documents["empty"]},
            "words_split": self.words_split,
            "annotations_inside_words": self.inside["all"],
            "annotations_behind_non_ascii": {"all": self.inside["behind"], "inside_words": self.inside["both"]},
            "relations_and_notes_left_out": self.left_out,
        }

    def check(self, written: int) -> None:
        """Check that every record and every annotation is accounted for, and that every kept one was written.

        Args:
            written: Number of entities in the files of the splits.

        Raises:
            NerpipeError: If not.
        """
        records, annotations = self.records, self.annotations
        used = annotations["kept"] + annotations["repaired"]
        if records["read"] != records["kept"] + records["rejected"]:
            raise NerpipeError(f"the counts of records differ: {dict(records)}; this is a bug in the import")
        if annotations["read"] != used + annotations["quarantined"] or written != used:
            raise NerpipeError(
                f"the counts of annotations differ: {dict(annotations)}, {written} written; this is a bug in the import"
            )
