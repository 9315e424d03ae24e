"""The output of `nerpipe score`, `nerpipe compare` and `nerpipe search`: tables in points, or fractions in JSON.

This module is apart from nerpipe.evaluation.score_table because a stage depends on that one: a new column here must
not make the stage run again.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from nerpipe.comparison.revisions import SystemOutput
from nerpipe.comparison.score_files import FileScores
from nerpipe.comparison.systems import (
    CHANGE_KINDS,
    Difference,
    SystemComparison,
    interval_notes,
    points,
    show_bounds,
    show_interval,
    verdict_in_words,
)
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.terminal import number_of
from nerpipe.evaluation.data_table import DataTable, show_table, terminal_width
from nerpipe.evaluation.units import support_cell
from nerpipe.scoring.scores import Score

if TYPE_CHECKING:
    from optuna import Study

HEAD = 14  # The most characters of a name at the head of a column.
SHORTEST_TYPE = 8  # Characters that are left of a long type if the terminal is narrow.
BORDER = 3  # Characters of a column beside its text.
MEANING = {
    "fixed": "wrong before, correct now",
    "broken": "correct before, wrong now",
    "changed": "wrong before and now",
}


def print_scores(found: FileScores) -> None:
    """Print the scores of both readings and of each type, and the counts of two files."""
    table = _table("Entity scores in points", "precision", "recall", "F1", "gold", "predicted", "right")
    for name, score in {**found.scores.readings, "surface": found.surface}.items():
        table.add_row(name, *_score_cells(score), style="bold" if name == "conlleval" else None)
    table.add_section()
    for name, score in found.scores.per_type.items():
        table.add_row(f"  {name}", *_score_cells(score))
    lines = [
        f"token accuracy {100 * found.scores.token_accuracy:.2f}",
        f"{number_of(found.sentences, 'sentence')}, {number_of(found.words, 'word')}",
    ]
    if found.words_differ:
        lines.append(
            f"rows with other words in the second file, whose tags are compared all the same: {found.words_differ:,}"
        )
    show_table(table, [*lines, *found.notes, signature_line(found.signature)])


def signature_line(signature: str) -> str:
    """Show a signature below the scores that it belongs to."""
    return f"signature: {signature}"


def scores_as_json(found: FileScores) -> dict[str, Any]:
    """Return the scores of two files as fractions."""
    readings = {name: _three(score) for name, score in found.scores.readings.items()}
    return readings | {
        "surface": _three(found.surface),
        "token_accuracy": found.scores.token_accuracy,
        "per_type": {name: _three(row) | {"support": row.support} for name, row in found.scores.per_type.items()},
        "sentences": found.sentences,
        "words": found.words,
        "entities": found.scores.readings["conlleval"].support,
        "words_differ": found.words_differ,
        "signature": found.signature,
        "semeval": [*found.semeval],
        "notes": [*found.notes],
    }


def _three(score: Score) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1}


def _score_cells(score: Score) -> list[str]:
    shares = (f"{100 * value:.2f}" for value in (score.precision, score.recall, score.f1))
    return [*shares, *(f"{count:,}" for count in (score.support, score.predicted, score.correct))]


def print_comparison(
    found: SystemComparison, first: SystemOutput, other: SystemOutput, *, show: int, notes: Sequence[str] = ()
) -> None:
    """Print the scores of both sides, their difference over all types and by type, the verdict, and changed sentences.

    Args:
        found: The comparison.
        first: The side to compare with.
        other: The side to judge.
        show: The largest number of changed sentences to print.
        notes: What is to be known of the two sides.
    """
    heads = short_names(first.name, other.name)
    rows = [["all", *difference_cells(found.micro)]]
    rows += [[f"  {kind}", *difference_cells(difference)] for kind, difference in found.per_type.items()]
    columns = (*heads, "difference", "95% interval", "entities")
    # Names are folded and types are cut if the terminal is narrow, but no number is.
    least = [max(map(len, cells)) for cells in zip(*(row[1:] for row in rows), strict=True)]
    least = [max(least[:2])] * 2 + [max(pair) for pair in zip(least[2:], map(len, columns[2:]), strict=True)]
    table = DataTable("F1 in points")
    room = terminal_width() - sum(least) - BORDER * (1 + len(columns)) - 1
    table.add_column("", no_wrap=True, max_width=max(room, SHORTEST_TYPE))
    for place, (name, size) in enumerate(zip(columns, least, strict=True)):
        table.add_column(name, justify="right", min_width=size, no_wrap=place >= len(heads), overflow="fold")
    for cells in rows:
        table.add_row(*cells, style=None if table.row_count else "bold")
    width = max(len(first.name), len(other.name))
    lines = [
        f"{side.name:<{width}}  F1 {point(f1.value)}, {show_interval(f1, point)}"
        for side, f1 in ((first, found.micro.first), (other, found.micro.other))
    ]
    lines.append(verdict_in_words(found))
    lines += [*interval_notes(found), *notes, *same_tags_notes(first, other), signature_line(found.signature)]
    if found.changes:
        lines.append(f"of {number_of(found.sentences, 'sentence')}: {count_changes(found)}")
    names = [name.ljust(max(len("gold"), *map(len, heads))) for name in ("gold", *heads)]
    for change in found.changes[:show]:
        lines += ["", f"{change.kind}  sentence {change.sentence}: {change.text}"]
        for name, entities in zip(names, (change.gold, change.first, change.other), strict=True):
            lines.append(f"  {name}  " + ("; ".join(f"{entity.text} ({entity.type})" for entity in entities) or "-"))
    if len(found.changes) > show:
        lines += ["", f"{len(found.changes) - show} more: use --show {len(found.changes)} or --json"]
    show_table(table, lines)


def same_tags_notes(first: SystemOutput, other: SystemOutput) -> list[str]:
    """Say that both sides predict the same tags, which is often a run that is not up to date."""
    if first.predicted != other.predicted:
        return []
    if first.is_given and other.is_given:
        return ["All predicted tags are the same. If they should differ, check that these are the two that you meant."]
    return ["All predicted tags are the same. If you changed something, run `dvc repro` first."]


def short_names(first: str, other: str) -> tuple[str, str]:
    """Shorten two names for heads of columns: to the last parts of paths that tell them apart, then to where they part.

    >>> short_names("runs-a/system.conll", "runs-b/system.conll"), short_names("main", "workspace")
    (('runs-a/system', 'runs-b/system'), ('main', 'workspace'))
    >>> short_names("old/predictions_of_1.conll", "predictions_of_12.conll")
    ('…1', '…12')
    """
    names = [first, other]
    if max(map(len, names)) > HEAD:
        parts = [PurePath(name).parts for name in names]
        size = next((size for size in range(1, 1 + max(map(len, parts))) if parts[0][-size:] != parts[1][-size:]), 1)
        names = ["/".join(part[-size:]) for part in parts]
    if max(map(len, names)) > HEAD and (ending := PurePath(names[0]).suffix) == PurePath(names[1]).suffix:
        names = [name.removesuffix(ending) for name in names]
    if max(map(len, names)) > HEAD:
        same = next(
            (at for at, pair in enumerate(zip(*names, strict=False)) if len(set(pair)) > 1), min(map(len, names))
        )
        least = same - HEAD // 2  # Further back, the place where they part would be cut away.
        while same > max(0, least) and names[0][same - 1].isalnum():
            same -= 1
        names = [f"…{name[same:]}" if same > 1 else name for name in names]
    one, two = (name if len(name) <= HEAD else f"{name[: HEAD - 1]}…" for name in names)
    return one, two


def count_changes(found: SystemComparison) -> str:
    """Say how many sentences are fixed, broken and changed."""
    counts = Counter(change.kind for change in found.changes)
    return (
        ", ".join(f"{counts[kind]} {kind} ({MEANING[kind]})" for kind in CHANGE_KINDS if counts[kind]) or "none differs"
    )


def difference_cells(difference: Difference) -> list[str]:
    """Return F1 of both sides, their difference with its interval, and the number of gold entities."""
    delta = difference.delta
    sides = (point(side.value) for side in (difference.first, difference.other))
    return [*sides, points(delta.value), show_bounds(delta, points) or "none", support_cell(difference.support)]


def point(value: float) -> str:
    """Format a fraction in points."""
    return f"{100 * value:.1f}"


def _table(title: str, *columns: str) -> DataTable:
    table = DataTable(title)
    table.add_column("", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def print_search(study: "Study") -> None:
    """Print the trials of a search, best first, and the command that applies the best one."""
    states = {"COMPLETE": "", "PRUNED": "stopped early"}
    trials = sorted(study.trials, key=lambda trial: (trial.state.name, -(trial.value or 0.0)))
    table = DataTable("Trials by dev F1, in points")
    keys = sorted({key for trial in trials for key in trial.params})
    for name in ("experiment", "dev F1", *keys, ""):
        table.add_column(name, justify="left" if name in ("experiment", "") else "right")
    for trial in trials:
        reached = trial.value if trial.value is not None else max(trial.intermediate_values.values(), default=0.0)
        values = (
            f"{trial.params[key]:.3g}" if isinstance(trial.params[key], float) else trial.params[key] for key in keys
        )
        state = states.get(trial.state.name, trial.state.name.lower())
        table.add_row(trial.user_attrs["name"], f"{100 * reached:.1f}", *map(str, values), state)
    show_table(table, [f"apply the best: dvc exp apply {shell_word(study.best_trial.user_attrs['name'])}"])
