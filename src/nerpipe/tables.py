"""Scores as a table in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

SAMPLE_NOTE = (
    "These are scores on the sample corpus that the project ships: they show that the pipeline works and compare "
    "with nothing published. For figures that mean something, use dataset=wnut17 or your own data."
)


def print_scores(metrics: Mapping[str, Any], per_type: Sequence[Mapping[str, Any]]) -> None:
    """Print entity precision, recall and F1 of test and dev, in all (micro) and by type.

    Args:
        metrics: metrics/metrics.json.
        per_type: metrics/per_type.json.
    """
    table = Table(title=f"Entity scores (conlleval), data set: {metrics['dataset']}")
    table.add_column("")
    for name in ("precision", "recall", "F1", "entities"):
        table.add_column(name, justify="right")
    for split in ("test", "dev"):
        rows = [row for row in per_type if row["split"] == split]
        table.add_section()
        table.add_row(split, *_cells(metrics[split]), str(sum(row["support"] for row in rows)), style="bold")
        for row in rows:
            table.add_row(f"  {row['type']}", *_cells(row), str(row["support"]))
    console = Console()
    console.print(table)
    if metrics["dataset"] == "sample":
        console.print(SAMPLE_NOTE, style="italic")


def _cells(row: Mapping[str, float]) -> list[str]:
    return [f"{row[name]:.4f}" for name in ("precision", "recall", "f1")]
