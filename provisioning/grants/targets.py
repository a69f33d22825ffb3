"""The campus's targets as connectors that can say what they should hold, found by the resources they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors import registry
from connectors.contract import Connector
from provisioning.campus.file import Campus

ANY = "*"
"""What ends a pattern: `seat:*` stands for every resource that begins with `seat:`."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Which target serves which resource. Built once a campus version. `patterns` are (beginning, targets), the longest
    beginning first."""

    connectors: Mapping[str, Connector]
    exact: Mapping[str, tuple[str, ...]]
    patterns: tuple[tuple[str, tuple[str, ...]], ...]

    def targets_of(self, resource: str) -> tuple[str, ...]:
        """The targets that serve at least a part of a resource, by id: those that name it, else those of the longest
        pattern that it fits; none where nothing serves it."""
        found = self.exact.get(resource)
        if found is not None:
            return found
        return next((targets for begins, targets in self.patterns if resource.startswith(begins)), ())

    def of(self, resources: Iterable[str]) -> set[str]:
        """The targets that serve at least a part of one of these resources."""
        return {target for resource in resources for target in self.targets_of(resource)}


def serving(campus: Campus) -> Serving:
    """The targets of a campus, by what they serve."""
    connectors = {each.id: registry.build(each.kind, each.settings, campus.zone) for each in campus.targets}
    found: dict[str, list[str]] = {}
    for target, connector in connectors.items():
        for resource in connector.resources():
            found.setdefault(resource, []).append(target)
    by_resource = {resource: tuple(sorted(targets)) for resource, targets in found.items()}
    patterns = [(name.removesuffix(ANY), targets) for name, targets in by_resource.items() if name.endswith(ANY)]
    return Serving(
        connectors,
        {name: targets for name, targets in by_resource.items() if not name.endswith(ANY)},
        tuple(sorted(patterns, key=lambda pattern: (-len(pattern[0]), pattern[0]))),
    )
