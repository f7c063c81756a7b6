"""schemagen.build.selection: building what a change can reach ends where building everything does."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from golden_trees import FIRST, FOLDER
from schemagen import api
from schemagen.diagnostics import ProblemsFound
from schemagen.pages.read import ParsedPage, parse_source
from schemagen.pages.sources import Source

STEPS = 8


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden project with several services and providers, built once. Tests copy it."""
    folder = tmp_path_factory.mktemp("kinds") / "project"
    shutil.copytree(FOLDER / FIRST, folder, ignore=shutil.ignore_patterns("expected"))
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "project"))


def inputs(project: Path, pattern: str = "*") -> list[Path]:
    """The pages and lock files, sorted."""
    found = [
        *project.joinpath("docs_src").rglob("*.md"),
        *project.joinpath("bindings").rglob("*.json"),
    ]
    return [path for path in sorted(found) if path.match(pattern)]


def reword(project: Path, random: random.Random) -> None:
    """Change the prose of a page, or the optionality of a recorded member."""
    path = random.choice(inputs(project))
    text = path.read_text()
    old, new = ('!"', '"') if path.suffix == ".json" else ("the ", "this ")
    path.write_text(text.replace(old, new, random.randint(1, 3)))


def copy_table(project: Path, random: random.Random) -> None:
    """Add a page with the id of another one, which is a problem, or with an id of its own."""
    page = random.choice(inputs(project, "*.dataset.md"))
    text = page.read_text()
    if random.random() < 0.5:
        text = text.replace(page.name.removesuffix(".dataset.md") + "\n", "aws.bakery_copy\n")
    (page.parent / "zz.dataset.md").write_text(text)


def retype(project: Path, random: random.Random) -> None:
    """Change the type of members on an API page, which may contradict the record."""
    page = random.choice(inputs(project, "API_*.md"))
    page.write_text(page.read_text().replace("Type: String", "Type: Integer", 1))


def delete(project: Path, random: random.Random) -> None:
    """Delete a page or a lock file."""
    random.choice(inputs(project)).unlink()


def restore(project: Path, random: random.Random) -> None:
    """Take the pages and lock files back to where they were."""
    for folder in ("docs_src", "bindings"):
        shutil.rmtree(project / folder)
        shutil.copytree(FOLDER / FIRST / folder, project / folder)


def damage(project: Path, random: random.Random) -> None:
    """Edit or delete a generated file."""
    written = [path for path in (project / "generated").rglob("*.py") if path.stat().st_size]
    path = random.choice(sorted(written))
    if random.random() < 0.5:
        path.unlink()
    else:
        path.write_text(path.read_text() + "# edited\n")


EDITS: tuple[Callable[[Path, random.Random], None], ...] = (
    *(reword, copy_table, retype, delete, restore, restore, damage),
)


def outcome(run: Callable[[api.Settings], object], settings: api.Settings) -> tuple[str, ...]:
    """The problems that ``run`` raises."""
    try:
        run(settings)
    except ProblemsFound as error:
        return tuple(sorted(map(str, error.problems)))
    return ()


@pytest.mark.parametrize("seed", range(3))
def test_build_after_any_edits_writes_what_a_full_build_does(project: Path, seed: int) -> None:
    """After each of several random edits, a build reports the problems that a full build reports, or
    leaves nothing for a full build to change."""
    choices = random.Random(seed)  # noqa: S311 -- edits, not secrets
    outcomes: list[bool] = []
    for _ in range(STEPS):
        edit = choices.choice(EDITS)
        edit(project, choices)
        settings = api.settings(project)
        full = outcome(api.render, settings)
        assert outcome(api.build, settings) == full, edit.__name__
        outcomes.append(not full)
        if not full:
            assert api.check(settings, full=True) == (), edit.__name__
    assert any(outcomes)


def parsed_by_build(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pages that a build parses."""
    parsed: list[str] = []

    def parse(source: Source) -> ParsedPage:
        parsed.append(Path(source.path).name)
        return parse_source(source)

    monkeypatch.setattr("schemagen.build.selection.parse_source", parse)
    api.build(api.settings(project))
    return sorted(parsed)


CHANGES: Mapping[str, list[str]] = {
    "docs_src/ddsql/gcp/gcp.garden_bed.dataset.md": ["gcp.garden_bed.dataset.md"],
    "docs_src/ddsql/aws/aws.pantry_shelf.dataset.md": ["aws.pantry_shelf.dataset.md"],
}


@pytest.mark.parametrize("page", CHANGES)
def test_build_parses_only_what_a_changed_page_reaches(
    project: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """A changed page leads to its table and the API pages of its service, and to no other page."""
    text = (project / page).read_text()
    (project / page).write_text(f"{text}\nMore.\n")
    assert parsed_by_build(project, monkeypatch) == CHANGES[page]


def test_model_is_the_same_beside_any_others(project: Path) -> None:
    """A structure whose attribute hides a builtin does not change the modules that are rendered with it."""
    (project / "docs_src/ddsql/aws/aws.bakery_oven.dataset.md").unlink()
    settings = api.settings(project)
    api.build(settings)
    folder = project / "generated" / "ddsql_schemas" / "structures" / "aws" / "bakery"
    assert "    str: StrictStr" in (folder / "builtins.py").read_text()
    (folder / "get_nutrition_result.py").unlink()
    api.build(settings)
    assert api.check(settings, full=True) == ()
