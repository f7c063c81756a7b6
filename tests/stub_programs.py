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
    return "\n\n".join(["from __future__ import annotations", "\n".join(imports), *functions, ""])


def use(binding: Binding) -> str:
    """A function that passes everything that the mapper takes, and reads every column."""
    others = [
        enrichment
        for enrichment in binding.enrichments
        if enrichment.operation != binding.operation
    ]
    given = {
        snake_case(enrichment.operation): response_type(binding.service, enrichment.operation)
        for enrichment in others
    }
    parameters = "".join(f", {name}: {type}" for name, type in given.items())
    several = is_repeated(binding.path)
    passed = "".join(f", {name}={f'lambda item: {name}' if several else name}" for name in given)
    columns = [column.column for column in binding.columns] + [
        column.column for column in binding.derived
    ]
    response = response_type(binding.service, binding.operation)
    return textwrap.dedent(f"""
        def {mapper(binding)}_is_used(response: {response}{parameters}) -> None:
            rows: list[{mapper(binding)}.Row] = list({mapper(binding)}.from_response(response{passed}))
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
