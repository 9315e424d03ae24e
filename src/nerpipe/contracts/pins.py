"""The versions of packages that a requirements file pins, compared with what is installed."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nerpipe.errors import NerpipeError

PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\#]+)")


def pinned_versions(path: Path) -> dict[str, str]:
    """Read the pins of a requirements file. Comments and options of pip are left out.

    Raises:
        NerpipeError: If the file cannot be read, or pins nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NerpipeError(f"{path}: the pinned versions cannot be read ({error}); restore the file from git") from None
    pins = {found[1]: found[2] for line in lines if (found := PIN.match(line.strip()))}
    if not pins:
        raise NerpipeError(f"{path}: the file pins no version; expected lines such as torch==2.13.0")
    return pins


def check_pins(*paths: Path) -> None:
    """Check that the pinned versions are installed, so that no result names versions that did not make it.

    The label of a local build, such as `+cpu` in 2.13.0+cpu, need not be pinned.

    Raises:
        NerpipeError: If a file cannot be read, or a package is missing or has another version. All are listed.
    """
    wrong = []
    for path in paths:
        for name, wanted in pinned_versions(path).items():
            there = _installed(name)
            if wanted not in (there, (there or "").partition("+")[0]):
                wrong.append(f"{name} {wanted} is pinned in {path} and {there or 'none'} is installed")
    if wrong:
        raise NerpipeError(
            f"{'; '.join(wrong)}. The results would name versions that did not make them. Install what is pinned "
            "(`pip install -r requirements/run.txt`), or write the versions that are installed into the file, which "
            "then reruns the stages that depend on it"
        )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
