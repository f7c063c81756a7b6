"""Responses of the made-up services of the golden projects: one for each mapper, as boto3 would
return it, with the mapper's other arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_ACCOUNT = "123456789012"
_PLACE = {"partition": "aws", "region": "eu-west-1", "account_id": _ACCOUNT}
_TIME = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone(timedelta(hours=2)))
_METADATA = {"RequestId": "made-up", "HTTPStatusCode": 200}


@dataclass(frozen=True)
class Call:
    """The response of a table's primary operation, or its pages, the mapper's other arguments, and how
    many rows there are."""

    response: Mapping[str, Any] | list[Mapping[str, Any]]
    rows: int
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-west-1:{_ACCOUNT}:{resource}"


def _weigh(parcel: Mapping[str, Any]) -> Mapping[str, Any]:
    """The response of WeighParcel for a parcel."""
    return {"Grams": 450 if parcel["Stamps"] else 0}


CALLS: Mapping[str, Mapping[str, Call]] = {
    "kinds": {
        "aws.bakery_crumb": Call(
            {
                "KeepsakeArn": _arn("pantry", "keepsake/k-1"),
                "Glaze": {"Sugar": 1.5, "Tint": "amber"},
                "Storage": {"Jar": "third", "Sugar": False, "NewMember": [1]},
                "Weight": 0.25,
                "ResponseMetadata": _METADATA,
            },
            rows=1,
        ),
        "aws.bakery_order_book": Call(
            {
                "Attributes": {
                    "BookArn": _arn("bakery", "book/counter"),
                    "OpenedAt": "1767323045",
                    "PageCount": "96",
                    "Sealed": "false",
                    "AccessPolicy": '{"Statement": [{"Effect": "Allow"}]}',
                },
                "ResponseMetadata": _METADATA,
            },
            rows=1,
            arguments={
                "list_tags_for_resource": {"Tags": [{"Key": "shop", "Value": "corner"}]},
            },
        ),
        "aws.bakery_oven": Call(
            [
                {
                    "Halls": [
                        {
                            "HallId": "north",
                            "Ovens": [
                                {
                                    "OvenId": "old-one",
                                    "Burners": [
                                        {"Position": 0, "Flame": "blue", "LitAt": _TIME},
                                        {
                                            "Position": 1,
                                            "Flame": "green",
                                            "Nozzles": ["left", None],
                                        },
                                        None,
                                    ],
                                    "DoorState": "ajar",
                                    "LitAt": _TIME,
                                    "RackCount": 4,
                                    "Shifts": ["early", "late"],
                                    "Tags": [
                                        {"Key": "team", "Value": "bread"},
                                        {"Key": "team", "Value": "a, b"},
                                    ],
                                },
                                {"OvenId": "new-one"},
                            ],
                        },
                        {"HallId": "south", "Ovens": []},
                    ],
                    "NextToken": "more",
                    "ResponseMetadata": _METADATA,
                },
                {"Halls": [{"HallId": "west", "Ovens": [{"OvenId": "small-one", "RackCount": 1}]}]},
            ],
            rows=3,
            arguments=_PLACE,
        ),
        "aws.bakery_recipe": Call(
            {
                "Recipe": {
                    "RecipeArn": _arn("bakery", "recipe/rye"),
                    "Name": "rye",
                    "FirstStep": {
                        "Words": "Knead.",
                        "Substeps": [{"Words": "Rest.", "Substeps": []}],
                        "Hint": {
                            "Measures": {"RyeFlour": "500 g", "Salt": None},
                            "Instead": {"Words": "Buy dough."},
                        },
                    },
                    "LaterSteps": [{"Words": "Bake."}],
                    "Status": "TESTED",
                },
                "ResponseMetadata": _METADATA,
            },
            rows=1,
            arguments={
                "get_nutrition": {
                    "Energy": 880.5,
                    "Allergens": ["gluten"],
                    "Parts": {"Crust": {"Grams": 12.5, "Parts": [{"Grams": 0.5}]}},
                    "Photo": b"\x00\xff",
                    "Notes": {"KeptAsItIs": [1, None]},
                    "ResponseMetadata": _METADATA,
                },
                "get_rating": {"Summary": {"MeanRating": 4.5}},
                "get_sharing_policy": {"Policy": '{"Version": "1"}'},
                "list_tags_for_resource": {"Tags": [{"Key": "grain", "Value": "rye"}]},
            },
        ),
        "aws.class": Call(
            {
                "Classes": [
                    {
                        "Arn": _arn("bakery", "class/1"),
                        "Key": "not the key of the row",
                        "class": "first",
                        "ModelConfig": "plain",
                        "Select": 1,
                        "HttpStatus": 200,
                        "None": {
                            "None": "none",
                            "lambda": [1, 2],
                            "list": {"KeptAsItIs": "value"},
                            "str": "text",
                            "x-amz.Header": "header",
                            "FooBar": "upper",
                            "foo_bar": "lower",
                        },
                    }
                ]
            },
            rows=1,
        ),
    },
    "settings": {
        "aws.depot_parcel": Call(
            {
                "Parcels": [
                    {
                        "ParcelUuid": "0b0b6d5c-7f0c-4b52-9a53-0d3f6c1f6a55",
                        "Contents": {
                            "DeclaredValue": 12.5,
                            "ItemNames": ["cup", "saucer"],
                            "Packing": {
                                "Material": "box",
                                "Layers": {"InnerLayer": {"Material": "straw"}},
                            },
                            "SealedAt": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                        },
                        "Stamps": ["5f3b9c1e-2f63-4d3e-8a57-1f1f8f6a7b10"],
                    }
                ],
                "ResponseMetadata": _METADATA,
            },
            rows=1,
            arguments={**_PLACE, "weigh_parcel": _weigh},
        ),
    },
}
