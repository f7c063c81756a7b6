"""Identities, keys, secrets."""

from __future__ import annotations

import json
from typing import Any

from accounts.case import Case, Created, Query, tags
from aws_reader import ACCOUNT, REGION, client

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
PASSWORD = "no secret: 1Aa"  # noqa: S105 - of a user that exists in this process only
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
SSH_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBRTq1Wj0fS2zBsTHhZZsgHfgbIM4eLPz0uRvcsJIcfM ann@example"
)


def role(name: str) -> str:
    """The ARN of a new role."""
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return str(made["Role"]["Arn"])


def _policy(name: str, **how: Any) -> str:
    made = client("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(READ), **how)
    return str(made["Policy"]["Arn"])


def users() -> Created:
    iam = client("iam")
    read, write = _policy("read"), _policy("write")
    arn = iam.create_user(UserName="ann", Path="/staff/", Tags=tags(team="compute", Env=""))[
        "User"
    ]["Arn"]
    iam.create_login_profile(UserName="ann", Password=PASSWORD)
    iam.update_login_profile(UserName="ann", Password=PASSWORD, PasswordResetRequired=True)
    iam.attach_user_policy(UserName="ann", PolicyArn=read)
    iam.attach_user_policy(UserName="ann", PolicyArn=write)
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=SSH_KEY)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    iam.create_user(UserName="bot")
    return Created(
        (
            Query(
                "SELECT _key, user_name, path, account_id, tags['Env'],"
                " (login_profile->>'password_reset_required')::BOOLEAN,"
                " groups->0->>'group_name', mfa_devices->0->>'serial_number',"
                " ssh_public_keys->0->>'status', create_date <= now()"
                " FROM aws.iam_user WHERE tags['team'] = ['compute']",
                [
                    (
                        arn,
                        "ann",
                        "/staff/",
                        ACCOUNT,
                        [""],
                        True,
                        "staff",
                        device["SerialNumber"],
                        "Active",
                        True,
                    )
                ],
            ),
            Query(
                "SELECT policy->>'policy_name', policy->>'policy_arn' FROM ("
                """SELECT unnest(from_json(attached_policies, '["JSON"]')) AS policy"""
                " FROM aws.iam_user WHERE user_name = 'ann') ORDER BY ALL",
                [("read", read), ("write", write)],
            ),
            # Operations without a name as parameter are about the whole account.
            Query(
                "SELECT user_name, virtual_mfa_devices->0->>'serial_number' FROM aws.iam_user"
                " ORDER BY user_name",
                [(name, device["SerialNumber"]) for name in ("ann", "bot")],
            ),
            Query(
                "SELECT user_name, login_profile, groups, attached_policies, mfa_devices,"
                " ssh_public_keys, coalesce(cardinality(tags), 0)"
                " FROM aws.iam_user WHERE user_name <> 'ann'",
                [("bot", None, "[]", "[]", "[]", "[]", 0)],
            ),
        )
    )


def roles() -> Created:
    iam = client("iam")
    read, border = _policy("read"), _policy("border")
    arn = iam.create_role(
        RoleName="worker",
        PermissionsBoundary=border,
        AssumeRolePolicyDocument=TRUST,
        Description="Works at night.",
        MaxSessionDuration=7200,
        Tags=tags(team="batch", Env="prod"),
    )["Role"]["Arn"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=read)
    role("idle")
    return Created(
        (
            Query(
                "SELECT _key, role_name, description, max_session_duration, tags['Env'],"
                " attached_policies->0->>'policy_arn', account_id,"
                " permissions_boundary->>'permissions_boundary_arn',"
                " assume_role_policy_document::JSON->'Statement'->0->'Principal'->>'Service'"
                " FROM aws.iam_role WHERE tags['team'] = ['batch']",
                [
                    (
                        arn,
                        "worker",
                        "Works at night.",
                        7200,
                        ["prod"],
                        read,
                        ACCOUNT,
                        border,
                        "lambda.amazonaws.com",
                    )
                ],
            ),
            Query(
                "SELECT role_name, attached_policies, max_session_duration FROM aws.iam_role"
                " WHERE coalesce(cardinality(tags), 0) = 0",
                [("idle", "[]", 3600)],
            ),
        )
    )


def policies() -> Created:
    iam = client("iam")
    read = _policy("read", Path="/data/", Description="Reads.", Tags=tags(team="data", Env="a,b"))
    iam.create_policy_version(
        PolicyArn=read, PolicyDocument=json.dumps({**READ, "Id": "second"}), SetAsDefault=True
    )
    role("reader")
    iam.attach_role_policy(RoleName="reader", PolicyArn=read)
    plain = _policy("plain")
    return Created(
        (
            Query(
                "SELECT _key, policy_name, path, attachment_count, is_attachable, account_id,"
                " tags['Env'], default_version_id FROM aws.iam_policy WHERE tags['team'] = 'data'",
                # The column is of the older type: a value is one text.
                [(read, "read", "/data/", 1, True, ACCOUNT, "a,b", "v2")],
            ),
            # The whole of GetPolicy's answer, and the version that it names.
            Query(
                "SELECT policy->>'arn', policy_version->>'version_id',"
                " policy_version->'document'->>'Id',"
                " policy_version->'document'->'Statement'->0->>'Sid'"
                " FROM aws.iam_policy ORDER BY policy_name",
                [(plain, "v1", None, "Read"), (read, "v2", "second", "Read")],
            ),
        ),
        # Not those of AWS, of which there are more than a thousand.
        scope={"Scope": "Local"},
    )


def keys() -> Created:
    kms = client("kms")
    turning = kms.create_key(
        Description="turns", Tags=tags("TagKey", "TagValue", team="vault", Env="")
    )["KeyMetadata"]
    kms.enable_key_rotation(KeyId=turning["KeyId"])
    still = kms.create_key(Description="still", KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")[
        "KeyMetadata"
    ]
    return Created(
        (
            Query(
                "SELECT _key, key_id, account_id, tags['Env'], key_rotation_enabled,"
                " key_metadata->>'description', (key_metadata->>'enabled')::BOOLEAN"
                " FROM aws.kms WHERE tags['team'] = 'vault'",
                [(turning["Arn"], turning["KeyId"], ACCOUNT, "", True, "turns", True)],
            ),
            Query(
                "SELECT key_arn, key_rotation_enabled, key_metadata->>'key_usage', cardinality(tags)"
                " FROM aws.kms WHERE key_metadata->>'description' = 'still'",
                [(still["Arn"], False, "SIGN_VERIFY", 0)],
            ),
        )
    )


def secrets() -> Created:
    manager = client("secretsmanager")
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    made = manager.create_secret(
        Name="db/password",
        Description="Of the shop.",
        SecretString="not a secret",
        KmsKeyId=key,
        Tags=tags(team="database", Env="prod"),
    )
    arn, version = made["ARN"], made["VersionId"]
    manager.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps(READ))
    gone = manager.create_secret(Name="gone", SecretString="not a secret")["ARN"]
    manager.delete_secret(SecretId=gone, RecoveryWindowInDays=7)
    plain = manager.create_secret(Name="plain", SecretString="not a secret")["ARN"]
    return Created(
        (
            Query(
                "SELECT _key, name, description, kms_key_id, account_id, tags['Env'],"
                " resource_policy::JSON->'Statement'->0->>'Sid', created_date <= now(),"
                f" version_ids_to_stages::JSON->'{version}'->>0"
                " FROM aws.secretsmanager_secret WHERE tags['team'] = ['database']",
                [
                    (
                        arn,
                        "db/password",
                        "Of the shop.",
                        key,
                        ACCOUNT,
                        ["prod"],
                        "Read",
                        True,
                        "AWSCURRENT",
                    )
                ],
            ),
            Query(
                "SELECT arn, resource_policy, deleted_date IS NULL, coalesce(cardinality(tags), 0)"
                " FROM aws.secretsmanager_secret WHERE name = 'plain'",
                [(plain, None, True, 0)],
            ),
        )
    )


CASES = (
    Case("aws.iam_user", users, absent={"GetLoginProfile": "NoSuchEntity"}),
    Case("aws.iam_role", roles),
    Case("aws.iam_policy", policies),
    Case(
        "aws.kms",
        keys,
        empty=dict.fromkeys(
            ("next_rotation_date", "on_demand_rotation_start_date", "rotation_period_in_days"),
            "moto says whether a key rotates, not when",
        ),
    ),
    Case("aws.secretsmanager_secret", secrets),
)
