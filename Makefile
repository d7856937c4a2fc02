# A fresh machine needs Python >= 3.11 and make, nothing else and never root:
# the first target sets up .venv with the exact versions of requirements/locked.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# What `make demo` passes on, such as ARGS=--qemu.
ARGS ?=
# What pytest is given besides, such as PYTEST_ARGS='-x tests/core'.
PYTEST_ARGS ?=
# How long `make soak` goes on, in seconds, and how many cases `make fuzz` has.
DURATION ?= 3600
CASES ?= 1000000
# What both begin with; a number repeats a run.
SEED ?= $(shell date +%s)
# 1: a test whose QEMU, kernel or busybox is missing fails instead of being skipped.
REQUIRE_QEMU ?= $(GUESTWATCH_REQUIRE_QEMU)

export GUESTWATCH_REQUIRE_QEMU := $(REQUIRE_QEMU)

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
INSTALL := $(PIP) install --constraint requirements/locked.txt

# Tests get a temporary folder of their own, with a short path: a socket's may have 107 bytes.
PYTEST := root=$$(mktemp -d /tmp/gw-XXXXXX) && trap 'rm -rf "$$root"' EXIT INT TERM \
	&& PYTEST_DEBUG_TEMPROOT=$$root $(BIN)/python -m pytest $(PYTEST_ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test bench fuzz soak screenshots snapshots readme clean

help: ## says this
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

demo: $(VENV)/program ## opens the dashboard on embedded guests; ARGS=--qemu boots a real one
	@$(BIN)/guestwatch demo $(ARGS)

test: $(VENV)/tools ## runs every check: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(PYTEST)

bench: $(VENV)/tools ## measures what is promised: name, value, budget, ok or SHORT
	@failed=; for bench in tests/bench/bench_*.py; do \
		$(BIN)/python -m tests.bench.$$(basename $$bench .py) || failed="$$failed $$bench"; \
	done; test -z "$$failed" || { echo "These ended early:$$failed" >&2; exit 1; }

fuzz: $(VENV)/tools ## feeds every parser hostile input; CASES=1000000 SEED=…
	@$(BIN)/python -m tests.fuzz --cases $(CASES) --seed $(SEED)

soak: $(VENV)/tools ## lets everything happen for long, and checks every byte; DURATION=3600 SEED=…
	@$(BIN)/python -m tests.soak --duration $(DURATION) --seed $(SEED)

screenshots: $(VENV)/tools ## writes screenshots/ anew
	@$(BIN)/python -m tests.snapshots.screenshots

snapshots: $(VENV)/tools ## takes the dashboard's pictures anew; look at them before you commit them
	@$(PYTEST) tests/snapshots --snapshot-update

readme: $(VENV)/tools ## writes the README's generated parts
	@$(BIN)/python -m tests.readme

clean: ## removes what make, the tests and the tools have made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON). On Debian: sudo apt-get install python3 python3-venv." \
			"Another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "guestwatch needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
			"Another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments." \
			"On Debian: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV); this takes a minute, once." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/program: $(VENV)/made pyproject.toml requirements/locked.txt
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/tools: $(VENV)/program
	@$(INSTALL) --editable '.[test]'
	@touch $@
