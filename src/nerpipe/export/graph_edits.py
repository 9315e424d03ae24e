"""Edits of an ONNX graph: new nodes around those that are there, and new constants."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto


class GraphEdits:
    """The nodes and constants of a graph, and what is added to them. `finish` puts the additions in their places."""

    def __init__(self, model: "ModelProto") -> None:
        """Read the graph.

        Args:
            model: The model to edit. Its weights lie in it, not in other files.
        """
        from onnx import numpy_helper

        self.nodes = list(model.graph.node)
        self.constants: dict[str, NDArray[np.generic]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self._graph = model.graph
        self._before: dict[int, list[NodeProto]] = defaultdict(list)
        self._after: dict[int, list[NodeProto]] = defaultdict(list)

    def products(self) -> list[int]:
        """List the places of the matrix products with constant float weights, in the order in which they run."""
        return [
            place
            for place, node in enumerate(self.nodes)
            if node.op_type == "MatMul" and self._is_matrix(node.input[1])
        ]

    def tables(self) -> list[int]:
        """List the places of the nodes that gather rows of a constant float matrix."""
        return [
            place
            for place, node in enumerate(self.nodes)
            if node.op_type == "Gather" and self._is_matrix(node.input[0]) and not any(a.i for a in node.attribute)
        ]

    def constant(self, name: str, value: "NDArray[np.generic]") -> str:
        """Add a constant, and return its name."""
        from onnx import numpy_helper

        self._graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def before(self, place: int, kind: str, inputs: Sequence[str], output: str, **attributes: int) -> str:
        """Add a node before the node at a place, and return the name of its output."""
        return _add(self._before[place], kind, inputs, output, attributes)

    def after(self, place: int, kind: str, inputs: Sequence[str], output: str, **attributes: int) -> str:
        """Add a node after the node at a place, and return the name of its output."""
        return _add(self._after[place], kind, inputs, output, attributes)

    def finish(self) -> None:
        """Put the new nodes in their places, and remove the constants that no node reads."""
        nodes = [
            new for place, node in enumerate(self.nodes) for new in (*self._before[place], node, *self._after[place])
        ]
        graph = self._graph
        read = {name for node in nodes for name in node.input} | {value.name for value in graph.output}
        kept = [tensor for tensor in graph.initializer if tensor.name in read]
        # The notes on the shapes of values no longer hold for all of them.
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(nodes)
        graph.initializer.extend(kept)

    def _is_matrix(self, name: str) -> bool:
        value = self.constants.get(name)
        return value is not None and value.ndim == 2 and value.dtype == np.float32  # noqa: PLR2004


def _add(nodes: "list[NodeProto]", kind: str, inputs: Sequence[str], output: str, attributes: dict[str, int]) -> str:
    from onnx import helper

    nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
    return output
