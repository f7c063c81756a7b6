"""Make names and literals that Python, SQL and file systems accept, from names and text on pages.

Every function is pure and deterministic. Text from pages becomes part of a program only through the
quoting functions of this module.
"""

from __future__ import annotations

import hashlib
import json
import keyword
import re
import sys
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

# Defined there because the generated package also needs it, for members that it does not know.
from schemagen.runtime import convert
from schemagen.runtime.convert import snake_case as snake_case

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)

# Attributes of pydantic.BaseModel and its metaclass, and `list`, which annotations need. Tests compare
# them with the installed pydantic, and with what datamodel-code-generator renames by itself.
_NO_FIELDS = frozenset(
    {"construct", "copy", "dict", "from_orm", "json", "list", "mro", "parse_file", "parse_obj"}
    | {"parse_raw", "register", "schema", "schema_json", "update_forward_refs", "validate"}
    | {"model_computed_fields", "model_config", "model_construct", "model_copy", "model_dump"}
    | {"model_dump_json", "model_extra", "model_fields", "model_fields_set", "model_json_schema"}
    | {"model_parametrized_name", "model_post_init", "model_rebuild", "model_validate"}
    | {"model_validate_json", "model_validate_strings"}
)

# Later Pythons have more, but the output must not depend on the Python that runs a build.
_SOFT_KEYWORDS = frozenset({"_", "case", "match"})

API_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The form of operations, structures, members and parameters in AWS's APIs."""

SERVICE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""The form of service names in botocore."""


@dataclass(frozen=True, slots=True)
class ReadVerb:
    """A verb of operations that only read.

    ``item_rank`` says how likely such an operation returns one item in full, ``listing_rank`` how
    likely it enumerates resources; 0 is the likeliest, None is never. ``only_lists`` marks a verb
    whose responses always hold several items.
    """

    name: str
    item_rank: int
    listing_rank: int | None
    only_lists: bool = False


READ_VERBS = (
    ReadVerb("Describe", item_rank=0, listing_rank=1),
    ReadVerb("Get", item_rank=1, listing_rank=2),
    # It requires the names of what it returns.
    ReadVerb("BatchGet", item_rank=2, listing_rank=None),
    ReadVerb("List", item_rank=3, listing_rank=0, only_lists=True),
)

_WORD = re.compile(r"[A-Za-z0-9]+")
_NOT_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]+")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def class_name(name: str) -> str:
    """Make a class name: ``sagemaker_trainingjob`` -> ``SagemakerTrainingjob``. Capitals are kept."""
    words = _WORD.findall(name)
    joined = "".join(word[0].upper() + word[1:] for word in words)
    is_name = joined.isidentifier() and not keyword.iskeyword(joined)
    return joined if is_name else f"Table{joined}"


MODEL_IMPORTS = frozenset({"BaseModel", "ConfigDict", "Field", "Literal"})
"""The names that modules of models import, besides the types of columns; a test compares them."""

OF_TEMPLATE = frozenset({"DEFER_BUILD", "Structure_"})
"""What the template of a model takes from the package's types. No class that is named here has a name with
an underscore."""

MODEL_BUILTINS = frozenset({"dict", "list", "str"})
"""The builtins in annotations of models."""


def model_name(name: str, taken: Collection[str]) -> str:
    """Name the class of a model in a module that uses the names in ``taken`` for something else."""
    model = class_name(name)
    while model in taken:
        model += "Model"
    return model


def module_name(name: str) -> str:
    """Make the stem of a table's files, which is also the name of its Python module.

    It is in lower case, and not a keyword, a device name of Windows or a special name (``__init__``).
    """
    stem = _NOT_IDENTIFIER.sub("_", name).lower()
    if stem[:1].isdigit():
        stem = f"_{stem}"
    own = stem.startswith("__") and stem.endswith("__")
    reserved = own or keyword.iskeyword(stem) or stem in _SOFT_KEYWORDS
    return f"{stem}_" if reserved or stem in _WINDOWS_DEVICES else stem


def is_device(name: str) -> bool:
    """Whether Windows takes a file called ``name`` for a device, whatever its extension."""
    return name.partition(".")[0].lower() in _WINDOWS_DEVICES


_PACKAGE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

# What the generated package, its extras and its users import.
_FOREIGN_PACKAGES = frozenset(
    {"annotated_types", "boto3", "botocore", "duckdb", "psycopg", "pydantic", "pydantic_core"}
    | {"pytz", "schemagen", "typing_extensions", "typing_inspection"}
)


def is_package_name(name: str) -> bool:
    """Whether the generated package can have the import name ``name``.

    The name of the distribution is derived from it, with hyphens. Package indexes ignore case and
    repeated separators in these names, so neither is allowed.
    """
    taken = (
        keyword.iskeyword(name)
        or name in _SOFT_KEYWORDS
        or name in sys.stdlib_module_names
        or name in _FOREIGN_PACKAGES
        or name in _WINDOWS_DEVICES
    )
    return _PACKAGE_NAME.fullmatch(name) is not None and not taken


def field_name(name: str) -> str:
    """Make the attribute of a model for a single column or member.

    It is the column's own name if Python and pydantic accept it, otherwise the closest name that they
    do; see `field_names` for all columns of a table.

    ``_key`` -> ``key``, ``class`` -> ``class_``, ``model_config`` -> ``model_config_``,
    ``@http.status_code`` -> ``http_status_code``.
    """
    if _is_field(name):
        return name
    stem = _NOT_IDENTIFIER.sub("_", name).strip("_") or "field"
    if stem[0].isdigit():
        stem = f"field_{stem}"
    return stem if _is_field(stem) else f"{stem}_"


def _is_field(name: str) -> bool:
    return bool(_FIELD.fullmatch(name)) and not keyword.iskeyword(name) and name not in _NO_FIELDS


def field_names(names: Iterable[str]) -> dict[str, str]:
    """Map all columns of a table, or members of a structure, to attributes of a model.

    A column whose name is a valid attribute keeps it. The others, in the page's order, get underscores
    appended until their attribute is free. So no attribute is the name of another column, and a model
    that accepts both never assigns a value to the wrong column.
    """
    names = list(names)
    taken = {name for name in names if field_name(name) == name}
    fields: dict[str, str] = {}
    for name in names:
        field = field_name(name)
        if field != name:
            while field in taken:
                field += "_"
            taken.add(field)
        fields[name] = field
    return fields


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sql_name(name: str, *, max_bytes: int, reserved: Collection[str], plain: bool = False) -> str:
    """Make the unquoted SQL identifier for ``name``.

    A name that the engine would truncate (over ``max_bytes`` bytes of UTF-8; 0 is no limit) or reject
    (``reserved``) gets a suffix made from its hash, so that it is the same on every machine.
    """
    too_long = max_bytes and len(name.encode()) > max_bytes
    odd = plain and not _PLAIN.fullmatch(name)
    if not too_long and not odd and name not in reserved:
        return name
    suffix = "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    if odd:
        name = re.sub(r"[^A-Za-z0-9_]", "_", name)
        name = f"_{name}" if name[:1].isdigit() else name
    head = name.encode()[: (max_bytes or 63) - len(suffix)].decode(errors="ignore")
    return head + suffix


def quoted(name: str, opening: str, closing: str) -> str:
    """Quote an SQL identifier with the marks of an engine; a closing mark inside is doubled.

    Raises ValueError for a name that no engine accepts, quoted or not.
    """
    if not name or "\x00" in name:
        raise ValueError(f"not an SQL identifier: {name!r}")
    return opening + name.replace(closing, closing * 2) + closing


def backtick_identifier(name: str) -> str:
    """Quote an identifier as ClickHouse, BigQuery, Spark and MySQL do.

    Raises ValueError for a name that these engines do not read in the same way.
    """
    if "\\" in name:
        raise ValueError(f"engines read a backslash in an identifier differently: {name!r}")
    return quoted(name, "`", "`")


def bracket_identifier(name: str) -> str:
    """Quote an identifier as SQL Server does."""
    return quoted(name, "[", "]")


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def backslash_literal(text: str) -> str:
    """Quote text as ClickHouse, BigQuery, Spark and MySQL do: with backslashes, on one line."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(escapes.get(character, character) for character in text) + "'"


def json_literal(value: object) -> str:
    """Write a value as JSON, in ASCII."""
    return json.dumps(value, allow_nan=False)


def dbt_literal(text: str) -> str:
    """Quote text as a YAML scalar that dbt, which renders all of them with Jinja, shows unchanged."""
    kept = convert.text(text, "description", errors="replace").strip()
    return yaml_literal(re.sub(r"\{(?=[{%#])|(?<=[}%#])\}", r"{{ '\g<0>' }}", kept))


def yaml_literal(text: str) -> str:
    """Quote text as a YAML scalar of one line, in ASCII."""
    # Other than JSON, YAML has no pairs of surrogates.
    return '"' + "".join(map(_yaml_character, text)) + '"'


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """Put text on one line, as for a comment: white space and control characters become spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def python_literal(text: str) -> str:
    """Quote ``text`` as a Python string literal, with the quotes that black prefers.

    Unprintable characters, bidirectional controls and lone surrogates are escaped.
    """
    body = _escaped(text)
    if text.count('"') > text.count("'"):
        return "'" + body.replace("'", "\\'") + "'"
    return '"' + body.replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Escape backslashes and unprintable characters as in a literal, but no quotes."""
    if text.isascii():
        return text.encode("unicode_escape").decode()
    return escape_unprintable(text.replace("\\", "\\\\"))


def escape_unprintable(text: str) -> str:
    """Write characters that Python's ``repr`` does not print as escapes; keep backslashes.

    Which characters those are must not depend on the Python that runs a build: a newer one knows a
    newer Unicode, and prints more. Characters that came after Unicode 3.2, the oldest that every
    Python knows, are therefore escaped as well, emoji among them.
    """
    return "".join(map(_escape_character, text))


_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""The categories that ``str.isprintable`` refuses. It accepts the blank, which is a Zs."""


_SOFT_HYPHEN = "\xad"
"""A dash in Unicode 3.2, and invisible since. No other character has lost its glyph."""


@cache
def _escape_character(character: str) -> str:
    category = unicodedata.ucd_3_2_0.category(character)
    if character == " " or (category not in _UNPRINTABLE and character != _SOFT_HYPHEN):
        return character
    return character.encode("unicode_escape").decode()


def docstring_text(text: str) -> str:
    """Escape ``text`` for the inside of a triple-quoted string, line breaks excepted.

    Backslashes, triple quotes and unprintable characters, including bidirectional controls and lone
    surrogates, are escaped. A quote at the end must not be followed by the closing quotes.
    """
    return "\n".join(map(_escaped, text.split("\n"))).replace('"""', '\\"\\"\\"')


def docstring(text: str, depth: int, width: int) -> str:
    """Format ``text`` as a docstring that is indented by ``depth`` times four columns.

    Line breaks in the text are kept; lines are wrapped between words at ``width`` columns.
    """
    margin = "    " * depth
    lines: list[str] = []
    for line in docstring_text(text.strip()).split("\n"):
        lines += textwrap.wrap(
            line,
            width - len(margin),
            initial_indent="" if lines else '"""',
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    single = len(lines) == 1 and len(margin + lines[0]) + len('"""') <= width
    if single and not lines[0].endswith('"'):
        return f'{margin}{lines[0]}"""'
    return "\n".join(margin + line if line else "" for line in [*lines, '"""'])


def folded(name: str) -> str:
    """Fold case and underscores, so that ``training_job_arn`` and ``TrainingJobArn`` are equal."""
    return name.replace("_", "").lower()


def folded_service(service: str) -> str:
    """Fold a service's name or alias, hyphens and spaces included."""
    return folded(service.replace("-", "").replace(" ", ""))


def read_verb(operation: str) -> ReadVerb | None:
    """Return the verb that the name of an AWS operation begins with, or None if it does not read."""
    return next((verb for verb in READ_VERBS if operation.startswith(verb.name)), None)


def read_noun(operation: str) -> str | None:
    """Remove the verb from the name of a read operation: ``ListHostedZones`` -> ``HostedZones``.

    Returns None if the name begins with none of `READ_VERBS`.
    """
    verb = read_verb(operation)
    return operation.removeprefix(verb.name) if verb else None


def reads_table(service: str, operation: str, table: str) -> bool:
    """Whether a read operation is named after a table, as sagemaker's ``DescribeTrainingJob`` is
    after ``sagemaker_trainingjob``."""
    noun = read_noun(operation)
    return noun is not None and folded_service(service) + folded(noun) == folded(table)


class NestedNames(StrEnum):
    """How the members of structures are named inside json columns.

    DDSQL's own JSON has snake_case keys. If two members of a structure would get the same name, both
    keep the API's.
    """

    SNAKE_CASE = "snake_case"
    API = "api"

    def of(self, members: Iterable[str]) -> dict[str, str]:
        """Map the members of one structure to keys in the row's JSON."""
        names = list(members)
        if self is NestedNames.API:
            return {name: name for name in names}
        snakes = {name: snake_case(name) for name in names}
        counts = Counter(map(snake_case, names))
        return {name: snake if counts[snake] == 1 else name for name, snake in snakes.items()}
