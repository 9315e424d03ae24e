"""What can be found in a clean corpus without a model: one finding for each subject, in plain sentences."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nerpipe.contracts.conll import Sentence
from nerpipe.contracts.joining import Joining, join_words
from nerpipe.contracts.schemes import spans_of
from nerpipe.contracts.terminal import number_of
from nerpipe.corpus.clean_report import place_of
from nerpipe.corpus.duplicates import shared_sentences
from nerpipe.corpus.word_choice import RuleChoice

RARE = 20  # Entities of a type in train below which a model hardly learns it.
LOW_REACH = 0.95  # Share of entities in reach of plain text below which the finding is a warning.
SHOWN = 5  # Examples in a sentence.

SplitSentences = Mapping[str, Sequence[Sentence]]  # The sentences of each split.
Rows = Sequence[Mapping[str, Any]]  # The rows of clean.json.


class Notice(NamedTuple):
    """One thing that was found."""

    subject: str
    warning: bool  # Whether it should be looked at before training.
    text: str  # Sentences: what was found, and what to do.
    figures: dict[str, Any]


def _repairs(counts: Mapping[str, int]) -> str:
    """Count the repairs, and name their rules.

    >>> _repairs({"crlf": 210, "bom": 1})
    '211 repairs (210 crlf, 1 bom)'
    """
    named = ", ".join(f"{count:,} {rule}" for rule, count in Counter(counts).most_common())
    return number_of(sum(counts.values()), "repair") + (f" ({named})" if named else "")


def layout(rows: Rows) -> Notice:
    """Say how the files were read, and what was repaired and quarantined."""
    figures = {
        row["split"]: {
            name: row[name] for name in ("file", "layout", "scheme", "repairs", "rejected_sentences", "rejects")
        }
        for row in rows
    }
    files = [row for row in rows if row["split"] == "train" or not row["cut"]]
    said = "; ".join(
        f"{row['split']} is {row['file']}, with the token in {place_of(row['layout']['token'])} and the tag in "
        f"{place_of(row['layout']['tag'])}, tagged in {row['scheme']}, with " + _repairs(row["repairs"])
        for row in files
    )
    if cut := [row["split"] for row in rows if row not in files]:
        by = next(row["cut"]["by"] for row in rows if row["cut"])
        said += f"; {' and '.join(cut)} {'is' if len(cut) == 1 else 'are'} cut from train, by {by}"
    rejected = sum(row["rejected_sentences"] for row in files)
    text = f"The files can be read: {said}. No sentence is quarantined."
    if rejected:
        reasons = sum((Counter(row["rejects"]) for row in files), Counter[str]())
        why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        text = (
            f"The files can be read: {said}. In quarantine: {number_of(rejected, 'sentence')} ({why}). Correct the "
            "lines (docs/data.md says what each reason means), or raise max_rejected in params.yaml to train without "
            "them."
        )
    return Notice("layout", bool(rejected), text, figures)


def splits(rows: Rows) -> Notice:
    """Give the size of each split."""
    figures = {row["split"]: {name: row[name] for name in ("sentences", "tokens", "entities")} for row in rows}
    said = "; ".join(
        f"{split} has {number_of(counts['sentences'], 'sentence')}, {number_of(counts['tokens'], 'word')} and "
        f"{number_of(counts['entities'], 'entity')}"
        for split, counts in figures.items()
    )
    empty = [split for split, counts in figures.items() if not counts["entities"]]
    advice = f" There is no entity in {', '.join(empty)}: move sentences with entities there." if empty else ""
    return Notice("splits", bool(empty), f"The split {said}.{advice}", figures)


def types(rows: Rows) -> Notice:
    """Count the entities of each type, and name types that are rare or that train lacks."""
    counts = {row["split"]: dict(row["entities_by_type"]) for row in rows}
    train = counts["train"]
    rare = [kind for kind, count in train.items() if count < RARE]
    lacking = sorted({kind for split in counts.values() for kind in split} - set(train))
    said = ", ".join(f"{kind} {count:,}" for kind, count in sorted(train.items(), key=lambda item: (-item[1], item[0])))
    text = f"Entities in train by type: {said or 'none'}."
    if rare:
        text += (
            f" Rare in train, with fewer than {RARE}: {', '.join(rare)}. A model hardly learns these types: label more "
            "of them, or merge them into other types."
        )
    if lacking:
        text += (
            f" Only in dev or test: {', '.join(lacking)}. No model can learn these types: correct the tags, move "
            "sentences into train, or set unknown_labels: outside in params.yaml."
        )
    return Notice("types", bool(rare or lacking), text, {"by_type": counts, "rare": rare, "not_in_train": lacking})


def shared(rows: Rows) -> Notice:
    """Count sentences that occur twice or in two splits."""
    figures = {row["split"]: {name: row[name] for name in ("duplicate_sentences", "sentences_also_in")} for row in rows}
    found = shared_sentences(rows)
    text = f"{' '.join(found)} Remove one copy of each." if found else "No sentence occurs twice or in two splits."
    return Notice("shared_sentences", bool(found), text, figures)


def surfaces(corpus: SplitSentences, joining: Joining) -> Notice:
    """Find texts that are entities of different types in train.

    Args:
        corpus: The sentences of each split.
        joining: How words become text.
    """
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence in corpus["train"]:
        for span in spans_of(sentence.tags):
            kinds[join_words(sentence.tokens[span.start : span.end], joining)[0]][span.type] += 1
    several = {surface: counts for surface, counts in kinds.items() if len(counts) > 1}
    ranked = sorted(several.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    figures = {"surfaces": len(kinds), "of_several_types": {surface: dict(counts) for surface, counts in ranked}}
    if not several:
        return Notice("surfaces", warning=False, text="No text is an entity of two types in train.", figures=figures)
    said = "; ".join(
        f"{surface} ({', '.join(f'{kind} {count}' for kind, count in counts.most_common())})"
        for surface, counts in ranked[:SHOWN]
    )
    text = (
        f"{len(several):,} of {len(kinds):,} different entity texts have several types in train, such as {said}. Look "
        "at them: some are labelled wrongly, others really mean two things."
    )
    return Notice("surfaces", warning=True, text=text, figures=figures)


def plain_text(choice: RuleChoice) -> Notice:
    """Give the share of entities of train that prediction from plain text could find under the best word rule."""
    best = choice.best
    share = best.entities_in_reach / max(best.entities, 1)
    text = (
        f"From plain text, `nerpipe predict` could find {share:.1%} of the entities of train, by the word rule "
        f"{choice.rule} (F1 of words {100 * best.f1:.1f})."
    )
    if best.entities_in_reach < best.entities:
        text += " The others begin or end inside of a word of that rule."
    low = best.entities > 0 and share < LOW_REACH
    if low:
        text += " Split such text with a tool for its language, and predict with --from conll."
    return Notice("plain_text", low, text, {"rules": choice.rows(), **choice.content(), "in_reach": share})
