"""Pre-annotations: what a tool gets is what it expects, and importing it gives the same entities again."""

import io
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capitals import capitals_predictor
from nerpipe.annotations.documents import Document
from nerpipe.annotations.formats import UTF16_TOOLS, find_files, read_file
from nerpipe.annotations.offsets import judge_annotations
from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS, FRAMES, as_doccano, as_label_studio, as_prodigy
from nerpipe.batch.output_file import Output
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.stream import predict_chunk
from nerpipe.batch.writers import Prediction
from nerpipe.contracts.word_rules import find_words
from nerpipe.prediction.finder import Reading, entities_of

PREDICTOR = capitals_predictor()
NO_FRAME = ("", "", "")
CHARACTERS = st.one_of(
    st.sampled_from(" \n\r\t\u2028abA.,-'\\\"\u3000😀👩\u200d🏽אבג\u202eع\u0301日"),
    st.characters(codec="utf-8", exclude_characters="\0"),
)


def prediction(text, **fields):
    return predict_chunk(PREDICTOR, [Record("here:1", text, None, fields)])[0]


def test_doccano_gets_triples_and_the_scores_beside_them():
    row = json.loads(as_doccano(prediction("😀 hi Ann", id=7, label="old")))
    own = {"text": "😀 hi Ann", "label": [[5, 8, "person"]], "scores": [0.9933], "score": 0.9933}
    assert row == {"id": 7, "input_label": "old", **own}


def test_label_studio_gets_a_prediction_with_utf16_offsets():
    task = json.loads(as_label_studio(prediction("😀 hi Ann", id=7)))
    assert task["data"] == {"id": 7, "text": "😀 hi Ann"}
    (guess,) = task["predictions"]
    assert guess["score"] == 0.9933
    assert guess["result"] == [
        {
            "id": "entity-1",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": 6, "end": 9, "text": "Ann", "labels": ["person"]},
            "score": 0.9933,
        }
    ]


def test_prodigy_gets_words_and_the_place_of_each_entity_among_them():
    task = json.loads(as_prodigy(prediction("hi Ann Bo.", id=7)))
    assert [(token["text"], token["ws"]) for token in task["tokens"]] == [
        ("hi", True),
        ("Ann", True),
        ("Bo", False),
        (".", False),
    ]
    spans = [(span["start"], span["end"], span["token_start"], span["token_end"]) for span in task["spans"]]
    assert spans == [(3, 6, 1, 1), (7, 9, 2, 2)]
    assert task["spans"][0]["label"] == "person"
    assert task["meta"] == {"id": 7, "score": min(span["score"] for span in task["spans"])}


@pytest.mark.parametrize("write", ANNOTATION_FORMATS.values())
def test_a_text_without_words_is_a_record_too(write):
    assert json.loads(write(prediction("")))


@st.composite
def predictions(draw):
    """Predictions with any text and any entities of whole words."""
    text = draw(st.text(CHARACTERS, max_size=25))
    words = find_words(text)
    edges = sorted(draw(st.sets(st.integers(0, len(words)), max_size=8)))
    tags = ["O"] * len(words)
    for start, end in pairwise(edges):
        kind = draw(st.sampled_from(["", "person", "creative-work"]))
        if kind:
            tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    reading = Reading(words, tags, [draw(st.floats(0, 1)) for _ in words])
    fields = draw(st.sampled_from([{}, {"id": 3}, {"id": "x", "source": "mail"}]))
    return Prediction(Record("here:1", text, None, fields), entities_of(text, reading), reading)


@pytest.mark.parametrize("name", ANNOTATION_FORMATS)
@given(rows=st.lists(predictions(), min_size=1, max_size=4))
def test_importing_what_was_exported_gives_the_same_spans(name, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("round") / "out.json"
    sink = Output(
        path, path.with_name("rejects.jsonl"), io.StringIO(), ANNOTATION_FORMATS[name], FRAMES.get(name, NO_FRAME)
    )
    with sink.open("job", resume=False):
        sink.write(rows)
    (file,) = find_files([path])
    unit = "utf16" if file.format in UTF16_TOOLS else "characters"
    documents = list(read_file(file))
    assert len(documents) == len(rows)
    for document, row in zip(documents, rows, strict=True):
        assert isinstance(document, Document)
        assert document.text == row.record.text
        assert document.problem == ""
        assert document.id == str(row.record.fields.get("id", ""))
        verdicts = judge_annotations(document.text, find_words(document.text), document.annotations, unit)
        assert [verdict.mention for verdict in verdicts] == [(e.type, e.start, e.end) for e in row.entities]
        assert not any(set(verdict.repairs) - {"utf16_offsets"} for verdict in verdicts)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_array_is_whole_in_a_file_and_on_a_stream_and_after_a_stop(count, tmp_path):
    rows = [Rejected("here:0", "bad", "x"), *(prediction(f"Ann {n}") for n in range(count))]
    stream, frame = io.StringIO(), FRAMES["label-studio"]
    sink = Output(None, tmp_path / "rejects.jsonl", stream, as_label_studio, frame)
    with sink.open("job", resume=False):
        for row in rows:
            sink.write([row])
    assert [task["data"]["text"] for task in json.loads(stream.getvalue())] == [f"Ann {n}" for n in range(count)]

    def write(chunks, *, resume):
        sink = Output(tmp_path / "out.json", tmp_path / "rejects.jsonl", io.StringIO(), as_label_studio, frame)
        with sink.open("job", resume=resume):
            for chunk in chunks:
                sink.write(chunk)

    with pytest.raises(TypeError):
        write([rows[:2], [None]], resume=False)  # A bug ends the run behind the first chunk.
    assert not (tmp_path / "out.json").exists()
    write([rows[2:]], resume=True)
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(stream.getvalue())
