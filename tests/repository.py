"""A copy of the repository, the commands that people type in it, and a corpus that is easy to learn."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

from places import ROOT
from tiny import save_tiny, spec_of

STAGES = ["clean_conll", "encode_labels", "tokenize_align", "train", "evaluate", "export"]
NAMES = ["Ada", "Bo", "Cy Dee", "Eve", "Flo Gray", "Hal", "Ida", "Jo", "Kit Lee", "Mo"]
PLACES = ["Ulm", "Bergen", "Port Ness", "Lima", "Oslo", "Graz"]
FILLER = "we saw the boat and then it rained all day so nobody was happy but me".split()  # noqa: SIM905 - reads better


def write_corpus(folder, seed=0):
    """Write three small splits in which names are easy to learn."""
    generator = random.Random(seed)
    folder.mkdir(parents=True)
    for split, size in (("train", 60), ("dev", 20), ("test", 20)):
        sentences = []
        for _ in range(size):
            rows = [(word, "O") for word in generator.sample(FILLER, generator.randint(2, 6))]
            for names, kind in ((NAMES, "person"), (PLACES, "location")):
                words = generator.choice(names).split()
                at = generator.randint(0, len(rows))
                rows[at:at] = [(word, f"{'I' if index else 'B'}-{kind}") for index, word in enumerate(words)]
                if rows[at - 1][1] != "O":
                    rows.insert(at, (",", "O"))
            sentences.append("".join(f"{word}\t{tag}\n" for word, tag in rows))
        (folder / f"{split}.conll").write_text("\n".join(sentences))


class Repo:
    """A checkout and the commands that people type in it."""

    def __init__(self, path, cache_home):
        self.path = path
        tools = Path(sys.executable).parent
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("GIT_", "DVC_", "NERPIPE_", "PYTEST_"))
        }
        self.env = clean | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.org",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.org",
            "XDG_CACHE_HOME": str(cache_home),
            "HF_HUB_OFFLINE": "1",
            "COLUMNS": "200",
        }

    def try_run(self, *command, **env):
        return subprocess.run(command, cwd=self.path, env=self.env | env, capture_output=True, text=True, check=False)

    def run(self, *command, **env):
        done = self.try_run(*command, **env)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def run_light(self, *arguments):
        """Run `nerpipe` with these arguments, and check that it loads none of the libraries that take seconds."""
        code = (
            "import sys; from nerpipe.cli import main\n"
            "try: main()\n"
            "except SystemExit as done: assert not done.code, done.code\n"
            "heavy = {'torch', 'transformers', 'datasets', 'pandas'} & set(sys.modules)\n"
            "assert not heavy, heavy"
        )
        self.run("python", "-c", code, *arguments)

    def repro(self, **env):
        """Run `dvc repro` and return the stages that really ran, and those restored from the cache."""
        out = self.run("dvc", "repro", **env)
        return re.findall(r"Running stage '(\w+)'", out), re.findall(r"Stage '(\w+)' is cached", out)

    def set(self, **params):
        text = (self.path / "params.yaml").read_text()
        for key, value in params.items():
            text = re.sub(rf"(?m)^{key}: .*?( #.*)?$", lambda m, k=key, v=value: f"{k}: {v}{m[1] or ''}", text)
        (self.path / "params.yaml").write_text(text)

    def commit(self, message):
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", message)

    def read(self, name):
        text = (self.path / name).read_text()
        return json.loads(text) if name.endswith(".json") else text


def copy_repository(target):
    """Copy what git tracks, as it is in the work tree (and what it does not track yet)."""
    names = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def tiny_repository(base):
    """Make a copy of the repository with a tiny model and corpus in which nothing was run yet."""
    repo = Repo(base / "repo", base / "cache")
    copy_repository(repo.path)
    (repo.path / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(repo.path / "metrics", ignore_errors=True)
    write_corpus(repo.path / "data/raw/tiny")
    save_tiny(repo.path / "tiny-model", "bert")
    model = spec_of(repo.path / "tiny-model").removeprefix(f"{repo.path}/")
    repo.set(dataset="tiny", model=model, epochs=6, lr="0.01", batch_size=8, max_length=32, stride=8)
    repo.set(frozen_layers=1)  # of two
    repo.run("git", "init", "-qb", "main")
    repo.commit("start")
    return repo
