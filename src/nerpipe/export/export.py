"""The stage export, from files to files."""

from dataclasses import replace
from pathlib import Path

from nerpipe.contracts.files import REBUILD, replacing, sha256_of, write_json
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.ledger import Tally, read_counts, tallies
from nerpipe.contracts.pins import check_pins
from nerpipe.contracts.reports import CleanRow, CountRow, MainScores, SignedRow, TypeRow
from nerpipe.contracts.shapes import read_shaped
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import say
from nerpipe.contracts.word_rules import read_word_choice, used_subword_labels
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.evaluate import EVALUATED
from nerpipe.params import Params
from nerpipe.prediction.exported_folder import ONNX, data_file


def export(
    *,
    model: Path,
    encoded: Path,
    predictions: Path,
    clean_report: Path,
    encode_report: Path,
    metrics: Path,
    averages: Path,
    per_type: Path,
    pins: Path,
    onnx_pins: Path,
    report: Path,
    out: Path,
    params: Params,
) -> None:
    """Write the deployable folder, check that it predicts the same as the trained model, and print the ONNX scores.

    Args:
        model: The folder of the trained model.
        encoded: The folder with labels.json, words.json and the data set.
        predictions: The folder with {dev,test}.conll, which the trained model predicted.
        clean_report: The JSON file with the counts of clean_conll.
        encode_report: The JSON file with the counts of encode_labels.
        metrics: The JSON file with the headline metrics.
        averages: The JSON file with the averages over a split and their signatures.
        per_type: The JSON file with the scores by entity type.
        pins: The requirements file with the package versions that affect training.
        onnx_pins: The requirements file with the package versions that affect the ONNX files.
        report: The JSON file to write, with the comparison of the ONNX files with PyTorch on dev.
        out: The folder to write.
        params: All params of params.yaml. The card lists them, with the `subword_labels` that training used.

    Raises:
        NerpipeError: If other versions are installed than the two files say, the folder does not predict the same, or
            the fp32 ONNX network differs from PyTorch.
    """
    check_pins(pins, onnx_pins)
    expected = tallies(read_counts(encode_report, CountRow))["dev"]
    found = read_word_choice(encoded)
    word_rule = found["rule"]
    params = replace(params, subword_labels=used_subword_labels(params.subword_labels, found))
    scores = read_shaped(metrics, MainScores), _read_signatures(averages)
    reports = read_counts(clean_report, CleanRow), *scores, _read_types(per_type)
    say("loading transformers ...")
    import torch

    from nerpipe.export.calibration import sample_of
    from nerpipe.export.card import model_card
    from nerpipe.export.examples import examples_of
    from nerpipe.export.folder import save_folder, seal_folder, write_onnx
    from nerpipe.export.network_comparison import comparison_rows, network_in_words
    from nerpipe.export.ties import ties_in_words
    from nerpipe.inference.word_predictions import load_trained

    torch.set_num_threads(params.threads)  # The same number as in evaluate, whose predictions are compared.
    dev = predictions / "dev.conll"
    with replacing(out) as folder:
        save_folder(folder, *load_trained(model), params, word_rule=word_rule)
        words, ties = _prove(folder, encoded, dev, expected, params)
        say("writing ONNX and comparing it on dev ...")
        networks = write_onnx(folder, sample_of(encoded), dev, params)
        card = model_card(
            params,
            *reports,
            pins.read_text(encoding="utf-8"),
            sha256_of(model / "model.safetensors"),
            networks,
            word_rule,
            ties=ties,
            data_files=[name for name in ONNX.values() if data_file(folder / name).exists()],
            examples=examples_of(encoded),
        )
        seal_folder(folder, card)
    write_json(report, comparison_rows(networks, ties))
    same = f"the same tags as the trained model for all {words} dev words{' but those of ties' if ties else ''}"
    say(f"exported to {out}: the exported model predicts {same}{ties_in_words(ties)}")
    for network in networks:
        say(f"  {ONNX[network.precision]}: {network_in_words(network, params.int8_max_f1_drop)}")


def _read_signatures(averages: Path) -> dict[str, str]:
    """Read the signatures of the F1 of test and dev. Each is in the first row of its split."""
    rows = read_shaped(averages, list[SignedRow])
    found = {row["split"]: row["signature"] for row in reversed(rows)}
    missing = [split for split in EVALUATED if split not in found]
    if missing:
        raise NerpipeError(f"{averages}: the scores of {' and '.join(missing)} are not in this file; {REBUILD}")
    return {split: found[split] for split in EVALUATED}


def _read_types(per_type: Path) -> list[TypeRow]:
    rows = read_shaped(per_type, list[TypeRow])
    if not rows:
        raise NerpipeError(f"{per_type}: no entity type is in this file; {REBUILD}")
    return rows


def _prove(folder: Path, encoded: Path, dev: Path, expected: Tally, params: Params) -> tuple[int, int]:
    """Load the exported model and compare its predictions on dev with those of the trained model.

    The exported tokenizer cuts dev into windows.

    Returns:
        The number of words compared, and the number of sentences that are ties.
    """
    from nerpipe.export.folder import check_same_predictions
    from nerpipe.inference.decoding import DecodingWeights
    from nerpipe.inference.device_choice import choose_device
    from nerpipe.inference.word_predictions import load_trained
    from nerpipe.tokenizing.window_dataset import tokenize_split

    model, tokenizer, labels = load_trained(folder)
    model.to(choose_device(params.device))
    windows, _ = tokenize_split(
        tokenizer,
        load_splits(encoded / "dataset", "tokens", "ner_tags")["dev"],
        labels,
        expected=expected,
        max_length=params.max_length,
        stride=params.stride,
        continuation=continuations(labels) if params.subword_labels == "all" else None,
    )
    return check_same_predictions(
        model,
        windows,
        dev,
        labels=labels,
        pad_id=tokenizer.pad_token_id,
        expected=expected,
        weights=DecodingWeights(params.outside_bias, params.adjoining_penalty),
    )
