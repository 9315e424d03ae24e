"""Reading records: every kind, every way to be wrong."""

import io
import json

import pytest

from nerpipe.batch import readers
from nerpipe.batch.input_files import input_files
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import Record, Rejected
from nerpipe.errors import NerpipeError


def read(content, kind, name="-"):
    return list(read_records([name], kind, io.BytesIO(content), lambda _: None))


def test_a_line_is_a_record_an_empty_one_too():
    rows = read("\ufeffa b\r\n\n c\u2028d \nlast".encode(), "lines")
    assert [row.text for row in rows] == ["a b", "", " c\u2028d ", "last"]
    assert [row.position for row in rows] == [f"standard input:{n}" for n in (1, 2, 3, 4)]


def test_bytes_that_are_no_utf8_are_rejected_with_their_place():
    rows = read(b"good\nb\xffd\ngood", "lines")
    assert rows[1] == Rejected("standard input:2", "byte 2 of the record is not UTF-8", "b\\xffd")
    assert [type(row) for row in rows] == [Record, Rejected, Record]


def test_a_line_that_is_too_long_is_rejected_and_the_next_one_is_read(monkeypatch):
    monkeypatch.setattr(readers, "LONGEST", 10)
    rows = read(b"x" * 10 + b"\n" + b"y" * 35 + b"\nshort\n" + b"z" * 11, "lines")
    assert [row.text if isinstance(row, Record) else "!" for row in rows] == ["x" * 10, "!", "short", "!"]


def test_json_lines_keep_their_other_fields():
    rows = read(b'{"id": 7, "text": "a b", "tags": ["x"]}\n\n{"text": ""}\n', "jsonl")
    assert [(row.text, row.fields) for row in rows] == [("a b", {"id": 7, "tags": ["x"]}), ("", {})]
    assert rows[1].position == "standard input:3"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "within each other"),
        ("[]", 'a JSON object with the field "text" was expected'),
        (
            '{"txt": "a", "id": 1}',
            'no field "text"; the fields are txt, id; name the one that holds',
        ),
        ("{}", 'there is no field "text", nor any other'),
        ('{"text": 3}', '"text" is int, not text'),
        ('{"text": null}', "NoneType"),
        ('{"text": "\\ud83d"}', "half of a surrogate pair"),
        ('{"text": "a", "x": NaN}', "NaN"),
    ],
)
def test_a_json_line_that_cannot_be_read_is_rejected(line, problem):
    (row,) = read(line.encode(), "jsonl")
    assert isinstance(row, Rejected)
    assert problem in row.problem
    assert row.raw == line


def test_conll_is_read_by_the_rules_of_clean_conll():
    content = b"-DOCSTART- O\nEU B-org\nrejects O\n\n\nNew York\tB-org\nis O\n"
    rows = read(content, "conll")
    assert [(row.words, row.text) for row in rows] == [
        (["EU", "rejects"], "EU rejects"),
        (["New York", "is"], "New York is"),
    ]
    assert [row.position for row in rows] == ["standard input:2", "standard input:6"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a\u00a0b O\n\n", [["a\u00a0b"]]),  # a no-break space is part of a word
        ("a O\n\u3000\nb O\n\n", [["a"], ["b"]]),  # U+3000 alone is a blank line
        ("# text = a b\n1\ta\tB-x\n2\tb\tO\n\n", [["a", "b"]]),
        ("a\nb\n\nc\n", [["a", "b"], ["c"]]),  # words alone
        ("a NN\nb VB\n\n", [["a", "b"]]),
        ("a\tB-x\tB-y\nb\tO\tO\n\n", [["a", "b"]]),  # which tags are right makes no difference here
        ("a\tB-x\n \tO\nb\tno tag\n\n", [["a", " ", "b"]]),
    ],
)
def test_words_of_conll(content, words):
    assert [row.words for row in read(content.encode(), "conll")] == words


def test_a_conll_sentence_with_a_bad_line_is_rejected_whole():
    rows = read(b"a O\n\xff O\nb O\n\n\tO\n\nc O\nx y O\n\nc O\n", "conll")
    assert [type(row) for row in rows] == [Rejected, Rejected, Rejected, Record]
    assert [row.position for row in rows] == [f"standard input:{number}" for number in (2, 5, 8, 10)]
    assert rows[0].raw == "a O\n\\xff O\nb O"
    assert "another number of columns" in rows[2].problem


def test_a_conll_file_without_blank_lines_is_rejected_in_bounded_memory():
    rows = read(b"word\tO\n" * 600_000 + b"\nlast\tO\n", "conll")
    assert [type(row) for row in rows] == [Rejected, Record]
    assert "over 10,000 words begins here" in rows[0].problem
    assert rows[0].position == "standard input:1"
    assert rows[1].position == "standard input:600002"
    assert len(rows[0].raw) < 1000


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden"):
        (tmp_path / name).write_text(name)
    files = input_files([str(tmp_path)], "files")
    rows = list(read_records(files, "files", io.BytesIO(), lambda _: None))
    assert [row.text for row in rows] == ["a.txt", "b.txt"]
    assert rows[0].fields == {"file": files[0]}


def test_parquet_is_read_by_its_text_column(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2], "text": ["x y", None]}), path)
    rows = list(read_records([str(path)], "parquet", io.BytesIO(), lambda _: None))
    assert rows[0] == Record(f"{path}:row 1", "x y", None, {"id": 1})
    assert rows[1].problem == '"text" is NoneType, not text'
    pq.write_table(pa.table({"txt": ["x"]}), path)
    with pytest.raises(NerpipeError, match='no column "text"; the columns are txt'):
        list(read_records([str(path)], "parquet", io.BytesIO(), lambda _: None))
    path.write_bytes(b"no parquet")
    with pytest.raises(NerpipeError, match="not readable Parquet"):
        list(read_records([str(path)], "parquet", io.BytesIO(), lambda _: None))


def test_the_text_can_be_in_any_field(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = b'{"body": "a b", "text": 7}\n{"text": "c"}\n{"body": 3}\n'
    rows = list(read_records(["-"], "jsonl", io.BytesIO(content), lambda _: None, text_field="body"))
    assert rows[0][1:] == ("a b", None, {"text": 7})
    assert 'no field "body"; the fields are text; name' in rows[1].problem
    assert rows[2].problem == '"body" is int, not text'
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [1, 2], "body": ["x", None]}), path)
    rows = list(read_records([str(path)], None, io.BytesIO(), lambda _: None, text_field="body"))
    assert rows[0] == Record(f"{path}:row 1", "x", None, {"text": 1})
    assert rows[1].problem == '"body" is NoneType, not text'


def test_a_record_with_countless_fields_is_rejected_in_a_short_sentence():
    line = json.dumps({f"{number}{'x' * 1000}": number for number in range(200)})
    (row,) = read(line.encode(), "jsonl")
    assert "and 180 more; name the one" in row.problem
    assert len(row.problem) < 3000


def test_every_byte_is_told_to_the_progress_bar():
    told = []
    content = json.dumps({"text": "a"}).encode() + b"\n\nx\n"
    list(read_records(["-"], "jsonl", io.BytesIO(content), told.append))
    assert sum(told) == len(content)
