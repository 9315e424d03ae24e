"""train: fine-tune the model, score dev each epoch, keep the best epoch."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from nerpipe.contracts.files import project_root, read_json, replacing, write_json
from nerpipe.params import load_params
from nerpipe.tokenizing.model_source import resolve_model
from nerpipe.training.parent_process import end_with_parent
from nerpipe.training.processes import rank, world_size
from nerpipe.training.run_folder import fingerprint, path_of, training_folder
from nerpipe.training.tracking import check_watcher, describe_run, start_watcher
from stages import ROOT, run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoded", type=Path, required=True, help="folder with labels.json and the dataset")
    parser.add_argument("--tokenized", type=Path, required=True, help="folder with the windows")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--report", type=Path, required=True, help="JSON for losses and dev scores by epoch")
    parser.add_argument("--curve", type=Path, required=True, help="JSON for the training loss along the way")
    parser.add_argument(
        "--pins", type=Path, required=True, help="requirements file with the versions that decide training"
    )
    flags = parser.parse_args()
    end_with_parent()
    params = load_params("params.yaml")
    resolve_model(params.model)
    check_watcher(params.report_to)
    labels = read_json(flags.encoded / "labels.json")

    first = rank() == 0
    if first:
        print("loading transformers ...", flush=True)
    from datasets import load_from_disk

    from nerpipe.tokenizing.tokenization import load_tokenizer
    from nerpipe.training.trainer import DevSplit, train_model

    options = {
        "lr": params.lr,
        "layer_decay": params.layer_decay,
        "epochs": params.epochs,
        "batch_size": params.batch_size,
        "weight_decay": params.weight_decay,
        "warmup": params.warmup,
        "word_embeddings": params.word_embeddings,
        "frozen_layers": params.frozen_layers,
        "attention_dropout": params.attention_dropout,
        "outside_bias": params.outside_bias,
        "patience": params.patience,
        "precision": params.precision,
        "seed": params.seed,
        "threads": params.threads,
    }
    code = [*sorted((ROOT / "src/nerpipe").glob("*.py")), ROOT / "stages/train.py", flags.pins]
    run_name = fingerprint(
        options | {"model": params.model, "processes": world_size()}, [flags.encoded, flags.tokenized, *code]
    )
    scratch_root = project_root() / ".nerpipe"
    windows = load_from_disk(str(flags.tokenized))
    dev = load_from_disk(str(flags.encoded / "dataset"))["dev"]
    gold = [[labels[index] for index in row] for row in dev["ner_tags"]]
    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    with training_folder(scratch_root, run_name) if first else nullcontext(path_of(scratch_root, run_name)) as scratch:
        result = train_model(
            params.model,
            tokenizer,
            windows["train"],
            DevSplit(windows["dev"], gold),
            labels,
            options=options,
            scratch=scratch,
            report_to=start_watcher(params.report_to, project_root() / "logs") if first else (),
        )
        if not first:
            return
        with replacing(flags.out) as folder:
            result.model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        write_json(flags.report, result.epochs)
        write_json(flags.curve, result.losses)
    steps = result.epochs[-1]["steps"]
    subwords = sum(map(len, windows["train"]["input_ids"])) * len(result.epochs)
    log = describe_run(result, subwords * (1 - result.resumed_at / steps))
    path = project_root() / "logs" / "train.json"
    write_json(path, log)
    best = next(row for row in result.epochs if row["best"])
    print(
        f"kept epoch {best['epoch']} of {params.epochs} (dev F1 {best['dev_f1']:.4f}); {log['seconds']:.0f} s, "
        f"{log['subwords_per_second']:.0f} sub-words/s, peak memory {log['peak_memory_mb']:.0f} MB; log: {path}"
    )


if __name__ == "__main__":
    run(main)
