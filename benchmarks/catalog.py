"""A catalogue of N dataset pages in the real pages' format, made from botocore's service models.

Names, types and documentation are botocore's own, as they are on the real pages, so the sizes and
the oddities are real as well. Offline and deterministic: the same botocore gives the same bytes.

    python benchmarks/catalog.py FOLDER [--tables 1300]
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from schemagen.names import snake_case

READ_OPERATION = re.compile(r"(?:Describe|Get)([A-Z]\w+)")
PARAGRAPH = re.compile(r"</?p>")
SPACE = re.compile(r"\s+")
HEADINGS = ("Title", "ID", "Type", "Data Type", "Description")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the table's id, its title and its rows (name, kind, type, description)."""

    id: str
    title: str
    rows: tuple[tuple[str, str, str, str], ...]

    @property
    def text(self) -> str:
        """The page as the data directory writes it: cells padded, rows shifted to the left, no
        description cell where there is none."""
        cells = [[cell for cell in row if cell] for row in self.rows]
        widths = [
            max(len(heading), *(len(row[index]) for row in cells if index < len(row)), 3)
            for index, heading in enumerate(HEADINGS[:4])
        ] + [len(HEADINGS[4])]

        def line(texts: list[str]) -> str:
            padded = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
            return "| " + " | ".join(padded) + " |"

        rules = ["-" * width for width in widths]
        lines = [line(list(HEADINGS)), line(rules), *(line(row) for row in cells)]
        path = f"aws/{self.id}.dataset.md"
        return "\n".join(
            [
                f"# Source: https://docs.datadoghq.com/ddsql_reference/data_directory/{path}",
                "",
                "---",
                f"title: {self.title}",
                "description: Datadog, the leading service for cloud-scale monitoring.",
                f"breadcrumbs: Docs > DDSQL Reference > Data Directory > {self.title}",
                "---",
                "",
                f"# {self.title}",
                "",
                f"This table represents the {self.title} resource from Amazon Web Services.",
                "",
                "```",
                self.id,
                "```",
                "",
                "## Fields",
                "",
                *lines,
                "",
            ]
        )


def pages() -> Iterator[Page]:
    """Pages in the order of services and operations, as many as botocore's models give."""
    loader = Loader()
    for service in sorted(loader.list_available_services("service-2")):
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        seen: set[str] = set()
        for name in sorted(model.operation_names):
            match = READ_OPERATION.fullmatch(name)
            if not match:
                continue
            page = _page(service, match[1], model.operation_model(name))
            if page is not None and page.id not in seen:
                seen.add(page.id)
                yield page


def _page(service: str, noun: str, operation: OperationModel) -> Page | None:
    """The page of one operation's item; None where there are too few members for a resource."""
    item = operation.output_shape
    if item is None:
        return None
    structures = [
        shape for shape in item.members.values() if isinstance(shape, StructureShape | ListShape)
    ]
    if len(item.members) <= 2 and structures:
        # The response wraps the resource: {"Cluster": {…}} or {"Clusters": [{…}], "NextToken": …}.
        inner: Shape = structures[0]
        while isinstance(inner, ListShape):
            inner = inner.member
        if not isinstance(inner, StructureShape):
            return None
        item = inner
    if len(item.members) < 8:
        return None
    rows = {name: (name, "core", "string", "") for name in ("_key", "account_id")}
    for member, shape in item.members.items():
        name = snake_case(member)
        rows[name] = (name, "core", _type(shape), _description(shape))
    rows["tags"] = ("tags", "core", "hstore_csv", "")
    table = f"{snake_case(service.replace('-', '_'))}_{snake_case(noun)}"
    title = f"{service.replace('-', ' ').title()} {snake_case(noun).replace('_', ' ').title()}"
    return Page(f"aws.{table}", title, tuple(rows[name] for name in sorted(rows)))


SCALARS = {
    "string": "string",
    "character": "string",
    "blob": "string",
    "integer": "int64",
    "long": "int64",
    "short": "int64",
    "byte": "int64",
    "float": "float64",
    "double": "float64",
    "bigdecimal": "float64",
    "boolean": "bool",
    "timestamp": "timestamp",
}


def _type(shape: Shape) -> str:
    if isinstance(shape, MapShape):
        return "hstore" if shape.value.type_name == "string" else "json"
    if isinstance(shape, ListShape):
        return "array<string>" if shape.member.type_name == "string" else "json"
    return SCALARS.get(shape.type_name, "json")


def _description(shape: Shape) -> str:
    text = PARAGRAPH.sub(" ", shape.documentation)
    return SPACE.sub(" ", text).strip()


def write(folder: Path, tables: int) -> int:
    """Write ``tables`` pages below ``folder`` and return how many there were to write."""
    count = 0
    for page in islice(pages(), tables):
        path = folder / "ddsql" / "aws" / f"{page.id}.dataset.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.text, encoding="utf-8", newline="\n")
        count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", type=int, default=1300)
    arguments = parser.parse_args()
    count = write(arguments.folder, arguments.tables)
    print(f"{count} pages")  # noqa: T201


if __name__ == "__main__":
    main()
