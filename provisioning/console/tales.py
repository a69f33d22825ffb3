"""How the story's kinds of event read on the status page. A kind that nobody wrote a sentence for is shown by its name."""

from __future__ import annotations

from collections.abc import Mapping

TALES: Mapping[str, str] = {
    "alarm.acknowledged": "Alarm acknowledged",
    "alarm.raised": "Alarm raised",
    "batch.taken": "HR sheet taken",
    "campus.applied": "Campus file applied",
    "card.assigned": "Card given",
    "card.lost": "Card reported lost",
    "card.replaced": "Card replaced",
    "drift.altered": "Drift: a record was altered",
    "drift.foreign": "Drift: a foreign record was found",
    "drift.missing": "Drift: a record was missing",
    "grants.decided": "Rights decided",
    "operator.added": "Operator added",
    "operator.ended": "Operator ended",
    "operator.entered": "Operator came in",
    "operator.refused": "A token was refused",
    "person.revoked": "Everything revoked",
    "record.gone": "Proved gone",
    "record.proved": "Proved there",
    "record.refused": "Refused by the target",
    "rules.applied": "Rules applied",
    "stay.announced": "Stay announced",
    "stay.changed": "Stay changed",
    "target.another": "Another device answers",
    "target.back": "Target is back",
    "target.reading-asked": "Reading asked for",
    "target.unreachable": "Target out of reach",
}

TONES: Mapping[str, str] = {
    "alarm.raised": "warn",
    "drift.altered": "bad",
    "drift.foreign": "bad",
    "drift.missing": "warn",
    "operator.refused": "bad",
    "person.revoked": "warn",
    "record.gone": "good",
    "record.proved": "good",
    "record.refused": "bad",
    "target.another": "bad",
    "target.back": "good",
    "target.unreachable": "bad",
}
