"""Which backend runs a model: the one that is named, or the fastest that is installed and fits the folder."""

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.prediction import backend_choice
from nerpipe.prediction.backend_choice import BackendChoice, choose_backend


@pytest.fixture
def machine(monkeypatch):
    """Set which libraries are installed and whether the processor has bfloat16."""

    def set_up(*libraries, bfloat16=True):
        monkeypatch.setattr(backend_choice, "find_spec", lambda name: "spec" if name in libraries else None)
        monkeypatch.setattr(backend_choice, "has_bfloat16", lambda: bfloat16)

    return set_up


@pytest.fixture
def folder(tmp_path):
    """An exported folder with all files, as far as their names count."""
    (tmp_path / "onnx").mkdir()
    for name in ("decoding.json", "model.safetensors", "onnx/model.onnx", "onnx/model_int8.onnx"):
        (tmp_path / name).touch()
    return tmp_path


ALL = ("onnxruntime", "openvino", "torch")


def test_what_is_named_is_taken(tmp_path):
    assert choose_backend(tmp_path) == ("onnx", "fp32")
    assert choose_backend(tmp_path, "openvino", "bfloat16") == ("openvino", "bfloat16")
    with pytest.raises(NerpipeError, match=r"the torch backend has no int8 model; .* the onnx or openvino backend"):
        choose_backend(tmp_path, "torch", "int8")


def test_auto_takes_the_fastest_that_is_installed(machine, folder):
    machine(*ALL)
    assert choose_backend(folder, "auto") == ("openvino", "int8")
    machine("onnxruntime", "torch")
    assert choose_backend(folder, "auto") == ("onnx", "int8")
    machine("torch")
    assert choose_backend(folder, "auto") == ("torch", "fp32")


def test_auto_leaves_out_an_int8_file_that_did_not_pass(machine, folder):
    (folder / "onnx/model_int8.onnx").unlink()
    machine(*ALL)
    assert choose_backend(folder, "auto") == ("openvino", "bfloat16")
    machine(*ALL, bfloat16=False)
    assert choose_backend(folder, "auto") == ("openvino", "fp32")
    machine("onnxruntime")
    assert choose_backend(folder, "auto") == ("onnx", "fp32")


def test_auto_keeps_the_precision_that_is_named(machine, folder):
    machine(*ALL)
    assert choose_backend(folder, "auto", "fp32") == ("openvino", "fp32")
    assert choose_backend(folder, "auto", "bfloat16") == ("openvino", "bfloat16")
    machine(*ALL, bfloat16=False)
    with pytest.raises(NerpipeError, match=r"as asked: openvino in bfloat16 \(this processor does not have it\)$"):
        choose_backend(folder, "auto", "bfloat16")
    with pytest.raises(NerpipeError, match="there is no precision 'fp8'"):
        choose_backend(folder, "auto", "fp8")


def test_auto_says_what_each_backend_lacks(machine, folder):
    (folder / "onnx/model_int8.onnx").unlink()
    machine("onnxruntime")
    lacks = r"openvino in int8 \(openvino is not installed\); onnx in int8 \(onnx/model_int8\.onnx is not there\)$"
    with pytest.raises(NerpipeError, match=lacks):
        choose_backend(folder, "auto", "int8")


def test_auto_takes_no_other_file_for_one_that_was_lost(machine, folder):
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  onnx/model_int8.onnx\n")
    machine(*ALL)
    assert choose_backend(folder, "auto") == ("openvino", "int8")
    (folder / "onnx/model_int8.onnx").unlink()
    with pytest.raises(NerpipeError, match=r"model_int8\.onnx: not there, but SHA256SUMS lists it"):
        choose_backend(folder, "auto")


def test_auto_takes_pytorch_for_a_gpu(machine, folder):
    machine(*ALL)
    assert choose_backend(folder, "auto", device="cuda") == ("torch", "fp32")
    with pytest.raises(NerpipeError, match="no backend runs int8 on device cuda; leave one of the two out"):
        choose_backend(folder, "auto", "int8", "cuda")


def test_auto_needs_an_exported_folder(machine, tmp_path):
    machine(*ALL)
    with pytest.raises(NerpipeError, match="no such folder; the folder of a model is needed here"):
        choose_backend(tmp_path / "typo", "auto")


def test_a_choice_reads_as_the_options_of_a_command():
    assert str(BackendChoice("openvino", "int8")) == "--backend openvino --precision int8"
