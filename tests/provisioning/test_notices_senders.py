"""Senders with a clock that stands where it is put: tolerance to the second, secrets under a turned key, forgeries told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from provisioning.intake import webhook
from provisioning.intake.webhook import MessageDiffers, SecretsEnough, Senders, SendersEnough, SignatureForged
from provisioning.store import senders as rows
from provisioning.vault.master import turned
from provisioning.vault.signatures import sign
from provisioning.vault.vault import Vault
from tests.provisioning.housed import BOSS, Housed

BODY = b'{"id": "1"}'


def added(housed: Housed, name: str = "office", source: str = "urn:office") -> str:
    with housed.house.store.writing() as tx:
        return housed.house.senders.add(tx, name, source, BOSS)


def of(housed: Housed, headers: dict[str, str], body: bytes = BODY) -> str:
    with housed.house.store.reading() as tx:
        return housed.house.senders.of(tx, headers, body).name


@pytest.mark.parametrize("seconds", [-301, -300, 0, 300, 301])
def test_five_minutes_are_taken_and_not_a_second_more(housed: Housed, seconds: int):
    secret = added(housed)
    headers = sign(secret, "m", housed.clock.now() - timedelta(seconds=seconds), BODY.decode())
    if abs(seconds) <= webhook.TOLERANCE_S:
        assert of(housed, headers) == "office"
    else:
        with pytest.raises((webhook.SignatureOld, webhook.SignatureAhead), match=f"{abs(seconds)} s "):
            of(housed, headers)


def test_of_several_signatures_one_is_enough(housed: Housed):
    secret = added(housed)
    headers = sign(secret, "m", housed.clock.now(), BODY.decode())
    good = headers["webhook-signature"]
    assert of(housed, headers | {"webhook-signature": f"v1,AAAA v2,{good} {good}"}) == "office"
    with pytest.raises(SignatureForged):
        of(housed, headers | {"webhook-signature": " ".join(["v1,AAAA"] * 8 + [good])})


def test_a_message_s_id_may_be_used_anew_once_its_signature_is_too_old(housed: Housed):
    secret = added(housed)
    of(housed, sign(secret, "m", housed.clock.now(), BODY.decode()))
    other = b'{"id": "2"}'
    with pytest.raises(MessageDiffers):
        of(housed, sign(secret, "m", housed.clock.now(), other.decode()), other)
    housed.later(seconds=webhook.REMEMBERED_S + 1)
    assert of(housed, sign(secret, "m", housed.clock.now(), other.decode()), other) == "office"


def test_no_more_than_two_secrets_a_source_and_a_bound_on_all(housed: Housed):
    added(housed, "s0", "urn:s0")
    added(housed, "s0-next", "urn:s0")
    with pytest.raises(SecretsEnough):
        added(housed, "s0-third", "urn:s0")
    for nth in range(2, webhook.SENDERS_MAX):
        added(housed, f"s{nth}", f"urn:s{nth}")
    with pytest.raises(SendersEnough):
        added(housed, "one-more", "urn:more")


def test_a_turned_master_key_opens_the_secrets(housed: Housed, random_bytes):
    secret = added(housed)
    key = housed.house.settings.master_key.read_bytes()
    anew = turned(key, random_bytes)
    with housed.house.store.writing() as tx:
        housed.house.vault.rewrap(tx, anew)
    senders = Senders(Vault(anew, random_bytes), housed.house.story, housed.house.alarms)
    with housed.house.store.reading() as tx:
        headers = sign(secret, "m", housed.clock.now(), BODY.decode())
        assert senders.of(tx, headers, BODY).name == "office"
        assert secret.encode() not in rows.senders(tx)[0].sealed


def test_forgeries_raise_one_alarm_and_not_one_each(housed: Housed):
    secret = added(housed)
    headers = sign(secret, "m", housed.clock.now(), "another body")
    for _ in range(3):
        with pytest.raises(SignatureForged):
            housed.house.senders.enter(housed.house.store, headers, BODY, "127.71.0.9")
    assert housed.alarms().count("notice.forged") == 1
    assert [each["data"]["source"] for each in housed.story("sender.added")] == ["urn:office"]
