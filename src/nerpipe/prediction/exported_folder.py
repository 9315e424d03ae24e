"""The files of an exported folder, and functions that read them without torch and transformers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.files import read_json
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.schemes import OUTSIDE, is_tag, split_tag
from nerpipe.contracts.word_rules import GENERAL, RULES
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import UNWEIGHTED, DecodingWeights, iob2_transitions, transition_table
from nerpipe.prediction.checksums import AGAIN, check_files

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DECODING = "decoding.json"
TOKENIZER = "tokenizer.json"
TORCH_WEIGHTS = "model.safetensors"
ONNX = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}
DATA_SUFFIX = ".data"  # End of the name of the file that holds the weights of a network too large for one file.
_SHORTEST, _LARGEST = 4, 1_000_000  # Range of max_length, as in params.yaml.
_LARGEST_WEIGHT = 100  # In nats.


class Decoding(NamedTuple):
    """The content of decoding.json: how texts are cut into words and windows, and how scores are decoded to tags."""

    labels: list[str]  # Names of the labels, in the order of their ids.
    pad_id: int  # Id of the sub-word that pads windows.
    max_length: int  # Largest number of sub-words in a window, special tokens included.
    stride: int  # Largest number of sub-words that two neighbouring windows share.
    word_rule: str = GENERAL  # Name of the rule that finds words. Folders of older versions do not name it.
    weights: DecodingWeights = UNWEIGHTED  # Folders of older versions do not have all of them.

    @property
    def types(self) -> list[str]:
        """The entity types that the model knows, sorted."""
        return sorted({split_tag(label)[1] for label in self.labels} - {""})


def network_file(backend: str, precision: str) -> str:
    """Return the path, within an exported folder, of the file that a backend reads."""
    if backend == "torch":
        return TORCH_WEIGHTS
    return ONNX["int8" if precision == "int8" else "fp32"]


def check_exported(folder: Path, *, backend: str, precision: str) -> None:
    """Check the files that prediction reads against their checksums.

    Args:
        folder: Exported folder.
        backend: Library that runs the network, as in `backends.BACKENDS`.
        precision: One of the precisions of the backend.

    Raises:
        NerpipeError: If the export stage did not write the folder, or a file of it is damaged or missing.
    """
    check_is_exported(folder)
    network = network_file(backend, precision)
    data = network + DATA_SUFFIX
    others = {TORCH_WEIGHTS, *(name + end for name in ONNX.values() for end in ("", DATA_SUFFIX))} - {network, data}
    # A missing network has a message of its own. The card is for people, who may edit it.
    there = [name for name in (network, data) if (folder / name).exists()]
    check_files(folder, [DECODING, TOKENIZER, *there], others | {"README.md"}, if_listed=data)
    _check_inside(folder / network)


def data_file(network: Path) -> Path:
    """Name the file that holds the weights of an ONNX network if they are too large for one file."""
    return network.with_name(network.name + DATA_SUFFIX)


def _check_inside(network: Path) -> None:
    """Check that the data file of a network, if there is one, is where ONNX Runtime reads it.

    The file may be a link, but only into the folder of the network, or into the folder of the file to which the network
    is a link, as in the cache of the Hugging Face Hub.
    """
    data = data_file(network)
    allowed = (network.parent.resolve(), network.resolve().parent)
    if data.exists() and not any(data.resolve().is_relative_to(folder) for folder in allowed):
        raise NerpipeError(
            f"{data}: this link leads out of the folder, to {data.resolve()}, and ONNX Runtime reads no weights there. "
            "Make a copy with files instead of links (`cp -rL FOLDER COPY`) and use it; if DVC made the link, "
            "`dvc config cache.type hardlink,copy` and `dvc checkout --relink` replace it by a file"
        )


def check_is_exported(folder: Path) -> None:
    """Check that a folder is one that the export stage wrote.

    Raises:
        NerpipeError: If it is not there, or the export stage did not write it.
    """
    if not folder.is_dir():
        raise NerpipeError(
            f"{folder}: no such folder; the folder of a model is needed here, as the export stage writes it "
            "(models/exported). DVC "
            "deletes it before it runs this stage: if `dvc repro` is running, wait for its end; if it failed, "
            "`dvc checkout` brings the last model back. A service should use a copy of the folder"
        )
    if not (folder / DECODING).is_file():
        raise NerpipeError(
            f"{folder}: the folder holds no {DECODING}, so the export stage did not write it; `dvc repro` writes "
            "models/exported"
        )


def load_decoding(folder: Path) -> Decoding:
    """Read decoding.json, and check that its values are possible.

    Raises:
        NerpipeError: If the export stage did not write this folder, or an older version wrote it, or a value is missing
            or not possible.
    """
    check_is_exported(folder)
    path = folder / DECODING
    settings = read_json(path)
    if not isinstance(settings, dict):
        raise NerpipeError(f"{path}: a JSON object was expected, not {type(settings).__name__}; {AGAIN}")
    settings = dict[str, Any]({"word_rule": GENERAL}) | UNWEIGHTED._asdict() | settings
    names = [name for name in Decoding._fields if name != "weights"]
    missing = [name for name in names if name not in settings]
    if missing:
        raise NerpipeError(
            f"[{path} -> {missing[0]}] missing: an older version wrote this file; run `dvc repro` to export again"
        )
    if settings["word_rule"] not in [*RULES]:
        raise NerpipeError(
            f"[{path} -> word_rule] {settings['word_rule']!r} is not a word rule of this version, which "
            f"has {', '.join(RULES)}; install the version of nerpipe that exported the model, or export again"
        )
    _check_labels(folder, settings["labels"])
    for name, least in (("pad_id", 0), ("max_length", _SHORTEST), ("stride", 0)):
        value = settings[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
            raise NerpipeError(
                f"[{path} -> {name}] {str(value)[:80]} is not a whole number from {least} to {_LARGEST:,}; {AGAIN}"
            )
    weights = {name: settings[name] for name in DecodingWeights._fields}
    for name, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST_WEIGHT:
            raise NerpipeError(
                f"[{path} -> {name}] {str(value)[:80]} is not a number from 0 to {_LARGEST_WEIGHT}; {AGAIN}"
            )
    _check_table(path, settings)
    positions = _positions(folder)
    if settings["max_length"] > positions:
        raise NerpipeError(
            f"[{path} -> max_length] {settings['max_length']:,} is more than the {positions:,} positions of the model; "
            f"{AGAIN}"
        )
    if settings["stride"] >= settings["max_length"]:
        raise NerpipeError(f"[{path} -> stride] {settings['stride']} is not less than max_length; {AGAIN}")
    return Decoding(**{name: settings[name] for name in names}, weights=DecodingWeights(**weights))


def _check_table(path: Path, settings: Mapping[str, Any]) -> None:
    """Check that the table that other programs decode with is that of the labels."""
    table = transition_table(settings["labels"], iob2_transitions(settings["labels"]))
    for name, value in table.items():
        if name in settings and settings[name] != value:
            raise NerpipeError(f"[{path} -> {name}] is not that of the labels; {AGAIN}")


def _positions(folder: Path) -> int:
    """Return how many positions the model has. Some have no limit: config.json then says nothing, or 0 or -1."""
    path = folder / "config.json"
    config = read_json(path) if path.is_file() else {}
    found = config.get("max_position_embeddings") if isinstance(config, dict) else None
    return found if isinstance(found, int) and found > 0 else _LARGEST


def _check_labels(folder: Path, labels: object) -> None:
    """Check that the labels are valid, and that labels.json, which other programs read, holds the same."""
    place = f"[{folder / DECODING} -> labels]"
    if not isinstance(labels, list) or not all(isinstance(label, str) and is_tag(label, "BI") for label in labels):
        raise NerpipeError(f"{place} {str(labels)[:80]} is not a list of O, B-TYPE and I-TYPE; {AGAIN}")
    if len(set(labels)) < len(labels) or OUTSIDE not in labels:
        raise NerpipeError(f"{place} a label occurs twice, or {OUTSIDE} is missing; {AGAIN}")
    continuations(labels)
    copy = folder / "labels.json"
    if copy.exists() and read_json(copy) != labels:
        raise NerpipeError(f"{copy}: the labels are not those of {DECODING}; {AGAIN}")


def load_fast_tokenizer(folder: Path) -> "Tokenizer":
    """Read tokenizer.json with the tokenizers library alone, and turn its cutting and padding off.

    Raises:
        NerpipeError: If the file is missing or broken.
    """
    from tokenizers import Tokenizer

    path = folder / TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - tokenizers raises plain Exception
        raise NerpipeError(f"{path}: the tokenizer cannot be read ({error}); run `dvc repro` to export again") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
