"""Gateways of their own over HTTP: enrolled once by a code, known by their key, revoked, and what they have handed over."""

from __future__ import annotations

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors import messages
from connectors.messages import Asked, Upto
from tests.provisioning.gatewayed import NAMES, Distant, code_of, enrol, enrolled, hand, refused


def ask(site: Distant, **other) -> httpx2.Response:
    return site.post(messages.LIST, Asked(era=0, have={}, most=10), token=site.token(**other))


def test_a_code_enrols_one_gateway_once(peopled, client):
    key, other = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
    code = code_of(peopled, next(NAMES))
    first = enrol(peopled, client, code, key)
    assert first.status_code == 200
    # Its answer may have been lost, so the same gateway asks again, and gets the same.
    assert enrol(peopled, client, code, key).json() == first.json()
    assert refused(enrol(peopled, client, code, other)) == (409, messages.CODE_USED)
    assert refused(enrol(peopled, client, "A" * 32, key)) == (401, messages.BAD_CODE)
    with peopled.client("system") as system:
        (mine,) = [one for one in system.get("/gateways").json() if one["id"] == first.json()["gateway"]]
    assert (mine["state"], mine["targets"]) == ("heard", [])


def test_a_code_is_kept_by_its_digest_alone(peopled, client):
    code = code_of(peopled, next(NAMES))
    secret = messages.secret_of(code).encode()
    folder = peopled.house.settings.data
    assert not [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_gateway_is_known_by_its_own_key_for_this_hub_just_now(site):
    stolen = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert ask(site).status_code == 200
    assert refused(ask(site, key=stolen)) == (401, messages.UNSIGNED)
    assert refused(ask(site, gateway="gtw-nobody")) == (401, messages.UNKNOWN)
    assert refused(ask(site, hub="another hub")) == (401, messages.UNSIGNED)
    assert ask(site, off_s=40).status_code == 200
    for off_s in (-150, 90):
        answer = ask(site, off_s=off_s)
        assert refused(answer) == (401, messages.CLOCK_OFF)
        assert abs(int(answer.json()["fields"]["seconds"]) - off_s) <= 5
    # An hour-old token, as somebody may have copied it, is one whose clock is off.
    assert refused(ask(site, off_s=-3600)) == (401, messages.CLOCK_OFF)


def test_a_call_counts_once(peopled, site):
    heard = site.token()
    said = Asked(era=0, have={}, most=10)
    assert site.post(messages.LIST, said, token=heard).status_code == 200
    for path in (messages.LIST, messages.ACTS):
        again = site.post(path, said, token=heard)
        assert refused(again) == (401, "gateway-call-repeated")
        assert "counts once" in again.json()["detail"]
    assert ask(site).status_code == 200
    with peopled.client("auditor") as auditor:
        (alarm,) = [one for one in auditor.get("/alarms").json() if one["kind"] == "gateway.repeated"]
    assert "127.0.0.1" in alarm["sentence"]


def test_somebody_without_its_key_raises_an_alarm(peopled, site):
    ask(site, key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with peopled.client("auditor") as auditor:
        kinds = [(one["kind"], one["sentence"]) for one in auditor.get("/alarms").json()]
    assert any(kind == "gateway.forged" and "127.0.0.1" in said for kind, said in kinds)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "é" * 40,
        "A" * 5000,
        "eyJhbGciOiJFZDI1NTE5In0." + "W10" + ".AA",
        # {"iss":"\\ud800"}: half of a surrogate pair.
        "eyJhbGciOiJFZDI1NTE5In0.eyJpc3MiOiJcdWQ4MDAifQ.AA",
    ],
)
def test_what_is_no_token_opens_nothing(site, token):
    answer = site.client.post(messages.LIST, content=b"{}", headers={b"Authorization": b"Bearer " + token.encode()})
    assert refused(answer) == (401, messages.UNSIGNED)


def test_a_revoked_gateway_is_refused_at_its_next_call(peopled, site):
    assert ask(site).status_code == 200
    with peopled.client("system") as system:
        assert system.post(f"/gateways/{site.id}/revoke").json()["state"] == "revoked"
        assert system.post(f"/gateways/{site.id}/revoke").status_code == 200
    answer = ask(site)
    assert refused(answer) == (401, messages.REVOKED)
    assert "the-system" in answer.json()["detail"]
    with peopled.client("auditor") as auditor:
        assert "gateway.revoked" in [one["kind"] for one in auditor.get("/alarms").json()]
    with peopled.client("system") as system:
        answer = system.post("/gateways/hand", json={"what": "a-1", "to": site.id})
    assert refused(answer) == (409, "gateway-not-there")


def test_an_attestation_needs_a_gateway_that_is_silent(peopled, site):
    hand(peopled, "e-1", site.id)
    site.refresh()
    with peopled.client("security") as security:
        assert refused(security.post(f"/gateways/{site.id}/attest")) == (409, "nothing-to-attest")
        hand(peopled, "e-1", "embedded")
        assert refused(security.post(f"/gateways/{site.id}/attest")) == (409, "gateway-heard")


def test_names_are_given_once_and_a_dry_run_adds_nothing(peopled):
    with peopled.client("system") as system:
        tried = system.post("/gateways", params={"dry_run": "true"}, json={"name": "once-only"}).json()
        assert (tried["dry_run"], tried["code"]) == (True, None)
        assert system.post("/gateways", json={"name": "once-only"}).status_code == 200
        again = system.post("/gateways", json={"name": "once-only"})
        assert refused(again) == (409, "gateway-name-taken")
        assert refused(system.post("/gateways", json={"name": "embedded"})) == (422, "gateway-name-malformed")
        assert refused(system.post("/gateways/hand", json={"what": "nothing", "to": "embedded"})) == (404, "not-found")


def test_handing_over_waits_until_the_old_one_has_let_go(peopled, site, client):
    heir = enrolled(peopled, next(NAMES), client, seed=5)
    hand(peopled, "b-1", site.id)
    site.refresh()
    epoch = site.epoch("b-1")
    (shown,) = hand(peopled, "b-1", heir.id)
    assert (shown["gateway"], shown["heir"]) == (site.id, heir.id)
    assert [(one.id, one.leaving) for one in site.refresh().targets] == [("b-1", True)]
    assert heir.refresh().targets == ()
    # What it still has in hand is taken, and its term is renewed no more.
    assert site.report(site.owing("b-1")[:1]) == []
    assert site.refresh().targets[0].term_until == site.told.targets[0].term_until
    assert site.say(messages.HANDED, "b-1").status_code == 200
    assert refused(site.say(messages.HANDED, "b-1")) == (409, messages.NOT_YOURS)
    assert (site.refresh().targets, site.told.gone) == ((), ("b-1",))
    assert [one.id for one in heir.refresh().targets] == ["b-1"]
    assert heir.epoch("b-1") > epoch
    assert heir.owing("b-1")


def test_who_was_told_of_a_target_and_lost_it_is_told_that_it_is_gone(peopled, site, client):
    heir = enrolled(peopled, next(NAMES), client, seed=6)
    hand(peopled, "b-2", site.id)
    site.refresh()
    hand(peopled, "b-2", heir.id)
    site.refresh()
    assert site.say(messages.HANDED, "b-2").status_code == 200
    kept = Asked(era=0, have={"b-2": Upto(seq=1, key="", fresh=False)}, most=10)
    assert site.post(messages.LIST, kept).json()["gone"] == ["b-2"]
