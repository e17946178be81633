# Each target does its own set-up, in .venv and without root. `make PYTHON=python3.12 …` names another interpreter.
export PYTHON ?= python3
PY := .venv/bin/python

.PHONY: setup setup-dev demo test lint bench clean

setup:
	@tools/setup runtime

setup-dev:
	@tools/setup dev

demo: setup
	@.venv/bin/vaguemestre demo $(ARGS)

test: setup-dev
	@$(PY) -m pytest $(ARGS)

lint: setup-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

bench: setup-dev
	@$(PY) -m bench $(ARGS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
