"""The trained model as ONNX: fp32 for every runtime, and int8 for processors with 8-bit instructions."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from onnx import ModelProto
    from transformers import PreTrainedModel

OPSET = 20  # the first with an operator for GELU; every operator used has a kernel in ONNX Runtime
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "logits"
LARGEST = 2**31  # bytes of a protobuf message
BLOCK = 128  # numbers that share a scale
INPUTS_OF_8_BITS = 4  # accuracy_level: how MatMulNBits takes its inputs
EXAMPLE = (2, 9)  # windows, sub-words: neither 0 nor 1, which the exporter would take for constants


class _Logits(torch.nn.Module):
    """The model as a function of two tensors."""

    def __init__(self, model: "PreTrainedModel") -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def export_onnx(folder: Path, path: Path) -> None:
    """Write the model of a Hugging Face folder as ONNX: inputs int64 (windows, sub-words), both free, output float32.

    Attention is written out in plain operators, which ONNX Runtime runs faster than the exporter's translation of the
    fused one. The file holds no path, time or name of this machine.

    Args:
        folder: with config.json and model.safetensors.
        path: to write.

    Raises:
        NerpipeError: if the model is too large for one file.
    """
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(folder, attn_implementation="eager").eval()
    size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    if size >= LARGEST:
        raise NerpipeError(f"{folder}: {size / 2**30:.1f} GiB of weights are more than an ONNX file holds (2 GiB)")
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
    assert program is not None  # noqa: S101 - only without dynamo
    _write(_stripped(program.model_proto), path)


def quantize(source: Path, path: Path) -> None:
    """Write a copy whose matrix products have 8-bit weights and round their inputs to 8 bits as they come.

    Weights and inputs are scaled in blocks of BLOCK numbers along the sum (ONNX Runtime's MatMulNBits). One scale for
    all inputs of a product, as its MatMulInteger has, loses much to few large activations. Embeddings and the
    classifier, the last product, stay float.

    Args:
        source: from `export_onnx`.
        path: to write.
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
    """Keep back what exporter and quantiser say of themselves: names of axes, libraries that are not needed."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _stripped(proto: "ModelProto") -> "ModelProto":
    """Take out what the exporter notes down of the Python code: stack traces with paths of this machine."""
    parts: list[Any] = [proto, proto.graph, *proto.graph.node, *proto.graph.initializer, *proto.graph.value_info]
    for part in [*parts, *proto.graph.input, *proto.graph.output, *proto.functions]:
        part.doc_string = ""
        del part.metadata_props[:]
    return proto


def _write(proto: "ModelProto", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))
