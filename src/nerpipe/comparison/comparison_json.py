"""The output of `nerpipe compare --json`, in fractions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nerpipe.comparison.revisions import SystemOutput
from nerpipe.comparison.run_inputs import changed_inputs
from nerpipe.comparison.systems import (
    ALPHA,
    CHANGE_KINDS,
    Change,
    Difference,
    SystemComparison,
    WordEntity,
    interval_notes,
    verdict_in_words,
)
from nerpipe.evaluation.units import few_mark


def comparison_as_json(found: SystemComparison, first: SystemOutput, other: SystemOutput) -> dict[str, Any]:
    """Return all results of a comparison. Differences are OTHER minus SIDE. A missing interval has null bounds."""
    counts = Counter(change.kind for change in found.changes)
    return {
        "side": {"name": first.name, "source": first.source, "f1": found.micro.first._asdict()},
        "other": {"name": other.name, "source": other.source, "f1": found.micro.other._asdict()},
        "difference": found.micro.delta._asdict(),
        "p": found.p,
        "alpha": ALPHA,
        "verdict": found.verdict,
        "in_words": verdict_in_words(found),
        "entities": found.micro.support,
        "sentences": found.sentences,
        "resampled": found.units.kind,
        "units": found.units.count,
        "resamples_left_out": found.micro.left_out,
        "notes": interval_notes(found),
        "signature": found.signature,
        "per_type": {kind: _difference_json(difference) for kind, difference in found.per_type.items()},
        "changes": {kind: counts[kind] for kind in CHANGE_KINDS},
        "changed_sentences": [_change_json(change) for change in found.changes],
    }


def input_changes_as_json(first: SystemOutput, other: SystemOutput) -> dict[str, Any]:
    """Return the params and the inputs that differ. Both are None if those of a side are not known."""
    if first.inputs is None or other.inputs is None:
        return {"params": None, "inputs": None}
    changes = changed_inputs(first.inputs, other.inputs)
    params = {key: dict(zip(("side", "other"), values, strict=True)) for key, values in changes.params.items()}
    return {"params": params, "inputs": changes.sources}


def _difference_json(difference: Difference) -> dict[str, Any]:
    return {
        "side": difference.first._asdict(),
        "other": difference.other._asdict(),
        "difference": difference.delta._asdict(),
        "support": difference.support,
        "resamples_left_out": difference.left_out,
        "mark": few_mark(difference.support),
    }


def _change_json(change: Change) -> dict[str, Any]:
    def listed(entities: Sequence[WordEntity]) -> list[dict[str, Any]]:
        return [entity._asdict() for entity in entities]

    return {
        "kind": change.kind,
        "sentence": change.sentence,
        "text": change.text,
        "gold": listed(change.gold),
        "side": listed(change.first),
        "other": listed(change.other),
    }
