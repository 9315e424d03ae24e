"""Word dropout: words that training hides, so that the model learns to read what stands around them."""

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast


def mask_id(tokenizer: "PreTrainedTokenizerFast") -> int:
    """Return the id that stands for a hidden word: the mask token's, or else the unknown token's.

    Raises:
        NerpipeError: if the tokenizer has neither.
    """
    for identifier in (tokenizer.mask_token_id, tokenizer.unk_token_id):
        if identifier is not None:
            return int(identifier)
    raise NerpipeError(
        "[params.yaml -> word_dropout] the model's tokenizer has neither a mask token nor one for unknown words, so no "
        "word can be hidden; set word_dropout to 0"
    )


class MaskedWindows(torch.utils.data.Dataset[dict[str, list[int]]]):
    """The windows of the training split, in each of which every word is hidden with the same probability.

    All sub-words of a hidden word become the mask token; its label stays. (Gal and Ghahramani 2016, "A theoretically
    grounded application of dropout", section 4.2, drop words; the mask token is BERT's, Devlin et al. 2019.) What is
    hidden is a function of (seed, epoch, window) alone, so that a resumed run hides the same.
    """

    def __init__(self, windows: "Dataset", *, rate: float, mask: int, seed: int) -> None:
        """Take the windows, the probability of a word to be hidden (0 to below 1), and the id that hides it."""
        self.lengths = [len(ids) for ids in windows["input_ids"]]
        self._bounds = np.cumsum([0, *self.lengths])
        self._columns = {
            name: np.fromiter(chain.from_iterable(windows[name]), dtype=np.int32, count=self._bounds[-1])
            for name in ("input_ids", "labels", "word_ids")
        }
        self._rate, self._mask, self._seed = rate, mask, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose what is hidden."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        """Return input_ids, attention_mask and labels of a window."""
        part = slice(self._bounds[index], self._bounds[index + 1])
        ids = self._columns["input_ids"][part]
        if self._rate:
            words = self._columns["word_ids"][part]
            generator = np.random.default_rng((self._seed, self._epoch, index))
            hidden = generator.random(int(words.max()) + 1) < self._rate
            ids = np.where((words >= 0) & hidden[words], self._mask, ids)
        return {
            "input_ids": ids.tolist(),
            "attention_mask": [1] * len(ids),
            "labels": self._columns["labels"][part].tolist(),
        }
