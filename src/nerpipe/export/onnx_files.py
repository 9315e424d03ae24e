"""The trained model as ONNX files: fp32 for every runtime, and int8 for processors with 8-bit instructions.

The weights of a large model are in a second file beside the ONNX file (external data).
"""

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
BLOCK = 128  # Numbers that share a scale.
INPUTS_OF_8_BITS = 4  # The accuracy_level with which MatMulNBits rounds its inputs to 8 bits.
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
    _write(_stripped(program.model_proto), path)


def quantize(source: Path, path: Path) -> None:
    """Write a copy whose matrix products have 8-bit weights and round their inputs to 8 bits during inference.

    Each block of BLOCK numbers along the summed axis has its own scale, for weights and inputs (MatMulNBits of ONNX
    Runtime). MatMulInteger has one scale for all inputs of a product, so a few large activations cost much accuracy.
    The embeddings and the classifier, which is the last product, stay float.

    Args:
        source: The file that `export_onnx` wrote.
        path: The file to write. If its weights take LARGEST bytes or more, they are in `data_file(path)`.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = onnx.load(source)
    products = [node.name for node in model.graph.node if node.op_type == "MatMul"]
    with _quiet():
        quantizer = MatMulNBitsQuantizer(
            model,
            bits=8,
            block_size=BLOCK,
            is_symmetric=True,
            accuracy_level=INPUTS_OF_8_BITS,
            nodes_to_exclude=products[-1:],
        )
        quantizer.process()
    _write(_stripped(quantizer.model.model), path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the log messages and warnings of exporter and quantiser.

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


def _write(proto: "ModelProto", path: Path) -> None:
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
