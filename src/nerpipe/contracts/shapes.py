"""Reading of the JSON files that stages write, with a check that each holds what its reader needs.

A shape is a type: `str`, `int`, `float`, `bool`, `list[...]`, `dict[str, ...]`, `Any`, or a TypedDict. Other keys than
those of the TypedDict are allowed, because a file has several readers.
"""

from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from nerpipe.contracts.files import REBUILD, read_json
from nerpipe.errors import NerpipeError

Content = TypeVar("Content")

_IN_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
_JSON_NAMES = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_shaped(path: Path, shape: type[Content]) -> Content:
    """Read a JSON file that another stage wrote.

    Args:
        path: The file.
        shape: What the file must hold, such as `list[str]`.

    Raises:
        NerpipeError: If the file cannot be read or holds something else. The message names the file, the place in it,
            and the command that builds the file again.
    """
    return check_shape(read_json(path), shape, path)


def check_shape(content: object, shape: type[Content], path: Path, place: str = "") -> Content:
    """Return content of a JSON file if it has a shape. The place is that of the content in the file.

    Raises:
        NerpipeError: If it has another shape, as `read_shaped` does.
    """
    fault = _fault(content, shape, place)
    if fault:
        raise NerpipeError(f"{path}: {fault}, so this is not the file that a stage wrote; {REBUILD}")
    return cast("Content", content)


def _fault(content: object, shape: Any, place: str) -> str | None:  # noqa: ANN401 - a type, also list[str]
    """Say what differs first from a shape, or return None. The place is that of the content in its file."""
    if shape is Any:
        return None
    if is_typeddict(shape):
        return _fault_of_object(content, shape, place)
    kind = get_origin(shape) or shape
    if not _is(content, kind):
        return _other_kind(content, _IN_WORDS.get(kind, "an object"), place)
    if isinstance(content, list):
        (part,) = get_args(shape)
        return next(filter(None, (_fault(item, part, f"{place}[{at}]") for at, item in enumerate(content))), None)
    if isinstance(content, dict):
        part = get_args(shape)[1]
        return next(filter(None, (_fault(item, part, f"{place}.{key}") for key, item in content.items())), None)
    return None


def _fault_of_object(content: object, shape: Any, place: str) -> str | None:  # noqa: ANN401 - a TypedDict
    if not isinstance(content, dict):
        return _other_kind(content, "an object", place)
    missing = sorted(shape.__required_keys__ - content.keys())
    if missing:
        return f"{place.lstrip('.') or 'the object'} lacks the key {missing[0]!r}"
    parts = {key: part for key, part in get_type_hints(shape).items() if key in content}
    return next(filter(None, (_fault(content[key], part, f"{place}.{key}") for key, part in parts.items())), None)


def _is(content: object, kind: type) -> bool:
    if isinstance(content, bool):  # Python takes it for a number.
        return kind is bool
    return isinstance(content, (int, float) if kind is float else kind)


def _other_kind(content: object, wanted: str, place: str) -> str:
    found = "nothing (null)" if content is None else _JSON_NAMES[type(content)]
    return f"{place.lstrip('.') or 'the file'} holds {found} where {wanted} is needed"
