"""Statements as the mappers' emitters write them are laid out as black lays them out."""

from __future__ import annotations

from collections.abc import Iterable

from black import format_str
from black.mode import Mode, TargetVersion
from hypothesis import given, settings
from hypothesis import strategies as st

from schemagen.emit.formatting import format_python
from schemagen.emit.layout import (
    lay_out,
    lay_out_empty,
    lay_out_function,
    lay_out_import,
    lay_out_item,
    lay_out_loop,
    lay_out_value,
)

MODE = Mode(target_versions={TargetVersion.PY311})


def words(longest: int) -> st.SearchStrategy[str]:
    return st.integers(1, longest).map(lambda length: "x" * length)


# As long as the names in botocore's models are, and some more.
members = words(70)
structures = words(95)
places = st.builds('"aws.{}.{}"'.format, words(60), members)
types: st.SearchStrategy[str] = st.recursive(
    structures.map("shapes.{}".format) | st.sampled_from(["str", "datetime"]),
    lambda inner: (
        inner.map("list[{} | None]".format)
        | inner.map("dict[str, {} | None]".format)
        | inner.map("Sequence[{}]".format)
    ),
    max_leaves=3,
)
conversions = st.builds("shapes.to_{}({}, {}, errors)".format, structures, members, places) | (
    st.builds("array({}, {}, errors, shapes.to_{})".format, members, places, structures)
)
member_conversions = structures.map("to_{}(member, at, errors)".format) | (
    structures.map("array(member, at, errors, to_{})".format)
)


def assert_black(lines: Iterable[str]) -> None:
    text = "\n".join([*lines, ""])
    assert format_str(text, mode=MODE) == text


@given(member=members, structure=structures, annotation=types)
@settings(deadline=None)
def test_layout_of_typed_dicts_is_that_of_black(
    member: str, structure: str, annotation: str
) -> None:
    """Members of typed dicts are broken where black breaks them, in a class and in a call."""
    row, arriving = f"{annotation} | None", f"NotRequired[ReadOnly[{annotation}]]"
    annotation = annotation.replace("shapes.", "")
    assert_black(
        [
            lay_out(f"class {structure}(TypedDict):"),
            lay_out_value(f"{member}: ", row, 1),
            lay_out_value(f"{member}: ", arriving, 1),
            "",
            "",
            lay_out(f"class {structure}(TypedDict, total=False):"),
            lay_out_value(f"{member}: ", annotation, 1),
            lay_out_value(f"{member}: ", f'"{annotation}"', 1),
            "",
            "",
            f"{member} = TypedDict(",
            f'    "{member}",',
            "    {",
            lay_out_value(f'"{member}": ', row, 2, ","),
            lay_out_value(f'"{member}": ', annotation, 2, ","),
            lay_out_value(f'"{member}": ', f'"{annotation}"', 2, ","),
            lay_out_value(f'"{member}": ', arriving, 2, ","),
            "    },",
            ")",
        ]
    )


@given(member=members, structure=structures, conversion=member_conversions)
@settings(deadline=None)
def test_layout_of_structures_is_that_of_black(
    member: str, structure: str, conversion: str
) -> None:
    """The function of a structure is broken where black breaks it."""
    constant = f"_TO_{structure}"
    assert_black(
        [
            f"{constant} = {{",
            lay_out_item(f'"{member}": "{member}"', 1),
            "}",
            "",
            "",
            lay_out(f"def to_{structure}(value: object, at: str, errors: Errors) -> {structure}:"),
            lay_out_empty("row", structure, 1),
            "    try:",
            lay_out_value("member = ", f'members.get("{member}")', 2),
            "        if member is not None:",
            lay_out_value(f'row["{member}"] = ', conversion, 3),
            "    except ConversionError as error:",
            lay_out(f"raise at_member(error, at, members, row, {constant}) from None", 2),
            "    if len(row) != len(members):",
            lay_out(f"keep_unknown(row, members, {constant}, at, errors, snake_case)", 2),
            "    return row",
        ]
    )


@given(member=members, operation=members, place=places, conversion=conversions)
@settings(deadline=None)
def test_layout_of_tables_is_that_of_black(
    member: str, operation: str, place: str, conversion: str
) -> None:
    """The functions of a table are broken where black breaks them."""
    fetch = f'{member}.get("{operation}")'
    response = f"Callable[[Item], {operation}Response | None] | None"
    passed = f"{operation}=None if {operation} is None else {operation}({member})"
    assert_black(
        [
            "def from_item(",
            "    *,",
            lay_out_value(f"{operation}: ", f"{operation}Response | None", 1, " = None,"),
            lay_out_value(f"{operation}: ", response, 1, " = None,"),
            ") -> Row:",
            lay_out_value(f"{member} = ", fetch, 1),
            lay_out_value(f"{member} = ", f"None if {operation} is None else {fetch}", 1),
            "    if key is None:",
            lay_out(f'raise ConversionError({place}, "the response has no {member}")', 2),
            "    return {",
            lay_out_item(f'"{member}": text(key, {place}, errors)', 2),
            lay_out_value(f'"{member}": ', f"None if {member} is None else {conversion}", 2, ","),
            "    }",
            "",
            "",
            "def from_response(response: Response) -> Iterator[Row]:",
            lay_out(f"yield from_item({member}, {operation}={operation}, errors=errors)", 1),
            lay_out(f"yield from_item({member}, {passed}, errors=errors)", 1),
        ]
    )


@given(module=members, names=st.lists(members, min_size=1, unique=True))
@settings(deadline=None)
def test_layout_of_imports_is_that_of_black(module: str, names: list[str]) -> None:
    """Imports are broken where black breaks them."""
    assert_black([lay_out_import(f"..{module}", names)])


@given(function=words(40), parameter=words(60), returns=words(60))
@settings(deadline=None)
def test_layout_of_single_parameters_is_that_of_black(
    function: str, parameter: str, returns: str
) -> None:
    """A function's only parameter is on a line of its own where black puts it there."""
    head = lay_out_function(function, f"response: {parameter}", f"Iterator[{returns}]")
    assert_black([head, "    return response"])


@given(found=words(60), depth=st.integers(1, 3))
@settings(deadline=None)
def test_layout_of_loops_is_that_of_black(found: str, depth: int) -> None:
    """The iterable of a loop is bracketed where black brackets it."""
    heads = [f"{'    ' * level}if response:" for level in range(depth)]
    loop = lay_out_loop(f"{found}_entry", found, depth)
    assert_black([*heads, loop, f"{'    ' * (depth + 1)}yield {found}_entry"])


def test_lay_out_gives_each_element_of_a_broken_collection_a_line() -> None:
    """black explodes a tuple or list that it breaks, though what is inside would fit on a line."""
    for collection in ('("{0}", "{0}")', '["{0}", "{0}"]', '(("{0}", "{0}"), ("b", "c"))'):
        for length in range(8, 44):
            call = f"f(values={collection.format('a' * length)}, others={collection.format('b')})"
            expected = format_python(f"CALLS = {call}\n").rstrip()
            assert lay_out(f"CALLS = {call}") == expected
