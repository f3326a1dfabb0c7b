# Every target sets up what it needs, in .venv. `make help` lists them.

VENV ?= .venv
BIN := $(VENV)/bin
SET_UP := $(VENV)/.set-up
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
NEWER := -c 'import sys; sys.exit(sys.version_info < (3, 11))'

TOPIC ?= 02_convolution_1d
STUDENTS ?= 8
SEED ?= 1
CLASS := build/$(TOPIC)

LAB_ARGS ?=
PYTEST_ARGS ?= -n auto --dist worksteal
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)
# Jupyter refuses to run as root unless it is told to.
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)

# The kernels of .venv, whatever kernels its user has elsewhere; and nbgrader starts alembic by its bare name.
export JUPYTER_PREFER_ENV_PATH = 1
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help set-up lab test test-slow test-all test-gpu grade notebooks lectures bench bench-grading site lint system-packages constraints

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

set-up: $(SET_UP) ## Build .venv from pyproject.toml and constraints.txt, where that is not done

$(SET_UP): pyproject.toml constraints.txt
	@python=; for candidate in $(PYTHONS); do \
	  if "$$candidate" $(NEWER) 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "The course needs Python 3.11 or newer, and none of these is: $(PYTHONS). Install it, or say where it is: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	if ! $(BIN)/python $(NEWER) 2>/dev/null; then \
	  echo "Building $(VENV) with $$("$$python" --version) ($$python)"; \
	  "$$python" -m venv --clear $(VENV) || { echo "$$python cannot build environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	fi
	@echo "Installing the packages of pyproject.toml in the versions of constraints.txt: some minutes and 7 GB the first time"
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[dev,grading,site]'
	@# JupyterLab would ask at its first start whether to fetch news.
	@$(BIN)/jupyter labextension disable --level=sys_prefix --log-level=ERROR @jupyterlab/apputils-extension:announcements
	@touch $@

lab: $(SET_UP) ## Open JupyterLab on the start page; LAB_ARGS="--no-browser --port 8889" are passed on
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/index.ipynb $(ROOT_FLAG) $(LAB_ARGS)

test: $(SET_UP) system-packages ## Run the tests, without the slow ones
	$(PYTEST) -m "not slow and not gpu"

test-slow: $(SET_UP) system-packages ## Run the slow tests: every lecture from a clean kernel, the largest sweeps
	$(PYTEST) -m "slow and not gpu"

test-all: test test-slow ## Run all tests that need no GPU

test-gpu: $(SET_UP) ## Run the tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu

grade: $(SET_UP) ## Make a sample class, grade it, show the report; TOPIC=03_convolution_2d STUDENTS=20 SEED=2
	rm -rf $(CLASS)
	$(BIN)/cnnkit sample-class $(TOPIC) $(CLASS)/submitted --students $(STUDENTS) --seed $(SEED)
	@# Status 1 says that a notebook could not be graded; a sample class has such notebooks on purpose.
	$(BIN)/cnnkit grade $(TOPIC) --submitted $(CLASS)/submitted --output $(CLASS)/graded || [ $$? -eq 1 ]

notebooks: $(SET_UP) ## Build the notebooks and the course map from sources/; lectures run where their code has changed
	$(BIN)/cnnkit notebooks

lectures: $(SET_UP) ## Build all and execute every lecture again
	$(BIN)/cnnkit notebooks --execute

bench: $(SET_UP) ## Time the solutions' layers against PyTorch's and write benchmarks/results.md
	$(BIN)/python benchmarks/bench_layers.py

bench-grading: $(SET_UP) system-packages ## Time a class through nbgrader and through cnnkit grade, and write benchmarks/grading.md
	$(BIN)/python benchmarks/bench_grading.py

site: $(SET_UP) ## Build the site in build/site: lectures, assignments, guides and the package, to open without a network
	$(BIN)/python site/build.py build/site
	@echo "Open build/site/index.html"

lint: $(SET_UP) ## Check style, formatting, and that built files match their sources
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cnnkit notebooks --check

# Tests that look at pages need a browser; grading untrusted notebooks needs bubblewrap.
system-packages:
	@missing=; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v bwrap >/dev/null || missing="$$missing bubblewrap"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing$$missing"; apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; \
	else \
	  echo "Some tests will fail without$$missing. On Debian and Ubuntu: sudo apt-get install$$missing" >&2; \
	fi

constraints: $(SET_UP) ## Write constraints.txt anew from what .venv holds
	@mkdir -p build
	@{ grep '^#' constraints.txt; \
	  $(BIN)/python -m pip freeze --all --exclude-editable | sed 's/+.*//' | grep -Ev '^(pip=|cuda|nvidia|triton)'; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
