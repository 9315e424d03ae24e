"""The same settings trained with several seeds: mean and deviation of each, and their difference seed by seed."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.comparison.revisions import WORKSPACE, at_revision, experiments_from, open_repo
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.resampling import LEVEL

if TYPE_CHECKING:
    from dvc.repo import Repo

SEED = "seed"
SCORED_SPLITS = ("dev", "test")
METRICS = "metrics/metrics.json"
HOW = "dvc exp run --queue -S seed=1,2,3,4,5 -S lr=1e-4,2e-4 && dvc exp run --run-all"

Settings = tuple[tuple[str, Any], ...]  # all params but the seed, sorted


class Run(NamedTuple):
    """One training run: an experiment, HEAD or the workspace."""

    name: str
    settings: Settings
    seed: int
    f1: dict[str, float]  # by split


class Spread(NamedTuple):
    """What n numbers say; `sd` has n - 1 below, and is absent for one number, as the interval is."""

    n: int
    mean: float
    sd: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SettingRow:
    """One setting over its seeds."""

    differing: dict[str, Any]  # its values of those params in which the settings differ
    seeds: list[int]
    runs: list[str]
    f1: dict[str, Spread]  # by split
    gain: dict[str, Spread]  # by split: this setting minus the first, over the seeds of both; empty for the first


def seed_rows() -> list[SettingRow]:
    """Collect the runs that began at HEAD and tabulate them by setting.

    Raises:
        NerpipeError: if there is no experiment with results, or two runs of the same params disagree.
    """
    return tabulate_runs(*collect_runs())


def collect_runs() -> tuple[list[Run], Settings | None]:
    """Read params and metrics of all experiments from HEAD, and of HEAD and the workspace where they add a seed.

    Returns:
        The runs, and the settings of HEAD, if it was run.
    """
    with open_repo() as repo:
        experiments = experiments_from(repo, repo.scm.get_rev())
        found = []
        for name, commit in experiments.items():
            with at_revision(repo, commit):
                found.append(read_run(repo, name))
        with at_revision(repo, "HEAD"):
            head = read_run(repo, "HEAD")
        workspace = read_run(repo, WORKSPACE)
    runs = [run for run in found if run]
    if not runs:
        raise NerpipeError(
            f"{len(experiments)} experiments began at HEAD and none has results; train some first, such as `{HOW}` "
            "(a new commit begins anew: `dvc exp show -A` lists those of older ones)"
        )
    for run in (head, workspace):
        if run and any(run.settings == other.settings for other in runs):
            known = {(other.settings, other.seed) for other in runs}
            runs += [run] if (run.settings, run.seed) not in known else []
    return runs, head.settings if head else None


def read_run(repo: "Repo", name: str) -> Run | None:
    """Read the run that the repository shows, or None if it was not run to its evaluation.

    Its params are those of dvc.lock, which says what the results were made with; params.yaml may be newer.
    """
    from dvc.utils.serialize import ParseError, load_json, load_yaml

    lock, metrics = (repo.fs.join(repo.root_dir, *path.split("/")) for path in ("dvc.lock", METRICS))
    try:
        stages = load_yaml(lock, fs=repo.fs).get("stages", {}).values()
        scores = load_json(metrics, fs=repo.fs)
    except FileNotFoundError:
        return None
    except ParseError as error:
        raise NerpipeError(f"{name}: {error}; mend or restore the file (`git checkout -- FILE`)") from None
    params: dict[str, Any] = {}
    for stage in stages:
        for key, value in stage.get("params", {}).get("params.yaml", {}).items():
            if params.setdefault(key, value) != value:
                return None  # a run that broke off: its stages were run with different params
    if not isinstance(params.get(SEED), int) or not all(split in scores for split in SCORED_SPLITS):
        return None
    seed = params.pop(SEED)
    return Run(
        name, tuple(sorted(params.items())), seed, {split: float(scores[split]["f1"]) for split in SCORED_SPLITS}
    )


def tabulate_runs(runs: Sequence[Run], reference: Settings | None = None) -> list[SettingRow]:
    """Tabulate runs by setting; the first is `reference` if it is there, otherwise the first by its values.

    Raises:
        NerpipeError: if two runs have the same params and different results.
    """
    by_setting: dict[Settings, dict[int, Run]] = {}
    for run in runs:
        same = by_setting.setdefault(run.settings, {}).setdefault(run.seed, run)
        if same.f1 != run.f1:
            raise NerpipeError(
                f"{same.name} and {run.name} have the same params but different results: the code or the data changed "
                f"in between, so that they say nothing about seeds. Remove one: `dvc exp remove {same.name}`"
            )
    ordered = sorted(by_setting, key=lambda settings: (settings != reference, _sortable(settings)))
    names = _differing(ordered)
    rows = []
    for settings in ordered:
        members = by_setting[settings]
        first = {} if settings == ordered[0] else by_setting[ordered[0]]
        seeds = sorted(members)
        common = sorted(members.keys() & first.keys())
        f1 = {split: spread([members[seed].f1[split] for seed in seeds]) for split in SCORED_SPLITS}
        gain = {
            split: with_t_interval([members[seed].f1[split] - first[seed].f1[split] for seed in common])
            for split in SCORED_SPLITS
            if common
        }
        values = dict(settings)
        shown = {name: values.get(name) for name in names}
        rows.append(SettingRow(shown, seeds, [members[seed].name for seed in seeds], f1, gain))
    return rows


def _sortable(settings: Settings) -> list[tuple[str, bool, float, str]]:
    """Order numbers by their size, and anything else by its text."""
    return [
        (key, isinstance(value, str), float(value) if isinstance(value, int | float) else 0.0, str(value))
        for key, value in settings
    ]


def _differing(settings: Sequence[Settings]) -> list[str]:
    every: Sequence[Mapping[str, Any]] = [dict(each) for each in settings]
    return [key for key in sorted(set().union(*every)) if len({repr(values.get(key)) for values in every}) > 1]


def spread(values: Sequence[float]) -> Spread:
    """Compute mean and standard deviation (n - 1 below).

    >>> spread([1.0, 3.0, 5.0])
    Spread(n=3, mean=3.0, sd=2.0, low=None, high=None)
    """
    return Spread(len(values), statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def with_t_interval(values: Sequence[float]) -> Spread:
    """Add the 95% interval of the mean: mean +- t(0.975, n - 1) sd / sqrt(n) (Student 1908)."""
    found = spread(values)
    if found.sd is None:
        return found
    from scipy.special import stdtrit  # the quantile of scipy.stats.t, without its second of imports

    half = float(stdtrit(found.n - 1, (1 + LEVEL) / 2)) * found.sd / math.sqrt(found.n)
    return found._replace(low=found.mean - half, high=found.mean + half)
