"""Build the generated package: read, compare with the manifest, render what is out of date.

`plan` does everything but write. What it returns, a `BuildPlan`, has two readers: `apply` writes it,
and `schemagen.build.check` reports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemagen.build import manifest
from schemagen.build.disk import digest
from schemagen.build.manifest import Manifest
from schemagen.build.output_tree import OutputTree
from schemagen.build.progress import Track, untracked
from schemagen.build.reading import BuildInputs, read_inputs
from schemagen.build.recovery import output_folder
from schemagen.build.up_to_date import NOTHING_HELD, Held, UpToDate, compare
from schemagen.diagnostics import Problem, ProblemsFound, unreadable_as_problem
from schemagen.settings.load import Settings


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What the output folder should hold, and what it holds.

    ``files`` are the texts that were rendered: all files of each table that is out of date, and the
    shared files that may have changed. ``manifest`` lists the whole tree as it should be; ``tree``
    is what is on disk, and has the hashes of the files of both. ``full`` plans render everything.
    """

    settings: Settings
    files: Mapping[str, str]
    manifest: Manifest
    tree: OutputTree
    full: bool = False

    @property
    def misfits(self) -> tuple[str, ...]:
        """The columns for which mappers refuse every value, each with the reason."""
        return tuple(
            f"{table}.{column}: {reason}"
            for table, entry in sorted(self.manifest.tables.items())
            for column, reason in entry.misfits
        )

    @property
    def out_of_date(self) -> dict[str, str]:
        """The files whose text on disk differs from what the build generates, with the generated
        text."""
        return {
            path: text
            for path, text in self.files.items()
            if not self.tree.has(path, digest(text.encode()))
        }

    @property
    def orphans(self) -> list[str]:
        """Files that schemagen wrote, that are still on disk, and that are no longer produced."""
        return _orphans(self.tree, self.manifest)


def _orphans(tree: OutputTree, new: Manifest) -> list[str]:
    gone = tree.manifest.written.keys() - new.outputs.keys()
    return sorted(gone & tree.hashes.keys())


def _with_kept(new: Manifest, tree: OutputTree) -> Manifest:
    """Add the orphans that were edited by hand to ``new``, so that every build reports them."""
    written = tree.manifest.written
    kept = {path: written[path] for path in _orphans(tree, new) if tree.is_modified(path)}
    return replace(new, kept=kept)


def plan(
    settings: Settings,
    *,
    full: bool = False,
    jobs: int | None = None,
    track: Track = untracked,
    trust_times: bool = False,
) -> BuildPlan:
    """Read all inputs and render what is out of date. Raises `ProblemsFound` with every problem.

    ``full`` renders everything, whatever the manifest says. ``jobs`` is the number of processes
    (default: one per processor). ``track`` sees everything that is rendered, as it is rendered.
    ``trust_times`` takes generated files whose size, times and inode are known for unchanged, as a
    check must not.
    """
    inputs = read_inputs(settings)
    tree = read_tree(settings, trust_times=trust_times and not full)
    return plan_of(settings, inputs, tree, full=full, jobs=jobs, track=track)


def plan_of(
    settings: Settings,
    inputs: BuildInputs,
    tree: OutputTree,
    held: Held = NOTHING_HELD,
    *,
    full: bool,
    jobs: int | None,
    track: Track,
) -> BuildPlan:
    """Render what is out of date by ``inputs``; what is ``held`` stays as it is in ``tree``."""
    up_to_date = UpToDate() if full else compare(inputs, tree, settings.outputs)
    if up_to_date.is_everything(inputs, tree):
        return BuildPlan(settings, {}, _with_kept(tree.manifest, tree), tree)
    catalog_text = _catalog_text(settings, tree)
    if held.tables and not catalog_text:
        path = settings.display(settings.out / _catalog_path(settings))
        message = (
            "is missing or was edited: it has the tables whose pages have problems; restore it, or"
            " correct the problems"
        )
        raise ProblemsFound([Problem(path, 1, 1, "SG101", message)])
    from schemagen.build.workers import warm_process

    changed = len(inputs.page_hashes) - len(up_to_date.tables)
    with warm_process(settings.outputs, changed, jobs) as warm:
        from schemagen.build.rendering import render_out_of_date

        rendering = render_out_of_date(
            settings,
            inputs,
            up_to_date,
            tree.manifest,
            catalog_text,
            held,
            jobs=jobs,
            track=track,
            warm=warm,
        )
    with unreadable_as_problem(settings.display):
        tree = tree.with_hashes_of(rendering.files)
    manifest = _with_kept(rendering.manifest, tree)
    return BuildPlan(settings, rendering.files, manifest, tree, full)


def catalog_text(settings: Settings) -> str:
    """Return the catalogue that a build would write, from the pages as they are, without rendering other
    files. Raises `ProblemsFound` with every problem."""
    inputs = read_inputs(settings)
    tree = read_tree(settings, trust_times=True)
    up_to_date = compare(inputs, tree, settings.outputs)
    recorded = _catalog_text(settings, tree)
    if recorded and up_to_date.is_everything(inputs, tree):
        return recorded
    from schemagen.build import rendering

    return rendering.catalog_text(settings, inputs, up_to_date, tree.manifest, recorded)


def read_tree(settings: Settings, *, trust_times: bool = False) -> OutputTree:
    """Read the output folder. Raises `ProblemsFound` if it, or a folder that it was made from, cannot be
    read."""
    with unreadable_as_problem(settings.display):
        tree = OutputTree.read(output_folder(settings), trust_times=trust_times)
    _require_bindings(settings, tree.manifest)
    return tree


def require_bindings(settings: Settings) -> None:
    """Raise `ProblemsFound` if the folder that the last build read lock files from is gone: a misspelt
    setting would make all tables look unbound."""
    with unreadable_as_problem(settings.display):
        recorded, _ = manifest.parsed(manifest.read(output_folder(settings)))
    _require_bindings(settings, recorded)


def _require_bindings(settings: Settings, recorded: Manifest) -> None:
    """Raise `ProblemsFound` if the folder that the last build read lock files from is gone: a misspelt
    setting would remove every mapper."""
    count = len(recorded.inputs.locks)
    if count and not settings.bindings.exists():
        message = (
            f"cannot be read: the folder is missing, and the last build read {count} lock"
            f" {'file' if count == 1 else 'files'}; restore it or correct `bindings`, or leave it empty"
            " if no table is to be bound"
        )
        problem = Problem(settings.display(settings.bindings), 1, 1, "SG101", message)
        raise ProblemsFound([problem])


def _catalog_text(settings: Settings, tree: OutputTree) -> str:
    """Read the catalogue that the last build wrote; "" if it is missing or was modified."""
    path = _catalog_path(settings)
    recorded = tree.manifest.shared.get(path)
    if recorded is None or not tree.has(path, recorded):
        return ""
    return (settings.out / path).read_text("utf-8")


def _catalog_path(settings: Settings) -> str:
    from schemagen.runtime import catalog_json

    return f"{settings.package}/{catalog_json.FILE}"


def render_all(settings: Settings, *, jobs: int | None = None) -> dict[str, str]:
    """Render every file of the output folder, without looking at what it holds."""
    from schemagen.build.rendering import render_out_of_date

    rendering = render_out_of_date(
        settings, read_inputs(settings), UpToDate(), Manifest(), jobs=jobs
    )
    return {**rendering.files, manifest.FILE: manifest.render(rendering.manifest)}
