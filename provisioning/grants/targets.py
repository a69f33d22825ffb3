"""The campus's targets as connectors that can say what they should hold, found by the resources they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors import registry
from connectors.contract import Connector
from provisioning.campus.file import Campus


@dataclass(frozen=True, slots=True)
class Serving:
    """Which target serves which resource. Built once a campus version."""

    connectors: Mapping[str, Connector]
    by_resource: Mapping[str, tuple[str, ...]]

    def of(self, resources: Iterable[str]) -> set[str]:
        """The targets that serve at least a part of one of these resources."""
        return {target for resource in resources for target in self.by_resource.get(resource, ())}


def serving(campus: Campus) -> Serving:
    """The targets of a campus, by what they serve."""
    connectors = {each.id: registry.build(each.kind, each.settings, campus.zone) for each in campus.targets}
    by_resource: dict[str, list[str]] = {}
    for target, connector in connectors.items():
        for resource in connector.resources():
            by_resource.setdefault(resource, []).append(target)
    return Serving(connectors, {resource: tuple(sorted(targets)) for resource, targets in by_resource.items()})
