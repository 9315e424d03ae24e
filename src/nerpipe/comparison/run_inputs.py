"""What a run was made from, as its dvc.lock says: params, and files and folders that no stage makes."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict

from nerpipe.contracts.shapes import check_shape
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from dvc.repo import Repo

LOCK_FILE, PARAMS_FILE = "dvc.lock", "params.yaml"
EVALUATE_STAGE = "evaluate"


class LockedFile(TypedDict):
    """A file or folder in dvc.lock."""

    path: str
    md5: NotRequired[str]


class LockedStage(TypedDict):
    """A stage in dvc.lock."""

    params: NotRequired[dict[str, dict[str, Any]]]
    deps: NotRequired[list[LockedFile]]
    outs: NotRequired[list[LockedFile]]


class _Lock(TypedDict):
    stages: NotRequired[dict[str, LockedStage]]


class RunInputs(NamedTuple):
    """Everything that decides the outputs of a stage."""

    params: dict[str, Any]
    sources: dict[str, str]  # The checksum of each file or folder that no stage makes, by its path.


class InputChanges(NamedTuple):
    """What differs between two runs."""

    # The values of each param that differs on both sides. None: the side has no such param.
    params: dict[str, tuple[Any | None, Any | None]]
    sources: list[str]  # Paths.


def read_lock(repo: "Repo", name: str) -> dict[str, LockedStage]:
    """Read the stages of dvc.lock at the current revision of a repository.

    Args:
        repo: The repository.
        name: How the user calls the revision.

    Returns:
        The records of the stages by their names. They are empty if there is no dvc.lock.

    Raises:
        NerpipeError: If dvc.lock cannot be read.
    """
    from dvc.utils.serialize import ParseError, load_yaml

    try:
        return stages_of(load_yaml(repo.fs.join(repo.root_dir, LOCK_FILE), fs=repo.fs), Path(f"{name}:{LOCK_FILE}"))
    except FileNotFoundError:
        return {}
    except ParseError as error:
        raise NerpipeError(f"{name}: {error}; correct or restore the file (`git checkout -- FILE`)") from None


def stages_of(lock: object, place: Path) -> dict[str, LockedStage]:
    """Return the stages of the content of a dvc.lock. An empty file has none.

    Args:
        lock: The content.
        place: The file, for the message.

    Raises:
        NerpipeError: If DVC did not write it.
    """
    return check_shape(lock or {}, _Lock, place).get("stages", {})


def inputs_of_stage(stages: Mapping[str, LockedStage], last: str) -> RunInputs | None:
    """Collect what a stage was made from: its own params and sources, and those of the stages that it depends on.

    Args:
        stages: The stages of dvc.lock.
        last: The name of the stage.

    Returns:
        The inputs, or None if the stage has not run, or if the records of its stages do not fit together: the last run
        was stopped before it was complete.
    """
    makers = {out["path"]: name for name, stage in stages.items() for out in stage.get("outs", [])}
    made = {out["path"]: out.get("md5") for stage in stages.values() for out in stage.get("outs", [])}
    params: dict[str, Any] = {}
    sources: dict[str, str] = {}
    todo, seen = [last], set[str]()
    while todo:
        name = todo.pop()
        if name not in stages:
            return None
        seen.add(name)
        for key, value in stages[name].get("params", {}).get(PARAMS_FILE, {}).items():
            if params.setdefault(key, value) != value:
                return None
        for dependency in stages[name].get("deps", []):
            path, checksum = dependency["path"], dependency.get("md5", "")
            maker = _maker(makers, path)
            if maker is None:
                if sources.setdefault(path, checksum) != checksum:
                    return None
            elif made.get(path, checksum) != checksum:
                return None
            elif maker not in seen:
                todo.append(maker)
    return RunInputs(params, sources)


def changed_inputs(first: RunInputs, other: RunInputs) -> InputChanges:
    """Return the params and the sources that differ between two runs, in the order of their names."""
    params = {
        key: (first.params.get(key), other.params.get(key))
        for key in sorted(first.params.keys() | other.params.keys())
        if first.params.get(key) != other.params.get(key)
    }
    paths = sorted(first.sources.keys() | other.sources.keys())
    return InputChanges(params, [path for path in paths if first.sources.get(path) != other.sources.get(path)])


def _maker(makers: Mapping[str, str], path: str) -> str | None:
    """Return the stage that makes a path, or the folder in which it lies."""
    place = PurePosixPath(path)
    return next((makers[str(each)] for each in (place, *place.parents) if str(each) in makers), None)
