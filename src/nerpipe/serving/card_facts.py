"""What the page says of the model: facts from the metadata of its card, as far as the card has them.

People may edit the card, and the card may be of another program. So whatever of it cannot be read is left out.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import parse_yaml

MOST_SHOWN = 10  # The most examples that the page offers.
_METADATA = re.compile(r"\A---\r?\n(.*?)^---\r?$", re.DOTALL | re.MULTILINE)
_SCORES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class CardFacts:
    """The facts. Each is empty if the card does not say it."""

    name: str = ""  # The name of the model.
    dataset: str = ""  # The name of the data set.
    scores: dict[str, float] = field(default_factory=dict)  # Precision, recall and F1 on its test split, as fractions.
    examples: list[str] = field(default_factory=list)  # Texts to try.


def read_card(card: str) -> CardFacts:
    """Read the facts from the text of a model card.

    Args:
        card: The text in Markdown. Its metadata are YAML between two lines `---` at its beginning.
    """
    found = _METADATA.match(card)
    try:
        data = parse_yaml(found[1], "README.md") if found else None
    except NerpipeError:
        data = None
    index = _first(_get(data, "model-index"))
    result = _first(_get(index, "results"))
    scores = {_get(row, "type"): _get(row, "value") for row in _list(_get(result, "metrics")) if _is_score(row)}
    dataset = _text(_get(_get(result, "dataset"), "name"))
    texts = (_get(row, "text") for row in _list(_get(data, "widget")))
    return CardFacts(
        name=_text(_get(index, "name")),
        dataset=dataset,
        scores=scores if dataset and scores.keys() == {*_SCORES} else {},
        examples=[text for text in texts if isinstance(text, str) and text.strip()][:MOST_SHOWN],
    )


def _is_score(row: object) -> bool:
    value = _get(row, "value")
    return _get(row, "type") in _SCORES and isinstance(value, float | int) and 0 <= value <= 1


def _get(data: object, key: str) -> Any:  # noqa: ANN401 - YAML can hold any type
    return data.get(key) if isinstance(data, dict) else None


def _list(data: object) -> list[Any]:
    return data if isinstance(data, list) else []


def _first(data: object) -> object:
    return next(iter(_list(data)), None)


def _text(data: object) -> str:
    return data if isinstance(data, str) else ""
