"""Step 1 of a build: read every input file, unparsed, and hash what the output depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemagen.build import toolchain
from schemagen.build.disk import digest
from schemagen.build.manifest import InputHashes
from schemagen.diagnostics import Problem, ProblemsFound, unreadable
from schemagen.files import read_text
from schemagen.inputs import find_locks, find_pages, read_pages
from schemagen.pages.sources import Kind, Source, kind_of, no_pages
from schemagen.settings.load import Settings
from schemagen.settings.overrides import Overrides
from schemagen.settings.positions import undecodable
from schemagen.targets.registry import Target


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """The files that a build reads. ``sources`` are all pages, ``page_hashes`` those of the dataset
    pages, by path; ``changelog`` is the text of the package's changelog, "" without one."""

    sources: tuple[Source, ...]
    locks: tuple[Source, ...]
    hashes: InputHashes
    page_hashes: Mapping[str, str]
    changelog: str = ""


def read_inputs(settings: Settings, without: Collection[str] = ()) -> BuildInputs:
    """Read the files of the project, except those whose paths are in ``without``.

    Raises `ProblemsFound` where one cannot be read, with SG103 if no page, not even in ``without``,
    describes a table, or with the problems of API pages that are all there is.
    """
    sources = find_pages(settings, without)
    api_pages = {source.path: source for source in sources if kind_of(source.path) is Kind.API}
    if len(sources) == len(api_pages) and not without:
        read_pages(settings, sources)  # Raises for problems of the API pages.
        what = f"dataset pages ({Kind.DATASET.pattern})"
        raise ProblemsFound([no_pages(what, settings.docs, settings.root, settings.exclude)])
    locks = find_locks(settings, without)
    changelog = _changelog(settings)
    return BuildInputs(
        sources=sources,
        locks=locks,
        hashes=InputHashes(
            toolchain=toolchain.fingerprint(),
            settings=_settings_hash(settings),
            overrides=_overrides_hash(settings.overrides),
            changelog=digest(changelog.encode()) if changelog else "",
            api=_source_hashes(api_pages.values()),
            locks=_source_hashes(locks),
            templates=_template_hashes(settings.outputs),
        ),
        page_hashes={
            source.path: digest(source.data) for source in sources if source.path not in api_pages
        },
        changelog=changelog,
    )


def _changelog(settings: Settings) -> str:
    """Read the changelog of the package; "" if the project has none. Raises `ProblemsFound` with SG101."""
    name = settings.display(settings.changelog)
    try:
        return read_text(settings.changelog)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ProblemsFound([unreadable(name, error)]) from error
    except UnicodeDecodeError as error:
        position = undecodable(error)
        message = f"cannot be read: it is not UTF-8 ({error.reason}); convert it"
        raise ProblemsFound([Problem(name, *position, "SG101", message)]) from error


def _settings_hash(settings: Settings) -> str:
    """Hash the settings that shape the output; folders do not, and templates have hashes of their own."""
    parts = (
        settings.base_uri,
        settings.nested_names.value,
        settings.package,
        settings.package_version,
        settings.types,
        settings.outputs,
        settings.members,
    )
    return digest(repr(parts).encode())


def _overrides_hash(overrides: Overrides) -> str:
    """Hash the bindings by hand; "" where there are none."""
    return digest(repr(overrides).encode()) if any(overrides) else ""


def _template_hashes(targets: Iterable[Target]) -> dict[str, str]:
    """Hash the templates of the project, by path."""
    return {
        path: digest(text.encode())
        for target in targets
        if target.user_template is not None
        for path, text in target.user_template.texts.items()
    }


def _source_hashes(sources: Iterable[Source]) -> dict[str, str]:
    return {source.path: digest(source.data) for source in sources}
