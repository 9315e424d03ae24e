"""The least confidence of the entities that are kept: one number for all types, or a number for each type."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nerpipe.contracts.json_objects import RepeatedKeyError, unique_keys
from nerpipe.contracts.schemes import OUTSIDE, spans_of
from nerpipe.errors import NerpipeError

MinConfidence = float | str | Path | Mapping[str, float]
NUMBER_OR_FILE = "a number from 0 to 1, or a JSON file with such a number for each type"


def number_or_file(text: str) -> float | Path:
    """Read the option --min-confidence: a number, or else the name of a file."""
    try:
        return float(text)
    except ValueError:
        return Path(text)


def least_confidences(given: MinConfidence | None, types: Sequence[str]) -> dict[str, float]:
    """Return the least confidence of each type.

    Args:
        given: A number from 0 to 1, numbers by type, or a JSON file with numbers by type. None: every entity is kept.
        types: Entity types of the model.

    Returns:
        Numbers by type, 0 for a type that is not named. It is empty if every entity is kept.

    Raises:
        NerpipeError: If the file cannot be read, a type is not one of the model, or a number is not from 0 to 1.
    """
    if given is None:
        return {}
    place = "min_confidence"
    if isinstance(given, str | Path):
        place, given = str(given), _read(Path(given))
    if not isinstance(given, Mapping):
        return dict.fromkeys(types, _checked(place, given))
    unknown = [name for name in given if name not in types]
    if unknown:
        raise NerpipeError(
            f"[{place} -> {unknown[0]}] this is no entity type of the model; its types are {', '.join(types)}"
        )
    return dict.fromkeys(types, 0.0) | {name: _checked(f"{place} -> {name}", value) for name, value in given.items()}


def _checked(place: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise NerpipeError(f"[{place}] {str(value)[:80]!r} is not a number from 0 to 1")
    return float(value)


def _read(path: Path) -> Mapping[str, Any]:
    """Read a JSON file of numbers by type."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique_keys)
    except FileNotFoundError:
        raise NerpipeError(f"{path}: there is no such file; the least confidence is {NUMBER_OR_FILE}") from None
    except OSError as error:
        raise NerpipeError(
            f"{path}: cannot be read ({error.strerror}); the least confidence is {NUMBER_OR_FILE}"
        ) from None
    except RepeatedKeyError as error:
        raise NerpipeError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise NerpipeError(
            f'{path}: the file is not valid JSON ({error}); an object was expected, such as {{"person": 0.5}}'
        ) from None
    if not isinstance(found, dict):
        raise NerpipeError(
            f'{path}: a JSON object with a number for each type was expected, such as {{"person": 0.5}}, not '
            f"{type(found).__name__}"
        )
    return found


def leave_out_doubtful(
    tags: Sequence[str], confidences: Sequence[float], least: Mapping[str, float]
) -> tuple[list[str], list[float]]:
    """Leave out the entities whose confidence is below the least one of their type.

    Args:
        tags: Tags of a sentence in IOB2, one for each word.
        confidences: For each word the probability of its entity, or of its O.
        least: Numbers by type. A type that is not there has none.

    Returns:
        Tags and confidences, one for each word. The words of an entity that is left out are O. Their confidence is the
        probability that this entity is not there.
    """
    kept, sure = [*tags], [*confidences]
    for span in spans_of(tags):
        if confidences[span.start] < least.get(span.type, 0.0):
            words = slice(span.start, span.end)
            kept[words] = [OUTSIDE] * (span.end - span.start)
            sure[words] = [1 - value for value in confidences[words]]
    return kept, sure
