"""The stage tokenize_align: it reads and writes the files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from nerpipe.contracts.files import SPLITS, replacing, write_json
from nerpipe.contracts.labels import continuations, read_labels
from nerpipe.contracts.ledger import read_counts, tallies
from nerpipe.contracts.reports import CountRow
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import number_of, say
from nerpipe.contracts.views import BIAS, UNLABELLED, VIEWS, Views
from nerpipe.contracts.word_rules import read_word_choice, share_cut, used_subword_labels
from nerpipe.tokenizing.model_source import resolve_model
from nerpipe.tokenizing.subwords import UNREAD_SHARE, unread_warning


def tokenize_align(
    *,
    encoded: Path,
    ledger: Path,
    out: Path,
    report: Path,
    model: str,
    max_length: int,
    stride: int,
    subword_labels: str,
    capitals: str,
    teach: Callable[[Sequence[str], str], Views] | None = None,
) -> None:
    """Split the sentences of the three splits into windows of labelled sub-words, and print one line for each split.

    Args:
        encoded: The folder with labels.json, words.json and the dataset.
        ledger: The JSON file with the counts of encode_labels.
        out: The folder for the windows.
        report: The JSON file for the counts.
        model: As in params.yaml.
        max_length: As in params.yaml.
        stride: As in params.yaml.
        subword_labels: As in params.yaml; see `word_rules.used_subword_labels`.
        capitals: As in params.yaml.
        teach: A function that takes the labels and the name of the word rule, and returns texts without labels and what
            a teacher says of them. None if there is no teacher.

    Raises:
        NerpipeError: If the model cannot be used, or if `window_dataset.tokenize_split` or `teach` raises it.
    """
    resolve_model(model)
    labels = read_labels(encoded / "labels.json")
    expected = tallies(read_counts(ledger, CountRow))
    words = read_word_choice(encoded)
    used_labels = used_subword_labels(subword_labels, words)

    import numpy as np
    from datasets import DatasetDict

    from nerpipe.tokenizing.tokenizer import check_max_length, load_tokenizer
    from nerpipe.tokenizing.view_windows import tokenize_views
    from nerpipe.tokenizing.window_dataset import tokenize_split

    tokenizer = load_tokenizer(model, capitals=capitals)
    check_max_length(model, tokenizer, max_length)
    dataset = load_splits(encoded / "dataset", "tokens", "ner_tags")
    continuation = continuations(labels) if used_labels == "all" else None
    windows, rows, taught = DatasetDict(), [], None
    for split in SPLITS:
        windows[split], row = tokenize_split(
            tokenizer,
            dataset[split],
            labels,
            expected=expected[split],
            max_length=max_length,
            stride=stride,
            continuation=continuation,
        )
        rows.append(row)
    if teach:
        taught, row = tokenize_views(
            tokenizer,
            teach(labels, words["rule"]),
            labels,
            max_length=max_length,
            stride=stride,
            continuation=continuation,
        )
        windows[UNLABELLED] = taught.windows
        rows.append(row)
    with replacing(out) as folder:
        windows.save_to_disk(str(folder))
        if taught:
            np.save(folder / VIEWS, taught.probabilities)
            write_json(folder / BIAS, {"outside_bias": taught.outside_bias})
    write_json(report, [{**row, "subword_labels": used_labels} for row in rows])
    if (subword_labels, used_labels) == ("auto", "all"):
        say(
            f"the word rule of plain text cuts {share_cut(words):.1%} of the words of train, so prediction asks for "
            "tags inside of words: every sub-word carries a label in training (subword_labels: auto)"
        )
    for row in rows:
        say(
            f"{row['split']}: {number_of(row['sentences'], 'sentence')}, {number_of(row['tokens'], 'token')} -> "
            f"{number_of(row['windows'], 'window')}, {number_of(row['subwords'], 'sub-word')}; "
            f"{number_of(row['words_without_subword'], 'word')} without a sub-word (predicted O), "
            f"{number_of(row['words_cut'], 'word')} shortened to the length of a window"
        )
        if row["words_unread"] > UNREAD_SHARE * row["tokens"]:
            say(f"warning: {unread_warning(row['words_unread'], row['tokens'], row['split'], model)}")
