"""The whole loop of annotation: import, train, pre-annotate, correct, import again, train again."""

import json
import random

import pytest

from repository import FILLER, NAMES, PLACES, STAGES


def documents(first, count):
    """Texts with an emoji in front, and where their names are."""
    generator = random.Random(first)
    for number in range(first, first + count):
        text, spans = f"😀 {number}", []
        for choices, kind in ((NAMES, "person"), (PLACES, "location")):
            text += " " + " ".join(generator.sample(FILLER, 3)) + " "
            name = generator.choice(choices)
            spans.append([len(text), len(text) + len(name), kind])
            text += name
        yield {"id": f"doc-{number}", "text": text + " .", "label": spans}


def corrected(task, gold):
    """A task of Label Studio as it is exported when somebody has put the predictions right."""
    text = task["data"]["text"]
    regions = [
        {
            "type": "labels",
            "from_name": "label",
            "to_name": "text",
            "value": {"start": start + 1, "end": end + 1, "text": text[start:end], "labels": [kind]},  # 😀 is two units
        }
        for start, end, kind in gold[text]
    ]
    work = {"id": 1, "result": regions, "was_cancelled": False, "ground_truth": False}
    return {"id": 1, "data": task["data"], "annotations": [work], "predictions": []}


def where_documents_are(repo):
    return {
        line.split("\t")[2]: split
        for split in ("train", "dev", "test")
        for line in repo.read(f"data/raw/mine/{split}.conll").splitlines()
        if line.startswith("-DOCSTART-")
    }


@pytest.mark.slow
def test_the_loop(repo):
    known, new = list(documents(0, 120)), list(documents(1000, 60))
    (repo.path / "known.jsonl").write_text("".join(json.dumps(row) + "\n" for row in known))
    repo.run("nerpipe", "import", "known.jsonl", "--name", "mine", "--dev", "0.2", "--test", "0.2")
    places = where_documents_are(repo)
    assert set(places) == {row["id"] for row in known}
    repo.set(dataset="mine", lr="0.02", epochs=12)
    assert repo.repro()[0] == STAGES
    first = repo.read("metrics/clean.json")
    assert sum(row["entities"] for row in first) == 240

    (repo.path / "new.jsonl").write_text("".join(json.dumps({"id": r["id"], "text": r["text"]}) + "\n" for r in new))
    command = ("nerpipe", "predict", "models/exported", "--input", "new.jsonl", "--from", "jsonl")
    repo.run(*command, "--to", "label-studio", "--output", "tasks.json")
    tasks = repo.read("tasks.json")
    assert len(tasks) == 60
    found = [region["value"] for task in tasks for region in task["predictions"][0]["result"]]
    right = {(text[a:b], kind) for text, a, b, kind in ((r["text"], *span) for r in new for span in r["label"])}
    assert {(value["text"], *value["labels"]) for value in found} & right

    gold = {row["text"]: row["label"] for row in new}
    (repo.path / "export.json").write_text(json.dumps([corrected(task, gold) for task in tasks]))
    repo.run(*command, "--to", "doccano", "--output", "pre.jsonl")  # The same texts, not corrected: another name.
    repo.run("nerpipe", "import", "pre.jsonl", "--name", "uncorrected", "--dev", "0.2", "--test", "0.2")
    repo.run("nerpipe", "import", "export.json", "--name", "second", "--dev", "0.2", "--test", "0.2")
    counts = repo.read("data/raw/second/import_report.json")
    assert counts["annotations"] == {"read": 120, "kept": 0, "repaired": 120, "quarantined": 0}

    rows = [
        *known,
        *(
            {"id": task["data"]["id"], "text": text, "label": gold[text]}
            for task in tasks
            for text in [task["data"]["text"]]
        ),
    ]
    (repo.path / "known.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    repo.run("nerpipe", "import", "known.jsonl", "--name", "mine", "--dev", "0.2", "--test", "0.2")
    assert places.items() <= where_documents_are(repo).items()
    assert repo.repro()[0] == STAGES
    assert sum(row["entities"] for row in repo.read("metrics/clean.json")) == 360
    assert repo.read("metrics/metrics.json")["test"]["f1"] > 0.5
