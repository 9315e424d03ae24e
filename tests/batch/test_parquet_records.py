"""Parquet: types that JSON lacks, text that is no UTF-8, damaged files, and long texts in bounded memory."""

import datetime as dt
import decimal
import io
import json
import subprocess
import sys

import pytest

from nerpipe.batch.readers import read_records
from nerpipe.batch.records import LONGEST, Record, Rejected
from nerpipe.errors import NerpipeError
from places import ROOT

pa = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow: pip install -r requirements/run.txt")
pq = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow: pip install -r requirements/run.txt")


def read(path):
    return list(read_records([str(path)], "parquet", io.BytesIO(), lambda _: None))


def test_dates_decimals_and_bytes_become_text(tmp_path):
    columns = {
        "text": ["Ann"],
        "day": [dt.date(2026, 1, 31)],
        "at": [dt.datetime(2026, 1, 31, 10, 5)],  # noqa: DTZ001 - a column without a time zone
        "price": [decimal.Decimal("1.50")],
        "took": [dt.timedelta(seconds=90)],
        "raw": [b"\xff\x00"],
        "nested": [{"days": [dt.date(2026, 2, 1)]}],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (row,) = read(tmp_path / "a.parquet")
    assert row.fields == {
        "day": "2026-01-31",
        "at": "2026-01-31T10:05:00",
        "price": "1.50",
        "took": "0:01:30",
        "raw": "/wA=",
        "nested": {"days": ["2026-02-01"]},
    }
    json.dumps(row.fields)


def test_text_that_is_no_utf8_is_rejected_alone(tmp_path):
    binary = pa.array([b"one", b"b\xffd", b"two"], pa.binary())
    text = pa.StringArray.from_buffers(3, *binary.buffers()[1:])
    pq.write_table(pa.table({"text": text, "id": [1, 2, 3]}), tmp_path / "a.parquet")
    rows = read(tmp_path / "a.parquet")
    assert [type(row) for row in rows] == [Record, Rejected, Record]
    assert rows[1].position == f"{tmp_path / 'a.parquet'}:row 2"
    assert "cannot be read" in rows[1].problem
    assert rows[1].raw == "b\\xffd"


def test_a_date_that_python_lacks_and_a_long_text_are_rejected_alone(tmp_path):
    columns = {"text": ["a", "b", "c" * (LONGEST + 1)], "day": pa.array([0, 2**30, 0], pa.date32())}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    rows = read(tmp_path / "a.parquet")
    assert [type(row) for row in rows] == [Record, Rejected, Rejected]
    assert "longer than 1,048,576 characters" in rows[2].problem


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_is_named(tmp_path, cut):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {number}" for number in range(5000)]}), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(NerpipeError, match=r"a\.parquet: .*not readable Parquet"):
        read(path)


def test_a_damaged_page_is_named_with_its_place(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {number}" for number in range(5000)]}), path, compression="zstd")
    content = path.read_bytes()
    middle = len(content) // 3
    path.write_bytes(content[:middle] + b"\xff" * 200 + content[middle + 200 :])
    with pytest.raises(NerpipeError, match=r"a\.parquet: after row 0, the file is not readable Parquet"):
        read(path)


def test_columns_that_cannot_be_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table([pa.array(["a"])] * 2, names=["text", "text"]), path)
    with pytest.raises(NerpipeError, match="two columns have the same name"):
        read(path)
    pq.write_table(pa.table([pa.array(["a"])] * 3, names=["text", "x", "x"]), path)
    with pytest.raises(NerpipeError, match="two columns have the same name"):
        read(path)


MEASURED = """
import io, sys
sys.path.insert(0, "src")
from pathlib import Path
from nerpipe.batch.readers import read_records
rows = sum(1 for _ in read_records([sys.argv[1]], "parquet", io.BytesIO(), lambda _: None))
# Not ru_maxrss, which begins with the memory of the process that started this one.
(peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(rows, peak)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is read from /proc")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    peaks = []
    for rows in (2000, 8000):
        texts = [f"{number} " * 5_000 for number in range(rows)]
        pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", data_page_size=1 << 16, write_batch_size=8)
        command = [sys.executable, "-c", MEASURED, str(tmp_path / "a.parquet")]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
        assert done[0] == str(rows)
        peaks.append(int(done[1]))
    assert peaks[1] - peaks[0] < 60_000  # kB, of 143 MiB of text more; the allocator keeps some
