# posemu: make help. Needs python3 (3.11 or newer), python3-venv and make, nothing else.
# The first target that needs it makes .venv, which downloads packages; after that no network is used.

PYTHON ?= python3
PIP := -m pip --disable-pip-version-check --quiet install --constraint constraints.txt
BIN := .venv/bin
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test quick exhaustive lint bench fuzz docs picture examples pythons clean distclean setup

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

demo: .venv/.ready  ## the coffee shop: 160 simulated days, a verdict and a report
	@$(BIN)/posemu run scenarios/cases/coffee-wifi.yaml

test: .venv/.ready  ## all tests, with the import contracts and the examples of the docs
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not exhaustive"

exhaustive: .venv/.ready  ## every strength of every fault, and chip sales under all of them: half an hour
	@$(BIN)/python -m pytest -n auto --dist worksteal -m exhaustive

quick: .venv/.ready  ## the tests without the slow searches
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not exhaustive"

lint: .venv/.ready  ## ruff, mypy and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.bench-ready  ## the benchmarks, as JSON
	@$(BIN)/python tests/benchmarks/bench.py

fuzz: .venv/.fuzz-ready  ## every decoder under the fuzzer, FUZZ_SECONDS=60 for each, two at a time
	@$(BIN)/python tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

docs: .venv/.docs-ready  ## the documentation, in docs/_build/html
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

picture: demo  ## the picture of the README, from the report of make demo; needs Chromium
	@$(BIN)/python docs/picture.py out/coffee-wifi/report.html docs/pictures/coffee-wifi.png

examples: .venv/.ready  ## run the examples of README and docs, and write down what they print
	@$(BIN)/python tests/docs/test_examples.py

pythons: .venv-3.12 .venv-3.13  ## .venv-3.12 and .venv-3.13, where these Pythons are installed

clean:  ## delete what runs, tests and builds left behind
	rm -rf out build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find posemu tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## delete the virtual environments too
	rm -rf .venv .venv-3.12 .venv-3.13 posemu.egg-info

setup: .venv/.ready  ## only make .venv

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "posemu needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making .venv (once; this downloads packages)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) --editable '.[test]'
	@touch $@

.venv/.docs-ready: .venv/.ready
	@$(BIN)/python $(PIP) --editable '.[docs]'
	@touch $@

.venv/.fuzz-ready: .venv/.ready
	@$(BIN)/python $(PIP) --only-binary atheris --editable '.[fuzz]' >/dev/null 2>&1 || { \
	  echo "make fuzz needs atheris, which cannot be installed here: it has wheels for CPython 3.11 to 3.13 on Linux x86-64."; \
	  exit 1; }
	@touch $@

# iso8583sim is under the AGPL: it has an environment and a process of its own, and posemu never imports it.
.venv/.bench-ready: .venv/.ready
	@$(BIN)/python -m venv .venv/iso8583sim
	@.venv/iso8583sim/bin/python $(PIP) iso8583sim
	@$(BIN)/python $(PIP) --only-binary gmpy2 --editable '.[fast]' >/dev/null 2>&1 || echo "without gmpy2: it cannot be installed here"
	@touch $@

# The tests use these to check that a run has the same digest under every Python. They are editable: the code is this one.
.venv-3.%: pyproject.toml constraints.txt
	@python=$$(python3.$* -c 'import sys; print(sys.executable)' 2>/dev/null || \
	  PYENV_VERSION=$$(pyenv latest 3.$* 2>/dev/null) python3.$* -c 'import sys; print(sys.executable)' 2>/dev/null); \
	if [ -n "$$python" ]; then \
	  echo "Making $@ (once; this downloads packages)" && "$$python" -m venv $@ && \
	  $@/bin/python $(PIP) --editable . pytest pytest-xdist hypothesis && touch $@; \
	fi
