"""Buckets, tables, streams."""

from __future__ import annotations

import json

from accounts.case import Case, Created, Query, tags
from accounts.security import role
from aws_reader import ACCOUNT, REGION, client


def buckets() -> Created:
    s3 = client("s3")
    s3.create_bucket(Bucket="images")
    s3.create_bucket(
        Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_bucket_tagging(Bucket="images", Tagging={"TagSet": tags(team="media,web", Env="prod")})
    s3.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Suspended"})
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    s3.put_bucket_encryption(
        Bucket="images",
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": key,
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    statements = [
        _statement("Everybody", "s3:GetObject", {"AWS": "*"}),
        _statement("Log", "s3:PutObject", {"Service": "logging.s3.amazonaws.com"}),
    ]
    s3.put_bucket_policy(
        Bucket="images", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket="images",
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "forget",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "tmp/"},
                    "Expiration": {"Days": 3},
                }
            ]
        },
    )
    s3.put_bucket_acl(Bucket="plain", ACL="public-read")
    s3.put_bucket_logging(
        Bucket="images",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "images", "TargetPrefix": "log/"}},
    )
    s3.put_bucket_replication(
        Bucket="images",
        ReplicationConfiguration={
            "Role": role("copier"),
            "Rules": [
                {
                    "ID": "copy",
                    "Status": "Enabled",
                    "Priority": 1,
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": "arn:aws:s3:::plain"},
                }
            ],
        },
    )
    s3.put_public_access_block(
        Bucket="plain",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    s3.put_bucket_inventory_configuration(
        Bucket="images",
        Id="weekly",
        InventoryConfiguration={
            "Id": "weekly",
            "IsEnabled": True,
            "IncludedObjectVersions": "All",
            "Schedule": {"Frequency": "Weekly"},
            "Destination": {
                "S3BucketDestination": {"Bucket": "arn:aws:s3:::plain", "Format": "Parquet"}
            },
        },
    )
    s3.put_bucket_website(
        Bucket="images", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )
    topic = client("sns").create_topic(Name="new-images")["TopicArn"]
    s3.put_bucket_notification_configuration(
        Bucket="images",
        NotificationConfiguration={
            "TopicConfigurations": [
                {"Id": "tell", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    return Created(
        (
            Query(
                "SELECT name, tags['Env'], creation_date <= now(),"
                " rules->0->>'id', (rules->0->'expiration'->>'days')::INT,"
                " policy::JSON->'Statement'->0->>'Sid',"
                " logging_enabled->>'target_prefix',"
                " replication_configuration->'rules'->0->>'id',"
                " inventory_configuration_list->0->'schedule'->>'frequency',"
                " public_access_block_configuration, location_constraint"
                " FROM aws.s3_bucket WHERE tags['team'] = ['media,web']",
                [
                    (
                        "images",
                        ["prod"],
                        True,
                        "forget",
                        3,
                        "Everybody",
                        "log/",
                        "copy",
                        "Weekly",
                        None,
                        None,
                    )
                ],
            ),
            Query(
                "SELECT rule->>'bucket_key_enabled',"
                " rule->'apply_server_side_encryption_by_default'->>'kms_master_key_id' FROM ("
                "SELECT server_side_encryption_configuration->'rules'->0 AS rule FROM aws.s3_bucket"
                " WHERE name = 'images')",
                [("true", key)],
            ),
            # The key and three columns that hold a whole response, without what boto3 adds to it.
            Query(
                "SELECT _key, account_id, bucket_versioning, bucket_website,"
                " notification_configuration->'topic_configurations'->0->>'topic_arn',"
                " json_keys(notification_configuration) FROM aws.s3_bucket ORDER BY name",
                [
                    (
                        "arn:aws:s3:::images",
                        ACCOUNT,
                        '{"status":"Enabled"}',
                        '{"index_document":{"suffix":"index.html"}}',
                        topic,
                        ["topic_configurations"],
                    ),
                    ("arn:aws:s3:::plain", ACCOUNT, '{"status":"Suspended"}', None, None, []),
                ],
            ),
            Query(
                "SELECT name, location_constraint, tags, policy, rules, replication_configuration,"
                " public_access_block_configuration->>'restrict_public_buckets',"
                " json_array_length(grants), (owner->>'id') = (grants->0->'grantee'->>'id')"
                " FROM aws.s3_bucket WHERE name = 'plain'",
                [("plain", "eu-central-1", None, None, None, None, "false", 2, True)],
            ),
        )
    )


def _statement(name: str, action: str, who: dict[str, str]) -> dict[str, object]:
    """A statement of the policy of the bucket for images."""
    return {
        "Sid": name,
        "Effect": "Allow",
        "Principal": who,
        "Action": action,
        "Resource": "arn:aws:s3:::images/*",
    }


def tables() -> Created:
    dynamodb = client("dynamodb")
    key = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    arn = dynamodb.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        DeletionProtectionEnabled=True,
        Tags=tags(team="shop", Env=""),
        **key,
    )["TableDescription"]["TableArn"]
    dynamodb.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    dynamodb.update_continuous_backups(
        TableName="orders",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    dynamodb.create_table(
        TableName="plain",
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        **key,
    )
    return Created(
        (
            Query(
                "SELECT _key, table_name, account_id, tags['Env'], item_count,"
                " deletion_protection_enabled, billing_mode_summary->>'billing_mode',"
                " stream_specification->>'stream_view_type',"
                " time_to_live_description->>'time_to_live_status',"
                " time_to_live_description->>'attribute_name',"
                " continuous_backups_description->'point_in_time_recovery_description'"
                "->>'point_in_time_recovery_status',"
                " key_schema->0->>'attribute_name' FROM aws.dynamodb WHERE tags['team'] = 'shop'",
                [
                    (
                        arn,
                        "orders",
                        ACCOUNT,
                        "",
                        1,
                        True,
                        "PAY_PER_REQUEST",
                        "KEYS_ONLY",
                        "ENABLED",
                        "until",
                        "ENABLED",
                        "id",
                    )
                ],
            ),
            Query(
                "SELECT table_name, (provisioned_throughput->>'write_capacity_units')::INT,"
                " time_to_live_description->>'time_to_live_status', cardinality(tags)"
                " FROM aws.dynamodb WHERE tags['team'] IS NULL",
                [("plain", 4, "DISABLED", 0)],
            ),
        )
    )


def streams() -> Created:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    kinesis.add_tags_to_stream(StreamName="clicks", Tags={"team": "web", "Env": ""})
    kinesis.increase_stream_retention_period(StreamName="clicks", RetentionPeriodHours=48)
    kinesis.create_stream(StreamName="plain", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"
    return Created(
        (
            Query(
                "SELECT _key, stream_name, open_shard_count, retention_period_hours, tags['team'],"
                " tags['Env'], stream_mode_details->>'stream_mode', account_id,"
                " stream_creation_timestamp <= now() FROM aws.kinesis_stream ORDER BY stream_name",
                [
                    (
                        f"{arn}clicks",
                        "clicks",
                        2,
                        48,
                        ["web"],
                        [""],
                        "PROVISIONED",
                        ACCOUNT,
                        True,
                    ),
                    (f"{arn}plain", "plain", 4, 24, None, None, "ON_DEMAND", ACCOUNT, True),
                ],
            ),
        )
    )


CASES = (
    Case(
        "aws.s3_bucket",
        buckets,
        absent={
            "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
            "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
            "GetBucketPolicy": "NoSuchBucketPolicy",
            "GetBucketPolicyStatus": "NoSuchBucketPolicy",
            "GetBucketReplication": "ReplicationConfigurationNotFoundError",
            "GetBucketTagging": "NoSuchTagSet",
            "GetBucketWebsite": "NoSuchWebsiteConfiguration",
            "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        },
    ),
    Case("aws.dynamodb", tables),
    Case("aws.kinesis_stream", streams),
)
