"""Bad records: each is set aside, with its place and reason, and every other record is predicted."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.batch import readers
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import DEEPEST, LONGEST, Record, Rejected, checked

MARK = b"\xef\xbb\xbf"  # The byte-order mark of UTF-8.


def read(content, kind="jsonl"):
    return list(read_records(["-"], kind, io.BytesIO(content), lambda _: None))


def nested(depth):
    return '{"text": "a", "x": ' + "[" * depth + "]" * depth + "}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "a", "n": ' + "9" * 5000 + "}", "a number of over 4,300 digits"),
        ('{"text": "a", "x": ' + "[" * 5000, "within each other"),
        (nested(900), "within each other"),
        (nested(DEEPEST + 1), "within each other"),
        ('{"text": "a", "x": ' + '{"k": ' * 900 + "1" + "}" * 901, "within each other"),
        ("\u00a0", "not valid JSON"),
        ('{"text": "' + "a" * LONGEST + '"}', "longer than 1,048,576 bytes"),
        ('{"text": "a", "x": 1e999}', "NaN or an infinity"),
        (
            '{"text": "a", "x": {"text": "b"}, "text": "c"}',
            "the key 'text' stands twice in an object; keep one of the two",
        ),
        ('{"text": "a", "x": [{"y": 1, "y": 1}]}', "the key 'y' stands twice in an object"),
    ],
    ids=[
        "digits",
        "5000 open",
        "900 deep",
        "101 deep",
        "objects",
        "U+00A0",
        "long",
        "infinity",
        "text twice",
        "a key twice",
    ],
)
def test_a_bad_line_does_not_end_the_run(line, problem):
    before, bad, after = read(b'{"text": "one"}\n' + line.encode() + b'\n{"text": "two"}\n')
    assert (before.text, after.text) == ("one", "two")
    assert isinstance(bad, Rejected)
    assert bad.position == "standard input:2"
    assert problem in bad.problem


def test_brackets_in_a_text_are_no_depth():
    (row,) = read(b'{"text": "' + b"[" * 5000 + b'", "x": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}")
    assert isinstance(row, Record)


def test_a_line_of_no_break_spaces_ends_no_run_of_any_kind():
    content = "\u00a0\nAnn\n".encode()
    assert [row.text for row in read(content, "lines")] == ["\u00a0", "Ann"]
    assert [row.text for row in read(content, "conll")] == ["Ann"]  # There it is a blank line, as in clean_conll.
    assert [row.text for row in read(content, "files")] == ["\u00a0\nAnn\n"]


PLAIN = st.none() | st.floats() | st.integers() | st.text()


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_taken_can_be_written(value):
    row = checked("in:1", {"text": "a", "x": value}, "raw")
    if isinstance(row, Record):
        json.dumps(row.fields, allow_nan=False, ensure_ascii=False).encode("utf-8")
    else:
        assert row.problem


@pytest.mark.parametrize("mark", [b"", MARK])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("length", [9, 10, 11, 12, 13, 14, 15, 16, 35])
def test_the_limit_counts_neither_the_mark_nor_the_end_of_the_line(monkeypatch, mark, end, length):
    monkeypatch.setattr(readers, "LONGEST", 10)
    rows = read(mark + b"x" * length + end + (b"next" if end else b""), "lines")
    assert [type(row) for row in rows] == [Record if length <= 10 else Rejected, *([Record] if end else [])]
    if not end:
        (row,) = read(mark + b"x" * length, "files")
        assert isinstance(row, Record) == (length <= 10)


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_rejected(content):
    for kind in ("lines", "jsonl", "files"):
        assert all(isinstance(row, (Record, Rejected)) for row in read(content, kind))
    # A file that holds nothing but the mark has one line, which is empty.
    assert len(read(content, "lines")) == content.count(b"\n") + bool(content and not content.endswith(b"\n"))
