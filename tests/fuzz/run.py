"""Fuzzes the targets with atheris, guided by coverage. `make fuzz` installs atheris and runs this.

    python tests/fuzz/run.py [TARGET ...] [--seconds 12] [--inputs N]

Each target runs in its own process, for some seconds or a number of inputs. A failure stops it, names the promise that
is broken, and is written to tests/fixtures/fuzz/TARGET/, where the tests run it from then on.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests/fuzz")]

FOUND = 3  # Exit code of a child that found a broken promise.


def main() -> None:
    """Run each target in a process of its own, and print how many inputs it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="targets (default: all)")
    parser.add_argument("--seconds", type=int, default=12, help="seconds for each target (default: 12)")
    parser.add_argument("--inputs", type=int, default=0, help="number of inputs for each target instead of seconds")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)  # The folder in which this process works.
    flags = parser.parse_args()
    if flags.child:
        fuzz(flags.targets[0], flags.child, flags.seconds, flags.inputs)
        return
    from fuzz_targets import TARGETS

    unknown = sorted(set(flags.targets) - set(TARGETS))
    if unknown:
        parser.error(f"unknown targets: {', '.join(unknown)}; known: {', '.join(TARGETS)}")
    failed = []
    for target in flags.targets or TARGETS:
        limits = ["--seconds", str(flags.seconds), "--inputs", str(flags.inputs)]
        # A folder in shared memory, because writing to a disk is slower.
        shared_memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
        with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as folder:
            command = [sys.executable, __file__, target, "--child", folder, *limits]
            done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            failed.append(target)
            if done.returncode != FOUND:
                print(done.stderr[-1000:], file=sys.stderr)
    if failed:
        sys.exit(f"a promise is broken: {', '.join(failed)}; tests/fixtures/fuzz/ holds the inputs")


def fuzz(target: str, base: Path, seconds: int, inputs: int) -> None:
    """Fuzz one target in this process, which works in the folder `base` and ends with exit code 0 at the limit."""
    import atheris

    with atheris.instrument_imports(include=["nerpipe"]):
        from fuzz_targets import run_target
    from seeds import FIXTURES, seeds_of

    corpus, scratch = base / "corpus", base / "scratch"
    failures = FIXTURES / "fuzz" / target
    failures.mkdir(parents=True, exist_ok=True)
    corpus.mkdir()
    for seed in seeds_of(target):
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    began, count = time.monotonic(), 0

    def leave(code: int) -> None:
        print(f"{target}: {count:,} inputs in {time.monotonic() - began:.0f} s", flush=True)
        os._exit(code)  # libFuzzer ends no other way.

    def one(data: bytes) -> None:
        nonlocal count
        if count >= inputs if inputs else time.monotonic() - began > seconds:
            leave(0)
        count += 1
        scratch.mkdir()
        try:
            run_target(target, data, scratch)
        except BaseException as error:  # noqa: BLE001 - any error is a finding
            kept = failures / hashlib.sha256(data).hexdigest()[:16]
            kept.write_bytes(data)
            traceback.print_exc(limit=-4, file=sys.stdout)
            print(f"{target}: {error!r}\n  the input is kept: {kept.relative_to(ROOT)}")
            leave(FOUND)
        shutil.rmtree(scratch)

    # libFuzzer itself keeps an input that takes more than 20 seconds or ends the process.
    limits = ["-max_len=2048", "-timeout=20", "-report_slow_units=20", "-verbosity=0", f"-artifact_prefix={failures}/"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
