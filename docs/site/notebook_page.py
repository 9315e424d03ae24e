"""Shows a notebook as a page: its text, its code, and the outputs that are kept in the file."""

import json
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx


def markdown_of(notebook: dict[str, Any]) -> str:
    """Write the cells of a notebook as Markdown."""
    return "\n\n".join(part for cell in notebook["cells"] for part in _parts(cell))


def _parts(cell: dict[str, Any]) -> Iterator[str]:
    if cell["cell_type"] == "markdown":
        yield _text(cell["source"])
        return
    yield f"````python\n{_text(cell['source'])}\n````"
    for output in cell["outputs"]:
        shown = output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
        yield f"````{{code-block}} text\n:class: output\n\n{_text(shown).rstrip()}\n````"


def _text(lines: str | list[str]) -> str:
    return "".join(lines)


def read_notebook(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the JSON of a notebook by its Markdown."""
    if app.env.doc2path(page).suffix == ".ipynb":
        source[0] = markdown_of(json.loads(source[0]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the function above."""
    app.connect("source-read", read_notebook)
    return {"parallel_read_safe": True}
