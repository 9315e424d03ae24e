"""The tables of docs/data.md, whose examples run as tests."""

import ast
import re

from places import ROOT

DOCS = ROOT / "docs/data.md"


def table(after):
    """The rows of the first table after this text: the cells of each."""
    text = DOCS.read_text(encoding="utf-8").partition(after)[2]
    rows = re.search(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def examples(cell):
    """The examples of a cell: keys of corpus.yaml, and bytes."""
    for text in re.findall(r"`([^`]+)`", cell):
        prefix, raw = re.fullmatch(r"((?:[a-z_]+=\S+ )*)(.*)", text).groups()
        keys = dict(part.split("=", 1) for part in prefix.split())
        if "types" in keys:
            keys["types"] = dict(pair.split(":") for pair in keys["types"].split(","))
        yield keys, ast.literal_eval(f'b"{raw}"' if "'" in raw else f"b'{raw}'")
