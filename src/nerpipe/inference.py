"""Predictions word by word: every word of every sentence gets one label, as IOB2 allows, and one confidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.align import IGNORED
from nerpipe.decoding import decode, iob2_transitions
from nerpipe.iob import OUTSIDE

if TYPE_CHECKING:
    import torch
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
        windows: from `tokenization.tokenize_split`: a word is owned where its first sub-word has a label.
        word_counts: words of each sentence.
        labels: label names by id.
        pad_id: the tokenizer's padding token.

    Returns:
        As many sentences and words as `word_counts` says.
    """
    ends = np.cumsum([0, *word_counts])
    log_probabilities = np.full((ends[-1], len(labels)), -np.inf)
    seen = np.zeros(ends[-1], dtype=bool)
    loss = 0.0
    training = model.training
    model.eval()
    for words, gold, scores in _scored_batches(model, windows, ends, pad_id):
        log_probabilities[words] = scores
        seen[words] = True
        loss -= float(scores[np.arange(len(words)), gold].sum())
    model.train(training)
    log_probabilities[~seen, labels.index(OUTSIDE)] = 0.0
    best = decode(log_probabilities, word_counts, iob2_transitions(labels))
    confidences = np.where(seen, np.exp(log_probabilities[np.arange(len(best)), best]), 0.0)
    names = np.array(labels)
    return WordPredictions(
        _by_sentence(names[best], ends),
        _by_sentence(confidences, ends),
        _by_sentence(names[log_probabilities.argmax(axis=1)], ends),
        int((~seen).sum()),
        loss / max(int(seen.sum()), 1),
    )


def _by_sentence(values: "NDArray[Any]", ends: "NDArray[np.int64]") -> list[list[Any]]:
    return [part.tolist() for part in np.split(values, ends[1:-1])]


def _scored_batches(
    model: "PreTrainedModel", windows: "Dataset", ends: "NDArray[np.int64]", pad_id: int
) -> "Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]":
    """Yield for each batch its words (counted through the split), their gold labels, and log p (words, labels)."""
    import torch

    columns = {name: windows[name][:] for name in ("input_ids", "labels", "word_ids", "sentence")}
    lengths = [len(ids) for ids in columns["input_ids"]]
    for batch in _batches(lengths):
        width = max(lengths[index] for index in batch)
        input_ids = torch.full((len(batch), width), pad_id)
        attention_mask = torch.zeros((len(batch), width), dtype=torch.long)
        rows, positions, words, gold = [], [], [], []
        for row, index in enumerate(batch):
            input_ids[row, : lengths[index]] = torch.tensor(columns["input_ids"][index])
            attention_mask[row, : lengths[index]] = 1
            first = ends[columns["sentence"][index]]
            for position, word, label in _owned(columns["word_ids"][index], columns["labels"][index]):
                rows.append(row)
                positions.append(position)
                words.append(first + word)
                gold.append(label)
        if words:
            logits = _logits(model, input_ids, attention_mask)[rows, positions]
            yield np.array(words), np.array(gold), torch.log_softmax(logits.double(), dim=-1).cpu().numpy()


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group windows of similar length, longest first (so that a batch that does not fit memory fails at once)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > BATCH_SUBWORDS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _owned(word_ids: Sequence[int], labels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield (position, word, label) for the first sub-word of each word that this window owns."""
    previous = None
    for position, (word, label) in enumerate(zip(word_ids, labels, strict=True)):
        if label != IGNORED and word != previous:
            yield position, word, label
            previous = word


def _logits(model: "PreTrainedModel", input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
    """Run the model; the result has shape (windows, sub-words, labels)."""
    import torch

    with torch.inference_mode():
        output = model(input_ids=input_ids.to(model.device), attention_mask=attention_mask.to(model.device))
    logits: torch.Tensor = output.logits
    return logits
