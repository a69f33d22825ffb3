"""The campus in force. A file is read whole and checked whole before anything of it counts; what leaves it is not
deleted, for what it still holds must be taken away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from connectors.contract import Json
from provisioning.campus.change import CampusChange, difference
from provisioning.campus.file import Campus, TargetSpec, read_campus
from provisioning.campus.schedules import lay_down
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import campus as rows
from provisioning.store import delivery as delivery_rows
from provisioning.store import rights
from provisioning.store.campus import TargetRow
from provisioning.store.engine import Tx
from provisioning.story.story import Story

SHIPPED = Path(__file__).parent


class NoCampus(Refusal):
    """No campus is in force yet. Apply one: foyer campus apply FILE"""

    status = 409


class CampusOther(Refusal):
    """This file is of the campus {found}, but {present} is in force here. Give each campus its own --data folder."""

    status = 409


def shipped(name: str) -> Path:
    """The file of a campus that ships, such as `small`; it may not exist."""
    return SHIPPED / f"{name}.yaml"


@dataclass(frozen=True, slots=True)
class _InForce:
    version: int
    digest: str
    campus: Campus


class Campuses:
    """Reads, previews and changes the campus in force."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._cached: _InForce | None = None

    def current(self, tx: Tx) -> Campus:
        """The campus in force; the same object until another version is. Raises `NoCampus`."""
        found = self._current(tx)
        if found is None:
            raise NoCampus
        return found.campus

    def zone(self, tx: Tx) -> str | None:
        """The name of the campus's time zone; None before there is a campus."""
        found = self._current(tx)
        return None if found is None else found.campus.zone.key

    def text(self, tx: Tx) -> str | None:
        """The file in force, as it was written; None before the first."""
        latest = rows.latest_campus(tx)
        return None if latest is None else rows.campus_text(tx, latest[0])

    def plan(self, tx: Tx, text: str, name: str) -> tuple[CampusChange, Campus]:
        """What applying this text would change, and the campus that it writes. Raises `CampusFaults`, `CampusOther`."""
        campus = read_campus(text, name)
        before = self._current(tx)
        if before is not None and before.campus.id != campus.id:
            raise CampusOther(found=campus.id, present=before.campus.id)
        return CampusChange(campus.id, difference(before.campus if before else None, campus)), campus

    def apply(self, tx: Tx, text: str, name: str, actor: Actor) -> CampusChange:
        """Put this text in force; the text that is in force already changes nothing. Raises as `plan` does, and
        `SchedulesFull`."""
        before = self._current(tx)
        change, campus = self.plan(tx, text, name)
        digest = _digest(text)
        if before is not None and before.digest == digest:
            return replace(change, version=before.version)
        version = rows.add_campus(tx, text, digest, actor.name)
        # Keyed by number and digest, so it is not taken for what is in force should this be rolled back.
        self._cached = _InForce(version, digest, campus)
        _put_targets(tx, campus)
        lay_down(tx, campus)
        changes: list[Json] = [
            {"what": one.what, "verb": one.verb.value, "id": one.id, "fields": list(one.fields)}
            for one in change.changes
        ]
        data: dict[str, Json] = {"campus": campus.id, "version": version, "digest": digest, "changes": changes}
        self._story.tell(tx, Told("campus.applied", actor.name, data=data))
        if not change.nothing:
            rights.everybody_due(tx)
            tx.wake("persons")
        return replace(change, version=version)

    def _current(self, tx: Tx) -> _InForce | None:
        """What is in force, read once a version; the digest too, for a number that was rolled back is given out again."""
        latest = rows.latest_campus(tx)
        if latest is None:
            return None
        kept = self._cached
        if kept is None or (kept.version, kept.digest) != latest:
            version, digest = latest
            kept = _InForce(version, digest, read_campus(rows.campus_text(tx, version), f"version {version}"))
            self._cached = kept
        return kept


def _put_targets(tx: Tx, campus: Campus) -> None:
    present = rows.target_rows(tx)
    wanted = {target.id: _row(target) for target in campus.targets}
    left = [replace(row, active=False) for at, row in present.items() if at not in wanted and row.active]
    rows.add_targets(tx, [row for at, row in wanted.items() if at not in present])
    rows.change_targets(tx, [row for at, row in wanted.items() if at in present and present[at] != row] + left)
    for at, row in wanted.items():
        if at in present and present[at].settings != row.settings:
            # It may be another device by now, or have other doors: nothing there is proved until it is read back.
            delivery_rows.forget_held(tx, at)


def _row(target: TargetSpec) -> TargetRow:
    return TargetRow(target.id, target.kind, target.name, target.building, target.settings, active=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
