"""Tables in the terminal whose cells come from data.

rich reads `[...]` in a string as markup and `:name:` as an emoji. So every cell, head and title becomes a rich Text, in
which nothing has a meaning, and the characters that control a terminal are escaped.
"""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nerpipe.contracts.terminal import naming, printable, say, write_encodable


class DataTable(Table):
    """A table of texts that are shown as they are."""

    def __init__(self, title: str, **options: Any) -> None:  # noqa: ANN401 - the options of Table
        """Set the title, which stands above the left end of the table.

        Args:
            title: The title.
            options: Further arguments of Table.
        """
        super().__init__(title=Text(printable(title), style="table.title"), title_justify="left", **options)

    def add_column(self, header: Any = "", *parts: Any, **options: Any) -> None:  # noqa: ANN401 - as in Table
        """Add a column. `header` is a string."""
        super().add_column(Text(printable(header)), *parts, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:  # noqa: ANN401 - as in Table
        """Add a row. The cells are strings."""
        super().add_row(*(Text(printable(cell)) for cell in cells), **options)


def terminal_width() -> int:
    """Return the number of characters that a table may be wide."""
    return Console().width


def show_table(table: DataTable, lines: Iterable[str]) -> None:
    """Print a table and the lines below it, which are not broken.

    Args:
        table: The table.
        lines: The lines.
    """
    console = Console()
    with naming(sys.stdout), console.capture() as captured:
        console.print(table)
    write_encodable(captured.get(), sys.stdout)
    for line in lines:
        say(line)
