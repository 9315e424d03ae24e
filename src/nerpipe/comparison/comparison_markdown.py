"""The output of `nerpipe compare --md`: what a reviewer of a pull request needs to know.

Text of data stands in code spans alone. In all other text GitHub and GitLab make links of addresses and numbers of
issues, and write to the people and teams that `@name` names, also behind a backslash.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from nerpipe.comparison.display import MEANING, count_changes, difference_cells, point, same_tags_notes
from nerpipe.comparison.revisions import SystemOutput
from nerpipe.comparison.run_inputs import InputChanges, changed_inputs
from nerpipe.comparison.systems import (
    Change,
    SystemComparison,
    WordEntity,
    interval_notes,
    points,
    show_bounds,
    verdict_in_words,
)
from nerpipe.contracts.escapes import markdown_code

# Bytes of UTF-8 that the rows of a table may take. With the rest, the page has fewer than 60,000: GitHub takes 65,536
# characters.
PARAMS_BYTES, SOURCES_BYTES, TYPES_BYTES, SENTENCES_BYTES = 6_000, 3_000, 10_000, 12_000
NAME_CHARACTERS, SENTENCE_CHARACTERS = 60, 300
ENTITIES_SHOWN = 5  # Of a sentence, on each side.
LISTED_KINDS = ("broken", "fixed")  # Kinds of changes whose sentences are listed.
ONE_MODEL_EACH = (
    "The verdict is about these two models. With another seed, the same settings give another one (`nerpipe runs "
    "--seeds`)."
)


def comparison_as_markdown(found: SystemComparison, first: SystemOutput, other: SystemOutput, *, show: int) -> str:
    """Return the verdict, F1 of both sides, what differs in params and inputs, F1 by type, and changed sentences.

    Args:
        found: The comparison.
        first: The side to compare with.
        other: The side to judge.
        show: The largest number of broken sentences to list, and of fixed ones.
    """
    names = [_cell(side.name) for side in (first, other)]
    lines = [f"### {_code(other.name)} compared with {_code(first.name)}", "", f"**{verdict_in_words(found)}**", ""]
    lines += ["| | F1 | 95% interval |", "|---|---:|---:|"]
    for name, f1 in zip(names, (found.micro.first, found.micro.other), strict=True):
        lines.append(f"| {name} | {point(f1.value)} | {show_bounds(f1, point) or 'none'} |")
    delta = found.micro.delta
    lines.append(f"| difference | {points(delta.value)} | {show_bounds(delta, points) or 'none'} |")
    place = _code(other.source)  # Its name says which split it is.
    size = f"Entity F1 in points, {place}: {found.sentences:,} sentences with {found.micro.support:,} entities."
    lines += ["", " ".join([size, ONE_MODEL_EACH, *interval_notes(found), *same_tags_notes(first, other)]), ""]
    lines += _inputs(first, other, names)
    rows = (f"| {_cell(kind)} | {' | '.join(difference_cells(row))} |" for kind, row in found.per_type.items())
    head = f"| type | {names[0]} | {names[1]} | difference | 95% interval | entities |\n|---|---:|---:|---:|---:|---:|"
    lines += _folded(f"F1 by type ({len(found.per_type)})", head, rows, TYPES_BYTES)
    lines += [f"Of {found.sentences:,} sentences: {count_changes(found)}.", ""]
    for kind in LISTED_KINDS:
        changes = [change for change in found.changes if change.kind == kind]
        if changes and show:
            title = f"{len(changes)} {kind} {'sentence' if len(changes) == 1 else 'sentences'}: {MEANING[kind]}"
            head = f"| | sentence | gold | {names[0]} | {names[1]} |\n|---:|---|---|---|---|"
            lines += _folded(title, head, map(_change, changes[:show]), SENTENCES_BYTES, len(changes))
    return "\n".join(lines).rstrip("\n")


def _inputs(first: SystemOutput, other: SystemOutput, names: Sequence[str]) -> list[str]:
    """Say what differs in params and inputs, or why that is not known."""
    if first.inputs is None or other.inputs is None:
        unknown = [_code(side.name) for side in (first, other) if side.inputs is None]
        reason = "a file names none, and neither does a `dvc repro` that did not finish"
        return [f"The params and inputs of {' and '.join(unknown)} are not known: {reason}.", ""]
    changes = changed_inputs(first.inputs, other.inputs)
    if not any(changes):
        return ["Params and inputs (data, code, pinned versions) are the same.", ""]
    return [*_params(changes, names), *_sources(changes)]


def _params(changes: InputChanges, names: Sequence[str]) -> list[str]:
    if not changes.params:
        return ["No param differs.", ""]
    rows = (f"| {_cell(key)} | {' | '.join(map(_value, values))} |" for key, values in changes.params.items())
    head = f"| param that differs | {names[0]} | {names[1]} |\n|---|---|---|"
    return [*_table(head, rows, PARAMS_BYTES), ""]


def _sources(changes: InputChanges) -> list[str]:
    if not changes.sources:
        return []
    shown = _that_fit((f"- {_code(path)}" for path in changes.sources), SOURCES_BYTES)
    return ["Inputs that differ:", "", *shown, *_left_out(len(changes.sources) - len(shown)), ""]


def _change(change: Change) -> str:
    sides = (_entities(entities) for entities in (change.gold, change.first, change.other))
    return f"| {change.sentence} | {_cell(change.text, SENTENCE_CHARACTERS)} | {' | '.join(sides)} |"


def _entities(entities: Sequence[WordEntity]) -> str:
    shown = [f"{_cell(entity.text)} ({_cell(entity.type)})" for entity in entities[:ENTITIES_SHOWN]]
    more = [f"{len(entities) - ENTITIES_SHOWN} more"] if len(entities) > ENTITIES_SHOWN else []
    return ", ".join([*shown, *more]) or "none"


def _folded(title: str, head: str, rows: Iterable[str], most: int, number: int = 0) -> list[str]:
    """Return a table that is shown only when its title is clicked."""
    return [f"<details><summary>{title}</summary>", "", *_table(head, rows, most, number), "", "</details>", ""]


def _table(head: str, rows: Iterable[str], most: int, number: int = 0) -> list[str]:
    """Return a table with as many rows as fit into `most` bytes.

    Args:
        head: The first two lines.
        rows: The rows.
        most: The number of bytes.
        number: The number of rows that there are in all, if it is larger than that of `rows`.
    """
    all_rows = list(rows)
    shown = _that_fit(all_rows, most)
    return [head, *shown, *_left_out(max(number, len(all_rows)) - len(shown))]


def _that_fit(lines: Iterable[str], most: int) -> list[str]:
    """Return the first lines that have at most `most` bytes together."""
    fitting = []
    for line in lines:
        most -= len(line.encode()) + 1
        if most < 0:
            break
        fitting.append(line)
    return fitting


def _left_out(number: int) -> list[str]:
    return ["", f"{number:,} more are left out here."] if number else []


def _value(value: Any) -> str:  # noqa: ANN401 - a param's value
    return "none" if value is None else _cell(str(value))


def _cell(text: str, most: int = NAME_CHARACTERS) -> str:
    """Write a text as code in a cell of a table, where a `|` needs a backslash, which is shown elsewhere."""
    return _code(text, most, in_table=True)


def _code(text: str, most: int = NAME_CHARACTERS, *, in_table: bool = False) -> str:
    return markdown_code(text if len(text) <= most else f"{text[:most]} ...", in_table=in_table) if text else "(empty)"
