"""Signatures of scores: one line that says what was counted, so that two people can compare two scores.

The habit is that of sacreBLEU (Post 2018, "A Call for Clarity in Reporting BLEU Scores").
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from nerpipe.contracts.conll import format_sentence
from nerpipe.contracts.schemes import split_tag

# The version in pyproject.toml; a test compares the two. It stands here, because a stage whose outputs hold it depends
# on this package, but not on what is installed.
VERSION = "0.1.0"
HASHED_TOGETHER = 1000  # Sentences.
SHOWN_DIGITS = 12  # Hexadecimal digits of the SHA-256 of the gold words and tags.
CANONICAL_SCHEME = "IOB2"  # Of the files of clean_conll and evaluate.
MICRO, MACRO = "micro", "macro"
CONLLEVAL, STRICT_IOB2 = "conlleval", "strict_iob2"
NOT_RESAMPLED = "none"


class GoldSummary:
    """What a signature says of the gold words and tags. They are added in portions, so that a file can be a stream."""

    def __init__(self) -> None:
        """Begin with no word."""
        self.words = self.entities = 0
        self.types: set[str] = set()
        self._sha256 = hashlib.sha256()

    def add(self, words: Iterable[str], tags: Iterable[Sequence[str]]) -> None:
        """Add sentences.

        Args:
            words: All words of the sentences.
            tags: Their tags in IOB2, one row for each sentence. Every entity begins with a `B-`.
        """
        rest, ahead, counted = iter(words), iter(tags), Counter[str]()
        while rows := list(islice(ahead, HASHED_TOGETHER)):
            sentences = [format_sentence(zip(islice(rest, len(row)), row, strict=True)) for row in rows]
            self._sha256.update("".join(sentences).encode())
            counted.update(chain.from_iterable(rows))
        begun = {tag: count for tag, count in counted.items() if tag[0] == "B"}
        self.words += counted.total()
        self.entities += sum(begun.values())
        self.types.update(split_tag(tag)[1] for tag in begun)

    @property
    def digest(self) -> str:
        """The first digits of the SHA-256 of the words and tags, as canonical CoNLL without the lines of documents."""
        return self._sha256.hexdigest()[:SHOWN_DIGITS]


def sign(
    gold: GoldSummary,
    *,
    match: str = "strict",
    average: str = MICRO,
    reading: str = CONLLEVAL,
    scheme: str = CANONICAL_SCHEME,
    resampled: str = NOT_RESAMPLED,
) -> str:
    """Make the signature of a score. Two scores can be compared if all fields but the last are equal.

    The fields say how entities are counted, and on which data. How a system found its entities (model, decoding,
    windows, context of the document, least confidence) is no field, because that is what scores compare. Nor are the
    time, the host or the commit: the same inputs have the same signature. The split and the name of the file are no
    fields either, because the digest tells more.

    - nerpipe: the version of nerpipe. Rules may change between two versions, and CHANGELOG.md says which did.
    - match: when a predicted entity is right, in the terms of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013):
      `strict` if its type, first word and last word are right (Tjong Kim Sang and De Meulder 2003, "exact match"),
      `exact`, `partial` or `type` as `semeval` explains them. `surface` counts distinct words and types instead of
      occurrences (Derczynski et al. 2017).
    - average: `micro` sums the counts over the types, and `macro` is the mean of the scores of the types.
    - reading: what becomes of an `I-` that continues no entity: with `conlleval` it begins one (conlleval.pl; Tjong
      Kim Sang and Buchholz 2000), with `strict_iob2` it is no entity (seqeval, Nakayama 2018).
    - scheme: the tagging scheme of the gold file. All schemes are read by one table into IOB2 before anything is
      counted. `plain` types show no border between two entities of one type that stand side by side.
    - types: the number of entity types of the gold tags, after types were renamed or dropped (`types` in corpus.yaml).
    - words, entities: the number of gold words and entities. All of them are scored, also those that a system never
      saw, because its input was cut or a line is missing.
    - gold: the first 12 digits of the SHA-256 of the gold words and tags, as clean_conll would write them (canonical
      CoNLL in IOB2, after repairs and renaming), without the lines of documents. If the other fields are equal and
      this one is not, some word, tag or end of a sentence differs.
    - resampled: what the interval beside the score is computed from: `sentences`, `documents`, or `none` if there is no
      interval. It has no influence on the score (Efron and Tibshirani 1993).

    Args:
        gold: The gold words and tags.
        match: One of the values above.
        average: One of the values above.
        reading: One of the values above.
        scheme: A key of `schemes.SCHEMES`.
        resampled: One of the values above.

    Returns:
        One line without blanks.
    """
    fields = {
        "nerpipe": VERSION,
        "match": match,
        "average": average,
        "reading": reading,
        "scheme": scheme,
        "types": len(gold.types),
        "words": gold.words,
        "entities": gold.entities,
        "gold": gold.digest,
        "resampled": resampled,
    }
    return "|".join(f"{name}:{value}" for name, value in fields.items())
