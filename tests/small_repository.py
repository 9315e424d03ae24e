"""Small DVC repositories, made in seconds, with real revisions and a real cache."""

from repository import Repo

DVC_YAML = """
stages:
  evaluate:
    cmd: python evaluate.py ${system} ${seed}
    deps: [evaluate.py, systems]
    params: [system, seed]
    outs: [kept/predictions]
    metrics:
      - metrics/metrics.json: {cache: false}
"""
EVALUATE = """
import json, pathlib, sys
system, seed = sys.argv[1:]
out = pathlib.Path("kept/predictions")
out.mkdir(parents=True, exist_ok=True)
for split in ("dev", "test"):
    (out / f"{split}.conll").write_text(pathlib.Path(f"systems/{system}").read_text())
pathlib.Path("metrics").mkdir(exist_ok=True)
f1 = {"bad": 0.5, "good": 0.6}.get(system, 0.1) + int(seed) / 100 + (int(seed) == 3 and system == "good") / 10
scores = {"dataset": "d", "dev": {"f1": f1}, "test": {"f1": f1 - 0.1}}
pathlib.Path("metrics/metrics.json").write_text(json.dumps(scores))
"""


def sentences(tags, name="Ann"):
    return "".join(f"{name}\tB-a\t{tag}\t0.9000\nran\tO\tO\t0.9000\n\n" for tag in tags)


def small_repository(base):
    """Make a repository with three systems, run and committed on main with the bad one."""
    systems = {
        "bad": sentences(["O"] * 11 + ["B-a"]),
        "good": sentences(["B-a"] * 12),
        "other_gold": sentences(["B-a"] * 11) + sentences(["B-a"], name="Bo"),
    }
    files = {"dvc.yaml": DVC_YAML, "evaluate.py": EVALUATE, "params.yaml": "system: bad\nseed: 1\n"}
    return repository_of(base, files | {f"systems/{name}": text for name, text in systems.items()})


def repository_of(base, files):
    """Make a repository of these files, run and committed on main. The tag `unrun` is the commit before the run."""
    repo = Repo(base / "repo", base / "cache")
    for name, text in files.items():
        (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.path / name).write_text(text)
    repo.run("git", "init", "-qb", "main")
    repo.run("dvc", "init", "-q")
    repo.commit("nothing run")
    repo.run("git", "tag", "unrun")
    repo.run("dvc", "repro", "-q")
    repo.commit("run")
    return repo
