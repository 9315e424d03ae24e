"""What is measured after each epoch: the scores of dev, and the loss of a sample of train, both in the same way."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nerpipe.inference.decoding import UNWEIGHTED, DecodingWeights
from nerpipe.inference.word_predictions import predict_words
from nerpipe.scoring.scores import score

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

SAMPLE = 250  # The most windows of train whose loss is measured after each epoch.


@dataclass(frozen=True)
class DevSplit:
    """The windows of the dev split, and the gold tag of each word of each sentence."""

    windows: "Dataset"
    gold: Sequence[Sequence[str]]


class DevScorer:
    """Scores a model on dev by words, and computes its loss on a sample of train.

    Both losses are the mean cross entropy of a word without dropout and without the bias of the training loss, so they
    can be compared.
    """

    def __init__(
        self,
        windows: "Dataset",
        dev: DevSplit,
        labels: Sequence[str],
        pad_id: int,
        weights: DecodingWeights = UNWEIGHTED,
    ) -> None:
        """Take the data.

        Args:
            windows: The windows of the training split, from `window_dataset.tokenize_split`.
            dev: The dev split.
            labels: The label names by id.
            pad_id: The id of the tokenizer's padding token.
            weights: What decoding adds to the scores.
        """
        self._dev = dev
        self._dev_words = [len(tags) for tags in dev.gold]
        self._sample = _sample_of(windows)
        self._sample_words = [max(words) + 1 for words in self._sample["word_ids"]]
        self._options: Mapping[str, Any] = {"labels": labels, "pad_id": pad_id, "weights": weights}
        self.gold = _count_entities(dev.gold)
        self.predicted = 0  # The number of entities that were predicted in dev the last time.

    def __call__(self, model: "PreTrainedModel") -> dict[str, float]:
        """Measure the model.

        Returns:
            The keys loss, precision, recall and f1 for dev, and sample_loss for train.
        """
        on_train = predict_words(model, self._sample, self._sample_words, **self._options)
        return self.on_dev(model) | {"sample_loss": on_train.loss}

    def on_dev(self, model: "PreTrainedModel") -> dict[str, float]:
        """Measure the model on dev only.

        Returns:
            The keys loss, precision, recall and f1.
        """
        found = predict_words(model, self._dev.windows, self._dev_words, **self._options)
        self.predicted = _count_entities(found.tags)
        micro = score(self._dev.gold, found.tags).readings["conlleval"]
        return {"loss": found.loss, "precision": micro.precision, "recall": micro.recall, "f1": micro.f1}


def _sample_of(windows: "Dataset") -> "Dataset":
    """Take at most SAMPLE windows at regular distances. Each is a sentence of its own."""
    from datasets import Dataset

    rows = windows[range(0, len(windows), math.ceil(len(windows) / SAMPLE))]
    return Dataset.from_dict({**rows, "sentence": list(range(len(rows["word_ids"])))})


def _count_entities(sentences: Sequence[Sequence[str]]) -> int:
    """Count the entities of IOB2 tags."""
    return sum(tag.startswith("B-") for tags in sentences for tag in tags)
