"""evaluate: predict dev and test word by word, and report on every gold word and entity of the clean files."""

import argparse
from pathlib import Path

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.files import read_json, replacing, write_json
from nerpipe.contracts.ledger import tallies
from nerpipe.params import load_params
from stages import run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=Path, required=True, help="folder with the canonical splits: the gold")
    parser.add_argument("--ledger", type=Path, required=True, help="what clean_conll counted")
    parser.add_argument("--tokenized", type=Path, required=True, help="folder with the windows")
    parser.add_argument("--model", type=Path, required=True, help="folder of the trained model")
    parser.add_argument("--predictions", type=Path, required=True, help="folder for {dev,test}.conll")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON for the headline")
    parser.add_argument("--counts", type=Path, required=True, help="JSON for the counts")
    parser.add_argument("--tables", type=Path, required=True, help="folder for a JSON a table")
    parser.add_argument("--reports", type=Path, required=True, help="folder for errors.html and a CSV a table")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    ledger = tallies(read_json(flags.ledger))

    print("loading transformers ...", flush=True)
    import torch
    from datasets import load_from_disk

    from nerpipe.evaluation.breakdowns import surfaces_in
    from nerpipe.evaluation.error_page import page_split, write_page
    from nerpipe.evaluation.report import headline, join_tables, records, report_split
    from nerpipe.evaluation.score_table import note_on, print_report
    from nerpipe.evaluation.seqeval_check import check_against_seqeval
    from nerpipe.evaluation.split_predictions import predict_split, write_predictions
    from nerpipe.inference.word_predictions import load_trained

    torch.set_num_threads(params.threads)
    model, tokenizer, labels = load_trained(flags.model)
    windows = load_from_disk(str(flags.tokenized))
    known = surfaces_in(read_conll(flags.clean / "train.conll"))
    reports, pages = [], []
    with replacing(flags.predictions) as folder:
        folder.mkdir()
        for split in ("test", "dev"):
            predicted = predict_split(
                model,
                windows[split],
                flags.clean / f"{split}.conll",
                labels=labels,
                expected=ledger[split],
                pad_id=tokenizer.pad_token_id,
            )
            write_predictions(folder / f"{split}.conll", predicted)
            report = report_split(split, predicted, known, resamples=params.bootstrap, seed=params.seed)
            check_against_seqeval(predicted.gold, predicted.predicted, report.scores)
            reports.append(report)
            pages.append(page_split(report, predicted, known))
    tables = join_tables(reports)
    with replacing(flags.reports) as folder:
        write_page(folder / "errors.html", pages, dataset=params.dataset, note=note_on(params.dataset))
        for name, frame in tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    for name, frame in tables.items():
        write_json(flags.tables / f"{name}.json", records(frame))
    write_json(flags.counts, [report.counts for report in reports])
    metrics = headline(reports, params.dataset)
    write_json(flags.metrics, metrics)
    print_report(metrics, tables)


if __name__ == "__main__":
    run(main)
