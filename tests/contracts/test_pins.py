"""Pinned versions and installed ones."""

from importlib.metadata import version

import pytest

from nerpipe.contracts import pins
from nerpipe.contracts.pins import check_pins, pinned_versions
from nerpipe.errors import NerpipeError
from places import ROOT


def test_the_pins_of_the_repository_are_installed_here():
    check_pins(ROOT / "requirements/model.txt", ROOT / "requirements/onnx.txt")


def test_comments_options_markers_and_hashes_are_no_versions(tmp_path):
    (tmp_path / "a.txt").write_text(
        "# about torch==1.0\n--index-url https://x\n\nnumpy==2.4.6 # why\n"
        "ruamel.yaml_clib==0.2 ; python_version > '3'\nfilelock==4.2 \\\n    --hash=sha256:00\nregex>=3\n"
    )
    assert pinned_versions(tmp_path / "a.txt") == {"numpy": "2.4.6", "ruamel.yaml_clib": "0.2", "filelock": "4.2"}


def test_every_wrong_version_is_listed_with_the_way_out(tmp_path):
    (tmp_path / "a.txt").write_text(f"numpy==0.1\npytest=={version('pytest')}\n")
    (tmp_path / "b.txt").write_text("no-such-package==3.0\n")
    with pytest.raises(NerpipeError) as caught:
        check_pins(tmp_path / "a.txt", tmp_path / "b.txt")
    said = str(caught.value)
    assert f"numpy 0.1 is pinned in {tmp_path / 'a.txt'} and {version('numpy')} is installed" in said
    assert f"no-such-package 3.0 is pinned in {tmp_path / 'b.txt'} and none is installed" in said
    assert "pip install -r requirements/run.txt" in said
    assert "; pytest" not in said
    assert not said.startswith("pytest")


@pytest.mark.parametrize(
    ("pinned", "there", "same"),
    [("2.13.0", "2.13.0+cpu", True), ("2.13.0+cpu", "2.13.0+cpu", True), ("2.13.0+cu1", "2.13.0+cpu", False)],
)
def test_a_local_label_counts_only_if_it_is_pinned(tmp_path, monkeypatch, pinned, there, same):
    monkeypatch.setattr(pins, "version", lambda _: there)
    (tmp_path / "a.txt").write_text(f"torch=={pinned}\n")
    if same:
        check_pins(tmp_path / "a.txt")
    else:
        with pytest.raises(NerpipeError, match=r"2\.13\.0\+cu1 is pinned"):
            check_pins(tmp_path / "a.txt")


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe"])
def test_a_file_without_pins_is_an_error(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(NerpipeError, match=r"a\.txt"):
        check_pins(tmp_path / "a.txt")
    with pytest.raises(NerpipeError, match=r"b\.txt: the pinned versions cannot be read"):
        check_pins(tmp_path / "b.txt")
