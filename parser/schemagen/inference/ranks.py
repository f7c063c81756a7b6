"""How well items suit a table, in the order in which they are compared."""

from __future__ import annotations

from typing import NamedTuple


class ItemPreference(NamedTuple):
    """How well an item suits a table, apart from its columns. A smaller preference is better, and
    earlier fields count more."""

    among_many: bool
    """Whether one response may hold several of the items: operations that return one item have the
    full documentation."""
    not_named_after_table: bool
    depth: int
    """The number of steps from the response to the item."""
    verb: int
    """`ReadVerb.item_rank` of the operation's verb."""
    unrelated: bool
    """Whether neither the operation's noun ends with the table's subject, nor, for a single item,
    the subject with the noun."""
    requires_account: bool
    """Whether the operation requires an account, which only some callers may pass."""


class RowRank(NamedTuple):
    """How good a candidate for the row is. A smaller rank is better, and earlier fields count more."""

    unfilled: int
    """The number of columns that stay unbound, apart from those with rules of their own."""
    undocumented: int
    """The number of columns that documentation does not prove."""
    not_own: int
    """The number of columns whose names are not those of the item's own members."""
    preference: ItemPreference
