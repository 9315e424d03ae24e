"""ONNX files: the same answers as PyTorch for every architecture, the same bytes twice, nothing of this machine."""

import hashlib
import shutil
from dataclasses import replace

import pytest

from exported_folder import LABELS, TRAIN, export_tiny
from nerpipe.errors import NerpipeError
from nerpipe.export import network_comparison, onnx_files
from nerpipe.export.folder import write_onnx
from nerpipe.export.network_comparison import compare_networks, comparison_rows, network_in_words
from nerpipe.params import load_params
from nerpipe.prediction.exported_folder import ONNX, data_file
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


@pytest.mark.parametrize("kind", ["bert", "deberta", "distilbert", "roberta", "xlm-roberta"])
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
    fp32, int8 = compare_networks(
        exported_tiny, predictions, ["fp32", "int8"], threads=1, device="cpu", int8_max_f1_drop=1.0
    )
    assert fp32[:4] == ("fp32", 1.0, 0.0, 1.0)
    assert fp32.largest_difference < 1e-4
    assert int8.exported
    assert int8.f1_drop == pytest.approx(1 - int8.dev_f1)
    assert "agreement with the entities of PyTorch" in network_in_words(int8, 1.0)


def test_an_int8_network_that_loses_too_much_is_left_out_with_the_reason(exported_tiny, predictions):
    _, int8 = compare_networks(
        exported_tiny, predictions, ["fp32", "int8"], threads=1, device="cpu", int8_max_f1_drop=-1.0
    )
    assert not int8.exported
    assert network_in_words(int8, 0.005).startswith(
        "left out, because it loses more F1 than int8_max_f1_drop allows (0.5 points): F1 "
    )
    few = int8._replace(f1_drop=0.0, span_agreement=0.9)
    assert network_in_words(few, 0.005).startswith("left out, because it agrees with PyTorch on less than 95% of the")


def test_an_fp32_network_that_differs_is_refused(exported_tiny, predictions, monkeypatch):
    real = network_comparison.load_network

    def shifted(folder, *, backend, **options):
        network = real(folder, backend=backend, **options)
        return (lambda ids, mask: network(ids, mask) + shift) if backend == "onnx" else network

    monkeypatch.setattr(network_comparison, "load_network", shifted)
    shift = 0.01
    with pytest.raises(NerpipeError, match=r"differ from those of PyTorch by up to 0.01; at most 0.001 is"):
        compare_networks(exported_tiny, predictions, ["fp32"], threads=1, device="cpu", int8_max_f1_drop=1.0)
    shift = [0.0] * (len(LABELS) - 2) + [90.0, 0.0]
    with pytest.raises(
        NerpipeError, match=r"in dev sentence 1, the tag of word 'The' is .* in PyTorch and B-person in ONNX"
    ):
        compare_networks(exported_tiny, predictions, ["fp32"], threads=1, device="cpu", int8_max_f1_drop=1.0)


def with_ties(monkeypatch, *, difference, everywhere=False):
    """Give two labels the same logit in the sentence `a`, or in all, and let ONNX add a difference to one of them."""
    import numpy as np

    real = network_comparison.load_network

    def load(folder, *, backend, **options):
        network = real(folder, backend=backend, **options)

        def run(ids, mask):
            logits = network(ids, mask).copy()
            tied = ((mask.sum(axis=1) == 3) & (ids[:, 1] == 5)) | everywhere  # 5 is the first letter of the vocabulary.
            logits[tied] = np.eye(len(LABELS), dtype=np.float32)[[1, 3]].sum(axis=0)
            if backend == "onnx":
                logits[tied, :, 3] += difference
            return logits

        return run

    monkeypatch.setattr(network_comparison, "load_network", load)


def test_one_sentence_whose_labels_are_equally_probable_is_a_tie(exported_tiny, predictions, monkeypatch):
    with_ties(monkeypatch, difference=5e-4)
    (fp32,) = compare_networks(exported_tiny, predictions, ["fp32"], threads=1, device="cpu", int8_max_f1_drop=1.0)
    assert fp32.ties == 1
    assert fp32.span_agreement < 1
    assert network_in_words(fp32, 1.0).endswith("another sequence of labels is equally probable (ties): 1")
    assert comparison_rows([fp32], 2)[0]["ties_of_folder"] == 2


@pytest.mark.parametrize(
    ("difference", "everywhere", "said"),
    [
        (
            2e-3,
            False,
            r"in dev sentence 2, the tag of word 'a' is B-\w+ in PyTorch .* is 0.002; 1 of 4 sentences differ",
        ),
        (5e-4, True, r"is 0.0005; 4 of 4 sentences differ.*which is allowed in 1 of the sentences"),
    ],
)
def test_a_real_difference_or_too_many_ties_are_refused(
    exported_tiny, predictions, monkeypatch, difference, everywhere, said
):
    with_ties(monkeypatch, difference=difference, everywhere=everywhere)
    with pytest.raises(NerpipeError, match=said):
        compare_networks(exported_tiny, predictions, ["fp32"], threads=1, device="cpu", int8_max_f1_drop=1.0)


@pytest.fixture(scope="module")
def exported_large(tiny_model, tmp_path_factory):
    """The folder of `exported_tiny`, with a limit above which its weights do not fit into a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_files, "LARGEST", 1000)
        return export_tiny(tiny_model, tmp_path_factory.mktemp("large") / "model", load_params(ROOT / "params.yaml"))


def test_weights_too_large_for_one_file_are_in_a_second_one(exported_tiny, exported_large, tmp_path):
    for precision, name in ONNX.items():
        assert not data_file(exported_tiny / name).exists()
        assert (exported_large / name).stat().st_size < (exported_tiny / name).stat().st_size
        weights = data_file(exported_large / name)
        assert weights.stat().st_size > 10_000
        assert f"  {name}.data\n" in (exported_large / "SHA256SUMS").read_text()
        one, two = (Predictor(folder, precision=precision).tag(TEXTS) for folder in (exported_tiny, exported_large))
        assert one == two
        for path in (exported_large / name, weights):
            assert str(exported_large).encode() not in path.read_bytes()
    moved = shutil.copytree(exported_large, tmp_path / "moved")
    assert Predictor(moved).tag(TEXTS) == Predictor(exported_large).tag(TEXTS)


def test_two_exports_with_second_files_have_the_same_bytes(tiny_model, tmp_path, exported_large, monkeypatch):
    monkeypatch.setattr(onnx_files, "LARGEST", 1000)
    again = export_tiny(tiny_model, tmp_path / "again", load_params(ROOT / "params.yaml"))
    assert (again / "SHA256SUMS").read_text() == (exported_large / "SHA256SUMS").read_text()


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_second_file_that_is_damaged_missing_or_not_listed_is_refused(exported_large, tmp_path, precision):
    folder = shutil.copytree(exported_large, tmp_path / "model")
    name, others = ONNX[precision], [each for kind, each in ONNX.items() if kind != precision]
    for other in others:  # What is not read may be missing.
        data_file(folder / other).unlink()
    Predictor(folder, precision=precision)
    weights = data_file(folder / name)
    content = bytearray(weights.read_bytes())
    content[5000] ^= 1
    weights.write_bytes(content)
    with pytest.raises(NerpipeError, match=rf"{name}.data: the file is damaged or was changed"):
        Predictor(folder, precision=precision)
    weights.unlink()
    with pytest.raises(NerpipeError, match=rf"{name}.data: not there, but SHA256SUMS lists it"):
        Predictor(folder, precision=precision)
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if ".data" not in line))
    with pytest.raises(NerpipeError, match=r"ONNX Runtime cannot load it"):
        Predictor(folder, precision=precision)
    weights.write_bytes(content)
    with pytest.raises(NerpipeError, match=rf"{name}.data is not listed"):
        Predictor(folder, precision=precision)


def test_a_second_file_out_of_the_folder_is_refused_and_links_into_one_folder_are_read(exported_large, tmp_path):
    folder = shutil.copytree(exported_large, tmp_path / "model")
    network, weights = folder / ONNX["fp32"], data_file(folder / ONNX["fp32"])
    (tmp_path / "elsewhere").mkdir()
    shutil.move(weights, tmp_path / "elsewhere/weights")
    weights.symlink_to(tmp_path / "elsewhere/weights")
    with pytest.raises(NerpipeError, match=r"model.onnx.data: this link leads out of the folder, to .*cp -rL"):
        Predictor(folder)
    shutil.move(network, tmp_path / "elsewhere/network")  # As in the cache of the Hugging Face Hub.
    network.symlink_to(tmp_path / "elsewhere/network")
    assert Predictor(folder).tag(TEXTS) == Predictor(exported_large).tag(TEXTS)


def test_an_int8_network_that_is_left_out_leaves_no_second_file(exported_large, predictions, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_files, "LARGEST", 1000)
    folder = shutil.copytree(exported_large, tmp_path / "model")
    params = replace(load_params(ROOT / "params.yaml"), threads=1, int8_max_f1_drop=-1.0)
    *_, int8 = write_onnx(folder, TRAIN, predictions, params)
    assert not int8.exported
    left = {path.name for path in (folder / "onnx").iterdir()}
    assert left == {"model.onnx", "model.onnx.data"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "jax"}, "no backend 'jax'; there are onnx, openvino, torch"),
        ({"precision": "fp16"}, "no precision 'fp16'; there are fp32, int8, bfloat16"),
        ({"backend": "torch", "precision": "int8"}, "torch backend has no int8"),
    ],
)
def test_what_cannot_be_loaded_is_said(exported_tiny, options, said):
    with pytest.raises(NerpipeError, match=said):
        Predictor(exported_tiny, **options)


def test_a_missing_or_broken_network_is_named(exported_tiny, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(exported_tiny, folder)
    (folder / ONNX["int8"]).unlink()
    with pytest.raises(NerpipeError, match=r"model_int8.onnx: not there, but SHA256SUMS lists it"):
        Predictor(folder, precision="int8")
    sums = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(line for line in sums if "int8" not in line))
    with pytest.raises(NerpipeError, match=r"model_int8.onnx: not there; the export stage left it out, and the card"):
        Predictor(folder, precision="int8")
    (folder / "SHA256SUMS").unlink()
    (folder / ONNX["fp32"]).write_bytes(b"nothing")
    with pytest.raises(NerpipeError, match=r"ONNX Runtime cannot load it"):
        Predictor(folder)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(NerpipeError, match=r"tokenizer.json: the tokenizer cannot be read"):
        Predictor(folder)
