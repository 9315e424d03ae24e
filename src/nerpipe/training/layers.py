"""Decides which parameters are trained, and with which learning rate and weight decay."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# The first number in the name of a parameter is the number of its layer, in every architecture.
LAYER = re.compile(r"\.(\d+)\.")


def depths(model: "PreTrainedModel") -> dict[str, int]:
    """Return the distance of each parameter from the output.

    The head has distance 0, and the topmost layer of the encoder has distance 1. In an encoder with n layers, the
    parameters below the layers have distance n + 1: the embeddings, their norm, and parameters that all layers share.

    Returns:
        The distance by the name of the parameter.
    """
    encoder = f"{model.base_model_prefix}."
    layers = {
        name: int(found[1])
        for name, _ in model.named_parameters()
        if name.startswith(encoder) and (found := LAYER.search(name))
    }
    count = max(layers.values(), default=-1) + 1
    return {
        name: count - layers[name] if name in layers else (count + 1) * name.startswith(encoder)
        for name, _ in model.named_parameters()
    }


def freeze(model: "PreTrainedModel", *, word_embeddings: bool, layers: int) -> None:
    """Exclude some of the pretrained weights from training.

    Args:
        model: A model in which all parameters are trained.
        word_embeddings: Whether the vectors of the vocabulary are frozen. Most of them are in no batch, but AdamW would
            update the whole table at each step.
        layers: The number of the encoder's lowest layers that are frozen. If it is not 0, all embeddings are frozen
            too, except the shift of `model.ShiftedEmbedding`.

    Raises:
        NerpipeError: If `layers` is not smaller than the number of layers of the encoder.
    """
    if word_embeddings:
        model.get_input_embeddings().weight.requires_grad_(requires_grad=False)
    if not layers:
        return
    depth = depths(model)
    bottom = max(depth.values())
    if layers > bottom - 2:
        raise NerpipeError(
            f"[params.yaml -> frozen_layers] {layers} would leave no layer of the encoder to train: it has "
            f"{bottom - 1} layers; expected 0 to {bottom - 2}"
        )
    for name, parameter in model.named_parameters():
        if depth[name] >= bottom - layers and not name.endswith(".shift"):
            parameter.requires_grad_(requires_grad=False)


def parameter_groups(
    model: "PreTrainedModel", decayed: Collection[str], *, lr: float, layer_decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Divide the trained parameters into groups that have the same learning rate and weight decay.

    The learning rate of a layer is that of the layer above it, multiplied by a factor (Howard and Ruder 2018,
    section 3.2, "discriminative fine-tuning"; Sun et al. 2019, section 5.3.4, for BERT). The lowest layers, which are
    the most general ones, therefore change least.

    Args:
        model: The model. Its parameters with `requires_grad` are trained.
        decayed: The names of the parameters that weight decay applies to.
        lr: The peak learning rate of the head.
        layer_decay: The factor, above 0 to 1.
        weight_decay: The weight decay of AdamW.

    Returns:
        The groups as the optimiser takes them.
    """
    depth = depths(model)
    groups: dict[tuple[int, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((depth[name], name in decayed), []).append(parameter)
    return [
        {"params": members, "lr": lr * layer_decay**deep, "weight_decay": weight_decay if decays else 0.0}
        for (deep, decays), members in groups.items()
    ]
