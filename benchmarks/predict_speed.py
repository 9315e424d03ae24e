"""Compares the speed of prediction with that of `transformers.pipeline` on WNUT-17 test sentences.

    python benchmarks/predict_speed.py [--model models/exported] [--sentences 400] [--runs 5]

The stock pipeline predicts one text at a time and in batches. This project's predictor runs each of its networks. All
predict the same texts with the same model on the same number of threads. They take turns, and each runs in a separate
process. Each is timed after a warm-up and without loading. The agreement is the F1 of the entities of a way with those
of ONNX Runtime in fp32. The ceiling is the speed of torch.mm in float32 at the
shapes of the model's layers. The fraction of the ceiling counts two operations for each parameter and sub-word, without
the embeddings. The start is timed as a whole process that answers one sentence. WNUT-17 is needed (from the network,
or from NERPIPE_MIRROR).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForTokenClassification, pipeline

from nerpipe.contracts.conll import read_conll
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.prediction.backends import usable_cores
from nerpipe.prediction.exported_folder import ONNX, load_fast_tokenizer
from nerpipe.prediction.predictor import Predictor
from report import ROOT, bar, median, print_table, write_result
from train_speed import matmul_gflops

if TYPE_CHECKING:
    from collections.abc import Callable

Places = list[set[tuple[str, int, int]]]  # For each text the type, start and end of its entities.
BATCHES = (8, 32, 64)
ONE, BATCHED = "pipeline, one text at a time", "pipeline, batches of "
FP32 = "nerpipe, ONNX Runtime fp32"
# The ways of this project, with the options of Predictor.
OURS: dict[str, dict[str, Any]] = {
    FP32: {},
    "nerpipe, ONNX Runtime int8": {"precision": "int8"},
    "nerpipe, OpenVINO fp32": {"backend": "openvino"},
    "nerpipe, OpenVINO int8": {"backend": "openvino", "precision": "int8"},
    "nerpipe, OpenVINO bfloat16": {"backend": "openvino", "precision": "bfloat16"},
    "nerpipe, PyTorch": {"backend": "torch"},
}
START = "Greetings from the Empire State Building"


def main() -> None:
    """Time all ways in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument("--sentences", type=int, default=400, help="number of texts (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="number of runs (default: %(default)s)")
    parser.add_argument("--child", help=argparse.SUPPRESS)  # The name of the way that this process times.
    flags = parser.parse_args()
    texts = sentences(flags.sentences)
    if flags.child:
        print(measure(flags.child, flags.model, texts))
        return
    names = [ONE, *(f"{BATCHED}{size}" for size in BATCHES)]
    names += [name for name in OURS if "int8" not in name or (flags.model / ONNX["int8"]).exists()]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(flags.runs):
        for name in names:
            command = [sys.executable, __file__, "--model", str(flags.model), "--child", name]
            command += ["--sentences", str(flags.sentences)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            seconds[name].append(float(done.stdout.splitlines()[-1]))
            print(name, seconds[name][-1], flush=True)
    tokenizer = load_fast_tokenizer(flags.model)
    subwords = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))
    config, parameters = sizes(flags.model)
    torch.set_num_threads(usable_cores())
    gflops = matmul_gflops(1024, config.hidden_size, config.intermediate_size, torch.float32)
    figures: dict[str, dict[str, float]] = {}
    for name, runs in seconds.items():
        speed = len(texts) / median(runs)
        rate = speed * subwords / len(texts)
        figures[name] = {
            "sentences_per_second": speed,
            "subwords_per_second": rate,
            "fraction_of_ceiling": rate * 2 * parameters / 1e9 / gflops,
        }
    figures["start"] = {
        f"seconds_to_first_answer_{backend}": median([start_up(flags.model, backend) for _ in range(flags.runs)])
        for backend in ("onnx", "openvino")
    }
    places = {
        name: [{(e.type, e.start, e.end) for e in row} for row in Predictor(flags.model, **OURS[name])(texts)]
        for name in names
        if name in OURS
    }
    agreements = {name: agreement(places[FP32], found) for name, found in places.items()}
    report(figures, gflops, agreements, flags.runs)


def measure(name: str, model: Path, texts: list[str]) -> float:
    """Return the seconds in which one way predicts all texts, after a warm-up."""
    call: Callable[[], object]
    if name.startswith("pipeline"):
        torch.set_num_threads(usable_cores())
        stock = pipeline("token-classification", model=str(model), aggregation_strategy="first")
        if name == ONE:
            call = lambda: [stock(text) for text in texts]  # noqa: E731
        else:
            call = lambda: stock(texts, batch_size=int(name.removeprefix(BATCHED)))  # noqa: E731
    else:
        predictor = Predictor(model, **OURS[name])
        call = lambda: predictor(texts)  # noqa: E731
    call()
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def sizes(model: Path) -> tuple[Any, int]:
    """Give the configuration of a model, and its number of parameters without the embeddings."""
    loaded = AutoModelForTokenClassification.from_pretrained(model)
    tables = sum(module.weight.numel() for module in loaded.modules() if isinstance(module, torch.nn.Embedding))
    return loaded.config, sum(parameter.numel() for parameter in loaded.parameters()) - tables


def sentences(count: int) -> list[str]:
    """Take the first sentences of the WNUT-17 test split. Their words are joined by spaces."""
    with tempfile.TemporaryDirectory() as folder:
        raw = resolve_corpus(ROOT / "data/raw/wnut17")
        clean_corpus(raw, Path(folder), max_rejected=0.0)
        return [" ".join(s.tokens) for s in read_conll(Path(folder) / "test.conll")][:count]


def agreement(one: Places, other: Places) -> float:
    """Give the F1 of the entities of one side with those of the other as gold."""
    same = sum(len(a & b) for a, b in zip(one, other, strict=True))
    return 2 * same / (sum(map(len, one)) + sum(map(len, other)))


def start_up(model: Path, backend: str) -> float:
    """Return the seconds of a process that loads the model, answers one sentence and ends."""
    command = [str(Path(sys.executable).parent / "nerpipe"), "predict", str(model), "--backend", backend]
    began = time.perf_counter()
    subprocess.run(command, input=START, text=True, check=True, capture_output=True)
    return time.perf_counter() - began


def report(figures: dict[str, dict[str, float]], gflops: float, agreements: dict[str, float], runs: int) -> None:
    """Print the table and the goals, and write both."""
    speeds = {name: row["sentences_per_second"] for name, row in figures.items() if name != "start"}
    one = speeds[ONE]
    best = max(speed for name, speed in speeds.items() if name.startswith(BATCHED))
    rows = [(name, *row.values(), speeds[name] / one) for name, row in figures.items() if name != "start"]
    print_table(("", "sentences/s", "sub-words/s", "of the ceiling", "ratio"), rows)
    fp32 = speeds[FP32]
    print_table(("", "entities as in fp32"), list(agreements.items()))
    bars = {
        "fp32_over_one_at_a_time": bar(fp32 / one, at_least=4.5),
        "fp32_over_best_batches": bar(fp32 / best, at_least=3.5),
        "bfloat16_over_fp32": bar(speeds["nerpipe, OpenVINO bfloat16"] / fp32, at_least=1.7),
        "start_seconds_onnx": bar(figures["start"]["seconds_to_first_answer_onnx"], below=0.6),
        "start_seconds_openvino": bar(figures["start"]["seconds_to_first_answer_openvino"], below=0.8),
    }
    if (int8 := speeds.get("nerpipe, ONNX Runtime int8")) is not None:
        bars["int8_over_one_at_a_time"] = bar(int8 / one, at_least=6.0)
        bars["int8_over_fp32"] = bar(int8 / fp32, at_least=2.6)
        bars["int8_in_openvino_over_fp32"] = bar(speeds["nerpipe, OpenVINO int8"] / fp32, at_least=2.6)
    for name, state in bars.items():
        print(name, state)
    result = {"figures": figures, "agreement": agreements, "matmul_gflops": gflops, "runs": runs, "bars": bars}
    write_result("predict_speed", result, "torch", "transformers", "onnxruntime", "openvino", "tokenizers")


if __name__ == "__main__":
    main()
