"""LinkedTable with a binding -> the module that makes rows from responses.

The emitted functions are straight-line code: each bound member is fetched and, where the item has
it, converted. `planner` decides what is fetched and how it is named; this package renders that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.imports import Imports
from schemagen.emit.layout import (
    WIDTH,
    lay_out,
    lay_out_function,
    lay_out_item,
    lay_out_loop,
    lay_out_value,
)
from schemagen.emit.mappers import docstrings, from_item
from schemagen.emit.mappers.plan import InputType, MapperPlan, Response
from schemagen.emit.mappers.planner import local_variable, plan_mapper
from schemagen.emit.mappers.values import Values
from schemagen.emit.parts import RenderContext
from schemagen.emit.shapes import unique
from schemagen.emit.typed_dicts import input_dict, typed_dict
from schemagen.model.paths import Step
from schemagen.names import python_literal
from schemagen.targets.registry import Target


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str | None]:
    """Render the mappers of ``tables``; None for a table without a binding."""
    return [render_table(table) if table.binding is not None else None for table in tables]


def render_table(table: LinkedTable) -> str:
    """Render the mapper of a table, which must have a binding and a recorded service."""
    plan = plan_mapper(table)
    values = Values.of(plan)
    imports, primary = values.imports, plan.primary
    # Everything that adds imports or helpers is rendered before they are read.
    inputs = [_input_type(input_type, values) for input_type in plan.inputs]
    row = _row_type(plan, values)
    finders = [_items_of(found, imports) for found in plan.enrichments if not found.whole]
    for_item = _parameters(plan, plan.enrichments, imports)
    for_response = _parameters(
        plan, plan.additional_calls, imports, per_item=primary.multiple_items
    )
    body = from_item.from_item(plan, values)
    imports.annotation("Iterator, Mapping")
    for name in ("ConversionError", "Errors"):
        imports.exported(name)
    return templating.render(
        "mappers/table.py.j2",
        notice=paths.notice(plan.id),
        id=plan.id,
        service=plan.service.name,
        operations=docstrings.module(plan),
        imports=imports.groups(),
        inputs=inputs,
        row=row,
        functions=[*values.helpers, *finders],
        mapped=[lay_out_item(python_literal(member), 2) for member in plan.mapped],
        from_item_parameters=for_item,
        from_item_arguments=docstrings.from_item(plan),
        from_item=body,
        from_response_parameters=for_response,
        from_response=_from_response(plan),
        response_type=primary.response_type,
        several=primary.multiple_items,
        from_response_arguments=docstrings.from_response(plan),
    )


# --- types ----------------------------------------------------------------------------------------


def _input_type(input_type: InputType, values: Values) -> str:
    members = {member: values.input_type(shape) for member, shape in input_type.read}
    for step, name in input_type.onward:
        members[step.member] = f"Sequence[{name}]" if step.each else name
    return input_dict(input_type.name, sorted(members.items()), values.imports)


def _row_type(plan: MapperPlan, values: Values) -> str:
    annotations: dict[str, str] = {}
    for column in plan.columns:
        type = values.imports.annotation(values.row_type(column.column.type, column.shape))
        annotations[column.name] = type if column.is_key else f"{type} | None"
    values.imports.annotation("TypedDict")
    descriptions = {column.name: column.column.column.description for column in plan.columns}
    return typed_dict("Row", annotations, descriptions=descriptions)


# --- functions ------------------------------------------------------------------------------------


def _parameters(
    plan: MapperPlan, responses: Iterable[Response], imports: Imports, *, per_item: bool = False
) -> list[str]:
    """List the keyword parameters: location, ``responses``, key, errors.

    With ``per_item``, values that vary per item are passed as functions of the item.
    """
    of_item = [
        (found.parameter, f"{found.response_type} | None" if per_item else found.response_type)
        for found in responses
    ]
    if plan.key:
        of_item.append(("key", plan.key.column.type.row))
    annotations = [(name, "str | None") for name in plan.location] + [
        (name, f"Callable[[Item], {type}] | None" if per_item else f"{type} | None")
        for name, type in of_item
    ]
    return [
        *(
            lay_out_value(f"{name}: ", imports.annotation(annotation), 1, " = None,")
            for name, annotation in annotations
        ),
        '    errors: Errors = "strict",',
    ]


def _items_of(response: Response, imports: Imports) -> str:
    """Make the function that yields the items in the response of an enrichment."""
    imports.annotation("Iterator")
    head = lay_out_function(
        from_item.items_of(response),
        f"response: {response.response_type}",
        f"Iterator[{response.item_type}]",
    )
    *outer, last = response.steps
    if not last.each:
        walk = _walk(response.steps, (), lambda path, depth: lay_out(f"yield {path[-1]}", depth))
    else:
        walk = _walk(outer, (), lambda path, depth: _yield_each(last.member, path, depth))
    return "\n".join([head, *walk])


def _yield_each(member: str, path: list[str], depth: int) -> str:
    """Make the statement that yields the elements of a list, or two if it does not fit on a line."""
    value = f"{path[-1]}.get({python_literal(member)})"
    line = f"yield from {value} or ()"
    if depth * 4 + len(line) <= WIDTH:
        return "    " * depth + line
    found = unique(local_variable(member), {"response", *path})
    return f"{lay_out_value(f'{found} = ', value, depth)}\n{'    ' * depth}yield from {found} or ()"


def _from_response(plan: MapperPlan) -> list[str]:
    """Make the statements of ``from_response``."""
    of_item = [response.parameter for response in plan.additional_calls]
    if plan.key:
        of_item.append("key")

    def yield_row(path: list[str], depth: int) -> str:
        item = path[-1]
        arguments = [item]
        arguments += [f"{name}={name}" for name in plan.location]
        arguments += [
            f"{response.parameter}={_narrowed(response, plan.primary, path)}"
            for response in plan.enrichments_in_primary
        ]
        for name in of_item:
            value = f"None if {name} is None else {name}({item})"
            arguments.append(f"{name}={value if plan.primary.multiple_items else name}")
        return lay_out(f"yield from_item({', '.join([*arguments, 'errors=errors'])})", depth)

    return list(_walk(plan.primary.steps, (*of_item, *plan.location), yield_row))


def _narrowed(enrichment: Response, primary: Response, path: list[str]) -> str:
    """Make the expression of the response that holds the item, reduced to the path to this item.

    A response with one item is not reduced. ``path`` are the variables along the primary path.
    """
    shared = 0
    for step, primary_step in zip(enrichment.steps, primary.steps, strict=False):
        if step != primary_step:
            break
        shared += 1
    if not any(step.each for step in enrichment.steps[:shared]):
        return path[0]
    code = path[shared]
    for step in reversed(enrichment.steps[:shared]):
        code = f"{{{python_literal(step.member)}: {f'[{code}]' if step.each else code}}}"
    return code


def _walk(
    steps: Iterable[Step], taken: Iterable[str], leaf: Callable[[list[str], int], str]
) -> Iterator[str]:
    """Make the statements that follow ``steps`` from ``response``, with ``leaf`` for each item.

    ``leaf`` gets the variables along the path. No variable has a name in ``taken``.
    """
    path, depth = ["response"], 1
    names = {"response", "key", "errors", *taken}
    for step in steps:
        found = unique(local_variable(step.member), names)
        yield lay_out(f"{found} = {path[-1]}.get({python_literal(step.member)})", depth)
        if step.each:
            path.append(unique(f"{found}_entry", names))
            yield lay_out_loop(path[-1], found, depth)
        else:
            path.append(found)
            yield "    " * depth + f"if {found} is not None:"
        depth += 1
    yield leaf(path, depth)
