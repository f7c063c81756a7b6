"""A program that mirrors AWS as users do; mypy --strict and pyright find nothing in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ddsql_schemas import load, sync
from ddsql_schemas.mappers.aws import sagemaker_trainingjob
from ddsql_schemas.mappers.aws.sagemaker_trainingjob import Row


def mirror() -> int:
    report: sync.Report = sync.run(
        ["aws.sagemaker_*", "aws.sagemaker_trainingjob"],
        to="duckdb:inventory.duckdb",
        regions=["enabled"],
        accounts=Path("accounts.toml"),
        exclude=["*.environment"],
        skip=["ListTags"],
        threads=16,
        shard=sync.Shard.parse("3/8"),
        resume=True,
        executor=ThreadPoolExecutor(4),
        limits=sync.Limits(services={"ec2": sync.PaceSettings(maximum=20)}),
        progress=Shown(),
    )
    for unit in report.units:
        for denial in unit.denied:
            print(denial.operation, denial.action, ", ".join(denial.columns), denial.rows)
        for failure in unit.failures:
            print(failure.item.upper(), failure.message)
        print(unit.account, unit.counts.inserted + unit.counts.deleted, unit.seconds)
    print(report, report.to_json()["totals"])
    return report.exit_status


def several_accounts() -> sync.Report:
    role = "arn:aws:iam::111122223333:role/inventory"
    accounts = [sync.Account(role_arn=role), sync.Account(profile="other")]
    destination = sync.Destination.parse("postgres://me@host/inventory", migrate=True)
    return sync.run(["aws.*"], to=destination, accounts=accounts)


def distributed() -> list[sync.Unit]:
    found = list(sync.units(["aws.*"], regions=["enabled"]))
    for unit in found:
        print(unit.account, unit.region, unit.table.upper())
    return found


class Shown:
    def planned(self, units: int | None) -> None:
        print(units)

    def started(self, unit: sync.Unit) -> None:
        print(unit.region)

    def called(self, calls: int = 1) -> None:
        print(calls)

    def throttled(self, service: str, region: str) -> None:
        print(service, region)

    def ended(self, report: sync.UnitReport) -> None:
        print(report.state == "complete")

    def note(self, text: str) -> None:
        print(text.upper())


def typed_rows() -> Iterator[Row]:
    for row in sync.rows(sagemaker_trainingjob):
        name: str | None = row["training_job_name"]
        for key, values in (row["tags"] or {}).items():
            print(name, key.upper(), ", ".join(values))
        yield row


def plain_rows() -> Iterator[Mapping[str, object]]:
    try:
        yield from sync.rows("aws.sagemaker_trainingjob", regions=["eu-west-1"])
    except sync.CallError as error:
        print(error.code.upper(), error.message)


def load_them() -> load.LoadCounts:
    try:
        return load.into(
            "duckdb:inventory.duckdb",
            "aws.sagemaker_trainingjob",
            typed_rows(),
            account="111122223333",
            region="eu-west-1",
            complete=False,
        )
    except load.UsageError as error:
        print(error)
        raise
