"""The stage train: it reads its input files, fine-tunes a model, and writes its output files."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.files import project_root, replacing, write_json
from nerpipe.contracts.labels import read_labels
from nerpipe.contracts.ledger import Tally, check_joint, tally
from nerpipe.contracts.pins import check_pins
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import say
from nerpipe.contracts.views import read_taught
from nerpipe.inference.device_choice import choose_device
from nerpipe.tokenizing.model_source import resolve_model
from nerpipe.training.processes import check_processes, rank, world_size
from nerpipe.training.run_folder import code_of, run_fingerprint, run_folder_of, training_folder
from nerpipe.training.settings import TrainSettings
from nerpipe.training.tracking import PeakMemory, check_tracker, describe_run, start_tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasets import Dataset

    from nerpipe.training.fine_tuning import TrainResult


def train(
    *,
    clean_dev: Path,
    encoded: Path,
    tokenized: Path,
    out: Path,
    report: Path,
    curve: Path,
    pins: Path,
    model: str,
    capitals: str,
    report_to: str,
    settings: TrainSettings,
) -> None:
    """Fine-tune a model, keep the last epoch with one of the best dev F1, and print its number.

    Under torchrun every process calls this function, but only the first process writes the outputs.

    Args:
        clean_dev: The canonical CoNLL file of dev. Its gold tags are scored, as evaluate does: an entity of a type that
            the model does not know is one that it misses.
        encoded: The folder with labels.json and the dataset.
        tokenized: The folder with the windows.
        out: The folder to write the model to.
        report: The JSON file to write the losses and dev scores of each epoch to.
        curve: The JSON file to write the training loss to, at regular steps of the run.
        pins: The requirements file with the versions of the packages that the result depends on.
        model: The value of `model` in params.yaml.
        capitals: The value of `capitals` in params.yaml.
        report_to: The value of `report_to` in params.yaml. It changes no output.
        settings: The other params of the run.

    Raises:
        NerpipeError: If half of the variables of torchrun are set, other versions are installed than `pins` says, the
            model cannot be used, `report_to` is not installed, another process trains the same model, dev has other
            sentences or words in `clean_dev` than in `encoded`, or training fails; see `fine_tuning.train_model`.
    """
    check_processes()
    check_pins(pins)
    resolve_model(model)
    check_tracker(report_to)
    labels = read_labels(encoded / "labels.json")
    first = rank() == 0
    if first:
        say("loading transformers ...")
    from nerpipe.tokenizing.tokenizer import load_tokenizer
    from nerpipe.training.dev_scores import DevSplit
    from nerpipe.training.fine_tuning import train_model
    from nerpipe.training.mixed_precision import is_mixed

    options = asdict(settings) | {"model": model, "capitals": capitals, "processes": world_size()}
    # Another device or number format would give other bits, and other dev scores for the same weights.
    device = choose_device(settings.device)
    options |= {"device": device, "mixed": is_mixed(settings.precision, device)}
    run_name = run_fingerprint(options, [clean_dev, encoded, tokenized, pins, *code_of("train")])
    root, logs = project_root() / ".nerpipe", project_root() / "logs"
    windows = load_splits(tokenized)
    taught = read_taught(tokenized, windows, len(labels))
    gold = [sentence.tags for sentence in read_conll(clean_dev)]
    lengths = [len(row) for row in load_splits(encoded / "dataset", "ner_tags")["dev"]["ner_tags"]]
    counted = tally(gold)
    check_joint("encode_labels -> train, split dev", Tally(len(lengths), sum(lengths), counted.entities), counted)
    tokenizer = load_tokenizer(model, capitals=capitals)
    folder = training_folder(root, run_name) if first else nullcontext(run_folder_of(root, run_name))
    with PeakMemory() as memory, folder as scratch:
        result = train_model(
            model,
            tokenizer,
            windows["train"],
            DevSplit(windows["dev"], gold),
            labels,
            settings=settings,
            scratch=scratch,
            taught=taught,
            report_to=start_tracker(report_to, logs) if first else (),
        )
        if not first:
            return
        with replacing(out) as target:
            result.model.save_pretrained(target)
            tokenizer.save_pretrained(target)
        write_json(report, result.epochs)
        write_json(curve, result.losses)
    shown = [windows["train"], taught.windows] if taught else [windows["train"]]
    log = describe_run(result, _subwords_seen(result, shown), memory.peak_mb)
    write_json(logs / "train.json", log)
    _say(result, settings, log, logs / "train.json")


def _subwords_seen(result: "TrainResult", shown: "Sequence[Dataset]") -> float:
    """Count the sub-words that were trained on since the run was started or resumed."""
    steps = result.epochs[-1]["steps"]
    subwords = sum(len(ids) for windows in shown for ids in windows["input_ids"]) * len(result.epochs)
    return subwords * (1 - result.resumed_at / steps)


def _say(result: "TrainResult", settings: TrainSettings, log: dict[str, Any], path: Path) -> None:
    best = next(row for row in result.epochs if row["best"])
    say(
        f"kept epoch {best['epoch']} of {settings.epochs} (dev F1 {best['dev_f1']:.4f}); {log['seconds']:.0f} s, "
        f"{log['subwords_per_second']:.0f} sub-words/s, peak memory {log['peak_memory_mb']:.0f} MB; log: {path}"
    )
