"""Reading of all runs of a repository. Nothing is checked out, no lock is taken, and nothing is waited for."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from nerpipe.comparison.revisions import WORKSPACE, open_repo
from nerpipe.comparison.run_notes import Note
from nerpipe.comparison.run_queue import FAILED_RUN, RUNNING_NOW, STOPPED, pending_runs, running_in_workspace
from nerpipe.comparison.run_records import NO_RESULTS, UNFINISHED, UNREADABLE_RUN, RunRecord, read_record
from nerpipe.comparison.run_tables import show_param
from nerpipe.comparison.runs import Run, RunOverview, overview_of
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from dvc.repo import Repo

NAMED = 5  # The most runs that a note names.
SHORT_COMMIT = 7  # Digits of a commit without a name, as in DVC's tables.
_NOTES = {
    FAILED_RUN: "failed: `dvc queue logs NAME` says why, and `dvc queue remove --failed` removes such rows",
    STOPPED: "stopped: its process has ended without a result; `dvc queue kill NAME` lets DVC forget it",
    UNFINISHED: "unfinished: the stages ran with different params or data; `dvc repro` brings them to an end",
}


def collect_runs(*, everything: bool) -> RunOverview:
    """Read the runs of the repository of the working directory.

    Args:
        everything: Whether to take all branches and tags and all experiments, and not only HEAD, the working folder,
            and the experiments that started from HEAD.

    Raises:
        NerpipeError: If there is no repository of DVC and git, or nothing was run in it yet.
    """
    with open_repo() as repo:
        if repo.scm.no_commits:
            raise NerpipeError("there is no commit in the repository, so there is no run; commit first")
        names = _commits(repo, everything=everything)
        baseline, *commits = (_commit(repo, commit, name) for commit, name in names.items())
        workspace = _workspace(repo, baseline.start)
        pending, fault = _pending(repo, names, everything=everything)  # Before the experiments: one may end meanwhile.
        experiments, others = _experiments(repo, names, everything=everything)
    done = {(run.start, run.name) for run in experiments}
    pending = [run for run in pending if (run.start, run.name) not in done]
    tips = [run for run in commits if run.state != NO_RESULTS]
    shown = [replace(baseline, is_baseline=True), workspace, *tips, *experiments, *pending]
    if all(run.state == NO_RESULTS for run in shown):
        raise NerpipeError(
            "nothing was run yet: neither HEAD nor the working folder has results, and there is no experiment; run "
            "`dvc repro`, or try a change with `dvc exp run -S lr=5e-4`"
        )
    notes = [*_notes(shown), *([Note("{}", fault)] if fault else [])]
    if empty := [run.name for run in commits if run.state == NO_RESULTS]:
        notes.append(Note(f"without results, and not shown: {_places(empty)}", *empty[:NAMED]))
    if not experiments and not pending:
        started = Note("There is no experiment") if everything else Note("No experiment started from {}", baseline.name)
        notes.append(Note(f"{started.words}. `dvc exp run -S lr=5e-4` makes one.", *started.data, is_hint=True))
    if others:
        said = f"Experiments that started from other commits: {others}. `nerpipe runs --all` shows them."
        notes.append(Note(said, is_hint=True))
    return overview_of(shown, notes)


def _commits(repo: "Repo", *, everything: bool) -> dict[str, str]:
    """Map commits to the names of their branches and tags. HEAD is the first, with its own branch in front.

    While `dvc exp run` runs in the working folder, HEAD is on no branch.
    """
    from dvc.scm import RevError, resolve_rev

    head = resolve_rev(repo.scm, "HEAD")
    found: dict[str, list[str]] = {head: []}
    current = repo.scm.get_ref("HEAD", follow=False) or ""
    branches = [f"refs/heads/{name}" for name in repo.scm.list_branches()]
    refs = sorted(branches, key=lambda ref: ref != current) + [f"refs/tags/{name}" for name in repo.scm.list_tags()]
    for ref in refs:
        with suppress(RevError):  # A tag need not name a commit.
            found.setdefault(resolve_rev(repo.scm, ref), []).append(ref.split("/", 2)[2])
    names = {commit: ", ".join(dict.fromkeys(names)) or "HEAD" for commit, names in found.items()}
    return names if everything else {head: names[head]}


def _commit(repo: "Repo", commit: str, name: str) -> Run:
    return Run(name, read_record(repo, commit), commit, seconds=_seconds(repo, commit))


def _workspace(repo: "Repo", head: str) -> Run:
    record = read_record(repo, None)
    if running_in_workspace(repo):
        record = RunRecord(RUNNING_NOW, {**record.params, **record.edited})
    return Run(WORKSPACE, record, head)


def _experiments(repo: "Repo", names: Mapping[str, str], *, everything: bool) -> tuple[list[Run], int]:
    """Read the finished experiments, and count those that started from other commits and are left out."""
    from dvc.repo.experiments.utils import exp_refs

    refs = list(exp_refs(repo.scm))
    wanted = [ref for ref in refs if everything or ref.baseline_sha in names]
    runs = [
        _experiment(repo, names, ref.name, commit, ref.baseline_sha, read_record(repo, commit))
        for ref in wanted
        if (commit := repo.scm.get_ref(str(ref)))
    ]
    return runs, len(refs) - len(wanted)


def _pending(repo: "Repo", names: Mapping[str, str], *, everything: bool) -> tuple[list[Run], str]:
    from scmrepo.exceptions import SCMError

    found, fault = pending_runs(repo)
    wanted = [run for run in found if everything or run.start in names]
    runs = []
    for name, commit, start, state in wanted:
        with suppress(SCMError):  # Git may have deleted the commit of a run that failed long ago.
            # The commit holds the params of the experiment, but the results of the commit that it started from.
            record = read_record(repo, commit)
            record = RunRecord(state, {**record.params, **record.edited})
            runs.append(_experiment(repo, names, name or commit[:SHORT_COMMIT], commit, start, record))
    return runs, fault


def _experiment(repo: "Repo", names: Mapping[str, str], name: str, commit: str, start: str, record: RunRecord) -> Run:
    origin = names.get(start, start[:SHORT_COMMIT])
    return Run(name, record, start, origin, _seconds(repo, commit), is_experiment=True)


def _seconds(repo: "Repo", commit: str) -> int:
    return int(repo.scm.resolve_commit(commit).commit_time)


def _notes(runs: Sequence[Run]) -> Iterator[Note]:
    states = {run.state for run in runs}
    yield from (Note(note) for state, note in _NOTES.items() if state in states)
    yield from (
        Note("{} cannot be read: {}", run.name, run.record.fault) for run in runs if run.state == UNREADABLE_RUN
    )
    edited: dict[str, list[str]] = {}
    for run in runs:
        if run.record.edited:
            changes = ", ".join(show_param(key, value) for key, value in run.record.edited.items())
            edited.setdefault(changes, []).append(run.name)
    for changes, names in edited.items():
        said = f"{_places(names)}: params.yaml was edited after the run ({{}}); `dvc repro` runs with that"
        yield Note(said, *names[:NAMED], changes)


def _places(names: Sequence[str]) -> str:
    """Return a place for each of the first names in the words of a note, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(['{}'] * len(names[:NAMED]))}{more}"
