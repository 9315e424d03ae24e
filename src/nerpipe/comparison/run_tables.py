"""The tables of `nerpipe runs`, one for each data set, before they are written for a terminal or in Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

from nerpipe.comparison.run_notes import Note
from nerpipe.comparison.run_records import FINISHED_RUN, SCORED_SPLITS
from nerpipe.comparison.runs import Run, RunGroup, RunOverview, differing_keys
from nerpipe.comparison.seeds import SettingRow, Spread, tabulate_runs
from nerpipe.comparison.systems import Estimate, points, show_bounds
from nerpipe.errors import NerpipeError

RUN_NAME, ORIGIN, WHEN, PARAM_VALUES, RUN_COUNT, SEEDS = "run", "from", "when", "params", "runs", "seeds"
F1_COLUMNS = tuple(f"{split} F1" for split in SCORED_SPLITS)
HOW = "dvc exp run --queue -S seed=1,2,3,4,5 -S lr=1e-4,2e-4 && dvc exp run --run-all"
ABOUT_PARAMS = Note(
    "Params: the baseline has all in which the runs differ, other rows those with another value than its."
)
ABOUT_RUNS = Note("F1 in points, with the 95% interval of one trained model. The best dev F1 comes first.")
ABOUT_SETTINGS = Note("F1 in points: mean ± standard deviation over the seeds.")
ONE_SETTING = Note(f"There is one setting. To compare two, train both with the same seeds: `{HOW}`", is_hint=True)
_CHECKSUM = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{8,}\b")
_ABSENT = object()

Cell = str | Sequence[str]  # A text, or pieces of code such as `lr=0.0003`.


class RunRow(NamedTuple):
    """A row of a table, with a cell for each column."""

    cells: Sequence[Cell]
    is_baseline: bool


@dataclass(frozen=True)
class RunTable:
    """The runs or the settings of one data set."""

    title: Note
    columns: Sequence[str]
    rows: Sequence[RunRow]
    lines: Sequence[Note] = ()  # What stands below the table.


def with_mark(row: RunRow, column: str, columns: Sequence[str], text: str) -> str:
    """Mark the baseline beside its name or, in a table without names, beside its params.

    Args:
        row: The row.
        column: The column of the text.
        columns: The columns of the table.
        text: The cell as it is shown.
    """
    if column != (RUN_NAME if RUN_NAME in columns else PARAM_VALUES) or not row.is_baseline:
        return text
    return f"{text} (baseline)".lstrip()


def tables_of_runs(found: RunOverview, *, now: float | None = None) -> list[RunTable]:
    """Make a table of each data set, with a row for each run.

    Args:
        found: The runs.
        now: The seconds since 1970, for a column that says when each run was committed. None leaves it out.
    """
    starts = {run.start for group in found.groups for run in group.runs if run.is_experiment}
    optional = [*([ORIGIN] if starts - {found.baseline.start} else []), *([] if now is None else [WHEN])]
    columns = [RUN_NAME, *optional, *F1_COLUMNS, PARAM_VALUES]
    tables = []
    for group in found.groups:
        rows = []
        for run in group.runs:
            cells: dict[str, Cell] = {RUN_NAME: run.name, ORIGIN: run.origin, WHEN: show_time(run.seconds, now or 0)}
            cells |= dict(zip(F1_COLUMNS, _score_cells(run), strict=True))
            cells[PARAM_VALUES] = _listed(run.record.params, found, found.differing, everything=run.is_baseline)
            rows.append(RunRow([cells[name] for name in columns], run.is_baseline))
        tables.append(RunTable(_title(group), columns, rows, signature_lines(group.runs)))
    return tables


def tables_of_settings(found: RunOverview) -> list[RunTable]:
    """Make a table of each data set, with a row for all runs that differ only in their seed.

    Raises:
        NerpipeError: If no run is finished, or two experiments have the same params and different results.
    """
    groups = [(group, tabulate_runs(group.runs)) for group in found.groups]
    every = [row for _, rows in groups for row in rows]
    if not every:
        raise NerpipeError(f"no run is finished, so there are no seeds to compare; train some, such as `{HOW}`")
    differing = [key for key in differing_keys([row.params for row in every]) if key in found.differing]
    optional = [ORIGIN] if {row.start for row in every} - {found.baseline.start} else []
    columns = [*optional, RUN_COUNT, SEEDS, *F1_COLUMNS, PARAM_VALUES]
    lone = [ONE_SETTING] if len(every) == 1 else []
    tables = []
    for group, settings in groups:
        labels = [_listed(row.params, found, differing, everything=row.has_baseline) for row in settings]
        rows = [_setting_row(row, label, columns) for row, label in zip(settings, labels, strict=True)]
        start = found.baseline.start
        names = [_setting_name(row, label, start) for row, label in zip(settings, labels, strict=True)]
        gains = (_gain_lines(*parts, names[0]) for parts in zip(settings[1:], names[1:], strict=True))
        lines = [*chain.from_iterable(gains), *lone, *signature_lines(group.runs)]
        if settings:
            tables.append(RunTable(_title(group), columns, rows, lines))
    return tables


def _title(group: RunGroup) -> Note:
    return Note(f"Data set {group.heading.words}", *group.heading.data)


def signature_lines(runs: Sequence[Run]) -> list[Note]:
    """List the signatures of F1 on dev and test. If a split has several, say that its scores do not compare."""
    lines = []
    for split in SCORED_SPLITS:
        found = sorted({run.record.signatures[split] for run in runs if split in run.record.signatures})
        lines += [Note(f"{split:<4}  {{}}", signature) for signature in found]
        if len(found) > 1:
            said = f"The {split} scores of different signatures do not compare: they count different things."
            lines.append(Note(said))
    return lines


def _setting_name(row: SettingRow, label: Sequence[str], start: str) -> Note:
    """Name a setting by its params, and by the commit that it belongs to if that is not the usual one."""
    origin = [row.origin] if row.start != start else []
    words = " of {}" if origin else ""
    if row.has_baseline:
        return Note(f"the baseline{words}", *origin)
    if label:
        return Note(f"{{}}{words}", ", ".join(label), *origin)
    return Note(f"the params of the baseline{words}", *origin)


def _setting_row(row: SettingRow, label: Sequence[str], columns: Sequence[str]) -> RunRow:
    cells: dict[str, Cell] = {ORIGIN: row.origin, RUN_COUNT: str(len(row.runs)), PARAM_VALUES: label}
    cells |= {SEEDS: ", ".join(map(str, row.seeds))}
    cells |= {name: show_spread(row.f1[split]) for name, split in zip(F1_COLUMNS, SCORED_SPLITS, strict=True)}
    return RunRow([cells[name] for name in columns], row.has_baseline)


def _listed(
    params: Mapping[str, Any], found: RunOverview, differing: Sequence[str], *, everything: bool
) -> Sequence[str]:
    """List the params in which the runs differ: all, or those that have another value in the baseline."""
    base = found.baseline.record.params
    keys = [key for key in differing if everything or params.get(key, _ABSENT) != base.get(key, _ABSENT)]
    return [show_param(key, params.get(key)) for key in keys] if params else []


def show_param(key: str, value: object) -> str:
    """Show the value of a param. A checksum is cut to 12 digits, and text with a blank or a comma is quoted.

    >>> [show_param("lr", 0.0003), show_param("launcher", "torchrun --nproc-per-node=2"), show_param("lr", None)]
    ['lr=0.0003', "launcher='torchrun --nproc-per-node=2'", 'no lr']
    """
    if value is None:
        return f"no {key}"
    text = _CHECKSUM.sub(r"\1...", str(value))
    return f"{key}={text!r}" if re.search(r"[\s,]", text) else f"{key}={text}"


def show_time(seconds: int | None, now: float) -> str:
    """Show a moment in local time: the time of today, the day of this year, or a date. Git has dates beyond all years.

    Args:
        seconds: The moment, in seconds since 1970, or None if there is none.
        now: The present moment, in seconds since 1970.
    """
    if seconds is None:
        return ""
    try:
        then, today = (datetime.fromtimestamp(moment, UTC).astimezone() for moment in (seconds, now))
    except (ValueError, OverflowError, OSError):
        return "unknown"
    if then.date() == today.date():
        return f"{then:%H:%M}"
    return f"{then.day} {then:%b}" if then.year == today.year else f"{then:%Y-%m-%d}"


def _score_cells(run: Run) -> list[str]:
    """Return F1 on dev and test. A run that is not finished has its state in place of dev."""
    if run.state != FINISHED_RUN:
        return [run.state, ""]
    return [show_score(run.record.f1[split]) for split in SCORED_SPLITS]


def show_score(score: Estimate) -> str:
    """Show F1 with its interval, in points.

    >>> show_score(Estimate(0.494, 0.441, 0.549))
    '49.4 (44.1 to 54.9)'
    """
    bounds = show_bounds(score, lambda value: f"{100 * value:.1f}")
    return f"{100 * score.value:.1f} ({bounds})" if bounds else f"{100 * score.value:.1f}"


def show_spread(spread: Spread) -> str:
    """Show a mean with its standard deviation, in points.

    >>> show_spread(Spread(3, 0.445, 0.007))
    '44.5 ± 0.7'
    """
    return f"{100 * spread.mean:.1f}" + ("" if spread.sd is None else f" ± {100 * spread.sd:.1f}")


def _gain_lines(row: SettingRow, name: Note, first: Note) -> Iterator[Note]:
    yield Note(f"{name.words} minus {first.words}, seed by seed:", *name.data, *first.data)
    for split, gain in row.gain.items():
        yield Note(f"  {split:<4}  {_show_gain(gain)}")
    if not row.gain:
        yield Note("  the two settings have no seed in common: train both with the same seeds")


def _show_gain(gain: Spread) -> str:
    if gain.sd is None or gain.low is None or gain.high is None:
        return f"{points(gain.mean)} F1 with the one common seed. One seed is not enough: train with more seeds"
    verdict = "not distinguishable from noise"
    if gain.low > 0 or gain.high < 0:
        verdict = "better" if gain.mean > 0 else "worse"
    return (
        f"{points(gain.mean)} F1 (sd {100 * gain.sd:.1f}, n = {gain.n}), 95% CI {points(gain.low)} to "
        f"{points(gain.high)}: {verdict}"
    )
