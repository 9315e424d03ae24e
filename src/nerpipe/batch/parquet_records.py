"""The rows of a Parquet file as records."""

import base64
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from nerpipe.batch.records import TEXT, Record, Rejected, Told, checked, missing_field
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_ROWS = 1024  # Number of rows that are read together.
READ_BYTES = 1 << 24  # Number of bytes that rows that are read together may have on average.


def read_parquet(file: BinaryIO, name: str, read: Told, *, text_field: str = TEXT) -> Iterator[Record | Rejected]:
    """Yield a record for each row of a file. The column `text_field` holds the text.

    Dates, times and decimals become text as `isoformat` or `str` gives it, and bytes become Base64.

    Raises:
        NerpipeError: If the file is damaged, or its columns are not as expected.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise NerpipeError("--from parquet needs the package pyarrow; run `pip install pyarrow`") from None

    number = 0
    try:
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 16)
        _check_columns(name, table.schema_arrow.names, text_field)
        size, rows = os.fstat(file.fileno()).st_size, max(table.metadata.num_rows, 1)
        for group in range(table.num_row_groups):
            for batch in table.iter_batches(batch_size=_rows_at_once(table, group), row_groups=[group]):
                for fields in _rows(batch, text_field):
                    number += 1
                    position = f"{name}:row {number}"
                    if isinstance(fields, dict):
                        yield checked(position, fields, repr(fields), text_field, _plain)
                    else:
                        yield fields._replace(position=position)
                read(size * batch.num_rows // rows)
    except (pa.ArrowException, OSError) as error:
        raise NerpipeError(f"{name}: after row {number:,}, the file is not readable Parquet ({error})") from None


def _check_columns(name: str, columns: list[str], text_field: str) -> None:
    if text_field not in columns:
        raise NerpipeError(f"{name}: {missing_field('column', text_field, columns)}")
    if len(set(columns)) < len(columns):
        raise NerpipeError(f"{name}: two columns have the same name; the columns are {', '.join(columns)}")


def _rows_at_once(table: "pq.ParquetFile", group: int) -> int:
    """Return how many rows are read together. Long texts are read in small batches."""
    metadata = table.metadata.row_group(group)
    average: int = metadata.total_byte_size // max(metadata.num_rows, 1)
    return max(1, min(MOST_ROWS, READ_BYTES // max(average, 1)))


def _rows(batch: "pa.RecordBatch", text_field: str) -> Iterator[dict[str, Any] | Rejected]:
    """Yield the rows of a batch. A row with a value that Python cannot read is rejected, and the others are not."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError, ArithmeticError):  # Text that is not UTF-8, or a date that Python lacks.
        for index in range(batch.num_rows):
            try:
                yield from batch.slice(index, 1).to_pylist()
            except (ValueError, OverflowError, ArithmeticError) as error:
                yield Rejected("", f"a value of the row cannot be read: {error}", _raw_text(batch, index, text_field))


def _raw_text(batch: "pa.RecordBatch", index: int, text_field: str) -> str:
    import pyarrow as pa

    try:
        content = batch.column(text_field).slice(index, 1).cast(pa.large_binary()).to_pylist()[0] or b""
    except (pa.ArrowException, ValueError):
        return ""
    return bytes(content).decode("utf-8", "backslashreplace")


def _plain(value: Any) -> object:  # noqa: ANN401 - a value of any type that JSON lacks
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
