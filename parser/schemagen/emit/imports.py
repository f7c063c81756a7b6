"""The imports of a generated module, collected while its text is made."""

from __future__ import annotations

import re

from schemagen.emit.layout import lay_out_import

_CONVERT = "_convert"

_STANDARD: dict[str, str] = {
    "Callable": "collections.abc",
    "Iterator": "collections.abc",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "datetime": "datetime",
}
_TYPING = ("NotRequired", "ReadOnly", "TypedDict")
_OWN = ("Errors", "Json", "Map")

RESERVED: frozenset[str] = frozenset({*_STANDARD, *_TYPING, *_OWN, "ConversionError"})
"""Names that a generated module may import; nothing else in it may be called so."""

_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


class Imports:
    """What a module uses. ``dots`` lead from the module to the generated package."""

    def __init__(self, dots: str) -> None:
        self._dots = dots
        self._used: dict[str, set[str]] = {}

    def annotation(self, text: str) -> str:
        """``text`` itself, its names imported."""
        for word in _WORD.findall(text):
            if word in _STANDARD:
                self._use(_STANDARD[word], word)
            elif word in _TYPING:
                self._use("typing_extensions", word)
            elif word in _OWN:
                self._use(self._dots + _CONVERT, word)
        return text

    def converter(self, name: str) -> str:
        """``name`` itself, imported from the module of converters."""
        self._use(self._dots + _CONVERT, name)
        return name

    def exported(self, name: str) -> str:
        """``name`` itself, imported from the module of converters for users to import from here."""
        self._use(self._dots + _CONVERT, f"{name} as {name}")
        self._used[self._dots + _CONVERT].discard(name)
        return name

    def package(self, folder: str, name: str, alias: str) -> str:
        """``alias``, imported as the module ``name`` of ``folder`` in the generated package."""
        self._use(self._dots + folder, f"{name} as {alias}")
        return alias

    def groups(self) -> list[list[str]]:
        """The statements: standard library, other packages, this package."""
        standard = sorted(module for module in self._used if module in _STANDARD.values())
        others = sorted(module for module in self._used if module == "typing_extensions")
        own = sorted(module for module in self._used if module.startswith("."))
        return [
            [lay_out_import(module, sorted(self._used[module])) for module in modules]
            for modules in (standard, others, own)
            if modules
        ]

    def _use(self, module: str, name: str) -> None:
        self._used.setdefault(module, set()).add(name)
