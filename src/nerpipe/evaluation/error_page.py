"""The page reports/errors.html: one file that shows where the model is right and wrong, and loads nothing else.

The page is static text. All data is in one block of JSON, which the script turns into text nodes. Sentences and type
names come from the internet, so they are never used as markup. The page's security policy allows only its own script
and style, which it names by hash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from nerpipe.contracts.escapes import json_in_html
from nerpipe.contracts.files import write_text
from nerpipe.contracts.joining import find_joining, glued_words
from nerpipe.evaluation.breakdowns import seen
from nerpipe.evaluation.mistakes import verdicts
from nerpipe.evaluation.page_template import fill_page
from nerpipe.evaluation.pairing import pair_numbers
from nerpipe.evaluation.report import SplitReport
from nerpipe.evaluation.signed_report import headline_signature
from nerpipe.evaluation.split_predictions import PredictedSplit
from nerpipe.evaluation.units import support_cell
from nerpipe.inference.shown_confidence import shown_confidence

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

DOCUMENTS_SHOWN = 50  # The most documents in the table by document: those with the lowest F1.


@dataclass(frozen=True)
class PageSplit:
    """What the page shows of a split."""

    name: str
    tables: dict[str, pd.DataFrame]  # headline, per_type, documents, errors, confusion, reliability
    calibration_error: float
    signature: str  # Of the F1 at the top of the page.
    notes: list[str]  # What a reader of the scores must know.
    resampled: str  # What the intervals are computed from: "sentences" or "documents".
    train_known: bool  # Whether it is known which entities are in the training split.
    # Each sentence is its words, joined by tabs, its spans, and the words that no blank separates from the word before.
    # A span is [gold, start, end, type, kind, seen, confidence, pair]. Start and end are counted in words of the
    # sentence. Seen is None if the training split is not known. Pair is the number of the pair of mistakes, or -1.
    sentences: list[tuple[str, list[list[Any]], list[int]]]
    marks: list[str] | None = None  # What stands before each sentence. None: its number.


def page_split(report: SplitReport, split: PredictedSplit, known: "AbstractSet[str] | None") -> PageSplit:
    """Collect what the page shows of a split.

    Args:
        report: The report of the split, from `signed_report`.
        split: The words of the split.
        known: The surface forms of the training split's entities, in lower case. None: the training split is not known.
    """
    match = report.match
    joining = find_joining(split.tokens)
    sentences: list[tuple[str, list[list[Any]], list[int]]] = [
        ("\t".join(tokens), [], glued_words(tokens, joining)) for tokens in split.tokens
    ]
    confidence: list[Any] = [shown_confidence(value) for value in report.confidence.tolist()]
    sides = zip(
        (1, 0),
        (match.gold, match.predicted),
        verdicts(match, report.findings),
        pair_numbers(match, report.findings),
        report.surfaces,
        ([None] * len(match.gold), confidence),
        strict=True,
    )
    for gold, spans, kinds, pairs, texts, sure in sides:
        first = match.offsets[spans.sentence]
        columns = (spans.sentence, spans.start - first, spans.end - first, spans.type, kinds)
        in_train = [None] * len(spans) if known is None else seen(texts, known).astype(int).tolist()
        rows = zip(*(column.tolist() for column in columns), in_train, sure, pairs.tolist(), strict=True)
        for sentence, start, end, kind, verdict, is_seen, value, pair in rows:
            sentences[sentence][1].append([gold, start, end, match.types[kind], verdict, is_seen, value, pair])
    averages = report.tables["averages"]
    tables = {
        "headline": _headline(report, averages),
        "per_type": _per_type(report.tables["per_type"]),
        "documents": _worst_documents(report.tables["documents"]),
        "errors": report.tables["mistakes"],
        "confusion": report.tables["confusion"],
        "reliability": report.tables["reliability"],
    }
    return PageSplit(
        report.name,
        tables,
        float(averages["calibration_error"].iloc[0]),
        headline_signature(report),
        report.tables["notes"]["note"].tolist(),
        report.units.kind,
        known is not None,
        sentences,
    )


def _per_type(table: pd.DataFrame) -> pd.DataFrame:
    """Mark the number of gold entities of a type if there are too few of them."""
    return table.assign(entities=[support_cell(support) for support in table["support"]])


def _worst_documents(table: pd.DataFrame) -> pd.DataFrame:
    """Select the documents with the lowest F1 among those with a gold or a predicted entity."""
    return table[table["support"] + table["predicted"] > 0].sort_values("f1", kind="stable").head(DOCUMENTS_SHOWN)


def _headline(report: SplitReport, averages: pd.DataFrame) -> pd.DataFrame:
    """List the numbers at the top of the page, with the columns measure, value, low, high."""
    micro, macro, strict, surface = averages.to_dict("records")
    none = (None, None)
    rows = [
        ("F1", micro["f1"], micro["f1_low"], micro["f1_high"]),
        ("precision", micro["precision"], *none),
        ("recall", micro["recall"], *none),
        ("F1, mean of the types (macro)", macro["f1"], *none),
        ("F1, only entities that begin with B- (strict IOB2)", strict["f1"], *none),
        ("F1 over distinct names (surface forms)", surface["f1"], *none),
        ("words with the right tag", report.scores.token_accuracy, *none),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high"])


def write_page(
    path: Path,
    splits: Sequence[PageSplit],
    *,
    dataset: str,
    note: str | None,
    model: str = "",
    params: Mapping[str, object] | None = None,
) -> None:
    """Write the page.

    The page names no date, host or commit, so that the same run gives the same page.

    Args:
        path: The path of the HTML file.
        splits: The splits in the order of the menu; the page opens with the first.
        dataset: The name of the data set.
        note: A note that is shown beside the scores, or None.
        model: What the model is, for the top of the page. Empty: it is not known.
        params: The params of the run that made the model. None: they are not known.
    """
    origin = {"model": model, "params": [[key, str(value)] for key, value in (params or {}).items()]}
    data = {"dataset": dataset, "note": note, **origin, "splits": [_as_json(split) for split in splits]}
    text = json_in_html(data, separators=(",", ":"), sort_keys=True)
    page, _ = fill_page("nerpipe.evaluation", "error_page", DATA=text)
    write_text(path, page)


def _as_json(split: PageSplit) -> dict[str, Any]:
    tables = {
        name: [
            {key: None if pd.isna(value) else value for key, value in row.items()} for row in frame.to_dict("records")
        ]
        for name, frame in split.tables.items()
    }
    return {
        "name": split.name,
        "calibration_error": split.calibration_error,
        "signature": split.signature,
        "notes": split.notes,
        "resampled": split.resampled,
        "train_known": split.train_known,
        "sentences": split.sentences,
        "marks": split.marks,
        **tables,
    }
