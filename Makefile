# Everything starts here. `make run` sets up what is missing, then starts the brain.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# A sourced ROS 2 would shadow the one in .venv.
CLEAN := env -u PYTHONPATH -u AMENT_PREFIX_PATH -u COLCON_PREFIX_PATH -u LD_LIBRARY_PATH

.PHONY: help setup run test ready lint types unit system clean

help:
	@echo 'make run     set up, then start the brain in the simulated home (ARGS="--headless")'
	@echo 'make setup   set up .venv only'
	@echo 'make test    set up, then lint, types, unit tests, launched-system tests'
	@echo 'make lint | types | unit | system    one of them, without set-up'
	@echo 'make clean   remove .venv and what builds leave'

setup:
	@$(PYTHON) tools/install.py

run: setup
	@$(CLEAN) $(BIN)/yan-brain run $(ARGS)

ready:
	@$(PYTHON) tools/install.py --test --apt

test: ready
	@$(MAKE) --no-print-directory lint types unit system

lint:
	$(CLEAN) $(BIN)/ruff check .

types:
	$(CLEAN) $(BIN)/mypy

unit:
	$(CLEAN) $(BIN)/python -m pytest -q -m 'not system' --durations=10

system:
	$(CLEAN) $(BIN)/python -m pytest -q -m system --durations=10

clean:
	rm -rf .venv .setup.lock build install log .mypy_cache .ruff_cache .pytest_cache
