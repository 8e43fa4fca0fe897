# Each target does the set-up that it needs; none needs a step before it.
PYTHON ?= python3
PORT ?= 8000
DIR ?= katalog
# The CPU build where the registry's own is one; README "Installing" says how to choose it elsewhere.
TORCH ?= torch==2.13.0
NODE_CLIENTS := tests/conformance/node/node_modules/.package-lock.json
PIP := .venv/bin/pip --disable-pip-version-check --quiet

.PHONY: install demo demo-nachbarn test conformance lint bench chromium

install: .venv/installed

demo: .venv/installed
	.venv/bin/bildungskatalog demo --dir $(DIR) --port $(PORT)

# Two districts that follow each other, the second at the next port.
demo-nachbarn: DIR = nachbarn
demo-nachbarn: .venv/installed
	.venv/bin/python -m service.demo.neighbours --dir $(DIR) --port $(PORT)

test: .venv/installed-test chromium
	.venv/bin/python -m pytest --numprocesses 3 --dist loadfile

# Suites and clients of others, which take minutes.
conformance: .venv/installed-test build/ckan/installed $(NODE_CLIENTS)
	.venv/bin/python -m pytest -m conformance

lint: .venv/installed-lint
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/installed-test
	for name in encoder ingest serve; do .venv/bin/python -m bench.$$name || exit 1; done
	if [ -n "$(REAL)" ]; then .venv/bin/python -m bench.search --real "$(REAL)" && .venv/bin/python -m bench.dumps "$(REAL)" && .venv/bin/python -m bench.federation "$(REAL)"; fi

.venv/installed: pyproject.toml
	@echo "Installing into .venv (some minutes the first time) …"
	$(PYTHON) -m venv .venv
	$(PIP) install $(TORCH)
	$(PIP) install --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(PIP) install --editable '.[test]'
	touch $@

.venv/installed-lint: .venv/installed-test
	$(PIP) install --editable '.[lint]'
	touch $@

# CKAN's reader of catalogues, in an environment of its own: its requirements are pinned.
build/ckan/installed:
	$(PYTHON) -m venv build/ckan
	build/ckan/bin/pip --disable-pip-version-check --quiet install 'ckan[requirements]==2.12.0' ckanext-dcat==2.4.4
	touch $@

# Clients that run on Node (20 or newer), as the lock file has them.
$(NODE_CLIENTS): tests/conformance/node/package-lock.json
	npm ci --prefix $(<D) --silent --no-audit --no-fund
	touch $@

# Debian's Chromium for the browser tests, where root and apt are at hand; elsewhere those tests skip and say why.
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
		|| echo "Chromium is missing and cannot be installed here: browser tests will skip."
