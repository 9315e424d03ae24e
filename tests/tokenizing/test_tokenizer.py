"""Real tokenizers on hand-made and random sentences: nothing is lost between words and windows."""

import json
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nerpipe.contracts.labels import IGNORED, continuations, make_labels
from nerpipe.contracts.ledger import Tally
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.subwords import special_tokens
from nerpipe.tokenizing.tokenizer import check_max_length, load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from tiny import save_tiny, spec_of

LABELS = make_labels(["person", "place"])
OUTSIDE, PERSON = LABELS.index("O"), LABELS.index("B-person")


@pytest.fixture(scope="module", params=["bert", "distilbert", "roberta", "xlm-roberta"])
def tokenizer(request, tmp_path_factory):
    folder = save_tiny(tmp_path_factory.mktemp("models") / request.param, request.param)
    return load_tokenizer(spec_of(folder), capitals="lost")


@pytest.fixture(scope="module")
def bert(tiny_model):
    return load_tokenizer(spec_of(tiny_model), capitals="lost")


def windows_of(tokenizer, sentences, tags, *, max_length=64, stride=0, continuation=None):
    from datasets import Dataset

    data = Dataset.from_dict({"tokens": sentences, "ner_tags": tags}, split="train")
    expected = Tally(len(tags), sum(map(len, tags)), sum(LABELS[tag][0] == "B" for row in tags for tag in row))
    return tokenize_split(
        tokenizer,
        data,
        LABELS,
        expected=expected,
        max_length=max_length,
        stride=stride,
        continuation=continuation,
    )


def put_together(windows, sentences):
    """Read every word's label back out of the windows; a word must be labelled at most once."""
    found = [[None] * len(words) for words in sentences]
    for row in windows:
        previous = None
        for word, label in zip(row["word_ids"], row["labels"], strict=True):
            if label != IGNORED and word != previous:
                assert found[row["sentence"]][word] is None
                found[row["sentence"]][word] = label
            previous = word
    return found


def test_a_sentence_spelled_out(bert):
    # "the" is one piece, "ab" is a + ##b, "cding" is c + ##d + ##ing
    windows, report = windows_of(bert, [["the", "ab", "cding"]], [[0, PERSON, PERSON + 1]])
    pieces = bert.convert_ids_to_tokens(windows[0]["input_ids"])
    assert pieces == ["[CLS]", "the", "a", "##b", "c", "##d", "##ing", "[SEP]"]
    x = IGNORED
    assert windows[0]["labels"] == [x, 0, PERSON, x, PERSON + 1, x, x, x]
    assert windows[0]["word_ids"] == [-1, 0, 1, 1, 2, 2, 2, -1]
    assert windows[0]["attention_mask"] == [1] * 8
    counts = {"sentences": 1, "tokens": 3, "entities": 1, "subwords": 6, "windows": 1, "sentences_windowed": 0}
    assert report == {"split": "train", **counts, "words_without_subword": 0, "words_unread": 0, "words_cut": 0}


def test_all_sub_words_labelled(bert):
    windows, _ = windows_of(bert, [["ab", "cd"]], [[PERSON, OUTSIDE]], continuation=continuations(LABELS))
    assert windows[0]["labels"] == [IGNORED, PERSON, PERSON + 1, OUTSIDE, OUTSIDE, IGNORED]


def test_a_word_without_sub_word_stays_in_the_ledger(bert):
    windows, report = windows_of(bert, [["a", "\ufe0f", "b"], ["\ufe0f"]], [[0, PERSON, 0], [PERSON]])
    assert report["words_without_subword"] == 2
    assert (report["tokens"], report["entities"], report["sentences"]) == (4, 2, 2)
    assert windows["sentence"][:] == [0]  # a sentence of nothing has no window
    assert put_together(windows, [["a", "", "b"]]) == [[0, None, 0]]


def test_a_word_longer_than_a_window_keeps_its_first_sub_words(bert):
    windows, report = windows_of(bert, [["a", "b" * 50, "c"]], [[0, PERSON, 0]], max_length=8, stride=2)
    assert report["words_cut"] == 1
    assert put_together(windows, [["a", "b", "c"]]) == [[0, PERSON, 0]]
    assert max(map(len, windows["input_ids"])) <= 8


def test_every_window_starts_and_ends_with_the_special_tokens(tokenizer):
    before, after = special_tokens(tokenizer.backend_tokenizer)
    windows, report = windows_of(tokenizer, [list("abcdefghijkl")], [[0] * 12], max_length=8, stride=2)
    assert report["sentences_windowed"] == 1
    assert report["windows"] > 1
    for ids in windows["input_ids"]:
        assert ids[: len(before)] == before
        assert ids[-len(after) :] == after


def test_a_window_equals_what_the_tokenizer_gives_by_itself(tokenizer):
    words = ["the", "London", "xy", "#tag", "https://t.co/ab"]
    windows, _ = windows_of(tokenizer, [words], [[0] * 5])
    assert windows[0]["input_ids"] == tokenizer(words, is_split_into_words=True)["input_ids"]


WORD = st.text(min_size=1, max_size=12).filter(lambda word: "\x00" not in word)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(st.tuples(WORD, st.integers(0, len(LABELS) - 1)), min_size=1, max_size=25),
        min_size=1,
        max_size=3,
    ),
    max_length=st.integers(4, 20),
    stride=st.integers(0, 17),
    whole=st.booleans(),
)
def test_windows_put_back_together_give_one_label_a_word_equal_to_the_input(tokenizer, rows, max_length, stride, whole):
    stride = min(stride, max_length - 3)
    sentences = [[word for word, _ in row] for row in rows]
    tags = [[tag for _, tag in row] for row in rows]
    windows, report = windows_of(
        tokenizer,
        sentences,
        tags,
        max_length=max_length,
        stride=stride,
        continuation=continuations(LABELS) if whole else None,
    )
    found = put_together(windows, sentences)
    missing = 0
    for given_row, found_row in zip(tags, found, strict=True):
        for tag, label in zip(given_row, found_row, strict=True):
            missing += label is None
            assert label in (None, tag)
    assert missing == report["words_without_subword"]
    assert all(len(ids) <= max_length for ids in windows["input_ids"])


@pytest.mark.parametrize(
    ("max_length", "stride", "said"), [(8, 6, "below 6"), (4, 9, "below 2"), (2, 0, "hold 0 sub-words")]
)
def test_windows_without_room_are_refused(bert, max_length, stride, said):
    with pytest.raises(NerpipeError, match=r"max_length, stride\]") as caught:
        windows_of(bert, [["a"]], [[0]], max_length=max_length, stride=stride)
    assert said in str(caught.value)


def test_a_count_that_does_not_meet_fails(bert):
    from datasets import Dataset

    data = Dataset.from_dict({"tokens": [["a"]], "ner_tags": [[0]]}, split="dev")
    with pytest.raises(NerpipeError, match="encode_labels -> tokenize_align, split dev: tokens: 2 before, 1 after"):
        tokenize_split(bert, data, LABELS, expected=Tally(1, 2, 0), max_length=8, stride=0, continuation=None)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_max_length_is_held_against_what_the_model_knows(tmp_path, kind):
    spec = spec_of(save_tiny(tmp_path / kind, kind, max_length=64))
    tokenizer = load_tokenizer(spec, capitals="lost")
    check_max_length(spec, tokenizer, 64)
    tokenizer.model_max_length = 10**30  # many tokenizers do not say: then the configuration does
    check_max_length(spec, tokenizer, 64)
    with pytest.raises(NerpipeError, match=r"max_length\] 65 is more than the 64 sub-words"):
        check_max_length(spec, tokenizer, 65)


def test_truncation_in_tokenizer_json_cuts_nothing(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "cut")
    content = json.loads((folder / "tokenizer.json").read_text())
    content["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 32},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    (folder / "tokenizer.json").write_text(json.dumps(content))
    windows, _ = windows_of(load_tokenizer(spec_of(folder), capitals="lost"), [list("abcdef")], [[0] * 6])
    assert len(windows[0]["input_ids"]) == 8


def test_a_tokenizer_whose_word_ids_do_not_behave_is_refused(tiny_model, monkeypatch):
    from transformers import AutoTokenizer

    class Backend:
        def no_truncation(self):
            pass

        no_padding = no_truncation

        def encode(self, *_, **__):
            return SimpleNamespace(word_ids=[0, 0, 0])

    class Tokenizer:
        is_fast = True
        pad_token_id = 0
        backend_tokenizer = Backend()

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_, **__: Tokenizer())
    with pytest.raises(NerpipeError, match=r"belong to the words \[0, 0, 0\].*another tokenizer"):
        load_tokenizer(spec_of(tiny_model), capitals="lost")
    Tokenizer.pad_token_id = None
    with pytest.raises(NerpipeError, match=r"no padding token"):
        load_tokenizer(spec_of(tiny_model), capitals="lost")
    Tokenizer.is_fast = False
    with pytest.raises(NerpipeError, match=r"not a fast one.*tokenizer.json"):
        load_tokenizer(spec_of(tiny_model), capitals="lost")


def test_a_word_that_is_a_blank_has_a_sub_word_and_unread_words_are_counted(bert):
    windows, report = windows_of(bert, [["a", " ", "中文", "b中"]], [[PERSON, PERSON, OUTSIDE, OUTSIDE]])
    assert put_together(windows, [["a", " ", "中文", "b中"]]) == [[PERSON, PERSON, OUTSIDE, OUTSIDE]]
    assert (report["words_without_subword"], report["words_unread"]) == (0, 1)
