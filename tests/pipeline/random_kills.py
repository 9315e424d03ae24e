"""Kills a run at random moments, and checks that the next run ends with the same bits and leaves no process behind.

    python tests/pipeline/random_kills.py [--kills 100] [--seed N]

Each round works in a repository with a tiny model. It starts `dvc repro`, which makes all results anew, waits for one
of the six stages, and kills the stage or DVC with SIGKILL or SIGTERM after a random time. Or it kills `nerpipe
predict`, `nerpipe score --report`, `nerpipe import`, `nerpipe import --merge` or `nerpipe suspects`. Then it runs the
same command again to its end. Or it starts `nerpipe serve`, kills it while a client asks, and starts it again on the
same port. The seed is printed and repeats the choices of a run.
"""

import argparse
import hashlib
import http.client
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import yaml

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "src"), str(Path(__file__).resolve().parents[1])]

from nerpipe.corpus.training_places import SentenceId, hash_of_words
from repository import Repo

STAGES = ("clean_conll", "encode_labels", "tokenize_align", "train", "evaluate", "export")
PREDICT = ("nerpipe", "predict", "model", "--input", "many.txt", "--from", "lines", "--output", "out.jsonl")
# Commands that write a folder, which is there whole or not at all.
REPORT, IMPORTED = "scored", "data/raw/imported"
SCORE = ("nerpipe", "score", "gold.conll", "model", "--report", REPORT)
IMPORT = ("nerpipe", "import", "labelled.jsonl", "--name", Path(IMPORTED).name)
# A command that changes a file, which is there as it was or as it is to be.
MERGED, CORRECTED = "data/raw/merged/train.conll", "corrected.jsonl"
MERGE = ("nerpipe", "import", CORRECTED, "--merge", "merged")
# A command that trains models, and goes on from those that it has.
SUSPECTED = "suspects.jsonl"
SUSPECTS = ("nerpipe", "suspects", "--folds", "2", "--out", SUSPECTED)
LINES = 4000
QUESTION = json.dumps({"text": [f"Ada saw Oslo and Bo {n}" for n in range(20)]})


class Round(NamedTuple):
    """What was killed in one round, how, and when."""

    target: str  # stage, dvc, predict, score, import, merge, suspects or server
    signal: str
    seconds: float
    where: str  # The stage that ran, or the empty string if none did.


class Attack:
    """A repository whose results are known, and the kills."""

    def __init__(self, repo: Repo) -> None:
        """Make all results once, without a kill, and remember how long that takes."""
        self.repo = repo
        self.seconds: dict[str, float] = {}  # How long each stage runs without a kill.
        self.expected = self._whole()
        shutil.copytree(repo.path / "models/exported", repo.path / "model")
        (repo.path / "many.txt").write_text("".join(f"Ada saw Oslo and Bo {n}\n" for n in range(LINES)))
        self.predicted, self.predict_seconds = self._timed(PREDICT, "out.jsonl")
        gold = "".join(f"Ada\tB-person\nsaw\tO\nUlm\tB-location\n{n}\tO\n\n" for n in range(LINES))
        (repo.path / "gold.conll").write_text(gold)
        row = '{"id": %d, "text": "Ada saw Ulm %d", "label": [[0, 3, "person"], [8, 11, "location"]]}\n'
        (repo.path / "labelled.jsonl").write_text("".join(row % (n, n) for n in range(LINES)))
        self.folders = {
            target: (command, folder, *self._timed(command, folder))
            for target, command, folder in (("score", SCORE, REPORT), ("import", IMPORT, IMPORTED))
        }
        self.uncorrected = self._write_corrections(gold)
        self.corrected, self.merge_seconds = self._timed(MERGE, MERGED)
        self.suspected, self.suspects_seconds = self._timed(SUSPECTS, SUSPECTED)
        with self._serving() as (_, port):
            self.answer = ask(port)

    def _write_corrections(self, gold: str) -> str:
        """Write a data set, and tasks that take every second entity of it away. Return the training file."""
        folder = self.repo.path / Path(MERGED).parent
        folder.mkdir()
        for split in ("train", "dev", "test"):
            (folder / f"{split}.conll").write_text(gold)
        tasks = []
        for number in range(LINES):
            name = SentenceId("merged", 5 * number + 1, hash_of_words(["Ada", "saw", "Ulm", str(number)]))
            task = {"text": f"Ada saw Ulm {number}", "label": [[0, 3, "person"]], "nerpipe_id": str(name)}
            tasks.append(json.dumps(task) + "\n")
        (self.repo.path / CORRECTED).write_text("".join(tasks))
        return gold

    def strike(self, generator: random.Random) -> Round:
        """Kill once, run again, and check the results."""
        target = generator.choice(("stage", "dvc", "predict", "score", "import", "merge", "suspects", "server"))
        kill = generator.choice((signal.SIGKILL, signal.SIGTERM))
        if target == "predict":
            return self._strike_predict(generator, kill)
        if target == "server":
            return self._strike_server(generator, kill)
        if target == "merge":
            return self._strike_merge(generator, kill)
        if target == "suspects":
            return self._strike_suspects(generator, kill)
        if target in self.folders:
            return self._strike_folder(target, generator, kill)
        self._forget()
        wanted = generator.choice(STAGES)
        moment = generator.uniform(0, self.seconds[wanted])
        process = self._start("dvc", "repro", "--no-run-cache")
        while self._running(process) != wanted and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moment)
        where, stages = self._running(process), self._stages(process)
        for victim in stages[:1] if target == "stage" and stages else [process]:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(kill)
        process.wait(timeout=120)
        _, alive = psutil.wait_procs(stages, timeout=20)
        assert not alive, f"{alive} outlives DVC"
        self._repro_again()
        assert self._outputs() == self.expected, "other results than without the kill"
        self._refuse_partial()
        return Round(target, kill.name, round(moment, 2), where)

    def _refuse_partial(self) -> None:
        left = [str(path) for path in self.repo.path.rglob("*.partial*") if ".dvc" not in path.parts]
        assert not left, f"partial files are left: {left}"

    def _repro_again(self) -> None:
        """Run DVC to its end. A kill may have cut DVC's own lock file: docs/reliability.md says what to do then."""
        done = self.repo.try_run("dvc", "repro", "--no-run-cache")
        if "Unable to read RWLock-file" in done.stderr:
            print("the kill cut DVC's lock file; it is removed", flush=True)
            (self.repo.path / ".dvc/tmp/rwlock").unlink()
            self.repo.run("dvc", "repro", "--no-run-cache")
            return
        assert done.returncode == 0, done.stderr[-3000:]

    def _strike_predict(self, generator: random.Random, kill: signal.Signals) -> Round:
        for path in self.repo.path.glob("*out.jsonl*"):
            path.unlink()
        moment = generator.uniform(0.1, 1.0) * self.predict_seconds
        process = self._start(*PREDICT)
        time.sleep(moment)
        process.send_signal(kill)
        process.wait(timeout=60)
        self.repo.run(*PREDICT, "--resume")
        assert self._digest("out.jsonl") == self.predicted, "other predictions than without the kill"
        return Round("predict", kill.name, round(moment, 2), "")

    def _strike_folder(self, target: str, generator: random.Random, kill: signal.Signals) -> Round:
        command, folder, expected, seconds = self.folders[target]
        path = self.repo.path / folder
        shutil.rmtree(path)
        moment = generator.uniform(0.1, 1.0) * seconds
        process = self._start(*command)
        time.sleep(moment)
        process.send_signal(kill)
        process.wait(timeout=60)
        if path.exists():
            assert self._digest(folder) == expected, "the folder is not whole"
            shutil.rmtree(path)
        self.repo.run(*command)
        assert self._digest(folder) == expected, "another folder than without the kill"
        self._refuse_partial()
        return Round(target, kill.name, round(moment, 2), "")

    def _strike_merge(self, generator: random.Random, kill: signal.Signals) -> Round:
        path = self.repo.path / MERGED
        path.write_text(self.uncorrected)
        moment = generator.uniform(0.1, 1.0) * self.merge_seconds
        process = self._start(*MERGE)
        time.sleep(moment)
        process.send_signal(kill)
        process.wait(timeout=60)
        assert path.read_text() == self.uncorrected or self._digest(MERGED) == self.corrected, "the file is not whole"
        self.repo.run(*MERGE)
        assert self._digest(MERGED) == self.corrected, "another file than without the kill"
        self._refuse_partial()
        return Round("merge", kill.name, round(moment, 2), "")

    def _strike_suspects(self, generator: random.Random, kill: signal.Signals) -> Round:
        (self.repo.path / SUSPECTED).unlink()
        for path in (self.repo.path / ".nerpipe").glob("suspects-*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        moment = generator.uniform(0.1, 1.0) * self.suspects_seconds
        process = self._start(*SUSPECTS)
        time.sleep(moment)
        process.send_signal(kill)
        process.wait(timeout=60)
        self.repo.run(*SUSPECTS)
        assert self._digest(SUSPECTED) == self.suspected, "other suspects than without the kill"
        self._refuse_partial()
        return Round("suspects", kill.name, round(moment, 2), "")

    def _strike_server(self, generator: random.Random, kill: signal.Signals) -> Round:
        moment = generator.uniform(0.0, 2.0)
        answers: list[bytes] = []

        def client() -> None:
            try:
                while True:
                    answers.append(ask(port))
            except (OSError, http.client.HTTPException):
                return  # The server is gone.

        with self._serving() as (process, port):
            asking = threading.Thread(target=client)
            asking.start()
            time.sleep(moment)
            process.send_signal(kill)
            code = process.wait(timeout=60)
            asking.join(60)
        assert code == (0 if kill == signal.SIGTERM else -signal.SIGKILL)
        assert set(answers) <= {self.answer}, "another answer than without the kill"
        with self._serving(port) as (_, again):
            assert ask(again) == self.answer, "another answer than before the kill"
        return Round("server", kill.name, round(moment, 2), "")

    @contextmanager
    def _serving(self, port: int = 0) -> Iterator[tuple[subprocess.Popen, int]]:
        command = ("nerpipe", "serve", "model", "--port", str(port))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=self.repo.path, env=self.repo.env, text=True, **pipes)
        try:
            yield process, int(re.search(r"127.0.0.1:(\d+) ", process.stdout.readline())[1])
        finally:
            process.kill()
            process.communicate()

    def _start(self, *command: str) -> subprocess.Popen:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        env = self.repo.env | {"NERPIPE_CHECKPOINT_SECONDS": "0"}
        return subprocess.Popen(command, cwd=self.repo.path, env=env, start_new_session=True, **silent)

    def _stages(self, process: subprocess.Popen) -> list[psutil.Process]:
        try:
            children = psutil.Process(process.pid).children(recursive=True)
            return [p for p in children if any(part.startswith("stages.") for part in p.cmdline())][::-1]
        except psutil.NoSuchProcess:
            return []

    def _running(self, process: subprocess.Popen) -> str:
        """Name the stage that runs, or return the empty string."""
        for stage in self._stages(process):
            with suppress(psutil.Error):
                found = [part for part in stage.cmdline() if part.startswith("stages.")]
                return found[0].removeprefix("stages.") if found else ""
        return ""

    def _forget(self) -> None:
        (self.repo.path / "dvc.lock").unlink(missing_ok=True)
        for name in ("data/clean", "data/encoded", "data/tokenized", "data/predictions", "models/trained"):
            shutil.rmtree(self.repo.path / name, ignore_errors=True)

    def _whole(self) -> dict:
        """Run all stages, and note how long each takes."""
        process = self._start("dvc", "repro", "--no-run-cache")
        began: dict[str, float] = {}
        while process.poll() is None:
            if running := self._running(process):
                began.setdefault(running, time.monotonic())
                self.seconds[running] = time.monotonic() - began[running]
            time.sleep(0.01)
        assert process.returncode == 0
        assert self.seconds.keys() == {*STAGES}
        return self._outputs()

    def _outputs(self) -> dict:
        stages = yaml.safe_load(self.repo.read("dvc.lock"))["stages"]
        return {name: [(out["path"], out["md5"]) for out in stage["outs"]] for name, stage in stages.items()}

    def _timed(self, command: tuple[str, ...], written: str) -> tuple[str, float]:
        """Run a command, and return the digest of what it wrote and the seconds that it took."""
        started = time.monotonic()
        self.repo.run(*command)
        return self._digest(written), time.monotonic() - started

    def _digest(self, name: str) -> str:
        """Return the digest of a file, or of the names and contents of the files of a folder."""
        path = self.repo.path / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        parts = [(str(file.relative_to(path)), file.read_bytes()) for file in files if file.is_file()]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def ask(port: int) -> bytes:
    """Ask a server, and return the body of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/predict", QUESTION, {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    assert response.status == 200, body
    return body


def main() -> None:
    """Attack a fresh repository, and print a line for each kill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="number of kills (default: 100)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="repeats a run (default: random)")
    flags = parser.parse_args()
    from repository import tiny_repository

    print(f"to repeat it: --seed {flags.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        attack = Attack(tiny_repository(Path(folder)))
        generator = random.Random(flags.seed)
        for number in range(flags.kills):
            print(number + 1, *attack.strike(generator), flush=True)
    print(f"{flags.kills} kills: the same bits as without them, and nothing lost")


if __name__ == "__main__":
    main()
