"""`--engine ray` on a local cluster: the same records in the same order, workers killed on the way, runs continued."""

import argparse
import io
import os
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="Ray is an extra: pip install -r requirements/ray.txt")

from nerpipe.batch import ray_engine
from nerpipe.batch.input_files import input_files
from nerpipe.batch.output_file import Output
from nerpipe.batch.ray_engine import PredictBlocks, pack_record, pack_result, run_on_ray, unpack_record, unpack_result
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.stream import run
from nerpipe.batch.writers import Prediction, as_json
from nerpipe.prediction.finder import Entity, Reading
from nerpipe.prediction.predictor import Predictor
from places import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")  # of settings that Ray reads itself

OPTIONS = argparse.Namespace(
    kind="lines", text_field="text", backend="onnx", precision="fp32", threads=1, min_confidence=None
)


def test_records_and_results_survive_the_way():
    record = Record("a:1", "👩‍👩‍👧 Ann", ["👩‍👩‍👧", "Ann"], {"id": 3, "x": [None, 1.5]})
    rejected = Rejected("a:2", "bad", "\\xff")
    for value in (record, rejected):
        assert unpack_record(pack_record(value)) == value
    prediction = Prediction(record, [Entity("person", "Ann", 6, 9, 0.1 + 0.2)], Reading([(0, 5)], ["O"], [0.3]))
    for result in (prediction, rejected):
        assert unpack_result(pack_result(result)) == result


@pytest.fixture(scope="module")
def cluster():
    import ray

    source = os.pathsep.join(str(ROOT / folder) for folder in ("src", "tests"))
    ray.init(
        num_cpus=3,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": source}},
    )
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Files of different lengths, with an empty record and one that is no text."""
    folder = tmp_path_factory.mktemp("texts")
    for number, size in enumerate((1500, 3, 2600, 1)):
        lines = [f"Ann {number} {line} " + "the " * (line * 7 % 40) + "London" for line in range(size)]
        (folder / f"{number}.txt").write_text("\n".join(lines) + "\n")
    (folder / "2b.txt").write_bytes(b"\n\xff\nZoo\n")
    return input_files([str(folder)], "lines")


def sink_of(folder):
    return Output(folder / "out.jsonl", folder / "rejects.jsonl", io.StringIO(), as_json)


def outputs(folder):
    return (folder / "out.jsonl").read_text(), (folder / "rejects.jsonl").read_text()


@pytest.fixture(scope="module")
def expected(exported_tiny, texts, tmp_path_factory):
    """What one process writes."""
    folder = tmp_path_factory.mktemp("local")
    sink = sink_of(folder)
    with sink.open("job", resume=False):
        run(Predictor(exported_tiny), read_records(texts, "lines", io.BytesIO(), lambda _: None), sink)
    return outputs(folder)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_cluster_writes_what_one_process_writes(exported_tiny, texts, expected, tmp_path):
    sink = sink_of(tmp_path)
    with sink.open("job", resume=False):
        run_on_ray(exported_tiny, texts, sink, OPTIONS)
    assert outputs(tmp_path) == expected
    assert sink.counts.records == 1500 + 3 + 2600 + 1 + 3


def by_both_engines(model, files, folder, **changes):
    """The outputs of one process and of the cluster, with the same options."""
    options = argparse.Namespace(**vars(OPTIONS) | changes)
    written = []
    for engine in ("here", "ray"):
        (folder / engine).mkdir()
        sink = sink_of(folder / engine)
        with sink.open("job", resume=False):
            if engine == "ray":
                run_on_ray(model, files, sink, options)
            else:
                nothing = io.BytesIO()
                records = read_records(files, options.kind, nothing, lambda _: None, text_field=options.text_field)
                run(Predictor(model, min_confidence=options.min_confidence), records, sink)
        written.append(outputs(folder / engine))
    return written


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_files_keep_the_names_they_were_given(exported_tiny, texts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").symlink_to(Path(texts[0]).parent)
    files = input_files(["in"], "files")
    assert files[0] == "in/0.txt"
    here, ray = by_both_engines(exported_tiny, files, tmp_path, kind="files")
    assert here == ray


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_block_whose_worker_was_killed_is_predicted_again(exported_tiny, texts, expected, tmp_path, monkeypatch):
    marker = tmp_path / "killed"

    class Killed(PredictBlocks):
        """An actor whose process dies in its first block, once."""

        def __call__(self, batch):
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), 9)
            return super().__call__(batch)

    monkeypatch.setattr(ray_engine, "PredictBlocks", Killed)
    sink = sink_of(tmp_path)
    with sink.open("job", resume=False):
        run_on_ray(exported_tiny, texts, sink, OPTIONS)
    assert marker.exists()
    assert outputs(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_stopped_run_goes_on(exported_tiny, texts, expected, tmp_path, monkeypatch):
    def stop(self, results):
        write(self, results)
        if self.counts.records > 1000:
            raise KeyboardInterrupt

    write = Output.write
    sink = sink_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Output, "write", stop)
        with pytest.raises(KeyboardInterrupt), sink.open("job", resume=False):
            run_on_ray(exported_tiny, texts, sink, OPTIONS)
    again = sink_of(tmp_path)
    with again.open("job", resume=True):
        run_on_ray(exported_tiny, texts, again, OPTIONS)
    assert outputs(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_suffixes_and_the_field_of_the_text_are_those_of_one_process(exported_tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_text('{"body": "Ann in London"}\n{"id": 1}\n')
    (tmp_path / "in/b.conll").write_text("Ann O\nmet O\n")
    (tmp_path / "in/c.txt").write_text("The London train\n")
    files = input_files(["in"], None)
    changes = {"kind": None, "text_field": "body", "min_confidence": 0.4}
    here, ray = by_both_engines(exported_tiny, files, tmp_path, **changes)
    assert here == ray
    assert here[0].count("\n") == 3
