"""Where raw files come from: folder, mirror, cache, network; what is said when they don't."""

import gc
import hashlib
import http.server
import re
import threading
from pathlib import Path

import pytest

from documented import table
from nerpipe.corpus.settings import load_settings, source_hint
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError
from places import ROOT

# requests leaves the sockets of a failed download to the garbage collector, which warns of them ...
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected():
    """... here, and not in whatever test it would run in next."""
    yield
    gc.collect()


TEXT = {split: f"{split}\tO\n\n".encode() for split in ("train", "dev", "test")}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves TEXT; /cut/ promises more bytes than it sends, /changed/ sends something else, /gone/ is a 404."""

    hits = 0

    def do_GET(self):
        type(self).hits += 1
        _, how, split = self.path.split("/")
        if how == "gone":
            self.send_error(404)
            return
        body = b"something else" if how == "changed" else TEXT[split]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (5 if how == "cut" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository root with a download cache of its own and no mirror."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NERPIPE_MIRROR", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / "repo/data/raw").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def point(root, base, **changed):
    """Write a source.yaml whose files lie at base/SPLIT."""
    folder = root / "data/raw/far"
    folder.mkdir(exist_ok=True)
    entries = {
        split: {
            "url": f"{base}/{split}",
            "file": f"{split}.txt",
            "sha256": hashlib.sha256(text).hexdigest(),
            **changed,
        }
        for split, text in TEXT.items()
    }
    lines = [
        f"{split}:\n" + "".join(f"  {key}: {value}\n" for key, value in entry.items() if value)
        for split, entry in entries.items()
    ]
    (folder / "source.yaml").write_text("".join(lines))
    return folder.relative_to(root)


def test_a_folder_with_three_files(root):
    folder = root / "data/raw/mine"
    folder.mkdir()
    for split, text in TEXT.items():
        (folder / f"{split}.conll").write_bytes(text)
    assert {split: path.read_bytes() for split, path in resolve_corpus(folder).sources.items()} == TEXT


def test_missing_files_are_named(root):
    (root / "data/raw/mine").mkdir()
    (root / "data/raw/mine/dev.conll").write_text("")
    with pytest.raises(NerpipeError, match=r"no file of train found; a data set is a folder with"):
        resolve_corpus(root / "data/raw/mine")
    (root / "data/raw/mine/ours.tsv").write_text("a\tO\n")
    with pytest.raises(NerpipeError, match=r"If ours\.tsv holds the corpus, rename it to train\.tsv"):
        resolve_corpus(root / "data/raw/mine")


def test_an_unknown_data_set_suggests_a_near_one(root):
    for name, file in (("sample", "train.conll"), ("wnut17", "corpus.yaml"), ("none", "README.md")):
        (root / "data/raw" / name).mkdir()
        (root / "data/raw" / name / file).touch()
    with pytest.raises(NerpipeError, match=r"\[params.yaml -> dataset\] 'sampel': .* did you mean sample\?"):
        resolve_corpus(root / "data/raw/sampel")
    with pytest.raises(NerpipeError, match=r"\[--merge\] 'mine': .*; the data sets here are: sample, wnut17\. To add"):
        resolve_corpus(root / "data/raw/mine", "--merge")


def test_files_that_git_does_not_know_are_missing_in_a_copy_and_the_message_says_so(root, tmp_path, monkeypatch):
    (root / "data/raw/mine").mkdir()
    (root / "data/raw/mine/train.conll").write_text("x\tO\n")
    (tmp_path / "copy/data/raw").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(root))
    with pytest.raises(NerpipeError, match=r"only what git or DVC tracks: `git add data/raw/mine`"):
        resolve_corpus(Path("data/raw/mine"))


def test_download_then_cache(root, server):
    folder = point(root, f"{server}/good")
    assert {split: path.read_bytes() for split, path in resolve_corpus(folder).sources.items()} == TEXT
    hits = Handler.hits
    resolve_corpus(folder)
    assert Handler.hits == hits


def test_a_spoilt_cache_is_fetched_again(root, server):
    folder = point(root, f"{server}/good")
    path = resolve_corpus(folder).sources["dev"]
    path.write_bytes(b"spoilt")
    assert resolve_corpus(folder).sources["dev"].read_bytes() == TEXT["dev"]


@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_a_bad_download_says_where_and_what_to_do_and_leaves_nothing(root, server, tmp_path, how):
    folder = point(root, f"{server}/{how}")
    with pytest.raises(NerpipeError) as caught:
        resolve_corpus(folder)
    for part in (f"{server}/{how}/train", "NERPIPE_MIRROR", "dataset=sample"):
        assert part in str(caught.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_no_network(root):
    folder = point(root, "http://127.0.0.1:9/nothing")
    with pytest.raises(
        NerpipeError,
        match=r"127.0.0.1:9/nothing/train: could not be fetched .*NERPIPE_MIRROR/far/train.txt.*dataset=sample",
    ):
        resolve_corpus(folder)


def test_a_mirror_is_used_in_place_and_a_relative_one_counts_from_the_root(root, tmp_path, monkeypatch):
    folder = point(root, "http://127.0.0.1:9/nothing")
    (tmp_path / "mirror/far").mkdir(parents=True)
    for split, text in TEXT.items():
        (tmp_path / f"mirror/far/{split}.txt").write_bytes(text)
    monkeypatch.setenv("NERPIPE_MIRROR", "../mirror")
    monkeypatch.setenv("DVC_ROOT", str(root))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/data").symlink_to(root / "data")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert {split: path.read_bytes() for split, path in resolve_corpus(folder).sources.items()} == TEXT
    (tmp_path / "mirror/far/dev.txt").write_bytes(b"other")
    with pytest.raises(NerpipeError, match=r"dev.txt: its SHA-256 is .*; expected .* NERPIPE_MIRROR names"):
        resolve_corpus(folder)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sha256": "abc"}, r"source.yaml -> train.sha256\] 'abc' is not a SHA-256"),
        ({"url": "ftp://x"}, r"-> train.url\] 'ftp://x' is not an address that begins with http"),
        ({"file": "../x"}, r"-> train.file\] '../x' must be a plain file name"),
        ({"file": ""}, r"expected the keys url, file, sha256"),
    ],
)
def test_a_malformed_pointer(root, changed, said):
    folder = point(root, "http://127.0.0.1:9", **changed)
    with pytest.raises(NerpipeError, match=said):
        resolve_corpus(folder)


def test_a_pointer_without_train(root):
    folder = point(root, "http://127.0.0.1:9")
    (folder / "source.yaml").write_text("dev: 3\n")
    with pytest.raises(NerpipeError, match="expected the keys train, dev and test, found \\['dev'\\]"):
        resolve_corpus(folder)


def test_a_pointer_without_dev_and_test_is_fine(root, server):
    folder = point(root, f"{server}/good")
    text = (folder / "source.yaml").read_text()
    (folder / "source.yaml").write_text(text[: text.index("dev:")])
    assert list(resolve_corpus(folder).sources) == ["train"]


def test_the_old_file_is_read_with_a_hint_and_the_new_one_without(root, server):
    folder = point(root, f"{server}/good")
    found = resolve_corpus(folder)
    assert "corpus.yaml, under the key `files:`" in source_hint(folder)
    text = (folder / "source.yaml").read_text()
    (folder / "corpus.yaml").write_text("files:\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    with pytest.raises(NerpipeError, match=r"corpus.yaml -> files\] .*source.yaml names files too; keep one"):
        resolve_corpus(folder)
    (folder / "source.yaml").unlink()
    assert resolve_corpus(folder) == found
    assert not source_hint(folder)


@pytest.mark.parametrize(("files", "splits"), [(row[0], row[1]) for row in table("## Files")])
def test_documented_names_of_files(tmp_path, files, splits):
    for name in re.findall(r"`([^`]+)`", files):
        (tmp_path / name).write_text("x\tB-a\n\n")
    found = resolve_corpus(tmp_path).sources
    assert list(found) == splits.split()
    assert found["train"].name != "train.conllu"


def test_two_files_of_a_split_are_refused(tmp_path):
    for name in ("train.conll", "dev.txt", "dev.tsv"):
        (tmp_path / name).write_text("x\tB-a\n\n")
    with pytest.raises(NerpipeError, match=r"dev.tsv, dev.txt could all be the file of dev; rename the right one to"):
        resolve_corpus(tmp_path)


def test_a_split_left_behind_in_the_work_tree_is_not_cut_from_train(root, tmp_path, monkeypatch):
    folder = root / "data/raw/mine"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.txt").write_text("x\tB-a\n\n")
    copy = tmp_path / "copy/data/raw/mine"
    copy.mkdir(parents=True)
    (copy / "train.txt").write_text("x\tB-a\n\n")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(root))
    with pytest.raises(NerpipeError, match=r"dev.conll, test.conll not there.*only what git or DVC tracks"):
        resolve_corpus(Path("data/raw/mine"))


def test_a_fraction_for_a_split_that_is_there_is_refused(tmp_path):
    for name in ("train.conll", "dev.conll"):
        (tmp_path / name).write_text("x\tB-a\n\n")
    (tmp_path / "corpus.yaml").write_text("dev_fraction: 0.2\n")
    with pytest.raises(NerpipeError, match=r"corpus.yaml -> dev_fraction\] .*dev.conll is the file of this split"):
        resolve_corpus(tmp_path)


def test_the_pointer_in_the_repository_is_sound(wnut17):
    for entry in load_settings(ROOT / "data/raw/wnut17").files.values():
        assert hashlib.sha256((wnut17 / entry.file).read_bytes()).hexdigest() == entry.sha256
        assert "e52a2d2a71ac1a051ca2d532eef28653c5c02603" in entry.url
