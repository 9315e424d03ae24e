"""The table of scores in the terminal, which is made from the same data frames as the files."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nerpipe.evaluation.data_table import DataTable, show_table

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


def print_report(metrics: Mapping[str, Any], tables: "Mapping[str, pd.DataFrame]") -> None:
    """Print the entity scores of test and dev, micro and by type, and the most frequent mistakes.

    Args:
        metrics: The content of metrics/metrics.json.
        tables: The tables `averages`, `per_type` and `mistakes`, with a column `split`.
    """
    table = DataTable(f"Entity scores in points (conlleval), data set: {metrics['dataset']}")
    table.add_column("")
    for name in ("precision", "recall", "F1", "95% interval", "entities"):
        table.add_column(name, justify="right")
    averages, per_type = tables["averages"], tables["per_type"]
    for split in ("test", "dev"):
        table.add_section()
        for _, row in averages[averages["split"] == split].head(1).iterrows():
            table.add_row(split, *_cells(row), style="bold")
        for _, row in per_type[per_type["split"] == split].iterrows():
            table.add_row(f"  {row['type']}", *_cells(row))
    mistakes = tables["mistakes"]
    common = mistakes[(mistakes["split"] == "test") & (mistakes["error"] != "correct")]
    lines = [f"{row['spans']:>5} x {_in_words(row)}" for _, row in common.nlargest(CONFUSIONS, "spans").iterrows()]
    note = note_on(metrics["dataset"])
    show_table(table, [*lines, *([note] if note else [])])


def _cells(row: "pd.Series[Any]") -> list[str]:
    scores = [f"{100 * row[name]:.1f}" for name in ("precision", "recall", "f1")]
    return [*scores, f"{100 * row['f1_low']:.1f} to {100 * row['f1_high']:.1f}", str(row["support"])]


def _in_words(row: "pd.Series[Any]") -> str:
    return {
        "missed": f"{row['gold']} not found",
        "spurious": f"{row['predicted']} where there is no entity",
        "boundary": f"{row['gold']} with wrong boundaries",
        "type": f"{row['gold']} taken for {row['predicted']}",
        "boundary_type": f"{row['gold']} taken for {row['predicted']}, with wrong boundaries",
    }[row["error"]]
