"""Which field of a task of Label Studio is the text, where the task does not name it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nerpipe.annotations.offsets import plain_quote

_NO_TEXTS = ("id", "created_at", "updated_at", "annotator", "agreement", "sentiment")  # Fields of JSON-MIN.


class TaskFields(NamedTuple):
    """What shows the text of a task."""

    fields: Mapping[str, Any]  # The fields of the data.
    names: Sequence[object]  # The fields that the regions or the tool name.
    quotes: Sequence[str]  # The texts that the regions quote.


def texts_of(task: TaskFields) -> list[str]:
    """List the fields that may be the text: the first that is named, those that hold all quotes, or else all texts."""
    named = [name for name in task.names if isinstance(name, str) and isinstance(task.fields.get(name), str)]
    if named:
        return named[:1]
    texts = [key for key, value in task.fields.items() if isinstance(value, str) and key not in _NO_TEXTS]
    quotes = [quote for quote in map(plain_quote, task.quotes) if quote]
    holding = [key for key in texts if all(quote in plain_quote(task.fields[key]) for quote in quotes)]
    return holding or texts


def shown_field(tasks: Iterable[TaskFields]) -> str:
    """Give the field that the most tasks of a file show to be their text, or the empty string if none does."""
    votes: Counter[str] = Counter()
    for task in tasks:
        found = texts_of(task)
        votes.update(found if task.quotes or len(found) == 1 else [])
    first, second = (*votes.most_common(2), ("", 0), ("", 0))[:2]
    return first[0] if first[1] > second[1] else ""


def text_of_task(task: TaskFields, shown: str) -> tuple[str | None, str]:
    """Give the text of a task, or None and the problem.

    Args:
        task: The task.
        shown: The field that the tasks of the file show.
    """
    found = texts_of(task)
    if not found:
        return None, "no_text"
    name = shown if shown in found else found[0] if len(found) == 1 else ""
    return (task.fields[name], "") if name else (None, "unclear_text")
