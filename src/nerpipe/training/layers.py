"""Which parameters are trained, and how fast: the optimiser's groups."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LAYER = re.compile(r"\.(\d+)\.")  # the first number in a parameter's name counts the layers, whatever the architecture


def depths(model: "PreTrainedModel") -> dict[str, int]:
    """Give each parameter's distance from the output.

    0 is the head, 1 the topmost layer of the encoder, and one more than its layers what lies below them: embeddings,
    their norm, and what all layers share.
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
    """Keep part of the pretrained weights as they are.

    Args:
        model: with all parameters trained.
        word_embeddings: freeze the vectors of the vocabulary. Most of them occur in no batch, but AdamW moves the whole
            table at each step.
        layers: freeze so many of the encoder's lowest layers, and with them all embeddings but the shift of capitals.

    Raises:
        NerpipeError: if the encoder has no more layers than that.
    """
    if word_embeddings:
        model.get_input_embeddings().weight.requires_grad_(requires_grad=False)
    if not layers:
        return
    depth = depths(model)
    bottom = max(depth.values())
    if layers > bottom - 2:
        raise NerpipeError(
            f"[params.yaml -> frozen_layers] {layers} would leave nothing of the encoder to train: it has {bottom - 1} "
            f"layers; expected 0 to {bottom - 2}"
        )
    for name, parameter in model.named_parameters():
        if depth[name] >= bottom - layers and not name.endswith(".shift"):
            parameter.requires_grad_(requires_grad=False)


def parameter_groups(
    model: "PreTrainedModel", decayed: Collection[str], *, lr: float, layer_decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Sort what is trained into groups of one learning rate and one weight decay.

    The rate falls by a factor from each layer to the one below (Howard and Ruder 2018, section 3.2, "discriminative
    fine-tuning"; Sun et al. 2019, section 5.3.4, for BERT): what is general changes least.

    Args:
        model: its parameters with `requires_grad` are taken.
        decayed: names of those that weight decay applies to.
        lr: the peak learning rate, of the head.
        layer_decay: the factor, above 0 to 1.
        weight_decay: AdamW's.
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
