"""The counts made while a split is cleaned, and the report made from them."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nerpipe.contracts.terminal import number_of
from nerpipe.corpus.duplicates import SentenceHashes
from nerpipe.corpus.layout import Layout
from nerpipe.corpus.reading import LineCounts
from nerpipe.errors import NerpipeError

ENOUGH = 0.5
CHARACTERS = 0.9  # A corpus with at least this share of words of one character has one character a line.
LEAST_WORDS = 20  # Fewer words do not show whether they are characters.


class SplitCounts(LineCounts):
    """Everything that is counted while a split is read."""

    def __init__(self) -> None:
        """Start at zero."""
        super().__init__()
        self.rejects: Counter[str] = Counter()  # Sentences by reason.
        self.raw_tags: Counter[str] = Counter()  # Of sentences with an entity, with the prefixes of the file.
        self.tags: Counter[str] = Counter()  # The same in IOB2, with the types that are kept.
        self.renamed: Counter[str] = Counter()  # Entities whose type corpus.yaml renames, by old type.
        self.sentences = self.words = self.characters = self.documents = self.orphans = self.plain_begins = 0
        self.rejected_words = self.bad_words = 0
        self.hashes = SentenceHashes()

    def entities(self) -> Counter[str]:
        """Count the entities by type."""
        return Counter({tag[2:]: count for tag, count in self.tags.items() if tag[0] == "B"})


def split_row(counts: SplitCounts, layout: Layout, renames: Mapping[str, str]) -> dict[str, Any]:
    """Turn what was counted into the split's row of clean.json."""
    types = counts.entities()
    scheme = found_scheme(layout, counts)
    repairs = counts.repairs + _scheme_repairs(scheme, counts)
    rows = counts.words + counts.rejected_words
    return {
        "scheme": scheme,
        "layout": _layout_row(layout) | {"rows": rows, "rows_with_tag": rows - counts.bad_words},
        "sentences": counts.sentences,
        "tokens": counts.words,
        "entities": types.total(),
        "entities_by_type": dict(sorted(types.items())),
        "documents": counts.documents,
        "unit": _unit(counts),
        "renamed_types": {f"{old} -> {renames[old]}": count for old, count in sorted(counts.renamed.items()) if count},
        "lines": {
            "read": counts.lines["read"],
            "kept": counts.words,
            "rejected": counts.rejected_words,
            "separators": counts.lines["separators"],
            "comments": counts.lines["comments"],
        },
        "repairs": dict(sorted(repairs.items())),
        "rejected_sentences": counts.rejects.total(),
        "rejects": dict(sorted(counts.rejects.items())),
        "duplicate_sentences": counts.hashes.repeated(),
    }


def _layout_row(layout: Layout) -> dict[str, Any]:
    assert layout.tag  # noqa: S101 - files without tags are refused before
    return {
        "token": layout.name(layout.token),
        "tag": layout.name(layout.tag),
        "columns": layout.width,
        "header": list(layout.header),
        "left_aside": {
            layout.name(aside.column): {"entities": aside.entities, "types": aside.types, "rows": aside.rows}
            for aside in layout.aside
        },
    }


def _unit(counts: SplitCounts) -> str:
    characters = counts.words >= LEAST_WORDS and counts.characters >= CHARACTERS * counts.words
    return "character" if characters else "word"


def _scheme_repairs(scheme: str, counts: SplitCounts) -> Counter[str]:
    by_prefix: Counter[str] = Counter()
    for tag, count in counts.raw_tags.items():
        by_prefix[tag[0]] += count
    if scheme == "plain":
        return Counter({"plain_to_iob2": by_prefix["I"]})
    others = sum(by_prefix[prefix] for prefix in "ELSUMW")
    name = "stray_prefix" if scheme in ("IOB1", "IOB2") else f"{scheme.lower()}_to_iob2"
    written = by_prefix.total() - by_prefix["O"] if scheme in ("underscore", "suffix", "lower") else others
    return Counter({"iob1_begin" if scheme == "IOB1" else "orphan_i": counts.orphans, name: written})


def found_scheme(layout: Layout, counts: SplitCounts) -> str:
    """Name the scheme of the layout or else that in which most entities are written. All are translated alike."""
    if layout.scheme != "auto":
        return layout.scheme
    by_prefix: Counter[str] = Counter()
    for tag, count in counts.raw_tags.items():
        by_prefix[tag[0]] += count
    enough = ENOUGH * counts.entities().total()
    if by_prefix["W"] and by_prefix["W"] + by_prefix["E"] >= enough:
        return "BMEWO"
    if by_prefix["E"] + by_prefix["S"] and by_prefix["E"] + by_prefix["S"] >= enough:
        return "BMES" if by_prefix["M"] > by_prefix["I"] else "IOBES"
    if by_prefix["L"] + by_prefix["U"] and by_prefix["L"] + by_prefix["U"] >= enough:
        return "BILOU"
    return "IOB1" if counts.orphans > counts.plain_begins else "IOB2"


def describe_row(row: dict[str, Any]) -> str:
    """Say in a line or two what became of a split."""
    layout = row["layout"]
    repairs = ", ".join(f"{count} {rule}" for rule, count in row["repairs"].items()) or "none"
    unit = "; one character a line" if row["unit"] == "character" else ""
    documents = f" in {number_of(row['documents'], 'document')}" if row["documents"] else ""
    said = (
        f"{row['split']}: {number_of(row['sentences'], 'sentence')}{documents}, {number_of(row['tokens'], 'token')}, "
        f"{number_of(row['entities'], 'entity')} ({row['scheme']}{unit}); repairs: {repairs}; quarantined: "
        f"{number_of(row['rejected_sentences'], 'sentence')}"
    )
    if row["cut"]:
        return f"{said}; cut from {row['cut']['from']} by {row['cut']['by']} ({row['cut']['fractions']})"
    said += (
        f"\n  token in {place_of(layout['token'])}, tag in {place_of(layout['tag'])}: {layout['rows_with_tag']:,} of "
        f"{number_of(layout['rows'], 'row')}"
    )
    for name, aside in layout["left_aside"].items():
        types = f" ({', '.join(aside['types'][:10])})" if aside["types"] else ""
        said += (
            f"\n  left aside: tags in {place_of(name)}: {number_of(aside['entities'], 'entity')}{types} in "
            f"{number_of(aside['rows'], 'row')}"
        )
    if dropped := row.get("dropped_sentences"):
        said += "\n  dropped: " + ", ".join(
            f"{number_of(count, 'sentence')} also in {split}" for split, count in dropped.items()
        )
    if row["renamed_types"]:
        said += "\n  types: " + ", ".join(f"{what} ({count:,})" for what, count in row["renamed_types"].items())
    return said


def place_of(name: str) -> str:
    """Say in words which column a name of clean.json means."""
    return f"column {name}" if name.isdecimal() else f"field {name}"


def check_lines(source: Path, counts: SplitCounts) -> None:
    """Check that every line became a word, a quarantined word, a separator or a comment, and that there is a sentence.

    Raises:
        NerpipeError: If not.
    """
    accounted = counts.words + counts.rejected_words + counts.lines["separators"] + counts.lines["comments"]
    if counts.lines["read"] != accounted:
        raise NerpipeError(
            f"{source}: {counts.lines['read']} lines were read, but {accounted} accounted for: "
            f"{counts.words} kept, {counts.rejected_words} quarantined, {counts.lines['separators']} "
            f"separators, {counts.lines['comments']} comments; this is a bug in the pipeline"
        )
    if not counts.sentences and not counts.rejects:
        raise NerpipeError(
            f"{source}: the file holds no sentence; every split needs at least one, with one line `token<TAB>tag` for "
            "each word"
        )
