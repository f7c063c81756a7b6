"""Names and literals: from the words of documents to what Python, SQL and file systems accept.

Every function is pure and deterministic. Text from pages becomes part of a program only through
the quoting functions of this module.
"""

from __future__ import annotations

import hashlib
import keyword
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum

# Defined there because the generated package needs it too, for members that are new to it.
from schemagen.runtime.convert import snake_case as snake_case

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)

# Attributes that pydantic.BaseModel or its metaclass has, and `list`, which annotations need. Tests
# compare with the installed pydantic and with what datamodel-code-generator renames by itself.
_NO_FIELDS = frozenset(
    {"construct", "copy", "dict", "from_orm", "json", "list", "mro", "parse_file", "parse_obj"}
    | {"parse_raw", "register", "schema", "schema_json", "update_forward_refs", "validate"}
    | {"model_computed_fields", "model_config", "model_construct", "model_copy", "model_dump"}
    | {"model_dump_json", "model_extra", "model_fields", "model_fields_set", "model_json_schema"}
    | {"model_parametrized_name", "model_post_init", "model_rebuild", "model_validate"}
    | {"model_validate_json", "model_validate_strings"}
)

# Later Pythons have more, which may not change what is generated.
_SOFT_KEYWORDS = frozenset({"_", "case", "match"})

API_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The names of operations, structures, members and parameters in AWS's APIs."""

SERVICE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""botocore's names of services."""

READ_VERBS = ("Describe", "Get", "BatchGet", "List")
"""The verbs of operations that only read; those that return one full item come first."""

LISTING_VERBS = ("List", "Describe", "Get")
"""The verbs of operations that can enumerate resources, the likeliest first. BatchGet operations
cannot, because they require the names of what they return."""

_WORD = re.compile(r"[A-Za-z0-9]+")
_NOT_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]+")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def class_name(name: str) -> str:
    """``sagemaker_trainingjob`` -> ``SagemakerTrainingjob``. Existing capitals are kept."""
    words = _WORD.findall(name)
    joined = "".join(word[0].upper() + word[1:] for word in words)
    is_name = joined.isidentifier() and not keyword.iskeyword(joined)
    return joined if is_name else f"Table{joined}"


MODEL_IMPORTS = frozenset({"BaseModel", "ConfigDict", "Field", "Literal"})
"""Names that modules of models import besides the types of columns; a test compares them."""


def model_name(name: str, taken: Collection[str]) -> str:
    """The class of a model in a module that uses the names in ``taken`` for something else."""
    model = class_name(name)
    while model in taken:
        model += "Model"
    return model


def module_name(name: str) -> str:
    """The stem of a table's files, and its Python module: lower case, no keyword, no device name,
    and no name that a package has for itself (``__init__``)."""
    stem = _NOT_IDENTIFIER.sub("_", name).lower()
    if stem[:1].isdigit():
        stem = f"_{stem}"
    own = stem.startswith("__") and stem.endswith("__")
    reserved = own or keyword.iskeyword(stem) or stem in _SOFT_KEYWORDS
    return f"{stem}_" if reserved or stem in _WINDOWS_DEVICES else stem


_PACKAGE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

# What the generated package, its extras and its users import.
_FOREIGN_PACKAGES = frozenset(
    {"annotated_types", "boto3", "botocore", "duckdb", "psycopg", "pydantic", "pydantic_core"}
    | {"pytz", "schemagen", "typing_extensions", "typing_inspection"}
)


def is_package_name(name: str) -> bool:
    """Whether the generated package can have the import name ``name``.

    The name of the distribution is made from it, with hyphens. Package indexes compare those names
    without case, and take repeated separators for one, so neither occurs.
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
    """The attribute of a model for a column or a member that stands alone: its own name wherever
    Python and pydantic accept that, otherwise the nearest name that they do.

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
    """The attributes of all columns of a table, or members of a structure.

    A column whose own name is an attribute keeps it; the others, in the page's order, get
    underscores until their attribute is free. So no attribute is the name of another column, and a
    model that accepts both never takes a value for the wrong column.
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


def sql_name(name: str, *, max_bytes: int, reserved: Collection[str]) -> str:
    """The unquoted SQL identifier for ``name``.

    A name that the engine would cut (over ``max_bytes`` bytes of UTF-8; 0 is no limit) or refuse
    (``reserved``) gets a suffix made from its hash, so that it stays the same on every machine.
    """
    too_long = max_bytes and len(name.encode()) > max_bytes
    if not too_long and name not in reserved:
        return name
    suffix = "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    head = name.encode()[: (max_bytes or 63) - len(suffix)].decode(errors="ignore")
    return head + suffix


def sql_identifier(name: str) -> str:
    """``name``, always quoted."""
    return '"' + name.replace('"', '""') + '"'


def sql_literal(text: str, *, escapes: bool = True) -> str:
    """``text`` as an SQL string. With a backslash it is an E-string, which PostgreSQL reads the
    same whatever ``standard_conforming_strings`` says. DuckDB keeps the backslashes of an E-string
    in COMMENT, and never reads any in a plain string: ``escapes=False`` writes that."""
    quoted = text.replace("'", "''")
    if escapes and "\\" in quoted:
        return "E'" + quoted.replace("\\", "\\\\") + "'"
    return f"'{quoted}'"


def python_literal(text: str) -> str:
    """``text`` as a Python string literal, quoted as black quotes it; unprintable characters,
    bidirectional controls and lone surrogates are escaped."""
    # With both quotes in front, repr always uses single quotes and escapes just those.
    body = repr("'\"" + text)[4:-1]
    if text.count('"') > text.count("'"):
        return f"'{body}'"
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def docstring_text(text: str) -> str:
    """``text`` as it stands inside a triple-quoted string: backslashes, triple quotes and whatever
    is unprintable (bidirectional controls and lone surrogates, too) are escaped, line ends are not. A
    quote at the end may not stand before the closing ones.
    """
    lines = (repr("'\"" + line)[4:-1].replace("\\'", "'") for line in text.split("\n"))
    return "\n".join(lines).replace('"""', '\\"\\"\\"')


def docstring(text: str, depth: int, width: int) -> str:
    """``text`` as a docstring that is indented by ``depth`` times four columns.

    Its own line ends stay; lines are wrapped between words to at most ``width`` columns.
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
    """``name`` without underscores and case: ``training_job_arn`` and ``TrainingJobArn`` agree."""
    return name.replace("_", "").lower()


def folded_service(service: str) -> str:
    """Fold a service's name or alias, hyphens and spaces included."""
    return folded(service.replace("-", "").replace(" ", ""))


def read_noun(operation: str) -> str | None:
    """The name of a read operation without its verb (``ListHostedZones`` -> ``HostedZones``), or
    None if the name begins with none of `READ_VERBS`."""
    for verb in READ_VERBS:
        if operation.startswith(verb):
            return operation.removeprefix(verb)
    return None


def reads_table(service: str, operation: str, table: str) -> bool:
    """Whether a read operation is named after a table, as sagemaker's ``DescribeTrainingJob`` is
    after ``sagemaker_trainingjob``."""
    noun = read_noun(operation)
    return noun is not None and folded_service(service) + folded(noun) == folded(table)


class NestedNames(StrEnum):
    """The names of structures' members inside json columns.

    DDSQL's own JSON holds snake_case keys. Where two members of a structure would get one name,
    both keep the API's.
    """

    SNAKE_CASE = "snake_case"
    API = "api"

    def of(self, members: Iterable[str]) -> dict[str, str]:
        """Member names of one structure -> keys in the row's JSON."""
        names = list(members)
        if self is NestedNames.API:
            return {name: name for name in names}
        counts = Counter(snake_case(name) for name in names)
        return {name: snake if counts[snake := snake_case(name)] == 1 else name for name in names}
