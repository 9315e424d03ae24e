"""Data sets between stages: whole, or refused in one sentence."""

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict

from nerpipe.contracts.files import SPLITS
from nerpipe.contracts.splits import load_splits
from nerpipe.errors import NerpipeError


@pytest.fixture
def saved(tmp_path):
    rows = Dataset.from_dict({"tokens": [["Ann"], ["Bo"]] * 3000})
    DatasetDict(dict.fromkeys(SPLITS, rows)).save_to_disk(str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_whole_data_set_is_loaded(saved):
    assert load_splits(saved, "tokens")["dev"].num_rows == 6000


def test_an_arrow_file_cut_between_two_batches_is_refused_though_arrow_reads_it(saved):
    (path,) = (saved / "train").glob("*.arrow")
    whole = path.read_bytes()
    with pa.memory_map(str(path)) as source:
        stream = pa.ipc.open_stream(source)
        stream.read_next_batch()
        place = source.tell()
    path.write_bytes(whole[:place])
    with pa.memory_map(str(path)) as source:
        assert 0 < pa.ipc.open_stream(source).read_all().num_rows < 6000
    with pytest.raises(NerpipeError, match=r"\.arrow: this Arrow file is not whole.*`dvc repro`"):
        load_splits(saved, "tokens")


def test_a_missing_folder_split_or_column_is_named(saved, tmp_path):
    with pytest.raises(NerpipeError, match=r"nothing: the data set in this folder cannot be read .*`dvc repro`"):
        load_splits(tmp_path / "nothing")
    with pytest.raises(NerpipeError, match=r"lacks the column ner_tags; run `dvc repro`"):
        load_splits(saved, "tokens", "ner_tags")
    (saved / "dataset_dict.json").write_text('{"splits": ["train", "dev"]}')
    with pytest.raises(NerpipeError, match=r"cannot be read \(KeyError: 'test'\)"):
        load_splits(saved)
