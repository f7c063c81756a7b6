"""Mirror six AWS tables of one region in DuckDB, as somebody writes it with boto3 and SQL alone.

It is what `benchmarks/mirror.py` compares the generated package with: straightforward, with shared
clients and threads for the calls of single items, and not slowed down in any way.

    python benchmarks/by_hand.py inventory.duckdb --region eu-central-1
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import boto3
import duckdb
from botocore.config import Config
from botocore.exceptions import ClientError

THREADS = 32
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=THREADS
)

DDL = """
CREATE SCHEMA IF NOT EXISTS aws;
CREATE TABLE IF NOT EXISTS aws.s3_bucket (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, name VARCHAR, creation_date TIMESTAMPTZ,
    location_constraint VARCHAR, acl JSON, encryption JSON, lifecycle JSON, logging JSON,
    notification JSON, policy JSON, policy_status JSON, replication JSON, versioning JSON,
    website JSON, public_access_block JSON, inventory JSON, tags MAP(VARCHAR, VARCHAR));
CREATE TABLE IF NOT EXISTS aws.ec2_instance (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, instance_id VARCHAR, instance_type VARCHAR,
    image_id VARCHAR, state VARCHAR, launch_time TIMESTAMPTZ, vpc_id VARCHAR, subnet_id VARCHAR,
    private_ip_address VARCHAR, architecture VARCHAR, launch_template_data JSON, item JSON,
    tags MAP(VARCHAR, VARCHAR));
CREATE TABLE IF NOT EXISTS aws.lambda_function (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, function_name VARCHAR, runtime VARCHAR,
    handler VARCHAR, role VARCHAR, timeout BIGINT, memory_size BIGINT, last_modified VARCHAR,
    environment JSON, policy JSON, item JSON, tags MAP(VARCHAR, VARCHAR));
CREATE TABLE IF NOT EXISTS aws.iam_role (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, role_name VARCHAR, path VARCHAR,
    create_date TIMESTAMPTZ, description VARCHAR, max_session_duration BIGINT,
    assume_role_policy_document JSON, attached_policies JSON, last_used JSON,
    tags MAP(VARCHAR, VARCHAR));
CREATE TABLE IF NOT EXISTS aws.dynamodb (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, table_name VARCHAR, table_status VARCHAR,
    creation_date_time TIMESTAMPTZ, item_count BIGINT, table_size_bytes BIGINT,
    continuous_backups JSON, time_to_live JSON, item JSON, tags MAP(VARCHAR, VARCHAR));
CREATE TABLE IF NOT EXISTS aws.kms (
    arn VARCHAR PRIMARY KEY, account_id VARCHAR, key_id VARCHAR, description VARCHAR,
    key_state VARCHAR, key_manager VARCHAR, creation_date TIMESTAMPTZ, rotation_enabled BOOLEAN,
    metadata JSON, tags MAP(VARCHAR, VARCHAR));
"""

Row = dict[str, Any]
Reader = Callable[["Account", ThreadPoolExecutor], Iterator[Row]]


class Account:
    """The clients of a region, and the account's id."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.session: Any = boto3.Session(region_name=region)
        self.clients: dict[str, Any] = {}
        self.id = self.client("sts").get_caller_identity()["Account"]

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.session.client(service, config=CONFIG)
        return self.clients[service]


def pages(client: Any, operation: str, member: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(member, [])


def optional(call: Callable[..., Any], *absent: str, **arguments: Any) -> Any:
    """The response, or None if the service says that there is none."""
    try:
        response = call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in absent:
            return None
        raise
    response.pop("ResponseMetadata", None)
    return response


def tag_map(
    tags: list[dict[str, str]] | None, key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    return {tag[key]: tag.get(value, "") for tag in tags or []}


def as_json(value: Any) -> str | None:
    if value is None:
        return None

    def default(other: Any) -> str:
        return other.isoformat() if isinstance(other, datetime) else str(other)

    return json.dumps(value, default=default)


# --- the tables -----------------------------------------------------------------------------------


def buckets(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    s3 = account.client("s3")

    def read(bucket: Row) -> Row:
        name = bucket["Name"]
        tagging = optional(s3.get_bucket_tagging, "NoSuchTagSet", Bucket=name) or {}
        policy = optional(s3.get_bucket_policy, "NoSuchBucketPolicy", Bucket=name) or {}
        inventory = list[Any]()
        page: Row = {"IsTruncated": True, "NextContinuationToken": None}
        while page.get("IsTruncated"):  # boto3 has no paginator for it
            token = page["NextContinuationToken"]
            further = {"ContinuationToken": token} if token else {}
            page = s3.list_bucket_inventory_configurations(Bucket=name, **further)
            inventory += page.get("InventoryConfigurationList", [])
        return {
            "arn": f"arn:aws:s3:::{name}",
            "account_id": account.id,
            "name": name,
            "creation_date": bucket["CreationDate"],
            "location_constraint": s3.get_bucket_location(Bucket=name).get("LocationConstraint"),
            "acl": as_json(optional(s3.get_bucket_acl, Bucket=name)),
            "encryption": as_json(
                optional(
                    s3.get_bucket_encryption,
                    "ServerSideEncryptionConfigurationNotFoundError",
                    Bucket=name,
                )
            ),
            "lifecycle": as_json(
                optional(
                    s3.get_bucket_lifecycle_configuration,
                    "NoSuchLifecycleConfiguration",
                    Bucket=name,
                )
            ),
            "logging": as_json(optional(s3.get_bucket_logging, Bucket=name)),
            "notification": as_json(
                optional(s3.get_bucket_notification_configuration, Bucket=name)
            ),
            "policy": policy.get("Policy"),
            "policy_status": as_json(
                optional(s3.get_bucket_policy_status, "NoSuchBucketPolicy", Bucket=name)
            ),
            "replication": as_json(
                optional(
                    s3.get_bucket_replication,
                    "ReplicationConfigurationNotFoundError",
                    Bucket=name,
                )
            ),
            "versioning": as_json(optional(s3.get_bucket_versioning, Bucket=name)),
            "website": as_json(
                optional(s3.get_bucket_website, "NoSuchWebsiteConfiguration", Bucket=name)
            ),
            "public_access_block": as_json(
                optional(
                    s3.get_public_access_block,
                    "NoSuchPublicAccessBlockConfiguration",
                    Bucket=name,
                )
            ),
            "inventory": as_json(inventory),
            "tags": tag_map(tagging.get("TagSet")),
        }

    yield from pool.map(read, pages(s3, "list_buckets", "Buckets"))


def instances(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    ec2 = account.client("ec2")

    def read(item: Row) -> Row:
        id = item["InstanceId"]
        template = optional(ec2.get_launch_template_data, InstanceId=id)
        return {
            "arn": f"arn:aws:ec2:{account.region}:{account.id}:instance/{id}",
            "account_id": account.id,
            "instance_id": id,
            "instance_type": item.get("InstanceType"),
            "image_id": item.get("ImageId"),
            "state": item["State"]["Name"],
            "launch_time": item.get("LaunchTime"),
            "vpc_id": item.get("VpcId"),
            "subnet_id": item.get("SubnetId"),
            "private_ip_address": item.get("PrivateIpAddress"),
            "architecture": item.get("Architecture"),
            "launch_template_data": as_json(template),
            "item": as_json(item),
            "tags": tag_map(item.get("Tags")),
        }

    reservations = pages(ec2, "describe_instances", "Reservations")
    yield from pool.map(read, (item for found in reservations for item in found["Instances"]))


def functions(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    client = account.client("lambda")

    def read(listed: Row) -> Row:
        name = listed["FunctionName"]
        found = client.get_function(FunctionName=name)
        item = found["Configuration"]
        policy = optional(client.get_policy, "ResourceNotFoundException", FunctionName=name) or {}
        return {
            "arn": item["FunctionArn"],
            "account_id": account.id,
            "function_name": name,
            "runtime": item.get("Runtime"),
            "handler": item.get("Handler"),
            "role": item.get("Role"),
            "timeout": item.get("Timeout"),
            "memory_size": item.get("MemorySize"),
            "last_modified": item.get("LastModified"),
            "environment": as_json(item.get("Environment")),
            "policy": policy.get("Policy"),
            "item": as_json(item),
            "tags": found.get("Tags", {}),
        }

    yield from pool.map(read, pages(client, "list_functions", "Functions"))


def roles(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    iam = account.client("iam")

    def read(listed: Row) -> Row:
        name = listed["RoleName"]
        role = iam.get_role(RoleName=name)["Role"]
        policies = pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        return {
            "arn": role["Arn"],
            "account_id": account.id,
            "role_name": name,
            "path": role["Path"],
            "create_date": role["CreateDate"],
            "description": role.get("Description"),
            "max_session_duration": role.get("MaxSessionDuration"),
            "assume_role_policy_document": as_json(role.get("AssumeRolePolicyDocument")),
            "attached_policies": as_json(list(policies)),
            "last_used": as_json(role.get("RoleLastUsed")),
            "tags": tag_map(role.get("Tags")),
        }

    yield from pool.map(read, pages(iam, "list_roles", "Roles"))


def dynamodb_tables(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    client = account.client("dynamodb")

    def read(name: str) -> Row:
        item = client.describe_table(TableName=name)["Table"]
        tags = pages(client, "list_tags_of_resource", "Tags", ResourceArn=item["TableArn"])
        return {
            "arn": item["TableArn"],
            "account_id": account.id,
            "table_name": name,
            "table_status": item["TableStatus"],
            "creation_date_time": item.get("CreationDateTime"),
            "item_count": item.get("ItemCount"),
            "table_size_bytes": item.get("TableSizeBytes"),
            "continuous_backups": as_json(
                optional(client.describe_continuous_backups, TableName=name)
            ),
            "time_to_live": as_json(optional(client.describe_time_to_live, TableName=name)),
            "item": as_json(item),
            "tags": tag_map(list(tags)),
        }

    yield from pool.map(read, pages(client, "list_tables", "TableNames"))


def keys(account: Account, pool: ThreadPoolExecutor) -> Iterator[Row]:
    kms = account.client("kms")

    def read(listed: Row) -> Row:
        id = listed["KeyId"]
        key = kms.describe_key(KeyId=id)["KeyMetadata"]
        rotation = optional(kms.get_key_rotation_status, KeyId=id)
        tags = pages(kms, "list_resource_tags", "Tags", KeyId=id)
        return {
            "arn": key["Arn"],
            "account_id": account.id,
            "key_id": id,
            "description": key.get("Description"),
            "key_state": key.get("KeyState"),
            "key_manager": key.get("KeyManager"),
            "creation_date": key.get("CreationDate"),
            "rotation_enabled": rotation["KeyRotationEnabled"],
            "metadata": as_json(key),
            "tags": tag_map(list(tags), "TagKey", "TagValue"),
        }

    yield from pool.map(read, pages(kms, "list_keys", "Keys"))


TABLES: dict[str, Reader] = {
    "aws.s3_bucket": buckets,
    "aws.ec2_instance": instances,
    "aws.lambda_function": functions,
    "aws.iam_role": roles,
    "aws.dynamodb": dynamodb_tables,
    "aws.kms": keys,
}


# --- loading --------------------------------------------------------------------------------------


def load(connection: Any, table: str, rows: list[Row]) -> None:
    """Replace the table's rows."""
    connection.begin()
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of TABLES
    if rows:
        columns = list(rows[0])
        # DuckDB misreads a dict of the keys "key" and "value" as a map's entry: maps go through JSON.
        markers = ", ".join(
            "?::JSON::MAP(VARCHAR, VARCHAR)" if name == "tags" else "?" for name in columns
        )
        values = [
            [json.dumps(row[name]) if name == "tags" else row[name] for name in columns]
            for row in rows
        ]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({markers})"  # noqa: S608
        connection.executemany(statement, values)
    connection.commit()


def mirror(database: str, region: str) -> dict[str, int]:
    """Mirror the tables, and return how many rows they have."""
    account, counts = Account(region), dict[str, int]()
    with duckdb.connect(database) as connection, ThreadPoolExecutor(THREADS) as pool:
        connection.execute(DDL)
        for table, read in TABLES.items():
            rows = list(read(account, pool))
            load(connection, table, rows)
            counts[table] = len(rows)
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    print(mirror(arguments.database, arguments.region))  # noqa: T201
