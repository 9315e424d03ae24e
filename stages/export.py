"""export: the deployable folder, loaded back and proved to predict what the trained model predicted."""

import argparse
from pathlib import Path

from nerpipe.contracts.files import read_json, replacing, sha256_of, write_json
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.ledger import tallies
from nerpipe.params import load_params
from nerpipe.prediction.exported_folder import ONNX
from stages import run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the trained model")
    parser.add_argument("--encoded", type=Path, required=True, help="folder with labels.json and the dataset")
    parser.add_argument(
        "--predictions", type=Path, required=True, help="folder with the trained model's {dev,test}.conll"
    )
    parser.add_argument("--clean-report", type=Path, required=True, help="JSON of clean_conll")
    parser.add_argument("--encode-report", type=Path, required=True, help="JSON of encode_labels")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON with the headline")
    parser.add_argument("--per-type", type=Path, required=True, help="JSON with the scores by entity type")
    parser.add_argument(
        "--pins", type=Path, required=True, help="requirements file with the versions that decide training"
    )
    parser.add_argument("--report", type=Path, required=True, help="JSON to write: how the ONNX files do on dev")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    expected = tallies(read_json(flags.encode_report))["dev"]

    print("loading transformers ...", flush=True)
    import torch
    from datasets import load_from_disk

    from nerpipe.export.folder import check_same_predictions, model_card, save_folder, seal_folder, write_onnx
    from nerpipe.export.network_comparison import comparison_rows, in_words
    from nerpipe.inference.word_predictions import load_trained
    from nerpipe.tokenizing.tokenization import tokenize_split

    torch.set_num_threads(params.threads)  # as in evaluate, whose predictions are compared
    with replacing(flags.out) as folder:
        trained, tokenizer, labels = load_trained(flags.model)
        save_folder(folder, trained, tokenizer, labels, params)
        model, tokenizer, labels = load_trained(folder)
        windows, _ = tokenize_split(
            tokenizer,
            load_from_disk(str(flags.encoded / "dataset"))["dev"],
            labels,
            expected=expected,
            max_length=params.max_length,
            stride=params.stride,
            continuation=continuations(labels) if params.subword_labels == "all" else None,
        )
        words = check_same_predictions(
            model, windows, flags.predictions / "dev.conll", labels=labels, pad_id=tokenizer.pad_token_id
        )
        print("writing ONNX and comparing it on dev ...", flush=True)
        networks = write_onnx(folder, flags.predictions / "dev.conll", params)
        card = model_card(
            params,
            read_json(flags.clean_report),
            read_json(flags.metrics),
            read_json(flags.per_type),
            flags.pins.read_text(encoding="utf-8"),
            sha256_of(flags.model / "model.safetensors"),
            networks,
        )
        seal_folder(folder, card)
    write_json(flags.report, comparison_rows(networks))
    print(f"exported to {flags.out}: loaded back, it predicts all {words} words of dev as the trained model did")
    for network in networks:
        print(f"  {ONNX[network.precision]}: {in_words(network, params.int8_max_f1_drop)}")


if __name__ == "__main__":
    run(main)
