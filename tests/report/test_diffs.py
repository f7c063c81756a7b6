"""schemagen.report.diffs: what ``--check`` prints of long differences."""

from __future__ import annotations

from schemagen.report.diffs import MAX_DIFF_LINES, MAX_FILES, shortened_diff, shortened_list


def test_shortened_diff_counts_the_lines_that_it_leaves_out() -> None:
    """Differences of all files together are bounded, and short ones are shown in full."""
    assert shortened_diff(["-a\n+b\n", "+c\n"]) == ("-a\n+b\n+c\n", 0)
    text, left = shortened_diff(["+x\n" * (MAX_DIFF_LINES - 1), "-y\n-z\n", "-w\n"])
    assert (text, left) == ("+x\n" * (MAX_DIFF_LINES - 1) + "-y\n", 2)


def test_shortened_list_counts_the_items_that_it_leaves_out() -> None:
    """A long list ends with the number of further items."""
    assert shortened_list(["a", "b"], "files") == ["a", "b"]
    shown = shortened_list(list(map(str, range(MAX_FILES + 3))), "files")
    assert shown[MAX_FILES - 1 :] == [str(MAX_FILES - 1), "… and 3 more files"]
