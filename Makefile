# Trygg from a fresh clone, with Python 3.11 or newer and make. Node comes with the Python packages.
#   make setup   what running and testing need; does nothing when all is there
#   make run     a demonstration school on http://127.0.0.1:8000 (PORT=… for another port)
#   make test    every test; installs Debian's chromium where it is missing
#   make check   the rules of the code and of the processes
#   make bench   the time and room that the engine takes on this machine
#   make translations   find the messages anew, and print what lacks nynorsk or English

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
FRONTEND := web/frontend
BUNDLES := web/static/build/trygg.css engine/definitions/build/feel.js
SOURCES := $(shell find $(FRONTEND) -name node_modules -prune -o -type f -print)

.PHONY: setup run test check bench translations

setup: $(BUNDLES) .venv/installed

.venv/packages: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	touch $@

.venv/installed: .venv/packages pyproject.toml
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/modules: .venv/packages $(FRONTEND)/package-lock.json $(FRONTEND)/package.json
	cd $(FRONTEND) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund
	touch $@

$(BUNDLES) &: .venv/modules $(SOURCES)
	cd $(FRONTEND) && PATH="$(CURDIR)/$(BIN):$$PATH" node build.mjs

run: setup
	$(BIN)/trygg demo --if-empty
	PORT=$(PORT) $(BIN)/trygg serve

test: setup
	scripts/chromium.sh
	$(BIN)/pytest -n 2 --dist worksteal

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/trygg check processes/*/*.bpmn

bench: setup
	$(BIN)/python -m tests.bench

translations: setup
	$(BIN)/python -m web.catalogues
