"""Tasks of suspects: whatever the words are, each tool's file gives the sentence and its labels back."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.annotations.corrections import CorrectedTask, read_tasks, wanted_spans
from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS
from nerpipe.contracts.joining import BLANKS, NO_BLANKS, Joining
from nerpipe.contracts.schemes import Span, spans_of, to_iob2
from nerpipe.corpus.training_places import SentenceId, SentencePlace, hash_of_words
from nerpipe.inspection.suspect_files import write_suspects_page, write_tasks
from nerpipe.inspection.suspects import Suspect, as_json_lines

WORDS = st.lists(st.text("abA-/日本。é😀\u200d\u202e<&\x1b\"'", min_size=1, max_size=4), min_size=1, max_size=6)
TAGS = ("O", "B-x", "I-x", "B-y", "I-y")


def suspect(words, tags, line=1, predicted=None):
    place = SentencePlace(SentenceId("mine", line, hash_of_words(words)), "data/raw/mine/train.conll")
    sure = [0.25] * len(words)
    return Suspect(place, tuple(words), tags, predicted or ["O"] * len(words), sure, sure, 3.25)


@st.composite
def sentences(draw):
    """Words with any IOB2 tags."""
    words = draw(WORDS)
    tags = draw(st.lists(st.sampled_from(TAGS), min_size=len(words), max_size=len(words)))
    return words, to_iob2(tags)[0]


@settings(max_examples=50)  # Each writes and reads files.
@given(
    rows=st.lists(sentences(), min_size=1, max_size=3),
    joining=st.sampled_from([BLANKS, NO_BLANKS, Joining(glued="-/")]),
)
def test_the_labels_and_the_id_survive_the_file_of_every_tool(rows, joining):
    suspects = [suspect(words, tags, line) for line, (words, tags) in enumerate(rows, start=1)]
    for tool in ANNOTATION_FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tasks.json"
            write_tasks(path, suspects, tool, joining)
            if not any(spans_of(tags) for _, tags in rows):
                continue  # A file without any annotation does not show its format.
            tasks = list(read_tasks([path]))
        assert [task.id for task in tasks if isinstance(task, CorrectedTask)] == [each.place.id for each in suspects]
        for task, (words, tags) in zip(tasks, rows, strict=True):
            assert wanted_spans(task, words) == spans_of(tags)


def test_a_task_says_what_the_model_says_and_where_the_sentence_is(tmp_path):
    write_tasks(tmp_path / "t", [suspect(["Ann", "sang"], ["O", "O"], 7, ["B-x", "O"])], "doccano", BLANKS)
    task = json.loads((tmp_path / "t").read_text())
    assert task == {
        "nerpipe_id": str(SentenceId("mine", 7, hash_of_words(["Ann", "sang"]))),
        "place": "data/raw/mine/train.conll:7",
        "rank": 1,
        "model": "x 'Ann' (25.0%)",
        "text": "Ann sang",
        "label": [],
        "scores": [],
        "score": 0.25,
    }


def test_the_json_lines_hold_words_and_both_sides():
    (row,) = map(json.loads, as_json_lines([suspect(["in", "New", "York"], ["O", "B-y", "I-y"])]).splitlines())
    assert row == {
        "rank": 1,
        "id": f"mine:1:{hash_of_words(['in', 'New', 'York'])}",
        "file": "data/raw/mine/train.conll",
        "line": 1,
        "surprise": 3.25,
        "words": ["in", "New", "York"],
        "gold": [{"type": "y", "start": 1, "end": 3, "text": "New York", "probability": 0.25}],
        "predicted": [],
    }
    assert spans_of(["O", "B-y", "I-y"]) == [Span("y", 1, 3)]


@pytest.mark.parametrize("hostile", ["</script><script>window.pwned=1</script>", "\x1b[31m", "&amp;"])
def test_words_are_data_on_the_page(tmp_path, hostile):
    sentences = [suspect([hostile, "sang"], ["B-x", "O"]), suspect(["Bo", "sang"], ["O", "O"], 4, ["B-x", "O"])]
    write_suspects_page(tmp_path / "p.html", sentences, dataset="mine", folds=3, resamples=100, seed=1)
    text = (tmp_path / "p.html").read_text()
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    (split,) = data["splits"]
    assert split["sentences"][0][0] == f"{hostile}\tsang"
    assert split["marks"] == ["1 · 3.2 · data/raw/mine/train.conll:1", "2 · 3.2 · data/raw/mine/train.conll:4"]
    assert "2 of 2 sentences are shown" in split["notes"][0]
    assert text.count("<script") == 2
