"""Render how a mapper makes a row: fetch the members, choose the key, return the row."""

from __future__ import annotations

from collections.abc import Iterator

from schemagen.emit.imports import Imports
from schemagen.emit.layout import lay_out, lay_out_item, lay_out_value
from schemagen.emit.mappers.plan import (
    ArnAccount,
    ArnLocation,
    BuiltArn,
    ColumnPlan,
    Fetched,
    Given,
    MapperPlan,
    Response,
)
from schemagen.emit.mappers.values import Values
from schemagen.model.paths import WHOLE, map_key
from schemagen.names import python_literal


def from_item(plan: MapperPlan, values: Values) -> list[str]:
    """Make the statements of ``from_item``, each on lines of its own."""
    imports = values.imports
    return [
        *(
            _find_item(response, plan, imports)
            for response in plan.enrichments
            if not response.whole
        ),
        *(_fetch(member, imports) for member in plan.fetched if not member.is_item),
        *(_find_location(location, imports) for location in plan.arn_locations),
        *(_build_arn(arn, imports, 1) for arn in plan.arns if not arn.lazy),
        *(_choose_key(plan.key, imports) if plan.key else ()),
        "    return {",
        *(_entry(column, values) for column in plan.columns),
        "    }",
    ]


def items_of(response: Response) -> str:
    """Name the function of the module that yields the items in an enrichment's response."""
    return f"_items_of_{response.parameter}"


def _find_item(response: Response, plan: MapperPlan, imports: Imports) -> str:
    """Make the statement that gets the item from the response of an enrichment."""
    at, operation = python_literal(plan.id), python_literal(response.operation)
    items = f"{items_of(response)}({response.parameter})"
    found = f"{imports.converter('require_single')}({items}, {at}, {operation})"
    return _assign_unless_none(response.item_variable, response.parameter, found)


def _fetch(fetched: Fetched, imports: Imports) -> str:
    """Make the statement that fetches a member of an item, or the whole item."""
    variable, item = fetched.variable, fetched.response.item_variable
    if at_key := map_key(fetched.member):
        return lay_out_value(f"{variable} = ", f"{fetched.map}.get({python_literal(at_key[1])})", 1)
    if fetched.opened:
        value = f"{item}.get({python_literal(fetched.member)})"
        if fetched.response.enrichment is not None:
            value = f"None if {item} is None else {value}"
        call = f"{imports.converter('map_entries')}({value}, {python_literal(fetched.at)})"
        return lay_out_value(f"{variable} = ", call, 1)
    if fetched.response.several_calls:
        got = f"lambda response: response.get({python_literal(fetched.member)})"
        value = f"{imports.converter('in_each')}({item}, {got})"
    elif fetched.member == WHOLE:
        value = f"{imports.converter('response_members')}({item}, {python_literal(fetched.at)})"
    else:
        default = f", {fetched.absent}" if fetched.absent else ""
        value = f"{item}.get({python_literal(fetched.member)}{default})"
    if fetched.response.enrichment is None:
        return lay_out_value(f"{variable} = ", value, 1)
    return _assign_unless_none(variable, item, value)


def _find_location(location: ArnLocation, imports: Imports) -> str:
    """Make the statement that takes partition, region and account from an ARN."""
    found = f"{imports.converter('arn_location')}({location.arn}, {python_literal(location.at)}, errors)"
    return lay_out_value(
        f"{location.variable} = ", f"(None, None, None) if {location.arn} is None else {found}", 1
    )


def _build_arn(arn: BuiltArn, imports: Imports, depth: int) -> str:
    """Make the statement that builds an ARN."""
    parts = ", ".join(value for _, value in arn.parts)
    literals = ", ".join(python_literal(literal) for literal in arn.literals)
    at, built_arn = python_literal(arn.at), imports.converter("built_arn")
    call = f"{built_arn}(({parts}), {at}, errors, ({literals}))"
    return lay_out_value(f"{arn.variable} = ", call, depth)


def _choose_key(column: ColumnPlan, imports: Imports) -> Iterator[str]:
    """Make the statements that set the key if the caller passed none, or raise."""
    at = python_literal(column.at)

    def error(finding: str, advice: str = "pass key=") -> str:
        name = imports.converter("ConversionError")
        return f"{name}({at}, {python_literal(finding)}, advice={python_literal(advice)})"

    assigned = ""
    match column.value:
        case Fetched(member=member, variable=variable):
            assigned = f"        key = {variable}"
            raised = error(f"the response has no {member}")
        case BuiltArn() as arn:
            assigned = _build_arn(arn, imports, 2) if arn.lazy else f"        key = {arn.variable}"
            parts = ", ".join(f"{python_literal(name)}: {value}" for name, value in arn.parts)
            raised = f"{imports.converter('explain_missing_arn')}({at}, {{{parts}}})"
        case ArnAccount(arn) as account:
            assigned = lay_out_value("key = ", _account_in_arn(account, at, imports), 2)
            raised = error(f"the response has no account in {arn.member}")
        case Given(variable):
            assigned = f"        key = {variable}"
            raised = error(f"the {variable} of the item is not known", f"pass {variable}= or key=")
        case None:
            raised = error("no member is bound to the key")
    if assigned:
        yield "    if key is None:"
        yield assigned
    yield "    if key is None:"
    yield lay_out(f"raise {raised}", 2)


def _entry(column: ColumnPlan, values: Values) -> str:
    """Make the column's entry in the dict that is returned."""
    key, at, type = python_literal(column.name), python_literal(column.at), column.column.type
    if column.is_key:
        return lay_out_item(f"{key}: {values.conversion(type, None, 'key', at)}", 2)
    match column.value:
        case None:
            return lay_out_item(f"{key}: None", 2)
        case ArnAccount() as account:
            choice = _account_in_arn(account, at, values.imports)
        case Fetched(variable=variable) | BuiltArn(variable=variable) | Given(variable):
            converted = values.conversion(type, column.shape, variable, at, at_key=column.at_key)
            choice = f"None if {variable} is None else {converted}"
    return lay_out_value(f"{key}: ", choice, 2, ",")


def _account_in_arn(account: ArnAccount, at: str, imports: Imports) -> str:
    arn = account.arn.variable
    return f"None if {arn} is None else {imports.converter('arn_account')}({arn}, {at}, errors)"


def _assign_unless_none(variable: str, given: str, value: str) -> str:
    """Make the statement that assigns ``value``, or None if the variable ``given`` is None."""
    return lay_out_value(f"{variable} = ", f"None if {given} is None else {value}", 1)
