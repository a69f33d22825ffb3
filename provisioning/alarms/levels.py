"""How urgent each kind of alarm is, and how long each level waits for somebody to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from provisioning.nouns.told import Level

TOLD_MAX = 24
"""An alarm that nobody looks at is told so often, and then stays on the page in silence."""

LEVELS: Mapping[str, Level] = {
    "drift.altered": Level.URGENT,
    "drift.clock": Level.WARNING,
    "drift.foreign": Level.URGENT,
    "drift.missing": Level.WARNING,
    "era.recovering": Level.URGENT,
    "era.settled": Level.WARNING,
    "gateway.forged": Level.URGENT,
    "gateway.repeated": Level.URGENT,
    "gateway.revoked": Level.URGENT,
    "gateway.silent": Level.URGENT,
    "gateway.unknown": Level.URGENT,
    "hold.waiting": Level.NOTICE,
    "hook.silent": Level.WARNING,
    "lockdown.exposed": Level.URGENT,
    "notice.forged": Level.WARNING,
    "passage.after-revocation": Level.URGENT,
    "passage.after-suspension": Level.URGENT,
    "passage.ended-card": Level.URGENT,
    "passage.fire": Level.URGENT,
    "passage.forced": Level.URGENT,
    "passage.held": Level.WARNING,
    "passage.line-down": Level.URGENT,
    "passage.lost-card": Level.URGENT,
    "passage.not-noted": Level.URGENT,
    "passage.not-opened": Level.WARNING,
    "passage.reader-away": Level.WARNING,
    "passage.reader-strange": Level.URGENT,
    "passage.tamper": Level.URGENT,
    "passage.unknown-card": Level.URGENT,
    "passage.wrong-pins": Level.URGENT,
    "passages.anew": Level.WARNING,
    "passages.deaf": Level.WARNING,
    "passages.lost": Level.WARNING,
    "passages.stranger": Level.WARNING,
    "person.parked": Level.WARNING,
    "queue.growing": Level.WARNING,
    "queue.late": Level.WARNING,
    "queue.unclaimed": Level.URGENT,
    "rule.broken": Level.WARNING,
    "rule.resource-unknown": Level.NOTICE,
    "story.unsigned": Level.URGENT,
    "story.untailed": Level.URGENT,
    "target.another": Level.URGENT,
    "target.parked": Level.WARNING,
    "target.unreachable": Level.WARNING,
}
"""Kind → level at which it is raised. A test finds every kind that the code raises here."""


def level_of(kind: str) -> Level:
    """At which level a kind is raised; one that nobody placed is a warning, so that it is not lost."""
    return LEVELS.get(kind, Level.WARNING)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many minutes an alarm waits at each level; then it is told again, one level higher, or as urgent as before."""

    notice_min: int = 8 * 60
    warning_min: int = 30
    urgent_min: int = 60

    def span(self, level: Level) -> timedelta:
        """How long an alarm of this level waits."""
        return timedelta(minutes=(self.notice_min, self.warning_min, self.urgent_min)[level - 1])
