"""A cache of indexes in the user's cache folder.

Reading the models of all services takes a while, so indexes are kept as JSON files, in a folder for
each version of the models and of the code that indexes them. A missing, broken or unwritable cache costs
time and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from schemagen import cached_files, names, typetable
from schemagen.api_models import index as index_module
from schemagen.api_models.index import (
    Directory,
    IndexedItem,
    IndexedMember,
    IndexedParameter,
    ReadOperation,
    ServiceIndex,
    fingerprint,
)
from schemagen.cached_files import Unusable, cache_folder
from schemagen.lockfile import notation
from schemagen.lockfile.notation import parse_type, type_text
from schemagen.model import paths, shapes
from schemagen.names import READ_VERBS

SOURCES = tuple(
    map(
        Path,
        (
            index_module.__file__,
            names.__file__,
            notation.__file__,
            paths.__file__,
            shapes.__file__,
            typetable.__file__,
        ),
    )
)
"""The modules that decide what indexes hold, besides this one and the source of the models."""

_DIRECTORY = "_directory"

_VERBS = {verb.name: verb for verb in READ_VERBS}

# What reading a file of the cache raises if it is unusable, or its content is of another form.
_UNUSABLE = (Unusable, ValueError, KeyError, TypeError, AttributeError)


class ApiModels(Protocol):
    """A source of indexes: the API models of one provider."""

    @property
    def source(self) -> str:
        """The name of the source, for messages."""
        ...

    @property
    def version(self) -> str:
        """A name for the state of the models, usable as part of a folder's name."""
        ...

    @property
    def services(self) -> frozenset[str]: ...

    def index(self, service: str, /) -> ServiceIndex:
        """Build the index of a service. Raises `UnknownService`."""
        ...

    def release(self) -> None:
        """Free the memory of the models that were read."""
        ...


class Indexes:
    """The indexes of all services, each read from the cache or built when it is first needed."""

    def __init__(self, models: ApiModels, folder: Path | None = None) -> None:
        self._models = models
        sources = [Path(__file__), *SOURCES, Path(inspect.getfile(type(models)))]
        base = folder or cache_folder()
        self.folder = base and base / f"{models.version}-{_hash(sources)}"
        self._loaded: dict[str, ServiceIndex] = {}

    @property
    def source(self) -> str:
        return self._models.source

    @property
    def services(self) -> frozenset[str]:
        return self._services

    @cached_property
    def _services(self) -> frozenset[str]:
        return self._models.services

    def of(self, service: str) -> ServiceIndex:
        """Return the index of ``service``. Raises `UnknownService`."""
        if service not in self._loaded:
            self._loaded[service] = self._read_or_build(service)
        return self._loaded[service]

    @property
    def directory(self) -> Directory:
        """The data for finding a table's service. All models are read the first time."""
        return self._directory

    @cached_property
    def _directory(self) -> Directory:
        try:
            return _as_directory(self._load(_DIRECTORY))
        except _UNUSABLE:
            pass  # Rebuilt below.
        aliases: dict[str, tuple[str, ...]] = {}
        documented: dict[str, list[str]] = {}
        nouns: dict[str, list[str]] = {}
        for service in sorted(self.services):
            index = self._loaded.get(service) or self._read_or_build(service)
            self._models.release()
            aliases[service] = index.aliases
            fingerprints = {
                fingerprint(member.folded_name, member.words)
                for members in index.structures.values()
                for member in members
                if member.words
            }
            for found in sorted(fingerprints):
                documented.setdefault(found, []).append(service)
            for noun in sorted({found.folded_noun for found in index.operations.values()}):
                nouns.setdefault(noun, []).append(service)
        document = {"aliases": aliases, "documented": documented, "nouns": nouns}
        self._save(_DIRECTORY, document)
        return Directory(
            aliases,
            {found: tuple(services) for found, services in documented.items()},
            {noun: tuple(services) for noun, services in nouns.items()},
        )

    def _read_or_build(self, service: str) -> ServiceIndex:
        try:
            return _as_index(self._load(service))
        except _UNUSABLE:
            index = self._models.index(service)
            self._save(service, _document(index))
            return index

    def _load(self, name: str) -> Any:
        return cached_files.load(self._path(name))

    def _save(self, name: str, document: object) -> None:
        cached_files.save(self._path(name), document)

    def _path(self, name: str) -> Path | None:
        return self.folder and self.folder / f"{name}.json"


_Record = list[tuple[str, int, int, str, str]]


def load_record(fingerprint: str) -> _Record | None:
    """Return the findings recorded for a run of `schemagen bind`, or None if there are none that can be
    read."""
    try:
        rows = cached_files.load(_record_path(fingerprint))
        return [
            (_text(path), _number(line), _number(column), _text(code), _text(message))
            for path, line, column, code, message in rows
        ]
    except _UNUSABLE:
        return None


def save_record(fingerprint: str, findings: _Record) -> None:
    """Record the findings of a run of `schemagen bind` that changed nothing."""
    cached_files.save(_record_path(fingerprint), findings)


def _record_path(fingerprint: str) -> Path | None:
    folder = cache_folder()
    return folder and folder / "runs" / f"{fingerprint}.json"


def _hash(sources: Iterable[Path]) -> str:
    """Hash files, so that a changed rule never reads what an older one has written."""
    total = blake2b(digest_size=8)
    for source in sources:
        content = source.read_bytes()
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()


def _document(index: ServiceIndex) -> dict[str, object]:
    return {
        "name": index.name,
        "aliases": index.aliases,
        "operations": [
            [
                operation.name,
                operation.verb.name,
                operation.noun,
                operation.required,
                {name: _as_list(parameter) for name, parameter in operation.parameters.items()},
                operation.collected_paths,
                operation.numbers,
            ]
            for operation in index.operations.values()
        ],
        "items": [[item.operation, item.path, item.structure] for item in index.items],
        "structures": {
            name: [
                [
                    member.name,
                    type_text(member.shape, member.enumeration),
                    member.words,
                    member.holds_path,
                    member.pattern,
                    member.arns,
                ]
                for member in members
            ]
            for name, members in index.structures.items()
        },
        "string_lists": [[item.operation, item.path] for item in index.string_lists],
    }


def _as_list(parameter: IndexedParameter) -> list[object]:
    return [
        parameter.words,
        parameter.is_list,
        parameter.values,
        parameter.enumeration,
        parameter.takes_path,
        parameter.pattern,
        parameter.text,
    ]


# The types of all leaves are checked, so that a file of another origin ends up as `Unusable`, too.


def _text(value: object) -> str:
    if type(value) is not str:
        raise Unusable
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise Unusable
    return value


def _flag(value: object) -> bool:
    if type(value) is not bool:
        raise Unusable
    return value


def _texts(value: list[object]) -> tuple[str, ...]:
    if type(value) is not list:
        raise Unusable
    return tuple(map(_text, value))


def _as_index(document: Any) -> ServiceIndex:
    return ServiceIndex(
        _text(document["name"]),
        _texts(document["aliases"]),
        {
            _text(name): ReadOperation(
                name,
                _VERBS[verb],
                _text(noun),
                _texts(required),
                {
                    parameter: IndexedParameter(
                        _text(words),
                        _flag(is_list),
                        _texts(values),
                        _text(enumeration),
                        _flag(takes_path),
                        _text(pattern),
                        _text(text),
                    )
                    for parameter, (
                        words,
                        is_list,
                        values,
                        enumeration,
                        takes_path,
                        pattern,
                        text,
                    ) in parameters.items()
                },
                _texts(collected_paths),
                {_text(name): _text(words) for name, words in numbers.items()},
            )
            for (
                name,
                verb,
                noun,
                required,
                parameters,
                collected_paths,
                numbers,
            ) in document["operations"]
        },
        tuple(
            IndexedItem(_text(operation), _text(path), _text(structure))
            for operation, path, structure in document["items"]
        ),
        {
            name: tuple(_member(*member) for member in members)
            for name, members in document["structures"].items()
        },
        tuple(
            IndexedItem(_text(operation), _text(path), "")
            for operation, path in document["string_lists"]
        ),
    )


def _member(
    name: object, type: object, words: object, holds_path: object, pattern: object, arns: Any
) -> IndexedMember:
    notation = parse_type(_text(type))
    return IndexedMember(
        _text(name),
        notation.shape,
        _text(words),
        notation.enumeration,
        _flag(holds_path),
        _text(pattern),
        _texts(arns),
    )


def _as_directory(document: Any) -> Directory:
    return Directory(
        {name: _texts(aliases) for name, aliases in document["aliases"].items()},
        {found: _texts(services) for found, services in document["documented"].items()},
        {noun: _texts(services) for noun, services in document["nouns"].items()},
    )
