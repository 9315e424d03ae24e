"""Reading of the JSON files that stages write, with a check that each holds what its reader needs.

A shape is a type: `str`, `int`, `float`, `bool`, `list[...]`, `dict[str, ...]`, `Literal[...]`, `Any`, or a TypedDict.
Other keys than those of the TypedDict are allowed, because a file has several readers. A number that Python's JSON
reader takes and no stage writes fits no shape: NaN, infinity, and what is too large for the machine.
"""

import sys
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NotRequired,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from nerpipe.contracts.files import REBUILD, read_json
from nerpipe.errors import NerpipeError

Content = TypeVar("Content")


class _Bounds(NamedTuple):
    """The least and the greatest number that fits."""

    low: float
    high: float
    in_words: str


Fraction = Annotated[float, _Bounds(0, 1, "a number from 0 to 1")]

_COUNTS = _Bounds(0, 2**63 - 1, "a whole number from 0 on, below 2 to the power of 63,")  # As pandas takes it.
_FLOATS = _Bounds(-sys.float_info.max, sys.float_info.max, "a finite number")
_SHOWN = 80  # Characters of a text in a message.
_IN_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
_KINDS = {
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
    told: list[_Bounds] = []
    while get_origin(shape) in (NotRequired, Annotated):
        shape, *told = get_args(shape)
    if is_typeddict(shape):
        return _fault_of_object(content, shape, place)
    if get_origin(shape) is Literal:
        return None if content in get_args(shape) else _no_choice(content, get_args(shape), place)
    kind = get_origin(shape) or shape
    if shape is not Any and not _is(content, kind):
        return _other_kind(content, _IN_WORDS.get(kind, "an object"), place)
    if kind in (int, float):
        return _fault_of_number(content, next(iter(told), _COUNTS if kind is int else _FLOATS), place)
    return _fault_of_parts(content, shape, place)


def _fault_of_object(content: object, shape: Any, place: str) -> str | None:  # noqa: ANN401 - a TypedDict
    if not isinstance(content, dict):
        return _other_kind(content, "an object", place)
    missing = sorted(shape.__required_keys__ - content.keys())
    if missing:
        return f"{place.lstrip('.') or 'the object'} lacks the key {missing[0]!r}"
    hints = get_type_hints(shape, include_extras=True)
    parts = {key: part for key, part in hints.items() if key in content}
    return next(filter(None, (_fault(content[key], part, f"{place}.{key}") for key, part in parts.items())), None)


def _fault_of_parts(content: object, shape: Any, place: str) -> str | None:  # noqa: ANN401
    """Say what differs first within a list or a mapping. Other content has no parts."""
    if isinstance(content, list) and shape is not Any:
        (part,) = get_args(shape)
        return next(filter(None, (_fault(item, part, f"{place}[{at}]") for at, item in enumerate(content))), None)
    if isinstance(content, dict) and shape is not Any:
        part = get_args(shape)[1]
        for key in content:
            if not isinstance(key, str):  # YAML has such keys.
                return f"{_name(place)} holds the key {repr(key)[:_SHOWN]} where a text is needed"
        return next(filter(None, (_fault(item, part, f"{place}.{key}") for key, item in content.items())), None)
    return None


def _fault_of_number(content: Any, bounds: _Bounds, place: str) -> str | None:  # noqa: ANN401 - a number
    if bounds.low <= content <= bounds.high:  # Not so for NaN.
        return None
    shown = repr(content) if isinstance(content, float) or abs(content) < _COUNTS.high else "a number that is too large"
    return f"{_name(place)} holds {shown} where {bounds.in_words} is needed"


def _no_choice(content: object, choices: tuple[object, ...], place: str) -> str:
    found = repr(content)[:_SHOWN] if isinstance(content, str) else _kind_of(content)
    return f"{_name(place)} holds {found} where one of {', '.join(map(str, choices))} is needed"


def _is(content: object, kind: type) -> bool:
    if isinstance(content, bool):  # Python takes it for a number.
        return kind is bool
    return isinstance(content, (int, float) if kind is float else kind)


def _other_kind(content: object, wanted: str, place: str) -> str:
    return f"{_name(place)} holds {_kind_of(content)} where {wanted} is needed"


def _name(place: str) -> str:
    return place.lstrip(".") or "the file"


def _kind_of(content: object) -> str:
    return "nothing (null)" if content is None else _KINDS.get(type(content), "something else")
