# Needs Python 3.11 or newer with venv, make, and a package index. `make help` lists what there is.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST_ARGS ?=
COMPILE = .tools/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command "make lock"

# The first interpreter that is new enough and can make virtual environments. PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

# On a terminal the program gets a process group of its own, so Ctrl-C reaches it and not make: a normal end is a
# normal end for make too. The exit keeps bash from running the program in its own place, without a group.
foreground = if [ -t 0 ]; then set -m; fi; $(1); exit $$?

# What is built has the time of the commit, so that the same commit gives the same bytes.
AT_COMMIT = SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 8

.PHONY: demo
demo: $(INSTALLED) ## Run the exporter on an invented organization; no key needed.
	@$(call foreground,$(BIN)/anthropic-exporter demo $(ARGS))

.PHONY: run
run: $(INSTALLED) ## Run the exporter with the Admin key of the environment.
	@$(call foreground,$(BIN)/anthropic-exporter serve $(ARGS))

.PHONY: test
test: lint tools ## Run every check and every test.
	@echo "pytest"
	@$(BIN)/python -m pytest -q -n 4 --dist worksteal -m "not long" $(PYTEST_ARGS)

.PHONY: test-long
test-long: $(INSTALLED) tools ## Break every alert rule in every way, and see its tests fail: minutes.
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m long $(PYTEST_ARGS)

.PHONY: soak
soak: $(INSTALLED) ## Live through a few thousand simulated months and 200 kills; see docs/numbers.md.
	@PYTHONPATH=tests:exporter $(BIN)/python -m soak $(ARGS)

.PHONY: bench
bench: $(INSTALLED) ## Measure speed, memory and size; see docs/performance.md.
	@PYTHONPATH=tests:exporter $(BIN)/python -m bench $(ARGS)

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

.PHONY: golden
golden: $(INSTALLED) ## Write the reviewed expositions in tests/golden anew; git diff shows what to review.
	@echo "tests/golden"
	@WRITE_GOLDEN=1 $(BIN)/python -m pytest -q tests/expose tests/service -k reviewed

.PHONY: dashboards
dashboards: $(INSTALLED) ## Write the dashboards and rules anew from their sources.
	@echo "dashboards"
	@$(BIN)/python dashboards/generate/rules.py
	@$(BIN)/python dashboards/generate/dashboards.py

.PHONY: lock
lock: .tools/uv/bin/uv ## Write the files with the exact dependencies anew; UPGRADE=1 takes the newest versions.
	@echo "lock"
	@printf 'hatchling\neditables\n' | $(COMPILE) pyproject.toml - --group dev $(if $(UPGRADE),--upgrade) -o requirements-dev.txt
	@$(COMPILE) pyproject.toml -c requirements-dev.txt -o requirements.txt
	@echo hatchling | $(COMPILE) - -c requirements-dev.txt -o requirements-build.txt

.PHONY: dist
dist: $(INSTALLED) ## Build wheel and source distribution, the same bytes from the same commit.
	@echo "dist"
	@rm -rf dist
	@$(AT_COMMIT) $(BIN)/python -m hatchling build

.PHONY: smoke
smoke: dist ## Install the wheel into an empty environment and run what it brings.
	@sh deploy/smoke.sh $(PYTHON)

.PHONY: sbom
sbom: $(INSTALLED) ## Write dist/sbom.cdx.json, what the exporter is made of.
	@mkdir -p dist
	@$(AT_COMMIT) $(BIN)/python deploy/sbom.py > dist/sbom.cdx.json

.PHONY: audit
audit: $(INSTALLED) ## Look for insecure code, and for known holes in dependencies where the database can be reached.
	@echo "bandit"
	@$(BIN)/bandit --quiet --recursive --severity-level medium --confidence-level high \
		--skip B506 exporter hatch_build.py helm deploy  # B506 does not know our loaders, which are safe ones; ruff does
	@echo "pip-audit"
	@sh deploy/audit.sh $(PYTHON)

.PHONY: chart
chart: $(INSTALLED) ## Copy dashboards and rules into the chart.
	@$(BIN)/python helm/sync.py

.PHONY: image
image: ## Build the container image; DIGEST=@sha256:… pins its base.
	@docker build --build-arg "PYTHON_DIGEST=$(DIGEST)" --build-arg "VERSION=$(VERSION)" \
		--build-arg "REVISION=$$(git rev-parse --short HEAD)" -t anthropic-exporter .

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
