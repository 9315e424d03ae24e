"""The backend and the precision that run a model: those that the user names, or the fastest ones for `auto`."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO
from nerpipe.prediction.backends import BACKENDS, FP32, check_choice, missing_network
from nerpipe.prediction.checksums import is_listed
from nerpipe.prediction.exported_folder import check_is_exported, network_file
from nerpipe.prediction.openvino_network import has_bfloat16

BACKEND = "onnx"  # What is used unless the user names another.
# The fastest first, as measured by benchmarks/predict_speed.py on a processor with instructions for all three.
_FASTEST = (
    ("openvino", "int8"),
    ("openvino", "bfloat16"),
    ("onnx", "int8"),
    ("openvino", FP32),
    ("onnx", FP32),
    ("torch", FP32),
)
_LIBRARIES = {"onnx": "onnxruntime", "openvino": "openvino", "torch": "torch"}


class BackendChoice(NamedTuple):
    """What runs a model."""

    backend: str  # A key of BACKENDS.
    precision: str  # One of the precisions of the backend.

    def __str__(self) -> str:
        return f"--backend {self.backend} --precision {self.precision}"


def choose_backend(
    folder: Path, backend: str = BACKEND, precision: str | None = None, device: str = AUTO
) -> BackendChoice:
    """Choose what runs an exported model.

    `auto` takes the fastest backend whose library is installed, whose file is in the folder, and whose numbers this
    processor computes fast. The export stage leaves the int8 file out if it changes the entities too much, so a file
    that is there has passed. If `device` names a GPU, `auto` takes PyTorch, the only backend that uses one.

    Args:
        folder: Folder that the export stage wrote.
        backend: A key of BACKENDS, or `auto`.
        precision: One of the precisions of the backend. None: fp32; with `auto`, the fastest.
        device: One of DEVICES.

    Returns:
        The backend and its precision. Whether the library of a backend that the user names is installed is not checked.

    Raises:
        NerpipeError: If there is no such backend or precision, or `auto` finds no folder of the export stage, or no
            backend that can be used.
    """
    if backend != AUTO:
        check_choice(backend, precision or FP32)
        return BackendChoice(backend, precision or FP32)
    if precision is not None:
        check_choice(next((name for name, known in BACKENDS.items() if precision in known), BACKEND), precision)
    check_is_exported(folder)
    candidates = [choice for choice in _FASTEST if precision in (None, choice[1])]
    if device not in (AUTO, "cpu"):
        candidates = [choice for choice in candidates if choice[0] == "torch"]
    obstacles = []
    for name, numbers in candidates:
        obstacle = _obstacle(folder, name, numbers)
        if not obstacle:
            return BackendChoice(name, numbers)
        obstacles.append(f"{name} in {numbers} ({obstacle})")
    raise NerpipeError(
        f"{folder}: no backend can run this model as asked: {'; '.join(obstacles)}"
        if obstacles
        else f"{folder}: no backend runs {precision} on device {device}; leave one of the two out"
    )


def _obstacle(folder: Path, backend: str, precision: str) -> str:
    """Say what a backend lacks, or return an empty text.

    Raises:
        NerpipeError: If the folder is damaged: a file that SHA256SUMS lists is not there.
    """
    file = network_file(backend, precision)
    if find_spec(_LIBRARIES[backend]) is None:
        return f"{_LIBRARIES[backend]} is not installed"
    if not (folder / file).is_file():
        if is_listed(folder, file):
            raise NerpipeError(missing_network(folder, backend, precision))
        return f"{file} is not there"
    return "this processor does not have it" if precision == "bfloat16" and not has_bfloat16() else ""
