"""Which steps lead from one state of tables to another, and what is refused."""

from __future__ import annotations

from evolve.states import DIALECTS, table
from schemagen.runtime.evolve.choices import parse_allowed
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.state import TableState
from schemagen.runtime.evolve.steps import (
    AddColumn,
    AddKey,
    CastColumn,
    CreateTable,
    DropColumn,
    DropKey,
    DropTable,
    Migration,
    Relation,
    RenameColumn,
    RenameTable,
    SetComment,
    Step,
)

T = "aws.thing"
THING = Relation("aws", "thing")


def planned(
    old: TableState | None,
    new: TableState | None,
    *,
    renames: Renames | None = None,
    allow_loss: tuple[str, ...] = (),
) -> Migration:
    return plan(
        {old.id: old} if old else {},
        {new.id: new} if new else {},
        DIALECTS["postgres"],
        renames,
        allow_loss,
    )


def steps(migration: Migration) -> list[Step]:
    assert migration.refusals == ()
    return list(migration.steps)


def test_plan_of_equal_states_is_empty() -> None:
    """Nothing to do is no step at all."""
    thing = table(T, {"_key": "string", "tags": "hstore"})
    assert not planned(thing, thing)
    assert steps(planned(thing, thing)) == []


def test_plan_creates_tables_adds_columns_and_sets_comments() -> None:
    """What is new is created, with its comments."""
    thing = table(T, {"_key": "string"}, comments={"_key": "A key."})
    assert steps(planned(None, thing)) == [CreateTable(thing)]
    new = table(T, {"_key": "string", "size": "int64"}, comments={"": "A thing.", "size": "Large."})
    assert steps(planned(thing, new)) == [
        AddColumn(THING, new.columns[1]),
        SetComment(THING, "", "_key"),
        SetComment(THING, "Large.", "size"),
        SetComment(THING, "A thing."),
    ]


def test_plan_refuses_to_drop_what_was_not_allowed() -> None:
    """Each loss is named, with what to pass; with it, the destructive steps are apart and last."""
    old = table(T, {"_key": "string", "size": "int64"})
    new = table(T, {"_key": "string", "name": "string"})
    [refusal] = planned(old, new).refusals
    assert str(refusal) == (
        "aws.thing.size: the column is gone, and its values would be lost; "
        "pass --allow-loss aws.thing.size"
    )
    assert not refusal.renames  # The new column has another type.
    assert steps(planned(old, new, allow_loss=("aws.thing.size",))) == [
        AddColumn(THING, new.columns[1]),
        DropColumn(THING, T, "size", "size"),
    ]
    [refusal] = planned(old, None).refusals
    assert (refusal.table, refusal.column, refusal.option) == (T, "", T)
    assert steps(planned(old, None, allow_loss=(T,))) == [DropTable(THING, T)]


def test_plan_names_renames_before_losses() -> None:
    """Where what is gone may have another name now, the refusal names that first: it loses nothing."""
    old = table(T, {"_key": "string", "state": "string"})
    new = table(T, {"_key": "string", "a b": "string", "c": "int64", "d": "string"})
    [refusal] = planned(old, new).refusals
    assert str(refusal).partition("; ")[2] == (
        "pass --rename 'aws.thing.state=a b' or --rename aws.thing.state=d if it was renamed; "
        "--allow-loss aws.thing.state drops it"
    )
    many = table(T, {"_key": "string", **dict.fromkeys("abcde", "string")})
    [refusal] = planned(old, many).refusals
    assert " or --rename aws.thing.state=c or the same with one of 2 other names if" in str(refusal)
    other, unlike = table("aws.other", {"_key": "string"}), table("aws.unlike", {"id": "string"})
    tables = {"aws.other": other, "aws.unlike": unlike}
    [refusal] = plan({T: table(T, {"_key": "string"})}, tables, DIALECTS["postgres"]).refusals
    assert refusal.renames == ("aws.thing=aws.other",)


def test_a_table_that_may_be_lost_stands_for_its_columns() -> None:
    """`--allow-loss TABLE` covers each of its columns, and no column of another table."""
    tables = {id: table(id, {"_key": "string", "size": "int64"}) for id in (T, "aws.other")}
    allowed = parse_allowed([T], tables)
    assert allowed == {T, "aws.thing._key", "aws.thing.size"}
    new = table(T, {"_key": "string", "name": "string"})
    assert steps(planned(tables[T], new, allow_loss=tuple(allowed)))[-1] == DropColumn(
        THING, T, "size", "size"
    )


def test_plan_casts_types_and_replaces_what_has_no_cast() -> None:
    """A column with a conversion is cast, any other one makes room for an empty one, if it may."""
    old = table(T, {"_key": "string", "tags": "hstore", "size": "bool"})
    new = table(T, {"_key": "string", "tags": "hstore_csv", "size": "int64"})
    [refusal] = planned(old, new).refusals
    assert "size: its type changes from bool to int64" in str(refusal)
    rename, add, change, drop = steps(planned(old, new, allow_loss=("aws.thing.size",)))
    assert rename == RenameColumn(THING, "size", "size", "ddsql_old_1")
    assert add == AddColumn(THING, new.columns[2])
    assert isinstance(change, CastColumn)
    assert (change.old, change.new, change.key) == (old.columns[1], new.columns[1], "_key")
    assert drop == DropColumn(THING, T, "size", "ddsql_old_1")


def test_plan_renames_in_an_order_that_no_name_stands_in_the_way_of() -> None:
    """Chains are renamed from their end, cycles by a third name."""
    old = table(T, {"_key": "string", "a": "string", "b": "string", "c": "string"})
    renames = Renames(columns={(T, "a"): "b", (T, "b"): "a", (T, "c"): "d"})
    new = table(T, {"_key": "string", "b": "string", "a": "string", "d": "string"})
    found = steps(planned(old, new, renames=renames))
    assert found == [
        RenameColumn(THING, "c", "c", "d"),
        RenameColumn(THING, "a", "a", "ddsql_old_1"),
        RenameColumn(THING, "b", "b", "a"),
        RenameColumn(THING, "a", "ddsql_old_1", "b"),
    ]


def test_plan_renames_tables_and_moves_others_out_of_the_way() -> None:
    """A table that takes the name of one that is dropped comes after it has moved."""
    old = {id: table(id, {"_key": "string"}) for id in ("aws.old", "aws.new")}
    new = {"aws.new": table("aws.new", {"_key": "string"})}
    found = plan(
        old, new, DIALECTS["postgres"], Renames(tables={"aws.old": "aws.new"}), ["aws.new"]
    )
    assert steps(found) == [
        RenameTable(Relation("aws", "new"), Relation("aws", "ddsql_old_1")),
        RenameTable(Relation("aws", "old"), Relation("aws", "new")),
        DropTable(Relation("aws", "ddsql_old_1"), "aws.new"),
    ]


def test_plan_changes_the_key() -> None:
    """The old key goes before the new one comes; a key that is renamed stays."""
    old = table(T, {"_key": "string", "name": "string"})
    new = table(T, {"_key": "string", "name": "string"}, key="name")
    assert steps(planned(old, new)) == [DropKey(THING, "_key"), AddKey(THING, T, "name", "name")]
    renamed = table(T, {"id": "string", "name": "string"}, key="id")
    renames = Renames(columns={(T, "_key"): "id"})
    assert steps(planned(old, renamed, renames=renames)) == [
        RenameColumn(THING, "_key", "_key", "id")
    ]
