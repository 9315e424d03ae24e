"""What a reader of the scores must not miss: what the stages warned of while they ran, from their reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from nerpipe.contracts.files import REBUILD
from nerpipe.contracts.shapes import read_shaped
from nerpipe.corpus.duplicates import leaked_sentences
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.subwords import UNREAD_SHARE, unread_warning


class SharedRow(TypedDict):
    """The counts of shared sentences of a split, in clean.json."""

    split: str
    sentences: int
    sentences_also_in: dict[str, int]


class ReadRow(TypedDict):
    """The counts of words of a split that the model cannot read, in tokenize.json."""

    split: str
    tokens: int
    words_unread: int


def run_warnings(metrics: Path, model: str) -> Iterator[str]:
    """Yield what makes the scores of the last run better or worse than they seem: leakage, and words that are not read.

    That a model predicts no entity is one of the notes of the stage evaluate.

    Args:
        metrics: The folder with the reports of the stages.
        model: The param `model`.

    Raises:
        NerpipeError: If a report is missing or damaged.
    """
    yield from leaked_sentences(read_shaped(metrics / "clean.json", list[SharedRow]))
    tokenized = metrics / "tokenize.json"
    for row in read_shaped(tokenized, list[ReadRow]):
        if row["words_unread"] > row["tokens"]:
            raise NerpipeError(
                f"{tokenized}: words_unread ({row['words_unread']:,}) is larger than tokens ({row['tokens']:,}) for "
                f"{row['split']}, so this is not the file that a stage wrote; {REBUILD}"
            )
        if row["words_unread"] > UNREAD_SHARE * row["tokens"]:
            yield f"{unread_warning(row['words_unread'], row['tokens'], row['split'], model)}."
