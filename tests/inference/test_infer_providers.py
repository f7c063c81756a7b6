"""Tables of a provider whose API names operations differently than AWS does."""

from __future__ import annotations

from made_services import index_of, made_member, only, thing
from schemagen.model.bindings import Listing
from schemagen.names import READ_VERBS, ReadVerb

VERBS = {verb.name: verb for verb in READ_VERBS}
METHODS = {"get": "Get", "list": "List", "aggregatedList": "List"}
SIZE = made_member("diskSizeGb", "int64", "thesizeofthediskasitwasmeasured")
COLUMNS = (
    "name string",
    "disk_size_gb int64 The size of the disk, as it was measured.",
)


def resource_and_method(operation: str) -> tuple[ReadVerb, str]:
    """Split a name such as ``instances.aggregatedList``."""
    resource, _, method = operation.partition(".")
    return VERBS[METHODS[method]], resource[:1].upper() + resource[1:]


def test_infer_binds_operations_that_are_named_after_resources() -> None:
    """An operation is chosen and listed by its verb and noun, wherever its name has them."""
    made = index_of(
        resource_and_method,
        "instances.get @ Instance instance!",
        "instances.aggregatedList items[] Summary",
        "zones.list items[] Zone",
        Instance=(made_member("name", "string", ""), SIZE),
        Summary=(made_member("name", "string", ""),),
        Zone=(made_member("name", "string", ""),),
    )
    binding = only(thing(*COLUMNS, name="made_instance"), made).binding
    assert binding is not None
    assert (binding.operation, binding.path) == ("instances.get", "@")
    assert [(column.column, column.member) for column in binding.columns] == [
        ("disk_size_gb", "diskSizeGb"),
        ("name", "name"),
    ]
    assert binding.listing == Listing(
        "instances.aggregatedList", "items[]", (("instance", "name"),)
    )


def test_infer_binds_a_listing_that_is_named_after_a_resource() -> None:
    """A list can be the table's own operation, however its verb is written."""
    made = index_of(
        resource_and_method,
        "instances.aggregatedList items[] Instance",
        paged=("instances.aggregatedList",),
        Instance=(made_member("name", "string", ""), SIZE),
    )
    binding = only(thing(*COLUMNS, name="made_instance"), made).binding
    assert binding is not None
    assert (binding.operation, binding.path) == ("instances.aggregatedList", "items[]")
    assert binding.listing is None
