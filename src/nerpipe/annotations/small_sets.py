"""Sets that are so small that the hashes of their documents leave a split empty: each split gets at least one."""

from collections.abc import Iterable, Mapping


def widened_fractions(positions: Iterable[float], fractions: Mapping[str, float]) -> dict[str, float] | None:
    """Change fractions so that train and each of these splits get at least one of these positions.

    As in `splitting.split_of`, the lowest positions are test and the highest dev. Equal positions stay together.

    >>> widened_fractions([0.25, 0.5, 0.75], {"dev": 0.1, "test": 0.1})
    {'dev': 0.375, 'test': 0.375}

    Args:
        positions: The positions of what is divided, from 0 to 1, in any order.
        fractions: The fractions of dev and test, or of one of them. They are below 0.5.

    Returns:
        The fractions, or None if there are fewer different positions than splits.
    """
    order = sorted({*positions})
    if len(order) <= len(fractions):
        return None
    dev, test = fractions.get("dev", 0.0), fractions.get("test", 0.0)
    tests = max(sum(position < test for position in order), int("test" in fractions))
    devs = max(sum(position >= 1 - dev for position in order), int("dev" in fractions))
    while tests + devs >= len(order):
        tests, devs = (tests - 1, devs) if tests >= devs else (tests, devs - 1)
    borders = {"dev": len(order) - devs, "test": tests}
    between = {
        split: (order[border - 1] + order[border]) / 2 for split, border in borders.items() if split in fractions
    }
    return {split: between[split] if split == "test" else 1 - between[split] for split in fractions}
