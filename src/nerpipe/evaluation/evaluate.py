"""The stage evaluate, from files to files."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.conll import read_training
from nerpipe.contracts.files import EXTRA, replacing, write_json
from nerpipe.contracts.ledger import Tally, check_joint, read_counts, tallies, tally
from nerpipe.contracts.reports import CountRow
from nerpipe.contracts.schemes import split_tag
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import say
from nerpipe.evaluation.dev_check import compare_dev_f1, read_best_f1
from nerpipe.params import Params

if TYPE_CHECKING:
    from nerpipe.evaluation.report import SplitReport
    from nerpipe.evaluation.split_predictions import PredictedSplit

EVALUATED = ("test", "dev")
# No prediction depends on these params. The page leaves them out, because DVC may restore a page with old values.
WITHOUT_EFFECT = ("int8_max_f1_drop", "report_to", "launcher")


def evaluate(
    *,
    clean: Path,
    ledger: Path,
    tokenized: Path,
    model: Path,
    train_report: Path,
    predictions: Path,
    metrics: Path,
    counts: Path,
    tables: Path,
    reports: Path,
    params: Params,
) -> None:
    """Predict dev and test, report on every gold word and entity of the clean files, and print the F1 of both.

    Args:
        clean: The folder with the canonical CoNLL files, which hold the gold tags.
        ledger: The JSON file with the counts of clean_conll.
        tokenized: The folder with the windows.
        model: The folder of the trained model.
        train_report: The JSON file with the dev scores of each epoch, from the stage train.
        predictions: The folder to write, with {dev,test}.conll.
        metrics: The JSON file to write, with the headline metrics.
        counts: The JSON file to write, with the counts of the ledger.
        tables: The folder in which one JSON file is written for each table.
        reports: The folder to write, with errors.html, one CSV file for each table, and the folder min_confidence.
        params: All params of params.yaml. The page lists them, but for those of WITHOUT_EFFECT.

    Raises:
        NerpipeError: If a count differs from that of clean_conll, a score from that of seqeval, or the dev F1 from that
            of the stage train, or the device cannot be used.
    """
    counted = tallies(read_counts(ledger, CountRow))
    trained_f1 = read_best_f1(train_report)
    say("loading transformers ...")
    from nerpipe.evaluation.breakdowns import surfaces_in
    from nerpipe.evaluation.error_page import page_split, write_page
    from nerpipe.evaluation.headline import headline
    from nerpipe.evaluation.report import join_tables, report_split
    from nerpipe.evaluation.report_files import write_csv, write_rows
    from nerpipe.evaluation.score_table import headline_in_words, note_on
    from nerpipe.evaluation.seqeval_check import check_against_seqeval
    from nerpipe.evaluation.signed_report import signed_report
    from nerpipe.evaluation.split_predictions import write_predictions
    from nerpipe.evaluation.wanted_precision import choose_for_types, precision_table, write_least

    _check_training(clean, counted)
    known = surfaces_in(read_training(clean))
    types, found = _predict(clean, tokenized, model, counted, params)
    split_reports: list[SplitReport] = []
    for name, split in found.items():
        report = report_split(name, split, known, resamples=params.bootstrap, seed=params.seed)
        check_against_seqeval(split.gold, split.predicted, report.scores)
        split_reports.append(signed_report(report, split))
    dev = next(report for report in split_reports if report.name == "dev")
    compared = compare_dev_f1(trained_f1, dev.scores.readings["conlleval"].f1, train_report)
    least = choose_for_types(dev.match, dev.confidence, types)
    frames = join_tables(split_reports) | {"min_confidence": precision_table(split_reports, least)}
    with replacing(predictions) as folder:
        folder.mkdir()
        for name, split in found.items():
            write_predictions(folder / f"{name}.conll", split)
    with replacing(reports) as folder:
        pages = [page_split(report, found[report.name], known) for report in split_reports]
        write_page(
            folder / "errors.html",
            pages,
            dataset=params.dataset,
            note=note_on(params.dataset),
            model=f"fine-tuned from {params.model}",
            params={key: value for key, value in asdict(params).items() if key not in WITHOUT_EFFECT},
        )
        write_csv(folder, frames)
        write_least(folder / "min_confidence", least)
    write_rows(tables, frames)
    write_json(counts, [report.counts for report in split_reports])
    figures = headline(split_reports, params.dataset)
    write_json(metrics, figures)
    for line in (headline_in_words(figures), *frames["notes"]["note"], compared):
        say(line)


def _check_training(clean: Path, counted: Mapping[str, Tally]) -> None:
    """Check that train, whose names are known, holds what clean_conll counted."""
    parts = [counted[name] for name in ("train", EXTRA) if name in counted]
    expected = Tally(*(sum(counts) for counts in zip(*parts, strict=True)))
    found = tally(sentence.tags for sentence in read_training(clean))
    check_joint("clean_conll -> evaluate, split train", expected, found)


def _predict(
    clean: Path,
    tokenized: Path,
    folder: Path,
    counted: Mapping[str, Tally],
    params: Params,
) -> "tuple[list[str], dict[str, PredictedSplit]]":
    """Predict each evaluated split with the trained model. Also return the entity types of the model."""
    import torch

    from nerpipe.evaluation.split_predictions import predict_split
    from nerpipe.inference.decoding import DecodingWeights
    from nerpipe.inference.device_choice import choose_device
    from nerpipe.inference.word_predictions import load_trained

    torch.set_num_threads(params.threads)
    chosen = choose_device(params.device)
    model, tokenizer, labels = load_trained(folder)
    model.to(chosen)
    windows = load_splits(tokenized)
    predicted = {
        split: predict_split(
            model,
            windows[split],
            clean / f"{split}.conll",
            labels=labels,
            expected=counted[split],
            pad_id=tokenizer.pad_token_id,
            weights=DecodingWeights(params.outside_bias, params.adjoining_penalty),
        )
        for split in EVALUATED
    }
    return sorted({split_tag(label)[1] for label in labels} - {""}), predicted
