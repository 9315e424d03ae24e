"""A model is scored on a file as the stage evaluate scores it, and the report replaces nothing else."""

import json

import pytest

from capitals import capitals_predictor
from nerpipe.comparison.labelled_file import read_labelled
from nerpipe.comparison.model_predictions import ModelChoice, predict_labelled, predict_sentences
from nerpipe.comparison.model_scores import (
    REPORT_FILES,
    check_report_folder,
    model_scores_as_json,
    score_predictions,
    write_model_report,
)
from nerpipe.contracts.ledger import tally
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.headline import headline
from nerpipe.evaluation.report import report_split
from nerpipe.evaluation.signed_report import headline_signature, signed_report

GOLD = "Ann\tB-person\nmet\tO\nBob\tB-person\nLee\tI-person\n\nrain\tB-animal\nSun\tO\n\n"


@pytest.fixture
def scored(tmp_path):
    """The model takes every capitalised word for a person."""
    (tmp_path / "gold.conll").write_text(GOLD)
    labelled = read_labelled(tmp_path / "gold.conll")
    found = predict_sentences(capitals_predictor(), labelled.tokens, ["a note"])
    return score_predictions(labelled, ModelChoice(tmp_path / "model", "onnx", "fp32", "auto", None), found)


def test_what_the_model_does_not_know_is_missed(scored):
    data = model_scores_as_json(scored)
    # Ann is right; Bob and Lee are two persons instead of one, Sun is none, rain is missed.
    assert data["conlleval"] == {"precision": 1 / 4, "recall": 1 / 3, "f1": 2 / 7}
    assert data["per_type"]["animal"] == {"precision": 0, "recall": 0, "f1": 0, "support": 1}
    assert data["macro"]["recall"] == 1 / 4
    assert data["token_accuracy"] == 3 / 6
    assert (data["resampled"], data["units"], data["sentences"], data["words"]) == ("sentences", 2, 2, 6)
    assert data["tables"]["per_type"][0]["mark"] == "too few"
    assert {row["by"] for row in data["tables"]["breakdown"]} == {"words of the entity", "words of the sentence"}
    assert data["notes"] == ["a note"]
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_types_of_the_model_that_the_file_lacks_are_said_to_be_wrong(tmp_path):
    (tmp_path / "gold.conll").write_text("Ann\tO\nmet\tO\n\nno\tB-animal\none\tO\n\n")
    labelled = read_labelled(tmp_path / "gold.conll")
    found = predict_sentences(capitals_predictor(), labelled.tokens)
    scored = score_predictions(labelled, ModelChoice(tmp_path, "onnx", "fp32", "auto", None), found)
    assert "what the model takes for one counts as wrong: person (1)" in scored.notes[-1]


def test_the_report_is_whole_and_is_replaced(scored, tmp_path):
    target = check_report_folder(tmp_path / "deep/report")
    for _ in range(2):
        write_model_report(target, scored)
        assert {path.name for path in target.iterdir()} == REPORT_FILES
        assert check_report_folder(target) == target
    assert json.loads((target / "scores.json").read_text()) == model_scores_as_json(scored)
    assert json.loads((target / "per_type.json").read_text())[0]["split"] == "gold.conll"
    assert (target / "predictions.conll").read_text().startswith("Ann\tB-person\tB-person\t0.9")
    page = (target / "errors.html").read_text()
    assert "does not say which entities are in it" in page
    assert "a note" in page
    assert [path.name for path in target.parent.iterdir()] == ["report"]


def test_a_report_that_fails_leaves_the_earlier_one(scored, tmp_path, monkeypatch):
    target = check_report_folder(tmp_path / "report")
    write_model_report(target, scored)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    monkeypatch.setattr("nerpipe.comparison.model_scores.write_page", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_model_report(target, scored)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"report", "gold.conll"}


def test_no_other_folder_is_replaced(tmp_path, monkeypatch):
    for prepare, said in (
        (lambda folder: (folder / "mine.txt").write_text(""), r"other files \(mine.txt\), which would be lost"),
        (lambda folder: (folder / "errors.html").write_text(""), r"other files \(errors.html\)"),  # of `dvc repro`
    ):
        folder = tmp_path / said[-8:-3]
        folder.mkdir()
        prepare(folder)
        with pytest.raises(NerpipeError, match=said):
            check_report_folder(folder)
    with pytest.raises(NerpipeError, match="this is a file"):
        check_report_folder(folder / "errors.html")
    monkeypatch.chdir(tmp_path)
    for place in (".", "..", str(tmp_path)):
        with pytest.raises(NerpipeError, match="but you are in it"):
            check_report_folder(tmp_path / place)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    assert check_report_folder(tmp_path / "link") == tmp_path / "empty"
    (tmp_path / "loop").symlink_to("loop")
    for place, said in (("loop", "loop: the file cannot be reached"), ("loop/a", "loop/a: the file cannot be reached")):
        with pytest.raises(NerpipeError, match=said):
            check_report_folder(tmp_path / place)
    (tmp_path / "gold.conll").touch()
    with pytest.raises(NerpipeError, match=r"gold.conll is a file, not a folder"):
        check_report_folder(tmp_path / "gold.conll/report")


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_the_scores_are_those_of_the_stage_evaluate(exported_tiny, tmp_path, backend):
    from datasets import Dataset

    from nerpipe.evaluation.split_predictions import predict_split
    from nerpipe.inference.decoding import DecodingWeights
    from nerpipe.inference.word_predictions import load_trained
    from nerpipe.tokenizing.window_dataset import tokenize_split

    words = [[f"{w}{i}" for w in ("Ann", "London", "the", "x")] * (1 + i % 9) for i in range(40)]
    kinds = ["B-person", "O", "B-location", "I-location"]
    tags = [
        [kinds[(i + place) % 2 * 2] if place % 4 < 3 else "O" for place in range(len(row))]
        for i, row in enumerate(words)
    ]
    rows = ["".join(f"{w}\t{t}\n" for w, t in zip(*row, strict=True)) for row in zip(words, tags, strict=True)]
    gold = tmp_path / "test.conll"
    gold.write_text("".join(f"-DOCSTART-\tO\n\n{row}\n" if i % 10 == 0 else f"{row}\n" for i, row in enumerate(rows)))
    model, tokenizer, labels = load_trained(exported_tiny)
    data = Dataset.from_dict({"tokens": words, "ner_tags": [[*map(labels.index, row)] for row in tags]}, split="test")
    settings = json.loads((exported_tiny / "decoding.json").read_text())
    options = {"max_length": settings["max_length"], "stride": settings["stride"], "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, labels, expected=tally(tags), **options)
    told = {
        "labels": labels,
        "expected": tally(tags),
        "pad_id": settings["pad_id"],
        "weights": DecodingWeights(settings["outside_bias"], settings["adjoining_penalty"]),
    }
    wanted = predict_split(model, windows, gold, **told)
    assert sum(tag != "O" for row in wanted.predicted for tag in row) > 20

    labelled, choice = read_labelled(gold), ModelChoice(exported_tiny, backend, "fp32", "cpu", 1)
    scored = score_predictions(labelled, choice, predict_labelled(labelled, choice))
    assert scored.split.predicted == wanted.predicted
    assert scored.split.undecoded == wanted.undecoded
    report = report_split("test", wanted, set(), resamples=1000, seed=1)
    found = model_scores_as_json(scored)
    wanted_signature = headline_signature(signed_report(report, wanted))
    assert (found["signature"], found["resampled"]) == (wanted_signature, "documents")
    assert headline([report], "mine")["test"] == found["conlleval"] | found["interval"] | {
        "token_accuracy": found["token_accuracy"],
        "resampled": found["resampled"],
        "surface_f1": found["surface"]["f1"],
    }
