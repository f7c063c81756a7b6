"""LinkedTable with a binding -> the module that makes rows from responses.

The emitted functions are straight lines: each bound member is fetched, and converted where it is
there. `planner` settles what is fetched and what it is called; the rest spells that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from schemagen.emit import paths, templating
from schemagen.emit.imports import Imports
from schemagen.emit.layout import (
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
from schemagen.emit.shapes import unique
from schemagen.emit.typed_dicts import input_dict, typed_dict
from schemagen.link import LinkedTable
from schemagen.model.responses import Step
from schemagen.names import python_literal


def render_table(table: LinkedTable) -> str:
    """The mapper of a table that has a binding and its service's record."""
    plan = plan_mapper(table)
    values = Values.of(plan)
    imports, primary = values.imports, plan.primary
    # Everything that imports, or needs a helper, is made before imports and helpers are asked for.
    inputs = [_input_type(one, values) for one in plan.inputs]
    row = _row_type(plan, values)
    finders = [_items_of(one, imports) for one in plan.enrichments if not one.whole]
    of_one = _parameters(plan, plan.enrichments, imports)
    of_all = _parameters(plan, plan.asked, imports, of_each=primary.several)
    body = from_item.from_item(plan, values)
    imports.annotation("Iterator, Mapping")
    for name in ("ConversionError", "Errors"):
        imports.exported(name)
    return templating.render(
        "mappers/table.py.j2",
        notice=paths.notice(plan.id),
        id=plan.id,
        service=plan.service.name,
        operation=primary.operation,
        reading=docstrings.how_the_table_is_read(plan),
        imports=imports.groups(),
        inputs=inputs,
        row=row,
        functions=[*values.helpers, *finders],
        mapped=[lay_out_item(python_literal(member), 2) for member in plan.mapped],
        from_item_parameters=of_one,
        documented=docstrings.what_from_item_takes(plan),
        from_item=body,
        from_response_parameters=of_all,
        from_response=_from_response(plan),
        response_type=primary.response_type,
        several=primary.several,
        place=plan.place,
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
    return typed_dict("Row", annotations)


# --- functions ------------------------------------------------------------------------------------


def _parameters(
    plan: MapperPlan, responses: Iterable[Response], imports: Imports, *, of_each: bool = False
) -> list[str]:
    """Keyword parameters: the place, ``responses``, the key. With ``of_each``, what belongs to one
    of several items is asked for with a function of the item."""
    of_item = [
        (one.parameter, f"{one.response_type} | None" if of_each else one.response_type)
        for one in responses
    ]
    if plan.key:
        of_item.append(("key", plan.key.column.type.row))
    annotations = [(name, "str | None") for name in plan.place] + [
        (name, f"Callable[[Item], {type}] | None" if of_each else f"{type} | None")
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
    """The function that yields the items in an auxiliary response."""
    imports.annotation("Iterator")
    head = lay_out_function(
        from_item.items_of(response),
        f"response: {response.response_type}",
        f"Iterator[{response.item_type}]",
    )
    walk = _walk(response.steps, (), lambda way, depth: lay_out(f"yield {way[-1]}", depth))
    return "\n".join([head, *walk])


def _from_response(plan: MapperPlan) -> list[str]:
    """The statements of ``from_response``."""
    of_item = [one.parameter for one in plan.asked]
    if plan.key:
        of_item.append("key")

    def yield_row(way: list[str], depth: int) -> str:
        item = way[-1]
        arguments = [item]
        arguments += [f"{name}={name}" for name in plan.place]
        arguments += [f"{one.parameter}={_narrowed(one, plan.primary, way)}" for one in plan.own]
        for name in of_item:
            asked = f"None if {name} is None else {name}({item})"
            arguments.append(f"{name}={asked if plan.primary.several else name}")
        return lay_out(f"yield from_item({', '.join([*arguments, 'errors=errors'])})", depth)

    return list(_walk(plan.primary.steps, (*of_item, *plan.place), yield_row))


def _narrowed(own: Response, primary: Response, way: list[str]) -> str:
    """The response that the item is from; where that holds what belongs to several items, with only
    what is on the item's way. ``way`` are the variables along the primary path."""
    shared = 0
    for one, other in zip(own.steps, primary.steps, strict=False):
        if one != other:
            break
        shared += 1
    if not any(step.each for step in own.steps[:shared]):
        return way[0]
    code = way[shared]
    for step in reversed(own.steps[:shared]):
        code = f"{{{python_literal(step.member)}: {f'[{code}]' if step.each else code}}}"
    return code


def _walk(
    path: Iterable[Step], taken: Iterable[str], leaf: Callable[[list[str], int], str]
) -> Iterator[str]:
    """The statements that go along a path from ``response``, and ``leaf`` for each item, which gets
    the variables along the path. ``taken`` are names that no variable may have."""
    way, depth = ["response"], 1
    names = {"response", "key", "errors", *taken}
    for step in path:
        found = unique(local_variable(step.member), names)
        yield lay_out(f"{found} = {way[-1]}.get({python_literal(step.member)})", depth)
        if step.each:
            way.append(unique(f"{found}_entry", names))
            yield lay_out_loop(way[-1], found, depth)
        else:
            way.append(found)
            yield "    " * depth + f"if {found} is not None:"
        depth += 1
    yield leaf(way, depth)
