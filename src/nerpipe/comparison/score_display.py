"""The output of `nerpipe score` for a model, and the scores of SemEval-2013, in points."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nerpipe.comparison.display import signature_line
from nerpipe.contracts.terminal import number_of
from nerpipe.evaluation.data_table import DataTable, show_table
from nerpipe.evaluation.score_table import mistake_lines, score_cells
from nerpipe.evaluation.semeval import ALL_TYPES, MATCHES

if TYPE_CHECKING:
    import pandas as pd

    from nerpipe.comparison.model_scores import ModelScores

# The short names of MUC-5 and of SemEval-2013, and the categories.
MUC_NAMES = {"COR": "correct", "INC": "incorrect", "PAR": "partial", "MIS": "missed", "SPU": "spurious"}


def print_model_scores(found: "ModelScores") -> None:
    """Print the averages, the scores of each type, the most frequent mistakes, and what is to be known of them."""
    tables, report = found.report.tables, found.report
    table = DataTable(f"Entity scores in points: {found.labelled.path}, {found.model.folder}")
    table.add_column("", no_wrap=True)
    for name in ("precision", "recall", "F1", "95% interval", "entities"):
        table.add_column(name, justify="right")
    for place, (_, row) in enumerate(tables["averages"].iterrows()):
        table.add_row(
            row["measure"], *(_average_cells(row) if place else score_cells(row)), style=None if place else "bold"
        )
    table.add_section()
    for _, row in tables["per_type"].iterrows():
        table.add_row(f"  {row['type']}", *score_cells(row))
    counts = [
        f"token accuracy {100 * report.scores.token_accuracy:.2f}",
        f"{number_of(report.match.sentences, 'sentence')}, {number_of(report.match.words, 'word')}",
    ]
    signature = signature_line(tables["averages"]["signature"].iloc[0])
    show_table(table, [*mistake_lines(tables["mistakes"]), *counts, *found.notes, signature])


def print_semeval(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the table of SemEval-2013, in the order of its rows.

    Args:
        rows: The rows of `semeval.semeval_rows`.
    """
    table = DataTable("Matches of SemEval-2013, scores in points")
    table.add_column("", overflow="fold")
    for name in (*MUC_NAMES, "precision", "recall", "F1"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        if row["match"] == MATCHES[0]:
            table.add_section()
            table.add_row(row["type"], style="bold" if row["type"] == ALL_TYPES else None)
        counts = (f"{row[name]:,}" for name in MUC_NAMES.values())
        scores = (f"{100 * row[name]:.2f}" for name in ("precision", "recall", "f1"))
        table.add_row(f"  {row['match']}", *counts, *scores)
    names = ", ".join(f"{short} {name}" for short, name in MUC_NAMES.items())
    matches = f"{', '.join(MATCHES[:-1])} or {MATCHES[-1]}"
    show_table(table, [names, f"The signature of a score of all types has match:{matches}."])


def _average_cells(row: "pd.Series[Any]") -> list[str]:
    """Format an average that has no interval."""
    cells = score_cells(row)
    return [*cells[:3], "", f"{row['support']:,}"]
