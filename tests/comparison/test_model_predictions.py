"""A model predicts the words of a labelled file; types that it lacks are named."""

import re

import pytest

from capitals import capitals_predictor
from nerpipe.comparison.labelled_file import read_labelled
from nerpipe.comparison.model_predictions import predict_sentences, type_notes
from nerpipe.contracts.labels import make_labels
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml

LABELS = make_labels(["location", "person"])


@pytest.fixture
def labelled(tmp_path):
    def labelled(*types):
        (tmp_path / "gold.conll").write_text("".join(f"word\tB-{kind}\nran\tO\n\n" for kind in types))
        return read_labelled(tmp_path / "gold.conll")

    return labelled


def test_every_word_is_predicted_whatever_is_predicted_together(monkeypatch):
    finder = capitals_predictor()
    tokens = [["Ann", "ran"], ["so"] * 200 + ["Bob"], ["\u200b", "Ulm"], ["x"]]
    whole = predict_sentences(finder, tokens)
    assert [tags.count("B-person") for tags in whole.tags] == [1, 1, 1, 0]
    assert whole.undecoded == whole.tags
    assert whole.tags == [tagged.tags for tagged in finder.tag(tokens)]
    assert whole.confidences == [tagged.confidences for tagged in finder.tag(tokens)]
    monkeypatch.setattr("nerpipe.comparison.model_predictions.TOGETHER", 1)
    assert predict_sentences(finder, tokens) == whole


def test_types_that_the_model_lacks_are_counted_and_the_line_to_paste_is_right(labelled, tmp_path):
    assert type_notes(labelled("person"), LABELS, tmp_path) == []
    (note,) = type_notes(labelled("person", "LOC", "LOC", "a:b"), LABELS, tmp_path / "m")
    assert f"{tmp_path / 'm'} does not know these types of" in note
    assert "count as missed: LOC (2), a:b (1). If they have other names" in note
    (tmp_path / "corpus.yaml").write_text(re.search(r"corpus\.yaml:\n    (types: .*)", note)[1])
    assert load_yaml(tmp_path / "corpus.yaml") == {"types": {"LOC": "location"}}
    assert read_labelled(tmp_path / "gold.conll").entities() == {"person": 1, "location": 2, "a:b": 1}
    (note,) = type_notes(labelled("person", "animal"), LABELS, tmp_path)
    assert note.endswith("count as missed: animal (1)")


def test_a_model_that_knows_none_of_the_types_is_not_scored(labelled, tmp_path):
    for types, named in (
        (("PER", "Location"), {"PER": "person", "Location": "location"}),
        (("x:y",), {"x:y": "location"}),
    ):
        (tmp_path / "corpus.yaml").unlink(missing_ok=True)
        with pytest.raises(NerpipeError, match="knows none of the entity types") as error:
            type_notes(labelled(*types), LABELS, tmp_path / "m")
        assert "those of the model are location, person" in str(error.value)
        (tmp_path / "corpus.yaml").write_text(str(error.value).splitlines()[-1].strip())
        assert load_yaml(tmp_path / "corpus.yaml") == {"types": named}
