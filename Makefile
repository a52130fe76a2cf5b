# `make help` lists the targets. The first one builds the guide.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The announcement of other generators is no news here: mkdocs<2 is pinned on purpose.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := site
.PHONY: site handout serve test test-quick test-recording test-lab shots lint check bench bench-site bench-lab bench-settle fuzz mutate house requirements help clean

site: $(VENV)/.site  ## build the guide into site/ from its recordings (the main job)
	@scripts/packages.sh dot=graphviz
	$(BIN)/mkdocs build --clean

handout: $(VENV)/.dev  ## the same, and the whole guide as one PDF and as a zip, linked from each page
	@scripts/packages.sh dot=graphviz chromium-headless-shell=chromium-headless-shell \
	  lib:libatomic.so.1=libatomic1
	HANDOUT=1 $(BIN)/mkdocs build --clean
	$(BIN)/python -m tests.site.handout site

serve: $(VENV)/.site  ## show the guide at http://127.0.0.1:8000 while you write; never records
	@scripts/packages.sh dot=graphviz
	$(BIN)/mkdocs serve --dev-addr 127.0.0.1:8000

TEST_PACKAGES := dot=graphviz chromium-headless-shell=chromium-headless-shell \
  lib:libatomic.so.1=libatomic1 font:LiberationSans-Regular.ttf=fonts-liberation ssh=openssh-client pkill=procps ip=iproute2 jq=jq tshark=tshark curl=curl

# Side by side: each of the two takes one core.
BEFORE_TESTS := $(MAKE) --no-print-directory -j2 --output-sync=target lint check

test: $(VENV)/.dev  ## lint, unit tests, the site in a real browser, on all cores; no lab
	@scripts/packages.sh $(TEST_PACKAGES)
	$(BEFORE_TESTS)
	$(BIN)/pytest -n auto

test-quick: $(VENV)/.dev  ## in half a minute: lint, types, and the tests nearest to what changed (SINCE=main)
	@scripts/packages.sh $(TEST_PACKAGES)
	@until=$$(($$(date +%s) + 22)) && $(BEFORE_TESTS) && \
	  $(BIN)/python -m tests.touched --until $$until $(if $(SINCE),--since $(SINCE))

test-lab: $(VENV)/.dev  ## tests that boot real labs; Linux only
	$(BIN)/guide doctor
	$(BIN)/pytest tests/lab

test-recording: $(VENV)/.dev  ## build a lab, record chapter 2 on it, and demand that nothing changes
	@scripts/test-recording.sh

shots: $(VENV)/.dev  ## pictures of every drawing into shots/, light and dark, desktop and phone (PAGES=)
	@scripts/packages.sh dot=graphviz chromium-headless-shell=chromium-headless-shell \
	  lib:libatomic.so.1=libatomic1
	$(BIN)/python -m tests.site.shots --drawings shots $(PAGES)

lint: $(VENV)/.dev  ## formatter, linter, strict types, shellcheck
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/shellcheck $$(git ls-files '*.sh' '.ci/run')

check: $(VENV)/.dev  ## every recording is there and fresh, every claim of a page holds
	$(BIN)/guide check

bench: $(VENV)/.dev  ## speed of replaying, one `name value` a line
	@$(BIN)/python -m tests.bench

bench-site: $(VENV)/.dev  ## what a first visit costs: bytes, requests, nodes, CPU, and what moves, page by page (PAGES=)
	@scripts/packages.sh dot=graphviz chromium-headless-shell=chromium-headless-shell \
	  lib:libatomic.so.1=libatomic1 font:LiberationSans-Regular.ttf=fonts-liberation
	@$(BIN)/python -m tests.site.weigh $(PAGES)

bench-lab: $(VENV)/.dev  ## speed of recording and of labs; boots labs, builds one from nothing (not with GUIDE_BENCH_BUILD=0)
	@$(BIN)/python -m tests.bench_lab

mutate: $(VENV)/.dev  ## what settling hides and what it shows for nothing (SEED=1 COUNT=200 KIND= ONLY=foreign)
	@$(BIN)/python -m tests.mutate

bench-settle: $(VENV)/.dev  ## what settling and comparing cost for a large cluster, kind by kind (LINES=1000000 KIND=)
	@$(BIN)/python -m tests.bench_settle

FUZZ_MINUTES ?= 60
fuzz: $(VENV)/.dev  ## what reads outputs and packets, on made-up ones, for an hour (FUZZ_MINUTES=60)
	@until=$$(($$(date +%s) + $(FUZZ_MINUTES) * 60)); seed=$$(date +%s); \
	while [ $$(date +%s) -lt $$until ]; do \
	  FUZZ_EXAMPLES=300 $(BIN)/pytest -q tests/unit/test_kinds_fuzz.py tests/unit/test_packets_fuzz.py \
	    --hypothesis-seed=$$seed || exit 1; \
	  seed=$$((seed + 1)); \
	done

house: $(VENV)/.dev  ## the code in numbers: rooms, sizes, knots, names; HOUSE= another checkout to measure
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-house.txt
	@$(BIN)/python -m tests.house $(HOUSE)

requirements:  ## renew requirements*.txt from requirements*.in, with hashes (needs uv)
	for name in requirements requirements-lab requirements-dev requirements-house; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make requirements" \
	    --upgrade $$name.in -o $$name.txt; \
	done

clean:  ## remove what was built; recordings and the lab's cache stay
	rm -rf site .cache $(VENV)

help:  ## this list
	@awk '/^[a-z-]+:.*## / { name = $$0; sub(/:.*/, "", name); sub(/^.*## */, ""); \
	  printf "make %-16s%s\n", name, $$0 }' $(MAKEFILE_LIST)

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/packages.sh :python3-venv
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.site: $(VENV)/.python requirements.txt requirements-lab.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@# Labs run on Linux only, and so does what they need.
	[ "$$(uname)" != Linux ] || \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lab.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.site requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
