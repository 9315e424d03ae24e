"""What a revision says of its last run: the params and scores, and whether they belong together.

The params are those of dvc.lock, because the results were made with them. Those of params.yaml may be newer.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from nerpipe.comparison.run_inputs import (
    EVALUATE_STAGE,
    LOCK_FILE,
    PARAMS_FILE,
    LockedStage,
    comparable_params,
    inputs_of_stage,
    parse_as_dvc,
    stages_of,
)
from nerpipe.comparison.systems import Estimate
from nerpipe.contracts.reports import IntervalRow
from nerpipe.contracts.shapes import Fraction, check_shape
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from dvc.repo import Repo

SCORED_SPLITS = ("dev", "test")
REPORTS = HEADLINE, AVERAGES, CLEANED = ("metrics/metrics.json", "metrics/averages.json", "metrics/clean.json")
RECORD_FILES = (LOCK_FILE, PARAMS_FILE, *REPORTS)

FINISHED_RUN = ""
NO_RESULTS, UNFINISHED, UNREADABLE_RUN = "no results", "unfinished", "unreadable"


@dataclass(frozen=True)
class RunRecord:
    """What a revision says of its last run."""

    # FINISHED_RUN, NO_RESULTS, UNFINISHED (interrupted), UNREADABLE_RUN, or a state of the queue.
    state: str = FINISHED_RUN
    params: Mapping[str, Any] = field(default_factory=dict)  # Those of params.yaml if the run is not finished.
    f1: Mapping[str, Estimate] = field(default_factory=dict)  # F1 by split, as fractions. Empty if not finished.
    # What tells dev and test from those of other runs: equal values mean equal sentences. None if it is not known.
    gold: tuple[Any, ...] | None = None
    sentences: Mapping[str, int] = field(default_factory=dict)  # Sentences by split, if they are known.
    # The signatures of F1, by split. A run of an older version has none.
    signatures: Mapping[str, str] = field(default_factory=dict)
    edited: Mapping[str, Any] = field(default_factory=dict)  # The params that have another value in params.yaml.
    fault: str = ""  # Why it is UNREADABLE_RUN.


class _SplitF1(TypedDict):
    f1: Fraction
    f1_low: NotRequired[Fraction]
    f1_high: NotRequired[Fraction]


class _Headline(TypedDict):
    dev: _SplitF1
    test: _SplitF1


class _CleanedRow(TypedDict):
    split: str
    sentences: NotRequired[int]


def read_record(repo: "Repo", commit: str | None) -> RunRecord:
    """Read the last run of a commit, or of the working folder if `commit` is None. Nothing is checked out."""
    try:
        return record_of(_files_at(repo, commit))
    except OSError as error:
        return RunRecord(UNREADABLE_RUN, fault=f"{error.filename or 'a file'}: {error.strerror}")


def _files_at(repo: "Repo", commit: str | None) -> dict[str, bytes]:
    found = {}
    files, root = repo.fs, repo.root_dir
    if commit:
        files, root = repo.scm.get_fs(commit), files.join("/", *files.relparts(root, repo.scm.root_dir))
    for name in RECORD_FILES:
        try:
            with files.open(files.join(root, *name.split("/")), "rb") as file:
                found[name] = file.read()
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


def record_of(files: Mapping[str, bytes]) -> RunRecord:
    """Make the record of a run from the contents of its files.

    Args:
        files: The content of each of RECORD_FILES that exists.
    """
    try:
        return _record(files)
    except NerpipeError as error:
        return RunRecord(UNREADABLE_RUN, fault=str(error))
    except RecursionError:
        return RunRecord(UNREADABLE_RUN, fault="a value in its files is nested too deeply")


def _record(files: Mapping[str, bytes]) -> RunRecord:
    wanted = comparable_params(_parse_yaml(files, PARAMS_FILE), PARAMS_FILE)
    stages = stages_of(_parse_yaml(files, LOCK_FILE), Path(LOCK_FILE))
    if HEADLINE not in files or not stages:
        return RunRecord(NO_RESULTS, wanted)
    params = _params_of_results(stages, files)
    if params is None:
        return RunRecord(UNFINISHED, wanted)
    cleaned, averages = _rows(files, CLEANED, _CleanedRow), _rows(files, AVERAGES, IntervalRow)
    edited = {key: wanted[key] for key in params if key in wanted and wanted[key] != params[key]}
    sentences = {row["split"]: row["sentences"] for row in cleaned if "sentences" in row}
    return RunRecord(
        FINISHED_RUN,
        params,
        _scores(check_shape(_parse_json(files, HEADLINE), _Headline, Path(HEADLINE)), averages),
        _gold(cleaned),
        {split: sentences[split] for split in SCORED_SPLITS if split in sentences},
        {row["split"]: row["signature"] for row in reversed(averages) if isinstance(row.get("signature"), str)},
        edited,
    )


def _params_of_results(stages: Mapping[str, LockedStage], files: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Return the params of the scores, or None if the stages do not belong to one run, or a report to another."""
    inputs = inputs_of_stage(stages, EVALUATE_STAGE)
    made = {out["path"]: out.get("md5") for stage in stages.values() for out in stage.get("outs", [])}
    for name in REPORTS:
        known = made.get(name)
        if known and name in files and known != hashlib.md5(files[name], usedforsecurity=False).hexdigest():
            return None
    return inputs.params if inputs else None


def _scores(headline: _Headline, averages: list[dict[str, Any]]) -> dict[str, Estimate]:
    """Return F1 with its interval, which metrics.json has for test alone, and averages.json for dev too."""
    found = {}
    for split, scores in (("dev", headline["dev"]), ("test", headline["test"])):
        bounds: dict[str, Any] = {**scores}
        if "f1_low" not in scores:
            bounds = next((row for row in averages if row["split"] == split and "f1_low" in row), {})
        low, high = bounds.get("f1_low"), bounds.get("f1_high")
        found[split] = Estimate(scores["f1"], *((None, None) if None in (low, high) else (low, high)))
    return found


def _gold(cleaned: list[dict[str, Any]]) -> tuple[Any, ...] | None:
    rows = {row["split"]: row for row in cleaned}
    if not all("sha256" in rows.get(split, ()) for split in SCORED_SPLITS):
        return None
    keys = ("sha256", "sentences", "tokens", "entities_by_type")
    return tuple(json.dumps(rows[split].get(key), sort_keys=True) for split in SCORED_SPLITS for key in keys)


def _rows(files: Mapping[str, bytes], name: str, shape: type[Any]) -> list[dict[str, Any]]:
    """Return the rows of a report that name their split. An older revision may have none."""
    rows = _parse_json(files, name) if name in files else []
    found = rows if isinstance(rows, list) else []
    return [
        check_shape(row, shape, Path(name), f"[{at}]")
        for at, row in enumerate(found)
        if isinstance(row, dict) and isinstance(row.get("split"), str)
    ]


def _parse_json(files: Mapping[str, bytes], name: str) -> object:
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise NerpipeError(f"{name}: {error}") from None


def _parse_yaml(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Parse a YAML file as DVC does. A file that is missing is empty."""
    return parse_as_dvc(files.get(name, b""), name)
