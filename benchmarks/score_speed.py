"""Compares the seconds of a full report on 100,000 sentences with those of seqeval's classification_report.

    python benchmarks/score_speed.py [--sentences 100000] [--runs 3]

The sentences are WNUT-17's test split, repeated. The predictions are those of three submissions to its shared task, in
turn. The full report holds both readings, surface forms, intervals from 1,000 resamples, breakdowns, mistakes and
calibration. The report of seqeval holds precision, recall and F1 by type. WNUT-17 with its submissions is needed (from
NERPIPE_MIRROR).
"""

import argparse
import itertools
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from seqeval.metrics import classification_report

from nerpipe.evaluation.report import SplitReport, report_split
from nerpipe.evaluation.signed_report import signed_report
from nerpipe.evaluation.split_predictions import PredictedSplit
from report import ROOT, bar, median, print_table, write_result

BAR_SECONDS, BAR_RATIO = 6.0, 10.0
SUBMISSIONS = ("uh_ritual", "spinningbytes.txt", "drexel_cci")


def main() -> None:
    """Time both in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000, help="number of sentences (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    folder = ROOT / os.environ.get("NERPIPE_MIRROR", "../shared") / "wnut17"
    if not folder.is_dir():
        sys.exit(f"error: {folder} does not exist; set NERPIPE_MIRROR to a folder that holds wnut17/")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # All threads, also those of numpy, run on one core.
    split = corpus(folder, flags.sentences)
    before = peak_mb()
    seconds: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(flags.runs):
        seconds["ours"].append(timed(lambda: full_report(split)))
        after = peak_mb()
        seconds["peer"].append(timed(lambda: classification_report(split.gold, split.predicted)))
    ours, peer = median(seconds["ours"]), median(seconds["peer"])
    ratio = median([b / a for a, b in zip(seconds["ours"], seconds["peer"], strict=True)])
    print_table(
        ("", "median s"),
        [("full report", ours), ("seqeval classification_report", peer), ("times faster", ratio)],
    )
    result = {
        "figures": {
            "sentences": len(split.gold),
            "words": sum(map(len, split.gold)),
            "ours_s": ours,
            "peer_s": peer,
            "memory_beside_the_input_mb": after - before,
        },
        "peer": "seqeval.metrics.classification_report",
        "ratio": ratio,
        "bars": {"seconds": bar(ours, below=BAR_SECONDS), "ratio": bar(ratio, at_least=BAR_RATIO)},
        "runs": flags.runs,
    }
    write_result("score_speed", result, "numpy", "pandas", "seqeval")


def full_report(split: PredictedSplit) -> SplitReport:
    """Make what evaluate writes of a split: all tables, the partial matches among them, and the signatures."""
    return signed_report(report_split("test", split, set(), resamples=1000, seed=1), split)


def corpus(folder: Path, sentences: int) -> PredictedSplit:
    """Repeat the test split to this number of sentences, with the predictions of the submissions in turn."""
    gold = columns(folder / "emerging.test.annotated")
    rows = []
    for name in SUBMISSIONS:
        predicted = columns(folder / "submissions" / name)
        rows += [(tokens, tags, guess) for (tokens, tags), (_, guess) in zip(gold, predicted, strict=True)]
    chosen = list(itertools.islice(itertools.cycle(rows), sentences))
    tokens, tags, guesses = (list(column) for column in zip(*chosen, strict=True))
    generator = np.random.default_rng(0)
    confidence = [generator.uniform(0.3, 1, size=len(row)).tolist() for row in tokens]
    # Tags before decoding: in one of fifty sentences an entity begins with I-.
    undecoded = [[*row] for row in guesses]
    for row in undecoded[::50]:
        row[-1] = "I-person"
    return PredictedSplit(tokens, tags, guesses, confidence, undecoded, 0)


def columns(path: Path) -> list[tuple[list[str], list[str]]]:
    """Read the first and the last column of each sentence."""
    sentences: list[tuple[list[str], list[str]]] = [([], [])]
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            cells = line.rstrip("\r").replace(" ", "\t").split("\t")
            sentences[-1][0].append(cells[0])
            sentences[-1][1].append(cells[-1])
        elif sentences[-1][0]:
            sentences.append(([], []))
    return [sentence for sentence in sentences if sentence[0]]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Return the peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
