"""Canonical CoNLL, the format between stages: `token<TAB>tag` a line, a blank line after each sentence, LF, UTF-8.

Only LF ends a line: U+2028, U+0085 and their like may stand inside a token.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nerpipe.errors import NerpipeError


class Sentence(NamedTuple):
    """One sentence of a canonical CoNLL file: as many tags as tokens, at least one of each."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]


def format_sentence(columns: Iterable[Iterable[str]]) -> str:
    """Format one sentence from its rows (a word's columns each), with the blank line that ends it."""
    return "".join("\t".join(row) + "\n" for row in columns) + "\n"


def read_rows(path: Path, width: int) -> Iterator[list[list[str]]]:
    """Yield each sentence of a canonical file as its rows of `width` columns.

    Raises:
        NerpipeError: if the file is missing, a row has another number of columns, or the last sentence is cut off.
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
                        f"{path}:{number}: {len(row)} columns where {width} were expected in {line!r}; the file is "
                        "an output of this pipeline and was changed by hand? `dvc repro --force` rebuilds it"
                    )
                rows.append(row)
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    if rows:
        raise NerpipeError(f"{path}: ends within a sentence; `dvc repro --force` rebuilds it")


def read_conll(path: str | Path) -> Iterator[Sentence]:
    r"""Yield the sentences of a canonical two-column file, one at a time.

    >>> from pathlib import Path
    >>> _ = Path("two.conll").write_text("Ada\tB-person\nslept\tO\n\nHi\tO\n\n")
    >>> [sentence.tokens for sentence in read_conll("two.conll")]
    [('Ada', 'slept'), ('Hi',)]

    Raises:
        NerpipeError: as `read_rows`.
    """
    for rows in read_rows(Path(path), width=2):
        tokens, tags = zip(*rows, strict=True)
        yield Sentence(tokens, tags)
