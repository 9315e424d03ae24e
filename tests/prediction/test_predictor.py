"""From text to entities: exact places, long texts, every kind of character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capitals import capitals_predictor
from nerpipe.contracts.word_rules import find_words
from nerpipe.errors import NerpipeError
from nerpipe.prediction import backends
from nerpipe.prediction.finder import BUDGET, Entity
from nerpipe.prediction.predictor import GPU_BUDGET, Predictor

PREDICTOR = capitals_predictor()


def test_an_entity_has_its_place_type_text_and_confidence():
    (found,) = PREDICTOR(["so Ann met bob"])
    (entity,) = found
    assert entity[:4] == ("person", "Ann", 3, 6)
    # "Ann" is a person with e^5 / (e^5 + 1 + e^-5) = 0.9933, and "met" is none with the same probability.
    assert entity.confidence == pytest.approx(0.9933**2, abs=1e-4)


@pytest.mark.parametrize("text", ["", " ", "no one", "👩‍👩‍👧"])
def test_a_text_without_entities_gives_an_empty_list(text):
    assert PREDICTOR([text]) == [[]]
    assert PREDICTOR([]) == []


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["Ann", "👩‍👩‍👧", "שלום", "e\u0301", "bob", "\t", "\U0001f3fd", "#Tag"]), max_size=90))
def test_places_are_exact_in_any_script_and_at_any_length(parts):
    text = " ".join(parts)
    (found,) = PREDICTOR([text])
    words = [text[start:end] for start, end in find_words(text)]
    assert [entity.text for entity in found] == [word for word in words if word[0].isascii() and word[0].isupper()]
    assert all(text[entity.start : entity.end] == entity.text for entity in found)


def test_the_words_are_those_of_the_rule_that_decoding_names():
    text = "Ann-like Öl"
    (read,) = capitals_predictor(word_rule="fine").read([text])
    assert [text[start:end] for start, end in read[1].words] == ["Ann", "-", "like", "Öl"]
    (read,) = capitals_predictor(word_rule="blanks").read(["A b"])
    assert read[1].words == [(0, 1), (1, 2), (2, 3)]


def test_a_long_text_is_predicted_once_and_whole():
    text = "Ann saw bob . " * 500
    (found,) = PREDICTOR([text])
    assert [entity.start for entity in found] == list(range(0, len(text), 14))


def test_the_answers_do_not_depend_on_the_company():
    texts = ["Ann", "so " * 80 + "Ann", "", "Bob and Ann"]
    together = PREDICTOR(texts)
    assert together == [PREDICTOR([text])[0] for text in texts]


def test_words_that_are_found_already_are_tagged_one_by_one():
    tagged = PREDICTOR.tag([["Ann", "saw"], [], ["Bob"]])
    assert [row.tags for row in tagged] == [["B-person", "O"], [], ["B-person"]]
    assert PREDICTOR.tag([[], []]) == [([], []), ([], [])]


@pytest.mark.parametrize(
    ("method", "argument", "said"),
    [
        ("__call__", "Ann", "put the text in brackets"),
        ("__call__", b"Ann", "put the text in brackets"),
        ("__call__", None, "a list of texts was expected, not NoneType"),
        ("__call__", [3], "text was expected, not int"),
        ("__call__", ["a\ud83d"], r"character 1 is half of a surrogate pair \('\\ud83d'\)"),
        ("read", "Ann", "put the text in brackets"),
        ("tag", "Ann", "a list of sentences was expected, each a list of words, not str"),
        ("tag", 3, "a list of sentences was expected, each a list of words, not int"),
        ("tag", [["Ann"], "Ann saw"], "sentence 2 is str, not a list of words"),
        ("tag", [["Ann", None]], "text was expected, not NoneType"),
        ("tag", [["\ud83d"]], "half of a surrogate pair"),
    ],
)
def test_what_is_no_text_or_list_is_refused(method, argument, said):
    with pytest.raises(NerpipeError, match=said):
        getattr(PREDICTOR, method)(argument)


def test_a_generator_of_texts_or_words_is_not_lost():
    texts = ["Ann saw", "Bob"]
    assert PREDICTOR(text for text in texts) == PREDICTOR(texts)
    assert PREDICTOR.tag(iter(text.split()) for text in texts) == PREDICTOR.tag([["Ann", "saw"], ["Bob"]])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"folder": 3}, "the folder of a model was expected, such as 'models/exported', not int"),
        ({"folder": None}, "not NoneType"),
        ({"threads": 0}, "threads is 0, but a whole number of 1 or more was expected"),
        ({"threads": -2}, "threads is -2"),
        ({"threads": True}, "threads is True"),
        ({"threads": 1.5}, r"threads is 1\.5"),
        ({"threads": "2"}, "threads is '2'"),
        ({"backend": "tf"}, "there is no backend 'tf'; there are onnx, openvino, torch"),
        ({"precision": ["int8"]}, "there is no precision"),
    ],
)
def test_wrong_arguments_are_refused_before_the_model_is_loaded(exported_tiny, arguments, said):
    with pytest.raises(NerpipeError, match=said):
        Predictor(**{"folder": exported_tiny} | arguments)


def test_a_predictor_says_what_it_is(exported_tiny):
    shown = repr(Predictor(str(exported_tiny), threads=1))
    assert shown == (
        f"<Predictor {str(exported_tiny)!r}, backend='onnx', precision='fp32', threads=1, types=['location', 'person']>"
    )
    assert "threads=None" not in repr(Predictor(exported_tiny))


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: folder.rmdir(), "no such folder"),
        (lambda _: None, "holds no decoding.json"),
        (
            lambda folder: (folder / "decoding.json").write_text("{}"),
            "labels.* missing: an older version wrote this file",
        ),
    ],
)
def test_a_folder_that_was_not_exported_is_refused(tmp_path, prepare, said):
    folder = tmp_path / "model"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(NerpipeError, match=said):
        Predictor(folder)


def test_entities_are_plain_tuples():
    assert Entity("person", "Ann", 0, 3, 0.5)._asdict()["text"] == "Ann"


def test_the_torch_backend_runs_on_the_device_that_is_named(exported_tiny, monkeypatch):
    """The device is that of shapes without data, which every machine has."""
    import torch

    asked = []
    monkeypatch.setattr(backends, "choose_device", lambda device, *, place: asked.append((device, place)) or "meta")
    predictor = Predictor(exported_tiny, backend="torch", device="cuda")
    assert asked == [("cuda", "device")]
    assert predictor._network.args[0].device == torch.device("meta")
    assert predictor._budget == GPU_BUDGET


def test_a_device_that_cannot_be_used_is_refused(exported_tiny, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NerpipeError, match=r"^device cuda: PyTorch .* can use no such device here"):
        Predictor(exported_tiny, backend="torch", device="cuda")
    with pytest.raises(NerpipeError, match="the onnx backend runs on the processor; use the torch backend"):
        Predictor(exported_tiny, device="cuda")
    assert Predictor(exported_tiny, device="cpu")._budget == BUDGET
