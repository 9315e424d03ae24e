"""The report of a split: one data frame for each table. JSON, CSV, terminal output and error page use these frames."""

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nerpipe.contracts.ledger import Tally, check_joint, tally
from nerpipe.evaluation.breakdowns import breakdown, document_table
from nerpipe.evaluation.calibration import calibration_error, reliability, span_confidence, threshold_table
from nerpipe.evaluation.mistakes import confused_surfaces, mistake_table, span_confusion
from nerpipe.evaluation.notes import OTHER_TEXT, WHAT_TO_TRY, split_notes
from nerpipe.evaluation.pairing import Findings, count_findings, find_mistakes
from nerpipe.evaluation.resampling import Intervals, bootstrap, f1_of, intervals, sentence_counts, with_total
from nerpipe.evaluation.semeval import semeval_rows
from nerpipe.evaluation.split_predictions import PredictedSplit
from nerpipe.evaluation.units import Units, few_mark, units_of
from nerpipe.scoring.scores import Score, Scores, Surfaces, make_score, score, score_match, surface_score, surfaces_of
from nerpipe.scoring.spans import Match, match_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

SURFACES = 100  # Largest number of rows of the table confused_surfaces.
SCORE_COLUMNS = ["precision", "recall", "f1"]
COUNT_COLUMNS = ["support", "predicted"]
# The bounds, the number of resamples without a gold entity, and the mark for few gold entities.
INTERVAL_COLUMNS = ["f1_low", "f1_high", "resamples_left_out", "mark"]
NO_INTERVAL = [np.nan, np.nan, np.nan, None]


@dataclass(frozen=True)
class SplitReport:
    """All results for the predictions of a split."""

    name: str
    scores: Scores
    match: Match
    findings: Findings
    surfaces: Surfaces
    confidence: "NDArray[np.float64]"  # Confidence of each predicted span. Shape: (spans,).
    surface: Score  # Score of the distinct surface forms.
    units: Units  # What was resampled for the intervals.
    counts: dict[str, Any]  # Counts of the ledger.
    tables: dict[str, pd.DataFrame]  # By name: averages, per_type, breakdown, mistakes, confusion, ...


def report_split(
    name: str, split: PredictedSplit, known: "AbstractSet[str] | None", *, resamples: int, seed: int
) -> SplitReport:
    """Compute everything that is reported for a split.

    Args:
        name: The name of the split.
        split: The words, tags and confidences.
        known: The surface forms of the training split's entities, in lower case. None: the training split is not known,
            so nothing says which entities were seen in it.
        resamples: The number of bootstrap resamples.
        seed: The seed of the bootstrap.

    Raises:
        NerpipeError: If the scores do not count every gold sentence, word and entity.
    """
    match = match_spans(split.gold, split.predicted)
    counted = tally(split.gold)
    check_joint(f"gold -> scores, split {name}", counted, Tally(match.sentences, match.words, len(match.gold)))
    surfaces = surfaces_of(match, [*chain.from_iterable(split.tokens)])
    scores = score_match(match)
    surface = surface_score(match, surfaces)
    findings = find_mistakes(match)
    by_word = np.fromiter(chain.from_iterable(split.confidence), np.float64, count=match.words)
    confidence = span_confidence(match.predicted, by_word)
    bins = reliability(confidence, match.predicted_hit)
    counted_findings = count_findings(match, findings)
    mistakes = mistake_table(counted_findings)
    units = units_of(split.boundaries, match.sentences)
    by_unit = units.sum_counts(with_total(sentence_counts(match)))
    found = _intervals(by_unit, resamples, seed)
    units_with_gold = int(np.count_nonzero(by_unit[:, -1, 2]))
    advice = OTHER_TEXT if known is None else WHAT_TO_TRY
    notes = split_notes(name, scores.readings["conlleval"], units, units_with_gold, advice=advice)
    tables = {
        "averages": _averages(scores, surface, found, units, calibration_error(bins)),
        "decoding": _decoding(split, scores),
        "per_type": _per_type(scores, found),
        "documents": document_table(match, units),
        "breakdown": breakdown(match, surfaces, known),
        "semeval": pd.DataFrame(semeval_rows(counted_findings)),
        "mistakes": mistakes,
        "confusion": span_confusion(mistakes),
        "confused_surfaces": confused_surfaces(match, findings, surfaces, SURFACES),
        "reliability": bins,
        "thresholds": threshold_table(match, confidence),
        "notes": pd.DataFrame({"note": notes}, dtype=object),
    }
    counts = {"split": name, **counted._asdict(), "words_unseen": split.unseen}
    return SplitReport(name, scores, match, findings, surfaces, confidence, surface, units, counts, tables)


def _intervals(by_unit: "NDArray[np.int64]", resamples: int, seed: int) -> Intervals:
    """Compute the intervals of the F1 of each type and, last, of all types.

    Args:
        by_unit: The counts of each unit. Shape: (units, types + 1, 3).
        resamples: The number of bootstrap resamples.
        seed: The seed of the bootstrap.
    """
    drawn = bootstrap(by_unit, resamples, seed)
    return intervals(f1_of(drawn), drawn[..., 2], by_unit[..., 2])


def _interval_cells(found: Intervals, place: int, support: int) -> list[Any]:
    return [*found.bounds[:, place], found.left_out[place], few_mark(support)]


def _row(result: Score) -> list[float]:
    return [*(getattr(result, name) for name in SCORE_COLUMNS), result.support, result.predicted]


def _averages(scores: Scores, surface: Score, found: Intervals, units: Units, unbelieved: float) -> pd.DataFrame:
    """Tabulate the scores of the whole split, with NaN where a measure does not exist.

    Args:
        scores: The scores of both readings and of each type.
        surface: The score of the distinct surface forms.
        found: The intervals of F1, the last one for all types.
        units: What was resampled.
        unbelieved: The expected calibration error.
    """
    micro, strict = scores.readings["conlleval"], scores.readings["strict_iob2"]
    types = list(scores.per_type.values())
    macro = [float(np.mean([getattr(row, name) for row in types])) if types else 0.0 for name in SCORE_COLUMNS]
    no_interval = [*NO_INTERVAL, None, np.nan, np.nan]
    rows = [
        [
            "conlleval micro",
            *_row(micro),
            *_interval_cells(found, -1, micro.support),
            units.kind,
            units.count,
            unbelieved,
        ],
        ["conlleval macro", *macro, micro.support, micro.predicted, *no_interval],
        ["strict_iob2 micro", *_row(strict), *no_interval],
        ["surface forms", *_row(surface), *no_interval],
    ]
    columns = ["measure", *SCORE_COLUMNS, *COUNT_COLUMNS, *INTERVAL_COLUMNS, "resampled", "units", "calibration_error"]
    return pd.DataFrame(rows, columns=columns).astype({"resamples_left_out": "Int64", "units": "Int64"})


def _decoding(split: PredictedSplit, scores: Scores) -> pd.DataFrame:
    """Tabulate the effect of decoding: micro F1 of both readings with the most probable tag of each word, and with it.

    The second row also counts the sentences and tags that decoding changed.
    """
    columns = zip(split.gold, split.predicted, split.undecoded, strict=True)
    changed = [row for row in columns if row[1] != row[2]]
    words = sum(mine != yours for _, ours, theirs in changed for mine, yours in zip(ours, theirs, strict=True))
    before = scores.readings
    if changed:
        gold, ours, theirs = zip(*changed, strict=True)
        before = _exchange(before, old=score(gold, ours).readings, new=score(gold, theirs).readings)
    rows = [
        [name, *(readings[reading].f1 for reading in ("conlleval", "strict_iob2")), *counts]
        for name, readings, counts in (
            ("word by word", before, (np.nan, np.nan)),
            ("IOB2", scores.readings, (len(changed), words)),
        )
    ]
    return pd.DataFrame(
        rows, columns=["decoding", "conlleval_f1", "strict_iob2_f1", "sentences_changed", "tags_changed"]
    )


def _exchange(
    whole: "Mapping[str, Score]", *, old: "Mapping[str, Score]", new: "Mapping[str, Score]"
) -> dict[str, Score]:
    """Exchange the counts of some sentences in the scores of all sentences, so that the others are not read again.

    Args:
        whole: The micro scores of all sentences by reading, as in `Scores`.
        old: Those of some of the sentences.
        new: Those of the same sentences with other predictions.
    """
    return {
        name: make_score(
            sums.correct - old[name].correct + new[name].correct,
            sums.predicted - old[name].predicted + new[name].predicted,
            sums.support,
        )
        for name, sums in whole.items()
    }


def _per_type(scores: Scores, found: Intervals) -> pd.DataFrame:
    """Tabulate the scores of each type.

    Args:
        scores: The scores of the split.
        found: The intervals of F1, the last one for all types.
    """
    rows = [
        [kind, *_row(result), *_interval_cells(found, place, result.support)]
        for place, (kind, result) in enumerate(scores.per_type.items())
    ]
    return pd.DataFrame(rows, columns=["type", *SCORE_COLUMNS, *COUNT_COLUMNS, *INTERVAL_COLUMNS])


def join_tables(reports: "Sequence[SplitReport]") -> dict[str, pd.DataFrame]:
    """Join each table of all splits into one data frame whose first column is the name of the split."""
    joined = {}
    for name in reports[0].tables:
        parts = [report.tables[name].assign(split=report.name) for report in reports]
        frame = pd.concat(parts, ignore_index=True)
        joined[name] = frame[["split", *(column for column in frame if column != "split")]]
    return joined


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """List the rows of a data frame for JSON. Missing values (NaN) are left out, so every number is finite."""
    rows: list[dict[str, Any]] = frame.to_dict("records")
    return [{key: value for key, value in row.items() if not pd.isna(value)} for row in rows]
