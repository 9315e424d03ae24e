"""The reading of a text in several steps, so that other texts can be read between them."""

from collections.abc import Sequence

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.contracts.word_rules import find_words
from nerpipe.inference.word_scores import Item, WordScores
from nerpipe.prediction.finder import Entity, Finder, Reading, entities_of
from nerpipe.prediction.text_checks import check_text


class PartialReading:
    """A text whose windows are scored in several steps. The entities are those of `Finder.read`."""

    def __init__(self, finder: Finder, text: str) -> None:
        """Find the words of the text, and cut its windows.

        Args:
            finder: Finder that reads the text.
            text: The text.

        Raises:
            NerpipeError: If it is not text, or holds half of a surrogate pair.
        """
        check_text(text)
        self.text = text
        self._finder = finder
        self._words = find_words(text, finder.decoding.word_rule)
        self.windows = finder.windows([[text[start:end] for start, end in self._words]]) if self._words else []
        shape = len(self._words), len(finder.decoding.labels)
        self._scores = WordScores(np.full(shape, -np.inf), np.zeros(shape[0], dtype=bool))

    def keep(self, window: Item, scores: WordScores) -> None:
        """Keep the scores of the words that a window owns.

        Args:
            window: One of the windows.
            scores: Scores of these words, in their order.
        """
        self._scores.log_probabilities[window.words] = scores.log_probabilities
        self._scores.seen[window.words] = scores.seen

    def entities(self) -> list[Entity]:
        """Find the entities of the text, once all windows are scored."""
        if not self._words:
            return []
        self._scores.log_probabilities[~self._scores.seen, self._finder.decoding.labels.index(OUTSIDE)] = 0.0
        (tagged,) = self._finder.decode(self._scores, [len(self._words)])
        return entities_of(self.text, Reading(self._words, *tagged))


def score_windows(finder: Finder, chosen: Sequence[tuple[PartialReading, Item]]) -> None:
    """Score windows of several texts together, and keep the scores in their readings.

    Args:
        finder: Finder that the readings were made with.
        chosen: Windows, each with its reading.
    """
    renumbered, first = [], 0
    for _, window in chosen:
        renumbered.append(window._replace(words=list(range(first, first + len(window.words)))))
        first += len(window.words)
    scores = finder.score(renumbered, words=first)
    for (reading, window), item in zip(chosen, renumbered, strict=True):
        part = slice(item.words[0], item.words[-1] + 1) if item.words else slice(0)
        reading.keep(window, WordScores(scores.log_probabilities[part], scores.seen[part]))
