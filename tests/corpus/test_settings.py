"""corpus.yaml: what it may hold, and what is said if it holds anything else."""

import dataclasses
import re

import pytest

from documented import table
from nerpipe.contracts.schemes import SCHEMES
from nerpipe.corpus.settings import ALLOWED, CorpusSettings, load_settings
from nerpipe.errors import NerpipeError


def load(folder, text):
    (folder / "corpus.yaml").write_text(text)
    return load_settings(folder)


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path):
    assert load_settings(tmp_path) == load(tmp_path, "") == load(tmp_path, "# nothing\n") == CorpusSettings()


def test_every_key(tmp_path):
    text = (
        "token_column: 2\ntag_column: misc.name\nscheme: BMES\nmulti_tag: reject\nencoding: cp1252\n"
        "types: {A: B, C: O}\nlanguage: no\nlicense: cc0-1.0\ndev_fraction: 0.2\ntest_fraction: 1e-1\n"
    )
    assert load(tmp_path, text) == CorpusSettings(
        {}, "2", "misc.name", "BMES", "reject", "cp1252", {"A": "B", "C": "O"}, "no", "cc0-1.0", 0.2, 0.1
    )


def test_the_page_lists_every_key():
    listed = {key for row in table("## corpus.yaml") for key in re.findall(r"`(\w+)`", row[0])}
    assert listed == set(ALLOWED) == {field.name for field in dataclasses.fields(CorpusSettings)}


def test_the_page_lists_every_scheme():
    assert {row[0].strip("`") for row in table("**Schemes.**")} == set(SCHEMES) - {"auto"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tokn_column: 2", r"corpus.yaml -> tokn_column\] unknown key with the value 2; did you mean 'token_column'"),
        ("lr: 2", r"-> lr\] unknown key with the value 2; known keys: files, token_column"),
        ("scheme: iobs", r"-> scheme\] 'iobs' is not allowed \(did you mean 'IOBES'\?\); expected one of auto, IOB1"),
        ("scheme: 1", r"-> scheme\] 1 is not text; to make it text, quote it"),
        ("encoding: hex", r"'hex' is not known as an encoding of text"),
        ("encoding: rot13", r"'rot13' is not known as an encoding of text"),
        ('types: {PER: "\\ud800"}', r"must be text, the new name without white space"),
        ("language: English", r"-> language\] 'English' is not allowed; expected one or more codes of languages"),
        ("license: CC0", r"-> license\] 'CC0' is not allowed; expected a name of a licence as the Hugging Face Hub"),
        ("scheme: BIO", r"'BIO' is not allowed \(did you mean 'IOB2'\?\)"),
        ("scheme: BILUO", r"'BILUO' is not allowed \(did you mean 'BILOU'\?\)"),
        ("multi_tag: frist", r"'frist' is not allowed \(did you mean 'first'\?\); expected one of first, reject"),
        ("token_column: 0", r"-> token_column\] 0 is neither a number from 1 nor a name; expected a number from 1"),
        (
            "encoding: klingon",
            r"-> encoding\] 'klingon' is not known as an encoding of text; expected an encoding",
        ),
        ("dev_fraction: 1", r"-> dev_fraction\] 1 is out of range; expected a number above 0 and below 1"),
        ("dev_fraction: a", r"-> dev_fraction\] 'a' is not a number"),
        ("types: PER", r"-> types\] 'PER' is not a mapping"),
        ("types: {PER: a b}", r"maps 'PER' to 'a b'"),
        ("dev_fraction: 0.5\ntest_fraction: 0.5", "leaves nothing for train"),
        ("- 1", "a mapping was expected"),
        ("files: {train: 3}", r"corpus.yaml -> files -> train\] is 3; expected the keys url, file, sha256"),
    ],
)
def test_what_is_wrong_is_said_with_file_key_value_and_what_is_allowed(tmp_path, text, said):
    with pytest.raises(NerpipeError, match=said):
        load(tmp_path, text)


def test_all_problems_are_listed(tmp_path):
    with pytest.raises(NerpipeError) as caught:
        load(tmp_path, "scheme: x\nsheme: y\n")
    assert len(str(caught.value).splitlines()) == 2
