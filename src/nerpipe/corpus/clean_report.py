"""What is counted while a split is cleaned, and the report made from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nerpipe.corpus.duplicates import SentenceHashes
from nerpipe.errors import NerpipeError


class SplitCounts:
    """Everything that is counted while a split streams by."""

    def __init__(self) -> None:
        """Start at zero."""
        self.lines: Counter[str] = Counter()  # read, separators, rejected
        self.repairs: Counter[str] = Counter()
        self.rejects: Counter[str] = Counter()  # sentences by reason
        self.raw_tags: Counter[str] = Counter()  # of sentences with an entity, as the file has them
        self.tags: Counter[str] = Counter()  # the same in IOB2
        self.sentences = self.words = self.orphans = self.plain_begins = 0
        self.hashes = SentenceHashes()


def split_row(counts: SplitCounts, named: str) -> dict[str, Any]:
    """Turn what was counted into the split's row of clean.json; `named` is the param `scheme`."""
    found = {tag[0] for tag in counts.raw_tags}
    scheme = named if named != "auto" else _detect(found, counts)
    repairs = counts.repairs + Counter(
        {
            "iob1_begin" if scheme == "IOB1" else "orphan_i": counts.orphans,
            f"{scheme.lower()}_to_iob2": sum(n for tag, n in counts.raw_tags.items() if tag[0] in "ELSU"),
        }
    )
    types = {tag[2:]: count for tag, count in sorted(counts.tags.items()) if tag[0] == "B"}
    return {
        "scheme": scheme,
        "sentences": counts.sentences,
        "tokens": counts.words,
        "entities": sum(types.values()),
        "entities_by_type": types,
        "lines": {
            "read": counts.lines["read"],
            "kept": counts.words,
            "rejected": counts.lines["rejected"],
            "separators": counts.lines["separators"],
        },
        "repairs": dict(sorted(repairs.items())),
        "rejected_sentences": counts.rejects.total(),
        "rejects": dict(sorted(counts.rejects.items())),
        "duplicate_sentences": counts.hashes.repeated(),
    }


def shared_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in a sentence for each split what occurs twice in it, and for each pair of splits what occurs in both.

    Args:
        rows: The rows of clean.json.
    """
    said = [
        f"{row['duplicate_sentences']:,} of {row['sentences']:,} sentences of {row['split']} occurred before in it."
        for row in rows
        if row["duplicate_sentences"]
    ]
    order = [row["split"] for row in rows]
    for row in rows:
        for other, count in row["sentences_also_in"].items():
            if count and order.index(other) < order.index(row["split"]):
                said.append(
                    f"{count:,} of {row['sentences']:,} sentences of {row['split']} are also in {other}, which makes "
                    f"the scores on {row['split']} too good."
                )
    return said


def _detect(found: set[str], counts: SplitCounts) -> str:
    """Name the scheme that a whole file turned out to be written in; the translation is the same for all."""
    if found & set("ES"):
        return "IOBES"
    if found & set("LU"):
        return "BILOU"
    return "IOB1" if counts.orphans and not counts.plain_begins else "IOB2"


def check_lines(source: Path, counts: SplitCounts) -> None:
    """Check that every line became a word, a quarantined word or a separator, and that there is a sentence.

    Raises:
        NerpipeError: if not.
    """
    accounted = counts.words + counts.lines["rejected"] + counts.lines["separators"]
    if counts.lines["read"] != accounted:
        raise NerpipeError(
            f"{source}: {counts.lines['read']} lines were read, but {accounted} accounted for: "
            f"{counts.words} kept, {counts.lines['rejected']} quarantined, {counts.lines['separators']} "
            "separators; this is a bug in the pipeline"
        )
    if not counts.sentences and not counts.rejects:
        raise NerpipeError(f"{source}: no sentence in it; every split needs at least one (`token<TAB>tag` a line)")
