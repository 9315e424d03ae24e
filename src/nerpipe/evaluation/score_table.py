"""The table of scores in the terminal, which is made from the same data frames as the files."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nerpipe.evaluation.data_table import DataTable, show_table
from nerpipe.evaluation.units import support_cell

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_NOTE = (
    "These are scores on the sample corpus that the project ships: they show that the pipeline works and compare "
    "with nothing published. For figures that mean something, use dataset=wnut17 or your own data."
)
CONFUSIONS = 5  # Number of mistakes that are printed.


def note_on(dataset: str) -> str | None:
    """Return the note that must be shown beside every score on this data set, or None."""
    return SAMPLE_NOTE if dataset == "sample" else None


def headline_in_words(metrics: Mapping[str, Any]) -> str:
    """Give the F1 of test and dev in one line.

    Args:
        metrics: The content of metrics/metrics.json.
    """
    test, dev = metrics["test"], metrics["dev"]
    interval = f" (95% interval {_points(test['f1_low'])} to {_points(test['f1_high'])})" if "f1_low" in test else ""
    return (
        f"F1 of the entities in points: {_points(test['f1'])} on test{interval}, {_points(dev['f1'])} on dev. "
        "`nerpipe summary` shows the scores of each type, the most frequent mistakes and an example"
    )


def print_report(metrics: Mapping[str, Any], tables: "Mapping[str, pd.DataFrame]") -> None:
    """Print the entity scores of test and dev, micro and by type, the most frequent mistakes, and the notes.

    Args:
        metrics: The content of metrics/metrics.json.
        tables: The tables `averages`, `per_type`, `mistakes` and `notes`, with a column `split`. A column or all rows
            may be missing if it has no values, as in a table that was read from JSON. Those of an older version have no
            column `signature`.
    """
    table = DataTable(f"Entity scores in points (conlleval), data set: {metrics['dataset']}")
    table.add_column("")
    for name in ("precision", "recall", "F1", "95% interval", "entities"):
        table.add_column(name, justify="right")
    averages, per_type = tables["averages"], tables["per_type"]
    signatures = []
    for split in ("test", "dev"):
        table.add_section()
        for _, row in _rows_of(averages, split).head(1).iterrows():
            table.add_row(split, *score_cells(row), style="bold")
            signatures += [f"{split:<4} {row['signature']}"] if "signature" in row else []
        for _, row in _rows_of(per_type, split).iterrows():
            table.add_row(f"  {row['type']}", *score_cells(row))
    lines = mistake_lines(_rows_of(tables["mistakes"], "test"))
    note = note_on(metrics["dataset"])
    show_table(table, [*lines, *tables["notes"].get("note", ()), *([note] if note else []), *signatures])


def _rows_of(frame: "pd.DataFrame", split: str) -> "pd.DataFrame":
    """Select the rows of a split. A table without a row has no columns if it was read from JSON."""
    return frame[frame["split"] == split] if len(frame) else frame


def score_cells(row: "pd.Series[Any]") -> list[str]:
    """Format precision, recall, F1 and its interval, and the number of gold entities, of a row of a table."""
    scores = [_points(row[name]) for name in ("precision", "recall", "f1")]
    low, high = row.get("f1_low", math.nan), row.get("f1_high", math.nan)
    interval = "none" if math.isnan(low) or math.isnan(high) else f"{_points(low)} to {_points(high)}"
    return [*scores, interval, support_cell(row["support"])]


def _points(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def mistake_lines(mistakes: "pd.DataFrame") -> list[str]:
    """Describe the most frequent mistakes, one line for each.

    Args:
        mistakes: The table `mistakes` of one split.
    """
    wrong = mistakes[mistakes["error"] != "correct"].nlargest(CONFUSIONS, "spans") if len(mistakes) else mistakes
    return [f"{row['spans']:>5} x {_in_words(row)}" for _, row in wrong.iterrows()]


def _in_words(row: "pd.Series[Any]") -> str:
    return {
        "missed": f"{row['gold']} not found",
        "spurious": f"{row['predicted']} without a gold entity",
        "boundary": f"{row['gold']} with wrong boundaries",
        "type": f"{row['gold']} taken for {row['predicted']}",
        "boundary_type": f"{row['gold']} taken for {row['predicted']}, with wrong boundaries",
    }[row["error"]]
