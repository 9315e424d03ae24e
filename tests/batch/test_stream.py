"""Streams of records: order, bounded chunks, rejects, and runs that are stopped and continued."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from capitals import capitals_predictor
from nerpipe.batch.output_file import Output
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.run_state import job_fingerprint
from nerpipe.batch.stream import CHUNK_CHARACTERS, CHUNK_RECORDS, chunks, predict_records, run
from nerpipe.batch.writers import Prediction, as_json
from nerpipe.errors import NerpipeError
from places import ROOT
from random_seed import random_seed

PREDICTOR = capitals_predictor()


def records(texts):
    return [Record(f"in:{number}", text, None, {}) for number, text in enumerate(texts, start=1)]


def test_predictions_come_in_the_order_of_the_records():
    texts = [f"{'so ' * (index * 7 % 50)}Ann {index}" for index in range(3000)]
    results = [result for block in predict_records(PREDICTOR, records(texts)) for result in block]
    assert [result.record.text for result in results] == texts
    assert all([entity.text for entity in result.entities] == ["Ann"] for result in results)


def test_chunks_begin_small_and_stay_bounded():
    sizes = [len(chunk) for chunk in chunks(records(["a"] * 5000))]
    assert sizes[:4] == [16, 32, 64, 128]
    assert max(sizes) == CHUNK_RECORDS
    assert sum(sizes) == 5000
    assert [len(chunk) for chunk in chunks(records(["a" * CHUNK_CHARACTERS] * 3))] == [1, 1, 1]


def test_a_record_on_which_prediction_fails_is_rejected_and_the_others_are_not():
    def fail(ids):
        if (ids == PREDICTOR._tokenizer.token_to_id("Z")).any():
            raise RuntimeError("no Z today")

    predictor = capitals_predictor(before=fail)
    (results,) = predict_records(predictor, [*records(["Ann", "Zoo", "Bob"]), Rejected("in:4", "bad", "raw")])
    assert [type(result) for result in results] == [Prediction, Rejected, Prediction, Rejected]
    assert results[1].position == "in:2"
    assert "no Z today" in results[1].problem
    with pytest.raises(RuntimeError, match="no Z today"):
        list(predict_records(predictor, records(["Zoo", "Zebra"])))


@pytest.mark.parametrize(
    ("rule", "words", "text"),
    [
        ("blanks", ["Ö", "l", " ", "A", "n"], "Öl An"),
        ("characters", ["我", "A", "中"], "我A中"),
        ("mixed", ["我", "在", "Ann", "Lee", "。"], "我在Ann Lee。"),
        ("general", ["so", "Ann", "."], "so Ann ."),
    ],
)
def test_words_that_are_given_become_text_as_the_rule_of_the_model_says(rule, words, text):
    predictor = capitals_predictor(word_rule=rule)
    (results,) = predict_records(predictor, [Record("in:1", " ".join(words), words, {})])
    assert results[0].record.text == text
    assert [text[start:end] for start, end in results[0].reading.words] == words
    assert all(text[entity.start : entity.end] == entity.text for entity in results[0].entities)
    assert "".join(entity.text for entity in results[0].entities)[:1] == "A"


def sink_of(tmp_path):
    return Output(tmp_path / "out.jsonl", tmp_path / "rejects.jsonl", io.StringIO(), as_json)


def lines_of(path):
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


TEXTS = [f"Ann {index}" for index in range(100)]
STREAM = [*records(TEXTS)[:40], Rejected("in:41", "bad", "raw"), *records(TEXTS)[40:]]


def stop_after(count, sink):
    """Run as if the process were stopped after so many records."""

    def records_until():
        yield from STREAM[:count]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), sink.open("job", resume=False):
        run(PREDICTOR, records_until(), sink)


@pytest.mark.parametrize("stop", [1, 17, 41, 60, 100])
def test_a_run_that_stops_anywhere_is_continued_to_the_same_output(tmp_path, stop):
    stop_after(stop, sink_of(tmp_path))
    assert not (tmp_path / "out.jsonl").exists()
    with (tmp_path / ".out.jsonl.partial").open("a") as file:
        file.write("half a li")  # what a killed process had begun
    again = sink_of(tmp_path)
    with pytest.raises(NerpipeError, match=r"did not finish\. Add --resume"), again.open("job", resume=False):
        pass
    with (
        pytest.raises(NerpipeError, match="another model, input or format"),
        again.open("other", resume=True),
    ):
        pass
    with again.open("job", resume=True):
        counts = run(PREDICTOR, iter(STREAM), again)
    assert lines_of(tmp_path / "out.jsonl") == TEXTS
    assert [json.loads(line)["position"] for line in (tmp_path / "rejects.jsonl").read_text().splitlines()] == ["in:41"]
    assert (counts.records, counts.entities, counts.rejected) == (101, 100, 1)
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl", "rejects.jsonl"}


def test_an_input_that_became_shorter_cannot_be_continued(tmp_path):
    stop_after(60, sink_of(tmp_path))
    sink = sink_of(tmp_path)
    with (
        pytest.raises(NerpipeError, match="holds 10 records, but the output already has 48"),
        sink.open("job", resume=True),
    ):
        run(PREDICTOR, iter(STREAM[:10]), sink)


def test_resuming_needs_an_output():
    sink = Output(None, Path("rejects.jsonl"), io.StringIO(), as_json)
    with pytest.raises(NerpipeError, match="--resume needs --output"), sink.open("job", resume=True):
        pass


def test_rejects_of_an_earlier_run_are_not_left_behind(tmp_path):
    (tmp_path / "rejects.jsonl").write_text("old")
    sink = sink_of(tmp_path)
    with sink.open("job", resume=False):
        run(PREDICTOR, iter(records(["Ann"])), sink)
    assert not (tmp_path / "rejects.jsonl").exists()


def test_a_job_is_named_by_model_input_and_options(tmp_path):
    model, text = tmp_path / "model", tmp_path / "in.txt"
    model.mkdir()
    (model / "SHA256SUMS").write_text("one")
    text.write_text("a")
    options = {"to": "jsonl"}
    names = {job_fingerprint(model, [str(text)], options), job_fingerprint(model, [str(text)], {"to": "conll"})}
    names.add(job_fingerprint(model, ["-"], options))
    text.write_text("ab")
    names.add(job_fingerprint(model, [str(text)], options))
    (model / "SHA256SUMS").write_text("two")
    names.add(job_fingerprint(model, [str(text)], options))
    assert len(names) == 5


SLOW = """
import sys, time
sys.path[:0] = ["src", "tests"]
from pathlib import Path
from capitals import capitals_predictor
from nerpipe.batch.readers import read_records
from nerpipe.batch.writers import as_json
from nerpipe.batch.output_file import Output
from nerpipe.batch.stream import run
folder = Path(sys.argv[1])
sink = Output(folder / "out.jsonl", folder / "rejects.jsonl", sys.stdout, as_json)
with sink.open("job", resume=True):
    run(capitals_predictor(before=lambda _: time.sleep(0.02)),
        read_records([str(folder / "in.txt")], "lines", sys.stdin.buffer, lambda _: None), sink)
"""


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_loses_and_repeats_nothing(tmp_path):
    texts = [f"Ann {index} " + "so " * (index % 40) for index in range(4000)]
    (tmp_path / "in.txt").write_text("\n".join(texts) + "\n")
    kills = 0
    generator = random.Random(random_seed())
    for wait in (*(generator.uniform(0.6, 1.1) for _ in range(4)), None):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], cwd=ROOT)
        try:
            process.wait(wait and wait + 0.5)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            break
        time.sleep(0.01)
    assert process.returncode == 0
    assert kills
    assert lines_of(tmp_path / "out.jsonl") == texts


def test_a_second_writer_of_the_same_output_is_refused(tmp_path):
    with sink_of(tmp_path).open("job", resume=False):
        second = sink_of(tmp_path).open("job", resume=True)
        with pytest.raises(NerpipeError, match="another process is writing this file"), second:
            pass
        assert (tmp_path / ".out.jsonl.progress").exists()


def test_a_partial_output_that_lost_its_end_is_not_continued(tmp_path):
    stop_after(60, sink_of(tmp_path))
    (tmp_path / ".out.jsonl.partial").write_text("")
    with pytest.raises(NerpipeError, match="shorter than"), sink_of(tmp_path).open("job", resume=True):
        pass


MEASURED = """
import resource, sys
sys.path[:0] = ["src", "tests"]
from pathlib import Path
from capitals import capitals_predictor
from nerpipe.batch.readers import read_records
from nerpipe.batch.writers import as_json
from nerpipe.batch.output_file import Output
from nerpipe.batch.stream import run
folder, lines = Path(sys.argv[1]), int(sys.argv[2])
with (folder / "in.txt").open("w") as file:
    file.writelines(f"Ann {number} met Bob , so they say\\n" for number in range(lines))
sink = Output(folder / f"{lines}.jsonl", folder / "rejects.jsonl", sys.stdout, as_json)
with sink.open("job", resume=False):
    run(capitals_predictor(), read_records([str(folder / "in.txt")], "lines", sys.stdin.buffer, lambda _: None), sink)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "linux" else 1024))
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(tmp_path):
    peaks = []
    for lines in (5_000, 100_000):
        command = [sys.executable, "-c", MEASURED, str(tmp_path), str(lines)]
        peaks.append(int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout))
    assert peaks[1] - peaks[0] < 20_000  # kB, of an input and an output that are 20 times as large
