"""Settings of the short training runs of tests: everything that may be switched off is off."""

from nerpipe.training.settings import TrainSettings

SETTINGS = TrainSettings(
    lr=1e-3,
    layer_decay=1.0,
    epochs=1,
    batch_size=8,
    weight_decay=0.0,
    warmup=0.0,
    word_embeddings="frozen",
    frozen_layers=0,
    attention_dropout=0.0,
    outside_bias=0.5,
    adjoining_penalty=2.0,
    averaging="none",
    patience=0,
    device="cpu",
    precision="float32",
    seed=1,
    threads=1,
)
