# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Convert boto3 values to row values, and row values to and from the values of database drivers.

Every converter takes ``(value, at, errors)``. ``at`` is the path that messages show
(``table.column``). ``errors`` decides about characters that no database stores, U+0000 and lone
surrogates: ``"strict"`` raises, ``"replace"`` replaces them with U+FFFD. Callers handle None, so a
value is never None. A converter that returns row values accepts row values, and returns them
unchanged.

A value that cannot be converted raises `ConversionError`. Its message has the path and the type of
the value, and never the value itself, because values can be secret; only what identifies its item
is shown.

Only the standard library is used: the modules are copied word for word into generated packages.
"""

from ..fields import distinct
from .arn import arn_account, arn_location, built_arn, explain_missing_arn
from .containers import array, hstore, json_value, mapping, tags
from .decode import (
    hstore_csv_from_text,
    hstore_from_text,
    json_from_text,
    parse_document,
)
from .encode import (
    csv_line,
    hstore_csv_json_text,
    hstore_csv_text,
    hstore_json_text,
    hstore_text,
    json_text,
    text_of,
    text_or_json,
)
from .responses import (
    Operation,
    answers,
    checked_structure,
    identified,
    in_each,
    joined,
    optional_structure,
    page,
    pages,
    require_functions,
    structure_list,
    structures_in_map,
)
from .scalars import (
    ConversionError,
    Errors,
    Json,
    Map,
    base64_text,
    boolean,
    boolean_from_text,
    double,
    float64,
    int64,
    int64_from_text,
    rfc3339,
    rfc3339_from_text,
    text,
    text_from_value,
    timestamp,
    timestamp_from_text,
)
from .structures import (
    at_member,
    keep_unknown,
    map_entries,
    require_single,
    response_members,
    snake_case,
    structure,
)

__all__ = [
    "ConversionError",
    "Errors",
    "Json",
    "Map",
    "Operation",
    "answers",
    "arn_account",
    "arn_location",
    "array",
    "at_member",
    "base64_text",
    "boolean",
    "boolean_from_text",
    "built_arn",
    "checked_structure",
    "csv_line",
    "distinct",
    "double",
    "explain_missing_arn",
    "float64",
    "hstore",
    "hstore_csv_from_text",
    "hstore_csv_json_text",
    "hstore_csv_text",
    "hstore_from_text",
    "hstore_json_text",
    "hstore_text",
    "identified",
    "in_each",
    "int64",
    "int64_from_text",
    "joined",
    "json_from_text",
    "json_text",
    "json_value",
    "keep_unknown",
    "map_entries",
    "mapping",
    "optional_structure",
    "page",
    "pages",
    "parse_document",
    "require_functions",
    "require_single",
    "response_members",
    "rfc3339",
    "rfc3339_from_text",
    "snake_case",
    "structure",
    "structure_list",
    "structures_in_map",
    "tags",
    "text",
    "text_from_value",
    "text_of",
    "text_or_json",
    "timestamp",
    "timestamp_from_text",
]
