"""The output of `nerpipe score` for a model, in points."""

from typing import TYPE_CHECKING, Any

from nerpipe.evaluation.data_table import DataTable, show_table
from nerpipe.evaluation.score_table import mistake_lines, score_cells

if TYPE_CHECKING:
    import pandas as pd

    from nerpipe.comparison.model_scores import ModelScores


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
        f"{report.match.sentences:,} sentences, {report.match.words:,} words",
    ]
    show_table(table, [*mistake_lines(tables["mistakes"]), *counts, *found.notes])


def _average_cells(row: "pd.Series[Any]") -> list[str]:
    """Format an average that has no interval."""
    cells = score_cells(row)
    return [*cells[:3], "", f"{row['support']:,}"]
