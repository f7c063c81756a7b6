"""LinkML's three outputs for every schema of a folder, in one process. Runs in LinkML's environment.

    python linkml_build.py SCHEMAS OUT files|parsed

`files` gives each generator the schema's file, as LinkML's documentation does; `parsed` reads each
file once and gives the generators the same schema: the fastest way that was found, with the same
models and JSON Schemas (its DDL puts indexes in another order on every run, either way).

LinkML makes a table of its own for each column that is an array, and refuses the whole DDL where
that table's name is too long for PostgreSQL. OUT/refused.txt names those schemas; their other two
outputs are written.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

# By name, because type checkers do not look into the environments of peers.
yaml_loader = import_module("linkml_runtime.loaders").yaml_loader
SchemaDefinition = import_module("linkml_runtime.linkml_model").SchemaDefinition
PydanticGenerator = import_module("linkml.generators.pydanticgen").PydanticGenerator
JsonSchemaGenerator = import_module("linkml.generators.jsonschemagen").JsonSchemaGenerator
SQLTableGenerator = import_module("linkml.generators.sqltablegen").SQLTableGenerator
IdentifierError: type[Exception] = import_module("sqlalchemy.exc").IdentifierError


def main(schemas: Path, out: Path, way: str) -> None:
    out.mkdir()
    refused: list[str] = []
    for path in sorted(schemas.glob("*.yaml")):
        schema = yaml_loader.load(str(path), SchemaDefinition) if way == "parsed" else str(path)
        texts = {".py": PydanticGenerator(schema).serialize()}
        try:
            texts[".sql"] = SQLTableGenerator(schema, dialect="postgresql").serialize()
        except IdentifierError as error:
            refused.append(f"{path.stem}: {error}\n")
        texts[".json"] = JsonSchemaGenerator(schema).serialize()
        for suffix, text in texts.items():
            (out / path.name).with_suffix(suffix).write_text(text, encoding="utf-8")
    (out / "refused.txt").write_text("".join(refused), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
