"""Scores of an exported model on a labelled file, as the stage evaluate reports them, and the folder of the report."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nerpipe.command_line.output_files import check_place, follow_links
from nerpipe.comparison.display import scores_as_json
from nerpipe.comparison.labelled_file import LabelledFile
from nerpipe.comparison.model_predictions import ModelChoice, ModelPredictions
from nerpipe.comparison.score_files import FileScores
from nerpipe.contracts.files import replacing, write_json
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.error_page import page_split, write_page
from nerpipe.evaluation.pairing import count_findings
from nerpipe.evaluation.report import SCORE_COLUMNS, SplitReport, join_tables, json_rows, report_split
from nerpipe.evaluation.report_files import write_csv, write_rows
from nerpipe.evaluation.semeval import semeval_rows
from nerpipe.evaluation.signed_report import headline_signature, signed_report
from nerpipe.evaluation.split_predictions import PredictedSplit, write_predictions

INTERVAL_RESAMPLES, INTERVAL_SEED = 1000, 1  # The defaults of the params `bootstrap` and `seed`.
TRAIN_UNKNOWN = (
    "The training data of the model is not known here, so this page does not say which entities are in it. The page of "
    "the stage evaluate does."
)


@dataclass(frozen=True)
class ModelScores:
    """All results of a model on a labelled file."""

    labelled: LabelledFile
    model: ModelChoice
    split: PredictedSplit
    report: SplitReport
    notes: list[str]

    def scores(self) -> FileScores:
        """Return what two files are compared by."""
        report, match = self.report, self.report.match
        counts, signature = (match.sentences, match.words, 0), headline_signature(report)
        semeval = semeval_rows(count_findings(match, report.findings))
        return FileScores(report.scores, report.surface, *counts, signature, semeval, self.notes)


def score_predictions(labelled: LabelledFile, model: ModelChoice, found: ModelPredictions) -> ModelScores:
    """Score the predictions of a model for every word and entity of a labelled file."""
    tags = (labelled.gold, found.tags, found.confidences, found.undecoded)
    split = PredictedSplit(labelled.tokens, *tags, found.unseen, labelled.boundaries)
    report = report_split(labelled.path.name, split, None, resamples=INTERVAL_RESAMPLES, seed=INTERVAL_SEED)
    report = signed_report(report, split, labelled.scheme)
    notes = [*labelled.notes, *found.notes, *report.tables["notes"]["note"]]
    foreign = [
        f"{kind} ({score.predicted:,})"
        for kind, score in report.scores.per_type.items()
        if score.predicted and not score.support
    ]
    if foreign:
        notes.append(
            f"{labelled.path} has no entity of these types, so what the model takes for one counts as wrong: "
            f"{', '.join(foreign)}"
        )
    if found.unseen:
        notes.append(f"words that give the model nothing to read, and are predicted O: {found.unseen:,}")
    return ModelScores(labelled, model, split, report, notes)


def model_scores_as_json(found: ModelScores) -> dict[str, Any]:
    """Return all results in fractions: what two files give, and all tables of the stage evaluate."""
    model = found.model
    averages = json_rows(found.report.tables["averages"])
    return scores_as_json(found.scores()) | {
        "command": "nerpipe score",
        "gold": str(found.labelled.path),
        "model": str(model.folder),
        "backend": model.backend,
        "precision": model.precision,
        "macro": {name: averages[1][name] for name in SCORE_COLUMNS},
        "interval": {name: averages[0][name] for name in ("f1_low", "f1_high") if name in averages[0]},
        "resampled": found.report.units.kind,
        "units": found.report.units.count,
        "tables": {name: json_rows(frame) for name, frame in join_tables([found.report]).items()},
    }


def check_report_folder(folder: Path) -> Path:
    """Check that the report can be written into a folder without the loss of anything else.

    Args:
        folder: The folder as the user typed it.

    Returns:
        The folder, without links.

    Raises:
        NerpipeError: If it is a file, the current folder, or holds anything but an earlier report of this command, or
            cannot be reached or written.
    """
    target = follow_links(folder, "--report").resolve()
    allowed = "name a folder that does not exist, is empty, or holds an earlier report of `nerpipe score`"
    if Path.cwd().is_relative_to(target):
        raise NerpipeError(f"--report {folder}: this folder would be replaced, but you are in it; {allowed}")
    check_place("--report", target)
    if not target.exists():
        return target
    if not target.is_dir():
        raise NerpipeError(f"--report {folder}: this is a file; {allowed}")
    names = {path.name for path in target.iterdir()}
    foreign = sorted(name for name in names if name not in REPORT_FILES)
    if foreign or (names and SCORES_FILE not in names):
        shown = ", ".join((foreign or sorted(names))[:5])
        raise NerpipeError(f"--report {folder}: the folder holds other files ({shown}), which would be lost; {allowed}")
    return target


SCORES_FILE = "scores.json"  # No other command writes it, so it marks a report of this one.
_TABLES = (
    *("averages", "breakdown", "confused_surfaces", "confusion", "decoding", "documents", "mistakes", "notes"),
    *("per_type", "reliability", "semeval", "thresholds"),
)
REPORT_FILES = frozenset(
    [
        SCORES_FILE,
        "errors.html",
        "predictions.conll",
        *(f"{name}.{kind}" for name in _TABLES for kind in ("csv", "json")),
    ]
)


def write_model_report(target: Path, found: ModelScores) -> None:
    """Write the tables, the predictions and the page of mistakes into a folder, which appears when it is whole.

    Args:
        target: The folder that `check_report_folder` returned.
        found: The results.
    """
    tables = join_tables([found.report])
    name = found.labelled.path.name
    with replacing(target) as folder:
        folder.mkdir()
        write_csv(folder, tables)
        write_rows(folder, tables)
        write_predictions(folder / "predictions.conll", found.split)
        page = replace(page_split(found.report, found.split, None), notes=found.notes)
        model = f"{found.model.folder} ({found.model.backend}, {found.model.precision})"
        write_page(folder / "errors.html", [page], dataset=name, note=TRAIN_UNKNOWN, model=model)
        write_json(folder / SCORES_FILE, model_scores_as_json(found))
