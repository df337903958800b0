# Towerlab. `make` alone says what there is; `make demo` and `make test` do all set-up themselves.
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help

PYTHON ?= python3.11
CASES ?= 10000
TOWERLAB_PORT ?= 8080
TOWERLAB_STATE ?= $(CURDIR)/.towerlab
export TOWERLAB_PORT TOWERLAB_STATE

ENVS := .envs
UV := $(ENVS)/uv/bin/uv
STACK_ENVS := local services tracking pipeline
STACK_READY := $(STACK_ENVS:%=$(ENVS)/%/.ready)
STACK := $(ENVS)/local/bin/python -m local_stack
DEV := $(ENVS)/dev/bin
PYTEST := $(DEV)/python -m pytest
WEB := services/web
PAGE := $(WEB)/dist/index.html
NODE_MODULES := $(WEB)/node_modules/.ready
NPM := PATH=$(CURDIR)/$(ENVS)/web/bin:$$PATH npm --silent --prefix $(WEB)
WEB_SOURCES := $(shell find $(WEB) -name node_modules -prune -o -name dist -prune -o -type f ! -name schema.d.ts -print)
export CHROMIUM ?= $(shell command -v chromium chromium-browser google-chrome 2>/dev/null | head -1)

comma := ,
# one line before a suite, one with its seconds after it
define suite
@printf '\n== $(1)\n'; started=$$(date +%s); $(2); printf -- '-- $(1): %s s\n' $$(( $$(date +%s) - started ))
endef

.PHONY: help setup demo demo-cloud up down status test lint unit contract parity bundle pipeline-tests e2e fuzz bench baselines prediction clean locks derived template web web-tests browser transforms-page events-page

help:  ## this list
	@printf 'Towerlab: try a recommender configuration on real data in minutes.\n\n'
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 18 | sed 's/^/  make /'
	@printf '\nSettings: TOWERLAB_PORT (%s; the five ports after it are used too, by demo-cloud those from the 20th on), TOWERLAB_STATE (%s), PYTHON (%s)\n' \
	  '$(TOWERLAB_PORT)' '$(TOWERLAB_STATE)' '$(PYTHON)'

demo: $(STACK_READY) $(PAGE)  ## set up, start the stack, run a real quick test on the sample data, print its result
	@$(STACK) demo

demo-cloud: $(STACK_READY) $(ENVS)/dev/.ready $(ENVS)/emulators/.ready  ## the same on Google's emulators and stand-ins of BigQuery, Cloud Storage and Vertex AI
	@$(DEV)/python -m tests.cloud.demo

up: $(STACK_READY) $(PAGE)  ## start the stack in the background; returns when it is ready and prints addresses
	@$(STACK) up

down: $(ENVS)/local/.ready  ## stop the stack; what it stored stays
	@$(STACK) down

status: $(ENVS)/local/.ready  ## programs, ports, logs, disk, dead letters
	@$(STACK) status

test: setup lint unit web-tests contract parity bundle pipeline-tests e2e  ## set up, lint and run every test, with a printed time per suite
	@printf '\nevery suite passed\n'

lint: $(ENVS)/dev/.ready  ## ruff, strict mypy, import contracts
	$(call suite,lint,$(DEV)/ruff check . && $(DEV)/ruff format --check . && $(DEV)/mypy && $(DEV)/lint-imports)

unit: $(ENVS)/dev/.ready $(ENVS)/pipeline/.ready
	$(call suite,unit tests,$(PYTEST) tests/unit tests/architecture)

web: $(PAGE)  ## build the page; nothing to do when its sources have not changed

web-tests: $(NODE_MODULES) $(PAGE)
	$(call suite,the page: lint$(comma) types$(comma) logic$(comma) sizes,$(NPM) run lint && $(NPM) run check && $(NPM) test && $(NPM) run size)

contract: $(ENVS)/dev/.ready $(ENVS)/emulators/.ready $(ENVS)/pipeline/.ready
	$(call suite,contract and chaos tests of the ports,$(PYTEST) tests/contract tests/chaos)

parity: $(ENVS)/dev/.ready $(ENVS)/pipeline/.ready
	$(call suite,parity of the generated code with its numpy reference,$(PYTEST) tests/parity)

bundle: $(ENVS)/dev/.ready $(ENVS)/pipeline/.ready
	$(call suite,bundles run outside the repository,$(PYTEST) tests/bundle)

pipeline-tests: $(ENVS)/pipeline/.ready $(ENVS)/emulators/.ready
	$(call suite,pipeline tests,$(ENVS)/pipeline/bin/python -m pytest tests/pipeline)

e2e: $(STACK_READY) $(ENVS)/dev/.ready $(ENVS)/emulators/.ready $(PAGE) browser
	$(call suite,end-to-end tests,$(PYTEST) tests/e2e)

fuzz: $(ENVS)/dev/.ready $(ENVS)/pipeline/.ready  ## the long random tests: CASES=10000 hostile configs and requests, a tenth of that through TFT
	$(call suite,hostile configs,HOSTILE_CASES=$(CASES) $(PYTEST) tests/unit/configs/test_hostile_configs.py)
	$(call suite,requests,TOWERLAB_API_CASES=$(CASES) $(PYTEST) -s tests/unit/config_api/test_schemathesis.py)
	$(call suite,histories of tests,HISTORIES=$$(( $(CASES) / 10 )) $(PYTEST) tests/unit/collector/test_histories.py)
	$(call suite,parity with the numpy reference,FUZZ_CASES=$$(( $(CASES) / 10 )) FUZZ_SEED=$$(date +%s) $(PYTEST) tests/parity)

bench: setup  ## measure times and memory; ONLY='generation ...' names parts, BENCH=--help lists them
	@$(DEV)/python -m tests.bench $(ONLY) $(BENCH)

baselines: $(ENVS)/pipeline/.ready $(ENVS)/baselines/.ready  ## quick tests beside popularity, repeat purchase, ALS and item-kNN; writes docs/baselines.md
	@$(ENVS)/pipeline/bin/python benchmarks/baselines.py $(BASELINES)

prediction: $(STACK_READY)  ## do quick tests predict the full data's order of configs? writes docs/prediction.md (an hour)
	@$(STACK) up && $(ENVS)/pipeline/bin/python benchmarks/prediction.py $(PREDICTION)

derived: $(ENVS)/dev/.ready  ## write anew what Terraform and the page know of the code: deploy/derived/*.json, the page's OpenAPI document and dimensions
	@$(DEV)/python -m deployment && $(DEV)/python -m tests.web.dimensions

transforms-page: $(ENVS)/dev/.ready  ## write docs/transforms.md anew from the transforms
	@$(DEV)/python -m towerlab.transforms.page > docs/transforms.md

events-page: $(ENVS)/dev/.ready  ## write docs/events.md and the schemas beside it anew from the event catalog
	@$(DEV)/python -m towerlab.events.page docs

clean:  ## stop the stack and remove everything that make made: state, environments, caches
	@if [ -x $(ENVS)/local/bin/python ]; then $(STACK) clean; TOWERLAB_STATE='$(TOWERLAB_STATE)-cloud' $(STACK) clean; fi
	@rm -rf $(ENVS) $(WEB)/node_modules $(WEB)/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'removed environments and caches'

setup: $(STACK_READY) $(ENVS)/dev/.ready $(ENVS)/emulators/.ready

locks: $(UV)  ## resolve the environments anew (needs the package index)
	@for group in local services web tracking pipeline emulators baselines dev; do echo "locking $$group"; \
	  $(UV) pip compile -q pyproject.toml --group $$group --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 --python-platform x86_64-manylinux_2_28 -o locks/$$group.txt; done

$(NODE_MODULES): $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc $(ENVS)/web/.ready
	@echo 'setting up the packages of the page from $(WEB)/package-lock.json'
	@$(NPM) ci && touch $@

$(PAGE): $(NODE_MODULES) $(WEB_SOURCES)
	@echo 'building the page'
	@$(NPM) run types && $(NPM) run build && touch $@

# the tests of the page skip without a browser, and say so
browser:
	@if [ -z '$(CHROMIUM)' ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'installing chromium for the tests of the page'; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null || true; fi

template: $(ENVS)/pipeline/.ready  ## compile the quick test pipeline anew
	@$(ENVS)/pipeline/bin/python -m pipeline.compile

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "$(PYTHON) is not Python 3.11: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo 'setting up uv'
	@$(PYTHON) -m venv $(ENVS)/uv && $(ENVS)/uv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.9'

# --no-deps: the lock is the whole list; bytecode is compiled because importing TFX without it takes twice as long
$(ENVS)/%/.ready: locks/%.txt pyproject.toml | $(UV)
	@echo 'setting up the $* environment from $<'
	@$(UV) venv -q --clear --python $(PYTHON) $(ENVS)/$*
	@$(UV) pip install -q --python $(ENVS)/$*/bin/python --no-deps --compile-bytecode --require-hashes -r $<
	@$(UV) pip install -q --python $(ENVS)/$*/bin/python --no-deps -e .
	@touch $@
