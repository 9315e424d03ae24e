"""Checks of a model folder: that its files are what they claim to be, and that its weights filled the model."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from nerpipe.errors import NerpipeError

FETCH = "fetch the model again, or run `dvc repro` if a stage wrote it"
WEIGHTS = "model.safetensors"
LISTED = 5  # The most names that a message lists.
# How files begin that people have under the name of a safetensors file.
BEGINNINGS = {
    b"PK\x03\x04": "a file of torch.save (a pickle, which can run code when it is read)",
    b"\x80": "a pickle, which can run code when it is read",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself with `git lfs pull`",
    b"GGUF": "a GGUF file",
}
CODE_KEY = "auto_map"  # The key of config.json and tokenizer_config.json that names Python code of the folder.
# Keys of the two files that name other files, which are read instead of the usual ones.
FILE_KEYS = ("configuration_files", "fast_tokenizer_files", "transformers_weights")
SETTINGS_FILES = ("config.json", "tokenizer_config.json")


def check_model_folder(folder: Path) -> None:
    """Check a local model folder before a library reads it.

    Raises:
        NerpipeError: If its weights are no whole safetensors file, or its settings are not JSON objects, name code to
            run, or name files to read instead of the usual ones.
    """
    _check_weights(folder / WEIGHTS)
    for name in SETTINGS_FILES:
        if (folder / name).exists():
            _check_settings(folder / name)
    adapter = folder / "adapter_config.json"
    if adapter.exists():
        raise NerpipeError(f"{adapter}: the folder holds an adapter beside its weights; merge it into the model first")


def _check_weights(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    advice = f"save the model again with save_pretrained, or {FETCH}"
    try:
        with safe_open(path, "np") as tensors:
            names = list(tensors.keys())
    except FileNotFoundError:
        raise NerpipeError(
            f"{path}: there are no such weights; save the model with save_pretrained, which writes {WEIGHTS}"
        ) from None
    except (SafetensorError, OSError) as error:
        found = _kind_of(path)
        said = f"no safetensors file but {found}" if found else f"no whole safetensors file ({error})"
        raise NerpipeError(f"{path}: this is {said}; {advice}") from None
    if not names:
        raise NerpipeError(f"{path}: the file holds no weights; {advice}")


def _kind_of(path: Path) -> str | None:
    """Say what a file is that is no safetensors file, if its beginning tells."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        beginning = file.read(64)
    return next((kind for begin, kind in BEGINNINGS.items() if beginning.startswith(begin)), None)


def _check_settings(path: Path) -> None:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NerpipeError(f"{path}: the file is not valid JSON ({error}); {FETCH}") from None
    if not isinstance(settings, dict):
        raise NerpipeError(f"{path}: the file holds no JSON object; {FETCH}")
    if settings.get(CODE_KEY):
        raise NerpipeError(
            f"[{path} -> {CODE_KEY}] the model needs Python code from its folder, which is never run here; choose a "
            "model whose architecture the installed transformers knows"
        )
    for key in FILE_KEYS:
        named = settings.get(key) or []
        for name in named if isinstance(named, list) else [named]:
            if key == "transformers_weights" and name != WEIGHTS:
                raise NerpipeError(
                    f"[{path} -> {key}] {name!r} would be read instead of {WEIGHTS}, whose SHA-256 is known; remove "
                    "the key"
                )
            if not isinstance(name, str) or name != Path(name).name:
                raise NerpipeError(
                    f"[{path} -> {key}] {name!r} is not the name of a file in this folder; remove the entry"
                )


def check_filled(
    where: str,
    info: Mapping[str, Any],
    *,
    parameters: Collection[str],
    new: Collection[str] = (),
) -> list[str]:
    """Check what transformers reports of the loading of a model: every parameter must come from the folder.

    Args:
        where: The name of the model, for the message.
        info: The loading info of `from_pretrained`: missing_keys, mismatched_keys, unexpected_keys, error_msgs.
        parameters: The names of all parameters of the model.
        new: The names of the parameters that may be new, because they are those of a new head.

    Returns:
        The weights of the folder that the model has no use for, such as a pooler or the head of a language model.

    Raises:
        NerpipeError: If a parameter has no weights in the folder, or weights of another shape.
    """
    missing = sorted(set(info["missing_keys"]) - set(new))
    other_shape = sorted(key for key in info["mismatched_keys"] if key[0] not in new)
    errors = list(info.get("error_msgs") or [])
    if not missing and not other_shape and not errors:
        return sorted(info["unexpected_keys"])
    parts = []
    if missing:
        parts.append(f"{len(missing)} of its {len(parameters)} parameters have no weights: {_listed(missing)}")
    if other_shape:
        shapes = _listed(f"{key} is {_shape(there)} and not {_shape(wanted)}" for key, there, wanted in other_shape)
        parts.append(f"the weights of {len(other_shape)} parameters have another shape: {shapes}")
    if errors:
        parts.append(_listed(errors))
    unused = sorted(info["unexpected_keys"])
    if unused:
        parts.append(f"{len(unused)} weights have names that it does not know: {_listed(unused)}")
    raise NerpipeError(
        f"{where}: the weights are not those of the model that config.json describes, so a part of it would be random "
        f"numbers: {'; '.join(parts)}. Check model_type and the sizes in config.json, or choose another model"
    )


def _shape(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes)) or "a single number"


def _listed(names: Iterable[str]) -> str:
    given = list(names)
    more = f" and {len(given) - LISTED} more" if len(given) > LISTED else ""
    return ", ".join(given[:LISTED]) + more
