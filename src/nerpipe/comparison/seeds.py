"""Settings that were trained with several seeds: mean and deviation of each, and their differences seed by seed."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.comparison.revisions import WORKSPACE, at_revision, experiments_from, open_repo
from nerpipe.comparison.run_inputs import PARAMS_FILE, read_lock
from nerpipe.contracts.escapes import shell_word
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.resampling import LEVEL

if TYPE_CHECKING:
    from dvc.repo import Repo

SEED = "seed"
SCORED_SPLITS = ("dev", "test")
METRICS = "metrics/metrics.json"
HOW = "dvc exp run --queue -S seed=1,2,3,4,5 -S lr=1e-4,2e-4 && dvc exp run --run-all"

Settings = tuple[tuple[str, Any], ...]  # All params except the seed, sorted.


class Run(NamedTuple):
    """One training run: an experiment, HEAD or the workspace."""

    name: str
    settings: Settings
    seed: int
    f1: dict[str, float]  # F1 by split.


class Spread(NamedTuple):
    """Mean, standard deviation (n - 1 in the denominator) and 95% interval of n numbers.

    `sd` is None for a single number. `low` and `high` are None for a single number, or if no interval was computed.
    """

    n: int
    mean: float
    sd: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SettingRow:
    """One setting over its seeds."""

    differing: dict[str, Any]  # The values of those params in which the settings differ.
    seeds: list[int]
    runs: list[str]
    f1: dict[str, Spread]  # F1 by split.
    # F1 by split of this setting minus that of the first setting, over their common seeds. Empty for the first setting.
    gain: dict[str, Spread]


def seed_rows() -> list[SettingRow]:
    """Collect the runs that started from HEAD and tabulate them by setting.

    Raises:
        NerpipeError: If there is no experiment with results, or two runs with the same params have different results.
    """
    return tabulate_runs(*collect_runs())


def collect_runs() -> tuple[list[Run], Settings | None]:
    """Read params and metrics of all experiments that started from HEAD.

    The runs of HEAD and of the workspace are added if an experiment has the same settings but none has their seed.

    Returns:
        The runs, and the settings of HEAD, or None if the pipeline was not run at HEAD.

    Raises:
        NerpipeError: If there is no experiment with results.
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
            f"{len(experiments)} experiments started from HEAD and none has results; train some first, such as `{HOW}` "
            "(experiments of older commits do not count; `dvc exp show -A` lists them)"
        )
    for run in (head, workspace):
        if run and any(run.settings == other.settings for other in runs):
            known = {(other.settings, other.seed) for other in runs}
            runs += [run] if (run.settings, run.seed) not in known else []
    return runs, head.settings if head else None


def read_run(repo: "Repo", name: str) -> Run | None:
    """Read the run of the repository's current revision, or return None if its evaluation did not finish.

    The params are read from dvc.lock, because the results were made with them. Those of params.yaml may be newer.
    """
    from dvc.utils.serialize import ParseError, load_json

    stages = read_lock(repo, name).values()
    try:
        scores = load_json(repo.fs.join(repo.root_dir, *METRICS.split("/")), fs=repo.fs)
    except FileNotFoundError:
        return None
    except ParseError as error:
        raise NerpipeError(f"{name}: {error}; correct or restore the file (`git checkout -- FILE`)") from None
    params: dict[str, Any] = {}
    for stage in stages:
        for key, value in stage.get("params", {}).get(PARAMS_FILE, {}).items():
            if params.setdefault(key, value) != value:
                return None  # The run was interrupted: its stages have different params.
    if not isinstance(params.get(SEED), int) or not all(split in scores for split in SCORED_SPLITS):
        return None
    seed = params.pop(SEED)
    return Run(
        name, tuple(sorted(params.items())), seed, {split: float(scores[split]["f1"]) for split in SCORED_SPLITS}
    )


def tabulate_runs(runs: Sequence[Run], reference: Settings | None = None) -> list[SettingRow]:
    """Tabulate runs by setting.

    The first setting is `reference` if it is among the runs. Otherwise it is the first in the order of the values.

    Raises:
        NerpipeError: If two runs have the same params and different results.
    """
    by_setting: dict[Settings, dict[int, Run]] = {}
    for run in runs:
        same = by_setting.setdefault(run.settings, {}).setdefault(run.seed, run)
        if same.f1 != run.f1:
            raise NerpipeError(
                f"{same.name} and {run.name} have the same params but different results: the code or the data changed "
                f"between them, so seeds cannot be compared. Remove one: `dvc exp remove {shell_word(same.name)}`"
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
    """Make a sort key that orders numbers by value, and all other values by their text."""
    return [
        (key, isinstance(value, str), float(value) if isinstance(value, int | float) else 0.0, str(value))
        for key, value in settings
    ]


def _differing(settings: Sequence[Settings]) -> list[str]:
    every: Sequence[Mapping[str, Any]] = [dict(each) for each in settings]
    return [key for key in sorted(set().union(*every)) if len({repr(values.get(key)) for values in every}) > 1]


def spread(values: Sequence[float]) -> Spread:
    """Compute mean and standard deviation (n - 1 in the denominator).

    >>> spread([1.0, 3.0, 5.0])
    Spread(n=3, mean=3.0, sd=2.0, low=None, high=None)
    """
    return Spread(len(values), statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def with_t_interval(values: Sequence[float]) -> Spread:
    """Add the 95% interval of the mean: mean +- t(0.975, n - 1) sd / sqrt(n) (Student 1908)."""
    found = spread(values)
    if found.sd is None:
        return found
    from scipy.special import stdtrit  # The quantile of scipy.stats.t, whose import takes a second longer.

    half = float(stdtrit(found.n - 1, (1 + LEVEL) / 2)) * found.sd / math.sqrt(found.n)
    return found._replace(low=found.mean - half, high=found.mean + half)
