"""Screens changes of the recipe for text like WNUT-17: a teacher, and the mean of the weights of the last steps.

    python benchmarks/screening.py FOLDER --seeds 1 2 3 [--parts wnut17 sample] [--ema 0.995 0.998]
    python benchmarks/screening.py FOLDER --seeds 1 --model pkg:all_mpnet_base_v2@78c0197b6159 --teach
    python benchmarks/screening.py FOLDER --seeds 1 2 3 --teacher FOLDER/NAME.npy [--share 0.5]

Each run trains as the train stage does, in a loop of its own on one thread, so that what is screened need not be in the
pipeline. It writes FOLDER/NAME.json with the F1 of the dev splits: of the epoch with the best dev F1 of WNUT-17, and of
the mean of the weights (each step's mean is `--ema` times the mean before, and the rest the weights of the step). With
--teach it also writes what the model says of each word of train, for --teacher: the loss is then `--share` times the
cross entropy with that, and the rest that with the labels. Test is scored only with --test, for a final table. A run
that is there is not repeated.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast, Trainer, get_linear_schedule_with_warmup, set_seed

from nerpipe.contracts.conll import Sentence, read_conll
from nerpipe.contracts.labels import IGNORED, make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.word_predictions import predict_words
from nerpipe.params import load_params
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze, parameter_groups
from nerpipe.training.mixed_precision import is_mixed, use_mixed_precision
from nerpipe.training.model import load_model
from report import ROOT, print_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = dict[str, torch.Tensor]

CORPORA = ("wnut17", "sample")
LABELS = make_labels(["corporation", "creative-work", "group", "location", "person", "product"])
PARAMS = load_params(ROOT / "params.yaml")
LOGGED = 200  # Steps.


class Split(NamedTuple):
    """Sentences, and their windows for a model."""

    sentences: Sequence[Sentence]
    windows: datasets.Dataset


class Screened(NamedTuple):
    """What is screened in a run."""

    ema: Sequence[float]
    share: float  # Of the loss, for the teacher.
    taught: "NDArray[np.float32] | None"  # What the teacher says of the words of train. Shape: (words, labels).


def make_split(tokenizer: PreTrainedTokenizerFast, sentences: Sequence[Sentence]) -> Split:
    """Tokenize sentences."""
    rows = {
        "tokens": [list(each.tokens) for each in sentences],
        "ner_tags": [[LABELS.index(tag) for tag in each.tags] for each in sentences],
    }
    windows, _ = tokenize_split(
        tokenizer,
        datasets.Dataset.from_dict(rows, split="train"),
        LABELS,
        expected=tally(each.tags for each in sentences),
        max_length=PARAMS.max_length,
        stride=PARAMS.stride,
        continuation=None,
    )
    return Split(sentences, windows)


def clean(folder: Path) -> dict[str, dict[str, list[Sentence]]]:
    """Read the sentences of each split of both corpora."""
    found = {}
    for name in CORPORA:
        (folder / name).mkdir()
        rows = clean_corpus(resolve_corpus(ROOT / "data/raw" / name), folder / name, max_rejected=0.0)
        found[name] = {row["split"]: list(read_conll(folder / name / f"{row['split']}.conll")) for row in rows}
    return found


def f1(model: PreTrainedModel, split: Split, pad_id: int) -> float:
    """Give the entity F1 of a model, in points."""
    predicted = predict_words(
        model,
        split.windows,
        [len(each.tags) for each in split.sentences],
        labels=LABELS,
        pad_id=pad_id,
        weights=DecodingWeights(PARAMS.outside_bias, PARAMS.adjoining_penalty),
    )
    return 100 * score([each.tags for each in split.sentences], predicted.tags).readings["conlleval"].f1


def batches(split: Split, targets: torch.Tensor, seed: int, pad_id: int) -> "Iterator[tuple[torch.Tensor, ...] | None]":
    """Yield input ids, attention mask, whether a sub-word has a label, and its target; None behind each epoch."""
    ids, labels = split.windows["input_ids"][:], split.windows["labels"][:]
    counts = np.cumsum([0, *(sum(label != IGNORED for label in row) for row in labels)])
    sampler = LengthGroupedSampler([len(row) for row in ids], PARAMS.batch_size, seed)
    for epoch in range(PARAMS.epochs):
        sampler.set_epoch(epoch)
        order = list(sampler)
        for start in range(0, len(order), PARAMS.batch_size):
            chosen = order[start : start + PARAMS.batch_size]
            width = max(len(ids[row]) for row in chosen)
            inputs, mask = torch.full((len(chosen), width), pad_id), torch.zeros((len(chosen), width), dtype=torch.long)
            labelled = torch.zeros((len(chosen), width), dtype=torch.bool)
            for place, row in enumerate(chosen):
                inputs[place, : len(ids[row])] = torch.tensor(ids[row])
                mask[place, : len(ids[row])] = 1
                labelled[place, : len(ids[row])] = torch.tensor(labels[row]) != IGNORED
            yield inputs, mask, labelled, torch.cat([targets[counts[row] : counts[row + 1]] for row in chosen])
        yield None


def targets_of(split: Split, screened: Screened) -> torch.Tensor:
    """Give the probabilities that each labelled sub-word should get. Shape: (labelled sub-words, labels)."""
    starts = np.cumsum([0, *(len(each.tags) for each in split.sentences)])
    columns = (split.windows[name][:] for name in ("sentence", "labels", "word_ids"))
    found = [
        (label, starts[sentence] + word)
        for sentence, labels, words in zip(*columns, strict=True)
        for label, word in zip(labels, words, strict=True)
        if label != IGNORED
    ]
    rows = np.eye(len(LABELS), dtype=np.float32)[[label for label, _ in found]]
    if screened.taught is not None:
        said = screened.taught[[word for _, word in found]]
        rows = (1 - screened.share) * rows + screened.share * said
    return torch.from_numpy(rows)


def train(
    spec: str, tokenizer: PreTrainedTokenizerFast, split: Split, judged: Split, seed: int, screened: Screened
) -> "tuple[PreTrainedModel, dict[str, Weights]]":
    """Train a model. Return it, and the weights of its best epoch and of each mean of the weights."""
    set_seed(seed)
    model = load_model(spec, LABELS, tokenizer, attention_dropout=PARAMS.attention_dropout)
    freeze(model, word_embeddings=PARAMS.word_embeddings == "frozen", layers=PARAMS.frozen_layers)
    use_fast_dropout(model, MaskGenerator(seed, 0))
    if is_mixed(PARAMS.precision, "cpu"):
        use_mixed_precision(model.base_model)
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    groups = parameter_groups(
        model,
        Trainer.get_decay_parameter_names(None, model),  # type: ignore[arg-type]
        lr=PARAMS.lr,
        layer_decay=PARAMS.layer_decay,
        weight_decay=PARAMS.weight_decay,
    )
    optimiser = torch.optim.AdamW(groups, fused=True)
    steps = math.ceil(len(split.windows) / PARAMS.batch_size) * PARAMS.epochs
    schedule = get_linear_schedule_with_warmup(optimiser, math.ceil(steps * PARAMS.warmup), steps)
    adjustment = torch.zeros(len(LABELS))
    adjustment[LABELS.index("O")] = PARAMS.outside_bias
    means = {decay: copy_of(trained) for decay in screened.ema}
    best, kept, step, started = -1.0, copy_of(trained), 0, time.perf_counter()
    model.train()
    for batch in batches(split, targets_of(split, screened), seed, tokenizer.pad_token_id):
        if batch is None:
            found = f1(model, judged, tokenizer.pad_token_id)
            print(f"step {step:,} of {steps:,}: dev F1 {found:.2f}, {time.perf_counter() - started:.0f} s", flush=True)
            if found > best:
                best, kept = found, copy_of(trained)
            continue
        inputs, mask, labelled, wanted = batch
        logits = model(input_ids=inputs, attention_mask=mask).logits[labelled] + adjustment
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, wanted).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimiser.step()
        schedule.step()
        step += 1
        for decay, mean in means.items():
            early = min(decay, (1 + step) / (10 + step))
            for name, weight in trained.items():
                mean[name].lerp_(weight.detach(), 1 - early)
    return model.eval(), {"best epoch": kept, **{f"mean {decay}": mean for decay, mean in means.items()}}


def copy_of(weights: "Weights") -> "Weights":
    """Copy weights, so that training does not change them."""
    return {name: weight.detach().clone() for name, weight in weights.items()}


def probabilities(model: PreTrainedModel, split: Split, pad_id: int) -> "NDArray[np.float32]":
    """Give what a model says of each word. Shape: (words, labels)."""
    counts = [len(each.tags) for each in split.sentences]
    found = predict_words(model, split.windows, counts, labels=LABELS, pad_id=pad_id).log_probabilities
    return np.exp(found).astype(np.float32)


def main() -> None:
    """Make the runs that are missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--parts", nargs="+", default=[*CORPORA], choices=CORPORA, help="corpora of train")
    parser.add_argument("--model", default=PARAMS.model, help="pretrained model (default: that of params.yaml)")
    parser.add_argument("--ema", type=float, nargs="*", default=[], help="decays of means of the weights")
    parser.add_argument("--teacher", type=Path, help="file that a run with --teach wrote for the same corpora")
    parser.add_argument("--share", type=float, default=0.5, help="share of the teacher in the loss (default: 0.5)")
    parser.add_argument("--teach", action="store_true", help="also write what the model says of train")
    parser.add_argument("--test", action="store_true", help="also score test")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    torch.set_num_threads(1)
    flags.folder.mkdir(exist_ok=True)
    taught = np.load(flags.teacher) if flags.teacher else None
    kind = f"{flags.model.split('@')[0].rpartition(':')[2]}-{'+'.join(flags.parts)}"
    kind += f"-{flags.teacher.stem}-{flags.share}" if flags.teacher else ""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as made:
        corpora = clean(Path(made))
    tokenizer = load_tokenizer(flags.model, capitals=PARAMS.capitals)
    train_split = make_split(tokenizer, [each for part in flags.parts for each in corpora[part]["train"]])
    scored = {
        f"{name} {split}": make_split(tokenizer, corpora[name][split])
        for split in (("dev", "test") if flags.test else ("dev",))
        for name in CORPORA
    }
    for seed in flags.seeds:
        path = flags.folder / f"{kind}-{seed}.json"
        if not path.exists():
            judged = scored[f"{flags.parts[0]} dev"]
            screened = Screened(flags.ema, flags.share, taught)
            model, kept = train(flags.model, tokenizer, train_split, judged, seed, screened)
            found = {}
            for name, weights in reversed(kept.items()):
                model.load_state_dict(weights, strict=False)
                found[name] = {place: f1(model, split, tokenizer.pad_token_id) for place, split in scored.items()}
            if flags.teach:
                np.save(path.with_suffix(".npy"), probabilities(model, train_split, tokenizer.pad_token_id))
            path.write_text(json.dumps(found, indent=1), encoding="utf-8")
        found = json.loads(path.read_text(encoding="utf-8"))
        rows += [{"seed": seed, "weights": name, **scores} for name, scores in found.items()]
    print_table([*rows[0]], [[*row.values()] for row in rows])


if __name__ == "__main__":
    main()
