# Two commands: `make demo` shows the product, `make test` proves it. Both set up .venv/ first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-for-tests

.PHONY: demo test check browser experiment clean

demo: $(STAMP)
	@$(BIN)/python -m rdpt_core demo

test: $(TEST_STAMP) browser check
	@echo "== tests (unit, integration, app, browser)"
	@$(BIN)/python -m pytest

check: $(TEST_STAMP)
	@echo "== style and types"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

$(VENV)/bin/python:
	@echo "== making the virtual environment in $(VENV)/"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3-venv is missing; on Debian or Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 2; }

# The project itself too, as a link to this folder: that is what makes $(BIN)/rdpt.
$(STAMP): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "== installing requirements.txt (a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt --editable .
	@touch $@

$(TEST_STAMP): tests/requirements.txt $(STAMP)
	@echo "== installing tests/requirements.txt"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

browser:
	@bash tests/browser/install_chromium.sh

experiment: $(STAMP)
	@echo "== selection strategies by fine-tuning, reduced (about a minute and a half)"
	@$(BIN)/python -m data.recipe.select_experiment --reduced

clean:
	rm -rf $(VENV) .rdpt .mypy_cache .ruff_cache .pytest_cache .hypothesis
