"""Canonical CoNLL, the file format between stages.

Each line holds one word as `token<TAB>tag`, and a blank line follows each sentence. The encoding is UTF-8. Only LF ends
a line, so a token may contain U+2028, U+0085 and similar characters.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nerpipe.errors import NerpipeError


class Sentence(NamedTuple):
    """One sentence of a canonical CoNLL file. It has one tag for each token, and at least one token."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]


def format_sentence(columns: Iterable[Iterable[str]]) -> str:
    """Format one sentence, with the blank line that ends it. Each row holds the columns of one word."""
    return "".join("\t".join(row) + "\n" for row in columns) + "\n"


def read_rows(path: Path, width: int) -> Iterator[list[list[str]]]:
    """Yield each sentence of a canonical file as a list of rows with `width` columns.

    Raises:
        NerpipeError: If the file is missing, a row has another number of columns, or the last sentence has no blank
            line after it.
    """
    rows: list[list[str]] = []
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if line == "\n":
                    yield rows
                    rows = []
                    continue
                row = line.removesuffix("\n").split("\t")
                if len(row) != width:
                    raise NerpipeError(
                        f"{path}:{number}: {len(row)} columns where {width} were expected in {line!r}. This file is an "
                        "output of the pipeline and may have been edited; `dvc repro --force` rebuilds it"
                    )
                rows.append(row)
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    if rows:
        raise NerpipeError(f"{path}: the file ends within a sentence; `dvc repro --force` rebuilds it")


def read_conll(path: str | Path) -> Iterator[Sentence]:
    r"""Yield the sentences of a canonical file with two columns, one at a time.

    >>> from pathlib import Path
    >>> _ = Path("two.conll").write_text("Ada\tB-person\nslept\tO\n\nHi\tO\n\n")
    >>> [sentence.tokens for sentence in read_conll("two.conll")]
    [('Ada', 'slept'), ('Hi',)]

    Raises:
        NerpipeError: If `read_rows` raises it.
    """
    for rows in read_rows(Path(path), width=2):
        tokens, tags = zip(*rows, strict=True)
        yield Sentence(tokens, tags)
