"""Comments and boundaries that name documents: what they name, and that no line takes long to read."""

import re
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from nerpipe.corpus.documents import KEYED, Boundary, read_boundary, read_comment

# The same key, written as a pattern that takes exponential time where it does not match.
SLOW = re.compile(r"#+\s*(?:[\w.-]*[:.])*([\w-]+(?: id)?)\s*=\s*(.+)")


@given(st.text("#ab-_.:= id", max_size=12).map("#".__add__))
def test_a_key_is_found_as_by_a_slow_pattern(comment):
    found, expected = KEYED[0].match(comment), SLOW.match(comment)
    assert (found and found.groups()) == (expected and expected.groups())


def test_a_site_with_a_date_names_a_document():
    assert read_comment("# www.example.org/a b  [2009-10-17]").document == "www.example.org/a b"
    assert read_comment("# example.org[2009-10-17]").document == "example.org"
    assert read_comment("# example.org/a") is None
    assert read_comment("# word [2009-10-17]") is None


def test_parentheses_around_an_id_are_no_part_of_it():
    for text in ("-DOCSTART- (7)", "-DOCSTART- ((7))", "-DOCSTART- 7"):
        assert read_boundary(text) == Boundary("7", "docstart")
    assert read_boundary("-DOCSTART- ()") == Boundary("", "docstart")
    assert read_boundary("-DOCSTART- (7") == Boundary("(7", "docstart")
    assert read_boundary("-DOCSTART- (a) (b)") == Boundary("a) (b", "docstart")


LONG = """
from nerpipe.contracts.escapes import hydra_value
from nerpipe.corpus.documents import read_boundary, read_comment
N = 300_000
for part in ("a", ".", "a.", ".a", ":", "a:", " ", "- ", "a.bc", "(", "[", "[a", "#", "=", "doc_id ", "://", chr(92)):
    for begin, end in (("# ", ""), ("# IoB-a", ""), ("# a.bc ", "[2009-10-17]"), ("# doc_id", "!")):
        read_comment(begin + part * N + end)
        read_boundary(begin + part * N + end)
    read_boundary("-DOCSTART- " + part * N)
    read_boundary("-DOCSTART- " + "(" * N + ")" * N)
    hydra_value(part * N + "!")
"""


def test_no_line_takes_long():
    # A search whose time grows with the square of the length would take hours.
    subprocess.run([sys.executable, "-c", LONG], check=True, timeout=120)
