"""Measures how each part of the recipe changes the speed of training: sub-words per second of a loop on WNUT-17.

    python benchmarks/train_parts.py [--steps 40] [--runs 3]

The loop holds a forward pass, a backward pass, clipping and AdamW. Its batches are grouped by length and are in memory.
Each row changes one part of the first row. The last two rows combine the parts of the recipe. WNUT-17 is needed (from
the network, or from NERPIPE_MIRROR).
"""

import argparse
import time
from typing import TYPE_CHECKING, Any

import torch
from transformers import DataCollatorForTokenClassification, PreTrainedModel, set_seed

from nerpipe.params import load_params
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze, parameter_groups
from nerpipe.training.mixed_precision import use_mixed_precision
from nerpipe.training.model import load_model
from report import ROOT, median, print_table, write_result
from train_speed import corpus

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP = 5  # Number of steps that are not timed.
ATTENTION = 0.1  # Dropout of the attention weights in the first row.


def main() -> None:
    """Time all rows in turn, in several rounds, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40, help="number of timed steps (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    params = load_params(ROOT / "params.yaml")
    torch.set_num_threads(params.threads)
    tokenizer, windows, _, labels = corpus(params, long=False)
    sampler = LengthGroupedSampler([len(ids) for ids in windows["input_ids"]], params.batch_size, params.seed)
    order = list(sampler)[: (WARM_UP + flags.steps) * params.batch_size]
    rows = windows.select_columns(["input_ids", "attention_mask", "labels"])
    collate = DataCollatorForTokenClassification(tokenizer)
    starts = range(0, len(order), params.batch_size)
    batches = [collate([rows[i] for i in order[start : start + params.batch_size]]) for start in starts]

    def built(attention: float = ATTENTION) -> PreTrainedModel:
        set_seed(params.seed)
        return load_model(params.model, labels, tokenizer, attention_dropout=attention).train()

    def masks(model: PreTrainedModel) -> PreTrainedModel:
        use_fast_dropout(model, MaskGenerator(params.seed, 0))
        return model

    def frozen(model: PreTrainedModel, layers: int) -> PreTrainedModel:
        freeze(model, word_embeddings=True, layers=layers)
        return model

    def mixed(model: PreTrainedModel) -> PreTrainedModel:
        use_mixed_precision(model.base_model)
        return model

    parts: dict[str, Callable[[], float]] = {
        "length-grouped batches, otherwise as the Trainer does it": lambda: speed(built(), batches),
        "dropout masks from SFC64": lambda: speed(masks(built()), batches),
        "no attention dropout": lambda: speed(built(attention=0.0), batches),
        "word embeddings frozen": lambda: speed(frozen(built(), 0), batches),
        f"{params.frozen_layers} layers frozen too": lambda: speed(frozen(built(), params.frozen_layers), batches),
        "matrix products in bfloat16": lambda: speed(mixed(built()), batches),
        "torch's autocast to bfloat16": lambda: speed(built(), batches, autocast=True),
        "no clipping of the gradient": lambda: speed(built(), batches, clip=False),
        "one kernel for each parameter in AdamW": lambda: speed(built(), batches, fused=False),
        "all of it, with torch's autocast": lambda: speed(
            frozen(masks(built(0.0)), params.frozen_layers), batches, autocast=True
        ),
        "all that the recipe has": lambda: speed(mixed(frozen(masks(built(0.0)), params.frozen_layers)), batches),
    }
    runs: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(flags.runs):
        for name, part in parts.items():
            runs[name].append(part())
    figures = {name: median(values) for name, values in runs.items()}
    base = next(iter(figures.values()))
    print_table(("", "sub-words/s", "ratio"), [(name, value, value / base) for name, value in figures.items()])
    write_result("train_parts", {"figures": figures, "runs": flags.runs}, "torch", "transformers", "numpy")


def speed(
    model: PreTrainedModel, batches: list[Any], *, autocast: bool = False, clip: bool = True, fused: bool = True
) -> float:
    """Train on the batches, and return the number of sub-words per second.

    Args:
        model: Model to train.
        batches: Input ids, attention mask and labels of each step. Shape: (windows, sub-words).
        autocast: Whether torch's autocast to bfloat16 is on.
        clip: Whether the gradient is clipped.
        fused: Whether AdamW uses one kernel for all parameters.
    """
    groups = parameter_groups(model, set(), lr=1e-4, layer_decay=0.85, weight_decay=0.01)
    optimiser = torch.optim.AdamW(groups, fused=fused, foreach=None if fused else False)
    trained = [parameter for group in groups for parameter in group["params"]]
    start = 0.0
    for step, batch in enumerate(batches):
        if step == WARM_UP:
            start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = model(**batch).loss
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
    subwords = sum(int(batch["attention_mask"].sum()) for batch in batches[WARM_UP:])
    return subwords / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
