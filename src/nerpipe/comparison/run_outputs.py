"""The tables of `nerpipe runs` in Markdown for a pull request, and as CSV for a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from nerpipe.comparison.run_notes import Note
from nerpipe.comparison.run_records import SCORED_SPLITS
from nerpipe.comparison.run_tables import ORIGIN, RUN_NAME, RunRow, RunTable, with_mark
from nerpipe.comparison.runs import DATASET, RunOverview, differing_keys
from nerpipe.comparison.seeds import tabulate_runs
from nerpipe.contracts.escapes import markdown_code, spreadsheet_cell


def markdown_of(tables: Sequence[RunTable], notes: Sequence[Note]) -> str:
    """Write tables in Markdown, and notes as a list below them, without those that only say what to type next."""
    parts = []
    for table in tables:
        parts += [f"**{table.title.markdown()}**", "\n".join(_markdown_lines(table)), _markdown_list(table.lines)]
    return "\n\n".join(filter(None, [*parts, _markdown_list(notes)]))


def _markdown_lines(table: RunTable) -> Iterator[str]:
    yield f"| {' | '.join(table.columns)} |"
    yield "|---" * len(table.columns) + "|"
    for row in table.rows:
        yield f"| {' | '.join(_markdown_cells(row, table.columns))} |"


def _markdown_cells(row: RunRow, columns: Sequence[str]) -> Iterator[str]:
    for name, cell in zip(columns, row.cells, strict=True):
        if not isinstance(cell, str):
            shown = ", ".join(markdown_code(piece, in_table=True) for piece in cell)
        else:
            is_data = cell and name in (RUN_NAME, ORIGIN)  # The others are our own words.
            shown = markdown_code(cell, in_table=True) if is_data else cell
        yield with_mark(row, name, columns, shown)


def _markdown_list(lines: Sequence[Note]) -> str:
    return "\n".join(f"- {line.markdown()}" for line in lines if not line.is_hint)


def csv_of_runs(found: RunOverview) -> str:
    """Write a row of CSV for each run, with F1 as fractions and a column for each param in which the runs differ."""
    scores = [name for split in SCORED_SPLITS for name in (f"{split}_f1", f"{split}_f1_low", f"{split}_f1_high")]
    rows: list[list[Any]] = [["data", DATASET, "run", "from", "baseline", "state", *scores, *found.differing]]
    for group in found.groups:
        for run in group.runs:
            numbers = [number for split in SCORED_SPLITS for number in run.record.f1.get(split, [None] * 3)]
            params = [run.record.params.get(key) for key in found.differing]
            mark = "baseline" if run.is_baseline else ""
            state = run.state or "finished"
            rows.append([group.heading, group.dataset, run.name, run.origin, mark, state, *numbers, *params])
    return _csv_text(rows)


def csv_of_settings(found: RunOverview) -> str:
    """Write a row of CSV for each setting, with mean and standard deviation of F1 over its seeds, as fractions."""
    groups = [(group, tabulate_runs(group.runs)) for group in found.groups]
    scores = [name for split in SCORED_SPLITS for name in (f"{split}_f1_mean", f"{split}_f1_sd")]
    differing = differing_keys([row.params for _, settings in groups for row in settings])
    differing = [key for key in differing if key in found.differing]
    rows: list[list[Any]] = [["data", DATASET, "from", "baseline", *differing, "runs", "seeds", *scores]]
    for group, settings in groups:
        for row in settings:
            numbers = [number for split in SCORED_SPLITS for number in (row.f1[split].mean, row.f1[split].sd)]
            params = [row.params.get(key) for key in differing]
            mark = "baseline" if row.has_baseline else ""
            seeds = ", ".join(map(str, row.seeds))
            rows.append([group.heading, group.dataset, row.origin, mark, *params, len(row.runs), seeds, *numbers])
    return _csv_text(rows)


def _csv_text(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().removesuffix("\n")
