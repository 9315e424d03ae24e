"""A DVC repository whose only stage copies fixed predictions: real revisions and a real cache, made in seconds."""

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
    repo = Repo(base / "repo", base / "cache")
    (repo.path / "systems").mkdir(parents=True)
    for name, text in {
        "bad": sentences(["O"] * 11 + ["B-a"]),
        "good": sentences(["B-a"] * 12),
        "other_gold": sentences(["B-a"] * 11) + sentences(["B-a"], name="Bo"),
    }.items():
        (repo.path / "systems" / name).write_text(text)
    (repo.path / "dvc.yaml").write_text(DVC_YAML)
    (repo.path / "evaluate.py").write_text(EVALUATE)
    (repo.path / "params.yaml").write_text("system: bad\nseed: 1\n")
    repo.run("git", "init", "-qb", "main")
    repo.run("dvc", "init", "-q")
    repo.commit("nothing run")
    repo.run("git", "tag", "unrun")
    repo.run("dvc", "repro", "-q")
    repo.commit("run")
    return repo
