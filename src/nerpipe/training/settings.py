"""The settings of a training run: the params of params.yaml that decide how a model is trained."""

from dataclasses import dataclass, fields
from typing import Self

from nerpipe.params import Params


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """The params of a training run, without those of the model and the data. params.yaml explains each of them."""

    lr: float
    layer_decay: float
    epochs: int
    batch_size: int
    weight_decay: float
    warmup: float
    word_embeddings: str
    frozen_layers: int
    attention_dropout: float
    outside_bias: float
    adjoining_penalty: float
    averaging: str
    patience: int
    device: str
    precision: str
    seed: int
    threads: int

    @classmethod
    def from_params(cls, params: Params) -> Self:
        """Select the settings from all params."""
        return cls(**{field.name: getattr(params, field.name) for field in fields(cls)})
