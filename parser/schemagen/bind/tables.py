"""Infer or renew the bindings of tables, and apply the overrides of the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from schemagen.diagnostics import Problem, did_you_mean
from schemagen.model.bindings import Binding
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import Table
from schemagen.model.recorded import RecordedResponses
from schemagen.settings.load import Settings
from schemagen.settings.overrides import ItemOverride, Overrides, is_reflected
from schemagen.typed_pages import TypedTable

if TYPE_CHECKING:
    from schemagen.api_models.cache import Indexes
    from schemagen.inference.infer import ChosenItem, Inference
    from schemagen.lockfile.lock import LockFile


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a table, see `TableBinder`."""

    changed: Mapping[str, Binding]
    dropped: Collection[str]
    unbound: Mapping[str, tuple[str, str]]
    inferred: Collection[str]
    problems: Sequence[Problem]
    findings: Sequence[Problem]


@dataclass
class TableBinder:
    """Collects the bindings, problems and findings of a run.

    ``locked`` are the bindings of the lock by table, ``locks`` its files by service, ``old_format`` those
    tables whose lock file does not say how they are enumerated, ``changed`` the bindings that differ from
    those locked, and ``dropped`` the tables whose bindings are removed. ``unbound`` are the tables for
    which nothing was inferred, with service and reason; ``inferred`` are all tables that the run has dealt
    with.
    """

    settings: Settings
    locked: Mapping[str, Binding]
    locks: Mapping[str, LockFile]
    old_format: Collection[str]
    again: bool
    changed: dict[str, Binding] = field(default_factory=dict[str, Binding])
    dropped: set[str] = field(default_factory=set[str])
    unbound: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    inferred: set[str] = field(default_factory=set[str])
    problems: list[Problem] = field(default_factory=list[Problem])
    findings: list[Problem] = field(default_factory=list[Problem])

    @cached_property
    def indexes(self) -> Indexes:
        from schemagen.api_models.botocore import BotocoreModels
        from schemagen.api_models.cache import Indexes

        return Indexes(BotocoreModels())

    def update(self, typed: TypedTable) -> None:
        """Infer or renew the binding of a table, and apply its overrides."""
        table = typed.table
        overrides = self.settings.overrides.of(table.id)
        locked = self.locked.get(table.id)
        problems_before = len(self.problems)
        if (
            self.again
            or locked is None
            or not all(is_reflected(item, locked) for item in overrides.items)
        ):
            binding = self.infer_binding(typed, overrides)
        else:
            binding = self.renew(typed, locked, overrides)
        self.inferred.add(table.id)
        if binding is None and locked is not None:
            self.dropped.add(table.id)
        if binding is None or len(self.problems) > problems_before:
            return
        binding = self.apply(overrides, binding, table)
        if binding != locked or table.id in self.old_format:
            binding = self.enumerate(binding, table)
        if binding != locked:
            self.changed[table.id] = binding

    def take(self) -> Found:
        """Return what was found since the last time, and forget it."""
        found = Found(
            self.changed, self.dropped, self.unbound, self.inferred, self.problems, self.findings
        )
        self.changed, self.dropped, self.unbound = {}, set(), {}
        self.inferred, self.problems, self.findings = set(), [], []
        return found

    def add(self, found: Found) -> None:
        """Add what `take` has returned, in this process or another."""
        self.changed.update(found.changed)
        self.dropped.update(found.dropped)
        self.unbound.update(found.unbound)
        self.inferred.update(found.inferred)
        self.problems += found.problems
        self.findings += found.findings

    def enumerate(self, binding: Binding, table: Table) -> Binding:
        """Find the listings that lead to the table's rows. What prevents that is a finding."""
        from schemagen.inference.parents import enumerated

        if binding.service not in self.indexes.services:
            return binding  # Reported when it is recorded.
        binding = enumerated(binding, self.indexes.of(binding.service))
        if binding.obstacle:
            message = f"{table.id} cannot be enumerated: {binding.obstacle}"
            origin = table.origin
            self.findings.append(Problem(origin.path, origin.line, 1, "SG404", message))
        return binding

    def apply(self, overrides: Overrides, binding: Binding, table: Table) -> Binding:
        """Apply overrides of columns. A service that botocore lacks is reported when it is recorded."""
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand

        if not overrides.columns or binding.service not in self.indexes.services:
            return binding
        infer_arguments = by_hand.argument_inference(binding, table, self.indexes)
        service = service_api(binding.service)
        applied = by_hand.apply(binding, overrides.columns, infer_arguments, table, service)
        self.problems += applied.problems
        self.findings += applied.findings
        return applied.binding

    def infer_binding(self, typed: TypedTable, overrides: Overrides) -> Binding | None:
        """Infer a binding, from the item that an override chooses, if any.

        None if nothing is inferred; that is a problem of every override that needs a binding.
        """
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand
        from schemagen.inference.infer import ChosenItem

        item = next(iter(overrides.items), None)
        if item and item.service:
            if item.service not in self.indexes.services:
                hint = did_you_mean(item.service, self.indexes.services)
                message = f"botocore has no service {item.service!r}{hint}"
                self.problems.append(item.position.problem("SG303", message, "service"))
                return None
            if problem := by_hand.item_problem(item, service_api(item.service)):
                self.problems.append(problem)
                return None
        chosen = ChosenItem(item.service, item.operation, item.path) if item else ChosenItem()
        inference = self.infer(typed, chosen, overrides)
        if inference.binding is not None:
            return inference.binding
        self.unbound[typed.table.id] = (inference.service, inference.reason)
        if item and item.service and item.operation and item.path:
            # An item that is chosen in full needs no evidence.
            table = typed.table
            del self.unbound[table.id]
            return Binding(
                table.id,
                item.service,
                item.operation,
                item.path,
                columns=(),
                derived=(),
                enrichments=(),
                origin=NOWHERE,
                unbound=tuple(sorted(column.name for column in table.columns)),
            )
        for override in overrides:
            # An override that leaves a column unbound needs no binding.
            if isinstance(override, ItemOverride) or override.member:
                message = "; ".join(finding.message for finding in inference.findings)
                self.problems.append(override.position.problem("SG304", message))
        return None

    def infer(
        self,
        typed: TypedTable,
        chosen: ChosenItem,
        overrides: Overrides,
        reported: Collection[str] = (),
    ) -> Inference:
        """Run the inference, and keep its findings except those of columns that have an override, or that are
        ``reported`` already."""
        from schemagen.inference.infer import infer

        inference = infer(typed, self.indexes, chosen)
        known = {override.column for override in overrides.columns}.union(reported)
        lines = {column.origin.line for column in typed.table.columns if column.name in known}
        self.findings += [
            finding
            for finding in inference.findings
            if finding.code != "SG404" or finding.line not in lines
        ]
        return inference

    def renew(self, typed: TypedTable, locked: Binding, overrides: Overrides) -> Binding:
        """Bring a binding of the lock up to its page.

        Columns are inferred that are new on the page, that were bound by an override that is gone, or whose
        type has changed so that their member does not fit it any more, or may fit it now.
        """
        from schemagen.inference import renewal
        from schemagen.inference.infer import ChosenItem

        binding = renewal.on_page(locked, typed.table)
        by_hand = {column.column for column in binding.columns if column.evidence == "hand"}
        overridden = {override.column for override in overrides.columns}
        responses = RecordedResponses(self.locks[binding.service].recorded_service)
        misfits = renewal.misfits(binding, typed, responses)
        retyped = renewal.outdated_misfits(binding, typed).union(misfits)
        to_infer = (renewal.unmentioned(binding, typed.table) | by_hand | retyped) - overridden
        if not to_infer or binding.service not in self.indexes.services:
            return binding
        chosen = ChosenItem(binding.service, binding.operation, binding.path)
        inference = self.infer(typed, chosen, overrides, reported=misfits)
        binding = renewal.renewed(binding, to_infer, inference.binding, misfits)
        for column in typed.table.columns:
            if column.name in misfits.keys() & set(binding.unbound) - overridden:
                message = (
                    f"{typed.table.id}.{column.name} is no longer bound: {misfits[column.name]}"
                )
                place = column.origin.path, column.origin.line, 1
                self.findings.append(Problem(*place, "SG404", message))
        return binding
