"""Entity types: renamed, merged or dropped as corpus.yaml says, and names that look like slips."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import yaml_text

NEAR = 0.8  # Likeness of two names, as difflib measures it, from which on one is taken for a slip of the other.


def rename(tags: Sequence[str], types: Mapping[str, str], counts: Counter[str]) -> list[str]:
    """Rename the types of one sentence's IOB2 tags.

    Two entities stay two, even if they touch and get one name.

    >>> counts = Counter()
    >>> rename(["B-a", "B-b", "I-b", "B-c"], {"b": "a", "c": "O"}, counts)
    ['B-a', 'B-a', 'I-a', 'O']

    Args:
        tags: The tags.
        types: For each old type the new one, or `O` to drop its entities.
        counts: It counts the entities by old type.
    """
    renamed = []
    for tag in tags:
        new = types.get(tag[2:])
        if new is None or tag == OUTSIDE:
            renamed.append(tag)
            continue
        counts[tag[2:]] += tag[0] == "B"
        renamed.append(OUTSIDE if new == OUTSIDE else tag[:2] + new)
    return renamed


def check_renamed(types: Mapping[str, str], counts: Counter[str], found: Iterable[str], place: Path) -> None:
    """Check that each type that corpus.yaml renames occurs in the corpus.

    Raises:
        NerpipeError: If one does not. The message says which type it may be a slip of.
    """
    known = sorted({*found, *counts})
    problems = []
    for old in types:
        if not counts[old]:
            near = nearest_type(old, known)
            hint = f"did you mean {near!r}?" if near else f"types of the corpus: {', '.join(known) or 'none'}"
            problems.append(f"[{place} -> types.{old}] no entity of the corpus has the type {old!r}; {hint}")
    if problems:
        raise NerpipeError("\n".join(problems))


def doubtful_types(by_split: Mapping[str, Iterable[str]], place: Path) -> list[str]:
    """Return a sentence for each pair of types that may be one: they differ in case alone, or dev or test has a slip.

    Each sentence ends with the line to put into corpus.yaml.
    """
    splits = {split: set(types) for split, types in by_split.items()}
    train = splits.get("train", set())
    said: dict[str, str] = {}
    for split, types in splits.items():
        for kind in sorted(types):
            others = train - {kind} if kind not in train else set()
            same = sorted(other for each in splits.values() for other in each if _same(other, kind) and other < kind)
            near = same[0] if same else nearest_type(kind, sorted(others))
            if near and kind not in said:
                what = "differ in case alone" if same else f"are nearly the same, and train has no {kind!r}"
                said[kind] = (
                    f"the types {near!r} and {kind!r} ({split}) {what}; did you mean {near!r}? If they are one, put "
                    f"this line into {place}:\n    types: {{{yaml_text(kind)}: {yaml_text(near)}}}"
                )
    return list(said.values())


def _same(one: str, two: str) -> bool:
    return one != two and one.casefold() == two.casefold()


def nearest_type(name: str, known: Sequence[str]) -> str | None:
    """Return the known type of which a name is likely a slip, or None.

    >>> nearest_type("Locations", ["person", "location"])
    'location'
    """
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=NEAR)
    return folded[near[0]] if near else None
