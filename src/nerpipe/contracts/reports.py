"""What the reports of the stages hold, as far as a later stage or a command reads it."""

from typing import Literal, NotRequired, TypedDict

from nerpipe.contracts.shapes import Fraction


class CountRow(TypedDict):
    """The counts of a split, in the reports of clean_conll, encode_labels and tokenize_align."""

    split: str
    sentences: int
    tokens: int
    entities: int


class CorpusRow(CountRow):
    """A split in clean.json, as encode_labels reads it."""

    corpus: str


class CleanRow(CorpusRow):
    """A split in clean.json, as export reads it."""

    sha256: str  # Of the raw file.
    language: str  # As corpus.yaml says it, or empty.
    license: str


class WordChoice(TypedDict):
    """The content of words.json."""

    rule: str  # A key of RULES.
    words: int  # Words of train.
    words_cut: int  # Words of train inside of which the rule begins a word.


class SplitScores(TypedDict):
    """The main scores of dev, as fractions."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    token_accuracy: Fraction


class TestScores(SplitScores):
    """The main scores of test. There is no interval if there are too few units to resample."""

    resampled: str
    f1_low: NotRequired[Fraction]
    f1_high: NotRequired[Fraction]


class MainScores(TypedDict):
    """The content of metrics.json."""

    dataset: str
    dev: SplitScores
    test: TestScores


class IntervalRow(TypedDict):
    """The split of a score, and its interval if there is one."""

    split: str
    f1_low: NotRequired[Fraction]
    f1_high: NotRequired[Fraction]


class ScoreRow(IntervalRow):
    """A row of averages.json."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    support: int
    signature: NotRequired[str]  # Says what was counted: docs/evaluation.md.


class SignedRow(TypedDict):
    """A row of averages.json, as export reads it."""

    split: str
    signature: str


class TypeRow(ScoreRow):
    """A row of per_type.json."""

    type: str


class MistakeRow(TypedDict):
    """A row of mistakes.json. `gold` is missing if it is spurious, and `predicted` if it is missed."""

    split: str
    error: Literal["correct", "boundary", "type", "boundary_type", "missed", "spurious"]
    spans: int
    gold: NotRequired[str]
    predicted: NotRequired[str]


class GoldSide(TypedDict):
    """A row of mistakes.json that is about a gold entity."""

    gold: str


class PredictedSide(TypedDict):
    """A row of mistakes.json that is about a predicted entity."""

    predicted: str


class NoteRow(TypedDict):
    """A row of notes.json."""

    note: str
