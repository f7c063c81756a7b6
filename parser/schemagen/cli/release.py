"""``schemagen release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from schemagen.cli.options import settings_with
from schemagen.cli.verbosity import message
from schemagen.runtime.command.streams import output, output_line

if TYPE_CHECKING:
    from schemagen.settings.load import Settings


@click.command()
@click.argument("old", required=False)
@click.option(
    "--version", "chosen", help="The next version; by default it follows from the changes."
)
@click.option("--dry-run", is_flag=True, help="Print the section of the changelog; write nothing.")
def release(old: str | None, chosen: str | None, dry_run: bool) -> int:
    """Increment the version of the package by what has changed since the last release.

    Writes the version into the settings, and a section into the changelog of the package. OLD is
    the last release, as `schemagen diff` names it: a git revision, a package, a folder. By
    default it is the commit that brought the version of the settings into the catalogue.
    """
    from schemagen.build import changes
    from schemagen.build.disk import Folder, digest
    from schemagen.evolution import releases, sources, versions
    from schemagen.evolution.differences import compare
    from schemagen.evolution.verdicts import assess
    from schemagen.report.findings import changelog_section

    settings = settings_with()
    base = old or _last_release(settings)
    before, now = sources.read(base, settings), sources.read("", settings)
    findings = assess(compare(before, now), settings.rules)
    part = versions.greatest(finding.part for finding in findings)
    if part is None:
        message(f"nothing has changed since {base}: no release is needed")
        return 0
    version = _next(settings, chosen, versions.following(settings.package_version, part))
    section = changelog_section(version, findings)
    prepared = releases.prepare(settings, version, section)
    if dry_run:
        output(section)
        return 0
    folder = Folder(settings.root, settings.root, "schemagen release")
    seen = {path: digest(data) for path, data in prepared.before.items()}
    changes.change(folder, prepared.files, (), seen)
    output_line(version)
    count = f"{len(findings)} {'change' if len(findings) == 1 else 'changes'}"
    message(
        f"{settings.package_version} -> {version}: {count} since {base}, the greatest is "
        f"{part}; written: {', '.join(prepared.files)}; now run `schemagen build`, and commit"
    )
    return 0


def _last_release(settings: Settings) -> str:
    from schemagen.catalog_source import GIT, is_shallow
    from schemagen.evolution.history import released

    if is_shallow(settings):
        raise click.UsageError(
            "the clone is shallow, so the last release is not known; run `git fetch --unshallow`, or name "
            "the last release: schemagen release OLD"
        )
    commit = released(settings)
    if commit is None:
        raise click.UsageError(
            f"no commit has a catalogue of version {settings.package_version}, which the settings have; "
            "build and commit it, or name the last release: schemagen release OLD"
        )
    return f"{GIT}{commit.id[:12]}"


def _next(settings: Settings, chosen: str | None, following: str) -> str:
    """Check the version that was chosen, or return the ``following`` one."""
    from schemagen.evolution.versions import is_later
    from schemagen.settings.load import as_version

    if chosen is None:
        return following
    version = as_version(chosen)
    if version is None:
        raise click.BadParameter(
            f"{chosen!r} is no version as PEP 440 defines it", param_hint="--version"
        )
    if not is_later(version, settings.package_version):
        raise click.BadParameter(
            f"{chosen} does not follow {settings.package_version}", param_hint="--version"
        )
    return version
