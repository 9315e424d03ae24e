"""A predictor whose answers are known: every word that begins with a capital letter is a person's name."""

import numpy as np

from nerpipe.contracts.labels import make_labels
from nerpipe.prediction.exported_folder import Decoding
from nerpipe.prediction.finder import Finder
from tiny import CHARACTERS, _word_pieces

LABELS = make_labels(["person"])


def capitals_predictor(*, max_length=64, stride=16, before=lambda _: None, word_rule="general"):
    """Build it; `before` is called with each batch's input ids."""
    tokenizer, _ = _word_pieces(CHARACTERS, lowercase=False)
    capital = np.array([tokenizer.id_to_token(i)[0].isupper() for i in range(tokenizer.get_vocab_size())])

    def network(input_ids, attention_mask):
        del attention_mask
        before(input_ids)
        logits = np.zeros((*input_ids.shape, len(LABELS)), dtype=np.float32)
        logits[..., 1] = np.where(capital[input_ids], 5.0, -5.0)
        logits[..., 2] = -5.0
        return logits

    return Finder(Decoding(LABELS, 0, max_length, stride, word_rule), tokenizer, network)
