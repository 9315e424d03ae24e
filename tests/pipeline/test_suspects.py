"""`nerpipe suspects` in a real repository, and the way of its tasks through a tool and back into the raw file."""

import json
import shutil
import signal
import subprocess
import time

import pytest

from repository import tiny_repository, write_corpus

pytestmark = pytest.mark.slow
TRAIN = "data/raw/tiny/train.conll"
TOP = 12
RUN = ("nerpipe", "suspects", "--folds", "2", "--top", str(TOP))
WRONG = ["Ada", "saw", "Oslo"]  # A sentence whose labels are wrong. It stands twice in train.


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """A repository whose stages before train have run, on a train with labels that are wrong and a comment."""
    found = tiny_repository(tmp_path_factory.mktemp("suspects"))
    path = found.path / TRAIN
    for seed in range(1, 5):
        write_corpus(found.path / f"more-{seed}", seed)
    texts = [path.read_text(), *(file.read_text() for file in sorted(found.path.glob("more-*/train.conll")))]
    sentences = [sentence for text in texts for sentence in text.strip("\n").split("\n\n")]
    for number in (5, 25):
        sentences[number] = "Ada\tO\nsaw\tO\nOslo\tB-person"
    path.write_text("# a comment\n\n" + "\n\n".join(sentences) + "\n\n")
    found.run("dvc", "repro", "tokenize_align")
    found.first = found.run(*RUN, "--out", "all.jsonl", "--page", "page.html")
    return found


def rows_of(repo, name="all.jsonl"):
    return [json.loads(line) for line in (repo.path / name).read_text().splitlines()]


def test_the_labels_that_were_falsified_come_first_with_their_places(repo):
    lines = (repo.path / TRAIN).read_text().split("\n")
    rows = rows_of(repo)
    wrong = [row for row in rows if row["words"] == WRONG]
    assert sorted(row["line"] for row in wrong) == [n + 1 for n, line in enumerate(lines) if line == "Ada\tO"]
    assert max(row["rank"] for row in wrong) <= TOP
    predicted = [(entity["type"], entity["text"]) for entity in wrong[0]["predicted"]]
    assert predicted == [("person", "Ada"), ("location", "Oslo")]
    assert [(entity["type"], entity["start"], entity["end"]) for entity in wrong[0]["gold"]] == [("person", 2, 3)]


def test_every_sentence_has_a_row_an_id_and_a_rank(repo):
    rows = rows_of(repo)
    assert len(rows) == len({row["id"] for row in rows}) == 300
    assert [row["rank"] for row in rows] == [*range(1, 301)]
    assert [row["surprise"] for row in rows] == sorted((row["surprise"] for row in rows), reverse=True)
    lines = (repo.path / TRAIN).read_text().split("\n")
    assert all(lines[row["line"] - 1].startswith(f"{row['words'][0]}\t") for row in rows)


def test_it_says_what_it_does_and_what_it_found(repo):
    assert "2 models are trained, each without the sentences that it judges" in repo.first
    assert "300 sentences in 2 folds" in repo.first
    assert "   labelled: person 'Oslo' (" in repo.first
    assert "   model:    person 'Ada' (" in repo.first
    assert "1. data/raw/tiny/train.conll:" in repo.first
    assert f"{TOP + 1}. data/raw" not in repo.first


def test_a_second_run_trains_nothing_and_says_the_same(repo):
    again = repo.run(*RUN, "--out", "again.jsonl")
    assert "nothing that the models depend on has changed" in again
    assert "models are trained" not in again
    assert rows_of(repo, "again.jsonl") == rows_of(repo)


def test_the_page_shows_ranks_and_places(repo):
    text = (repo.path / "page.html").read_text()
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    (split,) = data["splits"]
    first = rows_of(repo)[0]
    assert split["marks"][0] == f"1 · {first['surprise']:.1f} · {first['file']}:{first['line']}"
    assert split["sentences"][0][0].split("\t") == first["words"]
    assert len(split["marks"]) == len(split["sentences"]) == 300


def corrected(repo, tool, name):
    """The tasks of a tool, as it exports them after an annotator corrected the wrong ones."""
    repo.run(*RUN, "--tool", tool, "--tasks", name)
    text = (repo.path / name).read_text()
    if tool == "label-studio":
        tasks = json.loads(text)
        for number, task in enumerate(tasks):
            result = task.pop("predictions")[0]["result"]
            if task["data"]["text"] == " ".join(WRONG):
                region = {"from_name": "label", "to_name": "text", "type": "labels"}
                result = [
                    region | {"value": {"start": 0, "end": 3, "text": "Ada", "labels": ["person"]}},
                    region | {"value": {"start": 8, "end": 12, "text": "Oslo", "labels": ["location"]}},
                ]
            task |= {"id": number, "annotations": [{"id": number, "result": result}]}
        return json.dumps(tasks)
    tasks = [json.loads(line) for line in text.splitlines()]
    new = [(0, 3, "person"), (8, 12, "location")]
    for number, task in enumerate(tasks):
        wrong = task["text"] == " ".join(WRONG)
        if tool == "doccano":
            task.update({"id": number + 100, "Comments": []} | ({"label": new} if wrong else {}))
        else:
            spans = [{"start": start, "end": end, "label": kind} for start, end, kind in new]
            task.update({"answer": "accept"} | ({"spans": spans} if wrong else {}))
    return "".join(json.dumps(task) + "\n" for task in tasks)


@pytest.mark.parametrize("tool", ["doccano", "label-studio", "prodigy"])
def test_corrections_come_back_from_a_tool_and_nothing_else_changes(repo, tool):
    path = repo.path / TRAIN
    before = path.read_bytes()
    export = repo.path / "export.json"
    export.write_text(corrected(repo, tool, "tasks"))
    try:
        said = repo.run("nerpipe", "import", "export.json", "--merge", "tiny")
        lines = list(zip(before.split(b"\n"), path.read_bytes().split(b"\n"), strict=True))
        changed = [pair for pair in lines if pair[0] != pair[1]]
        assert (
            changed
            == [
                (b"Ada\tO", b"Ada\tB-person"),
                (b"Oslo\tB-person", b"Oslo\tB-location"),
            ]
            * 2
        )
        assert "records: 12 read = 2 changed a sentence + 10 changed nothing + 0 not answered + 0 not taken" in said
        assert "  - person 'Oslo'\n  + person 'Ada'\n  + location 'Oslo'\n" in said
        once = path.read_bytes(), path.stat().st_mtime_ns
        again = repo.run("nerpipe", "import", "export.json", "--merge", "tiny")
        assert "records: 12 read = 0 changed a sentence + 12 changed nothing" in again
        assert (path.read_bytes(), path.stat().st_mtime_ns) == once
        stale = repo.try_run(*RUN)
        assert stale.returncode == 1
        assert "data/raw/tiny/train.conll: this file was changed after the pipeline read it" in stale.stderr
    finally:
        path.write_bytes(before)


def hear_interrupts():
    """In a child, because processes that a shell starts in the background ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_goes_on(repo, kill):
    kept = next((repo.path / ".nerpipe").glob("suspects-*.npy"))
    kept.unlink()
    process = subprocess.Popen(
        RUN,
        cwd=repo.path,
        env=repo.env | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509 - no thread runs here
    )
    deadline = time.monotonic() + 300
    while not list((repo.path / ".nerpipe").glob("*/fold-1.npy")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(kill)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if kill == signal.SIGINT else -kill)
    assert errors.endswith("stopped\n") or kill == signal.SIGKILL
    assert not kept.exists()
    again = repo.run(*RUN, "--out", "again.jsonl")
    assert "fold 1 of 2: its scores are there from the run that was stopped" in again
    assert rows_of(repo, "again.jsonl") == rows_of(repo)
    left = {path.name for path in (repo.path / ".nerpipe").iterdir()}
    assert left == {"lock", kept.name}


def test_a_param_that_was_changed_since_is_named(repo):
    repo.set(max_length=30)
    try:
        done = repo.try_run(*RUN)
    finally:
        repo.set(max_length=32)
    assert done.returncode == 1
    assert (
        "[params.yaml -> max_length] 30: data/tokenized was made with 32; run `dvc repro tokenize_align`" in done.stderr
    )


def test_what_is_missing_is_named_with_the_command_that_makes_it(repo):
    shutil.move(repo.path / "data/tokenized", repo.path / "aside")
    try:
        done = repo.try_run(*RUN)
    finally:
        shutil.move(repo.path / "aside", repo.path / "data/tokenized")
    assert done.returncode == 1
    assert done.stderr.startswith("error: data/tokenized: not there; run `dvc repro tokenize_align`")
