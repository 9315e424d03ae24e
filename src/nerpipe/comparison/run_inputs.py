"""What a run was made from, as its dvc.lock says: params, and files and folders that no stage makes."""

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict

from nerpipe.contracts.escapes import json_text
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
    try:
        content = repo.fs.read_bytes(repo.fs.join(repo.root_dir, LOCK_FILE))
    except FileNotFoundError:
        return {}
    place = f"{name}:{LOCK_FILE}"
    return stages_of(parse_as_dvc(content, place), Path(place))


def parse_as_dvc(content: bytes, place: str) -> dict[str, Any]:
    """Parse a YAML file with a mapping as DVC does.

    Args:
        content: The content of the file. An empty one is an empty mapping.
        place: The file, for the message.

    Raises:
        NerpipeError: If it is no YAML, or holds something else.
    """
    from dvc.utils.serialize import parse_yaml

    try:
        found = parse_yaml(content.decode(), place)
    except Exception as error:  # noqa: BLE001 - a value such as `!!bool x` raises any error
        raise NerpipeError(f"{place}: {error}; correct or restore the file (`git checkout -- FILE`)") from None
    if not isinstance(found, dict):
        raise NerpipeError(f"{place}: a mapping was expected, one `key: value` on each line")
    return found


def comparable_params(params: Mapping[Any, Any], place: str) -> dict[str, str | float | bool | None]:
    """Return params with values that can be compared, sorted and shown: a list or a mapping as the text of its JSON.

    Args:
        params: The params, as YAML has them.
        place: The file, for the message.

    Raises:
        NerpipeError: If a key is no text, or a value can be none of a param.
    """
    found = {}
    for key, value in params.items():
        if not isinstance(key, str):
            raise NerpipeError(f"{place}: the key {key!r} of a param is no text; rename the param, or quote its name")
        try:
            found[key] = _comparable(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise NerpipeError(
                f"{place}: the value of the param {key!r} cannot be compared ({error}); allowed are texts, numbers, "
                "true, false, null, and lists and mappings of these"
            ) from None
    return found


def _comparable(value: Any) -> str | float | bool | None:  # noqa: ANN401 - a param's value
    if isinstance(value, int | float) and math.isnan(value):  # An integer that is too large raises an error here.
        raise ValueError("NaN is equal to no number")
    if isinstance(value, str | int | float | None):
        return value
    return str(value) if isinstance(value, date) else json_text(value, sort_keys=True)


def stages_of(lock: object, place: Path) -> dict[str, LockedStage]:
    """Return the stages of the content of a dvc.lock. An empty file has none.

    Args:
        lock: The content.
        place: The file, for the message.

    Raises:
        NerpipeError: If DVC did not write it.
    """
    return check_shape(lock or {}, _Lock, place).get("stages", {})


def inputs_of_stage(stages: Mapping[str, LockedStage], last: str, place: str = LOCK_FILE) -> RunInputs | None:
    """Collect what a stage was made from: its own params and sources, and those of the stages that it depends on.

    Args:
        stages: The stages of dvc.lock.
        last: The name of the stage.
        place: The file that holds the records, for the message.

    Returns:
        The inputs, or None if the stage has not run, or if the records of its stages do not fit together: the last run
        was stopped before it was complete.

    Raises:
        NerpipeError: If `comparable_params` raises it.
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
        own = comparable_params(stages[name].get("params", {}).get(PARAMS_FILE, {}), place)
        for key, value in own.items():
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
