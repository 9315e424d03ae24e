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
    inputs_of_stage,
    stages_of,
)
from nerpipe.comparison.systems import Estimate
from nerpipe.contracts.shapes import check_shape
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from dvc.repo import Repo

SCORED_SPLITS = ("dev", "test")
HEADLINE, AVERAGES, CLEANED = (f"metrics/{name}.json" for name in ("metrics", "averages", "clean"))
RECORD_FILES = (LOCK_FILE, PARAMS_FILE, HEADLINE, AVERAGES, CLEANED)

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
    f1: float
    f1_low: NotRequired[float]
    f1_high: NotRequired[float]


class _Headline(TypedDict):
    dev: _SplitF1
    test: _SplitF1


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


def _record(files: Mapping[str, bytes]) -> RunRecord:
    wanted = _parse_yaml(files, PARAMS_FILE)
    stages = stages_of(_parse_yaml(files, LOCK_FILE), Path(LOCK_FILE))
    if HEADLINE not in files or not stages:
        return RunRecord(NO_RESULTS, wanted)
    params = _params_of_results(stages, files[HEADLINE])
    if params is None:
        return RunRecord(UNFINISHED, wanted)
    cleaned, averages = _rows(files, CLEANED), _rows(files, AVERAGES)
    edited = {key: wanted[key] for key in params if key in wanted and wanted[key] != params[key]}
    sentences = {row["split"]: row["sentences"] for row in cleaned if isinstance(row.get("sentences"), int)}
    return RunRecord(
        FINISHED_RUN,
        params,
        _scores(check_shape(_parse_json(files, HEADLINE), _Headline, Path(HEADLINE)), averages),
        _gold(cleaned),
        {split: sentences[split] for split in SCORED_SPLITS if split in sentences},
        {row["split"]: row["signature"] for row in reversed(averages) if isinstance(row.get("signature"), str)},
        edited,
    )


def _params_of_results(stages: Mapping[str, LockedStage], headline: bytes) -> dict[str, Any] | None:
    """Return the params of the scores, or None if the stages do not belong to one run, or the headline to another."""
    inputs = inputs_of_stage(stages, EVALUATE_STAGE)
    made = {out["path"]: out.get("md5") for out in stages.get(EVALUATE_STAGE, {}).get("outs", [])}
    if inputs is None or made.get(HEADLINE) not in (None, hashlib.md5(headline, usedforsecurity=False).hexdigest()):
        return None
    return inputs.params


def _scores(headline: _Headline, averages: list[dict[str, Any]]) -> dict[str, Estimate]:
    """Return F1 with its interval, which metrics.json has for test alone, and averages.json for dev too."""
    found = {}
    for split, scores in (("dev", headline["dev"]), ("test", headline["test"])):
        bounds: dict[str, Any] = {**scores}
        if "f1_low" not in scores:
            bounds = next((row for row in averages if row.get("split") == split and "f1_low" in row), {})
        low, high = bounds.get("f1_low"), bounds.get("f1_high")
        known = isinstance(low, float | int) and isinstance(high, float | int)
        found[split] = Estimate(scores["f1"], low if known else None, high if known else None)
    return found


def _gold(cleaned: list[dict[str, Any]]) -> tuple[Any, ...] | None:
    rows = {row["split"]: row for row in cleaned}
    if not all("sha256" in rows.get(split, ()) for split in SCORED_SPLITS):
        return None
    keys = ("sha256", "sentences", "tokens", "entities_by_type")
    return tuple(json.dumps(rows[split].get(key), sort_keys=True) for split in SCORED_SPLITS for key in keys)


def _rows(files: Mapping[str, bytes], name: str) -> list[dict[str, Any]]:
    """Return the rows of a report that name their split. An older revision may have none."""
    rows = _parse_json(files, name) if name in files else []
    found = rows if isinstance(rows, list) else []
    return [row for row in found if isinstance(row, dict) and isinstance(row.get("split"), str)]


def _parse_json(files: Mapping[str, bytes], name: str) -> object:
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise NerpipeError(f"{name}: {error}") from None


def _parse_yaml(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Parse a YAML file as DVC does. A file that is missing is empty."""
    from dvc.exceptions import DvcException
    from dvc.utils.serialize import parse_yaml

    try:
        found = parse_yaml(files.get(name, b"").decode(), name)
    except (DvcException, ValueError, RecursionError) as error:
        raise NerpipeError(f"{name}: {error}") from None
    if not isinstance(found, dict):
        raise NerpipeError(f"{name}: a mapping was expected, one `key: value` on each line")
    return found
