"""Predictions of an exported model for the words of a labelled file, and the types of the file that it lacks."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nerpipe.comparison.labelled_file import LabelledFile
from nerpipe.contracts.schemes import split_tag
from nerpipe.corpus.entity_types import nearest_type
from nerpipe.corpus.settings import SETTINGS_FILE
from nerpipe.errors import NerpipeError
from nerpipe.inference.word_scores import by_sentence
from nerpipe.prediction.finder import Finder
from nerpipe.prediction.predictor import Predictor
from nerpipe.yaml_reader import yaml_text

TOGETHER = 1000  # Sentences that are predicted together.
LEAST_LETTERS = 3  # From so many letters on, a name that begins another one may be short for it, as `per` for `person`.


class ModelChoice(NamedTuple):
    """An exported model and how it is run. The fields are the arguments of `Predictor`."""

    folder: Path
    backend: str
    precision: str
    device: str
    threads: int | None


class ModelPredictions(NamedTuple):
    """The predictions for the words of a file: one list for each sentence, with one entry for each word."""

    tags: list[list[str]]
    confidences: list[list[float]]  # The probability of each word's entity, or of its O, 0 to 1.
    undecoded: list[list[str]]  # The most probable tag of each word by itself.
    unseen: int  # The number of words that no window holds. They are predicted O with confidence 0.
    notes: list[str]  # Types of the gold tags that the model lacks.


def predict_labelled(labelled: LabelledFile, model: ModelChoice) -> ModelPredictions:
    """Predict every word of a labelled file.

    Args:
        labelled: The file.
        model: The model.

    Raises:
        NerpipeError: If the folder is no exported model or is damaged, or the model knows no type of the gold tags.
    """
    options = model._asdict()
    predictor = Predictor(options.pop("folder"), **options)
    notes = type_notes(labelled, predictor.decoding.labels, model.folder)
    return predict_sentences(predictor, labelled.tokens, notes)


def predict_sentences(finder: Finder, tokens: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> ModelPredictions:
    """Predict the words of sentences, and show on a terminal how far it is.

    Args:
        finder: The loaded model.
        tokens: The words, one row for each sentence.
        notes: What else is to be known of the predictions.
    """
    from tqdm import tqdm

    found = ModelPredictions([], [], [], 0, [*notes])
    unseen = 0
    names = {label: label for label in finder.decoding.labels}  # One text for each label, not one for each word.
    with tqdm(total=len(tokens), unit=" sentences", disable=None, leave=False, file=sys.stderr) as bar:
        for begin in range(0, len(tokens), TOGETHER):
            part = tokens[begin : begin + TOGETHER]
            counts = [*map(len, part)]
            scores = finder.score(finder.windows(part), words=sum(counts))
            for tagged in finder.decode(scores, counts):
                found.tags.append([names[tag] for tag in tagged.tags])
                found.confidences.append(tagged.confidences)
            best = by_sentence(scores.log_probabilities.argmax(axis=1), counts)
            found.undecoded.extend([finder.decoding.labels[label] for label in row] for row in best)
            unseen += int(np.count_nonzero(~scores.seen))
            bar.update(len(part))
    return found._replace(unseen=unseen)


def type_notes(labelled: LabelledFile, labels: Sequence[str], folder: Path) -> list[str]:
    """Say which types of the gold tags a model lacks. Their entities count as missed.

    Args:
        labelled: The labelled file.
        labels: The labels of the model.
        folder: The folder of the model.

    Raises:
        NerpipeError: If the model knows none of them, so that a score would say nothing of it.
    """
    known = sorted({split_tag(label)[1] for label in labels} - {""})
    gold = labelled.entities()
    lacking = {kind: count for kind, count in sorted(gold.items()) if kind not in known}
    if not lacking:
        return []
    place = labelled.path.parent / SETTINGS_FILE
    counted = ", ".join(f"{kind} ({count:,})" for kind, count in lacking.items())
    likely = {kind: near for kind in lacking if (near := _likely(kind, known))}
    if len(lacking) < len(gold):
        said = f"{folder} does not know these types of {labelled.path}, so their entities count as missed: {counted}"
        hint = f". If they have other names in the model, put this line into {place}:\n    {_line(likely)}"
        return [said + (hint if likely else "")]
    names = likely or dict.fromkeys(lacking, known[0])
    raise NerpipeError(
        f"{folder} knows none of the entity types of {labelled.path}, so it cannot be scored on this file. The types "
        f"of the file are {counted}; those of the model are {', '.join(known)}. If they are the same types under other "
        f"names, map those of the file to those of the model in {place}, such as\n    {_line(names)}"
    )


def _likely(name: str, known: Sequence[str]) -> str | None:
    """Return the known type that a name may stand for: nearly the same name, or one of them is short for the other."""
    folded = name.casefold()
    short = [
        kind
        for kind in known
        if min(len(kind), len(folded)) >= LEAST_LETTERS
        and (kind.casefold().startswith(folded) or folded.startswith(kind.casefold()))
    ]
    return nearest_type(name, known) or (short[0] if len(short) == 1 else None)


def _line(names: dict[str, str]) -> str:
    pairs = ", ".join(f"{yaml_text(old)}: {yaml_text(new)}" for old, new in names.items())
    return f"types: {{{pairs}}}"
