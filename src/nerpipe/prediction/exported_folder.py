"""The files of an exported folder, and how a program that holds neither torch nor transformers reads them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.files import read_json
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHECKSUMS = "SHA256SUMS"
DECODING = "decoding.json"
ONNX = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}


class Decoding(NamedTuple):
    """What decoding.json says: how texts become windows, and scores become tags."""

    labels: list[str]  # by id
    pad_id: int
    max_length: int  # sub-words of a window, special tokens included
    stride: int  # the most sub-words that neighbouring windows share


def load_decoding(folder: Path) -> Decoding:
    """Read decoding.json.

    Raises:
        NerpipeError: if this is no folder that the export stage wrote.
    """
    if not folder.is_dir():
        raise NerpipeError(f"{folder}: no such folder; name one that the export stage wrote, such as models/exported")
    if not (folder / DECODING).is_file():
        raise NerpipeError(
            f"{folder}: holds no {DECODING}, so it is no folder that the export stage wrote; models/exported is one "
            "after `dvc repro`"
        )
    settings: dict[str, Any] = read_json(folder / DECODING)
    try:
        return Decoding(*(settings[name] for name in Decoding._fields))
    except KeyError as error:
        raise NerpipeError(
            f"[{folder / DECODING} -> {error.args[0]}] missing: an older version wrote it; export again: `dvc repro`"
        ) from None


def load_fast_tokenizer(folder: Path) -> "Tokenizer":
    """Read tokenizer.json with the tokenizers library alone.

    Raises:
        NerpipeError: if it is missing or broken.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - tokenizers raises plain Exception
        raise NerpipeError(f"{path}: cannot be read ({error}); export again: `dvc repro`") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
