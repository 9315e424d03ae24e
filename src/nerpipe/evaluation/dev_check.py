"""Comparison of the dev F1 of evaluate with that of the epoch which the stage train kept."""

from pathlib import Path

from nerpipe.contracts.files import read_json
from nerpipe.errors import NerpipeError

# Another device, number of threads or number format rounds sums differently. So few entities may then be others.
DEV_F1_LIMIT = 0.002


def read_best_f1(path: Path) -> float:
    """Read the dev F1 of the epoch that train kept.

    Args:
        path: The JSON file with one row for each epoch.

    Raises:
        NerpipeError: If the file holds no epoch that was kept.
    """
    report = read_json(path)
    rows = [row for row in report if isinstance(row, dict)] if isinstance(report, list) else []
    best = [row.get("dev_f1") for row in rows if row.get("best") is True]
    if not best or not isinstance(best[-1], int | float):
        raise NerpipeError(
            f"{path}: no epoch with `best: true` and a dev_f1 is in this file; expected one row for each epoch, as the "
            "stage train writes them. `dvc repro --force train` rebuilds it"
        )
    return float(best[-1])


def compare_dev_f1(trained: float, evaluated: float, path: Path) -> str:
    """Compare the two numbers, which are computed in the same way from the same gold entities.

    Args:
        trained: The dev F1 of the epoch that train kept.
        evaluated: The dev F1 that evaluate computed.
        path: The file that `trained` was read from.

    Returns:
        A sentence for the user.

    Raises:
        NerpipeError: If the two differ by more than `DEV_F1_LIMIT`.
    """
    numbers = f"dev F1 is {100 * evaluated:.3f} points here and {100 * trained:.3f} in {path}"
    if trained == evaluated:
        return f"The dev F1 is the same as in {path}, to the last bit."
    if abs(trained - evaluated) > DEV_F1_LIMIT:
        raise NerpipeError(
            f"{numbers}. The two may differ by at most {100 * DEV_F1_LIMIT:.1f}, and only if train ran on another "
            "device, with other threads or in another number format. The trained model, the data or the report may be "
            "from different runs: `dvc repro --force train` makes them again. If the error stays, it is a bug in this "
            "pipeline"
        )
    return (
        f"Note: {numbers}. They differ by {100 * abs(trained - evaluated):.3f} points, as they do if train ran on "
        "another device, with other threads or in another number format. On the same machine they are equal."
    )
