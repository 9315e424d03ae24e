"""The choice of the word rule: the one whose words are nearest to those of a corpus, when its text is rebuilt."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from nerpipe.contracts.conll import Sentence
from nerpipe.contracts.joining import Joining, find_joining, join_words
from nerpipe.contracts.schemes import spans_of
from nerpipe.contracts.word_rules import RULES

MOST_SENTENCES = 20_000  # More sentences would cost time and hardly change a figure.


class RuleFigures(NamedTuple):
    """How well the words of a rule agree with the words of a corpus."""

    word_rule: str
    words: int  # Words of the corpus.
    words_found: int  # Words that the rule finds.
    words_right: int  # Words that are both.
    words_cut: int  # Words of the corpus inside of which the rule begins a word.
    f1: float  # Harmonic mean of precision and recall of the words, to four decimal places.
    entities: int
    entities_in_reach: int  # Entities that begin and end where words of the rule do.


class RuleChoice(NamedTuple):
    """The figures of all rules, the rule with the best of them, and how the text was rebuilt."""

    rule: str
    joining: Joining
    figures: list[RuleFigures]

    @property
    def best(self) -> RuleFigures:
        """The figures of the chosen rule."""
        return next(figures for figures in self.figures if figures.word_rule == self.rule)

    def in_words(self) -> str:
        """Say which rule finds the words of plain text, and how well."""
        best = self.best
        return (
            f"words of plain text: `nerpipe predict` will find them by the rule {self.rule}, which is nearest to the "
            f"words of train (F1 {100 * best.f1:.1f}); {best.entities_in_reach:,} of {best.entities:,} entities of "
            "train begin and end where words of the rule do"
        )

    def content(self) -> dict[str, Any]:
        """Give the content of words.json, which later stages read."""
        best = self.best
        return {"rule": self.rule, **self.joining._asdict(), "words": best.words, "words_cut": best.words_cut}

    def rows(self) -> list[dict[str, Any]]:
        """Give the figures as rows of a report."""
        return [{**figures._asdict(), "chosen": figures.word_rule == self.rule} for figures in self.figures]


def choose_rule(sentences: Iterable[Sentence], total: int) -> RuleChoice:
    """Choose the rule with the highest F1 of words. Of equal rules, the one that finds fewer words is chosen.

    If there are more than MOST_SENTENCES sentences, every second, every third and so on is read.

    Args:
        sentences: The sentences of the training split.
        total: The number of sentences.
    """
    chosen = list(islice(sentences, 0, None, -(-total // MOST_SENTENCES) or 1))
    joining = find_joining(sentence.tokens for sentence in chosen)
    texts = [_Rebuilt(sentence, joining) for sentence in chosen]
    figures = [_figures(rule, texts) for rule in RULES]
    best = min(figures, key=lambda one: (-one.f1, one.words_found))
    return RuleChoice(best.word_rule, joining, figures)


class _Rebuilt:
    """A sentence as text, and the places of its words and entities in it."""

    def __init__(self, sentence: Sentence, joining: Joining) -> None:
        self.text, self.places = join_words(sentence.tokens, joining)
        self.entities = [(self.places[span.start][0], self.places[span.end - 1][1]) for span in spans_of(sentence.tags)]


def _figures(rule: str, texts: Sequence[_Rebuilt]) -> RuleFigures:
    find = RULES[rule].find
    words = found = right = cut = entities = reached = 0
    for one in texts:
        places = find(one.text)
        same = set(places)
        words += len(one.places)
        found += len(places)
        right += sum(place in same for place in one.places)
        starts, ends = {start for start, _ in places}, {end for _, end in places}
        if len(same.intersection(one.places)) < len(one.places):
            cut += sum(any(at in starts for at in range(start + 1, end)) for start, end in one.places)
        entities += len(one.entities)
        reached += sum(start in starts and end in ends for start, end in one.entities)
    f1 = round(2 * right / max(words + found, 1), 4)
    return RuleFigures(rule, words, found, right, cut, f1, entities, reached)
