"""The sides of a comparison: predictions in a file, in the workspace, or kept by DVC for any git revision."""

import difflib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.conll import read_rows
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from dvc.output import Output
    from dvc.repo import Repo

WORKSPACE = "workspace"  # DVC's word for the working folder
EVALUATE_STAGE = "evaluate"
PREDICTIONS_OUT = "predictions"  # dvc.yaml says where this folder lies, at each revision for itself
WIDTH = 4  # token, gold, predicted, confidence


@dataclass(frozen=True)
class SystemOutput:
    """A split's words with both tags; every list has a row a sentence."""

    name: str  # as the user typed it
    source: str  # where it was read
    tokens: list[list[str]]
    gold: list[list[str]]
    predicted: list[list[str]]


def load_output(name: str, split: str) -> SystemOutput:
    """Read the predictions of a split.

    Args:
        name: a predictions file; `workspace`; or what git or DVC call a revision: branch, tag, commit or experiment. A
            file that exists goes first.
        split: "dev" or "test"; of no account for a file.

    Raises:
        NerpipeError: if nothing has this name, or the predictions are not to be had; the message says how to get them.
    """
    if Path(name).is_file():
        return _read(name, Path(name), name)
    with open_repo() as repo:
        if name == WORKSPACE:
            path = Path(_predictions_of(repo, name).fs_path) / f"{split}.conll"
            return _read(name, path, os.path.relpath(path))
        with at_revision(repo, name), tempfile.TemporaryDirectory() as folder:
            out = _predictions_of(repo, name)
            if not out.hash_info:
                raise NerpipeError(
                    f"{name}: the pipeline was never run on it: its dvc.lock has no {out.def_path}; check it out, run "
                    "`dvc repro` and commit dvc.lock"
                )
            source = f"{out.def_path}/{split}.conll"
            target = Path(folder) / f"{split}.conll"
            _fetch(repo, name, source, target)
            return _read(name, target, f"{name}:{source}")


@contextmanager
def open_repo() -> "Iterator[Repo]":
    """Open the DVC repository of the working directory, whose remotes serve every revision.

    At a revision DVC knows the remotes that were configured there; those of today are what the user can mend.

    Raises:
        NerpipeError: if there is none, it is in no git repository, or DVC itself finds fault.
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
            f"{Path.cwd()} is in no DVC repository with git, where revisions and experiments are looked up: change "
            "into the project, or name two predictions files"
        )
    try:
        with Repo(root, config=remotes if remotes["core"]["remote"] else None) as repo:
            yield repo
    except InternalSCMError as error:
        raise NerpipeError(f"git cannot read the project in {root}: {error}; is anything committed?") from None
    except DvcException as error:
        raise NerpipeError(f"DVC cannot read the project in {root}: {error}") from None


@contextmanager
def at_revision(repo: "Repo", name: str) -> Iterator[str]:
    """Let `repo` show a revision for as long as the block lasts; yield its commit.

    Raises:
        NerpipeError: if there is no such revision, naming those that are spelt nearly so, or DVC was not used there.
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
        raise NerpipeError(f"{name}: DVC was not used at this revision (no .dvc folder); name another") from None
    except DvcException as error:
        raise NerpipeError(f"{name}: DVC cannot read this revision: {error}") from None


def experiments_from(repo: "Repo", commit: str | None = None) -> dict[str, str]:
    """Map the names of the experiments that began at a commit, or of all, to their own commits.

    Not by `repo.experiments.ls`, which waits for the lock of a `dvc exp run` that goes on.
    """
    from dvc.repo.experiments.utils import exp_refs

    refs = {ref.name: str(ref) for ref in exp_refs(repo.scm) if commit in (None, ref.baseline_sha)}
    return {name: repo.scm.get_ref(refs[name]) for name in sorted(refs)}


def _unknown(repo: "Repo", name: str, reason: str) -> str:
    if "ambiguous" in reason:
        return f"{name}: several experiments or commits have this name; give the commit, from `dvc exp show`"
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
    """Find the folder of predictions among the outputs of the evaluate stage."""
    from dvc.stage.exceptions import StageFileDoesNotExistError, StageNotFound

    try:
        stage = repo.stage.load_one(repo.fs.join(repo.root_dir, "dvc.yaml"), EVALUATE_STAGE)
    except (StageNotFound, StageFileDoesNotExistError):
        stage = None
    for out in stage.outs if stage else ():
        if repo.fs.name(out.fs_path) == PREDICTIONS_OUT:
            return out
    raise NerpipeError(
        f"{name}: its dvc.yaml has no stage `{EVALUATE_STAGE}` with a folder `{PREDICTIONS_OUT}` among its outs; name "
        "a revision that has one, or a predictions file"
    )


def _fetch(repo: "Repo", name: str, source: str, target: Path) -> None:
    """Copy a file of the current revision from DVC's cache, or else from the remote."""
    from dvc.fs.dvc import DVCFileSystem
    from dvc_data.index import DataIndexError

    remote = repo.config["core"].get("remote")
    files = DVCFileSystem(repo=repo)
    try:
        files.info(f"/{source}")
    except FileNotFoundError:
        raise NerpipeError(
            f"{name}: there is no {source} at this revision; does its `{EVALUATE_STAGE}` predict it?"
        ) from None
    except DataIndexError:
        pass  # the folder's list of files is not in the cache, as the next step will say
    try:
        files.get_file(f"/{source}", str(target))
    except (DataIndexError, OSError, ImportError) as error:
        looked = f"nor in the remote {remote!r}" if remote else "and no remote is configured"
        why = f" ({error})" if isinstance(error, ImportError) else ""
        raise NerpipeError(
            f"{name}: {source} is not in DVC's cache, {looked}{why}. Where it was made, `dvc push` (for an experiment "
            f"`dvc exp push origin {name}`) puts it into the remote, from which it is read here, or by `dvc fetch`. Or "
            f"make it again: `git checkout {name}`, then `dvc repro`"
        ) from None


def _read(name: str, path: Path, source: str) -> SystemOutput:
    try:
        sentences = list(read_rows(path, WIDTH))
    except NerpipeError as error:
        raise NerpipeError(str(error).replace(str(path), source)) from None  # a copy's path means nothing to a user
    except UnicodeDecodeError as error:
        raise NerpipeError(f"{source}: no UTF-8 ({error}); a predictions file was expected") from None
    if not sentences:
        raise NerpipeError(f"{source}: holds no sentence; a predictions file was expected, as `dvc repro` writes it")
    columns: Any = [[list(column) for column in zip(*rows, strict=True)] for rows in sentences]
    tokens, gold, predicted, _ = (list(column) for column in zip(*columns, strict=True))
    return SystemOutput(name, source, tokens, gold, predicted)
