"""A foreign card, and whoever is on duty elsewhere: told signed, told again after the hub was killed, acknowledged."""

from __future__ import annotations

import json
from typing import Any

from standardwebhooks import Webhook

from tests.journeys.conftest import Journey, card, until
from tests.provisioning.hooked import Receiver, receiving


def said(receiver: Receiver, secret: str) -> list[dict[str, Any]]:
    """What came, each once; its signature is checked as the receiver would, by the library and the machine's clock."""
    found = {}
    for headers, body in receiver.came:
        event = Webhook(secret).verify(body, headers)
        found.setdefault(headers["webhook-id"], event)
    return list(found.values())


def test_a_foreign_card_is_told_elsewhere_and_a_killed_hub_forgets_nothing(journey: Journey) -> None:
    journey.more["FOYER_HOOK_NETWORKS"] = "127.78.0.0/16"
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(range(1, 3)))
    until(journey.settled)
    with receiving("127.78.20.1") as receiver:
        shown = journey.foyer("alarms", "hook", "add", "http://127.0.0.1:8000/alarms", status=1)
        assert "FOYER_HOOK_NETWORKS" in shown
        made = journey.asked("alarms", "hook", "add", receiver.url, "--level", "3")
        assert journey.asked("alarms", "hook", "test", made["id"])["taken"]
        tamper(journey, 99_001)
        until(lambda: len(said(receiver, made["secret"])) == 2)
        raised = said(receiver, made["secret"])[1]
        assert (raised["type"], raised["data"]["kind"]) == ("foyer.alarm.raised", "drift.foreign")
        assert "card:99001" in raised["data"]["sentence"]["zh"]
        receiver.answers = [503]
        tamper(journey, 99_002)
        until(lambda: journey.asked("alarms", "hook", "list")[0]["failing"])
        hub.kill()
        journey.serve()
        until(lambda: len(said(receiver, made["secret"])) == 3)
        (older, newer) = journey.asked("alarms", "list", "--kind", "drift", "--target", "a-1", "--level", "3")[::-1]
        assert older["id"] == raised["subject"]
        for one in (older, newer):
            journey.foyer("alarms", "ack", one["id"], "--note", "a drill")
        until(lambda: len(said(receiver, made["secret"])) == 5)
        assert [each["type"].rpartition(".")[2] for each in said(receiver, made["secret"])[-2:]] == ["acknowledged"] * 2
        until(lambda: journey.asked("alarms", "hook", "list")[0]["waiting"] == 0)
        assert journey.asked("alarms", "hook", "list")[0]["failing"] is None
    assert "a drill" in journey.foyer("alarms", "list", "--all", "--lang", "zh")
    assert journey.asked("alarms", "hook", "remove", made["id"])["dropped"] == 0
    assert json.loads(journey.foyer("alarms", "hook", "list", "--json")) == []


def tamper(journey: Journey, number: int) -> None:
    """A card that nobody wants there, found by a reading that somebody asks for."""
    mine = journey.campus.cards("a-1")[card(1)]
    journey.campus.hands("a-1", "put", **(mine | {"number": number}))
    journey.foyer("targets", "read", "a-1")
