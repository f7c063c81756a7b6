"""schemagen.api_models.calls.optional."""

from __future__ import annotations

import re

import pytest

from schemagen.api_models.botocore import service_api
from schemagen.api_models.calls.optional import FILE, optional_members, parse


@pytest.mark.parametrize(
    ("text", "optional"),
    [
        ("<p>The ARN of the gateway. It is only returned for tapes in a gateway.</p>", True),
        ("The name, which is present only if the job has one.", True),
        ("The id. Not set for archived things.", True),
        ("This is null when nothing is attached.", True),
        ("The ARN of the gateway.", False),
        ("The only ARN of the gateway.", False),
    ],
)
def test_members_are_optional_if_their_documentation_says_so(text: str, optional: bool) -> None:
    """Any listing may have such members."""
    found = optional_members("made", "ListThings", {"Name": "The name.", "Arn": text})
    assert found == (("Arn",) if optional else ())


def test_rows_name_members_of_items() -> None:
    """Each row of the file is a listing of botocore whose items have such members."""
    rows = parse(FILE.read_text("utf-8"))
    assert rows
    for (service, operation), members in rows.items():
        api = service_api(service)
        output = api.model.operation_model(operation).output_shape
        assert output is not None
        lists = [name for name, shape in output.members.items() if shape.type_name == "list"]
        items = [api.element_at(operation, f"{name}[]") for name in lists]
        known = {member for item in items for member in item.members or ()}
        assert known.issuperset(members)
        assert optional_members(service, operation, dict.fromkeys(members, "")) == members
        assert optional_members(service, operation, {"Other": ""}) == ()


def test_parse_rejects_malformed_rows() -> None:
    """A mistake in the file is an error that names the row."""
    text = FILE.read_text("utf-8").replace('["GatewayARN"]', '"GatewayARN"')
    message = "optional_members.toml: storagegateway.ListTapes: members must be an array of strings"
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text)
