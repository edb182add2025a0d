# Two commands do all the set-up on a fresh machine: `make report` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
REPORT_DIR ?= report
PYTEST_FLAGS ?=
SECONDS ?= 600
ONLY ?=
CONSTRAINTS ?= constraints.txt
QUICK ?= not slow and not long and not timing and not emulator

.PHONY: help report test test-quick lint oracles docs release benchmarks upgrade fuzz mutants clean

help: ## List what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --editable .
	@touch $@

# What the tests run on is pinned, so that the same commit gives the same answer on every machine.
$(VENV)/developer: $(VENV)/installed $(CONSTRAINTS)
	$(RUN) -m pip install --quiet --editable . --group dev --constraint $(CONSTRAINTS)
	@touch $@

report: $(VENV)/installed ## Print the report of the reference deployment and write report/ (HTML, Markdown, JSON, figures).
	$(RUN) -m costmodel report --out $(REPORT_DIR)

# Gigabytes with PyTorch: tests that need them skip without, and say so.
$(VENV)/oracles: $(VENV)/developer
	$(RUN) -m pip install --quiet --group oracles --constraint $(CONSTRAINTS)
	@touch $@

oracles: $(VENV)/oracles ## Install what importers and training are held against (PyTorch, ONNX Runtime, TensorFlow Lite Micro).

lint: $(VENV)/developer ## Format, lint, types, floors.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-quick: $(VENV)/developer ## The quick tests, without emulated cores.
	$(RUN) -m pytest -m "$(QUICK)" -n auto --dist worksteal $(PYTEST_FLAGS)

test: lint ## Everything: lint, types, floors, and all tests. What needs a tool that is not here says so.
	$(RUN) -m pytest -m "not timing" -n auto --dist worksteal $(PYTEST_FLAGS)
	$(RUN) -m pytest -m timing $(PYTEST_FLAGS)

docs: $(VENV)/developer ## Write the generated pages of docs/ anew, and build the site into build/docs (offline).
	$(RUN) docs/generate.py
	$(RUN) -m pip install --quiet --group docs --constraint $(CONSTRAINTS)
	$(RUN) -m sphinx -W -q -b html docs build/docs

release: $(VENV)/developer ## Build sdist and wheel into dist/ and check them; refuses where CHANGELOG and version differ.
	$(RUN) .ci/release.py dist

benchmarks: $(VENV)/developer ## Measure, and write benchmarks/RESULTS.md.
	$(RUN) benchmarks/run.py

upgrade: ## Renew constraints.txt: the newest version of everything the tests run on.
	$(PYTHON) .ci/upgrade.py $(CONSTRAINTS)

fuzz: $(VENV)/developer ## Search at random for inputs that no plain answer comes of: SECONDS=600, ONLY=yaml (a kind of input).
	$(RUN) -m tests.fuzz --seconds $(SECONDS) $(if $(ONLY),--only $(ONLY))
	$(if $(ONLY),,COSTMODEL_SEARCH=fuzz $(RUN) -m pytest -m "hypothesis and not slow and not timing and not emulator" -n auto --dist worksteal $(PYTEST_FLAGS))

mutants: $(VENV)/developer ## Change one operation at a time, and list the changes that no test notices (hours; goes on where it was stopped).
	$(RUN) -m tests.mutants

clean: ## Remove the environment and everything made.
	rm -rf $(VENV) $(REPORT_DIR) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build
