"""Define what each DDSQL type is in every target. No other file names a target's types.

`TYPES` has one row per DDSQL type; `array<T>` is composed, not a row. `NOTATIONS` has one row per target
that spells types in its own way. `SCALARS` defines what the scalars of AWS APIs are inside a json column.
`schemagen.resolved_types.TypeTable` combines these rows with the user's own rows and rules.

To add a type, add a row to `TYPES`. To add a notation, add a row to `NOTATIONS` and its spelling to
each row of `TYPES`; `schemagen.targets.registry` says which target uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

JsonSchema = dict[str, Any]

PYTHON_TYPE = "x-python-type"
"""Key of an internal annotation: the Python type of this part of a schema, as an importable path.

Readers of the schema either strip it (the JSON Schema that is written) or follow it (the models).
"""


# --- rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PythonType:
    """A type that generated Python code uses, by name.

    With ``definition`` the name is defined in the generated module of type aliases, from
    ``imports`` (pairs of module and name); without it, the name is imported from ``module``.
    """

    name: str
    module: str = ""
    definition: str = ""
    imports: tuple[tuple[str, str], ...] = ()

    @property
    def dotted(self) -> str:
        """The name with its module; that of type aliases is relative to the generated package."""
        return f"{self.module or '._types'}.{self.name}"


@dataclass(frozen=True, slots=True)
class SqlType:
    """A column type of one SQL dialect, and how a row's value becomes a parameter of it.

    ``encode`` and ``decode`` name functions of `schemagen.runtime.convert`: from the row's value to what
    the driver is given, and back from what the driver returns ("" where it is the value itself).
    ``via`` is the type that the parameter is cast to first. ``fetched`` is the type that a selected value
    is cast to where drivers return different Python values for it; "" means no cast. ``extension``
    must exist. ``depth`` is the number of nested lists whose elements are encoded and decoded one by one.
    ``wire`` names the format of what ``encode`` returns in a binary COPY, one of
    `schemagen.runtime.load.binary`; "" where rows are loaded by statements.
    """

    name: str
    encode: str
    decode: str = ""
    via: str = ""
    fetched: str = ""
    extension: str = ""
    depth: int = 0
    wire: str = ""

    def parameter(self, marker: str) -> str:
        """Return the SQL for a parameter of this type; ``marker`` is the driver's ("?", "%s", "$1")."""
        if not self.via:
            return marker
        first = f"CAST({marker} AS {self.via})"
        return first if self.via == self.name else f"CAST({first} AS {self.name})"

    @property
    def selected(self) -> str:
        """The SQL for a value of a column of this type, ``{}``."""
        return f"CAST({{}} AS {self.fetched})" if self.fetched else "{}"


@dataclass(frozen=True, slots=True)
class Notation:
    """A column of the type table: how a target spells types and names.

    ``array`` is the type of an array, with ``{}`` for its element's; "" if the target has none.
    ``max_identifier`` counts bytes of UTF-8; 0 means no limit. Columns may not have the names in
    ``system_columns``. With ``fold_case``, names that differ only in case are one name; with
    ``plain_names``, names consist of ASCII letters, digits and ``_``, without a digit in front.
    ``nullable`` is a type that allows null, with ``{}`` for the type itself.
    """

    name: str
    title: str
    array: str
    max_identifier: int = 0
    system_columns: tuple[str, ...] = ()
    fold_case: bool = False
    plain_names: bool = False
    nullable: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect(Notation):
    """The notation of an SQL engine into which rows are loaded; limits are those of its documentation.

    ``template`` names the engine whose statements make its tables, and ``marker`` is what its Python
    driver takes as parameter.
    ``nested_array`` is the type of an array of arrays where the engine's own arrays are rectangular.
    ``max_key`` counts bytes of a primary key's value, ``min_columns`` and ``max_columns`` columns of a
    table; 0 means no limit.
    """

    template: str
    marker: str
    nested_array: SqlType | None = None
    min_columns: int = 0
    max_columns: int = 0
    max_key: int = 0


@dataclass(frozen=True, slots=True)
class Type:
    """One DDSQL type in every target.

    ``json_schema`` and ``python`` describe a value that is not null: emitters add null.
    ``row`` is the Python annotation of the value in a mapper's row. ``convert`` names the function
    of `schemagen.runtime.convert` that makes it from what boto3 returns, which ``boto3`` says in words.
    ``sql`` maps the names of dialects to types, and ``spelled`` those of all other notations to the
    types' names. ``absent`` is the Python literal that stands for
    a value which an operation asked for it leaves out; "" is null.
    """

    name: str
    python: PythonType
    json_schema: Mapping[str, Any]
    sql: Mapping[str, SqlType]
    row: str
    convert: str
    boto3: str
    absent: str = ""
    spelled: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def record(self) -> tuple[str, str]:
        """The converters between a row's value and the one in a record of a file or data frame, where
        JSON is text; "" if the value is the same."""
        if self.convert == "json_value":
            return "json_text", "json_from_text"
        return self.convert, self.convert if self.convert in ("timestamp", "hstore", "tags") else ""

    @property
    def is_string(self) -> bool:
        """Whether its values are strings without a format."""
        return self.json_schema.get("type") == "string" and "format" not in self.json_schema

    def spelling(self, notation: str) -> str | None:
        """Return the type's name in a notation that is not a dialect.

        A type without a spelling has that of the built-in type with the same converter, because their
        values are the same.
        """
        return self.spelled.get(notation) or _BY_CONVERTER.get(self.convert, {}).get(notation)


@dataclass(frozen=True, slots=True)
class NestedScalar:
    """A scalar of AWS documents inside a json column.

    ``type`` is the row of `TYPES` whose JSON Schema and Python type it has there. ``api`` are the
    words of API pages, ``botocore`` the type names of botocore's models. ``boto3`` annotates what
    boto3 returns, ``row`` what stands in the row's JSON, ``convert`` makes the latter.
    """

    name: str
    type: str
    api: tuple[str, ...]
    botocore: tuple[str, ...]
    boto3: str
    row: str
    convert: str


# --- the notations ------------------------------------------------------------------------------

_JSONB = SqlType(
    "jsonb",
    encode="json_text",
    decode="json_from_text",
    via="jsonb",
    fetched="text",
    wire="json",
)

# Limits: https://www.postgresql.org/docs/current/limits.html; system columns:
# https://www.postgresql.org/docs/current/ddl-system-columns.html. A btree entry holds 2704 bytes,
# 8 of them the tuple's header and 4 the value's.
_POSTGRES = Dialect(
    name="postgres",
    title="PostgreSQL",
    template="postgres",
    marker="%s",
    array="{}[]",
    nested_array=_JSONB,
    max_identifier=63,
    max_columns=1600,
    max_key=2692,
    system_columns=("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"),
)

NOTATIONS: tuple[Notation, ...] = (
    _POSTGRES,
    replace(_POSTGRES, name="postgres_jsonb", title="PostgreSQL, no extension"),
    Dialect(
        name="duckdb",
        title="DuckDB",
        template="duckdb",
        marker="?",
        array="{}[]",
        min_columns=1,
        fold_case=True,
    ),
    Notation("arrow", "Arrow", array="pa.list_({})"),
    Notation("spark", "Spark", array="types.ArrayType({})", fold_case=True),
    # Names: https://cloud.google.com/bigquery/docs/schemas#column_names
    Notation(
        "bigquery",
        "BigQuery",
        array="ARRAY<{}>",
        max_identifier=300,
        fold_case=True,
        plain_names=True,
    ),
    # Names: https://avro.apache.org/docs/1.12.0/specification/#names
    Notation(
        "avro",
        "Avro",
        array='{"type":"array","items":["null",{}]}',
        plain_names=True,
        nullable='["null",{}]',
    ),
)


def _spelled(arrow: str, spark: str, bigquery: str, avro: str) -> Mapping[str, str]:
    return {"arrow": arrow, "spark": spark, "bigquery": bigquery, "avro": avro}


def _sql(
    postgres: SqlType, duckdb: SqlType, postgres_jsonb: SqlType | None = None
) -> Mapping[str, SqlType]:
    return {"postgres": postgres, "postgres_jsonb": postgres_jsonb or postgres, "duckdb": duckdb}


# --- the type table -------------------------------------------------------------------------------

TYPES: tuple[Type, ...] = (
    Type(
        name="string",
        python=PythonType("StrictStr", module="pydantic"),
        json_schema={"type": "string"},
        sql=_sql(SqlType("text", encode="text", wire="text"), SqlType("VARCHAR", encode="text")),
        row="str",
        convert="text",
        spelled=_spelled(
            "pa.string()",
            "types.StringType()",
            "STRING",
            '"string"',
        ),
        boto3="str; U+0000 and lone surrogates are rejected or replaced",
    ),
    Type(
        name="int64",
        python=PythonType(
            "Int64",
            definition="Annotated[StrictInt, Field(ge=-(2**63), le=2**63 - 1)]",
            imports=(("typing", "Annotated"), ("pydantic", "Field"), ("pydantic", "StrictInt")),
        ),
        json_schema={"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        sql=_sql(
            SqlType("bigint", encode="int64", wire="int64"), SqlType("BIGINT", encode="int64")
        ),
        row="int",
        convert="int64",
        spelled=_spelled(
            "pa.int64()",
            "types.LongType()",
            "INT64",
            '"long"',
        ),
        boto3="int within 64 bits, not bool",
    ),
    Type(
        name="float64",
        python=PythonType("StrictFloat", module="pydantic"),
        json_schema={"type": "number"},
        sql=_sql(
            SqlType("double precision", encode="double", wire="float64"),
            SqlType("DOUBLE", encode="double"),
        ),
        row="float",
        convert="float64",
        spelled=_spelled(
            "pa.float64()",
            "types.DoubleType()",
            "FLOAT64",
            '"double"',
        ),
        boto3="float, int, Decimal; no NaN, no infinity",
    ),
    Type(
        name="bool",
        python=PythonType("StrictBool", module="pydantic"),
        json_schema={"type": "boolean"},
        sql=_sql(
            SqlType("boolean", encode="boolean", wire="bool"), SqlType("BOOLEAN", encode="boolean")
        ),
        row="bool",
        convert="boolean",
        spelled=_spelled(
            "pa.bool_()",
            "types.BooleanType()",
            "BOOL",
            '"boolean"',
        ),
        boto3="bool",
    ),
    Type(
        name="timestamp",
        python=PythonType(
            "Timestamp",
            definition="Annotated[AwareDatetime, BeforeValidator(time)]",
            imports=(
                ("typing", "Annotated"),
                ("pydantic", "AwareDatetime"),
                ("pydantic", "BeforeValidator"),
                ("._runtime.fields", "time"),
            ),
        ),
        json_schema={"type": "string", "format": "date-time"},
        sql=_sql(
            SqlType("timestamptz", encode="timestamp", decode="timestamp", wire="timestamp"),
            SqlType("TIMESTAMPTZ", encode="timestamp", decode="timestamp"),
        ),
        row="datetime",
        convert="timestamp",
        spelled=_spelled(
            'pa.timestamp("us", tz="UTC")',
            "types.TimestampType()",
            "TIMESTAMP",
            '{"type":"long","logicalType":"timestamp-micros"}',
        ),
        boto3="aware datetime, moved to UTC",
    ),
    Type(
        name="json",
        python=PythonType(
            "StrictJson",
            definition="Annotated[JsonValue, AfterValidator(strict_json)]",
            imports=(
                ("typing", "Annotated"),
                ("pydantic", "AfterValidator"),
                ("pydantic", "JsonValue"),
                ("._runtime.fields", "strict_json"),
            ),
        ),
        json_schema={},
        sql=_sql(_JSONB, SqlType("JSON", encode="json_text", decode="json_from_text", via="JSON")),
        row="Json",
        convert="json_value",
        spelled=_spelled(
            "pa.string()",
            "types.StringType()",
            "JSON",
            '"string"',
        ),
        boto3="strict JSON: RFC 3339 UTC times, base64 bytes, Decimal exact or as text, no NaN",
    ),
    Type(
        name="hstore",
        python=PythonType(
            "Hstore",
            definition="dict[StrictStr, StrictStr | None]",
            imports=(("pydantic", "StrictStr"),),
        ),
        json_schema={
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        sql=_sql(
            SqlType(
                "hstore",
                encode="hstore_text",
                decode="hstore_from_text",
                via="hstore",
                fetched="text",
                extension="hstore",
                wire="hstore",
            ),
            SqlType("MAP(VARCHAR, VARCHAR)", encode="hstore_json_text", via="JSON"),
            postgres_jsonb=replace(_JSONB, encode="hstore_json_text"),
        ),
        row="dict[str, str | None]",
        convert="hstore",
        spelled=_spelled(
            "pa.map_(pa.string(), pa.string())",
            "types.MapType(types.StringType(), types.StringType())",
            "JSON",
            '{"type":"map","values":["null","string"]}',
        ),
        boto3="dict, or tag list without repeated keys",
    ),
    Type(
        name="hstore_csv",
        python=PythonType(
            "HstoreCsv",
            definition="dict[StrictStr, Annotated[list[StrictStr], AfterValidator(distinct)]]",
            imports=(
                ("typing", "Annotated"),
                ("pydantic", "AfterValidator"),
                ("pydantic", "StrictStr"),
                ("._runtime.fields", "distinct"),
            ),
        ),
        json_schema={
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "string"},
                "uniqueItems": True,
            },
        },
        sql=_sql(
            SqlType(
                "hstore",
                encode="hstore_csv_text",
                decode="hstore_csv_from_text",
                via="hstore",
                fetched="text",
                extension="hstore",
                wire="hstore",
            ),
            SqlType("MAP(VARCHAR, VARCHAR[])", encode="hstore_csv_json_text", via="JSON"),
            postgres_jsonb=replace(_JSONB, encode="hstore_csv_json_text"),
        ),
        row="dict[str, list[str]]",
        convert="tags",
        spelled=_spelled(
            "pa.map_(pa.string(), pa.list_(pa.string()))",
            "types.MapType(types.StringType(), types.ArrayType(types.StringType()))",
            "JSON",
            '{"type":"map","values":{"type":"array","items":"string"}}',
        ),
        boto3="tag list or dict, to {key: sorted unique values}",
        absent="()",
    ),
)

# --- scalars of AWS documents, inside a json column -----------------------------------------------

# API pages: https://docs.aws.amazon.com/sagemaker/latest/APIReference/ ("Type: …" lines).
# botocore: the ``type`` of a shape in botocore/data/*/*/service-2.json.
SCALARS: tuple[NestedScalar, ...] = (
    NestedScalar("string", "string", ("String",), ("string", "character"), "str", "str", "text"),
    NestedScalar(
        "int64",
        "int64",
        ("Integer", "Long"),
        ("integer", "long", "short", "byte"),
        "int",
        "int",
        "int64",
    ),
    NestedScalar(
        "float64", "float64", ("Float", "Double"), ("float", "double"), "float", "float", "float64"
    ),
    NestedScalar("bool", "bool", ("Boolean",), ("boolean",), "bool", "bool", "boolean"),
    NestedScalar(
        "timestamp", "timestamp", ("Timestamp",), ("timestamp",), "datetime", "str", "rfc3339"
    ),
    NestedScalar(
        "binary",
        "string",
        ("Base64-encoded binary data object",),
        ("blob",),
        "bytes",
        "str",
        "base64_text",
    ),
    NestedScalar("json", "json", ("JSON value",), ("document",), "object", "Json", "json_value"),
)


SATISFIED_BY: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string", "timestamp", "binary"}),
    "int64": frozenset({"int64"}),
    "float64": frozenset({"float64", "int64"}),
    "bool": frozenset({"bool"}),
    "timestamp": frozenset({"timestamp"}),
    "binary": frozenset({"string", "timestamp", "binary"}),
}
"""For each scalar, the scalars whose row values satisfy its schema. A row holds timestamps and binary
data as text. Everything satisfies "json", which has no entry."""

STRICT: Mapping[str, str] = {
    "string": "text_or_json",
    "int64": "int64_from_text",
    "float64": "float64",
    "bool": "boolean_from_text",
    "timestamp": "rfc3339_from_text",
    "binary": "base64_text",
    "json": "json_value",
}
"""The converters used when a setting forces the page's type: they reject values of other types. The
ordinary converters accept some of them, such as text for a timestamp."""


# --- what emitters compose ------------------------------------------------------------------------


def array_row(element: str) -> str:
    """Annotate a list in a row, given the annotation of its elements, any of which may be null."""
    return f"list[{element} | None]"


def map_row(value: str) -> str:
    """Annotate a map in a row, given the annotation of its values, any of which may be null."""
    return f"dict[str, {value} | None]"


NULL: JsonSchema = {"type": "null"}


def nullable(schema: Mapping[str, Any]) -> JsonSchema:
    """Allow null besides what ``schema`` allows.

    The result uses anyOf, because datamodel-code-generator turns ``"type": [T, "null"]`` of a map into
    a map of Any.
    """
    options = schema.get("anyOf")
    if options is not None and set(schema) <= {"anyOf"}:
        return {"anyOf": [*options, NULL]}
    return {"anyOf": [dict(schema), NULL]}


def array_schema(items: Mapping[str, Any]) -> JsonSchema:
    return {"type": "array", "items": dict(items)}


def map_schema(values: Mapping[str, Any]) -> JsonSchema:
    return {"type": "object", "additionalProperties": dict(values)}


def object_schema(
    properties: Mapping[str, Any], required: Iterable[str], *, closed: bool
) -> JsonSchema:
    """Make the schema of an object with named properties; ``closed`` forbids others."""
    schema: JsonSchema = {"type": "object", "properties": dict(properties)}
    names = list(required)
    if names:
        schema["required"] = names
    schema["additionalProperties"] = not closed
    return schema


def open_enumeration(
    current: Iterable[str], deprecated: Iterable[str], schema: Mapping[str, Any]
) -> JsonSchema:
    """List the documented values, and allow any other value of ``schema``.

    AWS adds values without notice, which must not make a row invalid.
    """
    options: list[JsonSchema] = []
    if current := list(current):
        options.append({"enum": current})
    if deprecated := list(deprecated):
        options.append({"enum": deprecated, "deprecated": True})
    return {"anyOf": [*options, dict(schema)]}


# --- the table by other keys -----------------------------------------------------------------------


def built_in_sql(dialect: str, name: str, convert: str) -> SqlType | None:
    """Return the SQL type ``name`` as built-in types have it for values that ``convert`` makes. None if
    none has it."""
    for row in TYPES:
        known = row.sql.get(dialect)
        if known and row.convert == convert and known.name.lower() == name.lower():
            return replace(known, name=name)
    return None


_BY_CONVERTER = {row.convert: row.spelled for row in TYPES}
SCALARS_BY_NAME: Mapping[str, NestedScalar] = {scalar.name: scalar for scalar in SCALARS}
API_SCALARS: Mapping[str, str] = {word: row.name for row in SCALARS for word in row.api}
BOTOCORE_SCALARS: Mapping[str, str] = {word: row.name for row in SCALARS for word in row.botocore}

CONVERTIBLE: Mapping[str, frozenset[str]] = {
    "text": frozenset({"string"}),
    "int64": frozenset({"int64"}),
    "float64": frozenset({"float64", "int64"}),
    "boolean": frozenset({"bool"}),
    "timestamp": frozenset({"timestamp"}),
    "json_value": frozenset({"json", "structure", "list", "map"}),
    "hstore": frozenset({"map of strings", "tag list"}),
    "tags": frozenset({"map of strings", "map of lists", "tag list"}),
}
"""The inputs that each converter of a column accepts: scalars of `SCALARS`, and other shapes."""

FROM_MAP_TEXT: Mapping[str, str] = {
    "int64": "int64_from_text",
    "boolean": "boolean_from_text",
    "timestamp": "timestamp_from_text",
    "json_value": "parse_document",
}
"""The converters that make the same values from text. They are used at keys of maps only, where
values of all types are text."""
