"""Where a page and the record disagree about a member, and the settings that choose between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import handmade
from projects import page, pages, run
from schemagen import api
from schemagen.diagnostics import ProblemsFound
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.reconcile import satisfies
from schemagen.typetable import SCALARS

PART = "docs_src/aws_api/made/API_Part.md"
LOCK = "bindings/aws/made.json"
API_PAGE = """\
# Part

An element of DescribeThing:Parts

## Contents

 **Size** <a name="made-Type-Part-Size"></a>
How big it is.
Type: {size}
Required: Yes

 **Owner** <a name="made-Type-Part-Owner"></a>
Type: [Owner](API_Owner.md) object
Required: No
"""
OWNER = """\
# Owner

## Contents

 **Name** <a name="made-Type-Owner-Name"></a>
Type: String
Required: Yes
"""
CHOICE = '\n[[members]]\nservice = "made"\nstructure = "Part"\nmember = "Size"\nuse = "{use}"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path)


def make(folder: Path, *, size: str = "Integer", recorded: str = "string!") -> Path:
    """A table whose column holds parts, with a page and a record of their size."""
    pages(
        folder,
        {
            "ddsql/aws/aws.made_thing.dataset.md": page("aws.made_thing", "parts | core | json"),
            "aws_api/made/API_Part.md": API_PAGE.format(size=size),
            "aws_api/made/API_Owner.md": OWNER,
        },
    )
    document: dict[str, Any] = {
        "service": "made",
        "tables": {
            "aws.made_thing": {
                "operation": "DescribeThing",
                "path": "@",
                "columns": {"parts": {"member": "Parts", "evidence": "name"}},
                "auxiliary": {},
                "unbound": [],
            }
        },
        "outputs": {"DescribeThing": "DescribeThingResponse"},
        "enumerations": {},
        "shapes": {
            "DescribeThingResponse": {"Parts": "list<#Part>"},
            "Owner": {"Name": "string!"},
            "Part": {"Size": recorded, "Owner": "#Owner"},
        },
    }
    (folder / LOCK).parent.mkdir(parents=True)
    (folder / LOCK).write_text(json.dumps(document, indent=1))
    return folder


def problems(project: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        api.render(api.settings(project))
    return [str(problem) for problem in found.value.problems]


def choose(project: Path, use: str) -> None:
    with (project / "schemagen.toml").open("a") as file:
        file.write(CHOICE.format(use=use))


def size_schema(files: dict[str, str]) -> Any:
    schema = json.loads(files["ddsql_schemas/json_schema/aws/made_thing.json"])
    return schema["$defs"]["Part"]["properties"]["size"]


def test_build_refuses_a_member_that_page_and_record_type_differently(project: Path) -> None:
    """The build names both places and the setting that chooses, and writes nothing."""
    line = (project / LOCK).read_text().splitlines().index('   "Size": "string!",') + 1
    expected = (
        f"{PART}:7:1: SG209 made.Part.Size is int64 on the page and string in {LOCK}:{line}, and no"
        " value satisfies both; choose one with [[tool.schemagen.members]] service = 'made',"
        " structure = 'Part', member = 'Size', use = 'page' or 'record'"
    )
    assert problems(project) == [expected]
    done = run(project, "build")
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert not (project / "generated").exists()


def test_build_reports_disagreements_beside_other_problems(project: Path) -> None:
    """What is wrong with the settings' choices is reported together with a disagreement."""
    with (project / "schemagen.toml").open("a") as file:
        file.write(CHOICE.format(use="page").replace("Size", "Sise"))
        file.write(CHOICE.format(use="page").replace("Part", "Prat"))
        file.write(CHOICE.format(use="page").replace("made", "maed"))
    found = problems(project)
    assert [text.split()[1] for text in found] == ["SG209", "SG303", "SG303", "SG303"]
    assert found[1:] == [
        "schemagen.toml:6:1: SG303 made.Part has no member 'Sise'; did you mean 'Size'?",
        "schemagen.toml:11:1: SG303 made.Prat is in neither the pages nor the lock files; did you mean 'Part'?",
        "schemagen.toml:16:1: SG303 no page and no lock file is of the service 'maed'; did you mean 'made'?",
    ]


def test_following_the_record_types_the_schema_after_it(project: Path) -> None:
    """With use = "record" schema and model are those of the record, with the page's words."""
    choose(project, "record")
    files = dict(api.render(api.settings(project)))
    assert size_schema(files) == {"description": "How big it is.", "type": "string"}
    row = '{"parts": [{"size": "12"}]}'
    assert validated(project, files, {"Parts": [{"Size": "12"}]}) == json.loads(row)


def test_following_the_page_makes_the_mapper_convert_or_refuse(project: Path) -> None:
    """With use = "page" the mapper makes the page's type of what arrives, or refuses it."""
    choose(project, "page")
    files = dict(api.render(api.settings(project)))
    assert size_schema(files)["type"] == "integer"
    assert validated(project, files, {"Parts": [{"Size": "12"}]}) == {"parts": [{"size": 12}]}
    with pytest.raises(
        ValueError, match=r"aws\.made_thing\.parts\[0\]\.size: the string is not a dec"
    ):
        validated(project, files, {"Parts": [{"Size": "big"}]})


@pytest.mark.parametrize(
    ("size", "recorded", "value", "expected"),
    [
        ("String", "int64!", 5, "5"),
        ("Boolean", "string!", "True", True),
        ("Timestamp", "string!", "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
        ("Float", "string!", "1.5", None),
        ("Integer", "float64!", 1.5, None),
        ("Array of Timestamps", "list<string>!", ["2026-01-02T03:04:05"], None),
        ("String to Array of Integers map", "map<list<string>>!", {"a": ["1"]}, {"a": [1]}),
        ("Array of strings", "string!", "a", None),
    ],
)
def test_use_page_converts_to_the_type_of_the_page(
    tmp_path: Path, size: str, recorded: str, value: object, expected: object
) -> None:
    """Text becomes what it spells; what cannot become the page's type is refused (None here)."""
    project = make(tmp_path, size=size, recorded=recorded)
    choose(project, "page")
    files = dict(api.render(api.settings(project)))
    item = {"Parts": [{"Size": value}]}
    if expected is None:
        with pytest.raises(ValueError, match="size"):
            validated(project, files, item)
    else:
        assert validated(project, files, item) == {"parts": [{"size": expected}]}


def validated(project: Path, files: dict[str, str], item: dict[str, Any]) -> Any:
    """The row of the mapper, which the model accepts."""
    made_files = handmade.inside(files)
    with handmade.imported(project / "imported", f"members_{project.name}", made_files) as made:
        row = made.module("mappers.aws.made_thing").from_item(item)
        made.module("models.aws.made_thing").MadeThing.model_validate(row)
        return row


def test_no_mapper_makes_structures_of_anything_else(tmp_path: Path) -> None:
    """A choice that cannot be followed is a problem at its line, with what else to choose."""
    project = make(tmp_path, size="[Owner](API_Owner.md) object", recorded="string!")
    choose(project, "page")
    (found,) = problems(project)
    assert found.startswith(
        "schemagen.toml:7:1: SG304 use = 'page' does not settle made.Part.Size, which is Owner on the"
        f" page ({PART}:7) and string in {LOCK}:"
    )
    assert found.endswith("; try 'record'")


def test_agreement_in_substance_needs_no_choice(tmp_path: Path) -> None:
    """A page's float may be recorded as an integer, its text as a time: nothing is refused."""
    for number, (size, recorded) in enumerate(
        [
            ("Float", "int64!"),
            ("String", "timestamp!"),
            ("Long", "int64!"),
            ("JSON value", "#Owner"),
        ]
    ):
        assert api.render(api.settings(make(tmp_path / str(number), size=size, recorded=recorded)))


def test_a_choice_is_kept_by_incremental_builds(project: Path) -> None:
    """A changed choice renders what depends on it."""
    choose(project, "page")
    assert api.build(api.settings(project))
    assert not api.build(api.settings(project))
    text = (project / "schemagen.toml").read_text()
    (project / "schemagen.toml").write_text(text.replace('"page"', '"record"'))
    assert "ddsql_schemas/shapes/aws/made.py" in api.build(api.settings(project)).written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("members = 3", ["1:1: SG302 members must be an array of tables, not 3"]),
        ("members = [3]", ["1:12: SG302 an entry of members must be a table, not 3"]),
        (
            '[[members]]\nservice = "made"\nstructure = "a b"\nuse = 3\nmembr = ""',
            [
                "1:1: SG302 an entry of members must have member: the API's name of a member, such as"
                " 'ChannelName'",
                "3:1: SG302 structure must be the API's name of a structure, such as 'Channel', not"
                " 'a b'",
                "4:1: SG302 use must be 'page' or 'record', not 3",
                "5:1: SG302 unknown key 'membr' of this entry of members (known keys: service,"
                " structure, member, use); did you mean 'member'?",
            ],
        ),
        (
            CHOICE.format(use="page") + CHOICE.format(use="record"),
            ["8:1: SG302 made.Part.Size has another entry on line 2; delete one of them"],
        ),
    ],
)
def test_wrong_entries_are_reported_at_their_keys(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """Every mistake of an entry is a problem at its line and column."""
    (tmp_path / "schemagen.toml").write_text(text)
    with pytest.raises(ProblemsFound) as found:
        api.settings(tmp_path)
    assert [str(problem) for problem in found.value.problems] == [
        f"schemagen.toml:{line}" for line in expected
    ]


STRING, INT, FLOAT, JSON = (Scalar(name) for name in ("string", "int64", "float64", "json"))


@pytest.mark.parametrize(
    ("row", "schema", "right"),
    [
        *((Scalar(scalar.name), JSON, True) for scalar in SCALARS),
        *((Scalar(scalar.name), Scalar(scalar.name), True) for scalar in SCALARS),
        (INT, FLOAT, True),
        (FLOAT, INT, False),
        (STRING, Scalar("timestamp"), False),
        (Scalar("timestamp"), STRING, True),
        (STRING, Scalar("binary"), True),
        (JSON, STRING, False),
        (JSON, StructureRef("A"), False),
        (StructureRef("A"), JSON, True),
        (StructureRef("A"), StructureRef("B"), True),
        (StructureRef("A"), MapOf(JSON), False),
        (MapOf(INT), MapOf(FLOAT), True),
        (ListOf(FLOAT), ListOf(INT), False),
        (ListOf(INT), MapOf(INT), False),
        (INT, ListOf(INT), False),
    ],
)
def test_satisfies_compares_what_stands_in_rows(row: Shape, schema: Shape, right: bool) -> None:
    """A schema is satisfied if each value of the other shape is one of its own."""
    assert satisfies(row, schema) == right
