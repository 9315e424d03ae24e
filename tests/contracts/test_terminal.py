"""Nothing of data controls the terminal, and nothing of data ends the program while it is printed."""

import io
import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.terminal import printable, say

ODD = "\x1b\x9b\r\n\t\x7f\u202e\u2066\u2028\udc80[]:;m"
TEXTS = st.text(alphabet=st.characters() | st.sampled_from(ODD), max_size=40)
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # Unicode's explicit formatting of direction


def said(text, encoding):
    """What a stream of this encoding receives."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding, newline="\n")
    say(text, stream=stream)
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("\x9b31mred", "\\x9b31mred"),  # the same as escape and bracket, in one character
        ("right\rwrong\bs", "right\\x0dwrong\\x08s"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("file\udcff.conll", "file\\udcff.conll"),
        ("one\n\ttwo: Köln, שלום, می\u200cخواهم 👩‍👩‍👧", "one\n\ttwo: Köln, שלום, می\u200cخواهم 👩‍👩‍👧"),
    ],
)
def test_the_text_on_the_terminal(text, shown):
    assert printable(text) == shown


@given(TEXTS)
def test_no_character_that_controls_is_left_and_no_other_is_changed(text):
    shown = printable(text)
    assert not {unicodedata.category(c) for c in shown if c not in "\n\t"} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(c) for c in shown} & {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }
    assert printable(shown) == shown
    kept = [c for c in text if printable(c) == c]
    rest = iter(shown)
    assert all(c in rest for c in kept)  # in order


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp1252", "euc-jp"])
@given(text=TEXTS)
def test_every_stream_takes_every_text(encoding, text):
    assert said(text, encoding).endswith("\n")
    assert said(text, "utf-8") == printable(text) + "\n"


@given(TEXTS)
@example("\U0001f600 Köln")
def test_json_stays_json_on_a_stream_that_lacks_its_characters(text):
    assert json.loads(said(json_text(text), "ascii")) == text


def test_a_stream_without_an_encoding_takes_a_text_too():
    stream = io.StringIO()
    say("é\x1b", stream=stream)
    assert stream.getvalue() == "é\\x1b\n"
