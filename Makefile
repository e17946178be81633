# Each target does its own set-up, in .venv and without root. `make PYTHON=python3.12 …` names another interpreter.
export PYTHON ?= python3
PY := .venv/bin/python

.PHONY: setup setup-dev demo test lint bench fuzz clean

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

# One reader for a while (make fuzz TARGET=rtf SECONDS=600), or each. Led by coverage where atheris is in .venv: .venv/bin/pip install atheris
fuzz: setup-dev
	@$(PY) -m bench.fuzz --seconds $(or $(SECONDS),60) $(if $(TARGET),--target $(TARGET)) $(ARGS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
