"""Cleaning of raw CoNLL files, whatever their dialect, to canonical CoNLL in IOB2.

Files are read and written as streams. A sentence that no rule repairs is quarantined (docs/data.md).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.contracts.conll import format_boundary, format_sentence, writing_conll
from nerpipe.contracts.files import EXTRA, SPLITS, replacing
from nerpipe.contracts.schemes import OUTSIDE, to_iob2
from nerpipe.corpus.clean_report import SplitCounts, check_lines, split_row
from nerpipe.corpus.columns import find_layouts
from nerpipe.corpus.cutting import FRACTION, cut_file
from nerpipe.corpus.duplicates import SentenceHashes
from nerpipe.corpus.entity_types import check_renamed, rename
from nerpipe.corpus.extra import check_types, drop_shared, training_split
from nerpipe.corpus.layout import Layout
from nerpipe.corpus.lines import read_lines
from nerpipe.corpus.quarantine import Quarantine, check_rejected
from nerpipe.corpus.raw_files import open_raw
from nerpipe.corpus.reading import read_sentences
from nerpipe.corpus.settings import CorpusSettings
from nerpipe.corpus.sources import Corpus
from nerpipe.errors import NerpipeError


class CleanedSplit(NamedTuple):
    """The result of cleaning one split."""

    row: dict[str, Any]  # The row of clean.json.
    hashes: SentenceHashes
    renamed: Counter[str]


def clean_corpus(
    corpus: Corpus, out: Path, *, max_rejected: float, extra: Corpus | None = None
) -> list[dict[str, Any]]:
    """Clean the splits of a corpus, and cut those that are missing from train.

    Args:
        corpus: The raw files of the splits, and the settings of the corpus.
        out: The folder for SPLIT.conll, extra.conll and rejected.jsonl. If too many sentences are quarantined, only
            rejected.jsonl is written.
        max_rejected: The largest fraction of a split's sentences that may be quarantined.
        extra: A second corpus, whose training split becomes extra.conll, without the sentences that are also in dev or
            test of the first one.

    Returns:
        The rows of clean.json, one for each split, and one more for `extra`.

    Raises:
        NerpipeError: If a file cannot be read or its columns are not clear, a split has no sentence or train no entity,
            a type that corpus.yaml renames does not occur, more than `max_rejected` is quarantined, or `extra` has
            other entity types.
    """
    parts = [corpus, training_split(extra)] if extra else [corpus]
    for source in chain.from_iterable(part.sources.values() for part in parts):
        open_raw(source).close()  # A missing dev file should not wait for a large train file.
    layouts = [find_layouts(part.sources, part.settings, part.place) for part in parts]
    order = [*SPLITS, *([EXTRA] if extra else [])]
    reports: dict[str, CleanedSplit] = {}
    with ExitStack() as stack:
        targets = {split: stack.enter_context(replacing(out / f"{split}.conll")) for split in order}
        with (
            replacing(out / "rejected.jsonl") as path,
            path.open("w", encoding="utf-8", newline="\n") as file,
        ):
            quarantines = [Quarantine(file) for _ in parts]
            for part, found, quarantine in zip(parts, layouts, quarantines, strict=True):
                for split, source in part.sources.items():
                    reports[split] = clean_split(
                        source, targets[split], quarantine, split=split, layout=found[split], settings=part.settings
                    )
        for part, quarantine in zip(parts, quarantines, strict=True):
            check_rejected({split: reports[split].row for split in part.sources}, quarantine, part, out, max_rejected)
        _check_entities({split: reports[split] for split in corpus.sources}, layouts[0], corpus)
        reports |= _cut_missing(reports["train"], targets, corpus)
        if extra:
            check_types(corpus, extra, *(reports[split].row["entities_by_type"] for split in ("train", EXTRA)))
            counts, dropped = drop_shared(targets[EXTRA], {split: targets[split] for split in ("dev", "test")})
            row = reports[EXTRA].row | counts.row() | {"dropped_sentences": dropped}
            reports[EXTRA] = CleanedSplit(row, counts.hashes, Counter())
    if not extra:
        (out / f"{EXTRA}.conll").unlink(missing_ok=True)
    sources = {split: extra if extra and split == EXTRA else corpus for split in order}
    return [
        {
            "split": split,
            "corpus": sources[split].folder.name,
            "language": sources[split].settings.language,
            "license": sources[split].settings.license,
            **reports[split].row,
            "sentences_also_in": {
                other: reports[split].hashes.found_in(reports[other].hashes) for other in reports if other != split
            },
        }
        for split in order
    ]


def clean_split(
    source: Path, target: Path, quarantine: Quarantine, *, split: str, layout: Layout, settings: CorpusSettings
) -> CleanedSplit:
    """Clean one file: canonical CoNLL to `target`, sentences that no rule repairs to `quarantine`.

    Raises:
        NerpipeError: If the file cannot be read, has a line over 1 MiB, a sentence over 10,000 words or no sentence at
            all.
    """
    name = shown_name(source)
    digest = hashlib.sha256()
    counts = SplitCounts()
    chunks = read_lines(source, digest, counts.repairs, settings.encoding)
    boundary = None
    with writing_conll(target) as out:
        for sentence in read_sentences(str(source), chunks, layout, counts, multi_tag=settings.multi_tag):
            _, tokens, tags, repairs, problems = zip(*sentence.words, strict=True)
            boundary = sentence.boundary or boundary
            if any(problems):
                counts.rejects[quarantine.add(sentence, problems, split=split, name=name, source=source)] += 1
                counts.rejected_words += len(tokens)
                counts.bad_words += len(problems) - problems.count("")
                continue
            if any(repairs):
                counts.repairs.update(chain.from_iterable(repairs))
            counts.sentences += 1
            counts.words += len(tokens)
            text = "\n".join(tokens)
            if len(text) == 2 * len(tokens) - 1:
                counts.characters += len(tokens)
            counts.hashes.add(text)
            if boundary:
                counts.documents += 1
                out.write(format_boundary(boundary.document))
                boundary = None
            out.write(_format(tokens, tags, counts, settings.types))
    check_lines(source, counts)
    row = {"file": name, "sha256": digest.hexdigest(), "cut": None, **split_row(counts, layout, settings.types)}
    return CleanedSplit(row, counts.hashes, counts.renamed)


def shown_name(source: Path) -> str:
    """Return the name of a raw file for an output: its path if it is within the repository, else the file name alone.

    An output must not depend on the place of the mirror or of the download cache.
    """
    return source.name if source.is_absolute() or ".." in source.parts else source.as_posix()


def _format(tokens: tuple[str, ...], tags: tuple[str, ...], counts: SplitCounts, types: Mapping[str, str]) -> str:
    """Format a clean sentence and count its tags."""
    if tags.count(OUTSIDE) == len(tags):  # Most sentences of most corpora have no tag to translate.
        return "\tO\n".join(tokens) + "\tO\n\n"
    iob2, orphans, plain_begins = to_iob2(tags)
    counts.orphans += orphans
    counts.plain_begins += plain_begins
    counts.raw_tags.update(tags)
    if types:
        iob2 = rename(iob2, types, counts.renamed)
    counts.tags.update(iob2)
    return format_sentence(zip(tokens, iob2, strict=True))


def _check_entities(reports: Mapping[str, CleanedSplit], layouts: Mapping[str, Layout], corpus: Corpus) -> None:
    """Check that train has an entity, and that every type that corpus.yaml renames occurs."""
    renamed: Counter[str] = sum((report.renamed for report in reports.values()), Counter())
    found = {kind for report in reports.values() for kind in report.row["entities_by_type"]}
    check_renamed(corpus.settings.types, renamed, found, corpus.place)
    if not reports["train"].row["entities"] and reports["train"].renamed.total():
        raise NerpipeError(
            f"[{corpus.place} -> types] drops every entity of the training split, so there is nothing to learn: "
            f"{', '.join(f'{kind} ({count:,})' for kind, count in reports['train'].renamed.most_common(10))}. Keep one "
            "type or more"
        )
    if not reports["train"].row["entities"]:
        layout = layouts["train"]
        tag = layout.describe(layout.tag) if layout.tag else "no column"
        at = layout.tag.at + 1 if layout.tag else 0
        said = (
            f"{corpus.sources['train']}: no entity in the training split, so there is nothing to learn. The tags were "
            f"read from {tag} of {layout.width}"
        )
        taken = {at, layout.token.at + 1}
        others = [aside.column.at + 1 for aside in layout.aside] or [*range(layout.width, 0, -1)]
        other = next((n for n in others if n not in taken), None)
        if other is None:
            raise NerpipeError(f"{said}. Add sentences with entities to this file")
        raise NerpipeError(
            f"{said}. If they are in another column, put its number into {corpus.place}, such as\n"
            f"    tag_column: {other}"
        )


def _cut_missing(train: CleanedSplit, targets: Mapping[str, Path], corpus: Corpus) -> dict[str, CleanedSplit]:
    """Cut the splits that have no file from the clean train file."""
    missing = [split for split in SPLITS if split not in corpus.sources]
    if not missing:
        return {}
    fractions = {split: getattr(corpus.settings, f"{split}_fraction") or FRACTION for split in missing}
    whole = targets["train"].with_name(".whole.conll.partial")
    targets["train"].rename(whole)
    try:
        by, counts = cut_file(whole, {split: targets[split] for split in ("train", *missing)}, fractions, corpus.place)
    finally:
        whole.unlink()
    shown = ", ".join(f"{split} {value:g}" for split, value in fractions.items())
    cut = {"from": "train", "by": by, "fractions": shown}
    return {
        split: CleanedSplit(train.row | each.row() | {"cut": cut}, each.hashes, Counter())
        for split, each in counts.items()
    }
