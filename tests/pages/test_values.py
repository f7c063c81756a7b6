"""Documented values: which words announce them, and which do not."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StringShape, StructureShape

from schemagen.model.pages import DocumentedValue
from schemagen.pages import prose, values


def read(text: str, name: str = "thing_status") -> list[str]:
    return [value.value for value in values.read(prose.from_html(text), name)]


CERTAIN = {
    "a list with dashes": (
        "The status is one of the following: <ul> <li> <code>ON</code> - It is on. </li>"
        " <li> <code>OFF</code> </li> </ul>",
        ["ON", "OFF"],
    ),
    "a list with colons": (
        "The completion status. <ul><li><code>InProgress</code>: Not yet.</li></ul>",
        ["InProgress"],
    ),
    "lists below terms": (
        "Provides these statuses: <dl><dt>Run</dt><dd><ul><li><code>A</code> - a</li></ul></dd>"
        "<dt>Stop</dt><dd><ul><li><code>B</code> - b</li></ul></dd></dl>",
        ["A", "B"],
    ),
    "pipes": ("Valid values: active | in-use", ["active", "in-use"]),
    "pipes before a sentence": (
        "Constraints: Can be one of the following: active | no-permission The status is shown.",
        ["active", "no-permission"],
    ),
    "quotes": ('Can be "active", "modifying" or "deleting"', ["active", "modifying", "deleting"]),
    "mixed quotes": (
        "Allowed values for this property are: \"UP\", 'UNKNOWN'. Others are mapped.",
        ["UP", "UNKNOWN"],
    ),
    "code": ("Valid values are <code>a</code> and <code>b</code>.", ["a", "b"]),
    "punctuation inside the quotes": ('This value is either "Raw" or "Event."', ["Raw", "Event"]),
    "names without quotes": (
        "The valid values are ACTIVE, DRAINING, or INACTIVE.",
        ["ACTIVE", "DRAINING", "INACTIVE"],
    ),
    "names after one of the following": (
        "The engine. One of the following: ECDSA_P256, RSA_2048, RSA_4096.",
        ["ECDSA_P256", "RSA_2048", "RSA_4096"],
    ),
    "available values": ("The available values are ALL_OLD or NONE.", ["ALL_OLD", "NONE"]),
    "words in lower case": ("Valid values are standard and express.", ["standard", "express"]),
    "available words in lower case": (
        "The available values are enabled or disabled.",
        ["enabled", "disabled"],
    ),
    "a list with no value": (
        "Valid values: <ul><li><code>null</code> - None.</li><li><code>A</code> - One.</li></ul>",
        ["A"],
    ),
    "values for cases": (
        "Valid values are NONE for open access, AWS_IAM for policies, and <code>JWT</code> for tokens.",
        ["NONE", "AWS_IAM", "JWT"],
    ),
    "a value in the sentence before": (
        "For zones, it always has the value of <code>opt-in-not-required</code>. For others, the"
        " possible values are <code>opted-in</code> and <code>not-opted-in</code>.",
        ["opted-in", "not-opted-in", "opt-in-not-required"],
    ),
    "a list behind a garbled dash": (
        "The possible values: <ul><li><code>A</code> \u00e2\u20ac\u201c a</li>"
        "<li><code>B</code> \u00e2\x80\x94 b</li></ul>",
        ["A", "B"],
    ),
    "names after a colon": ("The severity. Values: ERROR, INFO", ["ERROR", "INFO"]),
}


@pytest.mark.parametrize(("text", "expected"), CERTAIN.values(), ids=CERTAIN)
def test_values_are_read_after_words_that_announce_them(text: str, expected: list[str]) -> None:
    """Words that announce values are followed by values."""
    assert read(text) == expected


UNCERTAIN = {
    "members of an object": (
        "Each element consists of: <ul><li><code>AttributeName</code> - The name.</li></ul>"
    ),
    "parameters to set": (
        "Set one of the following parameters: <ul><li><code>Name</code></li></ul>"
    ),
    "forms of an id": (
        "The key: <ul><li>ARN example: <code>arn:aws:kms</code></li><li>Alias: <code>x</code></li></ul>"
    ),
    "a mixed list": "One of the following: <ul><li><code>A</code></li><li>Another one</li></ul>",
    "an example": (
        "The status. For example, you might see the following: "
        "<ul><li><code>Status</code> - A</li></ul>"
    ),
    "values that count sometimes": (
        "When the type is one of the following: <ul><li><code>A</code></li></ul>"
    ),
    "a list in a list": "Text <ul><li><code>A</code> and states: <ul><li><code>B</code></li></ul></li></ul>",
    "examples in a sentence": "The stage, such as 'production', 'development', or 'stable'.",
    "conditions": "If 'Tcp' is specified, an ACK is required. If 'Http' or 'Https', a response.",
    "defaults": "Defaults to 'hot'. Use 'flex_tier' for the other.",
    "plain words": "Valid values are integers and floats.",
    "words for a case": "For the mode <code>x</code>, valid values are cpu and memory.",
    "a value alone": "For zones, it has the value <code>none</code>.",
    "no value for a case": "Possible values: <code>A</code> for one, <code>null</code> for others.",
    "parts of a value": "Valid values for ddd are: <ul><li><code>mon</code></li></ul>",
    "ranges of characters": "Valid values: A-Z, a-z, 0-9",
    "values of something": (
        "The valid states: <ul><li><code>PRE</code> - <code>ON</code></li><li><code>POST</code> -"
        " <code>OFF</code></li></ul>"
    ),
    "a range": "Possible values range from 1 to 65535, inclusive.",
    "two things, not two values": "Either <code>Zone</code> or <code>ZoneId</code> must be specified.",
    "one value": "Valid values: <code>A</code>",
    "words with spaces": "Valid values are <code>a b</code> and <code>c</code>.",
    "words with spaces last": "Valid values are <code>a</code>, <code>b</code> and <code>c d</code>.",
    "pipes inside a sentence": "Valid values: a | b depending on the mode",
}


@pytest.mark.parametrize("text", UNCERTAIN.values(), ids=UNCERTAIN)
def test_values_are_not_read_from_ambiguous_words(text: str) -> None:
    """If the words could mean something else, nothing is read."""
    assert read(text) == []


def test_values_keep_their_description_and_wording() -> None:
    """A value has its description and the wording; values that are no longer
    supported are deprecated."""
    text = (
        "The states: <ul><li><code>ON</code> - It is <b>on</b>.</li></ul>"
        "We no longer support the following: <ul><li> <code>OFF</code> </li></ul>"
    )
    assert values.read(prose.from_html(text), "state") == (
        DocumentedValue("ON", "It is on.", wording="ON - It is on."),
        DocumentedValue("OFF", deprecated=True, wording="OFF"),
    )
    assert values.read(prose.from_html("It is nice. Valid values: A | B"), "x") == (
        DocumentedValue("A", wording="Valid values: A | B"),
        DocumentedValue("B", wording="Valid values: A | B"),
    )


def test_known_values_are_read_without_announcement() -> None:
    """Values that an API page states as valid are described wherever they are listed."""
    pieces = prose.from_html("In short: <ul><li><code>A</code> - First.</li></ul>")
    assert values.read(pieces, "x") == ()
    assert values.read(pieces, "x", known=["A", "B"]) == (
        DocumentedValue("A", "First.", wording="A - First."),
    )


SERVICES = (
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "kinesis",
    "lambda",
    "rds",
    "redshift",
    "sagemaker",
)

CONTRADICTED = {("Tenancy", "host"), ("RuleType", "include"), ("RuleType", "exclude")}
"""Values that the documentation of a member states without doubt ("Valid values include `include` for …"),
and that botocore's enumeration of the member lacks."""


def test_values_agree_with_botocore() -> None:
    """Nearly all values read from the documentation of members whose enumeration botocore knows
    are in it. The others are mistakes of the documentation (another case, a new value)."""
    loader = Loader()
    right = wrong = 0
    for service in SERVICES:
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        for name in model.shape_names:
            shape = model.shape_for(name)
            if not isinstance(shape, StructureShape):
                continue
            for member, target in shape.members.items():
                if not (isinstance(target, StringShape) and target.enum):
                    continue
                found = [
                    value
                    for value in values.read(prose.from_html(target.documentation), member)
                    if value.value in target.enum or (member, value.value) not in CONTRADICTED
                ]
                known = sum(value.value in target.enum for value in found)
                right += known
                wrong += len(found) - known
    assert right > 500
    assert wrong / (right + wrong) < 0.05
