"""Adds the reference to docs/python.md: what the package offers, with signatures, types and docstrings."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass

from sphinx.application import Sphinx

import nerpipe

PAGE = "docs/python"
# Methods that a caller needs. Those that only serve other parts of the program are left out.
MEMBERS = {"Predictor": "__call__, read, tag", "TrainSettings": "from_params"}
# What the functions return, beside what the package offers by name.
RETURNED = [
    "params.Params",
    "contracts.ledger.Tally",
    "scoring.scores.Scores",
    "scoring.scores.Score",
    "comparison.score_files.FileScores",
    "training.fine_tuning.TrainResult",
    "prediction.finder.TaggedWords",
    "prediction.finder.Reading",
]

_FIELD = re.compile(r"    (\w+): ([^=#]+?)(?: = [^#]+?)?(?:  # (.*))?")


def reference(table: str) -> str:
    """Write the section as Markdown, in the order of the table of the page."""
    listed = [name for row in re.findall(r"(?m)^\| (`.*?) \|", table) for name in re.findall(r"`(\w+)`", row)]
    names = [*listed, *(name for name in nerpipe.__all__ if name not in listed)]
    return (
        f"\n## Reference\n\n{_directives([f'nerpipe.{name}' for name in names])}"
        f"\n## What the functions return\n\n{_directives([f'nerpipe.{name}' for name in RETURNED])}"
    )


def _directives(names: list[str]) -> str:
    return "```{eval-rst}\n" + "\n".join(line for name in names for line in _directive(name)) + "\n```\n"


def _directive(path: str) -> Iterator[str]:
    name = path.removeprefix("nerpipe.")
    found = getattr(nerpipe, name, None)
    kind = "autofunction" if inspect.isfunction(found) else "autoclass"
    yield f".. {kind}:: {path}"
    if name in MEMBERS:
        yield f"   :members: {MEMBERS[name]}"
    yield ""


def fields_of(record: type) -> Iterator[str]:
    """Yield a line of Google's docstring style for each field of a record whose source has comments on its fields."""
    lines, said = [], ""
    for line in inspect.getsource(record).splitlines():
        if line.startswith("    # "):
            said = f"{said} {line.strip('# ')}".strip()
        elif field := _FIELD.fullmatch(line):
            name, kind, comment = field.groups()
            lines.append((name, kind, comment or said))
            said = ""
    if any(comment for *_, comment in lines):
        yield from ("", "Attributes:", *(f"    {name} ({kind}): {comment}" for name, kind, comment in lines))


def add_fields(_app: Sphinx, what: str, _name: str, found: object, _options: object, lines: list[str]) -> None:
    """Add the fields of a record, which are explained by comments, to its docstring."""
    if what == "class" and isinstance(found, type) and (is_dataclass(found) or hasattr(found, "_fields")):
        lines += fields_of(found)


def add_reference(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add the section to its page. On GitHub it would be shown as code."""
    if page == PAGE:
        source[0] += reference(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above."""
    app.connect("source-read", add_reference)
    app.connect("autodoc-process-docstring", add_fields, priority=400)  # before napoleon reads the docstring
    return {"parallel_read_safe": True}
