"""Model folders that are damaged or set traps: each is refused with one sentence that names the file."""

import json
import pickle
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

from nerpipe.contracts.model_folder import check_filled, check_model_folder
from nerpipe.errors import NerpipeError


@pytest.fixture
def folder(tmp_path):
    save_file(
        {"a": np.zeros((2, 3), dtype=np.float32), "b": np.ones(4, dtype=np.float32)}, tmp_path / "model.safetensors"
    )
    (tmp_path / "config.json").write_text('{"model_type": "bert", "vocab_size": 5}')
    (tmp_path / "tokenizer_config.json").write_text("{}")
    return tmp_path


def with_header(header, data):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


DAMAGED = {
    "empty": b"",
    "seven bytes": b"1234567",
    "a header longer than the file": struct.pack("<Q", 10_000) + b"{}",
    "a header of 2**63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "a header that is no JSON": with_header(b"{'a': 1}", b""),
    "a header that is a list": with_header([1], b""),
    "a cut header": with_header({"a": tensor([2], 0, 8)}, b"12345678")[:20],
    "cut data": with_header({"a": tensor([2], 0, 8)}, b"1234"),
    "more data than the header says": with_header({"a": tensor([2], 0, 8)}, b"1234567890"),
    "a hole": with_header({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, b"0" * 12),
    "an overlap": with_header({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, b"0" * 12),
    "offsets outside of the file": with_header({"a": tensor([2], 100, 108)}, b"0" * 8),
    "a shape that the data does not have": with_header({"a": tensor([3], 0, 8)}, b"0" * 8),
    "a shape whose product is too large": with_header({"a": tensor([2**40, 2**40], 0, 8)}, b"0" * 8),
    "a negative size": with_header({"a": tensor([-2], 0, 8)}, b"0" * 8),
    "an unknown type": with_header({"a": tensor([2], 0, 8, "PICKLE")}, b"0" * 8),
    "no weights": with_header({}, b""),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_safetensors_file_is_refused(folder, kind):
    (folder / "model.safetensors").write_bytes(DAMAGED[kind])
    with pytest.raises(
        NerpipeError, match=r"model\.safetensors: (this is no whole safetensors file|the file holds no)"
    ):
        check_model_folder(folder)


def test_every_cut_of_a_file_is_refused(folder):
    whole = (folder / "model.safetensors").read_bytes()
    for length in range(len(whole)):
        (folder / "model.safetensors").write_bytes(whole[:length])
        with pytest.raises(NerpipeError, match="no whole safetensors file"):
            check_model_folder(folder)
    (folder / "model.safetensors").write_bytes(whole)
    check_model_folder(folder)


def test_a_header_whose_length_begins_like_a_pickle_is_no_pickle(folder):
    header = {"a": tensor([2], 0, 8), "__metadata__": {"x": ""}}
    header["__metadata__"]["x"] = "y" * (0x80 - len(json.dumps(header)))
    content = with_header(header, b"0" * 8)
    assert content[0] == 0x80
    (folder / "model.safetensors").write_bytes(content)
    check_model_folder(folder)


class Trap:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was read",))


def test_a_pickle_is_refused_unread(folder):
    import torch

    for protocol in range(2, 6):
        (folder / "model.safetensors").write_bytes(pickle.dumps(Trap(), protocol))
        with pytest.raises(NerpipeError, match="a pickle, which can run code"):
            check_model_folder(folder)
    torch.save({"a": Trap()}, folder / "model.safetensors")
    with pytest.raises(NerpipeError, match=r"a file of torch.save \(a pickle, which can run code"):
        check_model_folder(folder)


def test_a_pointer_of_git_lfs_says_how_to_fetch_the_file(folder):
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(NerpipeError, match="git lfs pull"):
        check_model_folder(folder)


def test_a_folder_or_nothing_in_the_place_of_the_weights(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(NerpipeError, match="there are no such weights"):
        check_model_folder(folder)
    (folder / "model.safetensors").mkdir()
    with pytest.raises(NerpipeError, match="no whole safetensors file"):
        check_model_folder(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
        ("[" * 100_000, "not valid JSON"),
        ('{"auto_map": {"AutoModel": "code.Model"}}', "needs Python code from its folder"),
        ('{"transformers_weights": "other.safetensors"}', "whose SHA-256 is known"),
        ('{"transformers_weights": "../model.safetensors"}', "whose SHA-256 is known"),
        ('{"fast_tokenizer_files": ["../tokenizer.4.0.0.json"]}', "not the name of a file in this folder"),
        ('{"configuration_files": ["/etc/config.4.0.0.json"]}', "not the name of a file in this folder"),
        ('{"configuration_files": [5]}', "not the name of a file in this folder"),
        ('{"configuration_files": 5}', "not the name of a file in this folder"),
    ],
)
def test_settings_that_set_a_trap_are_refused(folder, name, content, said):
    (folder / name).write_text(content)
    with pytest.raises(NerpipeError, match=said) as caught:
        check_model_folder(folder)
    assert str(folder / name) in str(caught.value)


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    with pytest.raises(NerpipeError, match="merge it into the model"):
        check_model_folder(folder)


def info(missing=(), mismatched=(), unexpected=()):
    return {"missing_keys": set(missing), "mismatched_keys": set(mismatched), "unexpected_keys": set(unexpected)}


def test_a_new_head_and_unused_weights_are_fine():
    found = info(["head.weight"], [("head.bias", (3,), (7,))], ["pooler.b", "pooler.a"])
    names = ["a", "head.weight", "head.bias"]
    assert check_filled("m", found, parameters=names, new=names[1:]) == ["pooler.a", "pooler.b"]


def test_what_no_weights_filled_is_listed():
    names = [f"layer.{number}" for number in range(9)]
    found = info(names[:7], [("layer.8", (3, 2), (7, 2))], ["other.a"])
    with pytest.raises(NerpipeError) as caught:
        check_filled("m", found, parameters=names)
    for part in (
        "7 of its 9 parameters",
        "layer.4 and 2 more",
        "layer.8 is 3x2 and not 7x2",
        "names that it does not know",
    ):
        assert part in str(caught.value)
