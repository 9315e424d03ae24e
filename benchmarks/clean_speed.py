"""Compares the speed and memory of clean_conll with those of the notebook's way of reading, on a file of 200 MB.

    python benchmarks/clean_speed.py [--megabytes 200] [--runs 3]

The peer reads the whole file, splits it at blank lines and splits each line at its last white space. It keeps
everything in lists, and it checks, repairs and counts nothing. Each run is a separate process, and the two take turns.
The figures are medians.
"""

import argparse
import itertools
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from report import ROOT, bar, median, print_table, write_result

SEED = 1
VOCABULARY = 200_000
TYPES = ("person", "location", "corporation", "group", "creative-work", "product")
# Share of tokens that occur only once, like links, @-names and numbers.
UNIQUE = 0.04
# Share of words at which an entity may begin. An entity begins at half of them.
ENTITY = 0.06


def words_of_zipf(rng: random.Random) -> Iterator[str]:
    """Yield words without end: words of a vocabulary with Zipf's distribution, and unique tokens."""
    letters, accents = "etaoinshrdlucmfwypvbgkqjxz", "éüñçø文🙂"
    vocabulary = [
        "".join(rng.choices(letters, k=1 + min(int(rng.expovariate(0.22)), 14)))
        + (rng.choice(accents) if rank % 25 == 0 else "")
        for rank in range(VOCABULARY)
    ]
    cumulative = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
    for batch in itertools.count():
        for index, word in enumerate(rng.choices(vocabulary, cum_weights=cumulative, k=100_000)):
            yield word if rng.random() > UNIQUE else f"@{word}{batch}_{index}"


def sentences_of(rng: random.Random) -> Iterator[str]:
    """Yield raw sentences. Some hold a defect that clean_conll repairs or quarantines, and each kind occurs."""
    words = words_of_zipf(rng)
    dirt = (
        "\u2028{}\tO\n",
        " {} \tO\n",
        "{}\tO \n",
        "{} NN O\n",
        "{}\tO</td>\n",
        "{}\tB-person,B-group\n",
        "{}\tI-group\n",
        "{}\tS-person\n",
    )
    hopeless = (
        "{}\n",
        "\tO\n",
        "{}\tb-person\n",
        "{}\tB-\n",
        "{}\0\tO\n",
        "{}\r{}\tO\n",
    )
    for count in itertools.count():
        lines = []
        length = 1 + min(int(rng.expovariate(1 / 17)), 120)
        while len(lines) < length:
            if rng.random() < ENTITY and rng.random() < 0.5:
                kind = rng.choice(TYPES)
                lines.append(f"{next(words).title()}\tB-{kind}\n")
                lines += [f"{next(words).title()}\tI-{kind}\n" for _ in range(rng.choice((0, 0, 1, 1, 2)))]
            else:
                lines.append(f"{next(words)}\tO\n")
        if count % 20 == 7:
            lines.append(dirt[count // 20 % len(dirt)].format(next(words)))
        if count % 1000 == 8:
            word = next(words)
            lines.append(hopeless[count // 1000 % len(hopeless)].format(word, word))
        text = "".join(lines) + ("\n", "\t\n", "\n", "\n", " \n")[count % 5]
        yield text.replace("\n", "\r\n") if count % 10 == 3 else text


def make_synthetic(path: Path, size: int) -> None:
    """Write a file of at least `size` bytes."""
    written = 0
    with path.open("wb") as file:
        for number, sentence in enumerate(sentences_of(random.Random(SEED))):  # noqa: S311 - this is not a secret
            data = sentence.encode() if number % 5000 else b"caf\xe9\tO\n\n"
            written += file.write(data)
            if written >= size:
                return


def make_wnut17(path: Path, folder: Path, size: int) -> None:
    """Write the three files of WNUT-17 again and again. This is real text, but every line is repeated."""
    names = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    data = b"".join((folder / name).read_bytes() for name in names)
    with path.open("wb") as file:
        for _ in range(-(-size // len(data))):
            file.write(data)


def run_ours(path: Path) -> int:
    """Clean a file as the stage does, and return its number of lines."""
    sys.path.insert(0, str(ROOT / "src"))
    # Only the child process needs these.
    from nerpipe.corpus.cleaning import clean_split  # noqa: PLC0415
    from nerpipe.corpus.columns import find_layouts  # noqa: PLC0415
    from nerpipe.corpus.quarantine import Quarantine  # noqa: PLC0415
    from nerpipe.corpus.settings import CorpusSettings  # noqa: PLC0415

    target, settings = path.with_suffix(".clean"), CorpusSettings()
    with path.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        layout = find_layouts({"train": path}, settings, path)["train"]
        report = clean_split(path, target, Quarantine(file), split="train", layout=layout, settings=settings)
    return int(report.row["lines"]["read"])


def run_peer(path: Path) -> int:
    """Read a file as the notebook did, and return its number of lines."""
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    token_docs, tag_docs = [], []
    for doc in re.split(r"\n\s*\n", text):
        tokens, tags = [], []
        for line in doc.split("\n"):
            columns = line.rsplit(None, 1)
            tokens.append(columns[0] if columns else "")
            tags.append(columns[-1] if columns else "")
        token_docs.append(tokens)
        tag_docs.append(tags)
    return text.count("\n") + 1


def child(job: str, path: Path, size: int) -> None:
    """Do one job in this process, and print its seconds, lines and peak memory as JSON."""
    jobs = {
        "ours": lambda: run_ours(path),
        "peer": lambda: run_peer(path),
        "synthetic": lambda: make_synthetic(path, size),
        "wnut17": lambda: make_wnut17(path, wnut17_folder(), size),
    }
    start = time.perf_counter()
    lines = jobs[job]()
    seconds = time.perf_counter() - start
    # ru_maxrss is in kibibytes on Linux and in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "lines": lines, "peak_mb": peak / 1e6}))


def spawn(job: str, path: Path, size: int) -> dict[str, float]:
    """Run a job in a separate process. This one stays small, because a child's peak memory begins at its parent's."""
    command = [sys.executable, __file__, "--child", job, str(path), "--megabytes", str(size // 10**6)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def wnut17_folder() -> Path:
    """Return the folder in which WNUT-17 is expected."""
    return ROOT / os.environ.get("NERPIPE_MIRROR", "../shared") / "wnut17"


def compare(corpus: str, folder: Path, size: int, runs: int) -> dict[str, Any]:
    """Time both ways on one corpus, in turn."""
    path = folder / f"{corpus}.conll"
    print(f"{corpus}: making {size / 1e6:.0f} MB ...", flush=True)
    spawn(corpus, path, size)
    results: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    for run in range(runs):
        for name, found in results.items():
            print(f"{corpus}: run {run + 1} of {runs}, {name} ...", flush=True)
            found.append(spawn(name, path, size))
    path.unlink()
    figures = {
        name: {
            "lines_per_second": median([row["lines"] / row["seconds"] for row in found]),
            "megabytes_per_second": median([size / 1e6 / row["seconds"] for row in found]),
            "peak_mb": median([row["peak_mb"] for row in found]),
            "seconds": [round(row["seconds"], 2) for row in found],
            "lines": found[0]["lines"],
        }
        for name, found in results.items()
    }
    ratio = figures["ours"]["lines_per_second"] / figures["peer"]["lines_per_second"]
    memory = figures["ours"]["peak_mb"] / figures["peer"]["peak_mb"]
    return {**figures, "speed_ratio": round(ratio, 2), "memory_ratio": round(memory, 4)}


def time_stage(runs: int) -> float | None:
    """Time the whole process of the stage on the shipped corpus. The result is None if the corpus is missing."""
    if not (ROOT / "data/raw/sample").is_dir():
        return None
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "stages.clean_conll", "--raw", "data/raw/sample", "--out", f"{folder}/clean"]
        for _ in range(runs + 1):  # The first run fills the caches of files and byte code.
            start = time.perf_counter()
            subprocess.run([*command, "--report", f"{folder}/clean.json"], check=True, cwd=ROOT, stdout=subprocess.PIPE)
            seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--megabytes", type=int, default=200, help="size of the files to make, in MB (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="number of runs, whose median is reported (default: %(default)s)"
    )
    parser.add_argument("--child", nargs=2, metavar=("JOB", "PATH"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    size = flags.megabytes * 10**6
    if flags.child:
        child(flags.child[0], Path(flags.child[1]), size)
        return
    corpora = ["synthetic", *(["wnut17"] if wnut17_folder().is_dir() else [])]
    with tempfile.TemporaryDirectory() as folder:
        figures = {corpus: compare(corpus, Path(folder), size, flags.runs) for corpus in corpora}
    stage = time_stage(max(flags.runs, 3))
    report(figures, stage, flags.megabytes, flags.runs)


def report(figures: dict[str, Any], stage: float | None, megabytes: int, runs: int) -> None:
    """Print the tables, and write results/clean_speed.json."""
    labels = {"ours": "clean_conll", "peer": "notebook's way"}
    rows = [
        [f"{corpus}, {labels[name]}", figure[name]["lines_per_second"], figure[name]["peak_mb"], ratio]
        for corpus, figure in figures.items()
        for name, ratio in (("ours", f"{figure['speed_ratio']:.2f}x"), ("peer", "1x"))
    ]
    print()
    print_table([f"{megabytes} MB, one core", "lines/s", "peak MB", "speed"], rows)
    bars = {
        "lines_per_second": bar(figures["synthetic"]["ours"]["lines_per_second"], at_least=300_000),
        "peak_mb": bar(figures["synthetic"]["ours"]["peak_mb"], below=250),
    }
    if stage is None:
        print("\nThe process of the stage was not timed, because data/raw/sample is missing.")
    else:
        bars["stage_seconds_on_the_shipped_corpus"] = bar(stage, below=0.6)
    print()
    limits = [
        [
            name,
            row["value"],
            f">= {row['at_least']:,}" if "at_least" in row else f"< {row['below']}",
            str(row["met"]),
        ]
        for name, row in bars.items()
    ]
    print_table(["goal", "value", "limit", "met"], limits)
    write_result(
        "clean_speed",
        {
            "figures": figures,
            "peer": "the notebook's way: whole file, split at blank lines, rsplit a line, all in lists",
            "ratio": figures["synthetic"]["speed_ratio"],
            "bars": bars,
            "megabytes": megabytes,
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
