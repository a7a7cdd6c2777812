# Two commands: `make demo` shows the product, `make test` proves it. Both set up .venv/ first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiling every file of every package takes longer than installing them; what is used is compiled when it is first used.
PIP := $(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-for-tests

# Where this is set, each of many processes would compile all of it again.
export PYTHONDONTWRITEBYTECODE :=

PARALLEL := --numprocesses 2

# $(call timed,NAME,COMMAND): run it, and say how long it took.
timed = @echo "== $(1)"; start=$$(date +%s); $(2) || exit $$?; echo "== $(1): $$(($$(date +%s) - start)) s"

.PHONY: demo test check browser experiment clean

demo: $(STAMP)
	@$(BIN)/python -m rdpt_core demo

# What fails fastest comes first. Browser tests run by themselves, file by file: a file's servers start once.
test: $(TEST_STAMP) check browser
	$(call timed,tests (unit and integration and app),$(BIN)/python -m pytest $(PARALLEL) --dist worksteal --ignore tests/browser)
	$(call timed,browser tests,$(BIN)/python -m pytest $(PARALLEL) --dist loadfile tests/browser)

check: $(TEST_STAMP)
	$(call timed,style,$(BIN)/ruff check . && $(BIN)/ruff format --check .)
	$(call timed,types,$(BIN)/mypy --num-workers 2)

$(VENV)/bin/python:
	@echo "== making the virtual environment in $(VENV)/"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3-venv is missing; on Debian or Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 2; }

# The project itself too, as a link to this folder: that is what makes $(BIN)/rdpt.
$(STAMP): requirements.txt pyproject.toml | $(VENV)/bin/python
	$(call timed,installing requirements.txt (a minute or two),$(PIP) -r requirements.txt --editable .)
	@touch $@

$(TEST_STAMP): tests/requirements.txt $(STAMP)
	$(call timed,installing tests/requirements.txt,$(PIP) -r tests/requirements.txt)
	@touch $@

browser:
	@bash tests/browser/install_chromium.sh

experiment: $(STAMP)
	$(call timed,selection strategies by fine-tuning (reduced),$(BIN)/python -m data.recipe.experiments.selection --reduced)

clean:
	rm -rf $(VENV) .rdpt .mypy_cache .ruff_cache .pytest_cache .hypothesis
