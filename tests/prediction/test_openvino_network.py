"""The OpenVINO backend: the entities of ONNX Runtime, bfloat16 where the processor has it, and no usage data."""

import subprocess
import sys

import numpy as np
import pytest

from nerpipe.errors import NerpipeError
from nerpipe.prediction.backends import load_network
from nerpipe.prediction.predictor import Predictor

openvino = pytest.importorskip("openvino", reason="openvino is not installed: pip install -r requirements/openvino.txt")
TEXTS = ["Ada Lovelace wrote from London.", "", "a " * 300 + "Oslo", "The THE the", "🙂 É文"] * 7


def test_entities_and_logits_are_those_of_onnx_runtime(exported_tiny):
    places = [
        [[entity[:4] for entity in row] for row in Predictor(exported_tiny, backend=backend)(TEXTS)]
        for backend in ("onnx", "openvino")
    ]
    assert places[0] == places[1] != []
    ids, mask = np.array([[2, 7, 9, 3], [2, 8, 3, 0]]), np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
    one, two = (
        load_network(exported_tiny, backend=backend, precision="fp32", threads=1)(ids, mask)
        for backend in ("onnx", "openvino")
    )
    assert one.shape == two.shape
    assert np.abs(one - two)[mask == 1].max() < 1e-3


def test_int8_runs_and_finds_much_the_same(exported_tiny):
    fp32, int8 = (Predictor(exported_tiny, backend="openvino", precision=name)(TEXTS) for name in ("fp32", "int8"))
    places = [{(number, *entity[:4]) for number, row in enumerate(rows) for entity in row} for rows in (fp32, int8)]
    assert len(places[0] & places[1]) > len(places[0]) / 2


def test_bfloat16_runs_where_the_processor_has_it(exported_tiny):
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert len(Predictor(exported_tiny, backend="openvino", precision="bfloat16")(TEXTS)) == len(TEXTS)
    else:
        with pytest.raises(NerpipeError, match="no instructions for bfloat16"):
            Predictor(exported_tiny, backend="openvino", precision="bfloat16")


def test_a_processor_without_bfloat16_is_said(exported_tiny, monkeypatch):
    class Older(openvino.Core):
        def get_property(self, *_):
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino, "Core", Older)
    with pytest.raises(NerpipeError, match="bfloat16 would be slower than fp32; leave the precision out"):
        Predictor(exported_tiny, backend="openvino", precision="bfloat16")


@pytest.mark.parametrize(
    ("backend", "precision", "said"),
    [
        ("onnx", "bfloat16", "the onnx backend has no bfloat16 model.*or use the openvino backend"),
        ("torch", "int8", "the torch backend has no int8 model.*or use the onnx or openvino backend"),
        ("tensorrt", "fp32", "there is no backend 'tensorrt'; there are onnx, openvino, torch"),
        ("onnx", "fp64", "there is no precision 'fp64'; there are fp32, int8, bfloat16"),
    ],
)
def test_what_a_backend_lacks_is_said(exported_tiny, backend, precision, said):
    with pytest.raises(NerpipeError, match=said):
        Predictor(exported_tiny, backend=backend, precision=precision)


def test_without_the_library_a_sentence_says_how_to_install_it(exported_tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(NerpipeError, match=r"install it with `pip install -r requirements/openvino\.txt`"):
        Predictor(exported_tiny, backend="openvino")


LIGHT = """
import sys
from nerpipe import Predictor
Predictor(sys.argv[1], backend="openvino")(["Ann"])
print(sorted({"openvino_telemetry", "torch", "transformers", "onnxruntime"} & sys.modules.keys()))
"""


def test_no_usage_data_is_sent_and_nothing_heavy_is_loaded(exported_tiny, tmp_path):
    env = {"PATH": "/usr/bin", "HOME": str(tmp_path), "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(exported_tiny)], env=env, text=True, capture_output=True, check=True
    )
    assert done.stdout == "[]\n"
    # The user's cache folder remembers checksums; nothing else is written.
    assert {path.name for path in tmp_path.iterdir()} <= {".cache"}


@pytest.mark.slow
def test_threads_that_predict_first_at_the_same_time_do_not_wait_for_each_other(exported_tiny):
    code = (
        "import sys, threading; sys.setswitchinterval(1e-6)\n"
        "import numpy as np; from pathlib import Path; from nerpipe.prediction.backends import load_network\n"
        "network = load_network(Path(sys.argv[1]), backend='openvino', precision='fp32', threads=4)\n"
        "barrier, ids = threading.Barrier(4), np.array([[2, 7, 9, 3]])\n"
        "def run(): barrier.wait(); network(ids, np.ones_like(ids))\n"
        "threads = [threading.Thread(target=run) for _ in range(4)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
    )
    for _ in range(10):  # It went wrong in one process of three.
        subprocess.run([sys.executable, "-c", code, str(exported_tiny)], check=True, timeout=60)
