"""Predictions word by word: every word of every sentence gets one label, as IOB2 allows, and one confidence."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.contracts.labels import IGNORED
from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.inference.word_scores import Item, by_sentence, decode_words, score_words

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

BATCH_SUBWORDS = 4096  # a batch's size, padding included; fixed, because it decides the last bits of a logit


class WordPredictions(NamedTuple):
    """Tags and confidences (the model's probability of that tag, 0 to 1), a list a sentence, an entry a word."""

    tags: list[list[str]]
    confidences: list[list[float]]
    undecoded: list[list[str]]  # the most probable tag of each word by itself, whether IOB2 allows them together or not
    unseen: int  # words that no window holds, predicted O with confidence 0
    loss: float  # mean cross entropy in nats over the words that a window holds


def load_trained(folder: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerFast, list[str]]":
    """Load a folder that the train or export stage wrote: the model, its tokenizer, and the label names by id."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForTokenClassification.from_pretrained(folder)
    labels = [model.config.id2label[index] for index in range(model.config.num_labels)]
    return model, AutoTokenizer.from_pretrained(folder), labels


def predict_words(
    model: "PreTrainedModel", windows: "Dataset", word_counts: Sequence[int], *, labels: Sequence[str], pad_id: int
) -> WordPredictions:
    """Score each word from its first sub-word, in the window that owns it, and decode sentence by sentence.

    Args:
        model: a token-classification model in any mode; it is put in evaluation mode and back.
        windows: from `window_dataset.tokenize_split`: a word is owned where its first sub-word has a label.
        word_counts: words of each sentence.
        labels: label names by id.
        pad_id: the tokenizer's padding token.

    Returns:
        As many sentences and words as `word_counts` says.
    """
    items, gold = _items(windows, np.cumsum([0, *word_counts]))
    training = model.training
    model.eval()
    scores = score_words(
        items,
        partial(run_torch, model),
        words=sum(word_counts),
        labels=len(labels),
        outside=labels.index(OUTSIDE),
        pad_id=pad_id,
        budget=BATCH_SUBWORDS,
    )
    model.train(training)
    words = np.array([word for item in items for word in item.words], dtype=np.int64)
    return WordPredictions(
        *decode_words(scores, word_counts, labels),
        by_sentence(np.array(labels)[scores.log_probabilities.argmax(axis=1)], word_counts),
        int((~scores.seen).sum()),
        -float(scores.log_probabilities[words, gold].sum()) / max(len(words), 1),
    )


def run_torch(
    model: "PreTrainedModel", input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]"
) -> "NDArray[np.float32]":
    """Run one batch where the model is; `word_scores.Network`."""
    import torch

    with torch.inference_mode():
        tensors = (torch.from_numpy(array).to(model.device) for array in (input_ids, attention_mask))
        output = model(**dict(zip(("input_ids", "attention_mask"), tensors, strict=True)))
    logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
    return logits


def _items(windows: "Dataset", ends: "NDArray[np.int64]") -> tuple[list[Item], list[int]]:
    """Read the windows; the second list has the gold label of each word in the order of the items."""
    columns = (windows[name][:] for name in ("input_ids", "labels", "word_ids", "sentence"))
    items, gold = [], []
    for ids, labels, word_ids, sentence in zip(*columns, strict=True):
        item = Item(ids, [], [])
        previous = None
        for position, (word, label) in enumerate(zip(word_ids, labels, strict=True)):
            if label != IGNORED and word != previous:
                item.positions.append(position)
                item.words.append(int(ends[sentence]) + word)
                gold.append(label)
                previous = word
        items.append(item)
    return items, gold
