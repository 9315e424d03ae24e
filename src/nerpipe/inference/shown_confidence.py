"""Confidences as people see them: rounded down, so that `--min-confidence` with a shown number keeps its entity."""

import math

SHOWN_PLACES = 4  # Decimal places of a confidence in files.


def shown_confidence(confidence: float, places: int = SHOWN_PLACES) -> float:
    """Round a confidence down. The result is never larger than the confidence.

    >>> shown_confidence(0.83127), shown_confidence(0.99999, 2), shown_confidence(1.0)
    (0.8312, 0.99, 1.0)

    Args:
        confidence: A number from 0 to 1.
        places: The number of decimal places.
    """
    scale = float(10**places)
    steps = math.floor(confidence * scale)
    if steps / scale > confidence:  # The product was rounded up to a whole number.
        steps -= 1
    return steps / scale
