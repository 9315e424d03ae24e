"""Reading of YAML files. What DVC reads is read as DVC reads it, or it is refused.

DVC reads YAML 1.2 with ruamel.yaml: `3e-05` is a number, and `no` and `1:30` are text. This module uses PyYAML, because
it is fast to import, but PyYAML reads YAML 1.1. So its rules for plain values are replaced by those of ruamel.yaml
0.19. Values that people write by mistake rather than on purpose (`1_000`, `0o17`, `2026-01-31`, `!!int x`) are refused.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from nerpipe.errors import NerpipeError

REFUSED = "tag:nerpipe,refused"
# Characters that end a line in YAML 1.1 but not in YAML 1.2, and the byte-order mark, which only DVC skips.
AMBIGUOUS = re.compile("[\x85\u2028\u2029\ufeff]")
# Text that every reader of YAML takes for itself without quotes, unless it is one of the words after it.
# What needs no quotes. A colon does: DVC's parser takes none without quotes in a mapping in braces.
_PLAIN = re.compile(r"[A-Za-z_][\w./@-]*", re.ASCII)
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
# What YAML allows within double quotes as an escape only, and what a terminal would obey.
_UNQUOTABLE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
SCALARS = (  # Kind, pattern and first characters. The first row that fits is used.
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?([0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+][0-9]+)?|\.(inf|Inf|INF))|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    # Values that DVC reads as a number or a date although few people mean one, and the merge key.
    (REFUSED, r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9_]+)", list("-+0123456789")),
    (REFUSED, r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9_]+([eE][-+][0-9]+)?)", list("-+.0123456789")),
    (REFUSED, r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?", list("0123456789")),
    (REFUSED, r"<<|=", ["<", "="]),
)


class _DvcLoader(yaml.SafeLoader):
    """PyYAML's loader with DVC's rules for plain values. No key may be given twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's class attribute
    yaml_constructors = {  # noqa: RUF012 - PyYAML's class attribute
        f"tag:yaml.org,2002:{kind}": yaml.SafeLoader.yaml_constructors[f"tag:yaml.org,2002:{kind}"]
        for kind in ("null", "bool", "str", "seq", "map")
    }

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's signature
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            where = f"{self.name}:{event.start_mark.line + 1}"
            raise NerpipeError(
                f"{where}: anchors (&), aliases (*) and tags (!) are not allowed; write the value itself"
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            if isinstance(key, list | dict):
                raise _refusal(key_node, "cannot be a key")
            if key in seen:
                raise NerpipeError(
                    f"[{node.start_mark.name}:{line} -> {key}] the key is given twice, first on line {seen[key]}; "
                    "keep one of the two"
                )
            seen[key] = line
        return super().construct_mapping(node, deep)


def _refusal(node: yaml.Node, what: str) -> NerpipeError:
    shown = node.value if isinstance(node, yaml.ScalarNode) else node.tag
    return NerpipeError(
        f"{node.start_mark.name}:{node.start_mark.line + 1}: {shown!r} {what}; write a number in plain decimal digits, "
        "such as 1000, 0.5 or 3e-5, and put text in quotes"
    )


def _refuse(_: yaml.SafeLoader, node: yaml.Node) -> object:
    raise _refusal(node, "can be read in more than one way")


def _construct_int(_: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    try:
        return int(node.value)
    except ValueError:
        raise _refusal(node, "is not a number") from None


def _construct_float(_: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    try:
        return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise _refusal(node, "is not a number") from None


for _tag, _pattern, _first in SCALARS:
    _DvcLoader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)
_DvcLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_DvcLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_DvcLoader.add_constructor(None, _refuse)


def load_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML can hold any type
    """Read a YAML file as DVC reads it.

    Raises:
        NerpipeError: If the file is missing or is not valid YAML, if a key is given twice, or if DVC could read a part
            of the file in another way.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise NerpipeError(
            f"{path}: the file does not exist; run from the project's root folder, which holds it"
        ) from None
    except UnicodeDecodeError as error:
        raise NerpipeError(f"{path}: the file is not UTF-8 ({error}); save it as UTF-8") from None
    except OSError as error:
        raise NerpipeError(f"{path}: the file cannot be read ({error.strerror})") from None
    if (found := AMBIGUOUS.search(text)) or text.startswith("%"):
        odd = repr(found[0]) if found else "a YAML directive"
        raise NerpipeError(f"{path}: the file holds {odd}, which can be read in more than one way; remove it")
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> Any:  # noqa: ANN401 - YAML can hold any type
    """Read YAML as DVC reads it, in a time that is proportional to its length: it holds no aliases.

    Args:
        text: The text.
        name: The name of the file that it is from.

    Raises:
        NerpipeError: If it is not valid YAML, if a key is given twice, or if DVC could read a value in another way.
    """
    try:
        loader = _DvcLoader(text)
        loader.name = name
        return loader.get_single_data()
    except (yaml.YAMLError, RecursionError) as error:
        raise NerpipeError(f"{name}: the file is not valid YAML: {error}") from None


def yaml_text(text: str) -> str:
    """Write a text as a key or value of YAML that `load_yaml` and DVC read as this text.

    Args:
        text: The text, without surrogates.

    >>> [yaml_text(text) for text in ("PER", "a:b", "#1", "no")]
    ['PER', '"a:b"', '"#1"', '"no"']
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return _UNQUOTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
