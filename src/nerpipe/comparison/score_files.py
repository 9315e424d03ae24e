"""Scores of a system's CoNLL file against a gold CoNLL file. Both files are read together, in bounded memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nerpipe.comparison.tagged_files import GoldFacts, lines_in_step, repair_notes
from nerpipe.contracts.schemes import to_iob2
from nerpipe.evaluation.pairing import count_findings, find_mistakes
from nerpipe.evaluation.semeval import semeval_rows
from nerpipe.evaluation.signature import GoldSummary, sign
from nerpipe.scoring.scores import Score, Scores, SurfacePairs, make_score, score_match, surface_pairs, surfaces_of
from nerpipe.scoring.spans import match_spans

BLOCK_WORDS = 50_000  # Number of words that are scored together.


@dataclass(frozen=True)
class FileScores:
    """The scores and counts of two files."""

    scores: Scores
    surface: Score  # Score of the distinct surface forms, in the words of the gold file.
    sentences: int
    words: int
    words_differ: int  # Number of rows whose words (the first columns) differ.
    signature: str  # Of the scores of conlleval.
    semeval: Sequence[dict[str, Any]]  # The rows of `semeval.semeval_rows`.
    notes: Sequence[str] = ()  # What was repaired in the gold file.


class _Block:
    """The words and tags of sentences that were read and are not yet scored, one row for each sentence."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.gold: list[list[str]] = [[]]
        self.predicted: list[list[str]] = [[]]

    def end_sentence(self) -> None:
        self.gold.append([])
        self.predicted.append([])


class _Sums:
    """The counts of the sentences that were scored. They are sums, so that sentences need not be kept."""

    def __init__(self) -> None:
        self.readings: dict[str, Score] = {}
        self.per_type: dict[str, Score] = {}
        self.pairs = SurfacePairs(set(), set(), set())
        self.findings = Counter[tuple[str, str, str]]()
        self.gold = GoldSummary()
        self.sentences = self.words = self.same_tags = 0

    def add(self, block: _Block) -> None:
        """Score the whole sentences of a block."""
        match = match_spans(block.gold[:-1], block.predicted[:-1])
        scores = score_match(match)
        for sums, more in ((self.readings, scores.readings), (self.per_type, scores.per_type)):
            for name, score in more.items():
                old = sums.get(name)
                sums[name] = _add(old, score) if old else score
        for pairs, new in zip(self.pairs, surface_pairs(match, surfaces_of(match, block.tokens)), strict=True):
            pairs |= new  # noqa: PLW2901 - the set of the tuple grows
        self.findings += count_findings(match, find_mistakes(match))
        self.gold.add(block.tokens, [to_iob2(row)[0] for row in block.gold[:-1]])
        self.sentences += match.sentences
        self.words += match.words
        self.same_tags += match.same_tags

    def result(self, differ: int, scheme: str, notes: Sequence[str]) -> FileScores:
        """Return the scores of all sentences."""
        scores = Scores(self.readings, dict(sorted(self.per_type.items())), self.same_tags / self.words)
        signature, semeval = sign(self.gold, scheme=scheme), semeval_rows(self.findings)
        return FileScores(scores, self.pairs.score(), self.sentences, self.words, differ, signature, semeval, notes)


def _add(one: Score, two: Score) -> Score:
    return make_score(one.correct + two.correct, one.predicted + two.predicted, one.support + two.support)


def score_files(gold: str | Path, predicted: str | Path) -> FileScores:
    r"""Score a system's file against the gold file. Both are read by the rules of clean_conll (docs/data.md).

    >>> from pathlib import Path
    >>> _ = Path("gold.conll").write_text("Ada\tB-person\nLovelace\tI-person\n\n")
    >>> _ = Path("system.conll").write_text("Ada\tB-person\nLovelace\tO\n\n")
    >>> score_files("gold.conll", "system.conll").scores.token_accuracy
    0.5

    Args:
        gold: A CoNLL file of any layout and scheme. A corpus.yaml beside it holds for it.
        predicted: A CoNLL file with the same rows. If it has several columns of tags, the last one is taken. Its words
            may differ (another tokenisation or escaping); rows with different words are counted.

    Raises:
        NerpipeError: If a file or a line of it cannot be read, its columns are not clear, it holds no word, or the
            rows of the two files differ. The message names file and line.
    """
    gold, predicted = Path(gold), Path(predicted)
    sums, block, facts = _Sums(), _Block(), GoldFacts()
    differ = 0
    for one, two in lines_in_step(gold, predicted, facts):
        if one.tag:
            block.tokens.append(one.token)
            block.gold[-1].append(one.tag)
            block.predicted[-1].append(two.tag)
            differ += one.token != two.token
        else:
            block.end_sentence()
            if len(block.tokens) >= BLOCK_WORDS:
                sums.add(block)
                block = _Block()
    sums.add(block)
    return sums.result(differ, facts.scheme, repair_notes(facts.repairs, gold))
