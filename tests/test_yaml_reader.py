"""YAML is read as DVC reads it, or refused."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nerpipe.contracts.terminal import printable
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml, yaml_text

SCALARS = st.one_of(
    st.text("0123456789abcdefxoXOEe_.+-:nNaAiIfFtTrRuUlLsSyY~=<> \t'\"#,[]{}!&*|%@`?\\/\n\r\x85\u2028é", max_size=12),
    st.from_regex(r"[-+]?[0-9_]{0,3}\.?[0-9_]{0,3}([eE][-+]?[0-9_]{0,2})?", fullmatch=True),
    st.from_regex(r"[-+]?0[xob]?[0-9a-fA-F_]{0,4}", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9:.Z+-]{0,12})?", fullmatch=True),
    st.sampled_from(["yes", "no", "on", "off", "TRUE", "null", "~", "", ".inf", "-.Inf", ".NaN", "1:30", "1:30.5"]),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("yaml") / "file.yaml"


@settings(max_examples=3000)
@given(rows=st.lists(st.tuples(st.sampled_from(["lr", "a", "b"]), SCALARS), min_size=1, max_size=2))
@example(rows=[("lr", "3e-05"), ("a", "3e5")])
@example(rows=[("lr", ".5e3"), ("a", "1.e-5")])
@example(rows=[("lr", "0123"), ("a", "no")])
@example(rows=[("lr", "53aa51172d142c"), ("a", "731820e13")])
@example(rows=[("a", "&0?0")])
def test_what_is_read_is_what_dvc_reads(file, rows):
    from dvc.utils.serialize import load_yaml as load_as_dvc

    file.write_bytes("".join(f"{key}: {value}\n" for key, value in rows).encode())
    try:
        ours = load_yaml(file)
    except NerpipeError:
        return
    assert repr(ours or {}) == repr(
        load_as_dvc(str(file))
    )  # repr tells 1 from True and 1.0, and finds nan equal to nan


@pytest.mark.parametrize(
    "value",
    ["1_000", "0o17", "0x1F", "0b11", "2026-01-31", "2026-01-31 10:00:00", "!!int 3", "&a 3", "1_0.5", "=", "<<"],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_line(file, value):
    file.write_text(f"lr: 1\nseed: {value}\n")
    with pytest.raises(NerpipeError, match=r"file\.yaml:2: .*write"):
        load_yaml(file)


@pytest.mark.parametrize("text", ['a: "\x07"\n', "a: \x00\n", "a: [1\n", "a: 1\nb\n"])
def test_what_is_no_yaml_is_refused_without_a_traceback(file, text):
    file.write_text(text)
    with pytest.raises(NerpipeError, match="not valid YAML"):
        load_yaml(file)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(NerpipeError, match="cannot be read"):
        load_yaml(tmp_path)


@pytest.mark.parametrize("text", ["a: \n\ufeff  b: 1\n", "%YAML 1.1\n---\na: no\n", "\ufeffa: 1\n", "a: b\u2028c\n"])
def test_a_file_that_dvc_may_read_by_other_rules_is_refused(file, text):
    file.write_text(text)
    with pytest.raises(NerpipeError, match="more than one way"):
        load_yaml(file)


@pytest.mark.parametrize("value", ["3e-5", "3.0e-05", "0.00003", "+3e-5"])
def test_a_rate_may_be_written_in_any_way(file, value):
    file.write_text(f"lr: {value}\n")
    assert load_yaml(file) == {"lr": 3e-5}


TEXTS = st.one_of(
    SCALARS.map(str),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("abnoy:#-?,[]{}&*!|>%@`'\"\\ \t\n\r\x1b\x7f\x85\x9b\u2028\u202e\ufeff\ufffe😀/.~=<", max_size=12),
    st.sampled_from(
        ["a: b", "#x", "a #x", "no", "null", "TRUE", "3", "1e5", "- a", "pkg:a@1", "a:", "a:b", ":a", "<<"]
    ),
)


@given(key=TEXTS, value=TEXTS)
def test_what_is_written_is_read_as_the_same_text_here_and_by_dvc(file, key, value):
    from dvc.utils.serialize import load_yaml as load_as_dvc

    lines = f"{yaml_text(key)}: {yaml_text(value)}\n"
    for text in (lines, f"types: {{{yaml_text(key)}: {yaml_text(value)}}}\n", f"types:\n      {lines}"):
        assert printable(text) == text
        file.write_bytes(text.encode())
        found = load_yaml(file)
        assert found.get("types", found) == {key: value}
        found = load_as_dvc(str(file))
        assert found.get("types", found) == {key: value}


def test_ordinary_names_are_written_without_quotes():
    assert [yaml_text(text) for text in ("PER", "creative-work", "misc.name")] == ["PER", "creative-work", "misc.name"]
