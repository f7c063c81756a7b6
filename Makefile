# Everything runs in .venv, which the targets make themselves from a Python >= 3.11 and nothing else:
#
#     make build            generated/ from the pages
#     make check            linters, type checkers, freshness of generated/
#     make test             check, then the tests
#     make update-golden    write the expected files of the golden tests anew
#     make bench            how long builds take
#     make bench-bindings   how long bind takes, and mappers beside sagemaker-core (installs it)
#     make peers            the same for schemagen and its peers, side by side (installs them)
#     make clean            remove .venv, .venv-peers and the caches
#
# PYTHON names another interpreter to start from, as in `make test PYTHON=python3.12`.

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

# Scripts in .venv/bin name their interpreter by its path, which may contain spaces or be too long
# for a kernel; modules run in any place.
RUN := .venv/bin/python -m
WORKERS ?= 2

.DELETE_ON_ERROR:
.PHONY: build check test update-golden bench bench-bindings peers clean

build: .venv/runtime
	$(RUN) schemagen build

check: .venv/dev
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) pyright
	$(RUN) schemagen build --check
	$(RUN) black --check --quiet generated

test: check
	$(RUN) pytest -n $(WORKERS) --dist loadgroup

update-golden: .venv/dev
	$(RUN) pytest -n $(WORKERS) --dist loadgroup --update-golden

bench: .venv/dev
	.venv/bin/python benchmarks/run.py

bench-bindings: .venv/dev
	.venv/bin/python benchmarks/bindings.py
	.venv/bin/python benchmarks/mapping.py

peers: .venv/dev
	.venv/bin/python benchmarks/peers.py

clean:
	rm -rf .venv .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@"$(PYTHON)" -c "$(SUITABLE)" 2>/dev/null || { \
		echo "schemagen needs Python 3.11 or newer, with venv and ensurepip (on Debian:" \
			"python3-venv); there is none among: $(or $(PYTHON),$(CANDIDATES))." \
			"Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
ifdef UV
	uv venv --quiet --clear --seed --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" .venv
else
	"$(PYTHON)" -m venv --clear .venv
	@# Dependency groups are known to pip since 25.1.
	$(RUN) pip install --quiet --upgrade "pip>=25.1"
endif

# The two stamps say that .venv has what pyproject.toml asks for, to run and to develop.
.venv/runtime: pyproject.toml .venv/bin/python
ifdef UV
	uv pip install --quiet --python .venv/bin/python --editable .
else
	$(RUN) pip install --quiet --editable .
endif
	@touch $@

.venv/dev: pyproject.toml .venv/runtime
ifdef UV
	uv pip install --quiet --python .venv/bin/python --group dev
else
	$(RUN) pip install --quiet --group dev
endif
	@touch $@
