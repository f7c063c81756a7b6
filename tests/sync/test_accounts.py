"""A file of accounts is read as it is meant, or refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemagen.runtime.sync.accounts import Account, InvalidAccounts, of_role, read


def written(folder: Path, text: str) -> Path:
    path = folder / "accounts.toml"
    path.write_text(text)
    return path


def test_read_takes_ids_from_roles_and_roles_from_defaults(tmp_path: Path) -> None:
    text = """
        [defaults]
        role_name = "inventory"
        regions = ["enabled"]

        [[accounts]]
        id = "111122223333"

        [[accounts]]
        name = "production"
        role_arn = "arn:aws-cn:iam::444455556666:role/path/read-only"
        external_id = "agreed"
        regions = ["cn-north-1"]
    """
    assert read(written(tmp_path, text)) == (
        Account(
            id="111122223333",
            role_arn="arn:aws:iam::111122223333:role/inventory",
            regions=("enabled",),
            partition="aws",
        ),
        Account(
            id="444455556666",
            name="production",
            role_arn="arn:aws-cn:iam::444455556666:role/path/read-only",
            external_id="agreed",
            regions=("cn-north-1",),
            partition="aws-cn",
        ),
    )


def test_read_leaves_accounts_of_profiles_to_sts(tmp_path: Path) -> None:
    assert read(written(tmp_path, '[[accounts]]\nprofile = "base"')) == (Account(profile="base"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[accounts]", "is not TOML"),
        (f"a = {'[' * 5000}", "is not TOML"),
        (f"a = {'1' * 5000}", "is not TOML"),
        ("", "has no accounts"),
        ("accounts = []", "has no accounts"),
        ("regions = []\n[[accounts]]", "unknown key 'regions'"),
        ('[[accounts]]\nrole = "r"', "entry 1 has an unknown key 'role'"),
        ("[[accounts]]\nid = 111122223333", "id is 111122223333, and should be a text"),
        ('[[accounts]]\nid = "12"', "has 12 digits"),
        ('[[accounts]]\nrole_arn = "inventory"', "A role's ARN is like"),
        ('[[accounts]]\nregions = "enabled"', "should be a list"),
        ('[[accounts]]\nid = "111122223333"\n[[accounts]]\nid = "111122223333"', "listed twice"),
        ('[defaults]\nrole_name = "r"\n[[accounts]]\nprofile = "p"', "needs an id"),
        (
            '[[accounts]]\nid = "111122223333"\nrole_arn = "arn:aws:iam::444455556666:role/r"',
            "id is '111122223333', but role_arn is of '444455556666'",
        ),
        ("accounts = [1]", "should be a table"),
        ("defaults = 1\n[[accounts]]", "should be a table"),
    ],
)
def test_read_says_what_is_wrong_and_where(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidAccounts, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_read_says_that_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidAccounts, match=r"none\.toml: No such file"):
        read(tmp_path / "none.toml")


def test_account_of_a_role_is_the_one_in_its_arn() -> None:
    """An account that is given by nothing but a role is the role's, not the one of the credentials that
    assume it; an id that contradicts the role is refused."""
    arn = "arn:aws-cn:iam::444455556666:role/read-only"
    found = of_role(Account(role_arn=arn), "accounts")
    assert (found.id, found.partition, found.role_arn) == ("444455556666", "aws-cn", arn)
    assert of_role(Account(id="1"), "accounts") == Account(id="1")
    with pytest.raises(InvalidAccounts, match="role_arn is of '444455556666'"):
        of_role(Account(id="111122223333", role_arn=arn), "accounts")
