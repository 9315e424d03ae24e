"""Suspects as files: tasks for annotation tools, and a page of the kind of the error page."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS, FRAMES
from nerpipe.batch.records import Record
from nerpipe.batch.writers import Prediction
from nerpipe.contracts.files import write_text
from nerpipe.contracts.joining import Joining, join_words
from nerpipe.inspection.suspects import Suspect, entity_texts
from nerpipe.prediction.finder import Reading, entities_of

MOST_ON_PAGE = 1000  # Sentences that the page shows. Its tables count all.


def write_tasks(path: Path, suspects: Sequence[Suspect], tool: str, joining: Joining) -> None:
    """Write sentences as tasks of an annotation tool.

    Their labels are the gold ones, so that a task that nobody changes changes nothing. What the model says is text
    beside them.

    Args:
        path: The file to write.
        suspects: The sentences, in the order of the tasks.
        tool: A key of ANNOTATION_FORMATS.
        joining: How words become text.
    """
    before, between, after = FRAMES.get(tool, ("", "", ""))
    write = ANNOTATION_FORMATS[tool]
    tasks = (write(_as_prediction(suspect, rank, joining)) for rank, suspect in enumerate(suspects, start=1))
    write_text(path, before + between.join(tasks) + after)


def _as_prediction(suspect: Suspect, rank: int, joining: Joining) -> Prediction:
    """Give a sentence in the form that the writers of tasks take, with the gold labels in the place of predictions."""
    text, places = join_words(suspect.words, joining)
    fields = {
        "nerpipe_id": str(suspect.place.id),
        "place": str(suspect.place),
        "rank": rank,
        "model": entity_texts(suspect.entities(gold=False), suspect.words) or "no entity",
    }
    reading = Reading(places, suspect.gold, suspect.gold_probability)
    return Prediction(Record(str(suspect.place), text, None, fields), entities_of(text, reading), reading)


def write_suspects_page(
    path: Path, suspects: Sequence[Suspect], *, dataset: str, folds: int, resamples: int, seed: int
) -> None:
    """Write the page: the error page for train, with the sentences in the order of their ranks.

    Args:
        path: The HTML file to write.
        suspects: All sentences of train, in the order of their ranks.
        dataset: The name of the data set.
        folds: The number of folds.
        resamples: The number of bootstrap resamples for intervals.
        seed: The seed of the bootstrap.
    """
    from nerpipe.evaluation.error_page import page_split, write_page
    from nerpipe.evaluation.report import report_split
    from nerpipe.evaluation.signed_report import signed_report
    from nerpipe.evaluation.split_predictions import PredictedSplit

    columns = [(s.words, s.gold, s.predicted, s.predicted_probability) for s in suspects]
    tokens, gold, predicted, sure = (list(column) for column in zip(*columns, strict=True))
    split = PredictedSplit(tokens, gold, predicted, sure, predicted, 0)
    report = report_split("train", split, None, resamples=resamples, seed=seed)
    page = page_split(signed_report(report, split), split, None)
    shown = suspects[:MOST_ON_PAGE]
    note = (
        f"Each sentence of train was read by a model that was not trained on it ({folds} folds). The sentences stand "
        "in the order of their surprise: how surprising their most surprising label is to the model, in nats. "
        f"{len(shown):,} of {len(suspects):,} sentences are shown; the tables count all. Before each sentence are its "
        "rank, its surprise and its place in the raw file."
    )
    marks = [f"{rank} · {s.surprise:.1f} · {s.place}" for rank, s in enumerate(shown, start=1)]
    page = replace(page, notes=[note, *page.notes], sentences=page.sentences[:MOST_ON_PAGE], marks=marks)
    write_page(path, [page], dataset=dataset, note=None)
