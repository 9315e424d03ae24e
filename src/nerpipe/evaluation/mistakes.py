"""Tables of mistakes, by kind, by the types of both sides, and by surface form."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nerpipe.evaluation.pairing import CORRECT, FINDING_KINDS, NONE, Findings, span_types
from nerpipe.scoring.scores import Surfaces
from nerpipe.scoring.spans import Match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def mistake_table(findings: "Mapping[tuple[str, str, str], int]") -> pd.DataFrame:
    """Tabulate the findings by their kind and by the types of both sides.

    Args:
        findings: The number of findings, from `pairing.count_findings`.

    Returns:
        A table with the columns error (the kind; `correct` is one of them), gold, predicted, spans. The type of a side
        without a span is `(no entity)`.
    """
    rows = [(*key, count) for key, count in findings.items()]
    return pd.DataFrame(sorted(rows), columns=["error", "gold", "predicted", "spans"]).astype({"spans": int})


def span_confusion(mistakes: pd.DataFrame) -> pd.DataFrame:
    """Count the spans by gold and predicted type, whether their boundaries agree or not.

    Args:
        mistakes: The table of `mistake_table`.

    Returns:
        A table with the columns gold, predicted, spans.
    """
    return mistakes.groupby(["gold", "predicted"], as_index=False)["spans"].sum()


def confused_surfaces(match: Match, findings: Findings, surfaces: Surfaces, most: int) -> pd.DataFrame:
    """List the most frequent mistakes by surface form, in lower case.

    Args:
        match: The spans.
        findings: The findings of `find_mistakes`.
        surfaces: The words of the spans.
        most: The largest number of rows.

    Returns:
        A table with the columns surface, error, gold, predicted, spans.
    """
    names = [NONE, *match.types]
    wrong = findings.kind != FINDING_KINDS.index(CORRECT)
    columns = (findings.kind, findings.gold, findings.predicted)
    types = (span_types(match.gold, findings.gold), span_types(match.predicted, findings.predicted))
    counted = Counter(
        (
            (surfaces.predicted[guess] if gold < 0 else surfaces.gold[gold]).lower(),
            FINDING_KINDS[kind],
            names[one],
            names[two],
        )
        for kind, gold, guess, one, two in zip(*(part[wrong].tolist() for part in (*columns, *types)), strict=True)
    )
    first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]
    heads = ["surface", "error", "gold", "predicted", "spans"]
    return pd.DataFrame([(*row, spans) for row, spans in first], columns=heads).astype({"spans": int})


def verdicts(match: Match, findings: Findings) -> "tuple[NDArray[np.str_], NDArray[np.str_]]":
    """Return the kind of finding of each gold and of each predicted span. Shape: (spans,) for each side."""
    kinds = np.array(FINDING_KINDS)[findings.kind]
    gold, predicted = (np.full(len(spans), CORRECT, dtype=kinds.dtype) for spans in (match.gold, match.predicted))
    for side, places in ((gold, findings.gold), (predicted, findings.predicted)):
        side[places[places >= 0]] = kinds[places >= 0]
    return gold, predicted
