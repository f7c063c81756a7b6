# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Check what callers pass to mappers: responses, pages of responses, and functions of the item."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar, cast

from ..tokens import tokens
from .containers import LISTS
from .scalars import ConversionError, expected

T = TypeVar("T")
U = TypeVar("U")

_METADATA = "ResponseMetadata"  # boto3 adds it to every response


class Operation(Generic[T]):
    """An operation whose responses, of type ``T``, a mapper reads.

    ``read`` are the members of the response that the mapper reads, ``unread`` its other members.
    ``tokens`` and ``more`` tell whether there are more pages, written as in `calls.Pagination`;
    ``tokens`` is empty if the operation returns everything at once.
    """

    __slots__ = ("more", "name", "read", "table", "tokens", "unread")

    def __init__(
        self,
        table: str,
        name: str,
        *,
        read: frozenset[str],
        unread: frozenset[str] = frozenset(),
        tokens: tuple[str, ...] = (),
        more: str = "",
    ) -> None:
        self.table = table
        self.name = name
        self.read = read
        self.unread = unread
        self.tokens = tokens
        self.more = more


def page(given: T, operation: Operation[T]) -> T:
    """Return a response, which may be any page. Raises `ConversionError` if it is another operation's.

    An empty list may be absent from a response, so a response without any member that the mapper
    reads is accepted, unless it has members that the operation does not return.
    """
    if not _is_structure(given):
        wanted = f"a response of {operation.name}, which is a dict"
        raise ConversionError(operation.table, expected(wanted, given))
    members = cast("Mapping[str, object]", given)
    if operation.read.isdisjoint(members):
        unknown = sorted(map(str, members.keys() - operation.unread - {_METADATA}))
        if unknown:
            raise ConversionError(
                operation.table,
                f"not a response of {operation.name}: it has {_listed(unknown)}, "
                f"and lacks {_listed(sorted(operation.read))}",
            )
    return given


def pages(given: T | Iterable[T], operation: Operation[T]) -> Iterator[T]:
    """Yield the pages of a response: of one that is complete, or of an iterable that ends with the
    last page, such as boto3's paginators.

    Raises `ConversionError` if pages are missing at the end, as soon as that is known.
    """
    if _is_structure(given):
        yield _last(page(cast("T", given), operation), operation)
        return
    if not _is_iterable(given):
        wanted = f"a response of {operation.name} (a dict) or an iterable of its pages"
        raise ConversionError(operation.table, expected(wanted, given))
    found: T | None = None
    for found in cast("Iterable[T]", given):
        yield page(found, operation)
    if found is None:
        raise ConversionError(
            operation.table,
            f"the iterable of pages of {operation.name} is empty",
            advice="pass at least one page, and do not pass an iterator twice",
        )
    _last(found, operation, "the last of the responses")
    # Set by boto3's paginators that stop at MaxItems, even in the middle of the last page.
    if getattr(given, "resume_token", None) is not None:
        raise ConversionError(
            operation.table,
            f"the paginator of {operation.name} stopped before the end; do not set MaxItems",
        )


def joined(given: T | Iterable[T], operation: Operation[T]) -> T:
    """Return a response, or its pages as one response: lists are concatenated, maps and structures
    merged. Of other values, the last page's is kept.

    Raises `ConversionError` if pages are missing at the end.
    """
    # The common case, for which the iterators of `pages` are too slow.
    if _is_response(given, operation):
        response = cast("T", given)
        return _last(response, operation) if operation.tokens else response
    found = list(pages(given, operation))
    if len(found) == 1:
        return found[0]
    whole: dict[str, object] = {}
    for response in found:
        _merge(whole, cast("Mapping[str, object]", response))
    for path in operation.tokens:
        _remove(whole, path)
    return cast("T", whole)


def answers(given: Iterable[T], operation: Operation[T]) -> tuple[T, ...]:
    """Return the responses of several calls, of which each must be complete."""
    if _is_structure(given) or not _is_iterable(given):
        wanted = f"an iterable of responses of {operation.name}, one for each call"
        raise ConversionError(operation.table, expected(wanted, given))
    return tuple(_last(page(found, operation), operation) for found in given)


def in_each(responses: Iterable[T], member: Callable[[T], U | None]) -> list[U]:
    """Return what ``member`` gets from the responses, without those that lack it."""
    found = map(member, responses)
    return [value for value in found if value is not None]


def structure_list(value: Sequence[T] | None, at: str) -> Sequence[T]:
    """Return the structures of a list in a response. Empty if the response lacks the list."""
    if value is None:
        return ()
    if not _is_list(value):
        raise ConversionError(at, expected("list", value))
    for number, element in enumerate(value):
        if not _is_structure(element):
            raise ConversionError(f"{at}[{number}]", expected("dict", element))
    return value


def structures_in_map(value: Mapping[str, T] | None, at: str) -> Collection[T]:
    """Return the structures that are the values of a map in a response. Empty if the response lacks the
    map."""
    if value is None:
        return ()
    if not _is_structure(value):
        raise ConversionError(at, expected("dict", value))
    for key, element in value.items():
        if not _is_structure(element):
            raise ConversionError(f"{at}[{key!r}]", expected("dict", element))
    return value.values()


def optional_structure(value: T | None, at: str) -> T | None:
    """Return a structure in a response. None if the response lacks it."""
    return None if value is None else checked_structure(value, at)


def checked_structure(value: T, at: str) -> T:
    """Return a structure; raise `ConversionError` for anything but a dict."""
    if not _is_structure(value):
        raise ConversionError(at, expected("dict", value))
    return value


def require_functions(on_error: object, **of_item: object) -> None:
    """Raise TypeError for an argument of ``from_response`` that must be a function and is not."""
    if on_error is not None and not callable(on_error):
        wanted = "a function that takes a ConversionError as on_error"
        raise TypeError(expected(wanted, on_error))
    for name, function in of_item.items():
        if function is not None and not callable(function):
            raise TypeError(
                f"{expected(f'a function that takes an item as {name}', function)}; "
                f"pass {name}=lambda item: …"
            )


def identified(
    error: ConversionError, key: object, item: object, members: Iterable[str]
) -> ConversionError:
    """Return ``error`` with what identifies its item: ``key``, or else the first of ``members`` that
    the item has. ``Attributes[Arn]`` is the value at a key of a map."""
    found = _shown(key)
    for member in () if found else members:
        name, _, at_key = member.removesuffix("]").partition("[")
        value = _get(item, name)
        found = _shown(_get(value, at_key) if at_key else value)
        if found:
            if not found.startswith("arn:"):
                found = f"{at_key or name} {found}"
            break
    return error.of(found)


_LONGEST = 300


def _shown(identifier: object) -> str:
    """Return an identifier that a message can show on its line; "" for anything else."""
    if not isinstance(identifier, str) or not identifier.isprintable():
        return ""
    return identifier if len(identifier) <= _LONGEST else f"{identifier[:_LONGEST]}…"


def _get(structure: object, name: str) -> object:
    if not isinstance(structure, Mapping):
        return None
    return cast("Mapping[str, object]", structure).get(name)


# Functions of their own: in path, isinstance would narrow the types to unknown ones.
def _is_structure(value: object) -> bool:
    # Comparing the type is faster than isinstance with Mapping.
    return type(value) is dict or isinstance(value, Mapping)


def _is_response(value: object, operation: Operation[T]) -> bool:
    """Whether a value is certainly a response of ``operation``."""
    return type(value) is dict and not operation.read.isdisjoint(
        cast("dict[str, object]", value)
    )


def _is_list(value: object) -> bool:
    return isinstance(value, LISTS)


def _is_iterable(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _last(response: T, operation: Operation[T], what: str = "this response") -> T:
    if operation.tokens:
        members = cast("Mapping[str, object]", response)
        if tokens(members, operation.tokens, operation.more):
            raise ConversionError(
                operation.table,
                f"{what} of {operation.name} is not its last page, because it has "
                f"{_listed(operation.tokens)}",
                advice="pass all pages as an iterable, such as a paginator or a list",
            )
    return response


def _listed(names: Sequence[str]) -> str:
    few = ", ".join(names[:3])
    return f"{few} …" if len(names) > 3 else few


def _merge(whole: dict[str, object], response: Mapping[str, object]) -> None:
    for name, value in response.items():
        before = whole.get(name)
        if _is_list(value) and (before is None or _is_list(before)):
            elements = cast("list[object]", whole.setdefault(name, []))
            elements.extend(cast("Sequence[object]", value))
        elif _is_structure(value) and (before is None or _is_structure(before)):
            inner = cast("dict[str, object]", whole.setdefault(name, {}))
            _merge(inner, cast("Mapping[str, object]", value))
        elif value is not None:
            whole[name] = value


def _remove(whole: dict[str, object], path: str) -> None:
    """Remove the tokens of pages from their union. Elements of lists are data, not tokens."""
    for alternative in path.split(" || "):
        *outer, last = alternative.split(".")
        inside: object = whole
        for name in outer:
            inside = _get(inside, name)
        if isinstance(inside, dict):
            cast("dict[str, object]", inside).pop(last, None)
