"""The signatures of the scores of a split, in the tables whose rows are scores of the whole split."""

from dataclasses import replace
from itertools import chain

import pandas as pd

from nerpipe.evaluation.report import SplitReport
from nerpipe.evaluation.semeval import ALL_TYPES
from nerpipe.evaluation.signature import (
    CANONICAL_SCHEME,
    MACRO,
    NOT_RESAMPLED,
    STRICT_IOB2,
    GoldSummary,
    sign,
)
from nerpipe.evaluation.split_predictions import PredictedSplit


def signed_report(report: SplitReport, split: PredictedSplit, scheme: str = CANONICAL_SCHEME) -> SplitReport:
    """Add the column `signature` to the tables `averages` and `semeval`.

    This is apart from `report_split`, because the digest of all gold words takes as long as a third of the scores.

    Args:
        report: The report of the split.
        split: The words and tags of the split.
        scheme: The scheme of the gold file.
    """
    gold = GoldSummary()
    gold.add(chain.from_iterable(split.tokens), split.gold)
    averages, semeval = report.tables["averages"], report.tables["semeval"]
    resampled = NOT_RESAMPLED if pd.isna(averages["f1_low"].iloc[0]) else report.units.kind
    of_averages = [  # In the order of the rows.
        sign(gold, scheme=scheme, resampled=resampled),
        sign(gold, scheme=scheme, average=MACRO),
        sign(gold, scheme=scheme, reading=STRICT_IOB2),
        sign(gold, scheme=scheme, match="surface"),
    ]
    of_semeval = [
        sign(gold, scheme=scheme, match=match) if kind == ALL_TYPES else None
        for kind, match in zip(semeval["type"], semeval["match"], strict=True)
    ]
    signed = {"averages": averages.assign(signature=of_averages), "semeval": semeval.assign(signature=of_semeval)}
    return replace(report, tables=report.tables | signed)


def headline_signature(report: SplitReport) -> str:
    """Return the signature of the micro scores of conlleval."""
    return str(report.tables["averages"]["signature"].iloc[0])
