"""A labelled file that systems are scored on, with all of its words, and the predictions of a system for it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from nerpipe.comparison.tagged_files import GoldFacts, gold_sentences, lines_in_step, repair_notes


@dataclass(frozen=True)
class LabelledFile:
    """The words and gold tags of a file, as clean_conll would write them. Every list has one row for each sentence."""

    path: Path
    tokens: list[list[str]]
    gold: list[list[str]]  # IOB2 tags.
    # The id of each document (None if it has none) by the index of its first sentence. Empty if none are known.
    boundaries: dict[int, str | None]
    notes: list[str]  # What was repaired.
    scheme: str  # The scheme of the tags in the file, a key of SCHEMES.

    def entities(self) -> Counter[str]:
        """Count the gold entities by type."""
        return Counter(tag[2:] for row in self.gold for tag in row if tag[0] == "B")


def read_labelled(path: Path) -> LabelledFile:
    """Read a labelled file as clean_conll reads it.

    Args:
        path: A CoNLL file of any layout and scheme. A corpus.yaml beside it holds for it.

    Raises:
        NerpipeError: As `tagged_files.gold_sentences`.
    """
    facts = GoldFacts()
    tokens, gold, boundaries = [], [], dict[int, str | None]()
    for place, sentence in enumerate(gold_sentences(path, facts, iob2=True)):
        tokens.append(sentence.tokens)
        gold.append(sentence.tags)
        if sentence.boundary:
            boundaries[place] = sentence.boundary.document or None
    return LabelledFile(path, tokens, gold, boundaries, repair_notes(facts.repairs, path), facts.scheme)


def read_system(labelled: LabelledFile, predicted: Path) -> tuple[list[list[str]], list[str]]:
    """Read the predictions of a system for a labelled file.

    Args:
        labelled: The labelled file.
        predicted: A CoNLL file with the same rows, as `nerpipe predict --to conll` writes it. If it has several columns
            of tags, the last one is taken.

    Returns:
        The tags, one row for each sentence, and a note if words differ.

    Raises:
        NerpipeError: As `tagged_files.lines_in_step`.
    """
    rows: list[list[str]] = [[]]
    differ = 0
    for one, two in lines_in_step(labelled.path, predicted, GoldFacts()):
        if one.tag:
            rows[-1].append(two.tag)
            differ += one.token != two.token
        else:
            rows.append([])
    notes = [
        f"words of {predicted} that differ from those of {labelled.path} (tags are compared row by row): {differ:,}"
    ]
    return rows[:-1], notes if differ else []
