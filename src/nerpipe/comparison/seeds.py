"""Settings that were trained with several seeds: mean and deviation of each, and their differences seed by seed."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nerpipe.comparison.run_records import FINISHED_RUN, SCORED_SPLITS
from nerpipe.comparison.runs import Run
from nerpipe.contracts.escapes import shell_word
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.resampling import LEVEL

SEED = "seed"

# The commit that runs started from, because its code may differ from that of others, and all params except the seed.
Settings = tuple[str, tuple[tuple[str, Any], ...]]


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

    params: Mapping[str, Any]  # All params except the seed.
    start: str  # The commit that the runs started from.
    origin: str  # Its name.
    has_baseline: bool  # Whether it is the setting of HEAD.
    seeds: Sequence[int]
    runs: Sequence[str]
    f1: Mapping[str, Spread]  # F1 by split.
    # F1 by split of this setting minus that of the first setting, over their common seeds. Empty for the first setting.
    gain: Mapping[str, Spread]


def tabulate_runs(runs: Sequence[Run]) -> list[SettingRow]:
    """Tabulate the finished runs of one data set by setting.

    The first setting is that of the baseline if it is among the runs. Otherwise it is the first in the order of the
    values. HEAD, other commits and the working folder count only if no experiment has the same setting and seed.

    Raises:
        NerpipeError: If two experiments of one commit have the same params and different results.
    """
    by_setting: dict[Settings, dict[int, Run]] = {}
    for run in sorted(runs, key=lambda run: (not run.is_experiment, not run.is_baseline)):
        seed = run.record.params.get(SEED)
        if run.state != FINISHED_RUN or not isinstance(seed, int):
            continue
        same = by_setting.setdefault(settings_of(run), {}).setdefault(seed, run)
        if run.is_experiment and same.record.f1 != run.record.f1:
            raise NerpipeError(
                f"{same.name} and {run.name} have the same params but different results: the code or the data changed "
                f"between them, so seeds cannot be compared. Remove one: `dvc exp remove {shell_word(same.name)}`"
            )
    baselines = {settings_of(run) for run in runs if run.is_baseline}
    ordered = sorted(by_setting, key=lambda settings: (settings not in baselines, _sortable(settings)))
    return [
        _row(settings, by_setting[settings], by_setting[ordered[0]], has_baseline=settings in baselines)
        for settings in ordered
    ]


def settings_of(run: Run) -> Settings:
    """Return what runs have in common that differ in nothing but their seed."""
    return run.start, tuple(sorted((key, value) for key, value in run.record.params.items() if key != SEED))


def _row(settings: Settings, members: Mapping[int, Run], first: Mapping[int, Run], *, has_baseline: bool) -> SettingRow:
    seeds = sorted(members)
    common = [seed for seed in seeds if seed in first] if members is not first else []
    values = {seed: {split: members[seed].record.f1[split].value for split in SCORED_SPLITS} for seed in seeds}
    f1 = {split: spread([values[seed][split] for seed in seeds]) for split in SCORED_SPLITS}
    gain = {
        split: with_t_interval([values[seed][split] - first[seed].record.f1[split].value for seed in common])
        for split in SCORED_SPLITS
        if common
    }
    names = [members[seed].name for seed in seeds]
    origin = next((run.origin for run in members.values() if run.origin), names[0])
    return SettingRow(dict(settings[1]), settings[0], origin, has_baseline, seeds, names, f1, gain)


def _sortable(settings: Settings) -> tuple[list[tuple[str, bool, float, str]], str]:
    """Make a sort key that orders numbers by value, and all other values by their text."""
    return [
        (key, isinstance(value, str), float(value) if isinstance(value, int | float) else 0.0, str(value))
        for key, value in settings[1]
    ], settings[0]


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
