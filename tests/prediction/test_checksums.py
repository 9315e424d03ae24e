"""Exported folders that are damaged, were changed or are hostile: none of them predicts."""

import json
import os
import pickle
import shutil
from importlib.util import find_spec

import pytest

from nerpipe.contracts import user_cache
from nerpipe.contracts.files import sha256_of
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import iob2_transitions, transition_table
from nerpipe.prediction import checksums
from nerpipe.prediction.checksums import CHECKSUMS
from nerpipe.prediction.exported_folder import load_decoding
from nerpipe.prediction.predictor import Predictor


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(exported_tiny, tmp_path):
    return shutil.copytree(exported_tiny, tmp_path / "model")


def seal(folder):
    """Write checksums that fit, as an attacker would."""
    names = (
        path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file() and path.name != CHECKSUMS
    )
    (folder / CHECKSUMS).write_text("".join(f"{sha256_of(folder / name)}  {name}\n" for name in names))


def flip(path, place=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["onnx/model.onnx", "tokenizer.json", "decoding.json", "labels.json", "config.json"])
@pytest.mark.parametrize("place", [0.1, 0.9])
def test_a_flipped_byte_is_found(folder, name, place):
    Predictor(folder)
    flip(folder / name, place)
    with pytest.raises(NerpipeError, match=f"{name}: the file is damaged or was changed"):
        Predictor(folder)


def test_only_what_is_read_is_checked(folder):
    (folder / "README.md").write_text("# My own words\n")
    flip(folder / "model.safetensors")
    Predictor(folder)
    with pytest.raises(NerpipeError, match=r"model\.safetensors: the file is damaged"):
        Predictor(folder, backend="torch")


def test_a_large_file_is_read_once_and_again_when_it_changed(folder, monkeypatch):
    monkeypatch.setattr(checksums, "_LARGE", 1000)
    read = []
    monkeypatch.setattr(checksums, "sha256_of", lambda path: read.append(path.name) or sha256_of(path))
    Predictor(folder)
    assert "model.onnx" in read
    read.clear()
    Predictor(folder)
    assert "model.onnx" not in read
    network = folder / "onnx/model.onnx"
    before = network.stat()
    flip(network)
    os.utime(network, ns=(before.st_atime_ns, before.st_mtime_ns))  # The size and this time stay as they were.
    with pytest.raises(NerpipeError, match=r"model\.onnx: the file is damaged"):
        Predictor(folder)


def test_a_cache_that_cannot_be_used_does_no_harm(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(checksums, "_LARGE", 1000)
    Predictor(folder)
    for entry in (user_cache.user_cache() / "checksums").iterdir():
        entry.write_text("[]")
    Predictor(folder)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    Predictor(folder)


def test_a_folder_without_checksums_is_taken_with_a_word(folder, capsys):
    (folder / CHECKSUMS).unlink()
    assert Predictor(folder)(["Ann"])
    assert f"no {CHECKSUMS} is there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lists nothing"),
        ("not a checksum\n", r"SHA256SUMS:1: 'not a checksum' is no checksum"),
        ("0" * 64 + "  ../../secret\n", "is not the name of a file in this folder"),
        ("0" * 64 + "  /etc/passwd\n", "is not the name of a file in this folder"),
        ("0" * 64 + "  C:\\x\n", "is not the name of a file in this folder"),
        ("0" * 64 + "  README.md\n", r"decoding\.json is not listed"),
    ],
)
def test_checksums_that_cannot_be_are_refused(folder, text, said):
    (folder / CHECKSUMS).write_text(text)
    with pytest.raises(NerpipeError, match=said):
        Predictor(folder)


def test_a_folder_for_a_file_and_bytes_that_are_no_text_are_refused(folder):
    (folder / CHECKSUMS).write_bytes(b"\xff\n")
    with pytest.raises(NerpipeError, match="the checksums cannot be read"):
        Predictor(folder)
    (folder / CHECKSUMS).unlink()
    (folder / CHECKSUMS).mkdir()
    with pytest.raises(NerpipeError, match="the checksums cannot be read"):
        Predictor(folder)


def change(name, **values):
    def attack(folder):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return attack


def replace_text(name, text):
    return lambda folder: (folder / name).write_text(text)


def cut(name, share):
    return lambda folder: (folder / name).write_bytes(
        (folder / name).read_bytes()[: int(share * (folder / name).stat().st_size)]
    )


def weights(content):
    return lambda folder: (folder / "model.safetensors").write_bytes(content)


class Attack:
    """What runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch attacked",)


def pickled(name, *, keep):
    def attack(folder):
        if not keep:
            (folder / "model.safetensors").unlink()
        (folder / name).write_bytes(pickle.dumps(Attack()))

    return attack


def external_data(where):
    def attack(folder):
        onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install -r requirements/run.txt")
        path = folder / "onnx/model.onnx"
        model = onnx.load(path)
        tensor = max(model.graph.initializer, key=lambda one: len(one.raw_data))
        (folder.parent / "secret.bin").write_bytes(tensor.raw_data)
        for key, value in (("location", where), ("offset", "0"), ("length", str(len(tensor.raw_data)))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        tensor.ClearField("raw_data")
        tensor.data_location = 1
        path.write_bytes(model.SerializeToString())

    return attack


HOSTILE = {
    "bias": ("onnx", change("decoding.json", outside_bias="much"), "outside_bias. much is not a number from 0 to 100"),
    "window of two": ("onnx", change("decoding.json", max_length=2), "max_length. 2 is not a whole number from 4"),
    "window of a billion": ("onnx", change("decoding.json", max_length=10**9), "max_length. 1000000000 is not"),
    "more than the model reads": ("onnx", change("decoding.json", max_length=999), "999 is more than the .* positions"),
    "penalty": ("onnx", change("decoding.json", adjoining_penalty=-1), "adjoining_penalty. -1 is not a number from 0"),
    "table": ("onnx", change("decoding.json", follow=[[0]]), "follow. is not that of the labels"),
    "half a number": ("onnx", change("decoding.json", max_length=32.5), "max_length. 32.5 is not"),
    "a truth": ("onnx", change("decoding.json", stride=True), "stride. True is not"),
    "stride": ("onnx", change("decoding.json", stride=31), "decoding.json does not fit the tokenizer"),
    "stride over the window": ("onnx", change("decoding.json", stride=32), "stride. 32 is not less than max_length"),
    "negative": ("onnx", change("decoding.json", pad_id=-1), "pad_id. -1 is not"),
    "padding": ("onnx", change("decoding.json", pad_id=10**6), "decoding.json does not fit the tokenizer"),
    "no rule": ("onnx", change("decoding.json", word_rule=["general"]), "is not a word rule"),
    "no labels": ("onnx", change("decoding.json", labels=[]), "a label occurs twice, or O is missing"),
    "labels": ("onnx", change("decoding.json", labels={"O": 1}), "is not a list of O, B-TYPE and I-TYPE"),
    "number": ("onnx", change("decoding.json", labels=["O", 7]), "is not a list of O, B-TYPE and I-TYPE"),
    "same label": ("onnx", change("decoding.json", labels=["O", "B-a", "I-a", "B-a", "I-a"]), "a label occurs twice"),
    "lone label": ("onnx", change("decoding.json", labels=["O", "B-a"]), "contain B-a but no I-a"),
    "swapped labels": (
        "onnx",
        change("decoding.json", labels=["O", "B-person", "I-person", "B-location", "I-location"]),
        "labels.json: the labels are not those of decoding.json",
    ),
    "object": ("onnx", replace_text("decoding.json", "{}"), "labels.* missing"),
    "array": ("onnx", replace_text("decoding.json", "[]"), "a JSON object was expected, not list"),
    "null": ("onnx", replace_text("decoding.json", "null"), "a JSON object was expected, not NoneType"),
    "deep": ("onnx", replace_text("decoding.json", "[" * 100_000), "not valid JSON"),
    "nothing": ("onnx", replace_text("decoding.json", ""), "not valid JSON"),
    "null labels": ("onnx", replace_text("labels.json", "null"), "labels.json: the labels are not those"),
    "tokenizer": ("onnx", replace_text("tokenizer.json", "{}"), "the tokenizer cannot be read"),
    "null tokenizer": ("onnx", replace_text("tokenizer.json", "null"), "the tokenizer cannot be read"),
    "cut network": ("onnx", cut("onnx/model.onnx", 0.5), "ONNX Runtime cannot load it"),
    "empty network": ("onnx", cut("onnx/model.onnx", 0), "ONNX Runtime cannot load it|not the network"),
    "pickled network": ("onnx", pickled("onnx/model.onnx", keep=True), "ONNX Runtime cannot load it"),
    "path in a network": ("onnx", external_data("../../secret.bin"), "ONNX Runtime cannot load it"),
    "whole path in a network": ("onnx", external_data("/etc/passwd"), "ONNX Runtime cannot load it"),
    "cut network, OpenVINO": ("openvino", cut("onnx/model.onnx", 0.5), "OpenVINO cannot load it"),
    "empty network, OpenVINO": ("openvino", cut("onnx/model.onnx", 0), "OpenVINO cannot load it|not the network"),
    "pickled network, OpenVINO": ("openvino", pickled("onnx/model.onnx", keep=True), "OpenVINO cannot load it"),
    "path in a network, OpenVINO": ("openvino", external_data("../../secret.bin"), "OpenVINO cannot load it"),
    "whole path in a network, OpenVINO": ("openvino", external_data("/etc/passwd"), "OpenVINO cannot load it"),
    "cut weights": ("torch", cut("model.safetensors", 0.5), "model.safetensors"),
    "long header": (
        "torch",
        lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 16),
        "model.safetensors",
    ),
    "short header": ("torch", weights((10).to_bytes(8, "little")), "model.safetensors"),
    "empty weights": ("torch", cut("model.safetensors", 0), "model.safetensors"),
    "pickle": ("torch", pickled("pytorch_model.bin", keep=False), "model.safetensors: not there.*can run code"),
    "pickled weights": ("torch", pickled("model.safetensors", keep=True), "model.safetensors"),
    "shapes": ("torch", change("config.json", hidden_size=64), "model|weights"),
    "code": ("torch", change("config.json", auto_map={"AutoConfig": "x.X"}, model_type="unknown"), "code"),
    "file elsewhere": (
        "torch",
        change("config.json", transformers_weights="../../evil.safetensors"),
        "evil|instead of",
    ),
    "no settings": ("torch", replace_text("config.json", "[]"), "config.json"),
    "null settings": ("torch", replace_text("config.json", "null"), "config.json"),
    "null tokenizer settings": ("torch", replace_text("tokenizer_config.json", "null"), "tokenizer_config.json"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_even_if_its_checksums_fit(folder, name, monkeypatch):
    monkeypatch.chdir(folder.parent)
    backend, attack, said = HOSTILE[name]
    if backend == "openvino":
        pytest.importorskip("openvino", reason="openvino is not installed: pip install -r requirements/openvino.txt")
    attack(folder)
    seal(folder)
    with pytest.raises(NerpipeError, match=said):
        Predictor(folder, backend=backend)
    assert not (folder.parent / "attacked").exists()


@pytest.mark.parametrize("said", [{"max_position_embeddings": -1}, {"max_position_embeddings": 0}, {}])
def test_a_model_without_a_limit_of_positions_takes_any_window(folder, said):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    del config["max_position_embeddings"]
    path.write_text(json.dumps(config | said))
    change("decoding.json", max_length=999)(folder)
    assert load_decoding(folder).max_length == 999


def test_the_network_of_another_model_is_refused(folder):
    path = folder / "decoding.json"
    fewer = json.loads(path.read_text())["labels"][:3]
    table = transition_table(fewer, iob2_transitions(fewer))
    path.write_text(json.dumps(json.loads(path.read_text()) | table))
    (folder / "labels.json").write_text(json.dumps(fewer))
    seal(folder)
    with pytest.raises(NerpipeError, match=r"this is not the network of decoding\.json"):
        Predictor(folder)
    if find_spec("openvino"):
        with pytest.raises(NerpipeError, match=r"this is not the network of decoding\.json"):
            Predictor(folder, backend="openvino")
    with pytest.raises(NerpipeError, match=r"the model has 5 labels, but decoding\.json has 3"):
        Predictor(folder, backend="torch")
