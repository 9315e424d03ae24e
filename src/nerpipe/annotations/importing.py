"""The import: files of annotation tools to a data set of the pipeline, with a ledger that must meet."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nerpipe.annotations.corpus_folder import (
    REJECTS,
    CorpusWriter,
    check_folder,
    corpus_folder,
    cut_by_sentences,
    write_report,
)
from nerpipe.annotations.formats import find_files, left_aside
from nerpipe.annotations.import_advice import no_annotation_message
from nerpipe.annotations.import_run import ImportRun
from nerpipe.contracts.files import SPLITS
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError

LARGEST_FRACTION = 0.5  # Fractions for dev and test are below it, so that something is left for train.


def import_annotations(
    names: Sequence[str | Path], folder: Path, *, dev: float = 0.1, test: float = 0.1
) -> dict[str, Any]:
    """Import what annotation tools exported as a data set with train, dev and test.

    Args:
        names: Files and folders to read, all of one format.
        folder: Folder to write, data/raw/NAME. It appears only when it is complete.
        dev: Fraction of the documents that go to dev, by their hash. It is not used if the files are named by splits
            and one is named dev.
        test: The same for test.

    Returns:
        The report, as import_report.json holds it.

    Raises:
        NerpipeError: If a file cannot be read at all, the formats differ, the folder holds something else, no
            annotation is left, or a split has no sentence.
    """
    check_folder(folder)
    files = find_files(names)
    given = {file.split for file in files}
    named = "train" in given and "" not in given
    dev, test = (0.0 if named and split in given else part for split, part in (("dev", dev), ("test", test)))
    with corpus_folder(folder) as temporary, ExitStack() as stack:
        rejects = stack.enter_context((temporary / REJECTS).open("w", encoding="utf-8", newline="\n"))
        writer = CorpusWriter(temporary, stack, dev, test)
        run = ImportRun(writer, rejects)
        for file in files:
            run.read(file, file.split if named else "")
        stack.close()
        rows = writer.rows()
        recut = _recut(temporary, rows, dev, test)
        rows |= recut
        run.counts.check(sum(row["entities"] for row in rows.values()))
        _check_splits(rows, run, dev, test)
        report = {
            "name": folder.name,
            "format": files[0].format,
            "files": [_shown_name(file.name) for file in files],
            "files_left_aside": [_shown_name(name) for name in left_aside(names, files)],
            "splits_by": "the names of the files" if named else "hash",
            "divided_by": "sentence" if recut else "document",
            "dev_fraction": dev,
            "test_fraction": test,
            "splits": rows,
            **run.counts.report(),
            "other_encodings": [each._replace(file=_shown_name(each.file))._asdict() for each in run.encodings],
        }
        write_report(temporary, report)
    return report


def _shown_name(name: str) -> str:
    """Name a file in the report, which must not depend on where a folder lies on this machine."""
    path = Path(name)
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _recut(folder: Path, rows: dict[str, Any], dev: float, test: float) -> dict[str, Any]:
    """Divide by sentences if the documents are too few for each split to get one, and give the counts.

    Sentences without a document were divided one by one already.
    """
    fractions = {split: fraction for split, fraction in (("dev", dev), ("test", test)) if fraction}
    parts = [rows[split] for split in ("train", *fractions)]
    if all(row["sentences"] for row in parts) or not any(row["documents"] for row in parts):
        return {}
    return cut_by_sentences(folder, fractions) or {}


def _check_splits(rows: dict[str, Any], run: ImportRun, dev: float, test: float) -> None:
    if not any(row["entities"] for row in rows.values()):
        raise NerpipeError(no_annotation_message(run.counts, run.encodings))
    empty = [split for split in SPLITS if not rows[split]["sentences"]]
    if empty:
        fitting = _fitting(run.positions, dev, test)
        advice = (
            f"give --dev {fitting[0]:g} --test {fitting[1]:g}, or more documents" if fitting else "give more documents"
        )
        raise NerpipeError(
            f"{' and '.join(empty)} would have no sentence, because the hashes of "
            f"{number_of(len(run.positions), 'document')} put none there with --dev {dev:g} --test {test:g}; {advice}"
        )


def _fitting(positions: Sequence[float], dev: float, test: float) -> tuple[float, float] | None:
    """Find the smallest fractions, in hundredths, that put something into each split."""
    dev = max(dev, math.ceil(100 * (1 - max(positions, default=0))) / 100)
    test = max(test, (math.floor(100 * min(positions, default=1)) + 1) / 100)
    some_left = any(test <= position < 1 - dev for position in positions)
    return (dev, test) if some_left and max(dev, test) < LARGEST_FRACTION else None
