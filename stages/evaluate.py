"""evaluate: predict dev and test word by word, and score every gold word and entity of the clean files."""

import argparse
from pathlib import Path

from nerpipe.files import read_json, replacing, write_json
from nerpipe.ledger import tallies
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
    parser.add_argument("--per-type", type=Path, required=True, help="JSON for the scores by entity type")
    parser.add_argument("--report", type=Path, required=True, help="JSON for the counts")
    parser.add_argument("--confusion", type=Path, required=True, help="JSON for the confusion plot")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    ledger = tallies(read_json(flags.ledger))

    print("loading transformers ...", flush=True)
    import torch
    from datasets import load_from_disk

    from nerpipe.inference import load_trained
    from nerpipe.reporting import confusion, evaluate_split, read_predictions
    from nerpipe.tables import print_scores

    torch.set_num_threads(params.threads)
    model, tokenizer, labels = load_trained(flags.model)
    windows = load_from_disk(str(flags.tokenized))
    headline: dict[str, dict[str, float]] = {}
    per_type, counts = [], []
    with replacing(flags.predictions) as folder:
        folder.mkdir()
        for split in ("dev", "test"):
            headline[split], rows, row = evaluate_split(
                model,
                windows[split],
                flags.clean / f"{split}.conll",
                folder / f"{split}.conll",
                split=split,
                labels=labels,
                expected=ledger[split],
                pad_id=tokenizer.pad_token_id,
            )
            per_type += rows
            counts.append(row)
        write_json(flags.confusion, confusion(read_predictions(folder / "test.conll")))
    metrics = {"dataset": params.dataset, **headline}
    write_json(flags.metrics, metrics)
    write_json(flags.per_type, per_type)
    write_json(flags.report, counts)
    print_scores(metrics, per_type)


if __name__ == "__main__":
    run(main)
