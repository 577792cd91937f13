# make lab     opens the course in JupyterLab        make test   runs all the tests
# make help    says the rest. Everything is installed into .venv, at the versions in constraints.txt.
#
# Paths are relative throughout, because a name with a space in it would split a rule in two.

PYTHON ?=
ARGS ?=
QUICK := course_lib/theory tests/theory tests/notebooks tests/recall tests/home tests/test_glossary.py tests/test_imports.py \
  tests/test_make.py tests/test_manifest.py tests/test_notebook_file.py tests/test_packaging.py tests/test_style.py \
  tests/test_symptoms.py tests/test_teaching.py
# The browser's tests share one worker, which mostly waits; two more do the rest.
WORKERS ?= 3

BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
PY := $(BIN)/python
# The stamps carry the folder's checksum: a course that was moved or copied installs itself again, in seconds.
HERE := $(shell pwd | cksum | cut -d' ' -f1)
LAB := .venv/ready-lab-$(HERE)
TEST := .venv/ready-test-$(HERE)
BENCH := .venv/ready-bench-$(HERE)
# A Python that was updated or removed leaves an environment that no longer starts: then all is made anew.
BROKEN := $(shell $(PY) -c '' >/dev/null 2>&1 || echo broken)

.DEFAULT_GOAL := help
.PHONY: help lab test check bench site picture clean broken

help:
	@echo 'make lab     open the course in JupyterLab   (ARGS="--no-browser --port 8899" goes to JupyterLab)'
	@echo 'make test    run all the tests               (ARGS="-k retry" goes to pytest; WORKERS=4 runs four at once)'
	@echo 'make check   what takes under a minute: linter, notebooks and texts as they stand, formulas; no model runs'
	@echo 'make bench   measure the models and the grader beside their peers'
	@echo 'make site    write the course as offline pages, whose sliders move, into site/'
	@echo 'make picture draw the picture of the README again'
	@echo 'make clean   remove .venv, site/ and caches; your work in work/ stays'
	@echo 'PYTHON=python3.12 chooses the Python that .venv is made with.'

lab: $(LAB)
	@$(PY) -m course_lib.cli lab $(ARGS)

test: $(TEST)
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadgroup --max-worker-restart 0 $(ARGS)

check: $(TEST)
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadgroup --max-worker-restart 0 -m "not slow and not browser" $(QUICK) $(ARGS)

bench: $(BENCH)
	@$(PY) -m benchmarks $(ARGS)

site: $(LAB)
	@$(PY) -m course_lib.cli site $(ARGS)

picture: $(LAB)
	@$(PY) -m course_lib.lessons.readme_picture

clean:
	@rm -rf .venv site .pytest_cache .ruff_cache

broken:

# Arguments: what to install, and what it is for.
define install
	@$(find_python)
	@echo "Installing $(2) into .venv (a minute or two, once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e "$(1)" > .venv/install.log 2>&1 || { \
	  rm -f .venv/ready-*; \
	  echo "make: cannot install: $$(grep -m 1 '^ERROR' .venv/install.log || tail -n 1 .venv/install.log) (all of it: .venv/install.log)" >&2; exit 1; }
	@touch $@
endef

# Takes the first Python of those that is new enough and can make environments; keeps an environment that works.
define find_python
	$(PY) -m pip --version >/dev/null 2>&1 && exit 0; \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; else set -- python3 python3.14 python3.13 python3.12 python3.11 python; fi; \
	seen=; \
	for candidate do \
	  version=$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || { [ -z "$(PYTHON)" ] || seen=", $(PYTHON) does not run"; continue; }; \
	  if ! "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then seen="$$seen, $$candidate is $$version"; continue; fi; \
	  if ! "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then seen="$$seen, $$candidate has no venv (Debian, Ubuntu: apt install python3-venv)"; continue; fi; \
	  "$$candidate" -m venv --clear .venv && exit 0; \
	  echo "make: $$candidate cannot make .venv in this folder" >&2; exit 1; \
	done; \
	echo "make: the course needs Python 3.11 or newer$${seen:-, and no Python was found}; install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1
endef

$(LAB): pyproject.toml constraints.txt $(BROKEN)
	$(call install,.,the course)

$(TEST): pyproject.toml constraints.txt $(BROKEN)
	$(call install,.[test],the course and its tests)
	@touch $(LAB)

$(BENCH): pyproject.toml constraints.txt $(BROKEN)
	$(call install,.[test$(comma)bench],the course and its benchmarks)
	@touch $(LAB) $(TEST)

comma := ,
