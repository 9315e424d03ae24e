"""The trained model as an ONNX file in fp32. The weights of a large model are in a second file (external data)."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nerpipe.prediction.exported_folder import data_file

if TYPE_CHECKING:
    from onnx import ModelProto
    from transformers import PreTrainedModel

OPSET = 20  # The first opset with an operator for GELU. ONNX Runtime has a kernel for every operator used.
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "logits"
# The bytes of weights from which on they are in a file of their own. A protobuf message has fewer than 2**31 bytes, and
# the graph needs some.
LARGEST = 2_000_000_000
PAGE = (
    4096  # The bytes of a page of memory. Weights in a file of their own begin at a page, so that they can be mapped.
)
# Shape: (windows, sub-words). The exporter would treat a size of 0 or 1 as a constant.
EXAMPLE = (2, 9)


class _Logits(torch.nn.Module):
    """The model as a function of two tensors, which returns the logits."""

    def __init__(self, model: "PreTrainedModel") -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Compute the logits.

        Args:
            input_ids: The ids of the sub-words. Shape: (windows, sub-words).
            attention_mask: 1 for sub-words, 0 for padding. Shape: (windows, sub-words).

        Returns:
            The logits. Shape: (windows, sub-words, labels).
        """
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def export_onnx(folder: Path, path: Path) -> None:
    """Write the model of a Hugging Face folder as an ONNX file.

    The inputs are int64. Shape: (windows, sub-words). Both sizes may vary. The output is float32. Shape: (windows,
    sub-words, labels). Attention is exported as plain operators: ONNX Runtime runs them faster than the exporter's
    translation of the fused operator. The file contains no path, time or host name.

    Args:
        folder: The folder with config.json and model.safetensors.
        path: The file to write. If the weights take LARGEST bytes or more, they are in `data_file(path)`.
    """
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.full(EXAMPLE, 5)
    free = {0: torch.export.Dim("windows"), 1: torch.export.Dim("subwords")}
    with _quiet():
        program = torch.onnx.export(
            _Logits(model),
            (ids, torch.ones_like(ids)),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_shapes=dict.fromkeys(INPUTS, free),
            external_data=False,
        )
    assert program is not None  # noqa: S101 - it is None only without dynamo
    write_proto(_stripped(program.model_proto), path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the log messages and warnings of the exporter.

    They are about names of axes and about libraries that are not needed.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _stripped(proto: "ModelProto") -> "ModelProto":
    """Remove the exporter's metadata about the Python code, such as stack traces with local paths."""
    parts: list[Any] = [proto, proto.graph, *proto.graph.node, *proto.graph.initializer, *proto.graph.value_info]
    for part in [*parts, *proto.graph.input, *proto.graph.output, *proto.functions]:
        part.doc_string = ""
        del part.metadata_props[:]
    return proto


def write_proto(proto: "ModelProto", path: Path) -> None:
    """Write an ONNX file. If the weights take LARGEST bytes or more, they are in `data_file(path)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if sum(len(tensor.raw_data) for tensor in proto.graph.initializer) >= LARGEST:
        _move_weights(proto, data_file(path))
    path.write_bytes(proto.SerializeToString(deterministic=True))


def _move_weights(proto: "ModelProto", path: Path) -> None:
    """Write the weights into a file of their own, in the order of the graph, and let the graph name this file.

    ONNX Runtime reads such a file only if it is in the folder of the ONNX file and is named by a relative path.
    """
    from onnx.external_data_helper import set_external_data

    with path.open("wb") as file:
        for tensor in proto.graph.initializer:
            length = len(tensor.raw_data)
            if length < PAGE:
                continue
            file.write(bytes(-file.tell() % PAGE))
            set_external_data(tensor, path.name, offset=file.tell(), length=length)
            file.write(tensor.raw_data)
            tensor.ClearField("raw_data")
