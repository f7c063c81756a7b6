"""Compare the output folder with what the last build wrote there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from schemagen.build import disk, manifest, stat_index
from schemagen.build.disk import Folder
from schemagen.build.manifest import Manifest


@dataclass(frozen=True, slots=True)
class OutputTree:
    """What the last build wrote to ``folder``, and what is there now.

    ``manifest`` is the record of that build; where there is none, or one that cannot be read, it is
    empty and ``manifest_text`` is None. Then everything is rendered again, and no file counts as an
    orphan. ``hashes`` has the files that exist, of those that the manifest lists or that
    `with_hashes_of` added, and the manifest itself.
    """

    folder: Folder
    manifest: Manifest
    manifest_text: str | None
    hashes: Mapping[str, str]

    @classmethod
    def read(cls, folder: Folder, *, trust_times: bool = False) -> OutputTree:
        """Read the tree. Raises OSError and `ProblemsFound` where that is not possible.

        With ``trust_times``, files whose size, times and inode are known are not read again.
        """
        data = manifest.read(folder)
        recorded, text = manifest.parsed(data)
        digests = stat_index.digests if trust_times else disk.digests
        hashes = digests(folder, recorded.written)
        if data is not None:
            hashes[manifest.FILE] = disk.digest(data)
        return cls(folder, recorded, text, hashes)

    def with_hashes_of(self, paths: Iterable[str]) -> OutputTree:
        """Return the tree with the hashes of ``paths`` added."""
        others = disk.digests(self.folder, (path for path in paths if path not in self.hashes))
        return replace(self, hashes={**self.hashes, **others})

    def has(self, path: str, content_hash: str) -> bool:
        """Whether the file at ``path`` exists and has this content."""
        return self.hashes.get(path) == content_hash

    def is_modified(self, path: str) -> bool:
        """Return whether the file at ``path``, which the manifest lists, was edited since it was
        written."""
        return not self.has(path, self.manifest.written[path])
