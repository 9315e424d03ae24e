"""The files of a run, as the stages and DVC write them."""

import hashlib
import json

import yaml

from nerpipe.comparison.run_records import RunRecord
from nerpipe.comparison.runs import Run
from nerpipe.comparison.systems import Estimate

PARAMS = {"dataset": "sample", "extra": "none", "lr": 0.0003, "seed": 1}


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def files_of(params=PARAMS, *, dev=0.5, test=0.4, sha256="ab", wanted=None):
    """The files of a run that is finished. `wanted` are other params in params.yaml."""
    scores = {"precision": 0.5, "recall": 0.5, "token_accuracy": 0.9}
    headline = {
        "dataset": params["dataset"],
        "dev": scores | {"f1": dev},
        "test": scores | {"f1": test, "f1_low": test - 0.05, "f1_high": test + 0.04, "resampled": "sentences"},
    }
    rows = [{"split": split, "f1": f1, "f1_low": f1 - 0.03, "f1_high": f1 + 0.02} for split, f1 in (("dev", dev),)]
    cleaned = [
        {"split": split, "sha256": f"{sha256}{split}", "sentences": size, "tokens": 9, "entities_by_type": {"a": 1}}
        for split, size in (("train", 1000), ("dev", 20), ("test", 1300))
    ]
    reports = {
        f"metrics/{name}.json": json.dumps(content).encode()
        for name, content in (("metrics", headline), ("averages", rows), ("clean", cleaned))
    }
    lock = {
        "schema": "2.0",
        "stages": {
            "train": {
                "params": {"params.yaml": {key: params[key] for key in ("lr", "seed")}},
                "outs": [{"path": "models/trained", "md5": "aa.dir"}],
            },
            "evaluate": {
                "params": {"params.yaml": params},
                "deps": [{"path": "models/trained", "md5": "aa.dir"}, {"path": "stages/evaluate.py", "md5": "cc"}],
                "outs": [{"path": path, "md5": md5(content)} for path, content in reports.items()],
            },
        },
    }
    return {
        "dvc.lock": yaml.safe_dump(lock).encode(),
        "params.yaml": yaml.safe_dump((wanted or params) | {"report_to": "none"}).encode(),
        **reports,
    }


def unlocked(files):
    """The same files with a dvc.lock of an older version that has no checksum of a report."""
    lock = yaml.safe_load(files["dvc.lock"])
    del lock["stages"]["evaluate"]["outs"]
    return files | {"dvc.lock": yaml.safe_dump(lock).encode()}


def finished(name, dev=0.5, test=0.4, *, gold="same", sentences=(20, 1300), **options):
    """A finished run. Its options are params, or is_experiment, is_baseline, origin and seconds.

    With an origin other than main it started from another commit than the baseline.
    """
    start = "head" if options.get("origin", "main").startswith("main") else options["origin"]
    own = {key: options.pop(key) for key in ("is_experiment", "is_baseline", "origin", "seconds") if key in options}
    f1 = {"dev": Estimate(dev, dev - 0.03, dev + 0.02), "test": Estimate(test, test - 0.05, test + 0.04)}
    counts = dict(zip(("dev", "test"), sentences, strict=True))
    record = RunRecord("", PARAMS | options, f1, (gold,), counts)
    own = {"is_experiment": True} | own
    return Run(name, record, start, **({"origin": "main" if own["is_experiment"] else ""} | own))


def baseline(name="main", **options):
    return finished(name, is_baseline=True, is_experiment=False, **options)


def pending(name, state, **params):
    return Run(name, RunRecord(state, PARAMS | {"report_to": "none"} | params), "head", "main", is_experiment=True)
