"""A notice as a life hears it, and where in the life it stands, whenever it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.contract import Json
from provisioning.nouns.people import Notice, NoticeKind, Stay

Place = tuple[datetime, str, int, int, str, int]
"""Where a step of a life stands: instant, source, sequence, rank of its kind, notice; last, whether it is a revocation that
follows that notice."""

RANKS = {kind: rank for rank, kind in enumerate(NoticeKind)}
"""Of what one source says at one instant and outside a sequence, an announcement comes first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice, and what is personal in it, opened; None where there is nothing, or the person was erased."""

    notice: Notice
    private: Mapping[str, Json] | None = None


def order(notices: Sequence[Notice]) -> dict[str, Place]:
    """The place of each notice. What one source says of one number stands in that source's own sequence, at the latest
    instant at which it told any of it so far; all else stands at the instant at which it was told."""
    latest: dict[tuple[str, Json], datetime] = {}
    places: dict[str, Place] = {}
    for one in sorted(notices, key=lambda each: (each.sequence or 0, each.told, each.id)):
        instant = one.told
        if one.source is not None and one.sequence is not None:
            of = (one.source, one.content.get("no"))
            latest[of] = instant = max(instant, latest.get(of, instant))
        places[one.id] = (instant, one.source or "", one.sequence or 0, RANKS[one.kind], one.id, 0)
    return places


def revoked_at(stay: Stay, places: Mapping[str, Place]) -> Place:
    """A revocation stands at its instant, and never before the notices that had begun the stay and changed it last."""
    at = (stay.ended or stay.created, "", -1, 0, "", 0)
    before = max((places.get(one, at) for one in (stay.opened_by, stay.notice)), key=lambda place: place[0])
    return at if before[0] < at[0] or before is at else (*before[:5], 1)
