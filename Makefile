# `make run` starts a demo, `make test` runs every test; both set up .venv first. `make` lists the rest.
PIP := .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet
# Two at a time: a browser and a server of a test keep a small machine's two processors busy already.
PARALLEL := -n 2 --dist worksteal
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help install run test check cover bench lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s%s\n", $$1, $$2 }' Makefile

install: .venv/.dev ## Set up .venv with the locked packages and tools

run: .venv/.run ## Start livefeed with the demo (PORT=8000, ARGS="--workers 2")
	@exec .venv/bin/livefeed serve --demo $(if $(PORT),--port $(PORT)) $(ARGS)

test: .venv/.dev ## Run all tests, those in a browser too (ARGS="-k sync")
	@scripts/redis
	@browser=$$(scripts/browser) || exit 1; LIVEFEED_TEST_CHROMIUM="$$browser" .venv/bin/python -m pytest $(PARALLEL) $(ARGS)

check: .venv/.dev ## Formatting, lint, types, shell syntax
	@.venv/bin/ruff format --check --quiet . || { echo "livefeed: run .venv/bin/ruff format"; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy --strict
	@for script in scripts/python scripts/browser scripts/redis scripts/lock scripts/peers; do sh -n $$script || exit 1; done
	@bash -n .ci/run
	@.venv/bin/python -m pip --disable-pip-version-check check

cover: .venv/.dev ## Run all tests and show which branches they miss
	@scripts/redis
	@browser=$$(scripts/browser) || exit 1; LIVEFEED_TEST_CHROMIUM="$$browser" .venv/bin/python -m pytest --cov $(ARGS)

bench: .venv/.dev ## Measure what a delivery costs, here and elsewhere (ARGS="--targets")
	@.venv/bin/python -m bench $(ARGS)

lock: ## Renew requirements/*.txt to the newest versions
	@scripts/lock

clean: ## Remove .venv and everything made; livefeed-data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov dist build bench/.build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@python=$$(scripts/python) && { "$$python" -m venv .venv || { rm -rf .venv; exit 1; }; }

# The stamps make a second `make run` start at once. The lists are whole: with dependencies looked up, pip 23
# refuses them as soon as something that is asked for with an extra has a newer version.
.venv/.run: requirements/run.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "livefeed: installing packages into .venv …"
	@$(PIP) install --no-deps --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	@echo "livefeed: installing the developers' tools …"
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
