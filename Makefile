# `make run` and `make test` need Python 3.11 or newer and access to the package registries; all else they set up.

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
endif
BIN := .venv/bin
# Starting again is quick because Python keeps what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run dev test lint format bench lock static setup setup-dev clean
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: setup ## Serve the portal, the API and the worker on http://127.0.0.1:8000 (PORT, DATABASE_URL, DATA_DIR …)
	@exec $(BIN)/python -m app.cli.serve

dev: setup-dev ## The same, and start again whenever the code changes
	@exec $(BIN)/python -m app.cli.serve --reload

test: setup-dev ## Run all tests; ARGS="tests/catalog -k archive" runs some
	@exec $(BIN)/python -m pytest -n auto -rs $(ARGS)

lint: setup-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup-dev ## Put the code into the house's form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup-dev ## Measure, beside the peers where they are at hand (ARGS)
	@exec $(BIN)/python -m benchmarks $(ARGS)

static: setup ## Build the static files anew
	@exec $(BIN)/flask --app wsgi build-static

lock: setup-dev ## Pin the newest packages that requirements*.in and package.json allow
	@for name in requirements requirements-dev requirements-node; do \
		$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-header --no-emit-index-url --no-emit-find-links --quiet $$name.in -o $$name.txt || exit; \
	done
	@npm install --package-lock-only

clean: ## Remove all that setting up and running made, the embedded database's data excepted
	@rm -rf .venv .node node_modules static/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@$(if $(PYTHON),$(PYTHON) app/cli/setup.py,echo 'Python 3.11 or newer is needed, and none was found.' >&2; exit 1)

setup-dev:
	@$(if $(PYTHON),$(PYTHON) app/cli/setup.py --dev,echo 'Python 3.11 or newer is needed, and none was found.' >&2; exit 1)
