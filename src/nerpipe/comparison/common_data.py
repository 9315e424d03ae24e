"""What two sides must have in common: the words and the gold tags; and the units that are resampled for both."""

from nerpipe.comparison.revisions import SystemOutput
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.units import Units, units_of


def check_same_gold(first: SystemOutput, other: SystemOutput) -> None:
    """Check that both sides have the same words and gold tags, because scores on different data cannot be compared.

    Raises:
        NerpipeError: If they differ; the message names the first sentence that differs.
    """
    pairs = zip(zip(first.tokens, first.gold, strict=True), zip(other.tokens, other.gold, strict=True), strict=False)
    sizes = len(first.gold), len(other.gold)
    place = next((index for index, (one, two) in enumerate(pairs) if one != two), None)
    if place is None and sizes[0] == sizes[1]:
        return
    if place is None:
        what = (
            f"{first.source} has {number_of(sizes[0], 'sentence')}, {other.source} has {sizes[1]:,}; the "
            "sentences of the shorter one are the same in both"
        )
    else:
        shown = [_first_parting(first, other, place), _first_parting(other, first, place)]
        where = f"{shown[0]} in {first.source}, {shown[1]} in {other.source}"
        what = f"Sentence {place + 1} is the first that differs: {where}"
    raise NerpipeError(
        "the two sides have different words or gold tags, so their scores cannot be compared. "
        f"{what}. Evaluate both on the same data: set the same dataset in params.yaml, use the same "
        "files and the same corpus.yaml in data/raw, and run `dvc repro`. Or name a side that was evaluated on the "
        "same data"
    )


def common_units(first: SystemOutput, other: SystemOutput) -> Units:
    """Find what is resampled. A side that does not know its documents, such as an older run, has those of the other.

    Raises:
        NerpipeError: If both sides know their documents and these differ.
    """
    known = [side for side in (first, other) if side.boundaries]
    if len(known) > 1 and first.boundaries != other.boundaries:
        place = min(place for place, _ in {*first.boundaries.items()} ^ {*other.boundaries.items()})
        raise NerpipeError(
            "the two sides have different documents, so it is not clear what to resample. Sentence "
            f"{place + 1} is the first that differs: it {_describe_boundary(first, place)}, but "
            f"{_describe_boundary(other, place)}. Evaluate both on the same data, with the same boundaries of "
            "documents in data/raw and the same corpus.yaml, and run `dvc repro`"
        )
    return units_of(known[0].boundaries if known else {}, len(first.gold))


def _describe_boundary(side: SystemOutput, place: int) -> str:
    if place not in side.boundaries:
        return f"begins no document in {side.source}"
    return f"begins the document {side.boundaries[place] or '(without an id)'!r} in {side.source}"


def _first_parting(side: SystemOutput, other: SystemOutput, place: int) -> str:
    """Describe the first word of a sentence that is not the same on both sides, with its gold tag."""
    rows, others = ([*zip(each.tokens[place], each.gold[place], strict=True)] for each in (side, other))
    for number, row in enumerate(rows, start=1):
        if number > len(others) or row != others[number - 1]:
            return f"word {number} {row[0]!r} {row[1]}"
    return f"no word after word {len(rows)}"
