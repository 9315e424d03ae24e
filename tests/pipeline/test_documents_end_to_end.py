"""A corpus with documents, and with a type that only dev and test hold, through all stages."""

import json

import pytest

pytestmark = pytest.mark.slow
RAW = "data/raw/tiny"


@pytest.fixture(scope="module")
def evaluated(start):
    """A run in which dev and test have four documents and entities of a type that train lacks."""
    repo = start("documents")
    for split in ("dev", "test"):
        path = repo.path / RAW / f"{split}.conll"
        sentences = [f"{text.strip()}\n\n" for text in path.read_text().split("\n\n") if text.strip()]
        for place in range(0, len(sentences), 5):
            name = f" ({split}-{place})" if place else ""
            sentences[place] = f"-DOCSTART-{name}\n\n{sentences[place]}see\tO\nABBA\tB-band\n\n"
        path.write_text("".join(sentences))
    repo.set(unknown_labels="outside")
    repo.printed = repo.run("dvc", "repro")
    return repo


def test_the_dev_f1_of_train_is_that_of_evaluate(evaluated):
    (best,) = [row for row in evaluated.read("metrics/train.json") if row["best"]]
    dev = evaluated.read("metrics/metrics.json")["dev"]
    assert {name: best[f"dev_{name}"] for name in ("f1", "precision", "recall")} == {
        name: dev[name] for name in ("f1", "precision", "recall")
    }
    assert evaluated.read("metrics/encode.json")[1]["outside"] == {"band": 4}
    support = {(row["split"], row["type"]): row["support"] for row in evaluated.read("metrics/per_type.json")}
    assert support["dev", "band"] == 4
    assert "The dev F1 is the same as in metrics/train.json" in evaluated.printed
    assert "F1 of the entities in points: " in evaluated.printed
    assert "Entity scores in points" not in evaluated.printed  # `nerpipe summary` prints the table, and it alone.


def test_a_train_report_of_another_run_stops_evaluate(evaluated):
    path = evaluated.path / "metrics/train.json"
    kept = path.read_text()
    path.write_text(json.dumps([{"best": True, "dev_f1": 0.0123}]))
    try:
        done = evaluated.try_run("dvc", "repro", "--single-item", "evaluate")
    finally:
        path.write_text(kept)
    assert done.returncode != 0
    assert "and 1.230 in metrics/train.json" in done.stderr
    evaluated.repro()


def test_documents_reach_the_scores_the_predictions_and_the_page(evaluated):
    metrics, dev = evaluated.read("metrics/metrics.json"), evaluated.read("data/predictions/dev.conll")
    assert metrics["test"]["resampled"] == "documents"
    names = ["#1", "dev-5", "dev-10", "dev-15"]
    rows = [row for row in evaluated.read("metrics/documents.json") if row["split"] == "dev"]
    assert [row["document"] for row in rows] == names
    assert [row["sentences"] for row in rows] == [6, 6, 6, 6]
    averages = evaluated.read("metrics/averages.json")
    micro = next(row for row in averages if row["split"] == "dev" and row["measure"] == "conlleval micro")
    assert sum(row["support"] for row in rows) == micro["support"]
    assert [line for line in dev.splitlines() if line.startswith("-DOCSTART-")] == [
        "-DOCSTART-\tO",
        *(f"-DOCSTART-\tO\t{name}" for name in names[1:]),
    ]
    assert evaluated.read("reports/documents.csv").splitlines()[1].startswith("test,#1,6,")
    notes = [row["note"] for row in evaluated.read("metrics/notes.json")]
    assert "resampled documents (4 of them)" in notes[0]
    assert notes[0] in evaluated.read("reports/errors.html")
    from datasets import load_from_disk

    encoded = load_from_disk(str(evaluated.path / "data/encoded/dataset"))["dev"]
    assert list(dict.fromkeys(encoded["document"])) == names  # one name for a document in all stages


def test_the_commands_read_predictions_with_documents(evaluated):
    test = "data/predictions/test.conll"
    found = json.loads(evaluated.run("nerpipe", "compare", test, "workspace", "--json"))
    assert (found["resampled"], found["units"], found["verdict"]) == ("documents", 4, "noise")
    scored = json.loads(evaluated.run("nerpipe", "score", "data/clean/test.conll", test, "--json"))
    assert scored["sentences"] == 24
    evaluated.run(
        *("nerpipe", "predict", "models/exported", "--input", test, "--from", "conll", "--to", "conll"),
        *("--output", "found.conll"),
    )
    again = [line.split("\t")[0] for line in evaluated.read("found.conll").splitlines()]
    assert [word for word in again if word] == [
        line.split("\t")[0]
        for line in evaluated.read("data/clean/test.conll").splitlines()
        if line and not line.startswith("-DOCSTART-")
    ]
    assert "resampled documents" in " ".join(evaluated.run("nerpipe", "summary").split())


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_the_exported_model_scores_on_the_clean_file_as_evaluate_does(evaluated, backend):
    found = json.loads(
        evaluated.run(
            *("nerpipe", "score", "data/clean/test.conll", "models/exported", "--backend", backend, "--json"),
            *("--report", f"report-{backend}"),
        )
    )
    assert evaluated.read("metrics/metrics.json")["test"] == found["conlleval"] | found["interval"] | {
        "token_accuracy": found["token_accuracy"],
        "surface_f1": found["surface"]["f1"],
        "resampled": found["resampled"],
    }
    of_test = [
        row | {"split": "test.conll"} for row in evaluated.read("metrics/per_type.json") if row["split"] == "test"
    ]
    assert found["tables"]["per_type"] == of_test
    assert "types of data/clean/test.conll, so their entities count as missed: band (4)" in found["notes"][0]
    tags = [
        [line.split("\t")[:3] for line in evaluated.read(f"{folder}.conll").splitlines()]
        for folder in (f"report-{backend}/predictions", "data/predictions/test")
    ]
    assert tags[0] == tags[1]
