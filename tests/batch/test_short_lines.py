"""Streams of lines that may be too long: they are cut, and no other byte is changed."""

import io

from hypothesis import given
from hypothesis import strategies as st

from nerpipe.batch.readers import read_records
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.short_lines import LONGEST_LINE, ShortLines

LENGTHS = st.sampled_from([0, 1, 7, LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE])


@given(st.lists(LENGTHS, max_size=8), st.integers(1, 3 * LONGEST_LINE), st.booleans())
def test_long_lines_are_cut_and_named_and_others_stay(lengths, size, ended):
    lines = [bytes([97 + index % 26]) * length for index, length in enumerate(lengths)]
    content = b"\n".join(lines) + b"\n" * ended
    told = []
    stream = ShortLines(io.BytesIO(content), told.append)
    parts = []
    while part := stream.read(max(size, len(content) // 2000)):
        parts.append(part)
    assert b"".join(parts) == b"\n".join(line[:LONGEST_LINE] for line in lines) + b"\n" * ended
    assert stream.cut == {number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE}
    assert sum(told) == len(content)


def test_a_long_line_of_conll_rejects_its_sentence_alone():
    content = b"one\tO\n\ntwo\tO\n" + "é".encode() * 2_000_000 + b"\tO\nx\tO\n\nthree\tO\n"
    rows = list(read_records(["-"], "conll", io.BytesIO(content), lambda _: None))
    assert [type(row) for row in rows] == [Record, Rejected, Record]
    assert rows[1].position == "standard input:4"
    assert "longer than 8,192 bytes" in rows[1].problem
    assert [rows[0].words, rows[2].words] == [["one"], ["three"]]
