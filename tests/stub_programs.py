"""Programs that hand every response, as boto3's stubs type it, to the mapper of its table."""

from __future__ import annotations

import ast
import importlib.util
import textwrap
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from botocore import xform_name

from schemagen.model.bindings import Binding
from schemagen.model.paths import is_repeated
from schemagen.names import module_name
from schemagen.runtime.convert import snake_case

MISTAKE = "  # mistake"


def package(service: str) -> str:
    """The package of the service's stubs."""
    return f"types_boto3_{service.replace('-', '_')}"


@cache
def returned(service: str) -> Mapping[str, str]:
    """The types that the methods of the service's client return, by method, from its stubs."""
    spec = importlib.util.find_spec(package(service))
    assert spec is not None
    assert spec.origin is not None
    stub = Path(spec.origin).parent / "client.pyi"
    [client] = [
        node
        for node in ast.parse(stub.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Client")
    ]
    return {
        node.name: ast.unparse(node.returns)
        for node in client.body
        if isinstance(node, ast.FunctionDef) and node.returns is not None
    }


@cache
def paginated(service: str) -> Mapping[str, str]:
    """The types of the pages of the service's paginators, by operation, from its stubs."""
    spec = importlib.util.find_spec(package(service))
    assert spec is not None
    assert spec.origin is not None
    stub = Path(spec.origin).parent / "paginator.pyi"
    if not stub.exists():
        return {}
    return {
        paginator.name.removesuffix("Paginator"): ast.unparse(method.returns)
        for paginator in ast.parse(stub.read_text("utf-8")).body
        if isinstance(paginator, ast.ClassDef)
        for method in paginator.body
        if isinstance(method, ast.FunctionDef)
        and method.name == "paginate"
        and method.returns is not None
    }


def pages_type(service: str, operation: str) -> str | None:
    """What the operation's paginator returns, as a program writes it; None if it has no paginator."""
    found = paginated(service).get(operation)
    if found is None:
        return None
    generic, _, page = found.removesuffix("]").partition("[")
    assert generic == "PageIterator"
    return f"PageIterator[{alias(service)}.{page}]"


def response_type(service: str, operation: str) -> str:
    """What boto3 returns for the operation, as a program writes it that imports `type_defs`."""
    return f"{alias(service)}.{returned(service)[xform_name(operation)]}"


def alias(service: str) -> str:
    return package(service).removeprefix("types_boto3_") + "_types"


def mapper(binding: Binding) -> str:
    return module_name(binding.table.partition(".")[2])


def program(functions: Iterable[str], bindings: Iterable[Binding]) -> str:
    """A program of these functions, about the tables of ``bindings``."""
    bindings = list(bindings)
    imports = [
        *(f"from ddsql_schemas.mappers.aws import {mapper(binding)}" for binding in bindings),
        *sorted(
            {
                f"import {package(binding.service)}.type_defs as {alias(binding.service)}"
                for binding in bindings
            }
        ),
    ]
    functions = list(functions)
    text = "\n\n".join(functions)
    needed = [
        statement
        for name, statement in (
            ("cast(", "from typing import cast"),
            ("PageIterator[", "from botocore.paginate import PageIterator"),
        )
        if name in text
    ]
    head = "from __future__ import annotations"
    return "\n\n".join([head, "\n".join([*needed, *imports]), text, ""])


def use(binding: Binding, *, pages: bool = False, cast_to: str = "") -> str:
    """A function that passes everything that the mapper takes, and reads every column.

    With ``pages``, the arguments are what paginators return, where there are any. With ``cast_to``, the
    response is cast to that type of the mapper, and the other arguments to theirs.
    """

    def type_of(operation: str) -> str:
        paged = pages_type(binding.service, operation) if pages else None
        return paged or response_type(binding.service, operation)

    others = [
        enrichment
        for enrichment in binding.enrichments
        if enrichment.operation != binding.operation
    ]
    arguments = {
        snake_case(enrichment.operation): type_of(enrichment.operation) for enrichment in others
    }
    parameters = "".join(f", {name}: {type}" for name, type in arguments.items())
    several = is_repeated(binding.path)
    name = mapper(binding)
    values = {
        argument: f'cast("{name}.{enrichment.operation}Response", {argument})'
        if cast_to
        else argument
        for enrichment, argument in zip(others, arguments, strict=True)
    }
    passed = "".join(
        f", {argument}={f'lambda item: {value}' if several else value}"
        for argument, value in values.items()
    )
    columns = [column.column for column in binding.columns] + [
        column.column for column in binding.derived
    ]
    response = type_of(binding.operation)
    given = f'cast("{name}.{cast_to}", response)' if cast_to else "response"
    return textwrap.dedent(f"""
        def {name}_is_used{"_by_pages" * pages}(response: {response}{parameters}) -> None:
            rows: list[{name}.Row] = list({name}.from_response({given}{passed}))
            for row in rows:
                print({", ".join(f"row[{name!r}]" for name in columns)})
    """).strip()


def misuse(binding: Binding, other: Binding) -> str:
    """A function that passes the response of another table, and the response itself as each
    auxiliary one; each such line ends with `MISTAKE`."""
    several = is_repeated(binding.path)
    name = mapper(binding)
    lines = [f"{name}.from_response(other)"]
    for enrichment in binding.enrichments:
        if enrichment.operation != binding.operation:
            value = "lambda item: response" if several else "response"
            lines.append(
                f"{name}.from_response(response, {snake_case(enrichment.operation)}={value})"
            )
    body = "\n".join(f"    {line}{MISTAKE}" for line in lines)
    response = response_type(binding.service, binding.operation)
    wrong = response_type(other.service, other.operation)
    return f"def {name}_is_misused(response: {response}, other: {wrong}) -> None:\n{body}"
