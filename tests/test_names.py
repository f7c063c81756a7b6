"""schemagen.names: what becomes of a page's words."""

from __future__ import annotations

import ast
import keyword

import black
import pytest
from datamodel_code_generator.model.field_name import PYDANTIC_BASE_MODEL_ATTRIBUTES
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from schemagen import names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sagemaker_trainingjob", "SagemakerTrainingjob"),
        ("ec2_instance", "Ec2Instance"),
        ("SecondaryStatusTransition", "SecondaryStatusTransition"),
        ("9lives", "Table9lives"),
        ("none", "TableNone"),
        ("__", "Table"),
    ],
)
def test_class_name_joins_words_in_camel_case(name: str, expected: str) -> None:
    """A table's words become one CamelCase name; capitals are kept."""
    assert names.class_name(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logs", "logs"),
        ("con", "con_"),
        ("lpt1", "lpt1_"),
        ("class", "class_"),
        ("match", "match_"),
        ("2fa", "_2fa"),
        ("__init__", "__init___"),
    ],
)
def test_module_name_is_importable(name: str, expected: str) -> None:
    """A file's stem is importable, and allowed on Windows."""
    assert names.module_name(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_key", "key"),
        ("key_", "key_"),
        ("class", "class_"),
        ("match", "match"),
        ("type", "type"),
        ("list", "list_"),
        ("json", "json_"),
        ("copy", "copy_"),
        ("mro", "mro_"),
        ("schema", "schema_"),
        ("model_artifacts", "model_artifacts"),
        ("model_dump_location", "model_dump_location"),
        ("model_config", "model_config_"),
        ("model_dump", "model_dump_"),
        ("@http.status_code", "http_status_code"),
        ("3d", "field_3d"),
        ("@", "field"),
    ],
)
def test_field_name_is_accepted_by_python_and_pydantic(name: str, expected: str) -> None:
    """A column's attribute is its own name, or else one that Python and pydantic accept."""
    assert names.field_name(name) == expected


_ATTRIBUTES = sorted(
    name for name in {*dir(BaseModel), *dir(type(BaseModel))} if not name.startswith("_")
)


@given(st.text())
def test_field_name_is_always_a_field(name: str) -> None:
    """Whatever a page calls a column, the attribute is an identifier that pydantic keeps."""
    field = names.field_name(name)
    assert field.isidentifier()
    assert not keyword.iskeyword(field)
    assert not field.startswith("_")
    assert not hasattr(BaseModel, field)
    assert names.field_name(field) == field


@pytest.mark.parametrize("name", _ATTRIBUTES)
def test_field_name_shadows_no_attribute_of_models(name: str) -> None:
    """Attributes of the installed pydantic's BaseModel are not used as fields."""
    assert names.field_name(name) == f"{name}_"


@pytest.mark.parametrize("name", sorted(PYDANTIC_BASE_MODEL_ATTRIBUTES))
def test_field_name_agrees_with_datamodel_code_generator(name: str) -> None:
    """datamodel-code-generator never chooses another attribute than `names` does."""
    assert names.field_name(name) != name


@pytest.mark.parametrize(
    ("columns", "attributes"),
    [
        (["_key"], ["key"]),
        (["_key", "key"], ["key_", "key"]),
        (["key", "_key"], ["key", "key_"]),
        (["_key", "key", "key_"], ["key__", "key", "key_"]),
        (["class", "class_", "@class"], ["class__", "class_", "class___"]),
        (["@a.b", "a_b", "@a/b"], ["a_b_", "a_b", "a_b__"]),
    ],
)
def test_field_names_keep_own_names(columns: list[str], attributes: list[str]) -> None:
    """A column whose name is an attribute keeps it, wherever on the page it stands."""
    assert names.field_names(columns) == dict(zip(columns, attributes, strict=True))


_COLUMN = st.sampled_from(["_key", "key", "key_", "@key", "class", "json", "json_"]) | st.text(
    st.sampled_from("ab_.@1"), min_size=1, max_size=4
)


@given(st.lists(_COLUMN, unique=True))
def test_field_names_never_name_another_column(columns: list[str]) -> None:
    """No attribute is the name of another column: populating by name or by alias is unambiguous."""
    fields = names.field_names(columns)
    assert len({*fields.values()}) == len(columns)
    for column, field in fields.items():
        assert field == column or field not in columns


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("S3Uri", "s3_uri"),
        ("AutoMLJobArn", "auto_ml_job_arn"),
        ("VPCConfig", "vpc_config"),
        ("ARNs", "arns"),
        ("KmsKeyID", "kms_key_id"),
        ("creationTime", "creation_time"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_case_gives_names_of_ddsql(name: str, expected: str) -> None:
    """Members of structures get the names that DDSQL's JSON has."""
    assert names.snake_case(name) == expected


def test_nested_names_keeps_names_that_would_collide() -> None:
    """No member of a structure hides another."""
    keys = names.NestedNames.SNAKE_CASE.of(["KeyId", "keyId", "Arn"])
    assert keys == {"KeyId": "KeyId", "keyId": "keyId", "Arn": "arn"}
    assert names.NestedNames.API.of(["KeyId"]) == {"KeyId": "KeyId"}


def test_read_noun_drops_the_verb_of_read_operations() -> None:
    """A read operation is its verb and a noun; operations that write have none. Verbs that list are
    among those that read."""
    assert names.read_noun("ListHostedZones") == "HostedZones"
    assert names.read_noun("BatchGetProjects") == "Projects"
    assert names.read_noun("Get") == ""
    assert names.read_noun("CreateTable") is None


@pytest.mark.parametrize("name", ["ddsql_schemas", "a", "aws2_tables"])
def test_is_package_name_takes_words_joined_by_underscores(name: str) -> None:
    """The name makes a distribution's name that every index keeps as it is."""
    assert names.is_package_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Schemas",
            "my-schemas",
            "my__schemas",
            "_schemas",
            "schemas_",
            "2schemas",
            "schémas",
        ),
        *("a.b", "../a", "a\n", "import", "match", "json", "pydantic", "typing_extensions"),
        *("schemagen", "com1"),
    ],
)
def test_is_package_name_refuses_names_with_another_meaning(name: str) -> None:
    """Neither a folder that leads elsewhere nor a module that somebody else has."""
    assert not names.is_package_name(name)


def test_sql_name_replaces_what_an_engine_cuts_by_a_hash() -> None:
    """Names that an engine would truncate silently, or refuse, are renamed the same way
    everywhere."""
    long = "é" * 40
    cut = names.sql_name(long, max_bytes=63, reserved=())
    assert len(cut.encode()) <= 63
    assert cut == names.sql_name(long, max_bytes=63, reserved=())
    assert cut != names.sql_name(long + "x", max_bytes=63, reserved=())
    assert names.sql_name("ctid", max_bytes=63, reserved={"ctid"}) == "ctid_a6768917"
    assert names.sql_name(long, max_bytes=0, reserved=()) == long


@given(st.text())
@example("'\"\\")
@example('"""')
@example("\ud800\u202e\x00\r\n")
def test_python_literal_reads_back_as_its_text(text: str) -> None:
    """A literal evaluates to its text, escapes what could mislead a reader, and has black's
    form."""
    literal = names.python_literal(text)
    assert ast.literal_eval(literal) == text
    assert literal.isprintable()
    assert black.format_str(f"x = {literal}", mode=black.Mode()) == f"x = {literal}\n"


@pytest.mark.parametrize(
    ("character", "literal"),
    [
        ("é–漢", '"é–漢"'),
        ("\u00ad\u200b\u202e", r'"\xad\u200b\u202e"'),
        ("\u0378", r'"\u0378"'),  # assigned nowhere yet
        ("\U0001f600", r'"\U0001f600"'),  # Unicode 6.1
        ("\U0001fae8", r'"\U0001fae8"'),  # Unicode 15: Python 3.11 escapes it, 3.12 does not
        ("\u1c89", r'"\u1c89"'),  # Unicode 16
    ],
)
def test_python_literal_escapes_the_same_characters_in_every_python(
    character: str, literal: str
) -> None:
    """Which characters are escaped follows a fixed Unicode, so that builds of two Pythons agree."""
    assert names.python_literal(character) == literal


@given(st.text() | st.text(st.sampled_from("a \n\"\\'")))
@example('"')
@example('ends with """')
@example("\\")
@example("\ud800 \u202e \x00 \r \n\t\x85 x")
@example("word " * 40 + '"')
def test_docstring_reads_back_as_its_words(text: str) -> None:
    """A docstring ends where it should, has its words, is printable, and is not changed by
    black."""
    if not text.strip():
        return
    source = f"class A:\n    x: int\n{names.docstring(text, 1, 88)}\n    y: int\n"
    [statement] = ast.parse(source).body
    assert isinstance(statement, ast.ClassDef)
    _, found, last = statement.body
    assert isinstance(found, ast.Expr)
    assert isinstance(last, ast.AnnAssign)
    assert ast.literal_eval(found.value).split() == text.split()
    assert source.replace("\n", "").isprintable()
    assert black.format_str(source, mode=black.Mode()) == source


def test_docstring_wraps_between_words() -> None:
    """Lines have at most the width; line ends of the text are kept, and long words are not
    broken."""
    text = names.docstring("Words " * 8 + "\n\n- item\n" + "x" * 50, 1, 40)
    assert text.split("\n") == [
        '    """Words Words Words Words Words',
        "    Words Words Words",
        "",
        "    - item",
        "    " + "x" * 50,
        '    """',
    ]


@pytest.mark.parametrize(
    ("service", "operation", "table", "expected"),
    [
        ("sagemaker", "DescribeTrainingJob", "sagemaker_trainingjob", True),
        ("cognito-idp", "DescribeUserPool", "cognitoidp_user_pool", True),
        ("cognito-idp", "DescribeUserPool", "cognito_idp_user_pool", True),
        ("cognito-idp", "DescribeUserPool", "cognitoidp_user", False),
        ("sagemaker", "CreateTrainingJob", "sagemaker_trainingjob", False),
    ],
)
def test_reads_table_ignores_hyphens_underscores_and_case(
    service: str, operation: str, table: str, expected: bool
) -> None:
    """Tables are named after services without the hyphens of botocore's names."""
    assert names.reads_table(service, operation, table) is expected
