"""The plan of what waits as it is kept and shown, and in what two plans of one hold differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Json
from provisioning.grants.preview import Preview
from provisioning.nouns.minds import Hold
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, say

SHOWN_MAX = 50
DIFFERS = "{what}: now {now}, shown before {before}"


class PlanChanged(Refusal):
    """What hold {hold} would do has changed since it was shown, so nothing was done. Now {more} people would gain and
    {less} lose. Look at it again: foyer hold show {hold}; and approve it if it is still right."""

    status = 409

    def __init__(self, before: Hold, after: Hold) -> None:
        self._found = differences(before.plan, after.plan)
        super().__init__(hold=after.id, more=after.more, less=after.less)

    def sentence(self, language: Language) -> str:
        """The refusal, and below it a line for each difference."""
        shown = [say(DIFFERS, language, each) for each in self._found[:SHOWN_MAX]]
        rest = ["…"] if len(self._found) > SHOWN_MAX else []
        return "\n".join([say(self.template(), language, self.fields), *shown, *rest])


def preview_json(preview: Preview) -> dict[str, Json]:
    """A preview as JSON."""
    return {
        "people_gaining": preview.people_gaining,
        "people_losing": preview.people_losing,
        "lines": [[one.resource, one.target, one.gained, one.lost] for one in preview.lines],
        "sample": [[one.no, list(one.gained), list(one.lost)] for one in preview.sample],
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """What one plan says and another does not: by resource and target, by staff number, by thing that changes."""
    old, new = _said(before), _said(after)
    return [
        {"what": what, "now": new.get(what, "–"), "before": old.get(what, "–")}
        for what in sorted(old.keys() | new.keys())
        if old.get(what) != new.get(what)
    ]


def _said(plan: Mapping[str, Any]) -> dict[str, str]:
    """A plan as lines: what each is about, and what is said of it."""
    preview = plan.get("preview", {})
    found = {f"{resource} @ {target or '–'}": f"+{g} -{lost}" for resource, target, g, lost in preview.get("lines", ())}
    found |= {no: _two(gained, lost) for no, gained, lost in preview.get("sample", ())}
    for row in plan.get("rows", ()):
        told = [row["effect"], *row["fields"], *([row["refused"]] if row["refused"] else [])]
        told += [f"revoked {row['revoked']}"] if row.get("revoked") else []
        found[f"{row['no']} ({row['notice']})"] = " ".join(told)
    for one in plan.get("changes", ()):
        found[f"{one['what']} {one['id']}"] = " ".join([one["verb"], *one["fields"]])
    for verb in ("added", "removed", "changed"):
        found |= {f"rule {rule}": verb for rule in plan.get(verb, ())}
    return found


def _two(gained: list[str], lost: list[str]) -> str:
    return " ".join([*(f"+{one}" for one in gained), *(f"-{one}" for one in lost)])
