"""The headline metrics in metrics.json, which are used to compare branches."""

import math
from typing import TYPE_CHECKING, Any

from nerpipe.evaluation.report import SCORE_COLUMNS, SplitReport

if TYPE_CHECKING:
    from collections.abc import Sequence


def headline(reports: "Sequence[SplitReport]", dataset: str) -> dict[str, Any]:
    """Select the few metrics that branches are compared by, as conlleval computes them.

    The bounds of F1 on test are left out if it has no interval; `resampled` says what the interval is computed from.
    """
    metrics: dict[str, Any] = {"dataset": dataset, "reading": "conlleval"}
    for report in reports:
        micro = report.scores.readings["conlleval"]
        metrics[report.name] = {name: getattr(micro, name) for name in SCORE_COLUMNS}
        metrics[report.name]["token_accuracy"] = report.scores.token_accuracy
        if report.name == "test":
            row = report.tables["averages"].iloc[0]
            bounds = {name: float(row[name]) for name in ("f1_low", "f1_high") if not math.isnan(row[name])}
            metrics["test"] |= bounds | {"resampled": report.units.kind}
            metrics["test"]["surface_f1"] = report.surface.f1
    return metrics
