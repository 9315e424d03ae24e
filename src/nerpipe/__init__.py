"""A reproducible NER pipeline: raw CoNLL files in, an evaluated and deployable model out.

The names below are the doors of the package; each is imported when it is first used, so that `import nerpipe` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nerpipe.comparison.score_files import score_files
    from nerpipe.contracts.conll import Sentence, read_conll
    from nerpipe.contracts.labels import make_labels
    from nerpipe.contracts.ledger import tally
    from nerpipe.contracts.word_rules import find_words
    from nerpipe.corpus.clean_conll import clean_conll
    from nerpipe.errors import NerpipeError
    from nerpipe.export.folder import save_folder
    from nerpipe.params import load_params
    from nerpipe.prediction.finder import Entity
    from nerpipe.prediction.predictor import Predictor
    from nerpipe.prediction.word_pipeline import WordPipeline
    from nerpipe.scoring.scores import score
    from nerpipe.tokenizing.alignment import align_labels
    from nerpipe.tokenizing.tokenizer import load_tokenizer
    from nerpipe.tokenizing.window_dataset import tokenize_split
    from nerpipe.training.dev_scores import DevSplit
    from nerpipe.training.fine_tuning import train_model
    from nerpipe.training.settings import TrainSettings

__all__ = [
    "DevSplit",
    "Entity",
    "NerpipeError",
    "Predictor",
    "Sentence",
    "TrainSettings",
    "WordPipeline",
    "align_labels",
    "clean_conll",
    "find_words",
    "load_params",
    "load_tokenizer",
    "make_labels",
    "read_conll",
    "save_folder",
    "score",
    "score_files",
    "tally",
    "tokenize_split",
    "train_model",
]

_HOMES = {
    "DevSplit": "training.dev_scores",
    "Entity": "prediction.finder",
    "NerpipeError": "errors",
    "Predictor": "prediction.predictor",
    "Sentence": "contracts.conll",
    "TrainSettings": "training.settings",
    "WordPipeline": "prediction.word_pipeline",
    "align_labels": "tokenizing.alignment",
    "clean_conll": "corpus.clean_conll",
    "find_words": "contracts.word_rules",
    "load_params": "params",
    "load_tokenizer": "tokenizing.tokenizer",
    "make_labels": "contracts.labels",
    "read_conll": "contracts.conll",
    "save_folder": "export.folder",
    "score": "scoring.scores",
    "score_files": "comparison.score_files",
    "tally": "contracts.ledger",
    "tokenize_split": "tokenizing.window_dataset",
    "train_model": "training.fine_tuning",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and no sooner (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version  # slow to import, and seldom needed

        try:
            return version("nerpipe")
        except PackageNotFoundError:  # the source is on the path, but nothing was installed
            return "unknown"
    if name not in _HOMES:
        raise AttributeError(f"module 'nerpipe' has no attribute {name!r}")
    try:
        return getattr(import_module(f"nerpipe.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:  # an AttributeError, so that `help(nerpipe)` goes on without it
        raise AttributeError(
            f"nerpipe.{name} needs the package {error.name}; install the extra of the pipeline: "
            "pip install '.[pipeline]'"
        ) from error


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
