.DEFAULT_GOAL := help
PYTHON ?= python3
RUN := .venv/bin/python
# at least four, whatever the processors: the longest tests wait for processes that they have killed
AT_ONCE := -n $(shell n=$$(nproc 2>/dev/null || echo 4); echo $$((n < 4 ? 4 : n > 8 ? 8 : n)))
STAMP := .venv/.installed
# else each of the hundreds of processes that the tests start would compile the site anew, and each worker the tests
unexport PYTHONDONTWRITEBYTECODE
PO := eazynova_site/locale/fr/LC_MESSAGES/django

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' $(MAKEFILE_LIST) | expand -t 22

install: $(STAMP) ## install everything into .venv, from uv.lock

$(STAMP): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 install"; exit 1; }
	@if command -v uv >/dev/null; then UV=uv; else \
		$(PYTHON) -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check uv && UV=.venv/bin/uv; \
	fi && UV_PYTHON_DOWNLOADS=never $$UV sync --frozen --quiet --inexact --compile-bytecode --python $(PYTHON)
	@touch $(STAMP)

demo: install ## create one instance against the sandbox; at a terminal, keep the site running
	@$(RUN) manage.py demo

rehearsal: install ## production's services on this machine, by https, against the sandbox (needs PostgreSQL, Redis, Caddy)
	@$(RUN) manage.py rehearse

test: install ## the whole suite, on PostgreSQL and Redis where they answer, else on the embedded defaults
	@$(RUN) -m pytest $(AT_ONCE)

test-room: install ## the tests of one room: make test-room ROOM=engine
	@$(RUN) -m pytest $(or $(if $(ROOM),$(wildcard tests/$(ROOM) tests/*/$(ROOM))),$(error There is no folder "$(ROOM)" below tests/)) $(if $(K),-k "$(K)")

check: install lint audit types messages-check ## all that CI runs
	$(RUN) manage.py makemigrations --check --dry-run
	TEST_SERVICES=required $(MAKE) --no-print-directory test
	TEST_SERVICES=none TEST_AGAIN=1 $(RUN) -m pytest $(AT_ONCE)

lint: install
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	.venv/bin/hadolint Dockerfile deploy/caddy/Dockerfile
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yml

audit: install ## ask the OSV database about every locked package, where it can be reached
	@if ! command -v uv >/dev/null && ! test -x .venv/bin/uv; then echo "The audit of uv.lock is skipped: uv is not here."; \
	elif ! $(RUN) -c 'import urllib.request as u; u.urlopen(u.Request("https://api.osv.dev/v1/query", b"{}"), timeout=10)' 2>&1 | \
		grep -q 'HTTP Error 400'; then echo "The audit of uv.lock is skipped: https://api.osv.dev cannot be reached."; \
	else PATH="$$PATH:.venv/bin" uv audit --frozen --preview-features audit-command; fi

types: install
	.venv/bin/mypy

fault-matrix: install ## try every fault at every step and write docs/fault-matrix.md
	WRITE_FAULT_MATRIX=1 $(RUN) -m pytest -n0 tests/provisioning/steps/test_fault_matrix.py tests/provisioning/steps/test_fault_matrix_of_a_life.py

bench: install ## measure on this machine's PostgreSQL and Redis, and write docs/benchmarks.md
	$(RUN) -m eazynova_site.benchmarks

screenshots: install ## every page, state and e-mail, in both languages, light and dark, into var/screenshots
	@$(RUN) -m pytest -n0 tests/journeys/screenshots.py

messages: install ## regenerate the French catalogue and compile it (needs gettext)
	$(RUN) manage.py makemessages -l fr --no-obsolete --no-wrap --add-location file \
		-i .venv -i var -i tests >/dev/null
	sed -i '/^"POT-Creation-Date/d' $(PO).po
	msgfmt --check-format -o $(PO).mo $(PO).po

messages-check: install
	@mkdir -p var && cp $(PO).po var/before.po
	@$(MAKE) --no-print-directory messages
	@cmp -s $(PO).po var/before.po || \
		{ echo "The French catalogue was not up to date: translate what is new in $(PO).po and commit it."; exit 1; }

.PHONY: audit bench fault-matrix help install demo rehearsal test test-room check lint types messages messages-check screenshots
