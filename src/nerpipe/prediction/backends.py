"""What runs the network: ONNX Runtime, which needs neither torch nor transformers, or PyTorch. Both give logits."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.errors import NerpipeError
from nerpipe.prediction.exported_folder import ONNX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nerpipe.inference.word_scores import Network

BACKENDS = ("onnx", "torch")
PRECISIONS = tuple(ONNX)


def load_network(folder: Path, *, backend: str, precision: str, threads: int) -> "Network":
    """Load an exported model.

    Args:
        folder: that the export stage wrote.
        backend: one of BACKENDS.
        precision: one of PRECISIONS; PyTorch has only fp32.
        threads: processor threads of one call.

    Raises:
        NerpipeError: if there is no such backend, precision or file, or a library is missing.
    """
    if backend not in BACKENDS:
        raise NerpipeError(f"no backend {backend!r}; there are {' and '.join(BACKENDS)}")
    if precision not in PRECISIONS:
        raise NerpipeError(f"no precision {precision!r}; there are {' and '.join(PRECISIONS)}")
    if backend == "torch":
        if precision != "fp32":
            raise NerpipeError(f"the PyTorch backend has no {precision} model: leave precision out, or use onnx")
        return _torch_network(folder, threads)
    return _onnx_network(folder, precision, threads)


def usable_cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _onnx_network(folder: Path, precision: str, threads: int) -> "Network":
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise NerpipeError(
            "the onnx backend needs ONNX Runtime: pip install onnxruntime (or use the torch backend)"
        ) from None
    path = folder / ONNX[precision]
    if not path.is_file():
        hint = "the card in README.md says why it was left out" if precision != "fp32" else "export again: `dvc repro`"
        raise NerpipeError(f"{path}: not there; {hint}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors alone
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime has many exceptions of its own
        raise NerpipeError(f"{path}: ONNX Runtime cannot load it ({error}); export again: `dvc repro`") from None

    def run(input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]") -> "NDArray[np.float32]":
        logits: NDArray[np.float32] = session.run(
            ["logits"], {"input_ids": input_ids, "attention_mask": attention_mask}
        )[0]
        return logits

    return run


def _torch_network(folder: Path, threads: int) -> "Network":
    try:
        import torch
    except ModuleNotFoundError:
        raise NerpipeError("the torch backend needs torch and transformers; the onnx backend does not") from None
    from nerpipe.inference.word_predictions import load_trained, run_torch

    torch.set_num_threads(threads)
    model, _, _ = load_trained(folder)
    return partial(run_torch, model.eval())
