"""The OpenVINO backend: it runs the ONNX file of an exported folder, in float32 or with products in bfloat16."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nerpipe.errors import NerpipeError
from nerpipe.prediction.checksums import AGAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nerpipe.inference.word_scores import Network

# What OpenVINO calls the precisions.
HINTS = {"fp32": "f32", "bfloat16": "bf16", "int8": "f32"}  # The products of int8 are those of its file.
_TELEMETRY = "openvino_telemetry"
_SHOWN = 500  # Largest number of characters of another library's message that is shown.


def load_openvino(path: Path, *, precision: str, threads: int) -> "tuple[Network, list[Any], list[Any]]":
    """Load an ONNX file.

    Args:
        path: The file.
        precision: A key of HINTS.
        threads: Number of threads that may call the network at the same time. Each call uses one processor thread.

    Returns:
        The network, and names, element types and last dimensions of its inputs and of its outputs.

    Raises:
        NerpipeError: If OpenVINO is not installed, the processor has no bfloat16, or OpenVINO cannot load the file.
    """
    core = _core()
    if precision == "bfloat16" and not _multiplies_bfloat16(core):
        raise NerpipeError(
            "this processor has no instructions for bfloat16, so that bfloat16 would be slower than fp32; leave the "
            "precision out"
        )
    settings = {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": HINTS[precision],
    }
    try:
        model = core.compile_model(path, "CPU", settings)
    except Exception as error:  # noqa: BLE001 - OpenVINO raises exceptions of several types
        said = " ".join(str(error).split())[:_SHOWN]
        raise NerpipeError(f"{path}: OpenVINO cannot load it ({said}); {AGAIN}") from None
    requests = threading.local()

    def run(input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]") -> "NDArray[np.float32]":
        """Run the network.

        Args:
            input_ids: Sub-words of the windows. Shape: (windows, sub-words).
            attention_mask: 1 for a sub-word, 0 for padding. Shape: (windows, sub-words).

        Returns:
            Logits. Shape: (windows, sub-words, labels).
        """
        if not hasattr(requests, "own"):
            requests.own = model.create_infer_request()  # A request serves one thread at a time.
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        logits: NDArray[np.float32] = requests.own.infer(given, share_inputs=True)["logits"]
        return logits

    return run, [_port(one) for one in model.inputs], [_port(one) for one in model.outputs]


def has_bfloat16() -> bool:
    """Return whether this processor multiplies in bfloat16 faster than in float32.

    Raises:
        NerpipeError: If OpenVINO, which knows it, is not installed.
    """
    return _multiplies_bfloat16(_core())


def _core() -> Any:  # noqa: ANN401 - a class of OpenVINO
    try:
        with _no_telemetry():
            import openvino
    except ModuleNotFoundError:
        raise NerpipeError(
            "the openvino backend needs OpenVINO; install it with `pip install -r requirements/openvino.txt`, or use "
            "the onnx backend"
        ) from None
    # OpenVINO prepares the exchange of arrays with NumPy when it is given the first one. Two threads that give it their
    # first ones at the same time wait for each other for ever, so this thread does it alone.
    openvino.Tensor(np.zeros(1))
    return openvino.Core()


def _multiplies_bfloat16(core: Any) -> bool:  # noqa: ANN401 - a class of OpenVINO
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _port(port: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a class of OpenVINO
    """Describe an input or output: its name, its element type and its last dimension."""
    shape = port.partial_shape
    return port.any_name, port.element_type.get_type_name(), str(shape[len(shape) - 1]) if len(shape) else ""


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Keep the package that sends usage data to Intel from being loaded. OpenVINO then does without it."""
    if _TELEMETRY in sys.modules:
        yield
        return
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment] # an import then fails
    try:
        yield
    finally:
        del sys.modules[_TELEMETRY]
