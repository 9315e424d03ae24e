r"""Screens changes of the recipe for text like WNUT-17, by F1 on the dev splits.

    python benchmarks/screening.py FOLDER --seeds 1 2 3 [--parts wnut17 sample] [--powers 2 8]
    python benchmarks/screening.py FOLDER --seeds 1 2 3 [-S lr=5e-4] [--exchange 0.3] [--weight 0.5] [--consistency 1]
    python benchmarks/screening.py FOLDER --seeds 1 2 3 --runs 3 --powers 8
    python benchmarks/screening.py FOLDER --seeds 1 --model pkg:all_mpnet_base_v2@78c0197b6159 --teach \
        [--unlabelled vaderSentiment-3.3.2.tar.gz]
    python benchmarks/screening.py FOLDER --seeds 1 2 3 --teacher FOLDER/NAME.npy [--share 0.5] [--unlabelled ...]

Each run trains as the train stage does, in a loop of its own on one thread, so that what is screened need not be in the
pipeline. `-S device=cuda` takes a GPU. It writes FOLDER/NAME.json with the F1 of the dev splits: of the epoch with the
best dev F1 of the first corpus, and of means of the weights of all steps, in which step t counts t to the power of
--powers (Shamir and Zhang 2013).

- --exchange: the probability that an entity of train is replaced by another of its type, drawn anew in each epoch.
- --weight: the weight of the words of the sample in the loss (1 is that of the other corpus).
- --consistency: the weight of the difference between two passes with other dropout (R-Drop, Liang et al. 2021).
- --capital-words: words in capitals have a vector of their own; otherwise that of words with an initial one.
- --runs: the weights of that many runs are averaged, which begin with the same head and differ in order and dropout.
- --teach also writes what the model says of each word of train (with the last of those weights), for --teacher: the
  loss is then `--share` times the cross entropy with that, and the rest that with the labels.
- --unlabelled adds the texts of vaderSentiment (`screened_data.unlabelled`) to what a teacher says, and to what is
  learnt from it. The loss of their words is the cross entropy with the teacher.
- --hard takes the labels that the teacher gives instead of its probabilities.
- --likely leaves out the texts in which the teacher gives no word this probability, or more, of being in an entity.

Test is scored only with --test, for a final table. A run that is there is not repeated. --write puts all runs of FOLDER
into results/screening.json, and with a GPU into results/screening_gpu.json.
"""

import argparse
import dataclasses
import itertools
import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
import torch
import yaml
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerFast, Trainer, get_linear_schedule_with_warmup, set_seed

from nerpipe.contracts.conll import Sentence
from nerpipe.contracts.labels import IGNORED
from nerpipe.inference.decoding import decode, iob2_transitions
from nerpipe.inference.device_choice import choose_device
from nerpipe.params import Params
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze, parameter_groups
from nerpipe.training.mixed_precision import is_mixed, use_mixed_precision
from nerpipe.training.model import load_model
from report import print_table, write_result
from screened_data import (
    CORPORA,
    LABELS,
    PARAMS,
    Batch,
    CapitalWords,
    Exchange,
    Split,
    clean,
    f1,
    in_batches,
    make_split,
    probabilities,
    unlabelled,
    with_capital_words,
)

if TYPE_CHECKING:
    Weights = dict[str, torch.Tensor]


class Screened(NamedTuple):
    """What is screened in a run."""

    params: Params
    powers: Sequence[float]
    exchange: float
    capital_words: bool
    consistency: float
    shares: torch.Tensor | None  # Of the teacher in the loss of the words of train. Shape: (words, 1).
    taught: torch.Tensor | None  # What the teacher says of the words of train. Shape: (words, labels).
    weights: torch.Tensor | None  # Of the words of train in the loss. Shape: (words,).
    autocast: bool  # Whether matrix products are in bfloat16 on a GPU.


def loss_of(model: PreTrainedModel, batch: Batch, adjustment: torch.Tensor, screened: Screened) -> torch.Tensor:
    """Compute the loss of a step."""
    labelled = batch.labels != IGNORED
    wanted = functional.one_hot(batch.labels[labelled], len(LABELS)).float()
    words = batch.words[labelled]
    if screened.taught is not None and screened.shares is not None:
        shares = screened.shares[words]
        # The adjustment holds for what the teacher says too, as the student's logits are compared with it.
        wanted = (1 - shares) * wanted + shares * functional.softmax(screened.taught[words].log() + adjustment, -1)
    passes = []
    for _ in range(2 if screened.consistency else 1):
        with torch.autocast("cuda", torch.bfloat16, enabled=screened.autocast):
            logits = model(input_ids=batch.inputs, attention_mask=batch.mask).logits
        logits = logits[labelled].float() + adjustment
        passes.append(functional.log_softmax(logits, dim=-1))
    losses = torch.stack([-(wanted * each).sum(-1) for each in passes]).mean(0)
    if screened.consistency:
        one, other = passes
        # The mean of both Kullback-Leibler divergences, halved again as in the paper's formula for two passes.
        losses = losses + screened.consistency / 4 * ((one.exp() - other.exp()) * (one - other)).sum(-1)
    if screened.weights is None:
        return losses.mean()
    return (losses * screened.weights[words]).sum() / screened.weights[words].sum()


def train(
    spec: str, tokenizer: PreTrainedTokenizerFast, split: Split, judged: Split, seed: int, run: int, screened: Screened
) -> "tuple[PreTrainedModel, dict[str, Weights]]":
    """Train a model. Return it, and the weights of its best epoch and of each mean of the weights."""
    params = screened.params
    set_seed(seed)  # The head.
    seed += 1000 * run
    model = load_model(spec, LABELS, tokenizer, attention_dropout=params.attention_dropout)
    freeze(model, word_embeddings=params.word_embeddings == "frozen", layers=params.frozen_layers)
    if screened.capital_words:
        model.set_input_embeddings(CapitalWords(model.get_input_embeddings()))
    device = choose_device(params.device)
    model.to(device)
    if device == "cpu":
        use_fast_dropout(model, MaskGenerator(seed, 0))
        if is_mixed(params.precision, device):
            use_mixed_precision(model.base_model)
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    groups = parameter_groups(
        model,
        Trainer.get_decay_parameter_names(None, model),  # type: ignore[arg-type]
        lr=params.lr,
        layer_decay=params.layer_decay,
        weight_decay=params.weight_decay,
    )
    optimiser = torch.optim.AdamW(groups, fused=True)
    steps = math.ceil(len(split.windows) / params.batch_size) * params.epochs
    schedule = get_linear_schedule_with_warmup(optimiser, math.ceil(steps * params.warmup), steps)
    adjustment = torch.zeros(len(LABELS), device=device)
    adjustment[LABELS.index("O")] = params.outside_bias
    means = {power: copy_of(trained) for power in screened.powers}
    exchange = Exchange(split.sentences, screened.exchange)
    best, kept, step, started = -1.0, copy_of(trained), 0, time.perf_counter()
    model.train()
    for epoch in range(params.epochs):
        shown = split
        if screened.exchange:
            shown = make_split(tokenizer, exchange(split.sentences, np.random.default_rng((seed, epoch))))
        sampler = LengthGroupedSampler([len(row) for row in shown.windows["input_ids"][:]], params.batch_size, seed)
        sampler.set_epoch(epoch)
        for batch in in_batches(shown, list(sampler), params.batch_size, tokenizer.pad_token_id):
            optimiser.zero_grad()
            loss_of(model, Batch(*(part.to(device) for part in batch)), adjustment, screened).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            for power, mean in means.items():
                for name, weight in trained.items():
                    mean[name].lerp_(weight.detach(), (1 + power) / (step + power))
        found = f1(model, judged, tokenizer.pad_token_id, params)
        print(
            f"epoch {epoch + 1}, step {step:,}: dev F1 {found:.2f}, {time.perf_counter() - started:.0f} s", flush=True
        )
        if found > best:
            best, kept = found, copy_of(trained)
    return model.eval(), {"best epoch": kept, **{f"mean {power}": mean for power, mean in means.items()}}


def copy_of(weights: "Mapping[str, torch.Tensor]") -> "Weights":
    """Copy weights, so that training does not change them."""
    return {name: weight.detach().clone() for name, weight in weights.items()}


def parser_of_flags() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--parts", nargs="+", default=[*CORPORA], choices=CORPORA, help="corpora of train")
    parser.add_argument("--model", default=PARAMS.model, help="pretrained model (default: that of params.yaml)")
    parser.add_argument(
        "-S", dest="settings", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="other params"
    )
    parser.add_argument("--powers", type=float, nargs="*", default=[], help="powers of means of the weights")
    parser.add_argument("--exchange", type=float, default=0.0, help="probability of another entity (default: 0)")
    parser.add_argument("--weight", type=float, default=1.0, help="weight of the sample's words (default: 1)")
    parser.add_argument("--consistency", type=float, default=0.0, help="weight of R-Drop (default: 0)")
    parser.add_argument("--capital-words", action="store_true", help="words in capitals have a vector of their own")
    parser.add_argument("--runs", type=int, default=1, help="runs whose weights are averaged (default: 1)")
    parser.add_argument("--teacher", type=Path, help="file that a run with --teach wrote for the same corpora")
    parser.add_argument("--share", type=float, default=0.5, help="share of the teacher in the loss (default: 0.5)")
    parser.add_argument("--hard", action="store_true", help="learn the teacher's labels, not its probabilities")
    parser.add_argument("--likely", type=float, default=0.0, help="least probability of an entity in a text")
    parser.add_argument("--unlabelled", type=Path, metavar="FILE", help="source distribution of vaderSentiment 3.3.2")
    parser.add_argument("--teach", action="store_true", help="also write what the model says of train")
    parser.add_argument("--test", action="store_true", help="also score test")
    parser.add_argument("--write", action="store_true", help="write the results of all runs of the folder")
    return parser


def name_of(flags: argparse.Namespace) -> str:
    """Name the runs by what is screened."""
    parts = [flags.model.split("@")[0].rpartition(":")[2], "+".join(flags.parts), *flags.settings]
    parts += [f"{name}={getattr(flags, name)}" for name in ("exchange", "consistency") if getattr(flags, name)]
    parts += ["capital-words"] if flags.capital_words else []
    parts += [f"weight={flags.weight}"] if flags.weight != 1 else []
    parts += [f"runs={flags.runs}"] if flags.runs > 1 else []
    if flags.teacher:
        parts += [
            flags.teacher.stem,
            f"share={flags.share}",
            *(name for name in ("unlabelled", "hard") if getattr(flags, name)),
            *([f"likely={flags.likely}"] if flags.likely else []),
        ]
    return "-".join(parts)


def weighing(
    flags: argparse.Namespace,
    params: Params,
    train_words: Mapping[str, int],
    learnt: Sequence[Sentence],
    taught: torch.Tensor | None,
) -> Screened:
    """Say what is screened, from the words of train of each corpus, and what is learnt and what the teacher says."""
    weights = shares = None
    if flags.weight != 1:
        given = {"wnut17": 1.0, "sample": flags.weight}
        weights = torch.cat([torch.full((words,), given[part]) for part, words in train_words.items()])
    if taught is not None:
        if flags.hard:
            scores, lengths = taught.double().log().numpy(), [len(each.tags) for each in learnt]
            chosen = decode(scores, lengths, iob2_transitions(LABELS, params.adjoining_penalty))
            taught = functional.one_hot(torch.from_numpy(chosen), len(LABELS)).float()
        shares = torch.ones(len(taught), 1)
        shares[: sum(train_words.values())] = flags.share
    device = choose_device(params.device)
    shares, taught, weights = (None if each is None else each.to(device) for each in (shares, taught, weights))
    autocast = device == "cuda" and is_mixed(params.precision, device)
    return Screened(
        params, flags.powers, flags.exchange, flags.capital_words, flags.consistency, shares, taught, weights, autocast
    )


def likely_texts(
    labelled: Sequence[Sentence], others: Sequence[Sentence], taught: torch.Tensor, least: float
) -> tuple[list[Sentence], torch.Tensor]:
    """Leave out the texts in which no word is in an entity with this probability, and what the teacher says of them."""
    views = taught.split([len(each.tags) for each in (*labelled, *others)])
    likely = [float(1 - each[:, LABELS.index("O")].min()) >= least for each in views[len(labelled) :]]
    kept = itertools.compress(views[len(labelled) :], likely)
    return list(itertools.compress(others, likely)), torch.cat([*views[: len(labelled)], *kept])


def params_of(flags: argparse.Namespace) -> Params:
    """Give the params that are screened. A GPU is used only if it is named, so that it is in the name of the runs."""
    changed = {key: yaml.safe_load(value) for key, value in (each.split("=") for each in flags.settings)}
    typed = {key: type(getattr(PARAMS, key))(value) for key, value in changed.items()}
    return dataclasses.replace(PARAMS, **({"device": "cpu"} | typed))


def write_runs(folder: Path, device: str) -> None:
    """Write the results of all runs of a folder."""
    runs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    name, result = "screening", {"runs": runs}
    if device == "cuda":
        name, result = "screening_gpu", {"runs": runs, "gpu": torch.cuda.get_device_name()}
    print(write_result(name, result, "torch", "transformers", "tokenizers", "datasets"))


def main() -> None:
    """Make the runs that are missing, and print the table."""
    parser = parser_of_flags()
    flags = parser.parse_args()
    if flags.exchange and (flags.teacher or flags.weight != 1):
        parser.error("--exchange changes the number of words, so it goes neither with --teacher nor with --weight")
    if flags.unlabelled and (flags.weight != 1 or not (flags.teach or flags.teacher)):
        parser.error("--unlabelled needs --teach or --teacher, and does not go with --weight")
    datasets.disable_progress_bars()
    torch.set_num_threads(1)
    flags.folder.mkdir(exist_ok=True)
    params = params_of(flags)
    with tempfile.TemporaryDirectory() as made:
        corpora = clean(Path(made))
    tokenizer = load_tokenizer(flags.model, capitals=params.capitals)
    labelled = [each for part in flags.parts for each in corpora[part]["train"]]
    others = unlabelled(flags.unlabelled) if flags.unlabelled else []
    taught = torch.from_numpy(np.load(flags.teacher)) if flags.teacher else None
    asked = make_split(tokenizer, labelled + others) if flags.teach else None
    if taught is not None and flags.likely:
        others, taught = likely_texts(labelled, others, taught, flags.likely)
    learnt = labelled + (others if flags.teacher else [])
    split = make_split(tokenizer, learnt, everywhere=params.subword_labels == "all")
    train_words = {part: sum(len(each.tags) for each in corpora[part]["train"]) for part in flags.parts}
    screened = weighing(flags, params, train_words, learnt, taught)
    scored = {
        f"{name} {each}": make_split(tokenizer, corpora[name][each])
        for each in (("dev", "test") if flags.test else ("dev",))
        for name in CORPORA
    }
    if flags.capital_words:
        split = with_capital_words(split, len(tokenizer))
        scored = {name: with_capital_words(each, len(tokenizer)) for name, each in scored.items()}
    rows: list[dict[str, Any]] = []
    for seed in flags.seeds:
        path = flags.folder / f"{name_of(flags)}-{seed}.json"
        if not path.exists():
            judged = scored[f"{flags.parts[0]} dev"]
            trained = [train(flags.model, tokenizer, split, judged, seed, run, screened) for run in range(flags.runs)]
            model = trained[0][0]
            found = {}
            for name in trained[0][1]:
                weights = [each[name] for _, each in trained]
                mean = {key: torch.stack([each[key] for each in weights]).mean(0) for key in weights[0]}
                model.load_state_dict(mean, strict=False)
                found[name] = {place: f1(model, one, tokenizer.pad_token_id, params) for place, one in scored.items()}
            if asked:
                np.save(path.with_suffix(".npy"), probabilities(model, asked, tokenizer.pad_token_id))
            path.write_text(json.dumps(found, indent=1), encoding="utf-8")
        found = json.loads(path.read_text(encoding="utf-8"))
        rows += [{"seed": seed, "weights": name, **scores} for name, scores in found.items()]
    print_table([*rows[0]], [[*row.values()] for row in rows])
    if flags.write:
        write_runs(flags.folder, choose_device(params.device))


if __name__ == "__main__":
    main()
