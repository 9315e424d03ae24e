"""tokenize_align: windows of sub-words with labels, such that every word is predicted exactly once."""

import argparse
from pathlib import Path

from nerpipe.contracts.files import SPLITS, read_json, replacing, write_json
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.ledger import tallies
from nerpipe.params import load_params
from nerpipe.tokenizing.model_source import resolve_model
from stages import run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoded", type=Path, required=True, help="folder with labels.json and the dataset")
    parser.add_argument("--ledger", type=Path, required=True, help="what encode_labels counted")
    parser.add_argument("--out", type=Path, required=True, help="folder for the windows")
    parser.add_argument("--report", type=Path, required=True, help="JSON for the counts")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    resolve_model(params.model)
    labels = read_json(flags.encoded / "labels.json")
    expected = tallies(read_json(flags.ledger))

    from datasets import DatasetDict, load_from_disk

    from nerpipe.tokenizing.tokenization import check_max_length, load_tokenizer, tokenize_split

    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    check_max_length(params.model, tokenizer, params.max_length)
    encoded = load_from_disk(str(flags.encoded / "dataset"))
    windows, report = DatasetDict(), []
    for split in SPLITS:
        windows[split], row = tokenize_split(
            tokenizer,
            encoded[split],
            labels,
            expected=expected[split],
            max_length=params.max_length,
            stride=params.stride,
            continuation=continuations(labels) if params.subword_labels == "all" else None,
        )
        report.append(row)
    with replacing(flags.out) as folder:
        windows.save_to_disk(str(folder))
    write_json(flags.report, report)
    for row in report:
        print(
            f"{row['split']}: {row['sentences']} sentences, {row['tokens']} tokens -> {row['windows']} windows, "
            f"{row['subwords']} sub-words; {row['words_without_subword']} words without a sub-word (predicted O), "
            f"{row['words_cut']} words cut to a window"
        )


if __name__ == "__main__":
    run(main)
