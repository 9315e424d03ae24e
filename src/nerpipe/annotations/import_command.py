"""The `import` command: its arguments, and the counts that it prints."""

import argparse
from pathlib import Path
from typing import Any

from nerpipe.annotations.corpus_folder import REJECTS, REPORT, check_name
from nerpipe.annotations.file_encodings import OtherEncoding, conversion_advice
from nerpipe.annotations.import_advice import rejected_warning, shift_warning
from nerpipe.annotations.importing import LARGEST_FRACTION, import_annotations
from nerpipe.annotations.merge_report import run_merge
from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import RAW_FOLDER
from nerpipe.contracts.terminal import number_of, one_line, say

IMPORT = """Import what an annotation tool exported as a data set of the pipeline. The format is found from the content:
doccano JSONL, Label Studio JSON and JSON-MIN, Prodigy and spaCy JSONL, brat (.txt with .ann), a Hugging Face data set
(save_to_disk, Parquet, JSON lines with tokens and ner_tags) or CSV. docs/your_data.md has the rules of repair. With
--merge, corrected tasks of `nerpipe suspects` are taken into the training file of a data set instead; the exit code is
1 if a task cannot be taken."""
SHOWN_NAMES = 3
DEFAULT_FRACTION = 0.1


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files or folders to import, all of one format")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--name", metavar="NAME", help="name of the data set: the folder data/raw/NAME is written")
    target.add_argument(
        "--merge",
        metavar="NAME",
        help="name of the data set whose training file takes the corrections of tasks that `nerpipe suspects` wrote",
    )
    for split in ("dev", "test"):
        parser.add_argument(
            f"--{split}",
            type=_fraction,
            metavar="FRACTION",
            help=f"fraction of the documents for {split}, chosen by the hash of each document (default: "
            f"{DEFAULT_FRACTION})",
        )
    add_examples(
        parser,
        {
            "an export of doccano, Label Studio or Prodigy": "nerpipe import admin.jsonl --name mine",
            "a folder of brat, with more documents for test": "nerpipe import reports --name mine --test 0.2",
            "several files of one format": "nerpipe import may.csv june.csv --name names",
            "corrected tasks of `nerpipe suspects`": "nerpipe import corrected.jsonl --merge mine",
        },
    )
    parser.set_defaults(run=run_import)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < LARGEST_FRACTION:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and below {LARGEST_FRACTION}")
    return value


def run_import(arguments: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    if arguments.merge is not None:
        return run_merge(arguments.files, arguments.merge, fractions=[arguments.dev, arguments.test])
    check_name(arguments.name)
    folder = RAW_FOLDER / arguments.name
    dev, test = (DEFAULT_FRACTION if given is None else given for given in (arguments.dev, arguments.test))
    report = import_annotations(arguments.files, folder, dev=dev, test=test)
    for line in summary_lines(report, folder):
        say(one_line(line))
    return 0


def summary_lines(report: dict[str, Any], folder: Path) -> list[str]:
    """Say in plain lines what an import found, did and wrote, and the next command."""
    records, annotations = report["records"], report["annotations"]
    aside = report["files_left_aside"]
    lines = [
        f"format: {report['format']}, by the content of {_some(report['files'], len(report['files']))}",
        *(
            [f"left aside, because they hold no annotations of a known format: {_some(aside, len(aside))}"]
            if aside
            else []
        ),
        f"records: {records['read']:,} read = {records['kept']:,} kept + {records['rejected']:,} rejected",
        *_rule_lines(report["rejected"]),
        *(f"  {conversion_advice(OtherEncoding(**found))}" for found in report["other_encodings"]),
        (
            f"annotations: {annotations['read']:,} read = {annotations['kept']:,} kept + "
            f"{annotations['repaired']:,} repaired + {annotations['quarantined']:,} quarantined"
        ),
        *_rule_lines(report["repairs"]),
        *_rule_lines(report["quarantined"]),
    ]
    for name, found in report["types_renamed"].items():
        merged = " (several types became one)" if len(found) > 1 else ""
        lines.append(f"type {name}: {', '.join(repr(old) for old in found)} in the tool{merged}")
    if report["words_split"]:
        lines.append(f"words split because an entity begins or ends inside: {report['words_split']:,}")
    if report["relations_and_notes_left_out"]:
        lines.append(
            f"relations and notes, which are not entities, left out: {report['relations_and_notes_left_out']:,}"
        )
    documents = report["documents_without_annotation"]
    if documents["empty"]:
        lines.append(
            f"documents without an annotation: {documents['empty']:,} of {documents['all']:,}; "
            "all their words become O: leave out what nobody has annotated yet"
        )
    for split, row in report["splits"].items():
        types = ", ".join(f"{kind} {count:,}" for kind, count in row["entities_by_type"].items())
        lines.append(
            f"{split}: {number_of(row['documents'], 'document')}, {number_of(row['sentences'], 'sentence')}, "
            f"{number_of(row['tokens'], 'word')}, {number_of(row['entities'], 'entity')}"
            + (f" ({types})" if types else "")
        )
    if report["divided_by"] == "sentence":
        lines.append(
            "divided by sentences, because there are too few documents for each split: sentences of one document "
            "are in several splits, so the scores will be too good for new documents"
        )
    if report["widened"]:
        lines.append(
            f"each split got at least one {report['divided_by']}, because there are so few. This is enough for a first "
            "trial, but its scores say little, and some of these may change their split when more come"
        )
    rejects = (
        f", {REJECTS} in it holds what is rejected or quarantined"
        if records["rejected"] or annotations["quarantined"]
        else ""
    )
    lines += [
        f"written: {folder} ({REPORT} in it holds the counts{rejects})",
        *rejected_warning(report, folder),
        f"next: dvc exp run -S dataset={shell_word(folder.name)}",
        *shift_warning(report, folder),
    ]
    return lines


def _rule_lines(table: dict[str, Any]) -> list[str]:
    return [f"  {rule}: {row['count']:,} ({_some(row['first'], row['count'])})" for rule, row in table.items()]


def _some(names: list[str], count: int) -> str:
    """Give the first names of a list of this length."""
    return ", ".join(names[:SHOWN_NAMES]) + (", ..." if count > SHOWN_NAMES else "")
