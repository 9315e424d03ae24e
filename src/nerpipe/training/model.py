"""Loads pretrained weights and adds a new head for token classification."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, logging

from nerpipe.contracts.model_folder import check_filled
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.capitals import twins_from
from nerpipe.tokenizing.model_source import explained_loading, resolve_model
from nerpipe.training.processes import rank

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# The names of the attention dropout in the configurations of BERT and DistilBERT.
ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


def load_model(
    spec: str, labels: Sequence[str], tokenizer: "PreTrainedTokenizerFast", *, attention_dropout: float
) -> "PreTrainedModel":
    """Load a model and give it a new head for these labels.

    If the tokenizer has twins of sub-words (`capitals.keep_capitals`), the model gets embeddings for them.

    Args:
        spec: The value of `model` in params.yaml.
        labels: The label names by id.
        tokenizer: The tokenizer of the model.
        attention_dropout: The probability with which an attention weight is dropped in training. The other dropout
            rates are those of the model's configuration.

    Raises:
        NerpipeError: If the model cannot be found or loaded, or its weights do not fit it or its tokenizer.
    """
    source = resolve_model(spec)
    logging.set_verbosity_error()  # Otherwise transformers warns that the weights of the new head are missing.
    logging.disable_progress_bar()
    with explained_loading(spec):
        config = AutoConfig.from_pretrained(
            source.location,
            revision=source.revision,
            trust_remote_code=False,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
        for name in ATTENTION_DROPOUT:
            if hasattr(config, name):
                setattr(config, name, attention_dropout)
        model: PreTrainedModel
        model, info = AutoModelForTokenClassification.from_pretrained(
            source.location,
            revision=source.revision,
            config=config,
            ignore_mismatched_sizes=True,  # A model that was fine-tuned for other labels gets a new head.
            dtype=torch.float32,
            trust_remote_code=False,
            use_safetensors=True,  # A pickle can run code when it is read.
            output_loading_info=True,
        )
    _check_weights(spec, model, tokenizer, info)
    _embed_twins(model, tokenizer)
    return model


def _check_weights(
    spec: str, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast", info: Mapping[str, Any]
) -> None:
    """Check that the pretrained weights filled the encoder with finite numbers and have a row for each sub-word."""
    where = f"[params.yaml -> model] {spec}"
    names = [name for name, _ in model.named_parameters()]
    # Without an encoder of its own in the model, no parameter is known to be one of the head.
    encoder = f"{model.base_model_prefix}." if model.base_model is not model else ""
    unused = check_filled(where, info, parameters=names, new={name for name in names if not name.startswith(encoder)})
    if unused and rank() == 0:
        say(f"{len(unused)} weights of the model are for other tasks and are left out: {', '.join(unused)}")
    broken = [name for name, values in model.named_parameters() if not bool(values.isfinite().all())]
    if broken:
        raise NerpipeError(
            f"{where}: these weights hold numbers that are not finite: {', '.join(broken)}; fetch it again"
        )
    rows = model.get_input_embeddings().num_embeddings
    beyond = [piece for piece, origin in twins_from(tokenizer, rows).items() if origin is None]
    if beyond:
        raise NerpipeError(
            f"{where}: its tokenizer has {len(beyond)} sub-words for which the model has no embedding, such as "
            f"{min(beyond)!r}; the model has {rows}. The tokenizer belongs to another model"
        )


def _embed_twins(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast") -> None:
    plain = model.get_input_embeddings()
    origins = twins_from(tokenizer, plain.num_embeddings).values()
    if origins:
        model.set_input_embeddings(ShiftedEmbedding(plain, [origin for origin in origins if origin is not None]))
        model.config.vocab_size = len(tokenizer)


class ShiftedEmbedding(torch.nn.Embedding):
    """An embedding table with additional rows for the twins with capitals.

    The embedding of a twin is the row of the sub-word with a small letter plus a shift. The shift is the same for all
    twins, is zero at first and is learned. The model can therefore also use the capitals of words that are not in the
    training data.
    """

    def __init__(self, plain: torch.nn.Embedding, origins: Sequence[int]) -> None:
        """Make the table.

        Args:
            plain: The pretrained table.
            origins: For each twin the id of the sub-word with a small letter, whose row is copied.
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
