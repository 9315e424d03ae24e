"""The folder that leaves the pipeline: model, tokenizer, labels, card and checksums, proved to predict the same."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.files import sha256_of, write_json, write_text
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.score_table import SAMPLE_NOTE
from nerpipe.evaluation.split_predictions import read_predictions
from nerpipe.export.network_comparison import Comparison, compare_networks
from nerpipe.export.onnx_files import BLOCK, OPSET, export_onnx, quantize
from nerpipe.inference.decoding import iob2_transitions, transition_table
from nerpipe.inference.word_predictions import predict_words
from nerpipe.params import Params
from nerpipe.prediction.exported_folder import CHECKSUMS, DECODING, ONNX

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

HEADLINE = ("precision", "recall", "f1", "token_accuracy")


def save_folder(
    folder: Path,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    labels: Sequence[str],
    params: Params,
) -> None:
    """Write the Hugging Face folder with labels.json and decoding.json."""
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    tokenizer.save_pretrained(folder)
    write_json(folder / "labels.json", list(labels))
    windows = {"pad_id": tokenizer.pad_token_id, "max_length": params.max_length, "stride": params.stride}
    write_json(folder / DECODING, transition_table(labels, iob2_transitions(labels)) | windows)


def write_onnx(folder: Path, predictions: Path, params: Params) -> list[Comparison]:
    """Add the ONNX files to the folder and compare them with PyTorch on dev; an int8 one that loses too much goes.

    Args:
        folder: from `save_folder`.
        predictions: the evaluate stage's file for dev.
        params: of the run.

    Raises:
        NerpipeError: as `network_comparison.compare_networks`.
    """
    paths = {precision: folder / name for precision, name in ONNX.items()}
    export_onnx(folder, paths["fp32"])
    quantize(paths["fp32"], paths["int8"])
    limit = params.int8_max_f1_drop
    found = compare_networks(folder, predictions, list(ONNX), threads=params.threads, int8_max_f1_drop=limit)
    for comparison in found:
        if not comparison.exported:
            paths[comparison.precision].unlink()
    return found


def seal_folder(folder: Path, card: str) -> None:
    """Write README.md (the card) and, of all files, SHA256SUMS, which `sha256sum -c SHA256SUMS` checks."""
    write_text(folder / "README.md", card)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_text(folder / CHECKSUMS, "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names))


def check_same_predictions(
    model: "PreTrainedModel", windows: "Dataset", predictions: Path, *, labels: Sequence[str], pad_id: int
) -> int:
    """Compare what the exported model predicts with what the evaluate stage wrote of the trained one.

    Args:
        model: loaded back from the exported folder.
        windows: the split's windows, made with the exported tokenizer.
        predictions: the evaluate stage's file for the same split.
        labels: label names by id.
        pad_id: the tokenizer's padding token.

    Returns:
        The number of words compared.

    Raises:
        NerpipeError: if any word differs, naming the first.
    """
    frame = read_predictions(predictions)
    words = frame.groupby("sentence").size().tolist()
    result = predict_words(model, windows, words, labels=labels, pad_id=pad_id)
    again = [tag for row in result.tags for tag in row]
    differs = frame[frame["predicted"] != again]
    if len(differs):
        first = differs.iloc[0]
        raise NerpipeError(
            f"the exported model does not predict what the trained one did: {len(differs)} of {len(frame)} words of "
            f"{predictions.name} differ, the first is {first['token']!r} in sentence {first['sentence']} "
            f"({first['predicted']} before, {again[differs.index[0]]} now). `dvc repro --force` rebuilds both; if it "
            "stays, it is a bug in this pipeline"
        )
    return len(frame)


def model_card(
    params: Params,
    clean_report: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    per_type: Sequence[Mapping[str, Any]],
    pins: str,
    weights_sha256: str,
    networks: Sequence[Comparison],
) -> str:
    """Write the model card from the stage's declared inputs alone.

    No date, host or commit stands in it: a cached result would show them stale.

    Args:
        params: of the run.
        clean_report: metrics/clean.json.
        metrics: metrics/metrics.json.
        per_type: metrics/per_type.json.
        pins: the text of requirements/model.txt.
        weights_sha256: of the trained model.safetensors.
        networks: how the ONNX networks do, from `write_onnx`.
    """
    base, _, revision = params.model.rpartition("@")
    types = sorted({row["type"] for row in per_type})
    counts = _table(
        ("split", "sentences", "tokens", "entities", "SHA-256 of the raw file"),
        [[row[key] for key in ("split", "sentences", "tokens", "entities", "sha256")] for row in clean_report],
    )
    headline = _table(
        ("split", *HEADLINE),
        [(split, *(f"{metrics[split][name]:.4f}" for name in HEADLINE)) for split in ("test", "dev")],
    )
    by_type = _table(
        ("type (test)", "precision", "recall", "F1", "entities"),
        [
            (row["type"], *(f"{row[name]:.4f}" for name in ("precision", "recall", "f1")), row["support"])
            for row in per_type
            if row["split"] == "test"
        ],
    )
    knobs = _table(("param", "value"), [(key, f"`{value}`") for key, value in dataclasses.asdict(params).items()])
    versions = "\n".join(f"- {line}" for line in pins.splitlines() if line and not line.startswith("#"))
    interval = f"{metrics['test']['f1_low']:.4f} to {metrics['test']['f1_high']:.4f}"
    onnx = _table(
        ("file", "dev F1", "lost", "entities as in PyTorch", "largest difference of a logit"),
        [_network_cells(network) for network in networks],
    )
    note = f"\n{SAMPLE_NOTE}\n" if params.dataset == "sample" else ""
    return f"""---
library_name: transformers
pipeline_tag: token-classification
tags: [named-entity-recognition, nerpipe]
---

# Named-entity recognition: {params.dataset}

Finds {", ".join(types)} in text. Fine-tuned from `{base}` at revision `{revision}`.

    from nerpipe import Predictor
    print(Predictor("FOLDER")(["Greetings from the Empire State Building"]))

    from transformers import pipeline  # without nerpipe; slightly other entities, see below
    ner = pipeline("token-classification", model="FOLDER", aggregation_strategy="first")

## Scores
Entities as conlleval counts them (type and all words must agree), micro averages, over every entity of the split.
{note}
{headline}

{by_type}

95% interval of F1 on test, from resampled sentences: {interval}.
The best epoch was chosen on dev; test was scored once with it.

## Data
Data set `{params.dataset}`, cleaned to IOB2.

{counts}

## Training
{knobs}

Versions:
{versions}

SHA-256 of the weights (model.safetensors): `{weights_sha256}`

## ONNX
Inputs `input_ids` and `attention_mask`, int64, (windows, sub-words), both free; output `logits`, float32, (windows,
sub-words, labels); opset {OPSET}. `{DECODING}` holds all else that a program needs.

{onnx}

The int8 file holds matrix products with 8-bit weights, scaled in blocks of {BLOCK}, whose inputs are rounded to 8 bits
as they come; it needs ONNX Runtime (operator MatMulNBits). It is left out if it loses more than
{params.int8_max_f1_drop} of F1 on dev (`int8_max_f1_drop`).

## Intended use
Finding entities of these types in text like the training data: same language, genre and kind of writing. A word is
scored at its first sub-word. The scores above are those of the most probable labels of a sentence among the sequences
that IOB2 allows (Viterbi): `{DECODING}` lists which label may begin a sentence and which may follow which. A program
that takes the best label of each word by itself, as the pipeline above does, gets slightly different entities; where
the tokenizer marks capitals, its `start` counts the space before a capitalised word. Sentences of more than
{params.max_length} sub-words must be windowed by the caller.

## Limits
Scores hold for text like the test split and fall on other text. The model repeats what its pretraining and training
data hold, their gaps and biases too; names that neither holds are found less often. Do not use it to decide about
people without a human who checks. The licences of the base model and of the data set apply.
"""


def _network_cells(network: Comparison) -> tuple[str, ...]:
    name = f"`{ONNX[network.precision]}`" if network.exported else f"{network.precision}: left out, it loses too much"
    parts = (f"{network.dev_f1:.4f}", f"{network.f1_drop:.4f}", f"{network.span_agreement:.2%}")
    return (name, *parts, f"{network.largest_difference:.1g}")


def _table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
