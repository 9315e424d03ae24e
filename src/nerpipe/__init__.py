"""A reproducible NER pipeline: raw CoNLL files in, an evaluated and deployable model out."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nerpipe.prediction.predictor import Entity, Predictor
    from nerpipe.prediction.word_pipeline import WordPipeline

__all__ = ["Entity", "Predictor", "WordPipeline"]


def __getattr__(name: str) -> object:
    """Import what is asked for, and no sooner: `import nerpipe` must not wait for transformers (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'nerpipe' has no attribute {name!r}")
    home = "nerpipe.prediction.word_pipeline" if name == "WordPipeline" else "nerpipe.prediction.predictor"
    return getattr(import_module(home), name)
