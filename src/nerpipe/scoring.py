"""Entity scores as conlleval counts them, by seqeval through the evaluate package, with nothing fetched from a hub."""

import tempfile
from collections.abc import Sequence
from typing import Any

import datasets
import evaluate

TagRows = Sequence[Sequence[str]]


class EntityScore(evaluate.Metric):
    """Entity precision, recall and F1 of IOB2 tags, and token accuracy.

    An entity counts as found if its type and all its words agree (Tjong Kim Sang and De Meulder 2003, conlleval).
    seqeval's default mode is that reading. A division by zero gives 0.
    """

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description="Entity-level scores of IOB2 tags",
            citation="Nakayama 2018, seqeval",
            inputs_description="predictions, references: a list of tags a sentence",
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(self, predictions: TagRows, references: TagRows) -> dict[str, Any]:
        from seqeval.metrics import accuracy_score
        from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

        both = (references, predictions)
        micro = precision_recall_fscore_support(*both, average="micro", zero_division=0)
        types = sorted({kind for rows in both for row in rows for kind, _, _ in get_entities(list(row))})
        each = precision_recall_fscore_support(*both, average=None, zero_division=0) if types else ()
        return {
            **_named(micro),
            "token_accuracy": float(accuracy_score(references, predictions)),
            "per_type": {
                kind: {**_named(row), "support": int(row[3])}
                for kind, row in zip(types, zip(*each, strict=True), strict=True)
            },
        }


def _named(row: Sequence[float]) -> dict[str, float]:
    return {"precision": float(row[0]), "recall": float(row[1]), "f1": float(row[2])}


def score(gold: TagRows, predicted: TagRows) -> dict[str, Any]:
    """Score predicted tags against gold tags.

    Args:
        gold: IOB2 tags, a row a sentence.
        predicted: as many rows, each as long as its gold row.

    Returns:
        `precision`, `recall`, `f1` (micro, over entities), `token_accuracy`, all fractions, and `per_type`: for each
        type the same three and `support`, its gold entities.
    """
    with tempfile.TemporaryDirectory() as cache:
        metric = EntityScore(cache_dir=cache, keep_in_memory=True)
        result: dict[str, Any] = metric.compute(predictions=predicted, references=gold)
    return result
