"""Outputs at their edges: kills between the last steps, damaged states, two runs that want one rejects file."""

import io
import json
from pathlib import Path

import pytest

from nerpipe.batch.output_file import Output
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.writers import Prediction, as_conll, as_json
from nerpipe.contracts import user_cache
from nerpipe.errors import NerpipeError
from nerpipe.prediction.finder import Reading

BAD = Rejected("in:2", "bad", "raw")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def good(text="Ann", **fields):
    return Prediction(Record("in:1", text, None, fields), [], Reading([], [], []))


def sink_of(folder, output="out.jsonl", rejects="rejects.jsonl", show=as_json, **options):
    return Output(folder / output, folder / rejects, io.StringIO(), show, **options)


def write(sink, rows, *, resume=False, job="job"):
    with sink.open(job, resume=resume):
        sink.write(rows)


def files_of(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


class Killed(BaseException):
    """The end of a process: nothing after it is done."""


def killed_while_finishing(sink, folder, step, patch):
    """Let the run die at the step with this number, of those that give files their names or delete them."""
    finish, calls = sink._finish, []

    def limited(original):
        def call(path, *arguments, **options):
            if path.parent == folder:
                if len(calls) == step:
                    raise Killed
                calls.append(path.name)
            return original(path, *arguments, **options)

        return call

    def finish_some(job):
        patch.setattr(Path, "replace", limited(Path.replace))
        patch.setattr(Path, "unlink", limited(Path.unlink))
        finish(job)

    patch.setattr(sink, "_finish", finish_some)


@pytest.mark.parametrize("rejected", [[], [BAD]])
@pytest.mark.parametrize("step", range(4))
def test_a_kill_between_the_last_steps_is_survived(tmp_path, monkeypatch, step, rejected):
    plain, folder = tmp_path / "plain", tmp_path / "killed"
    for place in (plain, folder):
        place.mkdir()
        (place / "rejects.jsonl").write_text('{"position": "of an earlier run"}\n')
    write(sink_of(plain), [good(), *rejected])
    sink = sink_of(folder)
    with monkeypatch.context() as patch:
        killed_while_finishing(sink, folder, step, patch)
        if step == 3 and rejected:
            write(sink, [good(), *rejected])  # There are only three steps.
        else:
            with pytest.raises(Killed):
                write(sink, [good(), *rejected])
            with pytest.raises(NerpipeError, match=r"did not finish\. Add --resume"):
                write(sink_of(folder), [])
    again = sink_of(folder)
    assert again.is_finished("job")
    assert again.counts == sink.counts
    assert files_of(folder) == files_of(plain)


def test_a_finished_run_says_so_and_another_job_is_not_taken_for_it(tmp_path):
    assert not sink_of(tmp_path).is_finished("job")
    sink = sink_of(tmp_path)
    write(sink, [good(), BAD])
    again = sink_of(tmp_path)
    assert again.is_finished("job")
    assert again.counts == sink.counts
    with pytest.raises(NerpipeError, match="no stopped run to resume, because this file is complete"):
        sink_of(tmp_path).is_finished("another job")
    (tmp_path / "out.jsonl").write_text("changed\n")
    with pytest.raises(NerpipeError, match="no stopped run to resume"):
        sink_of(tmp_path).is_finished("job")


def test_an_output_keeps_the_mode_of_the_one_that_it_replaces(tmp_path):
    for name in ("out.jsonl", "rejects.jsonl"):
        (tmp_path / name).touch(mode=0o600)
    write(sink_of(tmp_path), [good(), BAD])
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("out.jsonl", "rejects.jsonl")] == [0o600, 0o600]


def stop(sink, rows):
    """Write some rows, and then stop as Ctrl-C does."""
    with sink.open("job", resume=False):
        sink.write(rows)
        raise KeyboardInterrupt


def stopped(folder, **names):
    with pytest.raises(KeyboardInterrupt):
        stop(sink_of(folder, **names), [good(), BAD])


@pytest.mark.parametrize("counts", [5, [], {"records": "1"}, {"records": -1}, {"other": 1}, None])
def test_a_damaged_file_of_the_cache_counts_as_unknown(tmp_path, counts):
    write(sink_of(tmp_path), [good()])
    (entry,) = (user_cache.user_cache() / "outputs").iterdir()
    known = json.loads(entry.read_text())
    for facts in ({"job": "job", "counts": counts}, {"job": "job"}, {"job": ["job"], "counts": {}}):
        entry.write_text(json.dumps(known | {"facts": facts}))
        with pytest.raises(NerpipeError, match="there is no stopped run to resume"):
            sink_of(tmp_path).is_finished("job")
    entry.write_text("[" * 5000)
    with pytest.raises(NerpipeError, match="there is no stopped run to resume"):
        sink_of(tmp_path).is_finished("job")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "7", '{"job": "job"}', '{"job": "job", "rejects": "x", "counts": {"records": "1"}}'],
)
def test_a_damaged_state_is_named_and_the_advice_works(tmp_path, text):
    stopped(tmp_path)
    (tmp_path / ".out.jsonl.progress").write_text(text)
    with pytest.raises(NerpipeError, match=r"\.out\.jsonl\.progress: the state .* is damaged; delete this file"):
        write(sink_of(tmp_path), [good()], resume=True)
    (tmp_path / ".out.jsonl.progress").unlink()
    write(sink_of(tmp_path), [good("again")])
    assert set(files_of(tmp_path)) == {"out.jsonl"}


@pytest.mark.parametrize("name", [".out.jsonl.partial", ".rejects.jsonl.*.rejects.partial"])
def test_a_shorter_file_is_named_and_the_advice_works(tmp_path, name):
    stopped(tmp_path)
    (path,) = tmp_path.glob(name)
    path.write_text("")
    with pytest.raises(NerpipeError, match="the file is shorter"):
        write(sink_of(tmp_path), [], resume=True)
    (tmp_path / ".out.jsonl.progress").unlink()
    write(sink_of(tmp_path), [good(), BAD])
    assert set(files_of(tmp_path)) == {"out.jsonl", "rejects.jsonl"}


def test_another_rejects_file_cannot_continue_a_run(tmp_path):
    stopped(tmp_path)
    with pytest.raises(NerpipeError, match=r"had another --rejects \(.*rejects.jsonl\)"):
        write(sink_of(tmp_path, rejects="other.jsonl"), [], resume=True)


def test_the_rejects_file_of_a_run_that_has_not_finished_is_refused_to_others(tmp_path):
    stopped(tmp_path)
    before = files_of(tmp_path)
    with pytest.raises(NerpipeError, match="a run with another output, which has not finished, writes the same file"):
        write(sink_of(tmp_path, "two.jsonl"), [good()])
    assert files_of(tmp_path) == before
    stream = Output(None, tmp_path / "rejects.jsonl", io.StringIO(), as_json)
    with pytest.raises(NerpipeError, match="a run with another output"):
        write(stream, [BAD])
    write(sink_of(tmp_path), [BAD], resume=True)
    assert files_of(tmp_path)["rejects.jsonl"].count("\n") == 2


def test_rejects_without_a_name_get_a_new_file_which_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sinks = [Output(None, None, io.StringIO(), as_json) for _ in range(2)]
    for sink in sinks:
        write(sink, [BAD])
    assert list(tmp_path.iterdir()) == []
    assert sinks[0].rejects.path != sinks[1].rejects.path
    for sink in sinks:
        assert json.loads(sink.rejects.path.read_text())["position"] == "in:2"
        sink.rejects.path.unlink()
    without = Output(None, None, io.StringIO(), as_json)
    write(without, [good()])
    assert without.rejects.path is None


def test_a_stream_that_is_stopped_keeps_its_rejects(tmp_path):
    sink = Output(None, tmp_path / "rejects.jsonl", io.StringIO(), as_json)
    with pytest.raises(KeyboardInterrupt):
        stop(sink, [BAD])
    assert files_of(tmp_path).keys() == {"rejects.jsonl"}


def test_fields_that_the_output_needs_are_renamed_and_counted(tmp_path):
    sink = sink_of(tmp_path, taken=("entities",))
    write(sink, [good(entities=["old"], input_entities=1), good(id=2)])
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[0] == {"input_input_entities": ["old"], "input_entities": 1, "text": "Ann", "entities": []}
    assert sink.counts.renamed == 1


def test_a_record_that_cannot_be_written_is_rejected_and_the_others_are_not(tmp_path):
    sink = sink_of(tmp_path)
    write(sink, [good("a\ud800"), good(x={1, 2}), good("Bob")])
    assert (sink.counts.records, sink.counts.rejected) == (3, 1)
    # Half of a surrogate pair, which UTF-8 lacks, is an escape in JSON and is read back as it was.
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == ["a\ud800", "Bob"]
    assert "cannot be written" in (tmp_path / "rejects.jsonl").read_text()


def test_a_text_with_nul_is_written_as_json_but_not_as_conll(tmp_path):
    for show, rejected in ((as_json, 0), (as_conll, 1)):
        sink = sink_of(tmp_path, show=show)
        write(sink, [good("a\0b"), good("Bob")])
        assert (sink.counts.records, sink.counts.rejected) == (2, rejected)
    row = json.loads((tmp_path / "rejects.jsonl").read_text())
    assert (row["position"], row["raw"]) == ("in:1", "a\0b")
    assert row["problem"] == (
        "the record cannot be written in this format: character 1 of the text, counted from 0, is NUL, which a line of "
        "CoNLL cannot hold; take it out of the text, or write another format (--to jsonl)"
    )


def test_a_word_that_begins_a_document_in_conll_is_written_as_json_but_not_as_conll(tmp_path):
    text = "see -DOCSTART- here"
    record = Record("in:1", text, None, {})
    words = Reading([(0, 3), (4, 14), (15, 19)], ["O"] * 3, [1.0] * 3)
    apart = Reading(
        [(0, 3), (4, 5), (5, 13), (13, 14), (15, 19)], ["O"] * 5, [1.0] * 5
    )  # a word in three pieces is none
    for show, reading, rejected in ((as_json, words, 0), (as_conll, apart, 0), (as_conll, words, 1)):
        sink = sink_of(tmp_path, show=show)
        write(sink, [Prediction(record, [], reading), good("Bob")])
        assert (sink.counts.records, sink.counts.rejected) == (2, rejected)
    row = json.loads((tmp_path / "rejects.jsonl").read_text())
    assert (row["position"], row["raw"]) == ("in:1", text)
    assert row["problem"] == (
        "the record cannot be written in this format: the word at character 4 of the text, counted from 0, is "
        "-DOCSTART-, which begins a document in CoNLL; take it out of the text, or write another format (--to jsonl)"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_rejects_that_cannot_be_written_are_an_error():
    sink = Output(None, Path("/dev/full"), io.StringIO(), as_json)
    with pytest.raises(
        NerpipeError, match=r"^/dev/full: cannot be written \(No space left on device\); free some space"
    ):
        write(sink, [BAD])
