"""The int8 file: integers where they should be, close to fp32, in two runtimes, and never the end of an export."""

import shutil
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from exported_folder import TRAIN, export_tiny
from nerpipe.errors import NerpipeError
from nerpipe.export import folder as export_folder
from nerpipe.export.calibration import SAMPLE_SIZE, Range, measure_ranges, sample_of
from nerpipe.export.folder import write_onnx
from nerpipe.export.graph_edits import GraphEdits
from nerpipe.export.quantization import quantize, quantize_graph, round_to_int8
from nerpipe.params import load_params
from nerpipe.prediction.exported_folder import ONNX
from nerpipe.prediction.predictor import Predictor
from places import ROOT
from random_seed import random_seed
from tiny import save_tiny

TEXTS = [["The", "London", "train", "and", "Ann", "!"] * 3, ["a"], ["Zoo", "x" * 30, "b"], ["an"] * 90]
INTEGERS = "MatMulIntegerToFloat"  # The kernel that ONNX Runtime makes of a product and its DequantizeLinear.


def optimized(path, folder):
    """The nodes that ONNX Runtime makes of a file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return onnx.load(folder / "optimized.onnx").graph.node


@pytest.mark.parametrize("kind", ["bert", "deberta", "distilbert", "roberta"])
def test_every_architecture_multiplies_integers_and_stays_close(kind, tmp_path):
    folder = export_tiny(save_tiny(tmp_path / kind, kind), tmp_path / "out", load_params(ROOT / "params.yaml"))
    before, after = (onnx.load(folder / ONNX[precision]) for precision in ("fp32", "int8"))
    edits = GraphEdits(before)
    products = [edits.nodes[place] for place in edits.products()]
    assert len(products) >= 13  # Two layers of six, and the classifier.
    makers = {name: node for node in after.graph.node for name in node.output}
    nodes = {node.name: node for node in after.graph.node}
    for product in products[:-1]:
        assert [makers[name].op_type for name in nodes[product.name].input] == ["DequantizeLinear"] * 2, product.name
    assert nodes[products[-1].name] == products[-1]
    assert sum(node.op_type == INTEGERS for node in optimized(folder / ONNX["int8"], tmp_path)) == len(products) - 1

    table = max((t for t in before.graph.initializer if len(t.dims) == 2), key=lambda t: t.dims[0])
    stored = [t.data_type for t in after.graph.initializer if t.dims == table.dims]
    assert stored == [TensorProto.INT8]

    fp32, int8 = (Predictor(folder, precision=precision).tag(TEXTS) for precision in ("fp32", "int8"))
    same = [a == b for x, y in zip(fp32, int8, strict=True) for a, b in zip(x.tags, y.tags, strict=True)]
    assert np.mean(same) > 0.9
    assert int8 != fp32


def network(rng, channels, *, products):
    """A graph of products that read one input, and of a last product that stays float."""
    weights = [rng.normal(size=(channels, 24)).astype(np.float32) for _ in range(products)]
    last = rng.normal(size=(24 * products, 3)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", f"w{i}"], [f"y{i}"], f"product{i}") for i in range(products)]
    nodes.append(helper.make_node("Concat", [f"y{i}" for i in range(products)], ["y"], "all", axis=-1))
    nodes.append(helper.make_node("MatMul", ["y", "w"], ["z"], "classifier"))
    constants = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, channels])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 24 * products])],
        [*constants, numpy_helper.from_array(last, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def answers(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": x})[0]


@pytest.mark.parametrize(("products", "kinds"), [(1, {"Gather", "Add"}), (3, {"Mul"})])
def test_a_few_large_channels_cost_the_others_little(products, kinds):
    rng = np.random.default_rng(random_seed())
    model = network(rng, 96, products=products)
    x = rng.normal(size=(500, 96)).astype(np.float32)
    x[:, [5, 40]] *= 60
    exact = answers(model, x)
    quantize_graph(model, {"x": Range(x.min(axis=0), x.max(axis=0))})
    assert kinds <= {node.op_type for node in model.graph.node}
    # One scale for all channels would have steps of 60 * 8 / 255 = 1.9, an error of about 5 in each sum.
    assert np.abs(answers(model, x) - exact).std() < 1.2


def test_channels_of_one_size_and_channels_that_are_always_0_are_no_problem():
    rng = np.random.default_rng(random_seed())
    model = network(rng, 32, products=1)
    x = rng.uniform(-1, 3, size=(200, 32)).astype(np.float32)
    x[:, 7] = 0
    exact = answers(model, x)
    quantize_graph(model, {"x": Range(x.min(axis=0), x.max(axis=0))})
    assert "Gather" not in {node.op_type for node in model.graph.node}
    assert np.abs(answers(model, x) - exact).max() < 0.3
    model = network(rng, 32, products=1)
    quantize_graph(model, {"x": Range(np.zeros(32, np.float32), np.zeros(32, np.float32))})
    assert (answers(model, x * 0) == 0).all()


def test_rounding_is_off_by_at_most_half_a_step():
    matrix = np.random.default_rng(random_seed()).normal(size=(50, 20)).astype(np.float32)
    matrix[3] = 0
    for axis, shape in ((0, (1, 20)), (1, (50, 1))):
        rounded, scales = round_to_int8(matrix, axis=axis)
        steps = scales.reshape(shape)
        assert (np.abs(rounded * steps - matrix) <= 0.501 * steps).all()
        assert np.abs(rounded).max() == 127


def test_padding_is_not_measured(exported_tiny):
    source = exported_tiny / ONNX["fp32"]
    edits = GraphEdits(onnx.load(source))
    names = [edits.nodes[place].input[0] for place in edits.products()]
    sentences = [["London"], ["the"] * 12, ["a", "paper"]]
    together = measure_ranges(exported_tiny, source, names, sentences)
    apart = [measure_ranges(exported_tiny, source, names, [sentence]) for sentence in sentences]
    for name, found in together.items():
        assert found.low == pytest.approx(np.min([one[name].low for one in apart], axis=0), abs=1e-5)
        assert found.high == pytest.approx(np.max([one[name].high for one in apart], axis=0), abs=1e-5)
    assert [path.name for path in sorted(source.parent.iterdir())] == ["model.onnx", "model_int8.onnx"]


@pytest.mark.parametrize(("there", "taken"), [(5, 5), (SAMPLE_SIZE, SAMPLE_SIZE), (4 * SAMPLE_SIZE + 1, SAMPLE_SIZE)])
def test_the_sentences_are_spread_over_train(there, taken, tmp_path):
    from datasets import Dataset, DatasetDict

    train = Dataset.from_dict({"tokens": [[str(index)] for index in range(there)]})
    DatasetDict(dict.fromkeys(("train", "dev", "test"), train)).save_to_disk(str(tmp_path / "dataset"))
    numbers = [int(words[0]) for words in sample_of(tmp_path)]
    assert len(set(numbers)) == taken
    assert numbers == sorted(numbers)
    assert numbers[-1] >= there - 1 - there / taken


def test_openvino_runs_the_same_file_with_integers(exported_tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino_telemetry", None)  # It would send usage data.
    openvino = pytest.importorskip(
        "openvino", reason="openvino is not installed: pip install -r requirements/openvino.txt"
    )
    compiled = openvino.Core().compile_model(
        str(exported_tiny / ONNX["int8"]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    ids = np.random.default_rng(random_seed()).integers(5, 90, size=(3, 12))
    fed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    session = onnxruntime.InferenceSession(exported_tiny / ONNX["int8"], providers=["CPUExecutionProvider"])
    expected = session.run(None, fed)[0]
    assert np.abs(compiled(fed)[0] - expected).max() < 0.05 * np.abs(expected).max()
    infos = [operation.get_rt_info() for operation in compiled.get_runtime_model().get_ops()]
    kinds = [
        (info["layerType"].astype(str), info["runtimePrecision"].astype(str))
        for info in infos
        if "layerType" in info and "runtimePrecision" in info
    ]
    assert sum(kind == "FullyConnected" and precision in {"u8", "i8"} for kind, precision in kinds) >= 12


def test_a_network_that_cannot_be_quantized_is_exported_without_int8(exported_tiny, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "model"
    shutil.copytree(exported_tiny, folder)
    words = TEXTS[:1]
    tags = Predictor(folder, backend="torch").tag(words)[0].tags
    dev = tmp_path / "dev.conll"
    dev.write_text("".join(f"{w}\t{t}\t{t}\t0.5\n" for w, t in zip(words[0], tags, strict=True)) + "\n")
    params = replace(load_params(ROOT / "params.yaml"), threads=1)

    def fail(folder, _):
        (folder / ONNX["int8"]).write_bytes(b"half")
        raise RuntimeError("no kernel\nfor this")

    monkeypatch.setattr(export_folder, "quantize", fail)
    assert [network.precision for network in write_onnx(folder, TRAIN, dev, params)] == ["fp32"]
    assert not (folder / ONNX["int8"]).exists()
    assert (
        "model_int8.onnx: left out, because this network cannot be quantized (RuntimeError: no kernel for this)"
        in capsys.readouterr().out
    )


def test_without_a_sentence_nothing_is_quantized(exported_tiny):
    with pytest.raises(NerpipeError, match="no sentence of train reaches"):
        quantize(exported_tiny, [])


def test_a_full_disk_is_no_reason_to_leave_the_file_out(exported_tiny, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    folder = shutil.copytree(exported_tiny, tmp_path / "model")
    monkeypatch.setattr(export_folder, "quantize", fail)
    with pytest.raises(OSError, match="No space left"):
        write_onnx(folder, TRAIN, tmp_path / "dev.conll", replace(load_params(ROOT / "params.yaml"), threads=1))
