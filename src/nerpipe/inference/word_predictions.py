"""Predictions for words: every word gets one tag and one confidence. The tags of a sentence are allowed by IOB2."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.contracts.labels import IGNORED
from nerpipe.contracts.model_folder import check_filled, check_model_folder
from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import UNWEIGHTED, DecodingWeights
from nerpipe.inference.word_scores import Item, by_sentence, decode_words, score_words

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# Sub-words of a batch, padding included. The number is fixed because the last bits of a logit depend on it.
BATCH_SUBWORDS = 4096


class WordPredictions(NamedTuple):
    """The predicted tags and confidences: one list for each sentence, with one entry for each word."""

    tags: list[list[str]]
    confidences: list[list[float]]  # The probability of each word's entity, or of its O, 0 to 1.
    undecoded: list[list[str]]  # The most probable tag of each word by itself. IOB2 may not allow the sequence.
    unseen: int  # The number of words that no window holds. They are predicted O with confidence 0.
    loss: float  # The mean cross entropy, in nats, over the words that a window holds.
    log_probabilities: "NDArray[np.float64]"  # As in `WordScores`, without the bias. Shape: (words, labels).


def load_trained(folder: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerFast, list[str]]":
    """Load a folder that the train or export stage wrote.

    Returns:
        The model, its tokenizer, and the label names by id.

    Raises:
        NerpipeError: If a file is missing or damaged, or the weights are not those of the model, its head included.
    """
    from transformers import AutoModelForTokenClassification, AutoTokenizer
    from transformers.utils import logging

    check_model_folder(folder)
    logging.set_verbosity_error()  # What is wrong with the weights is said below.
    logging.disable_progress_bar()
    try:
        model, info = AutoModelForTokenClassification.from_pretrained(
            folder,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # They are listed below.
            output_loading_info=True,
        )
        check_filled(str(folder), info, parameters=[name for name, _ in model.named_parameters()])
        labels = [model.config.id2label[index] for index in range(model.config.num_labels)]
        return model, AutoTokenizer.from_pretrained(folder, trust_remote_code=False), labels
    except NerpipeError:
        raise
    except Exception as error:  # Libraries raise exceptions of many types for broken files.
        raise NerpipeError(
            f"{folder}: the model cannot be loaded ({type(error).__name__}: {' '.join(str(error).split())[:600]}); run "
            "`dvc repro` to make the folder again"
        ) from error


def predict_words(
    model: "PreTrainedModel",
    windows: "Dataset",
    word_counts: Sequence[int],
    *,
    labels: Sequence[str],
    pad_id: int,
    weights: DecodingWeights = UNWEIGHTED,
) -> WordPredictions:
    """Predict the tag of each word, and decode each sentence.

    Windows overlap, so a word can be in several windows. Only one of them owns the word. The scores of a word are the
    logits at its first sub-word in that window.

    Args:
        model: A token-classification model. It is put into evaluation mode and afterwards back into the mode it had.
        windows: The windows from `window_dataset.tokenize_split`. The window in which the first sub-word of a word has
            a label owns the word.
        word_counts: The number of words of each sentence.
        labels: The label names by id.
        pad_id: The id of the tokenizer's padding token.
        weights: What decoding adds to the scores.

    Returns:
        The predictions, with as many sentences and words as `word_counts` says.
    """
    items, gold = window_items(windows, np.cumsum([0, *word_counts]))
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
        *decode_words(scores, word_counts, labels, weights),
        by_sentence(np.array(labels)[scores.log_probabilities.argmax(axis=1)], word_counts),
        int((~scores.seen).sum()),
        -float(scores.log_probabilities[words, gold].sum()) / max(len(words), 1),
        scores.log_probabilities,
    )


def run_torch(
    model: "PreTrainedModel", input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]"
) -> "NDArray[np.float32]":
    """Run one batch on the device of the model, as a `word_scores.Network`.

    Args:
        model: A token-classification model.
        input_ids: The ids of the sub-words. Shape: (windows, sub-words).
        attention_mask: 1 for a sub-word, 0 for padding. Shape: (windows, sub-words).

    Returns:
        The logits. Shape: (windows, sub-words, labels).
    """
    import torch

    with torch.inference_mode():
        tensors = (torch.from_numpy(array).to(model.device) for array in (input_ids, attention_mask))
        output = model(**dict(zip(("input_ids", "attention_mask"), tensors, strict=True)))
    logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
    return logits


def window_items(windows: "Dataset", ends: "NDArray[np.int64]") -> tuple[list[Item], list[int]]:
    """Read the windows.

    Args:
        windows: The windows from `window_dataset.tokenize_split`.
        ends: For each sentence the number of words before it, and last the number of all words.
            Shape: (sentences + 1,).

    Returns:
        The items, and the gold label ids of their words in the order of the items.
    """
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
