"""The import: files of annotation tools to a data set of the pipeline, with a ledger that must meet."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.annotations.corpus_folder import (
    REJECTS,
    CorpusWriter,
    check_folder,
    corpus_folder,
    cut_by_sentences,
    sentence_positions,
    write_report,
)
from nerpipe.annotations.formats import AnnotationFile, find_files, left_aside
from nerpipe.annotations.import_advice import no_annotation_message, rejected_note
from nerpipe.annotations.import_run import ImportRun
from nerpipe.annotations.small_sets import widened_fractions
from nerpipe.contracts.files import SPLITS
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
            annotation is left, or there are fewer sentences than splits.
    """
    check_folder(folder)
    files = find_files(names)
    given = {file.split for file in files}
    named = "train" in given and "" not in given
    dev, test = (0.0 if named and split in given else part for split, part in (("dev", dev), ("test", test)))
    with corpus_folder(folder) as temporary:
        imported = _divide(files, temporary, {"dev": dev, "test": test}, named=named)
        run, rows = imported.run, imported.rows
        run.counts.check(sum(row["entities"] for row in rows.values()))
        _check_splits(imported, dev=dev, test=test)
        report = {
            "name": folder.name,
            "format": files[0].format,
            "files": [_shown_name(file.name) for file in files],
            "files_left_aside": [_shown_name(name) for name in left_aside(names, files)],
            "splits_by": "the names of the files" if named else "hash",
            "divided_by": imported.by,
            "widened": imported.widened,
            "dev_fraction": dev,
            "test_fraction": test,
            "splits": rows,
            **run.counts.report(),
            "other_encodings": [each._replace(file=_shown_name(each.file))._asdict() for each in run.encodings],
        }
        write_report(temporary, report)
    return report


class _Import(NamedTuple):
    """What was read, and how it was divided."""

    run: ImportRun
    rows: dict[str, Any]  # The counts of each split.
    by: str = "document"
    widened: bool = False  # Whether the fractions were changed, because a split would have been empty.


def _divide(files: Sequence[AnnotationFile], folder: Path, given: dict[str, float], *, named: bool) -> _Import:
    """Read all files, and divide what they hold among the splits.

    If the documents are too few for each split to get one, sentences are divided. If they are too few as well, each
    split gets at least one document, or else at least one sentence, whatever the fractions are.
    """
    found = _read(files, folder, given, named=named)
    fractions = {split: fraction for split, fraction in given.items() if fraction}
    parts = [found.rows[split] for split in ("train", *fractions)]
    if all(row["sentences"] for row in parts) or not any(row["sentences"] for row in parts):
        return found
    # Sentences without a document were divided one by one already.
    if any(row["documents"] for row in parts) and (rows := cut_by_sentences(folder, fractions)):
        return found._replace(rows=found.rows | rows, by="sentence")
    if wider := widened_fractions(found.run.positions, fractions):
        return _read(files, folder, given | wider, named=named)._replace(widened=True)
    wider = widened_fractions(sentence_positions(folder, ["train", *fractions]), fractions)
    rows = cut_by_sentences(folder, wider) if wider else None
    return found._replace(rows=found.rows | rows, by="sentence", widened=True) if rows else found


def _read(files: Sequence[AnnotationFile], folder: Path, given: Mapping[str, float], *, named: bool) -> _Import:
    """Read all files into a folder, and divide documents by these fractions."""
    with ExitStack() as stack:
        rejects = stack.enter_context((folder / REJECTS).open("w", encoding="utf-8", newline="\n"))
        writer = CorpusWriter(folder, stack, given["dev"], given["test"])
        run = ImportRun(writer, rejects)
        for file in files:
            run.read(file, file.split if named else "")
    return _Import(run, writer.rows())


def _shown_name(name: str) -> str:
    """Name a file in the report, which must not depend on where a folder lies on this machine."""
    path = Path(name)
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _check_splits(imported: _Import, **fractions: float) -> None:
    run, rows = imported.run, imported.rows
    if not any(row["entities"] for row in rows.values()):
        raise NerpipeError(no_annotation_message(run.counts, run.encodings))
    empty = [split for split in SPLITS if not rows[split]["sentences"]]
    if not empty:
        return
    rejected = rejected_note(run.counts.report(), run.encodings)
    named = [split for split in empty if not fractions.get(split, len(run.positions))]
    if named:
        why = f"nothing is left of the files that are named {' and '.join(named)}; mend these files, or leave them out"
    else:
        needed = 1 + sum(fraction > 0 for fraction in fractions.values())
        why = f"at least {needed} documents or sentences that differ are needed for train, dev and test; give more"
    raise NerpipeError(f"{' and '.join(empty)} would have no sentence: {why}{rejected and f'. {rejected}'}")
