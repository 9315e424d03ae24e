"""The example of `nerpipe summary`: which sentence it is, and a command that gives the same."""

import re
import shlex

import pytest

from capitals import capitals_predictor
from nerpipe.inspection.example_sentence import show_example
from nerpipe.prediction import predictor

NONE, ONE, TWO = "nobody was at home today", "and then Ann was at home", "so Ann and Bob 's dog left"


@pytest.fixture
def show(tmp_path, monkeypatch, capsys):
    """Print the example for sentences of dev, and return the lines. Capitalised words are the entities."""

    def show(*sentences, word_rule="general"):
        monkeypatch.setattr(predictor, "Predictor", lambda _: capitals_predictor(word_rule=word_rule))
        rows = ("".join(f"{word}\tO\n" for word in sentence.split(" ")) for sentence in sentences)
        (tmp_path / "dev.conll").write_text("\n".join(rows) + "\n")
        show_example("models/exported", tmp_path / "dev.conll")
        return capsys.readouterr().out.splitlines()

    return show


def test_it_is_the_first_sentence_with_two_entities_as_a_command_to_paste(show):
    title, command, marked = show(NONE, ONE, TWO, "Cy and Dee were here too")
    assert title == "A sentence of dev, and what the new model finds in it:"
    assert shlex.split(command) == ["$", "nerpipe", "predict", "models/exported", TWO]
    assert re.sub(r"\[(\w+) person \d\.\d\d\]", r"\1", marked) == TWO
    assert marked.count("[") == 2


def test_otherwise_it_is_the_first_with_one(show):
    assert shlex.split(show(NONE, ONE, NONE)[1])[-1] == ONE


def test_sentences_that_are_short_or_long_or_look_like_an_option_are_left_aside(show):
    left_aside = "Ann and Bob", " ".join(["Ann"] * 60), "-Ann and Bob were here too"
    assert shlex.split(show(*left_aside, ONE)[1])[-1] == ONE


@pytest.mark.parametrize("sentences", [[NONE], ["short"]])
def test_without_an_entity_it_says_so(show, sentences):
    (line,) = show(*sentences)
    assert line.startswith("The model finds no entity in the first sentences of ")


def test_words_of_a_script_without_blanks_are_joined(show):
    words = " ".join("A😀bcdefghijklmnopqrstu")
    assert shlex.split(show(words, word_rule="characters")[1])[-1] == words.replace(" ", "")


def test_no_text_of_data_controls_the_terminal(show):
    lines = show("Ann and \x1b[31mBob were in the house")
    assert "\x1b" not in "".join(lines)
    assert all("\\x1b[31m" in line for line in lines[1:])
