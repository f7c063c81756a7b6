"""What belongs to another resource is not taken for the item's own: its tags, its ARN, its kind.

Each promise was broken by a table of the data directory; `unseen_tables.txt` has them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_services import COLOUR, KEYED, SIZE, SIZED, THING, Made, index, only, thing
from schemagen.api_models.index import Directory, IndexedMember, fingerprint, words
from schemagen.inference import identity
from schemagen.inference.arn_formats import ResourceArn
from schemagen.inference.infer import Inference, infer
from schemagen.typetable import TypeTable

TAGGED = (IndexedMember("Tags", "map<string>", ""),)
OWNER = IndexedMember("OwnerName", "string", "")


def tags_of(operation: str, *members: IndexedMember) -> tuple[str, ...]:
    """What ``operation`` is asked with for the tags of a thing with more members; () if it is not."""
    made = index("GetThing @ Thing", operation, Thing=(*THING, *members), Tagged=TAGGED)
    binding = only(thing(*KEYED, "tags hstore"), made).binding
    assert binding is not None
    assert (binding.unbound == ("tags",)) == (not binding.enrichments)
    return tuple(
        f"{name}={member}"
        for enrichments in binding.enrichments
        for name, member in enrichments.arguments
    )


@pytest.mark.parametrize(
    ("operation", "asked"),
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
def test_tags_of_the_owner_are_not_the_item_s(operation: str, asked: tuple[str, ...]) -> None:
    """An operation that is called after another resource lists the tags of that one, though the item
    has its name: an access key has the name of its user."""
    assert tags_of(operation, OWNER) == asked


@pytest.mark.parametrize(
    ("member", "asked"),
    [
        ("ResourceArn:thearnofwhatwaspainted", "ResourceArn=ThingArn"),
        ("ResourceArn:", "ResourceArn=ThingArn"),
        ("ResourceArn:thearnofthethingresource", "ResourceArn=ResourceArn"),
        ("ResourceArn:thearnofthespecifiedthing", "ResourceArn=ResourceArn"),
    ],
)
def test_the_arn_of_some_resource_is_not_the_item_s(member: str, asked: str) -> None:
    """A recovery point has the ARN of the resource that it was made of; its tags are asked for with
    its own. Where documentation says that ``ResourceArn`` is the item's, it is."""
    name, _, text = member.partition(":")
    assert tags_of("ListTags @ Tagged ResourceArn!", IndexedMember(name, "string", text)) == (
        asked,
    )


def test_the_id_of_some_resource_is_not_the_item_s() -> None:
    """Nothing is asked with the id of what an item is attached to."""
    other = IndexedMember("ResourceId", "string", "theidoftheapplication")
    own = IndexedMember("ResourceId", "string", "theidofthething")
    assert tags_of("ListTags @ Tagged ResourceId!", other) == ()
    assert tags_of("ListTags @ Tagged ResourceId!", own) == ("ResourceId=ResourceId",)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("youcanretrievetagsforboxesandlids", False),
        ("thearnoftheresourcevalidtargetsareboxesandlids", False),
        ("thearnoftheresourcethesupportedresourcetypesareboxesandlids", False),
        ("thearnoftheresourcethefollowingresourcesaresupportedboxlid", False),
        ("thearnoftheresourcethesupportedresourcetypesareboxesandthings", True),
        ("thearnoftheresourceforalistofsupportedresourcesseetheguide", True),
    ],
)
def test_documentation_names_what_has_tags(text: str, asked: bool) -> None:
    """Where documentation names every kind of resource that an operation lists the tags of, it is
    asked for no other."""
    found = tags_of(f"ListTags @ Tagged ResourceArn!:{text}")
    assert found == (("ResourceArn=ThingArn",) if asked else ())


def test_an_enumeration_is_not_another_of_its_name() -> None:
    """What kind of target a maintenance window has is not what kind of resource is asked for."""
    members = (
        IndexedMember("ThingId", "string", ""),
        IndexedMember("ResourceType", "$TargetType", ""),
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
def test_an_arn_for_the_item_is_not_of_it(member: str, text: str, own: bool) -> None:
    """The ARN of the topic for the notification is not the notification's, whatever it is called;
    ``Arn`` is, whatever was copied into its documentation."""
    made = index("GetPaintedThing @ Thing", Thing=(IndexedMember(member, "string", text), SIZE))
    table = thing("_key string", SIZED, name="made_painted_thing")
    binding = only(table, made).binding
    assert binding is not None
    assert [one.member for one in binding.derived] == ([member] if own else [])


@pytest.mark.parametrize(
    ("member", "text", "own"),
    [
        ("ThingArn", "theresourcethatthethingused", False),
        ("ThingArn", "thearnofthething", True),
        ("PaintedThingArn", "thearnoftheresourcethatwaspainted", True),
    ],
)
def test_the_arn_of_what_the_item_uses_is_not_its_own(member: str, text: str, own: bool) -> None:
    """The TaskArn of a maintenance window's task names the document that the task runs; where the
    member has the item's whole name, it is the item's."""
    made = index("GetPaintedThing @ Answer", Answer=(IndexedMember(member, "string", text), SIZE))
    binding = only(thing("_key string", SIZED, name="made_painted_thing"), made).binding
    assert binding is not None
    assert [one.member for one in binding.derived] == ([member] if own else [])


# --- what no member holds -------------------------------------------------------------------------

NAMED = (IndexedMember("ThingName", "string", ""), SIZE)
BUILT = "arn:${Partition}:made:${Region}:${Account}:thing/${ThingName}"


def asked_of_built(
    operation: str, *members: IndexedMember, tags: bool = True, name: str = "made_thing"
) -> tuple[str, ...]:
    """What ``operation`` is asked with for the tags of a thing whose ARN is built."""
    row = ResourceArn("made", "Thing", BUILT, has_tags=tags)
    made = index("GetThing @ Thing", operation, Thing=(*NAMED, *members), Tagged=TAGGED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "resource_arns", lambda: {("made", "Thing"): row})
        binding = only(thing(*KEYED, "tags hstore", name=name), made).binding
    assert binding is not None
    return tuple(
        f"{parameter}={argument}"
        for enrichments in binding.enrichments
        for parameter, argument in enrichments.arguments
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
def test_an_arn_that_is_built_asks_for_tags(operation: str) -> None:
    """Where an operation takes a resource's ARN and no member of the item holds it, the format that
    builds it is the argument, with the owner's account where the item tells it."""
    parameter = operation.split()[3].partition("!")[0]
    assert asked_of_built(operation) == (f"{parameter}={BUILT}",)
    owner = IndexedMember("OwnerId", "string", "theidoftheaccountthatownsthething")
    owned = BUILT.replace("${Account}", "${OwnerId}")
    assert asked_of_built(operation, owner) == (f"{parameter}={owned}",)
    assert asked_of_built(operation, tags=False) == ()


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
def test_an_arn_that_is_built_is_asked_for_its_own_tags_only(operation: str) -> None:
    """What lists the tags of others, takes no ARN, or needs more than one is not asked."""
    assert asked_of_built(operation) == ()


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        (("WindowId",), ("ResourceId=WindowId",)),
        (("WindowId", "OwnerId"), ("ResourceId=WindowId",)),
        (("WindowId", "DowId"), ()),
        (("BigId",), ()),
        (("OwId",), ()),
        (("WindowId", "Id"), ("ResourceId=Id",)),
    ],
)
def test_an_id_that_is_called_after_the_end_of_the_name(
    ids: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    """A big window is identified by its WindowId, where that is the only id of such a name."""
    operation = "ListTags @ Tagged ResourceId! ResourceType!=Lid|BigWindow"
    members = (*NAMED, *(IndexedMember(name, "string", "") for name in ids))
    made = index("GetBigWindow @ Thing", operation, Thing=members, Tagged=TAGGED)
    binding = only(thing(*KEYED, "tags hstore", name="made_big_window"), made).binding
    assert binding is not None
    assert (
        tuple(
            f"{parameter}={argument}"
            for enrichments in binding.enrichments
            for parameter, argument in enrichments.arguments
        )
        == asked
    )


# --- what the item is -----------------------------------------------------------------------------


def chosen(found: Inference) -> str:
    """The operation of a binding; "" where nothing is bound."""
    return found.binding.operation if found.binding else ""


def test_the_account_is_no_evidence() -> None:
    """That an item has an account does not make it the row: most have one."""
    account = IndexedMember("OwnerId", "string", "theidoftheaccountthatownsit")
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


@pytest.mark.parametrize(("others", "bound"), [(4, True), (5, False)])
def test_a_small_part_of_a_row_is_not_its_item(others: int, bound: bool) -> None:
    """A table is not bound to an item that has one of many columns: that is some other resource. The
    finding says what has most."""
    more = [f"other_{number} string" for number in range(others)]
    found = only(thing(SIZED, *more), index("GetThing @ Thing", Thing=(SIZE,)))
    assert chosen(found) == ("GetThing" if bound else "")
    if not bound:
        assert [problem.message for problem in found.findings] == [
            "aws.made_thing stays unbound: no read operation returns its columns; the closest, "
            "made's GetThing (@), fills 1 of 6, which is too few; set the service, operation and "
            "path in an override"
        ]


def test_a_longer_word_is_not_the_service_s_name() -> None:
    """In "madexpress_thing", "xpress" says what kind of thing it is. Which of two operations returns
    that kind nobody says, so both are named."""
    made = index("ListThings Things[] Thing", "ListFastThings Things[] Thing", Thing=THING)
    assert chosen(only(thing(*KEYED, name="made_thing"), made)) == "ListThings"
    found = only(thing(*KEYED, name="madexpress_thing"), replace(made, aliases=("madexpress",)))
    assert [problem.message for problem in found.findings] == [
        "aws.madexpress_thing stays unbound: made's ListFastThings (Things[]) and made's ListThings "
        "(Things[]) match its columns equally well; choose one in an override"
    ]


def test_the_single_item_that_the_table_s_name_ends_with_decides() -> None:
    """Of operations that return the same, the one is chosen whose name the table's ends with."""
    made = index("GetHouse Thing Thing", "GetThing Thing Thing", Thing=THING)
    assert chosen(only(thing(*KEYED, name="made_small_thing"), made)) == "GetThing"


@pytest.mark.parametrize(
    ("said", "service"),
    [
        ("Whether things of this account are painted.", "madecontrol"),
        ("Whether this thing is painted.", "made"),
        ("Whatever was written here before.", "made"),
    ],
)
def test_documentation_goes_before_the_service_s_name(said: str, service: str) -> None:
    """A service of the table's name, whose documentation is not the page's, is not all that is
    looked at: what another one documents word for word is from there."""
    of_account = IndexedMember(
        "Painted", "bool", words("Whether things of this account are painted.")
    )
    of_thing = IndexedMember("Painted", "bool", words("Whether this thing is painted."))
    services = [
        index("GetPaint Paint Paint", Paint=(of_thing,)),
        replace(index("GetPaint Paint Paint", Paint=(of_account,)), name="madecontrol", aliases=()),
    ]
    made = Made(*services)
    made.directory = Directory(
        made.directory.aliases,
        {
            fingerprint("Painted", one.words): (name.name,)
            for name, one in zip(services, (of_thing, of_account), strict=True)
        },
    )
    binding = infer(thing(f"painted bool {said}", name="made_paint"), TypeTable(), made).binding
    assert binding is not None
    assert binding.service == service
