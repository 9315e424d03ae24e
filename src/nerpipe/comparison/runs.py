"""The runs that `nerpipe runs` lists, in groups that can be compared, and the params in which they differ."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nerpipe.comparison.revisions import WORKSPACE
from nerpipe.comparison.run_notes import Note
from nerpipe.comparison.run_queue import FAILED_RUN, QUEUED, RUNNING_NOW, STOPPED
from nerpipe.comparison.run_records import (
    FINISHED_RUN,
    NO_RESULTS,
    SCORED_SPLITS,
    UNFINISHED,
    UNREADABLE_RUN,
    RunRecord,
)

DATASET = "dataset"  # The param whose values part runs that cannot be compared.
STATES = (FINISHED_RUN, RUNNING_NOW, QUEUED, STOPPED, FAILED_RUN, UNFINISHED, NO_RESULTS, UNREADABLE_RUN)


@dataclass(frozen=True)
class Run:
    """A run of the pipeline, or what is to become one."""

    name: str
    record: RunRecord
    start: str  # The commit that it started from; of a commit, itself.
    origin: str = ""  # The name of the commit that an experiment started from.
    seconds: int | None = None  # When its commit was made, in seconds since 1970; None for the working folder.
    is_experiment: bool = False
    is_baseline: bool = False  # Whether it is HEAD.

    @property
    def state(self) -> str:
        """Whether it is finished, and why not: one of STATES."""
        return self.record.state


@dataclass(frozen=True)
class RunGroup:
    """The runs that were scored on the same sentences, so that they can be compared, and those that are to be."""

    heading: Note
    dataset: str
    runs: Sequence[Run]


@dataclass(frozen=True)
class RunOverview:
    """What `nerpipe runs` shows."""

    groups: Sequence[RunGroup]
    baseline: Run
    differing: Sequence[str]  # The params in which the runs differ, without the data set.
    notes: Sequence[Note]


def overview_of(runs: Sequence[Run], notes: Sequence[Note] = ()) -> RunOverview:
    """Group runs by the sentences that they were scored on, and find the params in which they differ.

    Args:
        runs: The runs. One of them is the baseline.
        notes: What is to be said below the tables.
    """
    known: set[str] = set().union(*(run.record.params for run in runs if run.state == FINISHED_RUN))
    kept = [_with_known_params(run, known) for run in runs] if known else list(runs)
    baseline = next(run for run in kept if run.is_baseline)
    differing = differing_keys([run.record.params for run in kept if run.record.params])
    groups = _groups(kept)
    counts = Counter(group.dataset for group in groups)
    changed = [
        Note(
            "Data set {}: its dev or test changed between these runs, and each state of them has a table of its own.",
            name,
        )
        for name, count in counts.items()
        if count > 1
    ]
    return RunOverview(groups, baseline, [key for key in differing if key != DATASET], [*notes, *changed])


def differing_keys(params: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the keys that do not have the same value in all mappings, sorted."""
    keys: set[str] = set().union(*params)
    return [key for key in sorted(keys) if any(key not in one or one[key] != params[0].get(key) for one in params)]


def _with_known_params(run: Run, known: Collection[str]) -> Run:
    """Leave out params that no finished run lists. They change no result."""
    params = {key: value for key, value in run.record.params.items() if key in known}
    return replace(run, record=replace(run.record, params=params))


def _groups(runs: Sequence[Run]) -> list[RunGroup]:
    """Group runs: first the data set of the baseline, then others by name. A run without results joins its data set."""
    members: dict[tuple[str, object], list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.state != FINISHED_RUN, not run.is_baseline)):
        dataset = str(run.record.params.get(DATASET, ""))
        key: tuple[str, object] = (dataset, run.record.gold)
        if run.state != FINISHED_RUN:
            key = next((known for known in members if known[0] == dataset), key)
        members.setdefault(key, []).append(run)
    groups: list[RunGroup] = []
    for (dataset, _), group in sorted(members.items(), key=lambda item: (not _has_baseline(item[1]), item[0][0])):
        same = sum(known.dataset == dataset for known in groups)
        heading = _heading(dataset, group, f" (state {same + 1} of its sentences)" if same else "")
        groups.append(RunGroup(heading, dataset, sorted(group, key=_place)))
    return groups


def _has_baseline(runs: Sequence[Run]) -> bool:
    return any(run.is_baseline for run in runs)


def _heading(dataset: str, runs: Sequence[Run], state: str) -> Note:
    counts = next((run.record.sentences for run in runs if len(run.record.sentences) == len(SCORED_SPLITS)), None)
    size = f", {counts['dev']:,} sentences of dev and {counts['test']:,} of test" if counts else ""
    return Note(f"{{}}{size}{state}", dataset) if dataset else Note(f"unknown{size}{state}")


def _place(run: Run) -> tuple[bool, bool, int, float, str]:
    """Sort by dev F1, the best first. The baseline and the working folder go before all others."""
    dev = run.record.f1["dev"].value if run.state == FINISHED_RUN else 0.0
    return not run.is_baseline, run.name != WORKSPACE or run.is_experiment, STATES.index(run.state), -dev, run.name
