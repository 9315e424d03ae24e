"""The folder that leaves the pipeline: model, tokenizer, labels, card and checksums, proved to predict the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.files import sha256_of, write_json, write_text
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.split_predictions import read_predictions
from nerpipe.export.network_comparison import NetworkComparison, compare_networks
from nerpipe.export.onnx_files import export_onnx, quantize
from nerpipe.inference.decoding import iob2_transitions, transition_table
from nerpipe.inference.word_predictions import predict_words
from nerpipe.params import Params
from nerpipe.prediction.exported_folder import CHECKSUMS, DECODING, ONNX

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


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


def write_onnx(folder: Path, predictions: Path, params: Params) -> list[NetworkComparison]:
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
