"""What `nerpipe import --merge` prints: which sentences changed, from what to what, and what could not be taken."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nerpipe.annotations.corpus_folder import check_name
from nerpipe.annotations.merging import MergeReport, merge_corrections
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import RAW_FOLDER
from nerpipe.contracts.schemes import Span
from nerpipe.contracts.terminal import one_line, say
from nerpipe.errors import NerpipeError


def run_merge(names: Sequence[str | Path], name: str, *, fractions: Sequence[float | None]) -> int:
    """Merge corrections into a data set, and say what changed.

    Args:
        names: The exports of an annotation tool.
        name: The name of the data set.
        fractions: What was given for --dev and --test, which have no meaning here.

    Returns:
        The exit code: 1 if a record could not be taken.

    Raises:
        NerpipeError: If a fraction was given, the name is none, or `merging.merge_corrections` raises it.
    """
    if any(fraction is not None for fraction in fractions):
        raise NerpipeError("--dev and --test are about a new data set (--name); with --merge, leave them out")
    check_name(name, option="--merge")
    report = merge_corrections(names, RAW_FOLDER / name)
    for line in merge_lines(report, name):
        say(one_line(line))
    for task in report.refused:
        say(one_line(f"not taken: {task.place}: {task.why}"), stream=sys.stderr)
    return 1 if report.refused else 0


def merge_lines(report: MergeReport, name: str) -> Iterator[str]:
    """Say in plain lines which sentences changed, and how many records changed nothing."""
    for sentence in report.changed:
        yield sentence.place
        yield f"  {' '.join(sentence.words)}"
        for span in sentence.before:
            if span not in sentence.after:
                yield f"  - {_shown_span(span, sentence.words)}"
        for span in sentence.after:
            if span not in sentence.before:
                yield f"  + {_shown_span(span, sentence.words)}"
    total = len(report.changed) + report.unchanged + report.unanswered + len(report.refused)
    yield (
        f"records: {total:,} read = {len(report.changed):,} changed a sentence + {report.unchanged:,} changed nothing "
        f"+ {report.unanswered:,} not answered + {len(report.refused):,} not taken"
    )
    if report.changed:
        yield f"written: {report.file}; only the tags of these sentences changed"
        yield f"next: dvc exp run -S dataset={shell_word(name)}"
    else:
        yield f"{report.file} is as it was"


def _shown_span(span: Span, words: Sequence[str]) -> str:
    return f"{span.type} {' '.join(words[span.start : span.end])!r}"
