"""Speed of prediction against `transformers.pipeline`, warm, load time apart, on WNUT-17 test sentences.

    python benchmarks/predict_speed.py [--model models/exported] [--sentences 400] [--runs 3]

All predict the same texts with the same model on the same threads, in turn, each in this process: the stock pipeline
with one text at a time and in batches, and this project's predictor with each of its networks. The ceiling is what
torch.mm reaches in float32 at the shapes of the model's layers; the fraction of it counts two operations a parameter
and sub-word, embeddings left out. Start-up is a whole process that answers one sentence. Needs WNUT-17 (the network, or
NERPIPE_MIRROR).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import pipeline

from nerpipe.backends import usable_cores
from nerpipe.cleaning import clean_corpus
from nerpipe.conll import read_conll
from nerpipe.corpora import resolve_corpus
from nerpipe.exported import ONNX, load_fast_tokenizer
from nerpipe.predictor import Predictor
from report import ROOT, bar, median, print_table, write_result
from train_speed import matmul_gflops

if TYPE_CHECKING:
    from collections.abc import Callable

BATCHES = (8, 32, 64)
ONE = "pipeline, one text at a time"
START = "Greetings from the Empire State Building"


def main() -> None:
    """Time everything in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported")
    parser.add_argument("--sentences", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    flags = parser.parse_args()
    texts = sentences(flags.sentences)
    threads = usable_cores()
    torch.set_num_threads(threads)
    stock = pipeline("token-classification", model=str(flags.model), aggregation_strategy="first")
    candidates: dict[str, Callable[[], object]] = {ONE: lambda: [stock(text) for text in texts]}
    for size in BATCHES:
        candidates[f"pipeline, batches of {size}"] = lambda size=size: stock(texts, batch_size=size)
    for precision in [name for name, path in ONNX.items() if (flags.model / path).exists()]:
        predictor = Predictor(flags.model, precision=precision)
        candidates[f"nerpipe, ONNX Runtime {precision}"] = lambda p=predictor: p(texts)
    predictor = Predictor(flags.model, backend="torch")
    candidates["nerpipe, PyTorch"] = lambda p=predictor: p(texts)
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for run in range(flags.runs + 1):
        for name, call in candidates.items():
            began = time.perf_counter()
            call()
            if run:  # the first warms up
                seconds[name].append(time.perf_counter() - began)
    tokenizer = load_fast_tokenizer(flags.model)
    subwords = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))
    model = stock.model
    tables = sum(module.weight.numel() for module in model.modules() if isinstance(module, torch.nn.Embedding))
    operations = 2 * (sum(parameter.numel() for parameter in model.parameters()) - tables)
    gflops = matmul_gflops(1024, model.config.hidden_size, model.config.intermediate_size, torch.float32)
    figures = {}
    for name, runs in seconds.items():
        speed = len(texts) / median(runs)
        rate = speed * subwords / len(texts)
        figures[name] = {
            "sentences_per_second": speed,
            "subwords_per_second": rate,
            "fraction_of_ceiling": rate * operations / 1e9 / gflops,
        }
    figures["start"] = {"seconds_to_first_answer": median([start_up(flags.model) for _ in range(flags.runs)])}
    report(figures, gflops, flags.runs)


def sentences(count: int) -> list[str]:
    """Take the first sentences of the WNUT-17 test split, their words joined by spaces."""
    with tempfile.TemporaryDirectory() as folder:
        sources = resolve_corpus(ROOT / "data/raw/wnut17")
        clean_corpus(sources, Path(folder), multi_tag="first", scheme="auto", max_rejected=0.0)
        return [" ".join(s.tokens) for s in read_conll(Path(folder) / "test.conll")][:count]


def start_up(model: Path) -> float:
    """Time a process that loads the model, answers one sentence and ends."""
    command = [str(Path(sys.executable).parent / "nerpipe"), "predict", str(model)]
    began = time.perf_counter()
    subprocess.run(command, input=START, text=True, check=True, capture_output=True)
    return time.perf_counter() - began


def report(figures: dict[str, dict[str, float]], gflops: float, runs: int) -> None:
    """Print the table and the bars, and write both."""
    speeds = {name: row["sentences_per_second"] for name, row in figures.items() if name != "start"}
    one = speeds[ONE]
    best = max(speed for name, speed in speeds.items() if name.startswith("pipeline, batches"))
    rows = [(name, *row.values(), speeds[name] / one) for name, row in figures.items() if name != "start"]
    print_table(("", "sentences/s", "sub-words/s", "of the ceiling", "ratio"), rows)
    fp32 = speeds["nerpipe, ONNX Runtime fp32"]
    bars = {
        "fp32_over_one_at_a_time": bar(fp32 / one, at_least=4.5),
        "fp32_over_best_batches": bar(fp32 / best, at_least=3.5),
        "start_seconds": bar(figures["start"]["seconds_to_first_answer"], below=1.5),
    }
    if (int8 := speeds.get("nerpipe, ONNX Runtime int8")) is not None:
        bars["int8_over_one_at_a_time"] = bar(int8 / one, at_least=6.0)
    for name, state in bars.items():
        print(name, state)
    result = {"figures": figures, "matmul_gflops": gflops, "runs": runs, "bars": bars}
    write_result("predict_speed", result, "torch", "transformers", "onnxruntime", "tokenizers")


if __name__ == "__main__":
    main()
