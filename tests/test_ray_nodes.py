"""`--engine ray` on two nodes of Ray's own cluster utility: a folder of files, Parquet, and a node that is lost."""

import argparse
import io
import os
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("ray", reason="Ray is an extra: pip install -r requirements/ray.txt")

from nerpipe.batch import ray_engine
from nerpipe.batch.input_files import input_files
from nerpipe.batch.output_file import Output
from nerpipe.batch.ray_engine import PredictBlocks, run_on_ray
from nerpipe.batch.readers import read_records
from nerpipe.batch.stream import run
from nerpipe.batch.writers import as_json
from nerpipe.prediction.predictor import Predictor
from places import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")]

OPTIONS = argparse.Namespace(
    kind=None, text_field="text", backend="onnx", precision="fp32", threads=1, min_confidence=None
)


@pytest.fixture
def nodes():
    """A head without processors, and two nodes of two processors each, as processes of this machine."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    workers = [cluster.add_node(num_cpus=2) for _ in range(2)]
    source = os.pathsep.join(str(ROOT / folder) for folder in ("src", "tests"))
    ray.init(
        address=cluster.address,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": source}},
    )
    cluster.wait_for_nodes()
    yield cluster, workers
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of files of three formats. One file is Parquet with several row groups and an empty text."""
    made = tmp_path_factory.mktemp("texts")
    texts = [f"Ann {number} " + "the " * (number * 7 % 40) + "London" for number in range(4200)]
    (made / "deep").mkdir()
    (made / "a.txt").write_text("\n".join(texts[:1200]) + "\n")
    (made / "deep/b.jsonl").write_text('{"text": "Zoo", "id": 1}\n{"id": 2}\n')
    rows = {"text": [None, *texts[1200:]], "key": range(3001)}
    pq.write_table(pa.table(rows), made / "deep/c.parquet", row_group_size=700)
    return made


def written(run_engine, folder):
    """The output and the rejects of an engine."""
    folder.mkdir()
    sink = Output(folder / "out.jsonl", folder / "rejects.jsonl", io.StringIO(), as_json)
    with sink.open("job", resume=False):
        run_engine(sink)
    return (folder / "out.jsonl").read_text(), (folder / "rejects.jsonl").read_text()


def in_one_process(model, files, folder):
    """What one process writes."""
    return written(
        lambda sink: run(Predictor(model), read_records(files, None, io.BytesIO(), lambda _: None), sink), folder
    )


def record_nodes(folder, monkeypatch, *, wait_at=None):
    """Let each actor leave a file with the name of its node. On the node that is first, it waits in a later block."""

    class Recorded(PredictBlocks):
        def __call__(self, batch):
            import ray

            node = ray.get_runtime_context().get_node_id()
            (folder / node).touch()
            if wait_at is not None and not wait_at.exists():
                wait_at.write_text(node)
                time.sleep(600)  # The node is lost while it works.
            return super().__call__(batch)

    monkeypatch.setattr(ray_engine, "PredictBlocks", Recorded)


def test_two_nodes_write_what_one_process_writes(exported_tiny, folder, nodes, tmp_path, monkeypatch):
    files = input_files([str(folder)], None)
    seen = tmp_path / "seen"
    seen.mkdir()
    record_nodes(seen, monkeypatch)
    found = written(lambda sink: run_on_ray(exported_tiny, files, sink, OPTIONS), tmp_path / "ray")
    assert found == in_one_process(exported_tiny, files, tmp_path / "here")
    assert found[0].count("\n") == 1200 + 1 + 3000
    assert found[1].count("\n") == 2
    took_part = {path.name for path in seen.iterdir()}
    assert took_part
    assert took_part <= {node.node_id for node in nodes[1]}


def test_what_a_lost_node_had_is_predicted_on_the_other(exported_tiny, folder, nodes, tmp_path, monkeypatch):
    files = input_files([str(folder)], None)
    cluster, workers = nodes
    seen, waiting = tmp_path / "seen", tmp_path / "waiting"
    seen.mkdir()
    record_nodes(seen, monkeypatch, wait_at=waiting)
    lost = []

    def lose():
        while not (waiting.exists() and waiting.read_text()):
            time.sleep(0.2)
        lost.append(waiting.read_text())
        cluster.remove_node(next(node for node in workers if node.node_id == lost[0]), allow_graceful=False)

    threading.Thread(target=lose, daemon=True).start()
    found = written(lambda sink: run_on_ray(exported_tiny, files, sink, OPTIONS), tmp_path / "ray")
    assert found == in_one_process(exported_tiny, files, tmp_path / "here")
    other = ({node.node_id for node in workers} - set(lost)).pop()
    assert other in {path.name for path in seen.iterdir()}
