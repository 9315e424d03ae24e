"""What all tests share: where things are, WNUT-17 if it is there, and tiny models of random weights."""

import os

import pytest
from hypothesis import HealthCheck, settings

from places import MIRROR, ROOT

os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"  # no test may depend on a hub
os.environ["NERPIPE_MIRROR"] = str(MIRROR.resolve())  # Tests run programs in other folders.
# A slow machine is no fault of the code: the first text that is drawn in a fresh clone alone takes a second.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
settings.register_profile("many", settings.get_profile("patient"), max_examples=20_000)  # --hypothesis-profile=many


@pytest.fixture(scope="session")
def wnut17():
    """The folder with the WNUT-17 files."""
    return _shared("wnut17", "WNUT-17 is")


@pytest.fixture(scope="session")
def corpora():
    """The folder with excerpts of public corpora."""
    return _shared("corpora", "the excerpts of public corpora are")


def _shared(name, what):
    folder = MIRROR / name
    if not folder.is_dir():
        pytest.skip(f"{what} not here and not part of the repository; NERPIPE_MIRROR names a folder that holds {name}/")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A folder with a BERT of random weights and an uncased word-piece tokenizer of single characters."""
    from tiny import save_tiny

    return save_tiny(tmp_path_factory.mktemp("tiny") / "bert", "bert")


@pytest.fixture(scope="session")
def exported_tiny(tiny_model, tmp_path_factory):
    """An exported folder, ONNX and all, of a BERT of random weights that knows capitals."""
    from exported_folder import export_tiny
    from nerpipe.params import load_params

    return export_tiny(tiny_model, tmp_path_factory.mktemp("exported") / "model", load_params(ROOT / "params.yaml"))


def pytest_terminal_summary(terminalreporter):
    """Say what was left out, and how to run it."""
    left_out = len(terminalreporter.stats.get("deselected", []))
    if left_out:
        terminalreporter.write_line(f"{left_out} tests left out by the marker; `make test-all` runs every test")
