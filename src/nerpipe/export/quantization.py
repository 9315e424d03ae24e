"""The int8 ONNX file: a network whose matrix products multiply integers of 8 bits.

It holds operators of ONNX alone (QuantizeLinear, DequantizeLinear), so every runtime can read it. A runtime with
kernels for integers makes one kernel of a product and the DequantizeLinear before each of its inputs.

One scale holds for all inputs of a product, and one for each column of its weights. A few channels with large values
would make the steps of that scale coarse for all others. There are two remedies:

- Channels that are far larger than the others get a small float product of their own, whose result is added.
- Otherwise each channel is divided by a constant, and its row of the weights is multiplied by it (SmoothQuant, Xiao et
  al. 2022). The division is a node, because the residual connection reads the same tensor undivided.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.errors import NerpipeError
from nerpipe.export.calibration import Range, measure_ranges
from nerpipe.export.graph_edits import GraphEdits
from nerpipe.export.onnx_files import write_proto
from nerpipe.prediction.backends import load_network
from nerpipe.prediction.exported_folder import ONNX

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

SMOOTHING = 0.85  # The part of the differences between channels that goes into the weights, 0 to 1.
OUTLIERS = 16  # Channels of an input that get a float product of their own, at most a quarter of them.
FAR = 2.0  # They get it if the largest channel is at least this many times as large as the others.
STEPS = 255  # Steps of an unsigned integer of 8 bits.
LARGEST_INT8 = 127  # The largest signed integer of 8 bits.


class _Treatment(NamedTuple):
    """What happens to the channels of an input before a product of integers."""

    outliers: "NDArray[np.int64]"  # The channels with a float product. Shape: (outliers,).
    divisors: "NDArray[np.float32] | None"  # Shape: (channels,).
    scale: "NDArray[np.float32]"  # The size of a step. Shape: ().
    zero: "NDArray[np.uint8]"  # The integer that stands for 0. Shape: ().


def quantize(folder: Path, sentences: Sequence[Sequence[str]]) -> None:
    """Write a copy of the fp32 network of an exported folder that multiplies integers of 8 bits.

    The largest table of embeddings is stored as integers of 8 bits too, with a scale for each row. The last product,
    which is the classifier, stays float.

    Args:
        folder: The exported folder, with tokenizer.json, decoding.json and the file that `export_onnx` wrote.
        sentences: The words of sentences of the training split. They show how large the inputs of products become.

    Raises:
        NerpipeError: If no sentence reaches a product with constant weights, or ONNX Runtime cannot load the result.
    """
    import onnx

    source = folder / ONNX["fp32"]
    model = onnx.load(source)
    edits = GraphEdits(model)
    ranges = measure_ranges(folder, source, [edits.nodes[place].input[0] for place in edits.products()[:-1]], sentences)
    if not ranges:
        raise NerpipeError("no sentence of train reaches a matrix product with constant weights")
    quantize_graph(model, ranges)
    write_proto(model, folder / ONNX["int8"])
    load_network(folder, backend="onnx", precision="int8", threads=1)  # It raises an error if it cannot load it.


def quantize_graph(model: "ModelProto", ranges: Mapping[str, Range]) -> None:
    """Change a model so that it multiplies integers of 8 bits.

    Args:
        model: The model to change. Its weights lie in it, not in other files.
        ranges: The range of the first input of each product with constant weights, except the last product.
    """
    import onnx

    edits = GraphEdits(model)
    by_input: dict[str, list[int]] = defaultdict(list)
    for place in edits.products()[:-1]:
        by_input[edits.nodes[place].input[0]].append(place)
    for name, places in by_input.items():
        _quantize_products(edits, name, places, ranges[name])
    _quantize_table(edits)
    edits.finish()
    onnx.checker.check_model(model)


def _quantize_products(edits: GraphEdits, name: str, places: Sequence[int], found: Range) -> None:
    """Quantize an input, and the weights of all products that read it."""
    weights = [edits.constants[edits.nodes[place].input[1]].astype(np.float32) for place in places]
    treatment = _treat(found, weights)
    first, values = places[0], name
    if treatment.divisors is not None:
        factors = edits.constant(f"{name}/factors", 1 / treatment.divisors)
        values = edits.before(first, "Mul", [name, factors], f"{name}/smooth")
    step = [edits.constant(f"{name}/scale", treatment.scale), edits.constant(f"{name}/zero", treatment.zero)]
    integers = edits.before(first, "QuantizeLinear", [values, *step], f"{name}/int8")
    read = edits.before(first, "DequantizeLinear", [integers, *step], f"{name}/steps")
    for place, matrix in zip(places, weights, strict=True):
        node = edits.nodes[place]
        own = matrix.copy() if treatment.divisors is None else matrix * treatment.divisors[:, None]
        if len(treatment.outliers):
            own[treatment.outliers] = 0
            _add_float_product(edits, place, matrix[treatment.outliers], treatment.outliers)
        # Two products may share their weights, so the names of the constants come from the output.
        rounded, scales = round_to_int8(own, axis=0)
        parts = [
            edits.constant(f"{node.output[0]}/weights", rounded),
            edits.constant(f"{node.output[0]}/scales", scales),
        ]
        node.input[1] = edits.before(place, "DequantizeLinear", parts, f"{node.output[0]}/steps", axis=1)
        node.input[0] = read


def _treat(found: Range, weights: "Sequence[NDArray[np.float32]]") -> _Treatment:
    """Choose a remedy for the differences between the channels of an input, and the scale.

    Args:
        found: The range of each channel.
        weights: The weights of the products that read the input. Shape of each: (channels, outputs).
    """
    reach = np.maximum(-found.low, found.high)
    inner = np.ones(len(reach), dtype=bool)
    divisors = None
    count = min(OUTLIERS, len(reach) // 4)
    order = np.argsort(-reach, kind="stable")
    # Each product would need a float product of its own. For several of them, that costs more time than it is worth.
    if len(weights) == 1 and reach[order[0]] >= FAR * reach[order[count]]:
        inner[order[:count]] = False
    else:
        rows = np.max([np.abs(matrix).max(axis=1) for matrix in weights], axis=0)
        # A channel that hardly ever differs from 0 must not get a divisor near 0.
        reach, rows = (np.maximum(values, 1e-3 * values.max() + 1e-9) for values in (reach, rows))
        divisors = (reach**SMOOTHING / rows ** (1 - SMOOTHING)).astype(np.float32)
    low, high = (values[inner] if divisors is None else values / divisors for values in found)
    smallest, largest = min(0.0, float(low.min())), max(0.0, float(high.max()))
    scale = np.float32(max(largest - smallest, 1e-9) / STEPS)
    zero = np.uint8(np.round(-smallest / scale))
    return _Treatment(np.flatnonzero(~inner), divisors, np.array(scale), np.array(zero))


def _add_float_product(
    edits: GraphEdits, place: int, rows: "NDArray[np.float32]", outliers: "NDArray[np.int64]"
) -> None:
    """Add the product of the outliers to that of the other channels.

    Args:
        edits: The graph.
        place: The place of the product.
        rows: The weights of the outliers. Shape: (outliers, outputs).
        outliers: The channels. Shape: (outliers,).
    """
    node = edits.nodes[place]
    output = node.output[0]
    node.output[0] = f"{output}/inner"
    chosen = edits.constant(f"{output}/channels", outliers)
    values = edits.after(place, "Gather", [node.input[0], chosen], f"{output}/outliers", axis=-1)
    matrix = edits.constant(f"{output}/rows", rows)
    outer = edits.after(place, "MatMul", [values, matrix], f"{output}/outer")
    edits.after(place, "Add", [node.output[0], outer], output)


def _quantize_table(edits: GraphEdits) -> None:
    """Store the largest table of embeddings as integers. Its rows become float again when they are gathered."""
    from onnx import TensorProto

    sizes = {place: edits.constants[edits.nodes[place].input[0]].size for place in edits.tables()}
    if not sizes:
        return
    place = max(sizes, key=lambda key: sizes[key])
    node = edits.nodes[place]
    table, ids = node.input
    rounded, scales = round_to_int8(edits.constants[table].astype(np.float32), axis=1)
    output = node.output[0]
    rows = edits.before(place, "Gather", [edits.constant(f"{table}/int8", rounded), ids], f"{output}/int8")
    sizes_of_steps = edits.constant(f"{table}/scales", scales[:, None])
    steps = edits.before(place, "Gather", [sizes_of_steps, ids], f"{output}/scales")
    node.op_type = "Mul"
    del node.attribute[:]
    node.input[:] = [edits.before(place, "Cast", [rows], f"{output}/steps", to=TensorProto.FLOAT), steps]


def round_to_int8(matrix: "NDArray[np.float32]", *, axis: int) -> "tuple[NDArray[np.int8], NDArray[np.float32]]":
    """Round a matrix to integers of 8 bits with a sign.

    Args:
        matrix: The numbers. Shape: (rows, columns).
        axis: The axis along which numbers share a scale: 0 for a scale for each column, 1 for each row.

    Returns:
        The integers, -127 to 127, and the scales. An integer times its scale is the rounded number.
    """
    largest = np.abs(matrix).max(axis=axis, keepdims=True)
    scales = np.where(largest > 0, largest / LARGEST_INT8, 1).astype(np.float32)
    return np.clip(np.round(matrix / scales), -LARGEST_INT8, LARGEST_INT8).astype(np.int8), scales.squeeze(axis)
