"""The files of an exported folder, and functions that read them without torch and transformers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.files import read_json
from nerpipe.contracts.word_rules import GENERAL, RULES
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHECKSUMS = "SHA256SUMS"
DECODING = "decoding.json"
ONNX = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}


class Decoding(NamedTuple):
    """The content of decoding.json: how texts are cut into words and windows, and how scores are decoded to tags."""

    labels: list[str]  # Names of the labels, in the order of their ids.
    pad_id: int  # Id of the sub-word that pads windows.
    max_length: int  # Largest number of sub-words in a window, special tokens included.
    stride: int  # Largest number of sub-words that two neighbouring windows share.
    word_rule: str = GENERAL  # Name of the rule that finds words. Folders of older versions do not name it.


def load_decoding(folder: Path) -> Decoding:
    """Read decoding.json.

    Raises:
        NerpipeError: If the export stage did not write this folder, or an older version wrote it, or it names a word
            rule that does not exist.
    """
    if not folder.is_dir():
        raise NerpipeError(
            f"{folder}: no such folder; give a folder that the export stage wrote, such as models/exported"
        )
    if not (folder / DECODING).is_file():
        raise NerpipeError(
            f"{folder}: the folder holds no {DECODING}, so the export stage did not write it; `dvc repro` writes "
            "models/exported"
        )
    settings: dict[str, Any] = read_json(folder / DECODING)
    settings.setdefault("word_rule", GENERAL)
    if settings["word_rule"] not in RULES:
        raise NerpipeError(
            f"[{folder / DECODING} -> word_rule] {settings['word_rule']!r} is not a word rule of this version, which "
            f"has {', '.join(RULES)}; install the version of nerpipe that exported the model, or export again"
        )
    try:
        return Decoding(*(settings[name] for name in Decoding._fields))
    except KeyError as error:
        raise NerpipeError(
            f"[{folder / DECODING} -> {error.args[0]}] missing: an older version wrote this file; run `dvc repro` to "
            "export again"
        ) from None


def load_fast_tokenizer(folder: Path) -> "Tokenizer":
    """Read tokenizer.json with the tokenizers library alone, and turn its cutting and padding off.

    Raises:
        NerpipeError: If the file is missing or broken.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - tokenizers raises plain Exception
        raise NerpipeError(f"{path}: the tokenizer cannot be read ({error}); run `dvc repro` to export again") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
