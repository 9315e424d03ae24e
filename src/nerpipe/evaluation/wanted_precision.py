"""Least confidences with which each entity type reaches a wanted precision. They are chosen on dev."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nerpipe.contracts.files import write_json
from nerpipe.evaluation.units import few_mark
from nerpipe.inference.shown_confidence import shown_confidence
from nerpipe.scoring.spans import Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nerpipe.evaluation.report import SplitReport

WANTED = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
NOTHING = 1.0  # The least confidence of a type that reaches the wanted precision nowhere.


def choose_least(confidence: "NDArray[np.float64]", right: "NDArray[np.bool_]", wanted: float) -> float:
    """Choose the lowest confidence with which the precision of the spans that are kept is the wanted one or better.

    Args:
        confidence: The confidence of each predicted span of a type. Shape: (spans,).
        right: Whether each span is right. Shape: (spans,).
        wanted: The wanted precision.

    Returns:
        The least confidence, rounded down as confidences are shown; 0 if the precision is good enough without one, and
        NOTHING if no least confidence reaches it.
    """
    if not len(right):
        return NOTHING
    if right.mean() >= wanted:
        return 0.0
    rounded = np.array([shown_confidence(value) for value in confidence.tolist()])
    order = np.argsort(-rounded, kind="stable")
    levels, hits = rounded[order], np.cumsum(right[order])
    last = np.append(levels[1:] < levels[:-1], True)  # Spans of one confidence are kept or left out together.
    reached = np.flatnonzero(last & (hits / np.arange(1, len(hits) + 1) >= wanted))
    return float(levels[reached[-1]]) if len(reached) else NOTHING


def choose_for_types(match: Match, confidence: "NDArray[np.float64]", types: Sequence[str]) -> list[dict[str, float]]:
    """Choose the least confidence of each type, for each precision of WANTED.

    Args:
        match: The spans of dev.
        confidence: The confidence of each predicted span. Shape: (spans,).
        types: The entity types of the model.

    Returns:
        Numbers by type, for each precision of WANTED.
    """
    chosen = []
    for wanted in WANTED:
        least = {}
        for name in types:
            mine = _of_type(match, match.predicted.type, name)
            least[name] = choose_least(confidence[mine], match.predicted_hit[mine], wanted)
        chosen.append(least)
    return chosen


def precision_table(reports: "Sequence[SplitReport]", chosen: Sequence[dict[str, float]]) -> pd.DataFrame:
    """Tabulate what the chosen least confidences do on each split.

    Returns:
        A table with the columns split, type, wanted_precision, min_confidence, spans (that are kept), precision (NaN
        without a span), recall, mark (of fewer spans than `few_mark` asks for).
    """
    rows = []
    for report in reports:
        match = report.match
        for wanted, least in zip(WANTED, chosen, strict=True):
            for name, value in least.items():
                kept = _of_type(match, match.predicted.type, name) & (report.confidence >= value)
                spans, hits = int(np.count_nonzero(kept)), int(np.count_nonzero(match.predicted_hit & kept))
                gold = int(np.count_nonzero(_of_type(match, match.gold.type, name)))
                scores = (hits / spans if spans else np.nan, hits / gold if gold else 0.0)
                rows.append((report.name, name, wanted, value, spans, *scores, few_mark(spans)))
    columns = ["split", "type", "wanted_precision", "min_confidence", "spans", "precision", "recall", "mark"]
    return pd.DataFrame(rows, columns=columns)


def write_least(folder: Path, chosen: Sequence[dict[str, float]]) -> None:
    """Write a file for each wanted precision, as `nerpipe predict --min-confidence` reads it.

    Args:
        folder: The folder to make, with precision_50.json and so on.
        chosen: Numbers by type, for each precision of WANTED.
    """
    folder.mkdir()
    for wanted, least in zip(WANTED, chosen, strict=True):
        write_json(folder / f"precision_{100 * wanted:.0f}.json", least)


def _of_type(match: Match, kinds: "NDArray[np.int64]", name: str) -> "NDArray[np.bool_]":
    """Return which spans are of a type. Dev or test may lack the type.

    Args:
        match: The spans of the split.
        kinds: The type of each span, as an index into the types of `match`. Shape: (spans,).
        name: The type.
    """
    found: NDArray[np.bool_] = kinds == (match.types.index(name) if name in match.types else -1)
    return found
