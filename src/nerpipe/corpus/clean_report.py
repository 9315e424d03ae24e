"""The counts made while a split is cleaned, and the report made from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nerpipe.corpus.duplicates import SentenceHashes
from nerpipe.errors import NerpipeError


class SplitCounts:
    """All counts of one split. They grow while the split is read."""

    def __init__(self) -> None:
        """Set all counts to zero."""
        self.lines: Counter[str] = Counter()  # Lines by kind: read, separators, rejected.
        self.repairs: Counter[str] = Counter()
        self.rejects: Counter[str] = Counter()  # Quarantined sentences by reason.
        self.raw_tags: Counter[str] = Counter()  # Tags of the sentences with an entity, as in the file.
        self.tags: Counter[str] = Counter()  # The same tags in IOB2.
        self.sentences = self.words = self.orphans = self.plain_begins = 0
        self.hashes = SentenceHashes()


def split_row(counts: SplitCounts, named: str) -> dict[str, Any]:
    """Make the row of clean.json from the counts of a split.

    Args:
        counts: The counts of the split.
        named: The param `scheme`: "auto" or the name of a tagging scheme.
    """
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
    """Return the tagging scheme of the whole file.

    The name is only for the report, because the translation to IOB2 is the same for all schemes.

    Args:
        found: The prefixes that occur in the file.
        counts: The counts of the split.
    """
    if found & set("ES"):
        return "IOBES"
    if found & set("LU"):
        return "BILOU"
    return "IOB1" if counts.orphans and not counts.plain_begins else "IOB2"


def check_lines(source: Path, counts: SplitCounts) -> None:
    """Check that every line is a word, a quarantined word or a separator, and that there is a sentence.

    Raises:
        NerpipeError: If a line is not counted, or the file has no sentence.
    """
    accounted = counts.words + counts.lines["rejected"] + counts.lines["separators"]
    if counts.lines["read"] != accounted:
        raise NerpipeError(
            f"{source}: {counts.lines['read']} lines were read, but {accounted} were counted: {counts.words} kept, "
            f"{counts.lines['rejected']} quarantined and {counts.lines['separators']} separators. This is a bug in the "
            "pipeline"
        )
    if not counts.sentences and not counts.rejects:
        raise NerpipeError(
            f"{source}: the file holds no sentence; every split needs at least one, with one line `token<TAB>tag` for "
            "each word"
        )
