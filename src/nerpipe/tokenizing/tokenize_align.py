"""The stage tokenize_align: it reads and writes the files."""

from pathlib import Path

from nerpipe.contracts.files import SPLITS, read_json, replacing, write_json
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.ledger import tallies
from nerpipe.contracts.terminal import say
from nerpipe.contracts.word_rules import CUT_SHARE, WORDS, share_cut
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
) -> None:
    """Split the sentences of the three splits into windows of labelled sub-words, and print one line for each split.

    If the word rule of plain text cuts many words of train, prediction asks the model for tags inside of the words that
    it was trained with. Every sub-word then carries a label in training, whatever `subword_labels` says.

    Args:
        encoded: The folder with labels.json, words.json and the dataset.
        ledger: The JSON file with the counts of encode_labels.
        out: The folder for the windows.
        report: The JSON file for the counts.
        model: As in params.yaml.
        max_length: As in params.yaml.
        stride: As in params.yaml.
        subword_labels: As in params.yaml.
        capitals: As in params.yaml.

    Raises:
        NerpipeError: If the model cannot be used, or if `window_dataset.tokenize_split` raises it.
    """
    resolve_model(model)
    labels = read_json(encoded / "labels.json")
    expected = tallies(read_json(ledger))
    cut = share_cut(read_json(encoded / WORDS))
    all_subwords = subword_labels == "all" or cut > CUT_SHARE

    from datasets import DatasetDict, load_from_disk

    from nerpipe.tokenizing.tokenizer import check_max_length, load_tokenizer
    from nerpipe.tokenizing.window_dataset import tokenize_split

    tokenizer = load_tokenizer(model, capitals=capitals)
    check_max_length(model, tokenizer, max_length)
    dataset = load_from_disk(str(encoded / "dataset"))
    windows, rows = DatasetDict(), []
    for split in SPLITS:
        windows[split], row = tokenize_split(
            tokenizer,
            dataset[split],
            labels,
            expected=expected[split],
            max_length=max_length,
            stride=stride,
            continuation=continuations(labels) if all_subwords else None,
        )
        rows.append(row)
    with replacing(out) as folder:
        windows.save_to_disk(str(folder))
    write_json(report, [{**row, "subword_labels": "all" if all_subwords else "first"} for row in rows])
    if all_subwords and subword_labels != "all":
        say(
            f"the word rule of plain text cuts {cut:.1%} of the words of train, so prediction asks for tags inside of "
            "words: every sub-word carries a label in training, as with subword_labels: all"
        )
    for row in rows:
        say(
            f"{row['split']}: {row['sentences']} sentences, {row['tokens']} tokens -> {row['windows']} windows, "
            f"{row['subwords']} sub-words; {row['words_without_subword']} words without a sub-word (predicted O), "
            f"{row['words_cut']} words shortened to the length of a window"
        )
        if row["words_unread"] > UNREAD_SHARE * row["tokens"]:
            say(f"warning: {unread_warning(row['words_unread'], row['tokens'], row['split'], model)}")
