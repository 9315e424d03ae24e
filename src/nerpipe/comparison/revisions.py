"""The two sides of a comparison: predictions from a file, the workspace, or any git revision that DVC has stored."""

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.comparison.run_inputs import EVALUATE_STAGE, LOCK_FILE, RunInputs, inputs_of_stage, read_lock
from nerpipe.contracts.conll import read_blocks
from nerpipe.contracts.escapes import shell_word
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.signature import CANONICAL_SCHEME

if TYPE_CHECKING:
    from dvc.output import Output
    from dvc.repo import Repo

WORKSPACE = "workspace"  # DVC's word for the working folder
PREDICTIONS_OUT = "predictions"  # Name of the folder; its path is in the dvc.yaml of each revision.
WIDTH = 4  # token, gold, predicted, confidence


@dataclass(frozen=True)
class SystemOutput:
    """The words of a split with gold and predicted tags. Every list has one row for each sentence."""

    name: str  # The name that the user typed.
    source: str  # Where the predictions were read.
    tokens: list[list[str]]
    gold: list[list[str]]
    predicted: list[list[str]]
    # The id of each document (None if it has none) by the index of its first sentence. Empty if none are known.
    boundaries: Mapping[int, str | None] = field(default_factory=dict)
    scheme: str = CANONICAL_SCHEME  # The scheme of the gold file.
    inputs: RunInputs | None = None  # What the predictions were made from, if that is known.

    @property
    def is_given(self) -> bool:
        """Whether the user named a file or a model, and no state of the pipeline."""
        return self.name == self.source


def load_output(name: str, split: str) -> SystemOutput:
    """Read the predictions of a split.

    Args:
        name: A predictions file, `workspace`, or a revision of git or DVC: branch, tag, commit or experiment. If a file
            has this name, it is read.
        split: "dev" or "test". It is ignored for a file.

    Raises:
        NerpipeError: If nothing has this name, or the predictions are not available; the message says how to get them.
    """
    if Path(name).is_file():
        return _read(name, Path(name), name)
    with open_repo(otherwise=", or name two predictions files") as repo:
        if name == WORKSPACE:
            out = _predictions_of(repo, name)
            path = Path(out.fs_path) / f"{split}.conll"
            output = _read(name, path, os.path.relpath(path))
            # The files may be others than those of dvc.lock, such as after `git checkout` without `dvc checkout`.
            return output if out.workspace_status() else replace(output, inputs=_inputs(repo, name))
        with at_revision(repo, name), tempfile.TemporaryDirectory() as folder:
            out = _predictions_of(repo, name)
            if not out.hash_info:
                raise NerpipeError(
                    f"{name}: the pipeline was never run at this revision, because its dvc.lock has no {out.def_path}; "
                    "check the revision out, run `dvc repro` and commit dvc.lock"
                )
            source = f"{out.def_path}/{split}.conll"
            target = Path(folder) / f"{split}.conll"
            _fetch(repo, name, source, target)
            return replace(_read(name, target, f"{name}:{source}"), inputs=_inputs(repo, name))


@contextmanager
def open_repo(otherwise: str = "") -> "Iterator[Repo]":
    """Open the DVC repository of the working directory, and use its present remotes for every revision.

    At an old revision DVC would use the remotes that were configured there, which the user cannot change any more.

    Args:
        otherwise: What a user without a repository can do instead, for the message.

    Raises:
        NerpipeError: If there is no DVC repository, it is not in a git repository, or DVC raises an error.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.repo import Repo
    from dvc.scm import NoSCM, SCMError
    from scmrepo.exceptions import SCMError as InternalSCMError

    try:
        with Repo() as plain:
            remotes = {"core": {"remote": plain.config["core"].get("remote")}, "remote": plain.config["remote"]}
            root, without_git = plain.root_dir, isinstance(plain.scm, NoSCM)
    except (NotDvcRepoError, SCMError):
        without_git = True
    if without_git:
        raise NerpipeError(
            f"{Path.cwd()} is in no DVC repository with git, so revisions and experiments cannot be found: change into "
            f"the project folder{otherwise}"
        )
    try:
        with Repo(root, config=remotes if remotes["core"]["remote"] else None) as repo:
            yield repo
    except InternalSCMError as error:
        raise NerpipeError(
            f"git cannot read the project in {root}: {error}; does the repository have a commit?"
        ) from None
    except DvcException as error:
        raise NerpipeError(f"DVC cannot read the project in {root}: {error}") from None


@contextmanager
def at_revision(repo: "Repo", name: str) -> Iterator[str]:
    """Switch `repo` to a revision within the block, and yield the commit of the revision.

    Raises:
        NerpipeError: If there is no such revision (the message names revisions with similar names), or DVC was not used
            at it.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.scm import RevError, resolve_rev

    try:
        commit = resolve_rev(repo.scm, name)
    except RevError as error:
        raise NerpipeError(_unknown(repo, name, str(error))) from None
    try:
        with repo.switch(commit):
            yield commit
    except NotDvcRepoError:
        raise NerpipeError(
            f"{name}: DVC was not used at this revision (it has no .dvc folder); name another one"
        ) from None
    except DvcException as error:
        raise NerpipeError(f"{name}: DVC cannot read this revision: {error}") from None


def experiments_from(repo: "Repo", commit: str | None = None) -> dict[str, str]:
    """Map the names of experiments to their commits: those that started from `commit`, or all if it is None.

    `repo.experiments.ls` is not used, because it waits for the lock of a `dvc exp run` that is still running.
    """
    from dvc.repo.experiments.utils import exp_refs

    refs = {ref.name: str(ref) for ref in exp_refs(repo.scm) if commit in (None, ref.baseline_sha)}
    return {name: repo.scm.get_ref(refs[name]) for name in sorted(refs)}


def _unknown(repo: "Repo", name: str, reason: str) -> str:
    if "ambiguous" in reason:
        return f"{name}: several experiments or commits have this name; give the commit, which `dvc exp show` lists"
    known = {
        "branches": sorted(repo.scm.list_branches()),
        "tags": sorted(repo.scm.list_tags()),
        "experiments": list(experiments_from(repo)),
    }
    near = difflib.get_close_matches(name, [item for items in known.values() for item in items], n=3)
    listed = "; ".join(f"{kind}: {', '.join(items[:10])}" for kind, items in known.items() if items)
    hint = f"did you mean {' or '.join(near)}?" if near else listed or "nothing was committed yet"
    return f"{name} is no file, no git revision and no DVC experiment; {hint}"


def _predictions_of(repo: "Repo", name: str) -> "Output":
    """Find the folder of predictions among the outputs of the stage evaluate."""
    from dvc.stage.exceptions import StageFileDoesNotExistError, StageNotFound

    try:
        stage = repo.stage.load_one(repo.fs.join(repo.root_dir, "dvc.yaml"), EVALUATE_STAGE)
    except (StageNotFound, StageFileDoesNotExistError):
        stage = None
    for out in stage.outs if stage else ():
        if repo.fs.name(out.fs_path) == PREDICTIONS_OUT:
            return out
    raise NerpipeError(
        f"{name}: its dvc.yaml has no stage `{EVALUATE_STAGE}` with a folder `{PREDICTIONS_OUT}` in its outs; name a "
        "revision that has one, or a predictions file"
    )


def _inputs(repo: "Repo", name: str) -> RunInputs | None:
    return inputs_of_stage(read_lock(repo, name), EVALUATE_STAGE, f"{name}:{LOCK_FILE}")


def _fetch(repo: "Repo", name: str, source: str, target: Path) -> None:
    """Copy a file of the current revision from DVC's cache or, if it is not there, from the remote."""
    from dvc.fs.dvc import DVCFileSystem
    from dvc_data.index import DataIndexError

    remote = repo.config["core"].get("remote")
    files = DVCFileSystem(repo=repo)
    try:
        files.info(f"/{source}")
    except FileNotFoundError:
        raise NerpipeError(
            f"{name}: there is no {source} at this revision; check that its stage `{EVALUATE_STAGE}` writes it"
        ) from None
    except DataIndexError:
        pass  # The folder's list of files is not in the cache. The next step raises an error about it.
    try:
        files.get_file(f"/{source}", str(target))
    except (DataIndexError, OSError, ImportError) as error:
        looked = f"nor in the remote {remote!r}" if remote else "and no remote is configured"
        why = f" ({error})" if isinstance(error, ImportError) else ""
        word = shell_word(name)
        raise NerpipeError(
            f"{name}: {source} is not in DVC's cache, {looked}{why}. Run `dvc push` where the file was made (for an "
            f"experiment `dvc exp push origin {word}`). This puts it into the remote, from which it is then read; `dvc "
            f"fetch` also copies it from there. Or make it again: `git checkout {word}`, then `dvc repro`"
        ) from None


def _read(name: str, path: Path, source: str) -> SystemOutput:
    try:
        blocks = list(read_blocks(path, WIDTH))
    except NerpipeError as error:
        raise NerpipeError(
            str(error).replace(str(path), source)
        ) from None  # The user does not know the path of a copy.
    if not blocks:
        raise NerpipeError(f"{source}: the file holds no sentence; expected a predictions file, as `dvc repro` writes")
    columns: Any = [[list(column) for column in zip(*block.rows, strict=True)] for block in blocks]
    tokens, gold, predicted, _ = (list(column) for column in zip(*columns, strict=True))
    boundaries = {place: block.document for place, block in enumerate(blocks) if block.starts_document}
    return SystemOutput(name, source, tokens, gold, predicted, boundaries)
