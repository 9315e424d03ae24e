"""`nerpipe check`: a small corpus for each finding, the shipped one, and what the command prints and returns."""

import json
import sys
from dataclasses import replace

import pytest

from nerpipe.cli import main
from nerpipe.errors import NerpipeError
from nerpipe.inspection.check_command import inspect_corpus
from nerpipe.params import load_params
from places import ROOT
from tiny import spec_of

SUBJECTS = ["layout", "splits", "types", "shared_sentences", "surfaces", "lengths", "unread_words", "plain_text"]


def sentence(text, tags):
    return "".join(f"{word}\t{tag}\n" for word, tag in zip(text.split("|"), tags.split(), strict=True)) + "\n"


ADA, BO, CY = (sentence(f"{name}|slept", "B-person O") for name in ("Ada", "Bo", "Cy"))


@pytest.fixture
def inspect(tmp_path, tiny_model):
    """Write the splits and return the findings by subject."""
    params = replace(load_params(ROOT / "params.yaml"), model=spec_of(tiny_model))

    def run(train, dev=BO, test=CY, **changes):
        folder = tmp_path / "mine"
        folder.mkdir()
        for split, text in (("train", train), ("dev", dev), ("test", test)):
            if text is not None:
                (folder / f"{split}.conll").write_text(text)
        found = list(inspect_corpus(folder, replace(params, **changes)))
        assert [finding.subject for finding in found] == SUBJECTS
        return {finding.subject: finding for finding in found}

    return run


def test_a_corpus_without_faults_has_no_warning_but_for_its_size(inspect):
    names = [a + b for a in "ABCDE" for b in "abcde"]
    found = inspect("".join(sentence(f"{name}|slept", "B-person O") for name in names))
    assert [finding.subject for finding in found.values() if finding.warning] == []
    assert "train has 25 sentences, 50 words and 25 entities" in found["splits"].text
    assert found["types"].text == "Entities in train by type: person 25."
    assert found["types"].figures["by_type"]["train"] == {"person": 25}
    assert found["plain_text"].figures["in_reach"] == 1.0


@pytest.mark.parametrize("missing", ["dev", "test"])
def test_layout_says_which_split_is_cut_from_train(inspect, missing):
    train = "".join(sentence(f"{a}{b}|slept", "B-person O") for a in "ABCDE" for b in "abcdefgh")
    assert f"{missing} is cut from train, by sentence." in inspect(train, **{missing: None})["layout"].text


def test_layout_says_scheme_repairs_and_quarantine(inspect):
    found = inspect(sentence("Ada|Lee", "B-a E-a") + "one\n\n")["layout"]
    assert found.warning
    assert "tagged in IOBES" in found.text
    assert "In quarantine: 1 sentence (1 one_column)" in found.text
    assert found.figures["train"]["rejects"] == {"one_column": 1}


def test_a_split_without_an_entity(inspect):
    found = inspect(ADA, dev=sentence("he|ran", "O O"))["splits"]
    assert found.warning
    assert "There is no entity in dev" in found.text


def test_types_that_are_rare_and_types_that_train_lacks(inspect):
    found = inspect(ADA, test=sentence("Ulm|lies", "B-city O"))["types"]
    assert found.warning
    assert "fewer than 20: person" in found.text
    assert "Only in dev or test: city" in found.text
    assert (found.figures["rare"], found.figures["not_in_train"]) == (["person"], ["city"])


def test_duplicates_and_leakage(inspect):
    found = inspect(ADA * 3, test=ADA)["shared_sentences"]
    assert found.warning
    assert "2 of 3 sentences of train occurred before in it." in found.text
    assert "1 of 1 sentence of test also occurred in train" in found.text
    assert "also in test" not in found.text  # each pair once


def test_one_text_under_two_types(inspect):
    found = inspect(ADA * 2 + sentence("Ada|sank", "B-ship O"))["surfaces"]
    assert found.warning
    assert "1 of 1 different entity texts have several types in train, such as Ada (person 2, ship 1)" in found.text


def test_sentences_that_are_longer_than_a_window(inspect):
    found = inspect(sentence("|".join(["Ada"] * 20), " ".join(["O"] * 20)) + ADA, max_length=32)["lengths"]
    assert found.warning
    assert "the longest has 60" in found.text
    assert "1 of 4 do not fit into a window of max_length 32" in found.text


def test_words_that_the_model_cannot_read(inspect):
    found = inspect(sentence("ኤለርስ|slept", "B-person O"))["unread_words"]
    assert found.warning
    assert "reads 1 of 2 words of train (50.0%) as nothing but [UNK]" in found.text
    assert found.text.endswith("The most frequent of them: ኤለርስ")
    assert found.figures["unread"] == {"train": 1, "dev": 0, "test": 0}


def test_entities_out_of_the_reach_of_plain_text(inspect):
    whole = sentence("中文字|,|好吃的|,", "O O O O") * 20
    found = inspect(whole + sentence("北京|的|,", "B-city O O"))["plain_text"]
    assert (found.warning, found.figures["in_reach"], found.figures["rule"]) == (True, 0.0, "general")
    assert "could find 0.0% of the entities of train" in found.text
    assert "--from conll" in found.text


@pytest.fixture
def command(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nerpipe", "check", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out or said.err

    return run


@pytest.mark.slow
def test_the_sample_with_the_default_model(command):
    code, out = command("sample")
    assert not code
    assert [line[2:].partition(":")[0] for line in out.splitlines()[:-1]] == SUBJECTS
    assert "train has 6,641 sentences, 108,430 words and 6,304 entities" in out
    assert out.endswith("8 findings, 1 of them, marked !, to look at before training\n")
    code, out = command("sample", "--json")
    assert not code
    data = json.loads(out)
    assert data["dataset"] == "sample"
    assert [row["subject"] for row in data["findings"]] == SUBJECTS
    assert {row["subject"] for row in data["findings"] if row["warning"]} == {"surfaces"}


def test_a_data_set_that_is_not_there_is_an_error(command, tmp_path):
    code, said = command("smaple")
    assert code == 1
    assert said.startswith("error: ")
    assert "[NAME] 'smaple': there is no folder data/raw/smaple; did you mean sample?" in said
    assert "params.yaml: this is no folder, but a data set is one" in command(str(ROOT / "params.yaml"))[1]
    with pytest.raises(NerpipeError, match="there is no folder"):
        next(inspect_corpus(tmp_path / "nothing", load_params("params.yaml")))


def test_splits_that_are_cut_from_train_are_named(tmp_path, tiny_model):
    params = replace(load_params(ROOT / "params.yaml"), model=spec_of(tiny_model))
    names = [a + b for a in "ABCDEFGH" for b in "abcdefgh"]
    (tmp_path / "train.conll").write_text("".join(sentence(f"{name}|slept", "B-person O") for name in names))
    found = {notice.subject: notice for notice in inspect_corpus(tmp_path, params)}["layout"]
    assert "dev and test are cut from train, by sentence" in found.text
    assert "dev is" not in found.text


def test_texts_of_characters_are_shown_without_blanks(inspect):
    rows = sentence("한|국|은", "B-LOC I-LOC O") * 30 + sentence("한|국|은", "B-ORG I-ORG O")
    assert "such as 한국 (LOC 30, ORG 1)" in inspect(rows)["surfaces"].text
