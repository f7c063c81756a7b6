"""Overrides that call an operation once for each of several values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import once
from overriding import SETTINGS, entry, override, problems
from projects import page, pages, run
from schemagen import api

ACCOUNT = "aws.account"
LOCK = "bindings/aws/account.json"
CALL = {
    "column": "contacts",
    "operation": "GetAlternateContact",
    "member": "AlternateContact",
}
VALUES = {"AlternateContactType": ["SECURITY", "BILLING"]}

PROGRAM = """\
import json

from ddsql_schemas._runtime.sync.collector import collect
from ddsql_schemas._runtime.units import Unit
from ddsql_schemas.calls.aws.account import CALLS
from ddsql_schemas.mappers.aws import account


asked = []


def client(operation, arguments):
    asked.append([operation, dict(arguments)])
    if operation == "GetContactInformation":
        return {"ContactInformation": {"FullName": "Ada"}}
    return {"AlternateContact": {"Name": arguments["AlternateContactType"].lower()}}


unit = Unit("123456789012", "eu-west-1", "aws.account")
rows = collect(CALLS, account, client, unit)
print(json.dumps([asked, [[row.row["_key"], row.row["contacts"]] for row in rows]]))
item = {"ContactInformation": {"FullName": "Ada"}}
answers = [{"AlternateContact": {"Name": "a"}}, {"AlternateContact": {"Name": "b"}}]
print(json.dumps(account.from_item(item, key="k", get_alternate_contact=answers)["contacts"]))
"""


@pytest.fixture(autouse=True)
def _cached(
    filled_cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = once.linked(filled_cache, tmp_path_factory.mktemp("cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a page of accounts."""
    details = (
        "Contains the details of the primary contact information associated with an Amazon Web "
    )
    rows = (
        "_key | core | string |",
        f"contact_information | core | json | {details}Services account.",
        "contacts | core | json |",
        "contact_count | core | int64 |",
    )
    return pages(tmp_path, {"ddsql/account.md": page(ACCOUNT, *rows)})


def bind(project: Path, text: str) -> None:
    (project / SETTINGS).write_text(text)
    api.bind(api.settings(project))


def test_values_reach_lock_mapper_and_calls(project: Path) -> None:
    """The column is a list of what each call returns, in the order of the values, in the lock, in the mapper,
    and in what a collection calls; and `bind` and `build` find nothing to do afterwards."""
    bind(project, override(ACCOUNT, **CALL, values=VALUES))
    made = entry(project, ACCOUNT, "account")
    assert made["enrichments"]["GetAlternateContact"] == {
        "path": "@",
        "arguments": {},
        "values": VALUES,
    }
    assert made["columns"]["contacts"] == {
        "operation": "GetAlternateContact",
        "member": "AlternateContact",
        "evidence": "hand",
    }
    assert api.build(api.settings(project))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(project / "generated")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    collected, mapped = map(json.loads, done.stdout.splitlines())
    asked, found = collected
    assert sorted(map(str, asked)) == [
        "['GetAlternateContact', {'AlternateContactType': 'BILLING'}]",
        "['GetAlternateContact', {'AlternateContactType': 'SECURITY'}]",
        "['GetContactInformation', {}]",
    ]
    key = "arn:aws:account::123456789012:account"
    assert found == [[key, [{"name": "security"}, {"name": "billing"}]]]
    assert mapped == [{"name": "a"}, {"name": "b"}]
    for command in (["bind", "--check", "--again"], ["build", "--check"]):
        assert run(project, *command).returncode == 0


def test_changed_values_are_not_in_the_lock_yet(project: Path) -> None:
    """A build refuses an override whose values the lock does not have, until `bind` has run."""
    bind(project, override(ACCOUNT, **CALL, values=VALUES))
    fewer = override(ACCOUNT, **CALL, values={"AlternateContactType": ["BILLING"]})
    (project / SETTINGS).write_text(fewer)
    wrong = run(project, "build")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "schemagen.toml:1:1: SG305 the bindings do not reflect this override of aws.account.contacts yet; "
        "run `schemagen bind`\n",
    )
    bind(project, fewer)
    made = entry(project, ACCOUNT, "account")
    assert made["enrichments"]["GetAlternateContact"]["values"] == {
        "AlternateContactType": ["BILLING"]
    }


def test_inferred_values_give_way_to_a_constant(tmp_path: Path) -> None:
    """A constant of an override replaces the values that are inferred for the parameter."""
    text = "A structure that contains the details for the specified alternate contact."
    rows = ("contact_information | core | json |", f"alternate_contacts | core | json | {text}")
    pages(tmp_path, {"ddsql/account.md": page(ACCOUNT, *rows)})
    call = {**CALL, "column": "alternate_contacts"}
    bind(tmp_path, "")
    made = entry(tmp_path, ACCOUNT, "account")
    kinds = ["BILLING", "OPERATIONS", "SECURITY"]
    assert made["enrichments"]["GetAlternateContact"]["values"] == {"AlternateContactType": kinds}
    bind(tmp_path, override(ACCOUNT, **call, constants={"AlternateContactType": "BILLING"}))
    made = entry(tmp_path, ACCOUNT, "account")
    assert made["enrichments"]["GetAlternateContact"] == {
        "path": "@",
        "arguments": {},
        "constants": {"AlternateContactType": "BILLING"},
    }


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {**CALL, "values": {"AlternateContactTyp": ["BILLING"]}},
            [
                "6:1: SG303 operation 'GetAlternateContact' has no parameter 'AlternateContactTyp'; did you "
                "mean 'AlternateContactType'?"
            ],
        ),
        (
            {**CALL, "values": {"AlternateContactType": ["BILLING", "SECURITI"]}},
            [
                "6:1: SG303 operation 'GetAlternateContact' does not accept 'SECURITI' as "
                "AlternateContactType; did you mean 'SECURITY'?"
            ],
        ),
        (
            {**CALL, "operation": "GetAlternateContacts", "values": VALUES},
            [
                "4:1: SG303 account has no operation 'GetAlternateContacts'; did you mean "
                "'GetAlternateContact'?"
            ],
        ),
        (
            {**CALL, "column": "contact_count", "member": "AlternateContact", "values": VALUES},
            [
                "5:1: SG304 GetAlternateContactResponse.AlternateContact is list<#AlternateContact>, which does "
                "not fit int64"
            ],
        ),
        (
            {**CALL, "arguments": {}},
            [
                "6:1: SG304 GetAlternateContact requires AlternateContactType; set it in `arguments`, "
                "`constants` or `values` of the override"
            ],
        ),
        (
            {
                **CALL,
                "operation": "GetContactInformation",
                "member": "@",
                "values": {"AccountId": ["1"]},
            },
            [
                "6:1: SG304 GetContactInformation is called once for each item of aws.account, and cannot be "
                "called with each of `values`; delete them"
            ],
        ),
        (
            {
                **CALL,
                "operation": "ListRegions",
                "member": "Regions",
                "values": {"AccountId": ["1", "2"]},
            },
            [
                "6:1: SG304 ListRegions returns pages, and can therefore not be called with each of `values`; "
                "set one of them in `constants`"
            ],
        ),
        (
            {**CALL, "values": {"AlternateContactType": "BILLING"}},
            [
                "6:1: SG302 values must be a table of parameters and lists of different, non-empty strings, for "
                "each of which there is a call, not {'AlternateContactType': 'BILLING'}"
            ],
        ),
        (
            {**CALL, "values": {"AlternateContactType": ["BILLING", "BILLING"]}},
            ["6:1: SG302 values must be a table of parameters and lists of different"],
        ),
        (
            {**CALL, "value": VALUES},
            ["6:1: SG302 unknown key 'value' of this override"],
        ),
        (
            {**CALL, "path": "AlternateContact", "member": "Name", "values": VALUES},
            [
                "6:1: SG302 path must be '@', or left out, where there are values: the column is a list of "
                "what each call returns"
            ],
        ),
        (
            {**CALL, "values": VALUES, "constants": {"AlternateContactType": "BILLING"}},
            ["6:1: SG302 AlternateContactType is both a constant and one of the values"],
        ),
        (
            {**CALL, "values": VALUES, "arguments": {"AlternateContactType": "FullName"}},
            ["6:1: SG302 AlternateContactType is both an argument and one of the values"],
        ),
        (
            {"column": "contacts", "member": "ContactInformation", "values": VALUES},
            ["5:1: SG302 values applies to the call of another operation; set operation as well"],
        ),
    ],
)
def test_wrong_values_are_problems(
    project: Path, keys: dict[str, object], expected: list[str]
) -> None:
    """Each mistake is a problem at its key, with what is probably meant, and nothing is written."""
    found = problems(project, override(ACCOUNT, **keys))
    assert len(found) == len(expected)
    for text, start in zip(found, expected, strict=True):
        assert text.startswith(start)
