"""Loads pretrained weights and adds a new head for token classification."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, logging

from nerpipe.tokenizing.capitals import unmarked_ids
from nerpipe.tokenizing.model_source import explained_loading, resolve_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# The names of the attention dropout in the configurations of BERT and DistilBERT.
ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


def load_model(
    spec: str, labels: Sequence[str], tokenizer: "PreTrainedTokenizerFast", *, attention_dropout: float
) -> "PreTrainedModel":
    """Load a model and give it a new head for these labels.

    If the tokenizer has marked sub-words (`capitals.keep_capitals`), the model gets embeddings for them.

    Args:
        spec: The value of `model` in params.yaml.
        labels: The label names by id.
        tokenizer: The tokenizer of the model.
        attention_dropout: The probability with which an attention weight is dropped in training. The other dropout
            rates are those of the model's configuration.

    Raises:
        NerpipeError: If the model cannot be found or loaded.
    """
    source = resolve_model(spec)
    logging.set_verbosity_error()  # Otherwise transformers warns that the weights of the new head are missing.
    logging.disable_progress_bar()
    with explained_loading(spec):
        config = AutoConfig.from_pretrained(
            source.location,
            revision=source.revision,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
        for name in ATTENTION_DROPOUT:
            if hasattr(config, name):
                setattr(config, name, attention_dropout)
        model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
            source.location,
            revision=source.revision,
            config=config,
            ignore_mismatched_sizes=True,  # A model that was fine-tuned for other labels gets a new head.
            dtype=torch.float32,
        )
    _embed_marked(model, tokenizer)
    return model


def _embed_marked(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast") -> None:
    plain = model.get_input_embeddings()
    origins = unmarked_ids(tokenizer, plain.num_embeddings)
    if origins:
        model.set_input_embeddings(ShiftedEmbedding(plain, origins))
        model.config.vocab_size = len(tokenizer)


class ShiftedEmbedding(torch.nn.Embedding):
    """An embedding table with additional rows for marked sub-words.

    The embedding of a marked sub-word is the row of its unmarked sub-word plus a shift, which is the same for all
    marked sub-words. The shift is zero at first and is learned. The model can therefore also use the capitals of words
    that are not in the training data.
    """

    def __init__(self, plain: torch.nn.Embedding, origins: Sequence[int]) -> None:
        """Make the table.

        Args:
            plain: The pretrained table.
            origins: For each marked sub-word the id of its unmarked sub-word, whose row is copied.
        """
        weight = torch.cat([plain.weight.data, plain.weight.data[list(origins)]])
        super().__init__(len(weight), weight.shape[1], plain.padding_idx, _weight=weight)
        self.shift = torch.nn.Parameter(torch.zeros(weight.shape[1]))
        self._first = plain.num_embeddings

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up the embeddings of sub-words.

        Args:
            ids: The ids of the sub-words. Shape: (windows, sub-words).

        Returns:
            The embeddings. Shape: (windows, sub-words, dimensions).
        """
        return super().forward(ids) + (ids >= self._first).unsqueeze(-1) * self.shift

    def folded(self) -> torch.nn.Embedding:
        """Return an ordinary table that gives the same embeddings."""
        weight = self.weight.data.clone()
        weight[self._first :] += self.shift.data
        return torch.nn.Embedding(len(weight), weight.shape[1], self.padding_idx, _weight=weight)


def fold_embeddings(model: "PreTrainedModel") -> None:
    """Replace a `ShiftedEmbedding` in a trained model by an ordinary table, so that any program can load the model."""
    table = model.get_input_embeddings()
    if isinstance(table, ShiftedEmbedding):
        model.set_input_embeddings(table.folded())
