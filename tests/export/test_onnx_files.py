"""ONNX files: the same answers as PyTorch for every architecture, the same bytes twice, nothing of this machine."""

import hashlib

import pytest

from exported_folder import LABELS, export_tiny
from nerpipe.errors import NerpipeError
from nerpipe.export import network_comparison
from nerpipe.export.network_comparison import compare_networks, network_in_words
from nerpipe.params import load_params
from nerpipe.prediction.exported_folder import ONNX
from nerpipe.prediction.predictor import Predictor
from places import ROOT
from tiny import save_tiny

TEXTS = [["The", "London", "train", "and", "Ann", "!"] * 3, ["a"], ["Zoo", "x" * 30, "\ufe0f", "b"], ["an"] * 90]


@pytest.fixture(scope="module")
def predictions(exported_tiny, tmp_path_factory):
    """The file that the evaluate stage would write, with the model's own answers as gold."""
    path = tmp_path_factory.mktemp("predictions") / "dev.conll"
    blocks = []
    for words, row in zip(TEXTS, Predictor(exported_tiny, backend="torch").tag(TEXTS), strict=True):
        lines = zip(words, row.tags, row.tags, ["0.5000"] * len(words), strict=True)
        blocks.append("".join("\t".join(line) + "\n" for line in lines))
    path.write_text("\n".join(blocks) + "\n")
    return path


@pytest.mark.parametrize("kind", ["bert", "deberta", "distilbert", "roberta"])
def test_every_architecture_answers_in_onnx_as_in_torch(kind, tmp_path):
    folder = export_tiny(save_tiny(tmp_path / kind, kind), tmp_path / "out", load_params(ROOT / "params.yaml"))
    with_torch, with_onnx = (Predictor(folder, backend=backend).tag(TEXTS) for backend in ("torch", "onnx"))
    assert [row.tags for row in with_onnx] == [row.tags for row in with_torch]
    for ours, theirs in zip(with_onnx, with_torch, strict=True):
        assert ours.confidences == pytest.approx(theirs.confidences, abs=1e-4)
    assert len({tag for row in with_torch for tag in row.tags}) > 1


def test_two_exports_have_the_same_bytes_and_hold_no_path(tiny_model, tmp_path, exported_tiny):
    again = export_tiny(tiny_model, tmp_path / "again", load_params(ROOT / "params.yaml"))
    for path in sorted(again.rglob("*.*")):
        content = path.read_bytes()
        other = (exported_tiny / path.relative_to(again)).read_bytes()
        assert hashlib.sha256(content).digest() == hashlib.sha256(other).digest(), path.name
        for place in (b"site-packages", str(ROOT).encode(), str(tmp_path).encode()):
            assert place not in content, path.name


def test_the_inputs_are_free_in_both_directions_and_the_opset_is_stated(exported_tiny):
    import onnx

    model = onnx.load(exported_tiny / ONNX["fp32"])
    assert [value.name for value in model.graph.input] == ["input_ids", "attention_mask"]
    for value in (*model.graph.input, *model.graph.output):
        assert all(size.dim_param for size in value.type.tensor_type.shape.dim[:2]), value.name
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == 20


def test_networks_that_agree_are_compared_and_kept(exported_tiny, predictions):
    fp32, int8 = compare_networks(exported_tiny, predictions, ["fp32", "int8"], threads=1, int8_max_f1_drop=1.0)
    assert fp32[:4] == ("fp32", 1.0, 0.0, 1.0)
    assert fp32.largest_difference < 1e-4
    assert int8.exported
    assert int8.f1_drop == pytest.approx(1 - int8.dev_f1)
    assert "agreement with the entities of PyTorch" in network_in_words(int8, 1.0)


def test_an_int8_network_that_loses_too_much_is_left_out_with_the_reason(exported_tiny, predictions):
    _, int8 = compare_networks(exported_tiny, predictions, ["fp32", "int8"], threads=1, int8_max_f1_drop=-1.0)
    assert not int8.exported
    assert network_in_words(int8, 0.005).startswith(
        "left out, because it loses more F1 than int8_max_f1_drop allows (0.5): F1 "
    )
    few = int8._replace(f1_drop=0.0, span_agreement=0.9)
    assert network_in_words(few, 0.005).startswith("left out, because it agrees with PyTorch on less than 95% of the")


def test_an_fp32_network_that_differs_is_refused(exported_tiny, predictions, monkeypatch):
    real = network_comparison.load_network

    def shifted(folder, *, backend, precision, threads):
        network = real(folder, backend=backend, precision=precision, threads=threads)
        return (lambda ids, mask: network(ids, mask) + shift) if backend == "onnx" else network

    monkeypatch.setattr(network_comparison, "load_network", shifted)
    shift = 0.01
    with pytest.raises(NerpipeError, match=r"differ from those of PyTorch by up to 0.01; at most 0.001 is"):
        compare_networks(exported_tiny, predictions, ["fp32"], threads=1, int8_max_f1_drop=1.0)
    shift = [0.0] * (len(LABELS) - 2) + [90.0, 0.0]
    with pytest.raises(
        NerpipeError, match=r"in dev sentence 1, the tag of word 'The' is .* in PyTorch and B-person in ONNX"
    ):
        compare_networks(exported_tiny, predictions, ["fp32"], threads=1, int8_max_f1_drop=1.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "jax"}, "no backend 'jax'; there are onnx and torch"),
        ({"precision": "fp16"}, "no precision 'fp16'; there are fp32 and int8"),
        ({"backend": "torch", "precision": "int8"}, "PyTorch backend has no int8"),
    ],
)
def test_what_cannot_be_loaded_is_said(exported_tiny, options, said):
    with pytest.raises(NerpipeError, match=said):
        Predictor(exported_tiny, **options)


def test_a_missing_or_broken_network_is_named(exported_tiny, tmp_path):
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(exported_tiny, folder)
    (folder / ONNX["int8"]).unlink()
    with pytest.raises(NerpipeError, match=r"model_int8.onnx: not there; the card"):
        Predictor(folder, precision="int8")
    (folder / "SHA256SUMS").unlink()
    (folder / ONNX["fp32"]).write_bytes(b"nothing")
    with pytest.raises(NerpipeError, match=r"ONNX Runtime cannot load it"):
        Predictor(folder)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(NerpipeError, match=r"tokenizer.json: the tokenizer cannot be read"):
        Predictor(folder)
