"""schemagen.emit.calls: how a table is called, as a module of frozen data."""

from __future__ import annotations

from schemagen.emit import calls
from schemagen.runtime import calls as runtime
from schemagen.runtime.calls import Call, TableCalls


def test_render_table_writes_data_that_evaluates_to_the_calls() -> None:
    """The module holds exactly the calls that it was made from, hostile text included."""
    call = Call("ListThings", 'Things[]"""\\\n')
    expected = TableCalls("aws.made_thing", "made", (call,), call, obstacle="none 'so'")
    text = calls.render_table("aws.made_thing", expected)
    literal = text[text.index("CALLS = ") + len("CALLS = ") :]
    assert eval(literal, {"calls": runtime}) == expected  # noqa: S307 - our own output
