"""Breaks schemagen on purpose, one function at a time, and checks that tests notice.

    .venv/bin/python tests/broken_on_purpose.py              every row of the table
    .venv/bin/python tests/broken_on_purpose.py ddl report   the rows whose names contain these words
    .venv/bin/python tests/broken_on_purpose.py --survivors ddl
                    runs the files to their ends, and lists the tests that pass although it is broken

Each row of `ROWS` is a run of pytest of its own, in which `broken.sitecustomize` replaces a function.
In every file that the row names, a test must fail; all tests that fail must pass when nothing is
broken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import click

from broken.sitecustomize import VARIABLE
from broken.until_failure import EVERY_TEST, REPORT, file_of

TESTS = Path(__file__).resolve().parent

GOLDEN = "test_golden.py::test_tree_is_the_golden_tree"


@dataclass(frozen=True, slots=True)
class Row:
    """A function to break, and the tests that must notice.

    ``module`` and ``name`` are the function's, below ``schemagen``; ``way`` is a key of
    `broken.sitecustomize.WAYS`. ``tests`` are paths below ``tests/``, or node ids; in each, at least
    one test must fail. ``golden``: the golden trees must differ, too.
    """

    module: str
    name: str
    way: str
    tests: tuple[str, ...]
    golden: bool = False

    @property
    def title(self) -> str:
        return f"{self.module}.{self.name} {self.way}"

    @property
    def selected(self) -> tuple[str, ...]:
        """What pytest is called with."""
        return (*self.tests, GOLDEN) if self.golden else self.tests


def _emitter(module: str, name: str, way: str, *tests: str) -> Row:
    return Row(f"emit.{module}", name, way, tests, golden=True)


def _row(module: str, name: str, way: str, *tests: str) -> Row:
    return Row(module, name, way, tests)


_INFER_ITEM = "inference/test_infer_item.py"
_INFER_COLUMNS = "inference/test_infer_columns.py"
_INFER_ENRICHMENTS = "inference/test_infer_enrichments.py"
_INFER_OWN = "inference/test_infer_own.py"
_LISTING = "inference/test_listing.py"
_PARENTS = "inference/test_parents.py"
_MODELS = "emit/pydantic/test_models.py"
_MODELS_LAYOUT = "emit/pydantic/test_model_layout.py"
_FROM_ITEM = "emit/mappers/test_from_item.py"
_PLANNER = "emit/mappers/test_planner.py"
_VALUES = "emit/mappers/test_values.py"
_MODULE = "emit/mappers/test_module.py"
_BUILD = "build/test_build.py"
_FILES = f"{_BUILD}::test_build_writes_these_files_for_a_table"
_CLI = "test_cli.py"
_OUTPUTS = "emit/test_outputs.py"
_INSPECT_VALUES = f"{_CLI}::test_inspect_prints_values_with_their_wording"
_COVERAGE = "test_coverage.py"
_EXPLAIN_VALUES = "test_explanation.py::test_documented_values_name_the_words_they_come_from"
_DIAGNOSTICS = "test_diagnostics.py"
_REFUSED = (
    "settings/test_members.py::test_build_refuses_a_member_that_page_and_record_type_differently"
)
_OVERRIDES = "settings/test_overrides.py"
_ONE_TRUTH = "test_one_truth.py"
_REQUESTS = "sync/test_requests.py"
_LEVELS = "settings/test_rule_levels.py"

_REPORT = "sync/test_report.py"
_OPTIONS = "command/test_options.py"

_POSTGRES = "evolve/test_postgres.py"
_POSTGRES_USERS = "evolve/test_postgres_users.py"
_DUCKDB = "evolve/test_duckdb.py"

ROWS = (
    # JSON Schema
    _emitter("json_schema", "table_schema", "returns {}", "emit/test_json_schema.py"),
    _emitter("json_schema", "table_schema", "loses the last column", "emit/test_json_schema.py"),
    _emitter("json_schema", "structure_schema", "returns {}", "emit/test_json_schema.py"),
    _emitter("json_schema", "render", "returns ''", "emit/test_json_schema.py"),
    # pydantic
    _emitter("pydantic.models", "render_table", "returns ''", _MODELS),
    _emitter("pydantic.models", "render_table", "loses the last column", _MODELS),
    _emitter("pydantic.models", "render_structures", "returns ''", _MODELS),
    _emitter("structure_models", "structure_models", "returns {}", _MODELS),
    _emitter("pydantic.model_layout", "lay_out", "returns ''", _MODELS_LAYOUT),
    _row("emit.pydantic.model_layout", "lay_out", "returns None", _MODELS_LAYOUT),
    _emitter("layout", "lay_out", "returns ''", "emit/test_layout.py"),
    _emitter("layout", "lay_out_value", "returns ''", "emit/test_layout.py"),
    # DDL
    _emitter("ddl", "render", "returns '' for duckdb", "emit/test_ddl.py"),
    _emitter("ddl", "render", "returns '' for postgres", "emit/test_ddl.py"),
    _emitter("ddl", "render", "returns '' for postgres_jsonb", "emit/test_ddl.py"),
    _emitter("ddl", "render", "loses the last column", "emit/test_ddl.py"),
    _emitter("ddl", "render", "swaps the first columns", "emit/test_ddl.py"),
    # other outputs
    _emitter("avro", "render_tables", "drops the last", _OUTPUTS),
    _emitter("bigquery", "render_tables", "drops the last", _OUTPUTS),
    _emitter("columnar", "_arrow", "returns ''", _OUTPUTS),
    _emitter("columnar", "_spark", "returns ''"),  # otherwise tested with engines only
    _emitter("descriptions", "of_column", "returns ''", "emit/test_ddl.py"),
    _emitter("records", "_row", "returns {}", _OUTPUTS),
    _emitter("template", "render", "returns []"),
    _emitter("user_template", "render", "returns []", "targets/test_user_targets.py"),
    _row("emit.sandbox", "Environment.check_size", "does nothing", "emit/test_sandbox.py"),
    _row("emit.sandbox", "Environment.concatenate", "returns ''", "emit/test_sandbox.py"),
    # rules, verdicts and what is done with them
    _row("rules.registry", "equivalents", "returns {}", "rules/test_other_tools.py"),
    _row("rules.registry", "Rule.format", "returns ''", "rules/test_registry.py"),
    _row("settings.rule_levels", "RuleLevels.chosen", "returns None", _LEVELS),
    _row("settings.rule_levels", "RuleLevels.unused", "yields nothing", _LEVELS),
    _row("settings.version_text", "with_version", "returns ''", "settings/test_version_text.py"),
    _row("evolution.sources", "differing", "raises", "evolution/test_sources.py"),
    _row("evolution.groups", "split", "returns None", "evolution/test_sources.py"),
    _row("evolution.groups", "first_page", "returns ''", "evolution/test_sources.py"),
    _row("evolution.differences", "compare", "returns ()", "evolution/test_every_change.py"),
    _row("evolution.nested", "compare_values", "does nothing", "evolution/test_every_change.py"),
    _row("evolution.filling", "compare", "does nothing", "evolution/test_every_change.py"),
    _row("evolution.filling", "Fills.compare", "does nothing", "evolution/test_every_change.py"),
    _row("evolution.renames", "renamed_columns", "returns ()", "evolution/test_renames.py"),
    _row("evolution.renames", "renamed_tables", "returns ()", "evolution/test_renames.py"),
    _row("report.differences", "rows", "returns ()", "test_diff_command.py"),
    _row("report.differences", "to_json", "returns {}", "test_diff_command.py"),
    _row("report.differences", "summary", "returns ''", "test_diff_command.py"),
    _row("evolution.verdicts", "assess", "returns ()", "evolution/test_verdicts.py"),
    # migrations of PostgreSQL
    _row("runtime.evolve.plan", "plan", "raises", "evolve/test_plan.py"),
    _row("runtime.evolve.choices", "_unique", "does nothing", "test_migrate.py"),
    _row("runtime.evolve.postgres", "guards", "yields nothing", _POSTGRES),
    _row("runtime.evolve.postgres", "destructive", "yields nothing", _POSTGRES),
    _row("runtime.evolve.postgres_casts", "converted_columns", "returns ''", _POSTGRES_USERS),
    _row("runtime.evolve.postgres_casts", "bare", "returns ''", _POSTGRES_USERS),
    _row("runtime.evolve.postgres_batches", "early_guards", "yields nothing", _POSTGRES),
    _row("runtime.evolve.postgres_batches", "convert_in_batches", "yields nothing", _POSTGRES),
    # migrations of DuckDB
    _row("runtime.evolve.duckdb_guards", "guards", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "obstacles", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "checks", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "only", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "cast_guard", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "is_rebuilt", "returns False", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "_in_the_way", "yields nothing", _DUCKDB),
    _row("runtime.evolve.duckdb_guards", "_constraints", "yields nothing", _DUCKDB),
    _row("runtime.evolve.records", "record", "yields nothing", f"{_DUCKDB}::test_script_runs_once"),
    _row("evolution.verdicts", "breaking", "returns ()", "evolution/test_verdicts.py"),
    _row("evolution.versions", "greatest", "returns None", "evolution/test_versions.py"),
    _row("evolution.history", "log", "returns ()", "evolution/test_history.py"),
    _row("evolution.history", "released", "returns None", "evolution/test_history.py"),
    _row("evolution.releases", "with_section", "returns ''", "evolution/test_releases.py"),
    _row("report.rules", "markdown", "returns ''", "report/test_rules.py"),
    _row("report.findings", "markdown", "returns ''", "report/test_findings.py"),
    _row("report.findings", "github", "returns ''", "report/test_findings.py"),
    _row("report.findings", "changelog_section", "returns ''", "evolution/test_releases.py"),
    _row("build.reading", "_changelog", "returns ''", "build/test_changelog.py"),
    # the package: sql, tables, catalog and the files around them
    _emitter("sql", "render", "returns ''", "emit/test_sql.py"),
    _emitter("sql", "render_table", "returns ''", "emit/test_sql.py"),
    _emitter("sql", "render_table", "loses the last column", "emit/test_sql.py"),
    _emitter("package", "modules", "returns {}", "runtime/test_catalog.py"),
    _emitter("package", "project_files", "returns {}", _FILES),
    _emitter("package", "init_modules", "returns {}", _FILES),
    _emitter("package", "_catalog", "returns ''", "runtime/test_catalog.py"),
    _emitter("package", "_convert", "returns ''", "runtime/test_runtime.py"),
    _emitter("package", "_runtime", "returns {}", "runtime/test_runtime.py"),
    _emitter("package", "_types", "returns ''", "emit/test_sql.py"),
    _emitter("calls", "render_table", "returns ''", "emit/test_calls.py"),
    _emitter("catalog_data", "table_data", "loses the last column", "emit/test_catalog_data.py"),
    _emitter(
        "render",
        "shared_parts",
        "returns {}",
        f"{_BUILD}::test_plan_renders_structures_that_may_have_changed",
    ),
    # mappers
    _emitter("shapes", "render_shapes", "returns ''", "emit/mappers/test_structures.py"),
    _emitter("mappers.module", "render_table", "returns ''", _MODULE, _FROM_ITEM),
    _emitter("mappers.module", "render_table", "loses the last column", _FROM_ITEM),
    _emitter("mappers.planner", "plan_mapper", "forgets the columns", _PLANNER, _FROM_ITEM),
    _emitter("mappers.from_item", "from_item", "returns []", _FROM_ITEM),
    _emitter("mappers.docstrings", "module", "returns []", "emit/mappers/test_docstrings.py"),
    _emitter("mappers.docstrings", "from_item", "returns []", "emit/mappers/test_docstrings.py"),
    _emitter(
        "mappers.docstrings", "from_response", "returns []", "emit/mappers/test_docstrings.py"
    ),
    _emitter("mappers.values", "Values.conversion", "returns ''", _VALUES),
    _emitter("mappers.values", "Values.row_type", "returns ''", _VALUES),
    _emitter("mappers.values", "Values.input_type", "returns ''", _VALUES),
    # pages
    _row("pages.ddsql", "parse", "forgets the columns", "pages/test_ddsql.py"),
    _row("pages.aws_api", "parse", "forgets the members", "pages/test_aws_api.py"),
    _row("pages.aws_api", "parse", "returns no page", "pages/test_aws_api.py"),
    _row("pages.api_facts", "read_shape", "returns None", "pages/test_aws_api.py"),
    _row("pages.rows", "rows", "yields nothing", "pages/test_ddsql.py"),
    _row("pages.values", "read", "returns ()", "pages/test_values.py"),
    _row("pages.prose", "from_html", "returns ()", "pages/test_prose.py"),
    _row("pages.prose", "from_markdown", "returns ()", "pages/test_prose.py"),
    _row("pages.prose", "plain", "returns ''", "pages/test_prose.py"),
    _row("pages.markdown", "blocks", "yields nothing", "pages/test_markdown.py"),
    _row("pages.markdown", "cells", "returns []", "pages/test_markdown.py"),
    _row("pages.front_matter", "read", "forgets the values", "pages/test_ddsql.py"),
    _row("pages.read", "collect", "forgets the tables", "pages/test_read.py"),
    _row("pages.read", "problems", "returns []", "pages/test_read.py", "pages/test_bad_pages.py"),
    _row("pages.sources", "find_sources", "returns ()", "pages/test_read.py"),
    # what pages, types and bindings become
    _row("link", "link", "forgets the tables", "test_link.py"),
    _row(
        "link",
        "link",
        "forgets the disagreements",
        _REFUSED,
    ),
    _row("link", "structure_classes", "returns {}", "test_link.py"),
    _row("reconcile", "pairs_in", "yields nothing", _REFUSED),
    _row("reconcile", "satisfies", "returns True", _ONE_TRUTH),
    _row("reconcile", "satisfies", "returns False", _ONE_TRUTH),
    _row("reconcile", "Reconciled.choice", "returns None", _ONE_TRUTH),
    _row("emit.shapes", "ShapeNames.conversion", "is not strict", _ONE_TRUTH),
    _row("targets.limits", "problems", "yields nothing", "targets/test_limits.py"),
    # the lock
    _row("lockfile.lock", "read", "forgets the bindings", "lockfile/test_lock.py"),
    _row("lockfile.lock", "write", "returns ''", "lockfile/test_lock.py"),
    _row("lockfile.lock", "check", "returns ()", "lockfile/test_lock.py"),
    _row("lockfile.lock", "unrecorded", "returns []", "lockfile/test_lock.py"),
    # reports
    _row(
        "coverage",
        "coverage",
        "forgets the tables",
        f"{_COVERAGE}::test_coverage_of_the_seed_pages",
    ),
    _row(
        "report.coverage",
        "to_json",
        "returns {}",
        f"{_COVERAGE}::test_coverage_json_has_these_names",
    ),
    _row(
        "report.coverage",
        "rows",
        "returns []",
        f"{_COVERAGE}::test_coverage_prints_a_table_and_findings",
    ),
    _row(
        "report.coverage",
        "finding_lines",
        "returns []",
        f"{_COVERAGE}::test_coverage_prints_a_table_and_findings",
    ),
    _row("report.pages", "to_json", "returns {}", f"{_CLI}::test_inspect_prints_json"),
    _row("report.explanation", "text", "returns ''", _EXPLAIN_VALUES),
    _row("explanation", "explanations", "yields nothing", _EXPLAIN_VALUES),
    _row("build.reasons", "explained", "yields nothing", "build/test_reasons.py"),
    _row("report.pages", "values_json", "returns []", _INSPECT_VALUES),
    _row("report.terminal", "print_table", "does nothing", "report/test_terminal.py"),
    _row("report.markdown", "table", "returns ''", "report/test_markdown.py"),
    _row(
        "report.errors",
        "text",
        "returns ''",
        f"{_DIAGNOSTICS}::test_explain_prints_meaning_example_and_remedy",
    ),
    _row(
        "report.errors",
        "markdown",
        "returns ''",
        f"{_DIAGNOSTICS}::test_errors_page_is_made_from_the_registry",
    ),
    _row(
        "report.types",
        "to_json",
        "returns []",
        f"{_CLI}::test_types_prints_three_formats_with_the_settings_applied",
    ),
    # the index of botocore's models
    _row("api_models.botocore", "build_index", "forgets the items", "api_models/test_botocore.py"),
    _row("api_models.cache", "Indexes.of", "forgets the items", "api_models/test_cache.py"),
    _row("api_models.index", "words", "returns ''", "api_models/test_index.py"),
    _row("api_models.recording", "refresh", "forgets the record", "api_models/test_recording.py"),
    _row("api_models.calls.actions", "actions", "returns ()", "api_models/calls/test_actions.py"),
    # what the package's command says and leaves out
    _row("runtime.sync.report", "UnitReport.exit_status", "returns False", _REPORT),
    _row("runtime.sync.report", "Report.lines", "yields nothing", _REPORT),
    _row("runtime.sync.report", "UnitReport.failed_because", "yields nothing", _REPORT),
    _row("runtime.sync.choice", "Choice.left_out", "returns ()", "sync/test_choice.py"),
    _row("runtime.sync.choice", "Choice.check", "does nothing", "sync/test_choice.py"),
    _row("runtime.load.destination", "redact", "returns its argument", "load/test_secrets.py"),
    _row("runtime.command.estimates", "_count", "returns ''", "command/test_estimates.py"),
    _row("runtime.command.options", "_expanded", "returns its argument", _OPTIONS),
    _row("runtime.command.display", "summary", "returns ''", "command/test_display.py"),
    _row("runtime.text", "escape_controls", "returns its argument", _REPORT),
    _row("runtime.text", "shortened", "returns its argument", _REPORT),
    # inference
    _row("inference.infer", "infer", "forgets the binding", _INFER_ITEM, _INFER_COLUMNS, _LISTING),
    _row("inference.row_candidates", "row_candidates", "returns []", _INFER_ITEM),
    _row("inference.row_candidates", "RowCandidate.derived", "returns ()", _INFER_COLUMNS),
    _row(
        "inference.column_candidates",
        "CandidateFinder.other_members",
        "yields nothing",
        _INFER_COLUMNS,
        _INFER_ENRICHMENTS,
    ),
    _row("inference.column_candidates", "CandidateFinder.tags", "yields nothing", _INFER_OWN),
    _row("inference.column_candidates", "CandidateFinder.account", "returns None", _INFER_OWN),
    _row(
        "inference.column_candidates",
        "CandidateFinder.whole_response",
        "yields nothing",
        _INFER_ENRICHMENTS,
    ),
    _row("inference.arguments", "call_arguments", "returns None", _INFER_ENRICHMENTS, _INFER_OWN),
    _row("inference.arguments", "argument", "returns None", _INFER_ENRICHMENTS, _INFER_OWN),
    _row("inference.patterns", "overlap", "returns None", "inference/test_patterns.py"),
    _row("inference.arguments", "narrowing", "yields nothing", _LISTING),
    _row("inference.arguments", "inclusion_parameters", "yields nothing", _INFER_ENRICHMENTS),
    _row("inference.listing", "find_listing", "forgets the listing", _INFER_ITEM, _LISTING),
    _row("inference.parents", "enumerate_rows", "forgets the parents", _PARENTS),
    _row("inference.parents", "enumerate_rows", "forgets the listing", _PARENTS),
    _row("inference.required_parameters", "alternatives", "returns ()", _PARENTS),
    _row("inference.required_parameters", "parse", "returns {}", _PARENTS),
    _row("inference.identity", "Identity.arn", "returns None", _INFER_COLUMNS, _INFER_OWN),
    _row("inference.identity", "Identity.built_arn", "returns None", _INFER_OWN),
    _row("inference.identity", "Identity.account", "returns None", _INFER_COLUMNS),
    _row("inference.evidence", "evidence_by_name", "returns None", _INFER_ENRICHMENTS),
    _row("fits", "fits", "returns False", _INFER_COLUMNS),
    _row("fits", "fits", "returns True", _INFER_COLUMNS),
    _row("inference.nouns", "singular", "returns ()", _LISTING),
    _row("inference.arn_formats", "resource_arns", "returns {}", "inference/test_arn_formats.py"),
    _row("inference.arn_formats", "parse", "returns []", "inference/test_arn_formats.py"),
    _row(
        "inference.by_hand",
        "apply",
        "forgets the problems",
        f"{_OVERRIDES}::test_overrides_that_contradict_each_other_are_problems",
    ),
    _row("inference.reasons", "unbound_reason", "returns ''", "inference/test_infer_reasons.py"),
    _row(
        "inference.renewal",
        "renewed",
        "returns its argument",
        "test_bind.py::test_bind_infers_columns_edited_in_the_lock_again",
    ),
    # collecting
    _row("runtime.sync.requests", "values", "yields nothing", _REQUESTS),
    _row("runtime.sync.requests", "below", "yields nothing", _REQUESTS),
    _row("runtime.sync.requests", "depends_on_item", "returns True", _REQUESTS),
    _row("runtime.sync.requests", "items_at", "yields nothing", _REQUESTS),
    _row("runtime.sync.requests", "halves", "yields nothing", _REQUESTS),
    _row("runtime.sync.requests", "Pages.following", "returns None", _REQUESTS),
    _row("runtime.sync.requests", "Batches.rest", "yields nothing", _REQUESTS),
    _row("runtime.sync.tally", "Tally.deny", "does nothing", "sync/test_tally.py"),
    _row("runtime.sync.tally", "Tally.fail", "does nothing", "sync/test_tally.py"),
    _row("runtime.sync.parsing", "timestamp", "returns None", "sync/test_parsing.py"),
    _row("runtime.sync.parsing", "install", "does nothing", "sync/test_parsing.py"),
    # build
    _row("build.plan", "BuildPlan.out_of_date", "returns {}", _FILES),
    _row(
        "build.plan",
        "BuildPlan.orphans",
        "returns []",
        f"{_BUILD}::test_build_removes_orphans_with_their_folders",
    ),
    _row("build.up_to_date", "UpToDate.is_everything", "returns True", _FILES),
    _row(
        "build.check", "findings", "returns ()", f"{_BUILD}::test_check_reports_a_changed_generator"
    ),
    _row(
        "build.manifest", "render", "returns ''", f"{_BUILD}::test_manifest_has_one_line_per_table"
    ),
    _row("build.changes", "change", "does nothing", "build/test_changes.py", _FILES),
    _row("build.changes", "recover", "does nothing", "build/test_changes.py"),
    _row(
        "build.recovery",
        "interrupted",
        "returns ()",
        "build/test_killed.py::test_check_reports_what_a_killed_bind_left",
    ),
    _row("build.disk", "links", "returns []", "build/test_links.py", "build/test_changes.py"),
    _row("build.toolchain", "fingerprint", "returns ''", "build/test_toolchain.py"),
)
"""What is broken, how, and which tests notice."""

# Exit statuses of pytest.
PASSED, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests of a run did: node id -> whether it passed."""

    title: str
    selected: tuple[str, ...]
    passed: Mapping[str, bool]
    status: int
    output: str
    seconds: float

    def failed(self, selected: str) -> list[str]:
        """Return the tests of ``selected`` that failed."""
        path = f"tests/{selected}"
        return [
            test
            for test, passed in self.passed.items()
            if not passed and (test.startswith(path) or test == file_of(path))
        ]

    @property
    def noticed(self) -> bool:
        """Whether a test failed in each of ``selected``."""
        return self.status == FAILED and all(map(self.failed, self.selected))


def run(title: str, broken: str, selected: tuple[str, ...], *, every_test: bool) -> Outcome:
    """Run the tests ``selected`` with ``broken`` (see `broken.sitecustomize`; "" for nothing).

    Nothing that a broken program computes is left behind: caches are in a temporary folder.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        report = Path(folder) / "report.json"
        path = [str(TESTS / "broken"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "XDG_CACHE_HOME": folder,
            "LOCALAPPDATA": folder,
            "HYPOTHESIS_STORAGE_DIRECTORY": folder,
            # They take a second to import, and the tests need none but xdist.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            REPORT: str(report),
        }
        if broken:
            environment[VARIABLE] = broken
        if every_test:
            environment[EVERY_TEST] = "1"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "--tb=line", "-m", "not slow"]
        command += ["-p", "xdist", "-p", "until_failure", "-p", "no:cacheprovider"]
        command += ["--continue-on-collection-errors", f"--basetemp={folder}/pytest"]
        done = subprocess.run(
            [*command, *(f"tests/{test}" for test in selected)],
            cwd=TESTS.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        text = report.read_text("utf-8") if report.exists() else "{}"
        passed = cast("dict[str, bool]", json.loads(text))
    seconds = time.monotonic() - started
    return Outcome(title, selected, passed, done.returncode, done.stdout, seconds)


def run_row(row: Row, *, every_test: bool = False) -> Outcome:
    """Run the tests of a row with its function broken."""
    broken = f"schemagen.{row.module}:{row.name}:{row.way}"
    return run(row.title, broken, row.selected, every_test=every_test)


def run_unbroken(tests: Iterable[str]) -> Outcome:
    """Run ``tests``, which failed in broken runs, with nothing broken."""
    selected = tuple(sorted({test.removeprefix("tests/") for test in tests}))
    return run("nothing is broken", "", selected, every_test=True)


def lines(outcome: Outcome) -> Iterator[str]:
    """Describe the run of a row: whether it was noticed, and by which tests."""
    noticed = "noticed" if outcome.noticed else "MISSED "
    yield f"{noticed}  {outcome.title}  ({outcome.seconds:.1f} s)"
    for selected in outcome.selected:
        failed = outcome.failed(selected)
        yield f"    {failed[0] if failed else f'no test failed in {selected}'}"
    if outcome.status != FAILED:
        yield outcome.output


@click.command()
@click.argument("words", nargs=-1)
@click.option("--survivors", is_flag=True, help="Run every test, and list those that still pass.")
@click.option("--workers", default=2, show_default=True, help="How many rows run at a time.")
def main(words: tuple[str, ...], survivors: bool, workers: int) -> None:
    """Break schemagen one function at a time. Fails if tests stay green although they should not.

    WORDS choose the rows whose titles contain one of them.
    """
    rows = [row for row in ROWS if not words or any(word in row.title for word in words)]
    if not rows:
        raise click.UsageError(f"no title of a row contains any of: {' '.join(words)}")
    missed: list[str] = []
    failed: set[str] = set()
    with ThreadPoolExecutor(workers) as pool:
        for outcome in pool.map(partial(run_row, every_test=survivors), rows):
            click.echo("\n".join(lines(outcome)))
            if survivors:
                for test in (test for test, passed in outcome.passed.items() if passed):
                    click.echo(f"    still passes: {test}")
            failed.update(test for test, passed in outcome.passed.items() if not passed)
            if not outcome.noticed:
                missed.append(outcome.title)
    unbroken = run_unbroken(failed)
    click.echo(f"{len(rows)} rows, {len(missed)} missed")
    for title in missed:
        click.echo(f"    {title}")
    if unbroken.status != PASSED:
        click.echo(f"These tests fail even when {unbroken.title}:\n{unbroken.output}")
    if missed or unbroken.status != PASSED:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
