# Needs Python 3.11 or newer with venv, make, and a package index. `make help` lists what there is.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST_ARGS ?=

# The first interpreter that is new enough and can make virtual environments. PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

# On a terminal the program gets a process group of its own, so Ctrl-C reaches it and not make: a normal end is a
# normal end for make too. The exit keeps bash from running the program in its own place, without a group.
foreground = if [ -t 0 ]; then set -m; fi; $(1); exit $$?

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 8

.PHONY: demo
demo: $(INSTALLED) ## Run the exporter on an invented organization; no key needed.
	@$(call foreground,$(BIN)/anthropic-exporter demo $(ARGS))

.PHONY: run
run: $(INSTALLED) ## Run the exporter with the Admin key of the environment.
	@$(call foreground,$(BIN)/anthropic-exporter serve $(ARGS))

.PHONY: test
test: lint tools ## Run every check and every test.
	@echo "pytest"
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal $(PYTEST_ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Run ruff and mypy.
	@echo "ruff check"
	@$(BIN)/ruff check --quiet .
	@echo "ruff format"
	@$(BIN)/ruff format --quiet --check .
	@echo "mypy"
	@$(BIN)/mypy --no-error-summary

.PHONY: tools
tools: ## Install the real tools that some tests talk to, where that is possible.
	@sh tests/tools.sh

.PHONY: docs
docs: $(INSTALLED) ## Write docs/metrics.md anew from the catalogue.
	@echo "docs/metrics.md"
	@{ sed '/^| name/,$$d' docs/metrics.md; $(BIN)/anthropic-exporter metrics --format markdown; } > docs/metrics.new
	@mv docs/metrics.new docs/metrics.md

.PHONY: lock
lock: .tools/uv/bin/uv ## Write requirements-dev.txt anew; UPGRADE=1 takes the newest versions.
	@echo "lock"
	@printf 'hatchling\neditables\n' | .tools/uv/bin/uv pip compile --quiet pyproject.toml - --group dev \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) -o requirements-dev.txt

.PHONY: clean
clean: ## Remove everything that make has made.
	@rm -rf $(VENV) .tools build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find exporter tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew rather than changed: what is no longer in the lock is gone from the environment too.
$(INSTALLED): pyproject.toml requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: python3-venv)" >&2; exit 1; }
	@echo "environment: $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "install: requirements-dev.txt"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@echo "install: anthropic-exporter"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.tools/uv/bin/uv:
	@echo "install: uv"
	@$(PYTHON) -m venv --clear .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
