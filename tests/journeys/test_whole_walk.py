"""The whole walk as its readers take it: an HR sheet becomes cards on panels, one act takes them away, and all of it can
be checked by somebody who trusts nobody."""

from __future__ import annotations

import stat

from tests.journeys.conftest import SEATED, TARGETS, Journey, card, sheet

PEOPLE = range(1, 9)


def test_from_a_sheet_to_doors_to_a_certificate(journey: Journey):
    journey.emulate()
    hub = journey.serve()
    assert stat.S_IMODE((journey.data / "operator.token").stat().st_mode) == 0o600
    file = journey.folder / "people.csv"
    file.write_text(sheet(PEOPLE), "utf-8")

    shown = journey.asked("hr", "import", file, "--dry-run")
    taken = journey.asked("hr", "import", file)
    assert shown["counts"] == taken["counts"] == {"new": 8, "same": 0, "changed": 0, "held": 0, "refused": 0}
    journey.ready(taken["batch"])
    ready = journey.asked("readiness", "--batch", taken["batch"])
    assert (ready["percent"], ready["people"]) == (100.0, 8)
    assert {need["state"] for need in ready["needs"]} == {"proved"}
    again = journey.asked("hr", "import", file)
    assert again["counts"] == {"new": 0, "same": 8, "changed": 0, "held": 0, "refused": 0}

    assert "opens" in journey.foyer("swipe", card(3), "a-1-east")
    assert "does not know" in journey.foyer("swipe", 999, "a-1-east", status=1)
    assert "no right" in journey.foyer("swipe", card(3), "b-2-server", status=1)
    assert "does not hold" in journey.foyer("why", "J0003", "zone:plant", status=5)
    assert "公务员" in journey.foyer("why", "J0003", "zone:garage")

    dry = journey.asked("revoke", "J0003", "--reason", "left", "--dry-run")
    assert len(dry["lines"]) == len(SEATED)
    assert "opens" in journey.foyer("swipe", card(3), "a-1-east")
    certificate = journey.asked("revoke", "J0003", "--reason", "left", "--wait")
    assert certificate["settled"]
    assert [(line["target"], line["state"]) for line in certificate["lines"]] == [(at, "proved_gone") for at in SEATED]
    assert "does not know" in journey.foyer("swipe", card(3), "a-1-east", status=1)
    assert all(card(3) not in journey.campus.cards(target) for target in TARGETS)
    assert journey.asked("person", "certificates", "J0003")[0]["id"] == certificate["id"]

    token = journey.asked("operator", "add", "zheng", "--role", "auditor")["token"]
    key = _audited(journey, token)
    assert hub.interrupt() in (0, 130)
    assert "Traceback" not in hub.said
    # Whatever was told is signed when the hub stops, so the next one can prove each receipt.
    journey.serve()
    for nth, line in enumerate(certificate["lines"][:2]):
        proof = journey.folder / f"proof-{nth}.txt"
        journey.foyer("audit", "prove", line["receipt"], "--out", proof, "--token", token)
        assert journey.asked("audit", "check", proof, "--key", key)["ok"]


def _audited(journey: Journey, token: str) -> str:
    """What an auditor does, with a token of their own, and then with no hub at all; the hub's key."""
    journey.foyer("audit", "verify", status=4)
    verdict = journey.asked("audit", "verify", "--token", token)
    assert verdict["ok"], verdict
    key = journey.asked("audit", "key", "--token", token)["vkey"]
    story = journey.folder / "story.jsonl"
    journey.foyer("audit", "export", story, "--token", token)
    exported = story.read_text("utf-8")
    assert "person.revoked" in exported
    assert journey.asked("audit", "check", story, "--key", key, "--url", "http://127.0.0.1:9")["ok"]
    altered = journey.folder / "altered.jsonl"
    altered.write_text(exported.replace("person.revoked", "person.praised", 1), "utf-8")
    assert not journey.asked("audit", "check", altered, "--key", key, status=5)["ok"]
    return key
