"""Tables show the text of data as it is, whatever rich would read in it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.terminal import printable
from nerpipe.evaluation.data_table import DataTable, show_table

HOSTILE = ["[/]", "[red]x[/red]", "[bold", "[link=file:///a]b[/link]", ":smile:", "\\[a]"]
HOSTILE += ["\x1b[2J", "\x9b31m", "a\rb", "\u202eb"]
CELLS = st.text(
    alphabet=st.sampled_from("[]/:\\\x1b\x9b\u202e=#") | st.characters(categories=["L", "N", "P"]),
    min_size=1,
    max_size=12,
)


def shown(cells, capsys):
    table = DataTable(f"title {cells[0]}")
    for cell in cells:
        table.add_column(f"head {cell}")
    table.add_row(*cells)
    show_table(table, cells)
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.mark.parametrize("forced", ["0", "1"])  # Whether rich writes colours.
def test_hostile_names_in_title_heads_cells_and_lines(capsys, monkeypatch, forced):
    if forced == "1":
        monkeypatch.setenv("FORCE_COLOR", "1")
    out = shown(HOSTILE, capsys)
    for text in HOSTILE:
        assert out.count(printable(text)) >= 3, text
    assert "\x1b[2J" not in out
    assert not {"\x9b", "\r", "\u202e", "😄"} & set(out)


@given(st.lists(CELLS, min_size=1, max_size=3))
def test_every_cell_is_shown_as_it_is(cells):
    table = DataTable("t")
    for cell in cells:
        table.add_column(cell)
    table.add_row(*cells)
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        show_table(table, [])
    for cell in cells:
        assert stream.getvalue().count(printable(cell)) >= 2


def test_a_terminal_without_unicode_gets_escapes(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii"))
    table = DataTable("t")
    table.add_column("東京")
    table.add_row("é")
    show_table(table, ["→"])
    said = raw.getvalue().decode("ascii")
    assert all(code in said for code in ("\\u6771\\u4eac", "\\u00e9", "\\u2192"))
