"""The tables of `nerpipe runs` as lines for a terminal. What does not fit into a column gets lines of its own."""

import textwrap
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size

from rich.cells import cell_len

from nerpipe.comparison.run_tables import ORIGIN, PARAM_VALUES, RUN_COUNT, RUN_NAME, RunRow, RunTable, with_mark
from nerpipe.contracts.terminal import printable, say

DEFAULT_WIDTH = 100  # Columns if the output is no terminal.
WIDEST_NAME, WIDEST_ORIGIN = (
    32,
    16,
)  # Characters of a name beside the scores, and of the commit that a run started from.
_GAP, _INDENT = "  ", "    "


def print_run_tables(tables: Sequence[RunTable], notes: Sequence[str]) -> None:
    """Print tables that fit the terminal, and notes below them, which are not broken."""
    width = get_terminal_size((DEFAULT_WIDTH, 0)).columns
    for table in tables:
        for line in [table.title, *table_lines(table, width), *table.lines, ""]:
            say(line)
    for note in notes:
        say(note)


def table_lines(table: RunTable, width: int) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        table: The table. The params are its last column.
        width: The number of characters in which the lines have to fit. A score or a name is never broken.
    """
    columns = list(table.columns[:-1])
    rows = [_texts(row, table.columns) for row in table.rows]
    widths = _widths(columns, rows)
    if ORIGIN in columns and (widths[ORIGIN] > WIDEST_ORIGIN or _total(columns, widths) > width):
        columns.remove(ORIGIN)
        for texts in rows:
            origin = f"from {texts[ORIGIN]}" if texts[ORIGIN] else ""
            texts[PARAM_VALUES] = ", ".join(filter(None, [origin, texts[PARAM_VALUES]]))
    heads = {name: name for name in table.columns}
    header = _joined(columns, widths, heads)
    yield header if cell_len(header) <= width else _joined(columns, widths, heads | {PARAM_VALUES: ""})
    yield "-" * min(width, cell_len(header))
    for texts in rows:
        yield from _row_lines(columns, widths, texts, width)


def _texts(row: RunRow, columns: Sequence[str]) -> dict[str, str]:
    """Return the text of each column."""
    return {
        name: with_mark(row, name, columns, printable(cell if isinstance(cell, str) else ", ".join(cell)))
        for name, cell in zip(columns, row.cells, strict=True)
    }


def _widths(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> dict[str, int]:
    widths = {name: max(map(cell_len, [name, *(texts[name] for texts in rows)])) for name in columns}
    if RUN_NAME in widths:
        short = (size for texts in rows if (size := cell_len(texts[RUN_NAME])) <= WIDEST_NAME)
        widths[RUN_NAME] = max(short, default=len(RUN_NAME))
    return widths


def _total(columns: Sequence[str], widths: dict[str, int]) -> int:
    return sum(widths[name] for name in columns) + len(_GAP) * (len(columns) - 1)


def _row_lines(columns: Sequence[str], widths: dict[str, int], texts: dict[str, str], width: int) -> Iterator[str]:
    """Yield the line of a row, after its name if that is too long, and before its params if they do not fit beside."""
    if RUN_NAME in columns and cell_len(texts[RUN_NAME]) > widths[RUN_NAME]:
        yield texts[RUN_NAME]
        texts = texts | {RUN_NAME: ""}
    whole = _joined(columns, widths, texts)
    if cell_len(whole) <= width:
        yield whole
    else:
        yield _joined(columns, widths, texts | {PARAM_VALUES: ""})
        yield from textwrap.wrap(
            texts[PARAM_VALUES],
            width,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _joined(columns: Sequence[str], widths: dict[str, int], texts: dict[str, str]) -> str:
    """Join the cells of a row, each as wide as its column, and the params, which may be of any width."""
    cells = []
    for name in columns:
        blanks = " " * (widths[name] - cell_len(texts[name]))
        cells.append(blanks + texts[name] if name == RUN_COUNT else texts[name] + blanks)
    return _GAP.join([*cells, texts[PARAM_VALUES]]).rstrip()
