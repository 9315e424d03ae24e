"""The tables of a report as files: CSV for a spreadsheet, JSON for programs and DVC."""

from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.escapes import spreadsheet_cell
from nerpipe.contracts.files import write_json
from nerpipe.evaluation.report import json_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def write_csv(folder: Path, frames: "Mapping[str, pd.DataFrame]") -> None:
    """Write each table as NAME.csv. No cell is a formula for a spreadsheet."""
    for name, frame in frames.items():
        cells = {column: frame[column].map(_cell) for column in frame.select_dtypes(exclude="number")}
        frame.assign(**cells).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def _cell(value: object) -> object:
    return spreadsheet_cell(value) if isinstance(value, str) else value


def write_rows(folder: Path, frames: "Mapping[str, pd.DataFrame]") -> None:
    """Write each table as NAME.json, a list of rows."""
    for name, frame in frames.items():
        write_json(folder / f"{name}.json", json_rows(frame))
