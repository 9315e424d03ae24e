"""Search for better params: Optuna proposes them, `dvc exp run --temp` trains with them, and dev F1 ranks them.

A finished trial is a DVC experiment. A trial that falls behind the others is stopped from outside, so that DVC never
stores an unfinished training as a result.
"""

import dataclasses
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.comparison.revisions import experiments_from, open_repo
from nerpipe.comparison.run_records import FINISHED_RUN, read_record
from nerpipe.contracts.escapes import hydra_value
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.params import Params
from nerpipe.yaml_reader import load_yaml

if TYPE_CHECKING:
    from optuna import Study, Trial

EPOCH = re.compile(r"epoch (\d+)/\d+: dev F1 ([0-9.]+)")  # The stage train prints this.
GRACE = 15  # Seconds for a stopped trial to clean up. A trial in the background does not receive the signal at all.
SHOWN_LINES = 20  # Last lines of a failed trial that are shown.


def load_ranges(path: Path) -> dict[str, dict[str, Any]]:
    """Read the ranges to search: for each param `low` and `high`, or `choices`.

    With `log: true` the scale between `low` and `high` is logarithmic.

    Raises:
        NerpipeError: If the file is missing or broken, a key is no param, or a range is not valid.
    """
    raw = load_yaml(path)
    if not isinstance(raw, dict) or not raw:
        raise NerpipeError(f"{path}: expected ranges, such as `lr: {{low: 5e-5, high: 5e-4, log: true}}`")
    types = {field.name: field.type for field in dataclasses.fields(Params)}
    for key, given in raw.items():
        if key not in types:
            raise NerpipeError(f"[{path} -> {key}] unknown param; the known params are {', '.join(types)}")
        wanted = "{low: ..., high: ..., log: true} or {choices: [...]}"
        if not isinstance(given, dict) or not (set(given) == {"choices"} or {"low", "high"} <= set(given)):
            raise NerpipeError(f"[{path} -> {key}] {given!r}; expected {wanted}")
        if "choices" not in given:
            numbers = [given["low"], given["high"]]
            if set(given) - {"low", "high", "log"} or not all(type(n) in (int, float) for n in numbers):
                raise NerpipeError(f"[{path} -> {key}] {given!r}; expected {wanted} with numbers")
            if numbers[0] >= numbers[1] or (given.get("log") and numbers[0] <= 0):
                raise NerpipeError(f"[{path} -> {key}] low must be below high, and above 0 for log; found {given!r}")
        elif not isinstance(given["choices"], list) or not given["choices"]:
            raise NerpipeError(f"[{path} -> {key}] choices must be a list of values; found {given['choices']!r}")
    return raw


def search(ranges: Mapping[str, Mapping[str, Any]], trials: int, seed: int) -> "Study":
    """Try several settings, each as a DVC experiment, and maximise dev F1.

    The settings are sampled with Optuna's TPE (Bergstra et al. 2011). A trial is stopped when its dev F1 after an epoch
    is below the median of the other trials after the same epoch.

    Args:
        ranges: The ranges of `load_ranges`.
        trials: The number of settings to try.
        seed: The seed of the sampler.

    Raises:
        NerpipeError: If Optuna is not installed, or a trial fails without being stopped.
    """
    try:
        import optuna
    except ImportError:
        raise NerpipeError("optuna is not installed: `pip install -r requirements/search.txt`") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with open_repo() as repo:
        taken = set(experiments_from(repo))
    names = (f"search-{number}" for number in range(1, 1_000_000) if f"search-{number}" not in taken)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.optimize(lambda trial: _try(trial, ranges, next(names)), n_trials=trials)
    return study


def _try(trial: "Trial", ranges: Mapping[str, Mapping[str, Any]], name: str) -> float:
    import optuna

    values = {key: _suggest(trial, key, given) for key, given in ranges.items()}
    trial.set_user_attr("name", name)
    say(f"{name}: {', '.join(f'{key}={value}' for key, value in values.items())}")
    settings = [part for key, value in values.items() for part in ("-S", f"{key}={hydra_value(value)}")]
    process = subprocess.Popen(  # noqa: S603 - our own command
        ["dvc", "exp", "run", "--temp", "-n", name, *settings],  # noqa: S607 - the environment's dvc
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            last = _follow(process, trial)
        except BaseException:
            _stop(process)
            raise
    if last is None:
        raise optuna.TrialPruned
    if process.returncode:
        raise NerpipeError(f"{name} failed; its last lines are:\n{''.join(last)}")
    return _dev_f1(name)


def _follow(process: "subprocess.Popen[str]", trial: "Trial") -> list[str] | None:
    """Report each epoch to Optuna.

    Returns:
        The last lines that the trial printed, or None if it fell behind and was stopped.
    """
    last: list[str] = []
    for line in process.stdout or ():
        last = [*last, line][-SHOWN_LINES:]
        if found := EPOCH.search(line):
            trial.report(float(found[2]), int(found[1]))
            say(f"  epoch {found[1]}: dev F1 {found[2]}")
            if trial.should_prune():
                _stop(process)
                say("  stopped: dev F1 is below the median of the other trials")
                return None
    return last


def _suggest(trial: "Trial", key: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a param's value
    if "choices" in given:
        return trial.suggest_categorical(key, given["choices"])
    low, high, log = given["low"], given["high"], bool(given.get("log"))
    if {field.name: field.type for field in dataclasses.fields(Params)}[key] is int:
        return trial.suggest_int(key, int(low), int(high), log=log)
    return float(f"{trial.suggest_float(key, low, high, log=log):.3g}")  # Three digits are easy to type again.


def _stop(process: "subprocess.Popen[str]") -> None:
    """Stop a trial and all processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _dev_f1(name: str) -> float:
    from dvc.scm import resolve_rev

    with open_repo() as repo:
        record = read_record(repo, resolve_rev(repo.scm, name))
    if record.state != FINISHED_RUN:
        raise NerpipeError(f"{name} finished without metrics ({record.state}); `nerpipe runs` lists it")
    return record.f1["dev"].value
