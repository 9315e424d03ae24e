"""Words given apart are split as in a text, whatever marks a tokenizer puts, and after saving and loading too."""

import json
import string

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.subwords import encode_words
from nerpipe.tokenizing.tokenizer import load_tokenizer
from tiny import save_tiny, spec_of

CHARACTERS = [*string.ascii_letters, *string.digits, *string.punctuation]
# How GPT-4, Llama 3 and Qwen cut a text before they look at bytes.
LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+"
)
WORDS = ["ab", "c", "d-e", "don't", "(f", "10", "a1b", "Gh."]


def sentence_pieces():
    """A BPE with the marks of SentencePiece."""
    from tokenizers import Tokenizer, models

    special = ["<pad>", "<s>", "</s>", "<unk>"]
    pieces = [*special, "▁", *CHARACTERS, *("▁" + one for one in CHARACTERS)]
    merges = [("▁", one) for one in CHARACTERS]
    return Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges=merges, unk_token="<unk>"))


def metaspace(scheme):
    from tokenizers import pre_tokenizers

    backend = sentence_pieces()
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    return backend


def gemma():
    from tokenizers import normalizers, pre_tokenizers

    backend = sentence_pieces()
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    return backend


def byte_level(*before, **options):
    from tokenizers import pre_tokenizers

    from tiny import _byte_level

    backend, _ = _byte_level()
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, **options)
    backend.pre_tokenizer = pre_tokenizers.Sequence([*before, last]) if before else last
    return backend


def llama():
    from tokenizers import Regex, pre_tokenizers

    return byte_level(pre_tokenizers.Split(Regex(LLAMA), "isolated"), use_regex=False)


def digits():
    from tokenizers import pre_tokenizers

    return byte_level(pre_tokenizers.Digits())


def stripping():
    """A tokenizer that takes the space before a word away again, so that no mark can be made from it."""
    from tokenizers import normalizers

    backend = metaspace("never")
    backend.normalizer = normalizers.Strip(left=True, right=False)
    return backend


KINDS = {
    "metaspace always": lambda: metaspace("always"),
    "metaspace first": lambda: metaspace("first"),
    "metaspace never": lambda: metaspace("never"),
    "gemma": gemma,
    "byte level": byte_level,
    "byte level after digits": digits,
    "llama 3": llama,
}


def save(tiny_model, folder, backend, tokenizer_class=None):
    """Save a tokenizer beside the weights of a tiny model, which are not used here."""
    from transformers import PreTrainedTokenizerFast

    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **names).save_pretrained(folder)
    for name in ("model.safetensors", "config.json"):
        (folder / name).write_bytes((tiny_model / name).read_bytes())
    if tokenizer_class:
        config = json.loads((folder / "tokenizer_config.json").read_text())
        (folder / "tokenizer_config.json").write_text(json.dumps(config | {"tokenizer_class": tokenizer_class}))
    return spec_of(folder)


def apart(tokenizer):
    ((ids, _, sizes),) = encode_words(tokenizer.backend_tokenizer, [WORDS])
    return ids, sizes


@pytest.mark.parametrize("kind", KINDS)
def test_words_given_apart_are_split_as_in_a_text(tiny_model, tmp_path, kind):
    backend = KINDS[kind]()
    wanted = backend.encode("x " + " ".join(WORDS), add_special_tokens=False).ids
    begin = len(backend.encode("x", add_special_tokens=False).ids)
    tokenizer = load_tokenizer(save(tiny_model, tmp_path / "a", backend), capitals="kept")
    ids, sizes = apart(tokenizer)
    assert ids == wanted[begin:]
    assert all(sizes)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_after_saving_and_loading_and_needs_no_more_mending(tiny_model, tmp_path, kind):
    from transformers import AutoTokenizer

    tokenizer = load_tokenizer(save(tiny_model, tmp_path / "a", KINDS[kind]()), capitals="kept")
    tokenizer.save_pretrained(tmp_path / "b")
    again = AutoTokenizer.from_pretrained(tmp_path / "b")
    assert apart(again) == apart(tokenizer)
    assert again.special_tokens_map == tokenizer.special_tokens_map
    (tmp_path / "b/model.safetensors").write_bytes((tmp_path / "a/model.safetensors").read_bytes())
    (tmp_path / "b/config.json").write_bytes((tmp_path / "a/config.json").read_bytes())
    assert apart(load_tokenizer(spec_of(tmp_path / "b"), capitals="kept")) == apart(tokenizer)


def test_a_class_that_builds_its_own_backend_does_not_lose_the_marks(tmp_path):
    """RoBERTa's own tokenizer class puts `add_prefix_space=False` back when it is loaded."""
    from transformers import AutoTokenizer

    folder = save_tiny(tmp_path / "a", "roberta")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"tokenizer_class": "RobertaTokenizer"}))
    tokenizer = load_tokenizer(spec_of(folder), capitals="kept")
    assert tokenizer.tokenize(["ab", "c"], is_split_into_words=True) == ["Ġa", "b", "Ġc"]
    tokenizer.save_pretrained(tmp_path / "b")
    again = AutoTokenizer.from_pretrained(tmp_path / "b")
    assert again.tokenize(["ab", "c"], is_split_into_words=True) == ["Ġa", "b", "Ġc"]


def test_what_cannot_be_mended_is_refused(tiny_model, tmp_path):
    with pytest.raises(NerpipeError, match=r"splits words that are given apart into .* but the same words in a text"):
        load_tokenizer(save(tiny_model, tmp_path / "a", stripping()), capitals="kept")


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_a_tokenizer_that_needs_no_mending_is_left_alone(tmp_path, kind):
    from transformers import AutoTokenizer

    folder = save_tiny(tmp_path / "a", kind)
    plain = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    assert load_tokenizer(spec_of(folder), capitals="lost").backend_tokenizer.to_str() == plain.to_str()
