"""Tables that are drawn from botocore's models, for which no rule of the inference was made.

`python tests/drawn_tables.py` draws `TABLES` tables by `SEED` and writes them to `DRAWN`, in the form
of `page_facts`, with the services that were excluded. The result is committed, so that another
botocore does not change it. Services and operations whose name is a word of a tracked file of this
repository are excluded, and the services of `_REPORTED`.

A page differs from the item of a response as the pages of Datadog's data directory do: some members
are left out, some have no description, or one that botocore no longer has. Each table has tags, and
usually a column for its own ARN, whether or not the response has them. Some columns come from other
operations.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import botocore
import botocore.session
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StructureShape,
)

from schemagen.api_models.botocore import service_model
from schemagen.names import folded, read_noun
from schemagen.runtime.convert import snake_case

ROOT = Path(__file__).resolve().parents[1]
DRAWN = ROOT / "tests" / "inference" / "drawn_tables.txt"
SEED = "2026-11"
TABLES = 40
SHARES = {"map": 1, "keys": 2, "nested": 4, "parent": 5, "listing": 10, "describe": TABLES}
"""How many tables of each kind are drawn at most, in this order: see `Candidate.kind`."""

_SCANNED = ("tests/", "docs/", "docs_src/", "bindings/", "benchmarks/", "parser/")
_OWN = re.compile(r"tests/(drawn_tables\.py|inference/(test_infer_)?drawn_)")
_DATA = re.compile(r"parser/.*\.(toml|json)$|tests/golden/.*/expected/")
_REPORTED = {
    *("account", "apigatewayv2", "cloudtrail", "datasync", "docdb", "gamelift", "glacier", "glue"),
    *("imagebuilder", "iotanalytics", "iotevents", "neptune", "pinpoint", "qldb", "sso"),
    *("dynamodb", "lambda", "rekognition", "storagegateway"),
}
"""Services whose faults were reported, so that rules were made for them."""
_TOKENS = {"nexttoken", "marker", "nextmarker", "nextpagetoken", "responsemetadata", "maxresults"}
_TYPES = {
    "string": "string",
    "character": "string",
    "integer": "int64",
    "long": "int64",
    "boolean": "bool",
    "timestamp": "timestamp",
    "float": "float64",
    "double": "float64",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item of a read operation that may become a table.

    ``kind`` is "describe" for an operation that is called for one resource, "listing" for one that
    lists whole resources, "nested" for an item that is not at the top of its response, "parent" for
    a listing that requires another resource, "map" for an item that is a value of a map, "keys" for
    one that has a map with an enumeration of keys, which become columns.
    ``noun`` names the resource. ``structure`` is the item's.
    """

    service: str
    protocol: str
    operation: str
    path: str
    kind: str
    noun: str
    structure: StructureShape

    @property
    def place(self) -> str:
        return f"{self.service} {self.operation} {self.path}"


def named_words() -> frozenset[str]:
    """The words of this repository's files, in which names of services and operations are looked
    up."""
    listed = subprocess.run(
        ["git", "ls-files", *_SCANNED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    paths = [ROOT / name for name in listed if not (_OWN.match(name) or _DATA.match(name))]
    texts = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    words: set[str] = set()
    for text in texts:
        words.update(re.findall(r"[A-Za-z0-9][A-Za-z0-9-]*", text))
        words.update(re.findall(r"(?<=aws\.)[a-z0-9]+(?=_)", text))
    return frozenset(words)


def excluded_services(words: frozenset[str]) -> tuple[str, ...]:
    """The services of botocore that ``words`` name."""
    services = botocore.session.get_session().get_available_services()
    return tuple(
        name for name in services if name in _REPORTED or {name, name.replace("-", "")} & words
    )


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if re.search(r"(sse|she|xe|che)s$", noun):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else noun


def _items(shape: Shape, path: str = "", depth: int = 0) -> Iterator[tuple[str, StructureShape]]:
    """The structures in a response that may be items, with their paths."""
    if not isinstance(shape, StructureShape) or depth > 2:
        return
    if depth == 0:
        yield "@", shape
    for name, member in shape.members.items():
        here = f"{path}.{name}" if path else name
        inner = member.member if isinstance(member, ListShape) else member
        if isinstance(member, ListShape) and isinstance(inner, StructureShape):
            yield f"{here}[]", inner
            yield from _items(inner, f"{here}[]", depth + 1)
        elif isinstance(member, MapShape) and isinstance(member.value, StructureShape):
            yield f"{here}{{}}", member.value
        elif isinstance(member, StructureShape):
            yield here, member
            yield from _items(member, here, depth + 1)


def _identified(structure: StructureShape, noun: str, kind: str) -> bool:
    """Whether the structure has an ARN or id of the resource, or for resources that can be called
    by their name, a name."""
    folds = {folded(name) for name in structure.members}
    own = folded(noun)
    ends = ("arn", "id", *(("name", "identifier") if kind in ("describe", "listing") else ()))
    return bool(folds & {*ends, *(own + end for end in ends)})


def candidates(service: str, words: frozenset[str]) -> list[Candidate]:
    """The items of a service that may become tables, by operation and path."""
    model = service_model(service)
    operations = [name for name in model.operation_names if read_noun(name)]
    nouns = Counter(_singular(read_noun(name) or "") for name in operations)
    found: list[Candidate] = []
    for name in operations:
        operation = model.operation_model(name)
        plural = (read_noun(name) or "").removeprefix("All")
        if operation.output_shape is None or name in words or re.search(r"By[A-Z]", name):
            continue
        for path, structure in _items(operation.output_shape):
            single = _singular(plural)
            last = path.rpartition(".")[2].removesuffix("[]")
            if path.count("[]") and "." in path and last.lower() != "items":
                single = _singular(last[0].upper() + last[1:])
            kind = _kind(operation, path, single, plural, operations)
            if kind is None or len(structure.members) < 6:
                continue
            if not (_identified(structure, single, kind) and _named_after(single, path, structure)):
                continue
            if kind in ("listing", "parent") and (nouns[single] > 1 or single == plural):
                continue
            if kind in ("listing", "parent", "describe") and any(_keys(structure)):
                kind = "keys"
            protocol = model.metadata["protocol"]
            found.append(Candidate(service, protocol, name, path, kind, single, structure))
    return found


def _keys(structure: StructureShape) -> Iterator[tuple[str, str]]:
    """The maps of a structure with several enumerated keys, and these keys."""
    for name, member in structure.members.items():
        keys: list[str] = getattr(member.key, "enum", []) if isinstance(member, MapShape) else []
        if len(keys) > 2 and isinstance(member, MapShape) and member.value.type_name == "string":
            yield from ((name, key) for key in keys)


def _named_after(noun: str, path: str, structure: StructureShape) -> bool:
    """Whether path or structure bear the resource's name, so that the item is the resource."""
    last = path.rpartition(".")[2].removesuffix("[]").removesuffix("{}")
    own = folded(noun)
    return path == "@" or any(
        own in folded(text) or folded(_singular(text)) in own
        for text in (last, structure.name)
        if len(text) > 3
    )


def _kind(
    operation: OperationModel, path: str, noun: str, plural: str, operations: list[str]
) -> str | None:
    shape = operation.input_shape
    required = shape.required_members if isinstance(shape, StructureShape) else []
    if path.endswith("{}"):
        return "map"
    if path.count("[]") > 1 or (path.count(".") and path.endswith("[]")):
        return "nested"
    if path.endswith("[]"):
        if not operation.name.startswith(("List", "Describe")):
            return None
        return "parent" if required else "listing"
    listed = any(
        _singular(read_noun(name) or "") == noun and name != operation.name for name in operations
    )
    return "describe" if required and noun == plural and listed else None


def draw(words: frozenset[str]) -> list[Candidate]:
    """Draw `TABLES` candidates: by kind, and within a kind from the protocols in turn; a service is
    drawn once. A protocol of which every service is excluded is represented by operations of
    excluded services that nothing names."""
    chance = random.Random(SEED)  # noqa: S311  # nothing is to be kept secret
    session = botocore.session.get_session()
    excluded = set(excluded_services(words))
    pools: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    protocols: set[str] = set()
    for service in session.get_available_services():
        protocols.add(service_model(service).metadata["protocol"])
        if service not in excluded:
            for candidate in candidates(service, words):
                pools[candidate.kind, candidate.protocol].append(candidate)
    for service in sorted(excluded):
        protocol = service_model(service).metadata["protocol"]
        if not any(key[1] == protocol for key in pools if key[0] == "listing"):
            for candidate in candidates(service, words):
                pools[f"{candidate.kind}", f"{protocol} of a named service"].append(candidate)
    drawn: list[Candidate] = []
    for kind, share in SHARES.items():
        turn = sorted(protocol for name, protocol in pools if name == kind)
        chance.shuffle(turn)
        count = 0
        share = min(share, TABLES - len(drawn))
        while turn and count < share:
            for protocol in list(turn):
                taken = {candidate.service for candidate in drawn}
                places = {(candidate.operation, candidate.path) for candidate in drawn}
                named = protocol.endswith("named service")
                free = [
                    candidate
                    for candidate in pools[kind, protocol]
                    if (named or candidate.service not in taken)
                    and (candidate.operation, candidate.path) not in places
                ]
                if not free or (
                    named
                    and any(c.kind == kind for c in drawn if c.protocol == protocol.split()[0])
                ):
                    turn.remove(protocol)
                    continue
                service = chance.choice(sorted({candidate.service for candidate in free}))
                drawn.append(chance.choice([c for c in free if c.service == service]))
                count += 1
                if count == share:
                    break
    return sorted(drawn, key=lambda candidate: candidate.place)


@dataclass(frozen=True, slots=True)
class DrawnColumn:
    """A column: its type, whose documentation it has (see `page_facts`), and the operation and member
    that it was made from; both "" for a column that the pages have and responses may lack."""

    name: str
    type: str
    source: str | None
    operation: str = ""
    member: str = ""


def table_name(candidate: Candidate) -> str:
    """Draw the table's id, with one of the names that AWS has for the service."""
    chance = random.Random(f"{SEED} {candidate.place} name")  # noqa: S311
    metadata = service_model(candidate.service).metadata
    names = [candidate.service, candidate.service, metadata.get("serviceId", candidate.service)]
    if re.fullmatch(r"[a-z0-9-]+", metadata["endpointPrefix"]):
        names.append(metadata["endpointPrefix"])
    service = re.sub(r"[-. ]", chance.choice(["", "_"]), chance.choice(names).lower())
    noun = snake_case(candidate.noun)
    if chance.random() < 0.15:
        noun = noun.replace("_", "")
    return f"aws.{service}_{noun}"


def columns(candidate: Candidate) -> list[DrawnColumn]:
    """Draw the columns of a table, by name."""
    chance = random.Random(f"{SEED} {candidate.place} columns")  # noqa: S311
    undescribed = chance.random() < 0.05
    found = {name: DrawnColumn(name, "string", None) for name in ("_key", "account_id")}
    found["tags"] = DrawnColumn("tags", chance.choice(["hstore", "hstore_csv", "hstore_csv"]), None)
    if not _has_own_arn(candidate) and chance.random() < 0.8:
        own_arn = f"{snake_case(candidate.noun)}_arn"
        found[own_arn] = DrawnColumn(own_arn, "string", None)
    keyed = dict(_keys(candidate.structure))
    own = [(candidate.operation, candidate.structure, name) for name in candidate.structure.members]
    kept = [member for member in own if chance.random() < 0.92 and member[2] not in keyed]
    for name, key in _keys(candidate.structure):
        column = snake_case(key)
        found.setdefault(
            column, DrawnColumn(column, "string", None, candidate.operation, f"{name}[{key}]")
        )
    for operation, structure, name in [*kept, *_beside(candidate, chance)]:
        column, type = snake_case(name), _type(structure.members[name])
        if folded(name) in _TOKENS or re.fullmatch(r"tag(s|list|set)", folded(name)):
            continue
        if column not in found and type is not None:
            source = _source(candidate, structure, name, chance)
            text = None if undescribed else source
            found[column] = DrawnColumn(column, type, text, operation, name)
    return sorted(found.values(), key=lambda column: column.name)


def _has_own_arn(candidate: Candidate) -> bool:
    ends = ("arn", f"{folded(candidate.noun)}arn", "resourcearn")
    return any(folded(name) in ends for name in candidate.structure.members)


def _type(shape: Shape) -> str | None:
    """DDSQL's type for the values of a shape; None for documents and streams, which no page has."""
    if isinstance(shape, ListShape) and shape.member.type_name in _TYPES:
        return f"array<{_TYPES[shape.member.type_name]}>"
    if isinstance(shape, (ListShape, MapShape, StructureShape)):
        return "json"
    return _TYPES.get(shape.type_name)


def _source(
    candidate: Candidate, structure: StructureShape, name: str, chance: random.Random
) -> str | None:
    """Draw whose documentation a column has: nearly always the member's own, sometimes that of a
    member of the same name elsewhere in the service, one that botocore no longer has, or none."""
    drawn = chance.random()
    if not structure.members[name].documentation or drawn < 0.03:
        return None
    if drawn < 0.05:
        return "?"
    if drawn < 0.07:
        others = [
            other
            for other in _structures(candidate.service)
            if name in other.members and other.members[name].documentation
        ]
        structure = chance.choice(others)
    return f"{structure.name}.{name}"


@cache
def _structures(service: str) -> tuple[StructureShape, ...]:
    model = service_model(service)
    shapes = (model.shape_for(name) for name in sorted(model.shape_names))
    return tuple(shape for shape in shapes if isinstance(shape, StructureShape))


def _beside(
    candidate: Candidate, chance: random.Random
) -> Iterator[tuple[str, StructureShape, str]]:
    """Draw members that a page takes from elsewhere: from beside the item in its response, from the
    items of the resource's listing, and from further operations that are called for the resource."""
    model = service_model(candidate.service)
    output = model.operation_model(candidate.operation).output_shape
    if candidate.kind == "describe" and "." not in candidate.path and candidate.path != "@":
        assert output is not None
        for name, member in output.members.items():
            if name != candidate.path and member.type_name in _TYPES and chance.random() < 0.5:
                yield candidate.operation, output, name
    further = list(_further(candidate, model))
    for operation, structure, names in chance.sample(further, min(2, len(further))):
        if chance.random() < 0.7:
            for name in chance.sample(names, min(len(names), chance.choice([1, 1, 2]))):
                yield operation, structure, name


def _further(
    candidate: Candidate, model: ServiceModel
) -> Iterator[tuple[str, StructureShape, list[str]]]:
    """Operations that read more of the resource, with what they return."""
    known = {folded(name) for name in candidate.structure.members} | {"resourcearn"}
    primary = model.operation_model(candidate.operation)
    known |= {folded(name) for name in _required(primary)}
    own = {folded(name) for name in candidate.structure.members}
    for name in model.operation_names:
        operation, noun = model.operation_model(name), read_noun(name)
        output = operation.output_shape
        if noun is None or output is None or name == candidate.operation or "Tag" in name:
            continue
        lists_it = _singular(noun) == candidate.noun
        named = not lists_it and noun.startswith((candidate.noun, "ResourcePolic"))
        required = {folded(parameter) for parameter in _required(operation)}
        if named and required and required <= known:
            names = [n for n in output.members if folded(n) not in {*_TOKENS, *own, *required}]
            if names:
                yield name, output, names
        elif candidate.kind == "describe" and lists_it:
            for path, item in _items(output):
                names = [n for n in item.members if folded(n) not in own]
                if path.endswith("[]") and names and _named_after(candidate.noun, path, item):
                    yield name, item, names


def _required(operation: OperationModel) -> list[str]:
    shape = operation.input_shape
    return list(shape.required_members) if isinstance(shape, StructureShape) else []


def text(drawn: Iterable[Candidate]) -> Iterator[str]:
    """The lines of tables, in the form of `page_facts`."""
    for candidate in drawn:
        yield f"{table_name(candidate)}: {candidate.place}"
        by_type: Mapping[str, list[str]] = defaultdict(list)
        for column in columns(candidate):
            mark = "" if column.source is None else f"*{column.source}"
            by_type[column.type].append(column.name + mark)
        for type, words in sorted(by_type.items()):
            line = f"    | {type}:"
            for word in words:
                if len(line) + len(word) > 110:
                    yield line
                    line = "    |  "
                line += f" {word}"
            yield line
        yield ""


def _main() -> int:
    words = named_words()
    excluded = " ".join(excluded_services(words))
    width = 110
    lines = [
        f"# Tables drawn by tests/drawn_tables.py from botocore {botocore.__version__}.",
        "# Their form is described in tests/page_facts.py. Excluded were the services",
    ]
    while excluded:
        cut = len(excluded) if len(excluded) < width else excluded.rfind(" ", 0, width)
        lines.append(f"#     {excluded[:cut].strip()}")
        excluded = excluded[cut:].strip()
    lines += ["# but for operations that nothing named, where a protocol has no other service.", ""]
    DRAWN.write_text("\n".join([*lines, *text(draw(words))]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
