"""What templates of a project may do: nothing takes more memory or time than it may."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TOO_LONG = "the template builds more than"
NO_TEXT = "cannot be printed, only texts, numbers, and lists and dicts of these"

CASES = {
    # texts that are too long
    "{{ 'x' * 10**9 }}": TOO_LONG,
    "{{ 'x'|center(10**9)|length }}": TOO_LONG,
    "{{ 'x'.zfill(10**9) }}": TOO_LONG,
    "{{ ['x']|map('center', 10**9)|list }}": TOO_LONG,
    "{{ ('x' * 64000)|replace('x', 'y' * 64000) }}": TOO_LONG,
    "{{ ('x' * 64000).replace('x', 'y' * 64000) }}": TOO_LONG,
    "{{ '%999999999d' % 1 }}": TOO_LONG,
    "{{ '%*d' % (999999999, 1) }}": TOO_LONG,
    "{{ '{:>999999999}'.format(1) }}": TOO_LONG,
    "{{ '{:>{w}}'.format(1, w=999999999) }}": TOO_LONG,
    "{{ ('{:>60000000}' * 100).format(*range(100)) }}": TOO_LONG,
    "{{ (['x' * 1000] * 100000)|join('y' * 1000) }}": TOO_LONG,
    "{{ (['x' * 100000] * 100000)|select|join }}": TOO_LONG,
    "{{ ('y' * 1000).join(['x' * 1000] * 100000) }}": TOO_LONG,
    "{{ ('\n' * 60000)|indent(60000) }}": TOO_LONG,
    "{{ ('\t' * 60000).expandtabs(60000) }}": TOO_LONG,
    "{{ ('ab ' * 100000)|wordwrap(1, true, 'y' * 100000) }}": TOO_LONG,
    "{{ [1]|batch(10**9, 0)|list }}": TOO_LONG,
    "{% set n = namespace(x='x') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}": TOO_LONG,
    "{% set n = namespace(x=[]) %}{% for i in range(99999) %}"
    "{% set n.x = n.x + ['x' * 100000 ~ i] %}{% endfor %}": TOO_LONG,
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}": (
        "the template builds a list of more than"
    ),
    # what differs from run to run
    "{{ joiner() }}": f"a Joiner {NO_TEXT}",
    "{{ [joiner()] }}": f"a Joiner {NO_TEXT}",
    "{{ joiner() ~ '' }}": f"a Joiner {NO_TEXT}",
    "{{ joiner()|string }}": f"a Joiner {NO_TEXT}",
    "{{ [joiner()]|join }}": f"a Joiner {NO_TEXT}",
    "{{ '%s' % joiner() }}": f"a Joiner {NO_TEXT}",
    "{{ '%s'|format(joiner()) }}": f"a Joiner {NO_TEXT}",
    "{{ '{}'.format(joiner()) }}": f"a Joiner {NO_TEXT}",
    "{{ cycler(1) }}": f"a Cycler {NO_TEXT}",
    "{{ self }}": f"a TemplateReference {NO_TEXT}",
    "{{ range }}": f"a function {NO_TEXT}",
    "{{ [1]|random }}": "No filter named 'random'",
    # what the sandbox refuses
    "{{ ''.__class__ }}": "access to attribute '__class__'",
    "{{ 'x'.translate({120: 'y'}) }}": "access to attribute 'translate'",
    # what is right
    "{{ [1, [2, 'a']] }} {{ none }} {{ {'a': 1} }}": "= [1, [2, 'a']] None {'a': 1}",
    "{{ ['b', 'a']|sort|join(',') }} {{ (1, 2)|join }} {{ range(3)|join('-') }}": "= a,b 12 0-1-2",
    "{{ [1, 2]|map('string')|join('+') }} {{ '-'.join(['a', 'b']) }}": "= 1+2 a-b",
    "{{ 'a' ~ 1 ~ none }} {{ '%s-%05.1f'|format('a', 2.5) }} {{ 'a{}'.format(1) }}": (
        "= a1None a-002.5 a1"
    ),
    "{{ 'a b'|replace(' ', '_')|center(5)|length }} {{ 'abc'|truncate(2, true, '') }}": "= 5 ab",
}

PROGRAM = """
import json, resource, sys
from jinja2 import TemplateError
from schemagen.diagnostics import SourcePosition
from schemagen.emit.sandbox import Environment
from schemagen.targets.registry import UserTemplate

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
answers = {}
for text in json.load(sys.stdin):
    template = UserTemplate("a.j2", "a.j2", {"a.j2": text}, SourcePosition("a", {}))
    try:
        answers[text] = "= " + "".join(Environment(template).get_template("a.j2").generate())
    except TemplateError as error:
        answers[text] = str(error)
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What each template prints, or why it is refused, in a process with 1 GiB of memory."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(list(CASES)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("template", CASES)
def test_environment_bounds_and_prints(answers: dict[str, str], template: str) -> None:
    """What would take too much, or print an accident of the program, is refused before it happens."""
    assert answers[template].startswith(CASES[template])
