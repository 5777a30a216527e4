# From a fresh clone, with only Python >= 3.11 and make: `make quickstart`, `make test` and `make docs` set up
# everything in .venv/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := setup.py pyproject.toml $(wildcard requirements/*.txt)

.PHONY: quickstart test test-long lint docs clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mmwsl needs Python 3.11 or newer, $(PYTHON) is older; call: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(SOURCES) | $(BIN)/python
	@echo 'Installing mmwsl and its dependencies into $(VENV)/; the first time this takes a minute or more.'
	$(BIN)/python -m pip install -q -c requirements/constraints.txt -e .
	@touch $@

$(VENV)/.tests: $(VENV)/.runtime
	$(BIN)/python -m pip install -q -c requirements/constraints.txt -r requirements/tests.txt
	@touch $@

$(VENV)/.docs: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install -q -c requirements/constraints.txt -r requirements/docs.txt
	@touch $@

quickstart: $(VENV)/.runtime  ## pre-train on built-in data and benchmark against random weights, about 5 minutes on 2 cores
	$(BIN)/python tools/run_suite.py configs/suites/quickstart.py --out work_dirs/quickstart

test: lint  ## ruff, mypy and the test suite, about ten minutes on 2 cores
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-long: $(VENV)/.tests  ## the tests that take minutes each
	$(BIN)/python -m pytest -n 2 --dist load -m long $(PYTEST_ARGS)

lint: $(VENV)/.tests  ## style, and the types of the folders that pyproject.toml names
	$(BIN)/ruff check .
	$(BIN)/mypy

# with --quiet mkdocs counts no warnings, and --strict lets every broken link through
docs: $(VENV)/.docs  ## the pages in site/; a broken link or anchor is an error
	$(BIN)/python -m mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site *.egg-info work_dirs
