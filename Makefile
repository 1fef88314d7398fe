# Three Transformers, Measured. `make` alone lists what can be made.

PYTHON ?= python3
TORCH_INDEX ?=
LAB ?=
TESTS ?=
NOTEBOOKS ?=
BENCH ?=
MUTANTS ?=
VERSIONS ?=
CROWD ?=

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: help setup lab test run lint format handout site pdf browser miniatures figure matrix mutants \
	bench crowd versions real lock clean check-python

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Settings, given after the name:"
	@echo "  PYTHON=python3.12    the Python to set up with, 3.11 or newer (now: $(PYTHON))"
	@echo "  TORCH_INDEX=https://download.pytorch.org/whl/cpu"
	@echo "                       take PyTorch's CPU build: on Linux it saves gigabytes of GPU libraries"
	@echo "  LAB='--port=9999'    options for JupyterLab"
	@echo "  TESTS='tests -x'     what pytest runs, and how"
	@echo "  NOTEBOOKS=...        what 'make lab' opens instead of your copies, and 'make run' executes"

setup: $(READY) ## set up .venv with the pinned versions, if it is not up to date

lab: $(READY) ## set up, then open JupyterLab on your copies of the notebooks, in my_notebooks
	@exec $(PY) tests/tools/lab.py $(if $(NOTEBOOKS),--open "$(NOTEBOOKS)") $(LAB)

test: lint ## set up, then lint, unit tests, and the notebooks against their stored outputs
ifeq "$(TESTS)" ""
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder notebooks tests helpers
else
	$(PY) -m pytest $(TESTS)
endif

run: $(READY) ## execute the notebooks and store their outputs
	$(PY) tests/tools/execute.py $(or $(NOTEBOOKS),notebooks/*.ipynb)

lint: $(READY) ## check style and format of code and notebooks
	$(PY) -m ruff check
	$(PY) -m ruff format --check

format: $(READY) ## mend what lint finds, where that can be done safely
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

site: $(READY) ## make static pages of the notebooks, to open from a folder: build/site
	@$(PY) -c 'import myst_nb, sphinx_book_theme' 2>/dev/null || \
	$(PY) $(INSTALL) -c constraints.txt -e '.[site]' || \
	{ echo "The pages need MyST-NB and sphinx-book-theme, and to install these a network, once." >&2; \
	exit 1; }
	$(PY) tests/tools/publish.py site

pdf: site ## print these pages with Chromium, answers and solutions unfolded: build/pdf
	$(PY) tests/tools/publish.py pdf

browser: site ## look at notebook 1 in JupyterLab and at these pages in Chromium: build/browser
	@$(PY) -c 'import axe_playwright_python, playwright' 2>/dev/null || \
	$(PY) $(INSTALL) -c constraints.txt -e '.[browser]' || \
	{ echo "To look needs Playwright and axe, and to install these a network, once." >&2; exit 1; }
	$(PY) tests/tools/browser.py

handout: $(READY) ## write the notebooks to hand out, without and with solutions, to build/handout
	$(PY) tests/tools/handout.py

miniatures: $(READY) ## train the bundled miniatures again, from nothing
	$(PY) -m helpers.making all

figure: $(READY) ## draw the README's picture of the three masks again
	$(PY) -m helpers.making figure

matrix: $(READY) ## test the notebooks on other instruction sets, on one thread, and five times over
	.ci/matrix $(PY)

mutants: $(READY) ## put 60 seeded defects into the code, one at a time, and see whether the tests catch them
	$(PY) tests/tools/mutants.py $(MUTANTS)

bench: $(READY) ## measure speeds, as ratios; BENCH='masking spans' for some of them
	$(PY) tests/tools/bench.py $(BENCH)

crowd: $(READY) ## measure time and memory of 1, 2, 5 and 10 learners at once; CROWD='1 2' for fewer
	$(PY) tests/tools/crowd.py $(CROWD)

versions: $(READY) ## test against other versions of transformers
	.ci/versions $(PY) $(VERSIONS)

real: $(READY) ## run the notebooks on models of full size, with random weights, from a Hub of our own
	$(PY) -m pytest -m real tests/upkeep/test_notebooks_hub.py

clean: ## remove the environment, so that the next command sets it up from nothing; no notebooks
	rm -rf $(VENV)

# ---- the environment ----

# A folder that was moved or copied is set up again: an editable install knows its place.
ifneq "$(shell cat $(READY) 2>/dev/null)" "$(CURDIR)"
.PHONY: $(READY)
endif

INSTALL := -m pip install --disable-pip-version-check
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
WITH_INDEX := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))

$(READY): pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory check-python
	@$(PY) -c 'import pip; $(IS_NEW_ENOUGH)' 2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV)
	$(PY) $(INSTALL) --no-deps $(WITH_INDEX) -c constraints.txt torch
	$(PY) $(INSTALL) -c constraints.txt -e '.[test]'
	@$(PY) $(INSTALL) -c constraints.txt -e '.[speech]' || \
	echo "The synthesizer eSpeak NG can't be installed here: all works but speech.say."
	@printf '%s\n' "$(CURDIR)" >$(READY)

check-python:
	@command -v "$(PYTHON)" >/dev/null || { \
	echo "No '$(PYTHON)' found. Install Python 3.11 or newer, or name one: make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c '$(IS_NEW_ENOUGH)' || { \
	echo "'$(PYTHON)' is $$("$(PYTHON)" --version 2>&1), and we need 3.11 or newer." \
	"Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "'$(PYTHON)' cannot make virtual environments." \
	"On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# Lock with the oldest Python that we promise: a newer one may pin what that cannot install (a test
# says so). It takes the newest versions that pyproject.toml allows, but torch as it is: a newer one takes
# `make lock TORCH=...`. CUDA's libraries come with torch, which pins them itself.
TORCH ?= $(shell sed -n 's/^torch==//p' constraints.txt)

lock: check-python ## write constraints.txt anew (with a newer torch: make lock TORCH=...)
	"$(PYTHON)" -m venv --clear .lock
	.lock/bin/python $(INSTALL) $(WITH_INDEX) --no-deps "torch==$(TORCH)"
	.lock/bin/python $(INSTALL) -e '.[test,speech,site,browser]'
	@{ echo "# The exact versions that every stored output was made with. Written by 'make lock'."; \
	.lock/bin/python -m pip freeze --all --exclude-editable --disable-pip-version-check \
	| sed 's/+[[:alnum:].]*$$//' | grep -Ev '^(pip|wheel|triton|nvidia-.*|cuda-.*)=='; } >.lock/constraints.txt
	mv .lock/constraints.txt constraints.txt
	rm -rf .lock
