"""What a reader of the scores of a split must know: no entity, no prediction, no interval, documents resampled."""

from nerpipe.evaluation.resampling import LEAST_UNITS
from nerpipe.evaluation.units import DOCUMENTS, Units
from nerpipe.scoring.scores import Score

# With fewer documents than that, simulated intervals hold the true F1 clearly less often than in 95% of cases.
FEW_DOCUMENTS = 20
WHAT_TO_TRY = (
    "Look into metrics/train.json: if dev_loss still falls in the last epoch, try more epochs, a higher lr, a smaller "
    "batch_size (more steps) or fewer frozen_layers; if it has not fallen since the first epoch, try a higher warmup, "
    "or a lower lr with more epochs. `nerpipe check` shows whether train holds enough entities and whether the model "
    "can read its words"
)

OTHER_TEXT = (
    "The text may be of another language or kind than the one that the model learnt from, or its words may be cut in "
    "another way. Look at some of them with `nerpipe predict`"
)


def split_notes(name: str, micro: Score, units: Units, units_with_gold: int, *, advice: str = WHAT_TO_TRY) -> list[str]:
    """Say what a reader of the scores must know, one sentence or more for each thing.

    Args:
        name: The name of the split.
        micro: The scores over all types.
        units: What was resampled.
        units_with_gold: The number of units that hold a gold entity.
        advice: What to do if the model predicts no entity, without the last full stop.
    """
    notes = []
    if not micro.support:
        notes.append(
            f"Warning: {name} holds no entity, so its F1 says nothing and has no interval. Put sentences with entities "
            "into it, or check which column of the raw file is read as the tag."
        )
    elif not micro.predicted:
        notes.append(f"Warning: the model predicts no entity at all in {name}. {advice}.")
    if micro.support and units_with_gold < LEAST_UNITS:
        notes.append(no_interval_note(f"{name} holds", units))
    elif micro.support and units.kind == DOCUMENTS:
        few = " With so few documents they are too narrow (docs/evaluation.md)." if units.count < FEW_DOCUMENTS else ""
        notes.append(
            f"The intervals of {name} are from resampled documents ({units.count:,} of them), because the sentences of "
            f"a document are right or wrong together.{few}"
        )
    return notes


def no_interval_note(holds: str, units: Units) -> str:
    """Say why scores have no interval.

    Args:
        holds: The subject and verb of the sentence, such as "test holds".
        units: What would be resampled.
    """
    one = units.kind.removesuffix("s")
    what = (
        f"only one {one}" if units.count < LEAST_UNITS else f"entities in only one of its {units.count:,} {units.kind}"
    )
    return (
        f"{holds} {what}, so there are no intervals: they show how much scores differ between {units.kind}, and one "
        f"{one} cannot show that."
    )
