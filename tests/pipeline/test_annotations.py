"""The whole loop of annotation: import, train, pre-annotate, correct, import again, train again."""

import json
import random

import pytest

from repository import FILLER, NAMES, PLACES, STAGES


def gold_documents(first, count):
    """Texts with an emoji in front, and where their names are."""
    generator = random.Random(first)
    for number in range(first, first + count):
        text, spans = f"😀 {number}", []
        for choices, kind in ((NAMES, "person"), (PLACES, "location")):
            text += " " + " ".join(generator.sample(FILLER, 3)) + " "
            name = generator.choice(choices)
            spans.append((len(text), len(text) + len(name), kind))
            text += name
        yield {"id": f"doc-{number}", "text": text + " ."}, spans


def annotated(data, spans):
    """A task as Label Studio exports it. Its offsets count UTF-16 units, of which the emoji in front has two."""
    regions = [
        {
            "type": "labels",
            "from_name": "label",
            "to_name": "text",
            "value": {"start": start + 1, "end": end + 1, "text": data["text"][start:end], "labels": [kind]},
        }
        for start, end, kind in spans
    ]
    work = {"id": 1, "result": regions, "was_cancelled": False, "ground_truth": False}
    return {"id": 1, "data": data, "annotations": [work], "predictions": []}


def import_tasks(repo, tasks):
    """Import an export, and return the split of each document."""
    (repo.path / "export.json").write_text(json.dumps(tasks))
    repo.run("nerpipe", "import", "export.json", "--name", "mine", "--dev", "0.2", "--test", "0.2")
    return {
        line.split("\t")[2]: split
        for split in ("train", "dev", "test")
        for line in repo.read(f"data/raw/mine/{split}.conll").splitlines()
        if line.startswith("-DOCSTART-")
    }


@pytest.mark.slow
def test_the_loop(repo):
    known, new = list(gold_documents(0, 120)), list(gold_documents(1000, 60))
    places = import_tasks(repo, [annotated(*row) for row in known])
    assert set(places) == {data["id"] for data, _ in known}
    repo.set(dataset="mine", lr="0.02", epochs=12)
    assert repo.repro()[0] == STAGES
    assert sum(row["entities"] for row in repo.read("metrics/clean.json")) == 240

    (repo.path / "new.jsonl").write_text("".join(json.dumps(data) + "\n" for data, _ in new))
    repo.run(
        *("nerpipe", "predict", "models/exported", "--input", "new.jsonl", "--from", "jsonl"),
        *("--to", "label-studio", "--output", "tasks.json"),
    )
    tasks = repo.read("tasks.json")
    assert [task["data"] for task in tasks] == [data for data, _ in new]
    found = {
        (task["data"]["id"], region["value"]["text"], *region["value"]["labels"])
        for task in tasks
        for region in task["predictions"][0]["result"]
    }
    right = {(data["id"], data["text"][start:end], kind) for data, spans in new for start, end, kind in spans}
    assert len(found & right) > len(right) / 2  # There is less to correct than to label.

    gold = {data["id"]: spans for data, spans in known + new}
    rows = [data for data, _ in known] + [task["data"] for task in tasks]
    grown = import_tasks(repo, [annotated(data, gold[data["id"]]) for data in rows])
    assert len(grown) == 180
    assert places.items() <= grown.items()  # No document has changed its split.
    assert repo.repro()[0] == STAGES
    assert sum(row["entities"] for row in repo.read("metrics/clean.json")) == 360
    assert repo.read("metrics/metrics.json")["test"]["f1"] > 0.5
