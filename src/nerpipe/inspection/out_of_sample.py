"""What models say about training sentences that they were not trained on: one model for each fold."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.contracts.terminal import say
from nerpipe.inference.word_predictions import BATCH_SUBWORDS, run_torch, window_items
from nerpipe.inference.word_scores import score_words
from nerpipe.inspection.folds import Folds
from nerpipe.inspection.kept_scores import load_scores, save_scores
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


class TrainingData(NamedTuple):
    """What the models of all folds are trained with."""

    windows: "Dataset"  # The windows of train.
    dev: DevSplit
    labels: Sequence[str]  # The label names by id.
    lengths: Sequence[int]  # The number of words of each sentence of train.


def score_out_of_sample(
    data: TrainingData,
    folds: Folds,
    *,
    model: str,
    tokenizer: "PreTrainedTokenizerFast",
    settings: TrainSettings,
    folder: Path,
) -> "NDArray[np.float32]":
    """Train a model for each fold on the other folds, and score the words of the fold with it.

    The scores of a fold are kept in the folder when they are complete. A second call goes on from there, and within a
    fold from the last checkpoint of its training.

    Args:
        data: The windows, the dev split and the labels.
        folds: The fold of each sentence.
        model: The value of `model` in params.yaml.
        tokenizer: The tokenizer that made the windows.
        settings: The settings of each training.
        folder: The folder for checkpoints and scores. It belongs to these data and settings alone.

    Returns:
        Natural logarithms of the probabilities of the labels of each word; NaN for a word that is in no window.
        Shape: (words, labels).

    Raises:
        NerpipeError: If `fine_tuning.train_model` raises it.
    """
    scores = np.full((sum(data.lengths), len(data.labels)), np.nan, dtype=np.float32)
    for fold in range(folds.folds):
        name, kept = f"fold {fold + 1} of {folds.folds}", folder / f"fold-{fold + 1}.npy"
        held_out, seen = folds.held_out(fold), folds.seen(fold)
        if kept.exists():
            say(f"{name}: its scores are there from the run that was stopped")
        else:
            say(f"{name}: training on {seen.sum():,} sentences, to judge {held_out.sum():,} others")
            scratch = folder / f"fold-{fold + 1}"
            windows = _windows_of(data.windows, seen)
            trained = train_model(
                model, tokenizer, windows, data.dev, data.labels, settings=settings, scratch=scratch
            ).model
            save_scores(kept, _score(trained, data, held_out, tokenizer.pad_token_id))
            shutil.rmtree(scratch)
        words = np.repeat(held_out, data.lengths)
        scores[words] = load_scores(kept, (int(words.sum()), len(data.labels)))
    return scores


def _windows_of(windows: "Dataset", sentences: "NDArray[np.bool_]") -> "Dataset":
    """Select the windows of some sentences."""
    return windows.select(np.flatnonzero(sentences[np.array(windows["sentence"][:], dtype=np.int64)]))


def _score(
    model: "PreTrainedModel", data: TrainingData, held_out: "NDArray[np.bool_]", pad_id: int
) -> "NDArray[np.float32]":
    """Score the words of the sentences that a fold holds out. Shape: (words of these sentences, labels)."""
    items, _ = window_items(_windows_of(data.windows, held_out), np.cumsum([0, *data.lengths]))
    scores = score_words(
        items,
        partial(run_torch, model.eval()),
        words=sum(data.lengths),
        labels=len(data.labels),
        outside=data.labels.index(OUTSIDE),
        pad_id=pad_id,
        budget=BATCH_SUBWORDS,
    )
    found = np.where(scores.seen[:, None], scores.log_probabilities, np.nan)
    return found[np.repeat(held_out, data.lengths)].astype(np.float32)
