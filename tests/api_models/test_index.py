"""The neutral index of an API."""

from __future__ import annotations

import pytest

from schemagen.api_models.index import words


@pytest.mark.parametrize(
    ("page", "botocore"),
    [
        ("The size, in GiB.", "<p>The size, in <code>GiB</code>.</p>"),
        ("One & two", "<p>One &amp; two</p>"),
        ("Note: Not for\n- a\n- b", "<note><p>Not for</p></note><ul><li>a</li> <li>b</li></ul>"),
        ("an arn of <region>", '<p>an <a href="https://example.com/x">arn</a> of &lt;region&gt;</p>'),
    ],
)  # fmt: skip
def test_words_ignore_markup_and_punctuation(page: str, botocore: str) -> None:
    """Tags, entities, labels, white space and punctuation do not count; every word does."""
    assert words(page) == words(botocore)
    assert words(page) != words(f"{botocore} more")
    assert words(page) != ""
