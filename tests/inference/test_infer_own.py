"""Tags, ARNs and types of other resources are not taken for the item's own.

Each test is about a mistake that was made for a table in `tables_behind_the_rules.txt`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_services import (
    COLOUR,
    KEYED,
    SIZE,
    SIZED,
    THING,
    Made,
    index,
    made_member,
    only,
    thing,
    typed,
)
from schemagen.api_models.index import Directory, IndexedMember, fingerprint, words
from schemagen.inference import identity
from schemagen.inference.arn_formats import ResourceArn
from schemagen.inference.infer import Inference, infer

TAGGED = (made_member("Tags", "map<string>", ""),)
OWNER = made_member("OwnerName", "string", "")


def tags_of(operation: str, *members: IndexedMember) -> tuple[str, ...]:
    """Return the arguments with which ``operation`` lists the tags of a thing with more members; () if
    it is not called."""
    made = index("GetThing @ Thing", operation, Thing=(*THING, *members), Tagged=TAGGED)
    binding = only(thing(*KEYED, "tags hstore"), made).binding
    assert binding is not None
    assert (binding.unbound == ("tags",)) == (not binding.enrichments)
    return tuple(
        f"{name}={member}"
        for enrichment in binding.enrichments
        for name, member in enrichment.arguments
    )


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("ListOwnerTags @ Tagged OwnerName!", ()),
        ("ListTagsForOwner @ Tagged OwnerName!", ()),
        ("GetOwnerTagging @ Tagged OwnerName!", ()),
        ("ListThingTags @ Tagged ThingName!", ("ThingName=ThingName",)),
        ("ListTagsForThing @ Tagged ThingName!", ("ThingName=ThingName",)),
        ("ListTagsOfResource @ Tagged ResourceArn!", ("ResourceArn=ThingArn",)),
        ("ListTags @ Tagged ResourceArn!", ("ResourceArn=ThingArn",)),
    ],
)
def test_tag_operations_named_after_other_resources_are_skipped(
    operation: str, arguments: tuple[str, ...]
) -> None:
    """An operation named after another resource lists the tags of that one, even if the item has its name:
    an access key has the name of its user."""
    assert tags_of(operation, OWNER) == arguments


@pytest.mark.parametrize(
    ("member", "argument"),
    [
        ("ResourceArn:thearnofwhatwaspainted", "ResourceArn=ThingArn"),
        ("ResourceArn:", "ResourceArn=ThingArn"),
        ("ResourceArn:thearnofthethingresource", "ResourceArn=ResourceArn"),
        ("ResourceArn:thearnofthespecifiedthing", "ResourceArn=ResourceArn"),
    ],
)
def test_tag_arguments_use_the_own_arn_instead_of_a_resource_arn(
    member: str, argument: str
) -> None:
    """A recovery point has the ARN of the resource that it was made from, but its tags are listed with its
    own. ``ResourceArn`` is used if documentation says that it is the item's."""
    name, _, text = member.partition(":")
    assert tags_of("ListTags @ Tagged ResourceArn!", made_member(name, "string", text)) == (
        argument,
    )


def test_tag_arguments_skip_the_id_of_another_resource() -> None:
    """No operation is called with the id of what an item is attached to."""
    other = made_member("ResourceId", "string", "theidoftheapplication")
    own = made_member("ResourceId", "string", "theidofthething")
    assert tags_of("ListTags @ Tagged ResourceId!", other) == ()
    assert tags_of("ListTags @ Tagged ResourceId!", own) == ("ResourceId=ResourceId",)


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("youcanretrievetagsforboxesandlids", False),
        ("thearnoftheresourcevalidtargetsareboxesandlids", False),
        ("thearnoftheresourcethesupportedresourcetypesareboxesandlids", False),
        ("thearnoftheresourcethefollowingresourcesaresupportedboxlid", False),
        ("thearnoftheresourcethesupportedresourcetypesareboxesandthings", True),
        ("thearnoftheresourceforalistofsupportedresourcesseetheguide", True),
    ],
)
def test_tag_operations_are_called_for_documented_resource_types_only(
    text: str, called: bool
) -> None:
    """If documentation names all kinds of resources that have tags, the operation is called for no other."""
    found = tags_of(f"ListTags @ Tagged ResourceArn!:{text}")
    assert found == (("ResourceArn=ThingArn",) if called else ())


CLUSTER = "arn:aws:made:[^:]+:[0-9]{12}:cluster/.+"
THING_OR_CLUSTER = "arn:aws:made:[^:]+:[0-9]{12}:(thing|cluster)/.+"


@pytest.mark.parametrize(
    ("parameter", "member", "called"),
    [
        (CLUSTER, "arn:aws:made:[^:]+:[0-9]{12}:thing/.+", False),
        (THING_OR_CLUSTER, "arn:aws:made:[^:]+:[0-9]{12}:thing/.+", True),
        (CLUSTER, "", True),
        ("[a-z]{26}", "", False),
        ("", CLUSTER, True),
    ],
)
def test_arguments_match_the_pattern_of_their_parameter(
    parameter: str, member: str, called: bool
) -> None:
    """The ARN of a thing is not passed where the ARN of a cluster, or no ARN at all, is taken."""
    arn = replace(made_member("ThingArn", "string", ""), pattern=member)
    made = index(
        "GetThing @ Thing", "ListTags @ Tagged ResourceArn!", Thing=(arn, SIZE), Tagged=TAGGED
    )
    operation = made.operations["ListTags"]
    [taken] = operation.parameters.values()
    changed = replace(operation, parameters={"ResourceArn": replace(taken, pattern=parameter)})
    made = replace(made, operations={**made.operations, "ListTags": changed})
    binding = only(thing("_key string", "tags hstore_csv", SIZED), made).binding
    assert binding is not None
    assert [call.arguments for call in binding.enrichments] == (
        [(("ResourceArn", "ThingArn"),)] if called else []
    )
    assert dict(binding.reasons) == (
        {}
        if called
        else {
            "tags": "the pattern of ListTags's ResourceArn excludes Thing.ThingArn; set other arguments in an "
            "override"
        }
    )


@pytest.mark.parametrize(
    ("pattern", "arns", "rule"),
    [
        ("", (), "account_from_arn"),
        ("", ("arn:aws:made:<region>::thing/one",), "account_given"),
        ("", ("arn:aws:made::aws:thing/one",), "account_given"),
        ("", ("arn:aws:made:<region>:<account>:thing/one",), "account_from_arn"),
        (
            "",
            ("arn:aws:made:::thing/one", "arn:aws:made::123456789012:thing/one"),
            "account_from_arn",
        ),
        ("arn:aws:made:::thing/.+", (), "account_given"),
        ("arn:aws:made::aws:thing/.+", (), "account_given"),
        ("arn:aws:made::[0-9]{12}:thing/.+", ("arn:aws:made:::thing/one",), "account_from_arn"),
        ("^arn:.*:thing/.+", ("arn:aws:made:::thing/one",), "account_given"),
        ("^arn:.*:thing/.+", (), "account_from_arn"),
    ],
)
def test_account_is_not_taken_from_an_arn_without_account(
    pattern: str, arns: tuple[str, ...], rule: str
) -> None:
    """The pattern of the ARN decides, or else the formats and examples in its documentation."""
    arn = replace(made_member("ThingArn", "string", ""), pattern=pattern, arns=arns)
    made = index("GetThing @ Thing", Thing=(arn, SIZE))
    binding = only(thing("_key string", "account_id string", SIZED), made).binding
    assert binding is not None
    assert {column.column: column.rule for column in binding.derived} == {
        "_key": "arn",
        "account_id": rule,
    }


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("theaccountthatownsthething", True),
        ("theaccountidoftheownerofthething", True),
        ("theaccountidofthethingowner", True),
        ("theaccountthatownstheresource", True),
        ("theaccountassociatedwiththesubscription", True),
        ("theaccountthatownstheboxassociatedwiththething", False),
        ("theaccountidoftheownerofthebox", False),
        ("theaccountidoftheboxowner", False),
        # "The ID of the AFI." is what the documentation of the thing's id says.
        ("theaccountthatownstheafi", True),
    ],
)
def test_account_is_not_that_of_the_owner_of_something_else(text: str, bound: bool) -> None:
    """An operation in a namespace that another account shares is not that account's."""
    members = (
        made_member("OwnerAccount", "string", text),
        made_member("ThingId", "string", "theidoftheafi"),
        SIZE,
    )
    made = index("GetThing @ Thing", Thing=members)
    binding = only(thing("account_id string", "thing_id string", SIZED), made).binding
    assert binding is not None
    assert [column.member for column in binding.columns if column.column == "account_id"] == (
        ["OwnerAccount"] if bound else []
    )
    assert [column.rule for column in binding.derived] == ([] if bound else ["account_given"])


@pytest.mark.parametrize(
    ("text", "derived"),
    [
        ("thearnofthething", []),
        ("thearnofthethingthattheversionbelongsto", []),
        ("thearnofthethingversion", ["Arn"]),
        ("thearnoftheversion", ["Arn"]),
    ],
)
def test_arn_that_all_versions_share_is_no_key(text: str, derived: list[str]) -> None:
    """A version has the ARN of what it is a version of: rows would replace each other."""
    made = index("GetThingVersion @ Thing", Thing=(made_member("Arn", "string", text), SIZE))
    binding = only(thing("_key string", SIZED, name="made_thing_version"), made).binding
    assert binding is not None
    assert [column.member for column in binding.derived] == derived


def test_enumeration_arguments_need_the_same_enumeration() -> None:
    """The type of a maintenance window's target is not the type of resource that a parameter of the same
    name takes."""
    members = (
        made_member("ThingId", "string", ""),
        made_member("ResourceType", "$TargetType", ""),
    )
    operation = "ListTags @ Tagged ResourceType!=box|lid ResourceId!"
    assert tags_of(operation, *members) == ()


@pytest.mark.parametrize(
    ("member", "text", "own"),
    [
        ("PaintedThingArn", "thearnofthetopicforthething", False),
        ("PaintedThingArn", "thearnofthethingforthething", True),
        ("PaintedThingArn", "thearnofthething", True),
        ("Arn", "thearnofthetopic", True),
    ],
)
def test_own_arn_is_not_that_of_a_part(member: str, text: str, own: bool) -> None:
    """The ARN of the topic for the notification is not the notification's, whatever the member's name is;
    ``Arn`` is, whatever its documentation says."""
    made = index("GetPaintedThing @ Thing", Thing=(made_member(member, "string", text), SIZE))
    table = thing("_key string", SIZED, name="made_painted_thing")
    binding = only(table, made).binding
    assert binding is not None
    assert [column.member for column in binding.derived] == ([member] if own else [])


@pytest.mark.parametrize(
    ("member", "text", "own"),
    [
        ("ThingArn", "theresourcethatthethingused", False),
        ("ThingArn", "thearnofthething", True),
        ("PaintedThingArn", "thearnoftheresourcethatwaspainted", True),
    ],
)
def test_own_arn_is_not_that_of_a_related_resource(member: str, text: str, own: bool) -> None:
    """The TaskArn of a maintenance window's task is the ARN of the document that the task runs. A member
    with the item's whole name is the item's."""
    made = index("GetPaintedThing @ Answer", Answer=(made_member(member, "string", text), SIZE))
    binding = only(thing("_key string", SIZED, name="made_painted_thing"), made).binding
    assert binding is not None
    assert [column.member for column in binding.derived] == ([member] if own else [])


# --- ARNs that no member holds --------------------------------------------------------------------

NAMED = (made_member("ThingName", "string", ""), SIZE)
BUILT = "arn:${Partition}:made:${Region}:${Account}:thing/${ThingName}"


def arguments_with_built_arn(
    operation: str, *members: IndexedMember, tags: bool = True, name: str = "made_thing"
) -> tuple[str, ...]:
    """Return the arguments with which ``operation`` lists the tags of a thing whose ARN is built."""
    row = ResourceArn("made", "Thing", BUILT, has_tags=tags)
    made = index("GetThing @ Thing", operation, Thing=(*NAMED, *members), Tagged=TAGGED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "resource_arns", lambda: {("made", "Thing"): row})
        binding = only(thing(*KEYED, "tags hstore", name=name), made).binding
    assert binding is not None
    return tuple(
        f"{parameter}={argument}"
        for enrichment in binding.enrichments
        for parameter, argument in enrichment.arguments
    )


@pytest.mark.parametrize(
    "operation",
    [
        "ListTags @ Tagged ResourceArn!",
        "ListTagsForResource @ Tagged Resource!:thearnoftheresource",
        "ListTagsForResource @ Tagged ResourceId!:thearnoftheresource",
        "GetThingTags @ Tagged arn!",
    ],
)
def test_tag_operations_are_called_with_a_built_arn(operation: str) -> None:
    """If an operation takes a resource's ARN and no member of the item holds it, the ARN format is the
    argument, with the owner's account if the item has it."""
    parameter = operation.split()[3].partition("!")[0]
    assert arguments_with_built_arn(operation) == (f"{parameter}={BUILT}",)
    owner = made_member("OwnerId", "string", "theidoftheaccountthatownsthething")
    owned = BUILT.replace("${Account}", "${OwnerId}")
    assert arguments_with_built_arn(operation, owner) == (f"{parameter}={owned}",)
    assert arguments_with_built_arn(operation, tags=False) == ()


@pytest.mark.parametrize(
    "operation",
    [
        "ListOwnerTags @ Tagged ResourceArn!",
        "ListTags @ Tagged ResourceArn!:youcanretrievetagsforboxesandlids",
        "ListTags @ Tagged OwnerArn!",
        "ListTags @ Tagged ResourceName!:thename",
        "ListTags @ Tagged ResourceArn! OwnerName!",
    ],
)
def test_tag_operations_of_other_resources_take_no_built_arn(operation: str) -> None:
    """Operations that list the tags of other resources, take no ARN, or require more are not called."""
    assert arguments_with_built_arn(operation) == ()


@pytest.mark.parametrize(
    ("ids", "arguments"),
    [
        (("WindowId",), ("ResourceId=WindowId",)),
        (("WindowId", "OwnerId"), ("ResourceId=WindowId",)),
        (("WindowId", "DowId"), ()),
        (("BigId",), ()),
        (("OwId",), ()),
        (("WindowId", "Id"), ("ResourceId=Id",)),
    ],
)
def test_own_id_has_the_end_of_a_noun(ids: tuple[str, ...], arguments: tuple[str, ...]) -> None:
    """A big window is identified by its WindowId if that is the only id of such a name."""
    operation = "ListTags @ Tagged ResourceId! ResourceType!=Lid|BigWindow"
    members = (*NAMED, *(made_member(name, "string", "") for name in ids))
    made = index("GetBigWindow @ Thing", operation, Thing=members, Tagged=TAGGED)
    binding = only(thing(*KEYED, "tags hstore", name="made_big_window"), made).binding
    assert binding is not None
    assert (
        tuple(
            f"{parameter}={argument}"
            for enrichment in binding.enrichments
            for parameter, argument in enrichment.arguments
        )
        == arguments
    )


# --- the choice of the item -----------------------------------------------------------------------


def chosen(found: Inference) -> str:
    """Return the operation of a binding, or "" if nothing is bound."""
    return found.binding.operation if found.binding else ""


def test_account_is_no_evidence_for_an_item() -> None:
    """An item is not the row because it has an account: most items have one."""
    account = made_member("OwnerId", "string", "theidoftheaccountthatownsit")
    made = index(
        "GetPaint @ Paint",
        "DescribeOthers Others[] Other",
        "GetSizes @ Sizes",
        Paint=(COLOUR,),
        Other=(COLOUR, account),
        Sizes=(SIZE,),
    )
    colour = "colour string The colour that the thing was painted in."
    assert chosen(only(thing("account_id string", colour, "width int64"), made)) == "GetPaint"


def test_member_documented_as_the_account_fills_the_account_column() -> None:
    """The owner may be another account than the caller's."""
    account = made_member("OwnerId", "string", "theidoftheaccountthatownsit")
    made = index("GetThing @ Thing", Thing=(SIZE, account))
    binding = only(thing("account_id string", SIZED), made).binding
    assert binding is not None
    assert {column.column: column.member for column in binding.columns} == {
        "account_id": "OwnerId",
        "size": "Size",
    }


@pytest.mark.parametrize(("others", "bound"), [(4, True), (5, False)])
def test_item_with_a_small_share_of_the_columns_is_rejected(others: int, bound: bool) -> None:
    """A table is not bound to an item that has one of many columns, which is some other resource. The
    finding names the closest item."""
    more = [f"other_{number} string" for number in range(others)]
    found = only(thing(SIZED, *more), index("GetThing @ Thing", Thing=(SIZE,)))
    assert chosen(found) == ("GetThing" if bound else "")
    if not bound:
        assert [problem.message for problem in found.findings] == [
            "aws.made_thing stays unbound: no read operation returns its columns; the closest, "
            "made's GetThing (@), fills 1 of 6, which is too few; set the service, operation and "
            "path in an override"
        ]


def test_rest_of_a_longer_first_word_belongs_to_the_subject() -> None:
    """In "madexpress_thing", "xpress" is part of the resource's name. Two operations return that kind of
    resource equally well, so the finding names both."""
    made = index("ListThings Things[] Thing", "ListFastThings Things[] Thing", Thing=THING)
    assert chosen(only(thing(*KEYED, name="made_thing"), made)) == "ListThings"
    found = only(thing(*KEYED, name="madexpress_thing"), replace(made, aliases=("madexpress",)))
    assert [problem.message for problem in found.findings] == [
        "aws.madexpress_thing stays unbound: made's ListFastThings (Things[]) and made's ListThings "
        "(Things[]) match its columns equally well; choose one in an override"
    ]


def test_single_item_whose_noun_ends_the_table_name_is_preferred() -> None:
    """Of operations that return the same, the one whose noun the table's name ends with is chosen."""
    made = index("GetHouse Thing Thing", "GetThing Thing Thing", Thing=THING)
    assert chosen(only(thing(*KEYED, name="made_small_thing"), made)) == "GetThing"


@pytest.mark.parametrize(
    ("description", "service"),
    [
        ("Whether things of this account are painted.", "madecontrol"),
        ("Whether this thing is painted.", "made"),
        ("Whatever was written here before.", "made"),
    ],
)
def test_documentation_of_another_service_outweighs_the_service_name(
    description: str, service: str
) -> None:
    """If the documentation of the service with the table's name is not the page's, other services are
    tried; one that documents a column word for word is chosen."""
    of_account = made_member(
        "Painted", "bool", words("Whether things of this account are painted.")
    )
    of_thing = made_member("Painted", "bool", words("Whether this thing is painted."))
    services = [
        index("GetPaint Paint Paint", Paint=(of_thing,)),
        replace(index("GetPaint Paint Paint", Paint=(of_account,)), name="madecontrol", aliases=()),
    ]
    made = Made(*services)
    made.directory = Directory(
        made.directory.aliases,
        {
            fingerprint("Painted", member.words): (service.name,)
            for service, member in zip(services, (of_thing, of_account), strict=True)
        },
    )
    table = thing(f"painted bool {description}", name="made_paint")
    binding = infer(typed(table), made).binding
    assert binding is not None
    assert binding.service == service


@pytest.mark.parametrize(
    ("text", "required", "derived"),
    [
        ("thearnofthesmblocation", "LocationArn!", ["LocationArn"]),
        ("thearnoftheamazonsmbfilesystemlocation", "LocationArn!", ["LocationArn"]),
        ("thearnofthelocation", "LocationArn!", []),
        ("thearnofthesmblocation", "OtherArn!", []),
    ],
)
def test_own_arn_may_have_the_words_of_the_noun_in_another_order(
    text: str, required: str, derived: list[str]
) -> None:
    """``DescribeLocationSmb`` is called with the ``LocationArn`` of an SMB location, and returns it."""
    members = (made_member("LocationArn", "string", text), SIZE)
    made = index(f"DescribeLocationSmb @ Smb {required}", Smb=members)
    table = thing("_key string", SIZED, name="made_location_smb")
    binding = only(table, made).binding
    assert binding is not None
    assert [column.member for column in binding.derived] == derived
