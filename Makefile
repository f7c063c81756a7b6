# Everything runs in .venv, which the targets make themselves from a Python >= 3.11 and nothing else:
#
#     make build            generated/ from the pages
#     make check            linters, type checkers, freshness of generated/
#     make test             check, then all tests but those of test-engines
#     make quick            the quick tests only
#     make test-pythons     the quick tests with every other Python that is promised and is here
#     make test-oldest      loading tests with the oldest releases that dependencies may have
#     make test-engines     outputs read by Spark, BigQuery's client and dbt, units by Ray and Spark
#                           (installs them; needs Java)
#     make test-broken      break functions on purpose, one at a time: tests must fail
#     make update-golden    rewrite the expected files of the golden tests
#     make bench            how long builds take
#     make bench-bindings   how long bind takes, and mappers beside sagemaker-core (installs it)
#     make bench-collecting how fast rows are collected, at a local server
#     make bench-loading    how fast rows are loaded, beside COPY, executemany and dlt (installs it)
#     make peers            the same for schemagen and its peers, side by side (installs them)
#     make clean            remove .venv, .venv-* and the caches
#
# PYTHON names another interpreter to start from, as in `make test PYTHON=python3.12`, and VENV
# another folder than .venv, as in `make quick PYTHON=python3.12 VENV=.venv-3.12`.

CANDIDATES := python3.13 python3.12 python3.11 python3 python
# uv installs in seconds; pip is there wherever venv is.
UV := $(shell command -v uv 2>/dev/null)
# Trust the certificates that pip trusts.
export UV_SYSTEM_CERTS ?= true
# Debian ships ensurepip, which venv needs for pip, in a package of its own.
SUITABLE := import sys, $(if $(UV),venv,ensurepip); sys.exit(sys.version_info < (3, 11))
# A name on PATH says little: a version manager's shim may stand for a Python that is not installed.
PYTHON ?= $(shell for found in $(CANDIDATES); do \
	"$$found" -c "$(SUITABLE)" >/dev/null 2>&1 && { echo "$$found"; break; }; done)

VENV := .venv
# Scripts in .venv/bin name their interpreter by its path, which may contain spaces or be too long
# for a kernel; modules run in any place.
RUN := $(VENV)/bin/python -m
# On two cores: some tests wait for others' processes.
WORKERS ?= 3
PYTEST := $(RUN) pytest -n $(WORKERS) --dist loadgroup

.DELETE_ON_ERROR:
.PHONY: build check mypy pyright test quick test-pythons test-oldest test-engines test-broken update-golden bench bench-bindings bench-collecting bench-loading peers clean

build: $(VENV)/runtime
	$(RUN) schemagen build

check: $(VENV)/dev
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) schemagen build --check
	$(RUN) black --check --quiet generated
	@# Both take long, and one core each.
	$(MAKE) --no-print-directory --jobs=$(WORKERS) mypy pyright

mypy pyright: $(VENV)/dev
	$(RUN) $@

test: check
	$(PYTEST) -m "not engines"

quick: $(VENV)/dev
	$(PYTEST) -m "not slow and not engines"

# Each has an environment of its own. All of them run, also after one has failed.
test-pythons: $(VENV)/dev
	@pythons=$$($(VENV)/bin/python .ci/pythons.py "$(SUITABLE)") || exit 1; \
	printf '%s\n' "$$pythons" | { \
		status=0; others=; \
		while read -r version python; do \
			[ -n "$$version" ] || continue; \
			echo "The quick tests with Python $$version:"; \
			$(MAKE) --no-print-directory quick VENV=".venv-$$version" PYTHON="$$python" \
				</dev/null || { status=1; echo "Failed with Python $$version." >&2; }; \
			others="$$others .venv-$$version/bin/python"; \
		done; \
		[ -z "$$others" ] || $(VENV)/bin/python tests/same_bytes.py $(VENV)/bin/python $$others || status=1; \
		exit $$status; \
	}

# What other releases may do differently: databases, files, models, and what formats the generated code.
test-oldest: $(VENV)/dev
	$(MAKE) --no-print-directory VENV=.venv-oldest .venv-oldest/oldest
	.venv-oldest/bin/python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow and not engines" \
		tests/load tests/evolve tests/emit tests/runtime tests/targets tests/test_round_trip.py tests/test_docs.py

# Heavy consumers have environments of their own, with the few packages that their tests need.
test-engines:
	@command -v java >/dev/null || { \
		echo "make test-engines needs Java 17 or newer (on Debian: default-jre-headless)" >&2; exit 1; }
	$(MAKE) --no-print-directory VENV=.venv-dbt .venv-dbt/group-dbt
	$(MAKE) --no-print-directory VENV=.venv-engines .venv-engines/runtime .venv-engines/group-engines
	SCHEMAGEN_DBT=.venv-dbt/bin/python .venv-engines/bin/python -m pytest -m engines tests/test_heavy_outputs.py tests/sync/test_scale.py

test-broken: $(VENV)/dev
	$(VENV)/bin/python tests/broken_on_purpose.py --workers $(WORKERS)

update-golden: $(VENV)/dev
	$(PYTEST) --update-golden

bench: $(VENV)/dev
	$(VENV)/bin/python benchmarks/run.py

bench-bindings: $(VENV)/dev
	$(VENV)/bin/python benchmarks/bindings.py
	$(VENV)/bin/python benchmarks/mapping.py

bench-collecting: $(VENV)/dev
	$(VENV)/bin/python benchmarks/collecting.py

bench-loading: $(VENV)/dev
	$(VENV)/bin/python benchmarks/loading.py

peers: $(VENV)/dev
	$(VENV)/bin/python benchmarks/peers.py

clean:
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@"$(PYTHON)" -c "$(SUITABLE)" 2>/dev/null || { \
		echo "schemagen needs Python 3.11 or newer, with venv and ensurepip (on Debian:" \
			"python3-venv); there is none among: $(or $(PYTHON),$(CANDIDATES))." \
			"Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
ifdef UV
	uv venv --quiet --clear --seed --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" $(VENV)
else
	"$(PYTHON)" -m venv --clear $(VENV)
	@# Dependency groups are known to pip since 25.1.
	$(RUN) pip install --quiet --upgrade "pip>=25.1"
endif

# The two stamps say that $(VENV) has what pyproject.toml asks for, to run and to develop.
$(VENV)/runtime: pyproject.toml $(VENV)/bin/python
ifdef UV
	uv pip install --quiet --python $(VENV)/bin/python --editable .
else
	$(RUN) pip install --quiet --editable .
endif
	@touch $@

$(VENV)/dev: pyproject.toml $(VENV)/runtime
ifdef UV
	uv pip install --quiet --python $(VENV)/bin/python --group dev
else
	$(RUN) pip install --quiet --group dev
endif
	@touch $@

$(VENV)/oldest: pyproject.toml generated/pyproject.toml .ci/oldest.py $(VENV)/bin/python
	.venv/bin/python .ci/oldest.py >$(VENV)/oldest.txt
ifdef UV
	uv pip install --quiet --python $(VENV)/bin/python --constraint $(VENV)/oldest.txt --group dev --editable .
else
	$(RUN) pip install --quiet --constraint $(VENV)/oldest.txt --group dev --editable .
endif
	@touch $@

$(VENV)/group-%: pyproject.toml $(VENV)/bin/python
ifdef UV
	uv pip install --quiet --python $(VENV)/bin/python --group $*
else
	$(RUN) pip install --quiet --group $*
endif
	@touch $@
