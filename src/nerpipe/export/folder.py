"""The exported folder: model, tokenizer, labels, card and checksums, and the check that it predicts the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.files import sha256_of, write_json, write_text
from nerpipe.contracts.ledger import Tally, check_joint
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.split_predictions import read_predictions
from nerpipe.export.network_comparison import NetworkComparison, compare_networks
from nerpipe.export.onnx_files import export_onnx
from nerpipe.export.quantization import quantize
from nerpipe.export.ties import allowed_ties, count_ties
from nerpipe.inference.decoding import DecodingWeights, iob2_transitions, transition_table
from nerpipe.inference.device_choice import choose_device
from nerpipe.inference.word_predictions import predict_words
from nerpipe.inference.word_scores import by_sentence
from nerpipe.params import Params
from nerpipe.prediction.checksums import CHECKSUMS
from nerpipe.prediction.exported_folder import DECODING, ONNX, data_file

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_SHOWN = 300  # Largest number of characters of another library's message that is shown.


def save_folder(
    folder: str | Path,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    labels: Sequence[str],
    params: Params,
    *,
    word_rule: str,
) -> None:
    """Write a trained model as a Hugging Face folder with labels.json and decoding.json, which `Predictor` opens.

    The stage export adds the ONNX files, the card and the checksums.

    Args:
        folder: The folder to write.
        model: The trained model.
        tokenizer: Its tokenizer.
        labels: The label names by id.
        params: The params of the run.
        word_rule: The rule that finds the words of plain text, a key of `word_rules.RULES`.
    """
    folder = Path(folder)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes a file that only its owner can read.
    tokenizer.save_pretrained(folder)
    write_json(folder / "labels.json", list(labels))
    windows = {"pad_id": tokenizer.pad_token_id, "max_length": params.max_length, "stride": params.stride}
    transitions = transition_table(labels, iob2_transitions(labels))
    weights = DecodingWeights(params.outside_bias, params.adjoining_penalty)._asdict()
    write_json(folder / DECODING, transitions | windows | weights | {"word_rule": word_rule})


def write_onnx(
    folder: Path, train: Sequence[Sequence[str]], predictions: Path, params: Params
) -> list[NetworkComparison]:
    """Add the ONNX files to the folder and compare them with PyTorch on dev.

    The int8 file is removed if it loses more F1 than the param `int8_max_f1_drop` allows, or agrees too little. A
    network that cannot be quantized has none; a line says why.

    Args:
        folder: The folder that `save_folder` wrote.
        train: The words of sentences of the training split, for the scales of the int8 file.
        predictions: The predictions file of the stage evaluate for dev.
        params: The params of the run.

    Returns:
        One comparison for each network.

    Raises:
        NerpipeError: As `onnx_files.export_onnx` and `network_comparison.compare_networks` raise it.
    """
    paths = {precision: folder / name for precision, name in ONNX.items()}
    export_onnx(folder, paths["fp32"])
    try:
        quantize(folder, train)
    except (OSError, MemoryError):
        raise  # The machine is at fault, not the network, and the next run may have an int8 file.
    except Exception as error:  # noqa: BLE001 - onnx and ONNX Runtime raise exceptions of many types
        for left in (paths["int8"], data_file(paths["int8"])):
            left.unlink(missing_ok=True)
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        say(f"  {ONNX['int8']}: left out, because this network cannot be quantized ({said})")
    written = [precision for precision, path in paths.items() if path.exists()]
    limit = params.int8_max_f1_drop
    found = compare_networks(
        folder,
        predictions,
        written,
        threads=params.threads,
        device=choose_device(params.device),
        int8_max_f1_drop=limit,
    )
    for comparison in found:
        if not comparison.exported:
            paths[comparison.precision].unlink()
            data_file(paths[comparison.precision]).unlink(missing_ok=True)
    return found


def seal_folder(folder: Path, card: str) -> None:
    """Write the card as README.md, and SHA256SUMS with the checksums of all files.

    `sha256sum -c SHA256SUMS` checks them.
    """
    write_text(folder / "README.md", card)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_text(folder / CHECKSUMS, "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names))


def check_same_predictions(
    model: "PreTrainedModel",
    windows: "Dataset",
    predictions: Path,
    *,
    labels: Sequence[str],
    pad_id: int,
    expected: Tally,
    weights: DecodingWeights,
) -> tuple[int, int]:
    """Compare the predictions of the exported model with those of the trained model.

    Args:
        model: The model, loaded from the exported folder.
        windows: The windows of the split, made with the exported tokenizer.
        predictions: The predictions file of the stage evaluate for the same split.
        labels: The label names by id.
        pad_id: The id of the tokenizer's padding token.
        expected: The counts of the split.
        weights: What decoding adds to the scores.

    Returns:
        The number of words compared, and the number of sentences that are ties.

    Raises:
        NerpipeError: If the file has other counts, or the tags of a sentence differ that is not a tie, or more ties are
            found than are allowed; the message names the first word.
    """
    frame = read_predictions(predictions)
    words = frame.groupby("sentence").size().tolist()
    found = expected._replace(sentences=len(words), tokens=len(frame))
    check_joint(f"evaluate -> export, {predictions.name}", expected, found)
    result = predict_words(model, windows, words, labels=labels, pad_id=pad_id, weights=weights)
    again = [tag for row in result.tags for tag in row]
    differs = frame[frame["predicted"] != again]
    before = by_sentence(frame["predicted"].to_numpy(), words)
    transitions = iob2_transitions(labels, weights.adjoining_penalty)
    differing, ties = count_ties(result.log_probabilities, labels, before, result.tags, transitions)
    if differing > ties or ties > allowed_ties(len(words)):
        first = differs.iloc[0]
        raise NerpipeError(
            "the exported model does not predict the same as the trained model: the tags of "
            f"{len(differs)} of {len(frame)} words of {predictions.name} differ; the first is {first['token']!r} in "
            f"sentence {first['sentence'] + 1} ({first['predicted']} from the trained model, "
            f"{again[differs.index[0]]} from the exported one; {ties} of {differing} such sentences are ties, and "
            f"{allowed_ties(len(words))} may be). Run `dvc repro --force` to rebuild both; if the error "
            "stays, it is a bug in this pipeline"
        )
    return len(frame), ties
