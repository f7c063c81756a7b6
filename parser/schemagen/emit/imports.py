"""The imports of a generated module: collected while its text is made, and sorted as isort does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby

from schemagen.emit.layout import lay_out_import

_CONVERT = "_convert"

_STANDARD: dict[str, str] = {
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Mapping": "collections.abc",
    "NotRequired": "typing",
    "Sequence": "collections.abc",
    "datetime": "datetime",
}
# Before Python 3.13, typing lacks ReadOnly, and its TypedDict does not support it.
_TYPING_EXTENSIONS = ("ReadOnly", "TypedDict")
_OWN = ("Errors", "Json", "Map")

RESERVED: frozenset[str] = frozenset(
    {*_STANDARD, *_TYPING_EXTENSIONS, *_OWN, "ConversionError", "Operation"},
)
"""Names that generated modules may import, and so must not define."""

_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


class Imports:
    """The imports of a module. ``dots`` lead from the module to the generated package."""

    def __init__(self, dots: str) -> None:
        self._dots = dots
        self._used: dict[str, set[str]] = {}
        self._exported: set[str] = set()

    def annotation(self, text: str) -> str:
        """Import the names in ``text`` and return it."""
        for word in _WORD.findall(text):
            if word in _STANDARD:
                self._use(_STANDARD[word], word)
            elif word in _TYPING_EXTENSIONS:
                self._use("typing_extensions", word)
            elif word in _OWN:
                self._use(self._dots + _CONVERT, word)
        return text

    def converter(self, name: str) -> str:
        """Import ``name`` from the module of converters and return it."""
        self._use(self._dots + _CONVERT, name)
        return name

    def exported(self, name: str) -> str:
        """Import ``name`` from the module of converters, re-export it, and return it."""
        self._exported.add(name)
        return self.converter(name)

    def package(self, folder: str, name: str, alias: str) -> str:
        """Import the module ``name`` of ``folder`` in the generated package; return ``alias``."""
        self._use(self._dots + folder, f"{name} as {alias}")
        return alias

    def groups(self) -> list[list[str]]:
        """Return the statements by section."""
        convert = self._dots + _CONVERT
        exported = {name: f"{name} as {name}" for name in self._exported}
        converters = {exported.get(name, name) for name in self._used.get(convert, ())}
        return sorted_imports({**self._used, convert: converters} if converters else self._used)

    def _use(self, module: str, name: str) -> None:
        self._used.setdefault(module, set()).add(name)


# --- the order of isort ---------------------------------------------------------------------------

_Key = tuple[object, ...]


def section(module: str) -> int:
    """Return the section of an import: future, standard library, packages, relative."""
    if module.startswith("."):
        return 3
    if module == "__future__":
        return 0
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else 2


def sorted_imports(imported: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Make import statements, by section, in the order of isort's and ruff's defaults.

    ``imported`` maps modules to names, or texts of the form "name as alias", which get a statement
    each.
    """
    statements: list[tuple[_Key, str, str]] = []
    for module, names in imported.items():
        for members in _statements(names):
            key = (section(module), _module_key(module), _member_key(members[0]))
            statements.append((key, module, lay_out_import(module, members)))
    statements.sort(key=lambda statement: statement[0])
    return [
        [text for _, _, text in group]
        for _, group in groupby(statements, key=lambda statement: section(statement[1]))
    ]


def with_sorted_imports(source: str) -> str:
    """Sort the imports of ``source``, each of which is one line above all other code."""
    head, *lines = source.split("\n")
    imported: dict[str, list[str]] = {}
    while lines and (not lines[0] or lines[0].startswith("from ")):
        if line := lines.pop(0):
            module, _, names = line.removeprefix("from ").partition(" import ")
            imported.setdefault(module, []).extend(names.split(", "))
    groups = ["\n".join(group) for group in sorted_imports(imported)]
    return "\n".join(["\n\n".join([head, *groups]), "", "", *lines])


def _statements(names: Iterable[str]) -> Iterator[list[str]]:
    plain: list[str] = []
    for name in sorted(names, key=_member_key):
        if " as " in name:
            yield [name]
        else:
            plain.append(name)
    if plain:
        yield plain


def _module_key(module: str) -> _Key:
    name = module.lstrip(".")
    return (len(name) - len(module), _natural(name.lower()), _natural(name))


def _member_key(member: str) -> _Key:
    """Constants come before classes, and classes before everything else."""
    name = member.partition(" as ")[0]
    constant = len(name) > 1 and name.isupper()
    kind = 0 if constant else 1 if name[:1].isupper() else 2
    return (kind, _natural(name.lower()), _natural(name), member)


@lru_cache(maxsize=1 << 16)
def _natural(text: str) -> _Key:
    """Digits compare as numbers: ``node_2`` comes before ``node_10``."""
    return tuple(
        (ord("0"), int(part)) if part.isdigit() else (ord(part), 0)
        for part in re.findall(r"[0-9]+|[^0-9]", text)
    )
