"""What is imported is declared; the light core installs without the rest and predicts."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from places import ROOT
from repository import copy_repository

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Declared, but imported by a library on our behalf.
ON_BEHALF = {"accelerate", "onnxscript", "tensorboard", "jinja2", "ruamel-yaml-clib"}
CORE_ROOMS = {"batch", "contracts", "prediction", "scoring"}
HEAVY = {"torch", "transformers", "datasets", "dvc", "pandas"}


def name_of(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


# Which distributions hold each package. To find out takes a tenth of a second.
distributions = cache(packages_distributions)


def imported(path, *, top_level=False):
    """The distributions that a file imports (at module level, or anywhere)."""
    homes = distributions()
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        else:
            continue
        for module in modules:
            root = module.split(".")[0]
            if root not in sys.stdlib_module_names and root not in ("nerpipe", "stages"):
                assert root in homes, f"{path} imports {root}, which is not installed"
                yield name_of(homes[root][0])


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    used = {name for path in (ROOT / "src/nerpipe").rglob("*.py") for name in imported(path)}
    runtime = {name: rows for name, rows in EXTRAS.items() if name not in ("dev", "docs")}
    declared = {name_of(row) for rows in (PROJECT["dependencies"], *runtime.values()) for row in rows} - {"nerpipe"}
    assert used - declared == set()
    assert declared - used == ON_BEHALF


def test_the_core_imports_the_declared_core_alone_at_module_level():
    core = {name_of(row) for row in PROJECT["dependencies"]}
    for room in CORE_ROOMS:
        for path in (ROOT / "src/nerpipe" / room).glob("*.py"):
            if path.name not in ("ray_engine.py", "word_pipeline.py"):
                assert set(imported(path, top_level=True)) <= core, path


def test_every_extra_has_its_pins_and_they_agree():
    pins = {}
    for path in (ROOT / "requirements").glob("*.txt"):
        for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", path.read_text()):
            assert pins.setdefault(name_of(name), version) == version, f"{path.name}: {name}"
    for extra, rows in EXTRAS.items():
        file = {"pipeline": "run"}.get(extra, extra)
        text = (ROOT / f"requirements/{file}.txt").read_text().lower()
        for row in [*PROJECT["dependencies"], *rows]:
            if name_of(row) not in ("nerpipe", "torch"):
                assert f"\n{name_of(row)}==" in text, f"{file}.txt lacks {row}: make requirements"


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_pin_but_those_that_rerun_stages_has_hashes_and_none_is_of_this_machine(path):
    text = path.read_text()
    assert "://" not in text, "a place of this machine"
    assert not re.search(r"(?m)^(nvidia-|cuda-|triton==)", text), "PyTorch's build for GPUs brings these itself"
    if path.name in ("model.txt", "onnx.txt"):
        return
    for pin in re.split(r"(?m)^(?=[a-z0-9])", text)[1:]:
        assert pin.startswith("torch==") is False
        assert "--hash=sha256:" in pin, pin


def test_the_makefile_installs_what_has_hashes_apart_from_what_has_none():
    for line in (ROOT / "Makefile").read_text().splitlines():
        if "pip install" in line and "$" in line:
            assert not (" -r " in line and (" -e " in line or "torch" in line)), line


@pytest.mark.slow
def test_the_wheel_predicts_in_an_empty_environment(exported_tiny, tmp_path):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}

    def run(*command, **more):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean, cwd=tmp_path, **more)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    copy_repository(tmp_path / "source")  # building writes into the folder
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "wheel", "./source")
    run(sys.executable, "-m", "venv", str(tmp_path / "env"))
    python = str(tmp_path / "env/bin/python")
    (wheel,) = (tmp_path / "wheel").iterdir()
    run(python, "-m", "pip", "install", "-q", str(wheel))
    installed = {name_of(row["name"]) for row in json.loads(run(python, "-m", "pip", "list", "--format=json"))}
    assert installed & HEAVY == set()
    site = tmp_path / "env/lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    own = [path for path in site.rglob("*") if path.is_file() and path.relative_to(site).parts[0] not in TOOLS]
    size = sum(path.stat().st_size for path in own) / 1e6
    print(f"{size:.0f} MB installed")
    assert size < 250
    nerpipe = str(tmp_path / "env/bin/nerpipe")
    found = json.loads(run(nerpipe, "predict", str(exported_tiny), input="Ann reads the London paper"))
    assert found["text"] == "Ann reads the London paper"
    (tmp_path / "gold.conll").write_text("Ann\tB-person\n\n")
    assert '"f1": 1.0' in run(nerpipe, "score", "gold.conll", "gold.conll", "--json")
    assert (
        "pip install '.[pipeline]'"
        in subprocess.run(
            [nerpipe, "compare", "main"], capture_output=True, text=True, check=False, env=clean, cwd=tmp_path
        ).stderr
    )
    code = "import nerpipe, importlib.resources as r; print(r.files('nerpipe').joinpath('py.typed').is_file())"
    assert run(python, "-c", code) == "True\n"


TOOLS = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"}


@pytest.mark.slow
def test_the_commands_of_the_dockerfile_serve_in_an_empty_environment(exported_tiny, tmp_path):
    """A stand-in for `docker build` and `docker run`, which the workflow runs: the same files and commands."""
    source = tmp_path / "source"
    copy_repository(source)
    text = (ROOT / "Dockerfile").read_text()
    assert "torch" not in (ROOT / "requirements/serve.txt").read_text()
    assert text.index("USER nerpipe") < text.index("ENTRYPOINT")
    shown = set(re.findall(r"(?m)^!(.*)", (ROOT / ".dockerignore").read_text()))
    copied = {name for line in re.findall(r"(?m)^COPY (.*) \S+$", text) for name in line.split()}
    assert copied == shown
    app, clean = tmp_path / "app", {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    app.mkdir()
    for name in copied:
        (app / name).parent.mkdir(exist_ok=True)
        (shutil.copytree if (source / name).is_dir() else shutil.copy)(source / name, app / name)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    clean["PATH"] = f"{tmp_path / 'env/bin'}:{clean['PATH']}"
    for command in re.findall(r"(?m)^RUN (pip .*)", text):
        subprocess.run(shlex.split(command), check=True, cwd=app, env=clean, stdout=subprocess.PIPE)
    entry = json.loads(re.search(r"(?m)^ENTRYPOINT (.*)", text)[1])
    command = [str(exported_tiny) if part == "/model" else part.replace("0.0.0.0", "127.0.0.1") for part in entry]  # noqa: S104
    with subprocess.Popen([*command, "--port", "0"], env=clean, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = re.search(r":(\d+) serves", server.stdout.readline())[1]
            probe = json.loads(re.search(r"(?m)^HEALTHCHECK CMD (.*)", text)[1])
            probe[-1] = probe[-1].replace("8000", port)
            subprocess.run(probe, check=True, env=clean)
        finally:
            server.terminate()
