"""Comparison of the project's scores with those of seqeval, through the evaluate package and without downloads."""

import math
import tempfile
from typing import Any

import datasets
import evaluate

from nerpipe.errors import NerpipeError
from nerpipe.scoring.scores import Scores
from nerpipe.scoring.spans import TagRows

SCORE_TOLERANCE = 1e-12


class SeqevalScore(evaluate.Metric):
    """Entity precision, recall and F1 (micro) of IOB2 tags, and token accuracy, as seqeval 1.2.2 computes them.

    The default mode of seqeval reads tags like conlleval. Its strict mode needs a tagging scheme; without one it is not
    strict and gives no warning.
    """

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description="Entity-level scores of IOB2 tags",
            citation="Nakayama 2018, seqeval",
            inputs_description="predictions, references: one list of tags for each sentence",
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(self, predictions: TagRows, references: TagRows) -> dict[str, Any]:
        from seqeval.metrics import accuracy_score
        from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
        from seqeval.metrics.v1 import precision_recall_fscore_support as strict_precision_recall_fscore_support
        from seqeval.scheme import IOB2

        micro = {"average": "micro", "zero_division": 0}
        return {
            "conlleval": precision_recall_fscore_support(references, predictions, **micro)[:3],
            "strict_iob2": strict_precision_recall_fscore_support(references, predictions, scheme=IOB2, **micro)[:3],
            "token_accuracy": accuracy_score(references, predictions),
        }


def check_against_seqeval(gold: TagRows, predicted: TagRows, scores: Scores) -> None:
    """Compare the micro scores of both readings and the token accuracy with those of seqeval.

    Args:
        gold: The gold IOB2 tags, one row for each sentence.
        predicted: The predicted tags, in rows of the same lengths.
        scores: The project's scores of these tags.

    Raises:
        NerpipeError: If a number differs by more than 1e-12.
    """
    with tempfile.TemporaryDirectory() as cache:
        theirs = SeqevalScore(cache_dir=cache, keep_in_memory=True).compute(predictions=predicted, references=gold)
    pairs = {"token accuracy": (scores.token_accuracy, theirs["token_accuracy"])}
    for reading, ours in scores.readings.items():
        for name, mine, other in zip(("precision", "recall", "F1"), ours, theirs[reading], strict=False):
            pairs[f"{name} ({reading})"] = (mine, other)
    wrong = [
        f"{name}: {mine!r} in nerpipe, {float(other)!r} in seqeval"
        for name, (mine, other) in pairs.items()
        if not math.isclose(mine, other, rel_tol=0, abs_tol=SCORE_TOLERANCE)
    ]
    if wrong:
        raise NerpipeError(
            f"the scores differ from those of seqeval: {'; '.join(wrong)}. One of the two is wrong, so no scores are "
            "written. Install the version of seqeval that the requirements name; if the error stays, it is a bug in "
            "this pipeline"
        )
