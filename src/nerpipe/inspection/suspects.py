"""Training sentences in the order in which their labels surprise a model that was not trained on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.schemes import OUTSIDE, Span, spans_of
from nerpipe.corpus.training_places import SentencePlace
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.word_scores import WordScores, by_sentence, decode_words
from nerpipe.inspection.label_surprise import gold_confidences, missed_words, sentence_surprise, with_learnt_bias

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS_OF_PROBABILITY, DIGITS_OF_SURPRISE = 6, 4  # Decimal places of what is written.


class JudgedEntity(NamedTuple):
    """An entity, and the probability that the model gives to it."""

    span: Span
    probability: float  # 0 to 1.

    def row(self, words: Sequence[str]) -> dict[str, Any]:
        """Give its fields for JSON. Start and end count words."""
        kind, start, end = self.span
        text = " ".join(words[start:end])
        probability = round(self.probability, DIGITS_OF_PROBABILITY)
        return {"type": kind, "start": start, "end": end, "text": text, "probability": probability}


@dataclass(frozen=True)
class Suspect:
    """A training sentence, its labels, and what a model says that was not trained on it."""

    place: SentencePlace
    words: tuple[str, ...]
    gold: list[str]  # The IOB2 tags.
    predicted: list[str]
    gold_probability: list[float]  # Of the gold entity, or of O, at each word, 0 to 1.
    predicted_probability: list[float]  # The same for what is predicted.
    surprise: float  # From `label_surprise.sentence_surprise`, in nats. High values are suspicious.

    def entities(self, *, gold: bool) -> list[JudgedEntity]:
        """List the gold or the predicted entities from left to right."""
        tags, sure = (self.gold, self.gold_probability) if gold else (self.predicted, self.predicted_probability)
        return [JudgedEntity(span, sure[span.start]) for span in spans_of(tags)]

    def row(self, rank: int) -> dict[str, Any]:
        """Give the record for JSON lines."""
        return {
            "rank": rank,
            "id": str(self.place.id),
            "file": self.place.file,
            "line": self.place.id.line,
            "surprise": round(self.surprise, DIGITS_OF_SURPRISE),
            "words": self.words,
            "gold": [entity.row(self.words) for entity in self.entities(gold=True)],
            "predicted": [entity.row(self.words) for entity in self.entities(gold=False)],
        }


def rank_sentences(
    places: Sequence[SentencePlace],
    words: Sequence[Sequence[str]],
    gold: Sequence[Sequence[int]],
    scores: "NDArray[np.float32]",
    *,
    labels: Sequence[str],
    weights: DecodingWeights,
) -> list[Suspect]:
    """Judge the labels of each sentence, and sort the sentences by their surprise, the highest first.

    Args:
        places: The place of each sentence.
        words: The words of each sentence.
        gold: The gold label ids of each sentence.
        scores: The log probabilities from `out_of_sample.score_out_of_sample`. Shape: (words, labels).
        labels: The label names by id.
        weights: What decoding adds to the scores.
    """
    lengths = [*map(len, words)]
    seen = ~np.isnan(scores[:, 0])
    known = scores.astype(np.float64)
    known[~seen] = -np.inf
    known[~seen, labels.index(OUTSIDE)] = 0.0  # As in `WordScores`.
    tags, sure = decode_words(WordScores(known, seen), lengths, labels, weights)
    ids = np.fromiter(chain.from_iterable(gold), np.int64, count=sum(lengths))
    learnt = with_learnt_bias(known, labels, weights.outside_bias)
    of_gold = gold_confidences(learnt, seen, ids, lengths, labels, weights)
    names = by_sentence(np.array(labels)[ids], lengths)
    surprise = sentence_surprise(learnt, seen, ids, missed_words(names, tags), lengths, labels.index(OUTSIDE))
    sides = (names, tags, by_sentence(of_gold, lengths), sure)
    rows = zip(places, map(tuple, words), *sides, surprise.tolist(), strict=True)
    return sorted(
        (Suspect(*row) for row in rows), key=lambda suspect: -suspect.surprise
    )  # Equal ones keep their order.


def as_json_lines(suspects: Sequence[Suspect]) -> str:
    """Give one line of JSON for each sentence, in the order of their ranks."""
    return "".join(json_text(suspect.row(rank)) + "\n" for rank, suspect in enumerate(suspects, start=1))


def entity_texts(entities: Sequence[JudgedEntity], words: Sequence[str]) -> str:
    """Name entities in a line: type, text and probability. The text is empty if there are none."""
    parts = []
    for (kind, start, end), probability in entities:
        parts.append(f"{kind} {' '.join(words[start:end])!r} ({probability:.1%})")
    return ", ".join(parts)
