"""JSON of any layout: a broken record is one broken record, never the end of the file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.documents import Broken
from nerpipe.annotations.json_records import json_records
from nerpipe.errors import NerpipeError

GOOD = '{"text": "Ada", "label": []}'
DEEP = '{"text": "Ada", "label": ' + "[" * 100_000 + "]" * 100_000 + "}"
HUGE = '{"text": "Ada", "label": [[0, ' + "9" * 5000 + ', "PER"]]}'


def read(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return [(row.place.rpartition(":")[2], getattr(row, "problem", "")) for row in json_records(path)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (f"{GOOD}\n{GOOD}\n", [("1", ""), ("2", "")]),
        (f"\ufeff{GOOD}\r\n\r\n{GOOD}", [("1", ""), ("3", "")]),
        (f"{GOOD[:12]}\n{GOOD}\n{GOOD[:-3]}", [("1", "not_json"), ("2", ""), ("3", "not_json")]),
        (f"{GOOD}\n{DEEP}\n{GOOD}", [("1", ""), ("2", "not_json"), ("3", "")]),
        (f"{HUGE}\n{GOOD}", [("1", ""), ("2", "")]),
        (
            f"{GOOD}\n".encode() + b'{"text": "caf\xe9"}\n' + GOOD.encode(),
            [("1", ""), ("2", "invalid_utf8"), ("3", "")],
        ),
        (f"[{GOOD}, {GOOD}]", [("1 record 1", ""), ("1 record 2", "")]),
        (f"[{GOOD},\n{GOOD}, {GOOD}]", [("1", ""), ("2 record 2", ""), ("2 record 3", "")]),
        (f"[\n  {GOOD},\n{GOOD}\n]\n", [("2", ""), ("3", "")]),
        (f"[{GOOD},\n{DEEP},\n{GOOD}]", [("1", ""), ("2", "not_json"), ("3", "")]),
        (f"[{GOOD},\n{HUGE}]", [("1", ""), ("2", "")]),
        (f'{GOOD}\n{{"text": "Ann", "text": "Bo"}}\n{GOOD}', [("1", ""), ("2", "repeated_key"), ("3", "")]),
        (f'[{GOOD},\n{{"text": "Ann", "label": [{{"a": 1, "a": 1}}]}}]', [("1", ""), ("2", "repeated_key")]),
        (f"[{GOOD},\n{GOOD[:-5]}", [("1", ""), ("2", "not_json")]),
        (f"[\n{GOOD}, null,\n{GOOD}]", [("2 record 1", ""), ("2 record 2", ""), ("3", "")]),
        ('[{"text": "] } \\" [{",\n"label": []},\n' + GOOD + "]", [("1", ""), ("3", "")]),
        (json.dumps({"text": "a", "label": []}, indent=1) * 2, [("1", ""), ("4", "")]),
        ('["Ada", {"entities": []}]\n["Bo", {"entities": []}]\n', [("1", ""), ("2", "")]),
        ("", []),
        ("[]", []),
        (f"{json.dumps({'text': 'a', 'entities': [{'id': 0}]}, indent=1)}\n", [("1", "")]),
        ('["Ada", {"ent\n["Bo", {"entities": []}]', [("1", "not_json"), ("2", "")]),
    ],
)
def test_records_and_their_lines(tmp_path, content, rows):
    assert read(tmp_path, content) == rows


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_refused_with_the_command_that_converts_it(tmp_path, encoding):
    content = ("\ufeff" if encoding == "utf-16-be" else "") + GOOD
    with pytest.raises(NerpipeError, match="iconv -f UTF-16 -t UTF-8"):
        read(tmp_path, content.encode(encoding))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=5),
    indent=st.sampled_from([None, 1]),
)
def test_an_array_gives_the_records_that_were_written(tmp_path_factory, rows, indent):
    path = tmp_path_factory.mktemp("array") / "some.json"
    path.write_text(json.dumps(rows, indent=indent), encoding="utf-8")
    found = list(json_records(path))
    assert not any(isinstance(row, Broken) for row in found)
    assert [json.dumps(row.value) for row in found] == [json.dumps(row) for row in rows]


@given(content=st.text(st.sampled_from('[]{}",:\\ \nab1'), max_size=40))
def test_any_text_is_read_without_an_error_and_nothing_of_it_is_lost(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "some.json"
    path.write_text(content, encoding="utf-8")
    kept = "".join(row.raw for row in json_records(path))
    for character in "ab1:":
        assert kept.count(character) == content.count(character)
