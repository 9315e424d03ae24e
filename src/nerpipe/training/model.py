"""Pretrained weights under a token-classification head."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, logging

from nerpipe.tokenizing.capitals import unmarked_ids
from nerpipe.tokenizing.model_source import explained_loading, resolve_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")  # BERT's and DistilBERT's names for it


def load_model(
    spec: str, labels: Sequence[str], tokenizer: "PreTrainedTokenizerFast", *, attention_dropout: float
) -> "PreTrainedModel":
    """Load a model for these labels; its head is new, its dropout beside attention's that of its configuration.

    If the tokenizer has marked sub-words (`capitals.keep_capitals`), the model gets embeddings for them.

    Raises:
        NerpipeError: if the model cannot be found or loaded.
    """
    source = resolve_model(spec)
    logging.set_verbosity_error()  # the head is new: transformers would list its weights as missing
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
            ignore_mismatched_sizes=True,  # a model already fine-tuned for other labels gets a new head
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
    """An embedding table with rows for marked sub-words: each that of the unmarked one, plus a shift common to all.

    The shift begins at zero and is learnt, so that capitals mean something for words too that training never shows.
    """

    def __init__(self, plain: torch.nn.Embedding, origins: Sequence[int]) -> None:
        """Take the table as pretrained, and for each row to append the row it repeats."""
        weight = torch.cat([plain.weight.data, plain.weight.data[list(origins)]])
        super().__init__(len(weight), weight.shape[1], plain.padding_idx, _weight=weight)
        self.shift = torch.nn.Parameter(torch.zeros(weight.shape[1]))
        self._first = plain.num_embeddings

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Embed ids of shape (windows, sub-words); the result has one more dimension."""
        return super().forward(ids) + (ids >= self._first).unsqueeze(-1) * self.shift

    def folded(self) -> torch.nn.Embedding:
        """Return the plain table that gives the same."""
        weight = self.weight.data.clone()
        weight[self._first :] += self.shift.data
        return torch.nn.Embedding(len(weight), weight.shape[1], self.padding_idx, _weight=weight)


def fold_embeddings(model: "PreTrainedModel") -> None:
    """Make a trained model one of the plain classes again, which any program can load."""
    table = model.get_input_embeddings()
    if isinstance(table, ShiftedEmbedding):
        model.set_input_embeddings(table.folded())
