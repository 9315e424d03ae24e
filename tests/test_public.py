"""The doors of the package: what `from nerpipe import ...` gives, and the examples in their docstrings."""

import doctest
import importlib
import subprocess
import sys
from dataclasses import replace

import pytest

import nerpipe
from places import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for path in (ROOT / "src/nerpipe").rglob("*.py")
    if path.name != "__init__.py"
)
WITH_EXAMPLE = ["Predictor", "align_labels", "find_words", "make_labels", "read_conll", "score", "score_files"]


def test_every_door_opens_and_shows_in_dir():
    assert set(nerpipe.__all__) <= set(dir(nerpipe))
    for name in nerpipe.__all__:
        assert getattr(nerpipe, name).__doc__, name


def test_the_list_of_doors_and_their_homes_are_the_same():
    assert sorted(nerpipe._HOMES) == sorted(nerpipe.__all__)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Predicter'"):
        nerpipe.Predicter  # noqa: B018 - the look-up is the test


def test_the_version_is_that_of_the_metadata():
    assert nerpipe.__version__ == importlib.metadata.version("nerpipe")
    done = subprocess.run(
        [sys.executable, "-c", "from nerpipe.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "src",
    )
    assert done.stdout == f"nerpipe {nerpipe.__version__}\n"


def test_paths_may_be_texts(tiny_model, tmp_path):
    from tiny import spec_of

    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.conll").write_text("Ada\tB-person\nslept\tO\n\n")
    raw, out = str(tmp_path), str(tmp_path / "clean")
    nerpipe.clean_conll(raw=raw, extra=None, out=out, report=f"{out}.json", max_rejected=0.0)
    (sentence,) = nerpipe.read_conll(f"{out}/train.conll")
    assert sentence.tokens == ("Ada", "slept")
    with pytest.raises(nerpipe.NerpipeError, match="is the data set itself"):
        nerpipe.clean_conll(raw=raw, extra=f"{raw}/", out=out, report=f"{out}.json", max_rejected=0.0)

    from nerpipe.training.model import load_model

    spec, labels = spec_of(tiny_model), nerpipe.make_labels(["person"])
    tokenizer = nerpipe.load_tokenizer(spec, capitals="kept")
    model = load_model(spec, labels, tokenizer, attention_dropout=0.0)
    params = nerpipe.load_params(str(ROOT / "params.yaml"))
    folder = str(tmp_path / "model")
    params = replace(params, max_length=32, stride=8)
    nerpipe.save_folder(folder, model, tokenizer, labels, params, word_rule="general")
    (tagged,) = nerpipe.Predictor(folder, backend="torch").tag([sentence.tokens])
    assert len(tagged.tags) == len(sentence.tokens)


def test_importing_the_package_is_light():
    code = "import nerpipe, sys; dir(nerpipe); print(sorted({'torch', 'numpy', 'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_the_main_doors_have_an_example(name):
    assert ">>> " in getattr(nerpipe, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_docstrings_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
