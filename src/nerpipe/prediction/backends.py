"""The backends that run the network: ONNX Runtime and OpenVINO need neither torch nor transformers, and PyTorch."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from nerpipe.errors import NerpipeError
from nerpipe.inference.device_choice import choose_device
from nerpipe.params import AUTO, DEVICES
from nerpipe.prediction.checksums import AGAIN, CHECKSUMS, is_listed
from nerpipe.prediction.exported_folder import DECODING, TORCH_WEIGHTS, network_file
from nerpipe.prediction.openvino_network import load_openvino

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nerpipe.inference.word_scores import Network

FP32 = "fp32"  # The precision that every backend has.
# The precisions of each backend.
BACKENDS = {"onnx": (FP32, "int8"), "openvino": (FP32, "bfloat16", "int8"), "torch": (FP32,)}
PRECISIONS = (FP32, "int8", "bfloat16")
_INPUTS = [("input_ids", "tensor(int64)"), ("attention_mask", "tensor(int64)")]
_OUTPUT = ("logits", "tensor(float)")
_OPENVINO_INPUTS, _OPENVINO_OUTPUT = [("input_ids", "i64"), ("attention_mask", "i64")], ("logits", "f32")
_SHOWN = 500  # Largest number of characters of another library's message that is shown.


def load_network(
    folder: Path, *, backend: str, precision: str, threads: int, device: str = "cpu", labels: int | None = None
) -> "Network":
    """Load the network of an exported model.

    Args:
        folder: Folder that the export stage wrote.
        backend: One of BACKENDS.
        precision: One of the precisions of the backend.
        threads: Number of processor threads that one call uses.
        device: Device that runs the network: cuda, mps or cpu. The other backends have only cpu.
        labels: Number of labels that the network must have. None: any number.

    Returns:
        Function that takes the input ids and the attention mask of windows. Shape: (windows, sub-words). It returns
        logits. Shape: (windows, sub-words, labels).

    Raises:
        NerpipeError: If the backend, the precision or the file does not exist, a library is missing, or the file is
            damaged or of another network.
    """
    check_choice(backend, precision)
    if backend == "torch":
        return _torch_network(folder, threads, device, labels)
    path = folder / network_file(backend, precision)
    if not path.is_file():
        raise NerpipeError(missing_network(folder, backend, precision))
    if backend == "openvino":
        return _openvino_network(path, precision, threads, labels)
    return _onnx_network(path, threads, labels)


def missing_network(folder: Path, backend: str, precision: str) -> str:
    """Say that the file of a backend is missing, and why."""
    name = network_file(backend, precision)
    if is_listed(folder, name):
        return f"{folder / name}: not there, but {CHECKSUMS} lists it; {AGAIN}"
    left_out = "the export stage left it out, and the card in README.md says why"
    return f"{folder / name}: not there; {left_out if precision == 'int8' else AGAIN}"


def check_choice(backend: str, precision: str) -> None:
    """Check that there is such a backend, and that it has this precision.

    Raises:
        NerpipeError: If that is not so.
    """
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise NerpipeError(f"there is no backend {backend!r}; there are {', '.join(BACKENDS)}")
    if precision not in PRECISIONS:
        raise NerpipeError(f"there is no precision {precision!r}; there are {', '.join(PRECISIONS)}")
    if precision not in BACKENDS[backend]:
        others = " or ".join(name for name, precisions in BACKENDS.items() if precision in precisions)
        raise NerpipeError(
            f"the {backend} backend has no {precision} model; leave the precision out, or use the {others} backend"
        )


def network_device(backend: str, device: str) -> str:
    """Find the device that runs the network.

    Args:
        backend: One of BACKENDS.
        device: One of DEVICES. For the other backends than torch, `auto` means cpu.

    Returns:
        cuda, mps or cpu.

    Raises:
        NerpipeError: If there is no such device, PyTorch is missing or cannot use it, or the backend has only cpu.
    """
    if device not in DEVICES:
        raise NerpipeError(f"there is no device {device!r}; there are {', '.join(DEVICES)}")
    if backend == "torch":
        try:
            import torch  # noqa: F401
        except ModuleNotFoundError:
            raise NerpipeError(
                "the torch backend needs torch and transformers; install them, or use the onnx backend, which needs "
                "neither"
            ) from None
        return choose_device(device, place="device")
    if device not in (AUTO, "cpu"):
        raise NerpipeError(
            f"device {device!r}: the {backend} backend runs on the processor; use the torch backend, or leave the "
            "device out"
        )
    return "cpu"


def usable_cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _onnx_network(path: Path, threads: int, labels: int | None) -> "Network":
    # Official builds since 1.29 send usage data to Microsoft, unless this is set before the import.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise NerpipeError(
            "the onnx backend needs ONNX Runtime; install it with `pip install onnxruntime`, or use the torch backend"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # Only errors are logged.
    # Without it, sums of 8-bit products overflow on processors that have no VNNI. Others ignore it.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime raises exceptions of many types
        said = " ".join(str(error).split())[:_SHOWN]
        raise NerpipeError(f"{path}: ONNX Runtime cannot load it ({said}); {AGAIN}") from None
    inputs = [(one.name, one.type) for one in session.get_inputs()]
    outputs = [(one.name, one.type, one.shape[-1:]) for one in session.get_outputs()]
    if inputs != _INPUTS or outputs[0][:2] != _OUTPUT or (labels and outputs[0][2] != [labels]):
        _refuse_network(path, inputs, outputs, _INPUTS, (*_OUTPUT, [labels or "labels"]))

    def run(input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]") -> "NDArray[np.float32]":
        """Run the network.

        Args:
            input_ids: Sub-words of the windows. Shape: (windows, sub-words).
            attention_mask: 1 for a sub-word, 0 for padding. Shape: (windows, sub-words).

        Returns:
            Logits. Shape: (windows, sub-words, labels).
        """
        logits: NDArray[np.float32] = session.run(
            ["logits"], {"input_ids": input_ids, "attention_mask": attention_mask}
        )[0]
        return logits

    return run


def _openvino_network(path: Path, precision: str, threads: int, labels: int | None) -> "Network":
    network, inputs, outputs = load_openvino(path, precision=precision, threads=threads)
    given = [one[:2] for one in inputs]
    if given != _OPENVINO_INPUTS or outputs[0][:2] != _OPENVINO_OUTPUT or (labels and outputs[0][2] != str(labels)):
        _refuse_network(path, inputs, outputs, _OPENVINO_INPUTS, (*_OPENVINO_OUTPUT, labels or "labels"))
    return network


def _refuse_network(path: Path, inputs: object, outputs: object, wanted: object, result: object) -> NoReturn:
    raise NerpipeError(
        f"{path}: this is not the network of {DECODING}, because its inputs and outputs are {inputs} and {outputs} "
        f"(expected: {wanted} and {result}); {AGAIN}"
    )


def _torch_network(folder: Path, threads: int, device: str, labels: int | None) -> "Network":
    import torch

    from nerpipe.inference.word_predictions import load_trained, run_torch

    if not (folder / TORCH_WEIGHTS).is_file():
        raise NerpipeError(
            f"{folder / TORCH_WEIGHTS}: not there. Weights in another format, such as pytorch_model.bin, are not read, "
            f"because they can run code; {AGAIN}"
        )
    torch.set_num_threads(threads)
    try:
        model, _, names = load_trained(folder)
    except NerpipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the libraries raise exceptions of many types for a damaged folder
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        raise NerpipeError(f"{folder}: the model cannot be loaded ({said}); {AGAIN}") from None
    if labels and len(names) != labels:
        raise NerpipeError(f"{folder}: the model has {len(names)} labels, but {DECODING} has {labels}; {AGAIN}")
    return partial(run_torch, model.eval().to(device))
