"""Models of random weights, small enough to train in a test: the same classes and code paths as the real ones."""

import string

from nerpipe.contracts.files import sha256_of

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
CHARACTERS = [*string.ascii_letters, *string.digits, *string.punctuation]


def _word_pieces(alphabet, *, lowercase):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *alphabet, *(f"##{c}" for c in alphabet), "the", "##ing", "London"]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.decoder = decoders.WordPiece()
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    return tokenizer, names


def _byte_level():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    merges = [("Ġ", character) for character in CHARACTERS]
    pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *map("".join, merges)]
    tokenizer = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges=merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
    }
    return tokenizer, names | {"mask_token": "<mask>"}


def _unigram():
    """Return a tokenizer of the kind that XLM-RoBERTa has."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [*special, "▁", *CHARACTERS, *(f"▁{character}" for character in CHARACTERS), "▁the", "ing", "▁London"]
    vocabulary = [(piece, 0.0 if piece in special else -1.0 - len(piece) / 100) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram([*vocabulary, ("<mask>", 0.0)], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.decoder = decoders.Metaspace()
    names = {"bos_token": "<s>", "cls_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "sep_token": "</s>"}
    return tokenizer, names | {"unk_token": "<unk>", "mask_token": "<mask>"}


def save_tiny(folder, kind, *, max_length=64, alphabet=()):
    """Save a model and tokenizer of this kind (bert, deberta, distilbert, roberta, xlm-roberta) and return the folder.

    The tokenizer knows the characters of `alphabet` besides those of English.
    """
    import torch
    from transformers import (
        AutoModelForMaskedLM,
        BertConfig,
        DebertaV2Config,
        DistilBertConfig,
        PreTrainedTokenizerFast,
        RobertaConfig,
        XLMRobertaConfig,
    )

    characters = [*CHARACTERS, *sorted({*alphabet} - {*CHARACTERS})]
    make = {"roberta": _byte_level, "xlm-roberta": _unigram}
    backend, names = make[kind]() if kind in make else _word_pieces(characters, lowercase=kind == "bert")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=max_length, **names)
    size = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    config = {
        "bert": lambda: BertConfig(**SIZES, **size, max_position_embeddings=max_length),
        "deberta": lambda: DebertaV2Config(
            **SIZES,
            **size,
            max_position_embeddings=max_length,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
        ),
        "roberta": lambda: RobertaConfig(**SIZES, **size, max_position_embeddings=max_length + 2),
        "xlm-roberta": lambda: XLMRobertaConfig(**SIZES, **size, max_position_embeddings=max_length + 2),
        "distilbert": lambda: DistilBertConfig(
            dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=max_length, **size
        ),
    }[kind]()
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def spec_of(folder):
    """The value of `model` in params.yaml for a saved folder."""
    return f"{folder}@{sha256_of(folder / 'model.safetensors')}"
