"""LinkedTable with a binding -> the module that makes rows from responses.

The emitted functions are straight-line code: each bound member is fetched and, where the item has
it, converted. `planner` decides what is fetched and how it is named; this package renders that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.imports import Imports
from schemagen.emit.layout import (
    lay_out,
    lay_out_function,
    lay_out_item,
    lay_out_value,
)
from schemagen.emit.mappers import docstrings, from_item
from schemagen.emit.mappers.plan import InputType, MapperPlan, OperationPlan, Response
from schemagen.emit.mappers.planner import local_variable, plan_mapper
from schemagen.emit.mappers.values import Values
from schemagen.emit.parts import RenderContext
from schemagen.emit.shapes import unique
from schemagen.emit.typed_dicts import input_dict, typed_dict
from schemagen.model.paths import Mark, Step
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
    finders = [_items_of(found, plan, imports) for found in plan.enrichments if not found.whole]
    operations = [_operation(operation, plan, imports) for operation in plan.operations]
    body = from_item.from_item(plan, values)
    for name in ("ConversionError", "Errors"):
        imports.exported(name)
    return templating.render(
        "mappers/table.py.j2",
        notice=paths.notice(plan.id),
        id=plan.id,
        service=plan.service.name,
        operations=docstrings.module(plan),
        inputs=inputs,
        row=row,
        functions=[*values.helpers, *finders],
        mapped=[lay_out_item(python_literal(member), 2) for member in plan.mapped],
        whole=primary.whole,
        constants=operations,
        item_type=_parameter("item", _given("Item", imports) if primary.whole else "Item"),
        from_item_parameters=_parameters(plan, plan.enrichments, imports),
        from_item_arguments=docstrings.from_item(plan),
        from_item=_from_item(plan, imports),
        row_parameters=_row_parameters(plan),
        row_body=body,
        response_type=_parameter("response", _given(primary.response_type, imports)),
        from_response_parameters=_parameters(
            plan, plan.additional_calls, imports, per_item=primary.multiple_items
        ),
        from_response=_from_response(plan, imports),
        several=primary.multiple_items,
        from_response_arguments=docstrings.from_response(plan),
        on_error=_parameter(
            "on_error",
            imports.annotation("Callable[[ConversionError], object] | None"),
            default=" = None",
        ),
        unmapped=imports.annotation("Mapping[str, object]"),
        members=lay_out_value(
            "members = ", f"{imports.converter('structure')}(item, {python_literal(plan.id)})", 1
        ),
        rows=imports.annotation("Iterator[Row]"),
        # The last of all: rendering the rest collects them.
        imports=imports.groups(),
    )


def _given(type: str, imports: Imports) -> str:
    """Annotate an argument that takes a response or its pages."""
    return imports.annotation(f"{type} | Iterable[{type}]")


def _parameter(name: str, annotation: str, default: str = "") -> str:
    return lay_out_value(f"{name}: ", annotation, 1, f"{default},")


# --- types ----------------------------------------------------------------------------------------


_HOLDER: Mapping[Mark, str] = {"": "{}", "[]": "Sequence[{}]", "{}": "Mapping[str, {}]"}
"""The type of a member that holds structures, by the mark of the step into it."""


def _input_type(input_type: InputType, values: Values) -> str:
    members = {member: values.input_type(shape) for member, shape in input_type.read}
    for step, name in input_type.onward:
        members[step.member] = _HOLDER[step.mark].format(name)
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


def _operation(operation: OperationPlan, plan: MapperPlan, imports: Imports) -> str:
    """Make the constant that says what to check of an operation's responses."""
    primary = operation.operation == plan.primary.operation
    read = "_MAPPED" if primary and plan.primary.whole else _frozenset(operation.read)
    arguments = [python_literal(plan.id), python_literal(operation.operation), f"read={read}"]
    if operation.unread:
        arguments.append(f"unread={_frozenset(operation.unread)}")
    if pagination := operation.pagination:
        places = ", ".join(map(python_literal, pagination.output))
        comma = "," if len(pagination.output) == 1 else ""
        arguments.append(f"tokens=({places}{comma})")
        if pagination.more:
            arguments.append(f"more={python_literal(pagination.more)}")
    call = f"{imports.converter('Operation')}({', '.join(arguments)})"
    type = next(
        found.response_type
        for found in (plan.primary, *plan.enrichments)
        if found.operation == operation.operation
    )
    return lay_out_value(f"{operation.constant}: Operation[{type}] = ", call, 0)


def _frozenset(members: Iterable[str]) -> str:
    literals = ", ".join(map(python_literal, members))
    return f"frozenset({{{literals}}})" if literals else "frozenset()"


def _parameters(
    plan: MapperPlan, responses: Iterable[Response], imports: Imports, *, per_item: bool = False
) -> list[str]:
    """List the keyword parameters: what is given, ``responses``, key, errors.

    With ``per_item``, values that vary per item are passed as functions of the item.
    """
    of_item: list[tuple[str, str]] = []
    for found in responses:
        type = found.response_type
        if found.several_calls:
            type = f"Iterable[{type}]"
        elif not found.in_primary:
            type = f"{type} | Iterable[{type}]"
        of_item.append((found.parameter, f"{type} | None" if per_item else type))
    if plan.key:
        of_item.append(("key", plan.key.column.type.row))
    annotations = [(name, "str | None") for name in plan.given] + [
        (name, f"Callable[[Item], {type}] | None" if per_item else f"{type} | None")
        for name, type in of_item
    ]
    return [
        *(
            _parameter(name, imports.annotation(annotation), " = None")
            for name, annotation in annotations
        ),
        '    errors: Errors = "strict",',
    ]


def _row_parameters(plan: MapperPlan) -> list[str]:
    """List the parameters of the function that makes a row of checked responses."""
    of_item = [
        (
            found.parameter,
            f"tuple[{found.response_type}, ...]" if found.several_calls else found.response_type,
        )
        for found in plan.enrichments
    ]
    if plan.key:
        of_item.append(("key", plan.key.column.type.row))
    return [
        _parameter("item", "Item"),
        *(_parameter(name, "str | None") for name in plan.given),
        *(_parameter(name, f"{type} | None") for name, type in of_item),
        "    errors: Errors,",
    ]


def _from_item(plan: MapperPlan, imports: Imports) -> list[str]:
    """Make the statements of ``from_item``: check the arguments, and name the item in errors."""
    taken = {*plan.given, *(found.parameter for found in plan.enrichments)}
    item = unique("joined_item", taken) if plan.primary.whole else "item"
    arguments = [item, *plan.given]
    for response in plan.enrichments:
        checks = "answers" if response.several_calls else "joined"
        check = imports.converter("page" if response.in_primary else checks)
        name, constant = response.parameter, plan.operation_of(response).constant
        arguments.append(f"None if {name} is None else {check}({name}, {constant})")
    if plan.key:
        arguments.append("key")
    members = ", ".join(map(python_literal, plan.identifiers))
    comma = "," if len(plan.identifiers) == 1 else ""
    key = "key" if plan.key else "None"
    identified = f"{imports.converter('identified')}(error, {key}, {item}, ({members}{comma}))"
    if plan.primary.whole:
        check = f"{imports.converter('joined')}(item, {plan.operations[0].constant})"
    else:
        check = f"{imports.converter('checked_structure')}(item, {python_literal(plan.id)})"
    return [
        lay_out_value(f"{item} = ", check, 1),
        "    try:",
        lay_out(f"return _row({', '.join([*arguments, 'errors'])})", 2),
        "    except ConversionError as error:",
        lay_out(f"raise {identified} from None", 2),
    ]


def _items_of(response: Response, plan: MapperPlan, imports: Imports) -> str:
    """Make the function that yields the items in the response of an enrichment."""
    imports.annotation("Iterator")
    head = lay_out_function(
        from_item.items_of(response),
        f"response: {response.response_type}",
        f"Iterator[{response.item_type}]",
    )
    walk = _Walk(response, plan.id, imports, ())
    *outer, last = response.steps
    if not last.each:
        body = walk.lines(response.steps, lambda path, depth: [lay_out(f"yield {path[-1]}", depth)])
    else:
        body = walk.lines(
            outer,
            lambda path, depth: [lay_out(f"yield from {walk.elements(path, len(outer))}", depth)],
        )
    return "\n".join([head, *body])


def _from_response(plan: MapperPlan, imports: Imports) -> list[str]:
    """Make the statements of ``from_response``."""
    primary, constant = plan.primary, plan.operations[0].constant
    of_item = [response.parameter for response in plan.additional_calls]
    if plan.key:
        of_item.append("key")

    def yield_row(path: list[str], depth: int) -> list[str]:
        item = path[-1]
        arguments = [item]
        arguments += [f"{name}={name}" for name in plan.given]
        arguments += [
            f"{response.parameter}={_narrowed(response, primary, path)}"
            for response in plan.enrichments_in_primary
        ]
        for name in of_item:
            value = f"None if {name} is None else {name}({item})"
            arguments.append(f"{name}={value if primary.multiple_items else name}")
        margin = "    " * depth
        return [
            f"{margin}try:",
            lay_out(f"row = from_item({', '.join([*arguments, 'errors=errors'])})", depth + 1),
            f"{margin}except ConversionError as error:",
            f"{margin}    if on_error is None:",
            f"{margin}        raise",
            f"{margin}    on_error(error)",
            f"{margin}else:",
            f"{margin}    yield row",
        ]

    functions = [f"{name}={name}" for name in of_item] if primary.multiple_items else []
    check = f"{imports.converter('require_functions')}({', '.join(['on_error', *functions])})"
    walk = _Walk(primary, plan.id, imports, (*of_item, *plan.given))
    response = walk.response
    if primary.multiple_items:
        loop = f"for {response} in {imports.converter('pages')}(response, {constant}):"
        return [lay_out(check, 1), lay_out(loop, 1), *walk.lines(primary.steps, yield_row, 2)]
    whole = f"{imports.converter('joined')}(response, {constant})"
    return [
        lay_out(check, 1),
        lay_out_value(f"{response} = ", whole, 1),
        *walk.lines(primary.steps, yield_row, 1),
    ]


_NARROWED: Mapping[Mark, str] = {"": "{}", "[]": "[{}]", "{}": '{{"": {}}}'}
"""The expression of a list or map that holds one structure, by the mark of the step into it."""


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
        code = f"{{{python_literal(step.member)}: {_NARROWED[step.mark].format(code)}}}"
    return code


_ELEMENTS: Mapping[Mark, str] = {"[]": "structure_list", "{}": "structures_in_map"}
"""The converter that returns the structures of a list or map, by the mark of the step into it."""


class _Walk:
    """Make the statements that follow the steps of ``response`` to its items.

    ``response`` of an enrichment is the argument of its function; the primary one is a page. No
    variable gets a name in ``taken``.
    """

    def __init__(
        self, response: Response, table: str, imports: Imports, taken: Iterable[str]
    ) -> None:
        self.steps, self.operation = response.steps, response.operation
        self.table, self.imports = table, imports
        self.names = {"response", "key", "errors", "on_error", "error", "row", "from_item", *taken}
        self.names |= {"joined", "pages", "optional_structure", "require_functions"}
        self.names |= set(_ELEMENTS.values())
        self.response = unique("page", self.names) if response.enrichment is None else "response"

    def lines(
        self,
        steps: Iterable[Step],
        leaf: Callable[[list[str], int], list[str]],
        depth: int = 1,
    ) -> list[str]:
        """Make the statements, with ``leaf`` for each item; it gets the variables along the path."""
        path, lines = [self.response], list[str]()
        for number, step in enumerate(steps):
            margin = "    " * depth
            found = local_variable(step.member)
            if step.each:
                elements = self.elements(path, number)
                path.append(unique(f"{found}_entry", self.names))
                lines.append(lay_out(f"for {path[-1]} in {elements}:", depth))
            else:
                value = self.value("optional_structure", path, number)
                path.append(unique(found, self.names))
                lines.append(lay_out_value(f"{path[-1]} = ", value, depth))
                lines.append(f"{margin}if {path[-1]} is not None:")
            depth += 1
        return [*lines, *leaf(path, depth)]

    def elements(self, path: list[str], number: int) -> str:
        """Make the expression of the structures in the list or map that step ``number`` leads to."""
        return self.value(_ELEMENTS[self.steps[number].mark], path, number)

    def value(self, converter: str, path: list[str], number: int) -> str:
        member = self.steps[number].member
        trail = ".".join(step.member for step in self.steps[: number + 1])
        at = python_literal(f"{self.table}: {self.operation}.{trail}")
        return (
            f"{self.imports.converter(converter)}({path[-1]}.get({python_literal(member)}), {at})"
        )
