# Tasks. `make demo` and `make test` set up all they need; Python 3.11 or newer, git and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
BENCH ?= --neo4j
PORT ?= 8501
export GRAPHINV_STORE ?= $(CURDIR)/.graphinv/graph

.DEFAULT_GOAL := help
.PHONY: help install dev demo app test check lint types contracts docs unit bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "graphinv needs Python 3.11 or newer; say which: make PYTHON=python3.12 …" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make environments: install its venv package (Debian: python3-venv)" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# An index that answers with half a page is asked once more, past the cache.
LOCKED = $(UV) pip install --quiet --require-hashes -r $(1) || $(UV) pip install --quiet --refresh --require-hashes -r $(1)

$(VENV)/.installed: requirements.lock pyproject.toml | $(UV)
	@echo "Installing graphinv into $(VENV) …" >&2
	@export VIRTUAL_ENV=$(VENV); $(call LOCKED,requirements.lock)
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	@export VIRTUAL_ENV=$(VENV); $(call LOCKED,requirements-dev.lock)
	@touch $@

install: $(VENV)/.installed ## the command at .venv/bin/graphinv

dev: $(VENV)/.dev ## what the tests need as well

demo: install ## scan the bundled estate and print the summary
	@$(BIN)/graphinv demo

app: install ## the dashboard, on loopback; `make app PORT=8600` for another port
	@$(BIN)/graphinv app --port $(PORT)

test: lint types contracts docs unit ## everything .ci/run checks

check: test

lint: dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: dev
	@$(BIN)/mypy --no-error-summary

contracts: dev
	@$(BIN)/lint-imports --no-logo

docs: dev ## fail where a generated part of the documentation is stale; `make docs COG=-r` renews it
	@$(BIN)/cog $(or $(COG),--check) -I . README.md docs/*.md

unit: dev
	@$(BIN)/pytest -n auto

bench: dev ## all-agents reach beside networkx, rustworkx, SciPy and Neo4j, at three sizes; `make bench BENCH=` leaves Neo4j out
	@$(BIN)/python -m tests.bench.engines $(BENCH)

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade --python-version 3.11

lock: $(UV) ## pin the newest versions that pyproject.toml allows
	@$(COMPILE) pyproject.toml --group build -o requirements.lock
	@$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment, the caches and the default store
	@rm -rf $(VENV) .graphinv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks build dist
