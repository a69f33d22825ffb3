"""Alarms go out by signed webhook: at least once, to nobody whom the hub should not call, and one bad place keeps no other
waiting."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from provisioning.alarms import courier, posting
from provisioning.alarms.hooks import HOOKS_MAX, HooksEnough, HookThere
from provisioning.alarms.posting import HookAddress, HookUrl, Poster, checked
from provisioning.nouns.refusals import NotFound
from provisioning.store import hooks as rows
from provisioning.store import tables
from provisioning.story.story import told_in
from provisioning.vault.master import turned
from provisioning.vault.vault import SealedWithAnother, Vault
from tests.provisioning.hooked import LI, WAIT_S_MAX, Hooked, Receiver, hooked, receiving, verified


@pytest.fixture
def receiver():
    with receiving() as told:
        yield told


@pytest.fixture
def house(tmp_path, clock):
    with hooked(tmp_path / "hub", clock) as opened:
        yield opened


def story(house: Hooked, kind: str) -> list[Any]:
    with house.house.store.reading() as tx:
        found = tx.run(select(tables.event.c.kind, tables.event.c.body).order_by(tables.event.c.id)).all()
    return [told_in(row.body)["data"] for row in found if row.kind == kind]


def test_what_is_raised_repeated_and_acknowledged_is_told_signed(house: Hooked, receiver: Receiver, clock):
    hook, secret = house.hook(receiver.url)
    alarm = house.alarm()
    house.deliver(lambda: len(receiver.came) == 1 and not house.waiting())
    house.later(hours=2)
    house.look()
    house.deliver(lambda: len(receiver.came) == 2 and not house.waiting())
    at_second = clock.now()
    with house.house.store.writing() as tx:
        house.house.alarms.acknowledge(tx, alarm, LI, "a note that stays inside")
    house.deliver(lambda: len(receiver.came) == 3 and not house.waiting())
    said = [json.loads(body) for body in receiver.bodies()]
    assert [each["type"] for each in said] == [f"foyer.alarm.{what}" for what in ("raised", "again", "acknowledged")]
    for (headers, body), event in zip(receiver.came, said, strict=True):
        assert headers["content-type"] == "application/cloudevents+json"
        assert headers["webhook-id"] == event["id"]
        assert event["specversion"] == "1.0"
        assert event["source"] == f"/foyer/hooks/{hook}"
        assert event["subject"] == event["data"]["alarm"] == alarm
        assert b"stays inside" not in body
    assert verified(secret, *receiver.came[1], clock)
    assert not verified("whsec_" + "A" * 43 + "=", *receiver.came[1], clock)
    assert datetime.fromisoformat(said[1]["time"]) == at_second
    assert said[0]["data"]["sentence"] == {
        "en": "There is no card 4711. Look at panel-1.", "zh": "没有card 4711。请查看 panel-1。",
    }  # fmt: skip
    assert (said[2]["data"]["acknowledged_by"], said[2]["data"]["level"]) == ("li", 3)
    assert [each["hook"] for each in story(house, "alarm.sent")] == [hook] * 3


def test_a_hook_hears_its_level_and_above(house: Hooked, receiver: Receiver):
    house.hook(receiver.url, 3)
    house.alarm("target.parked")
    assert house.waiting() == 0
    house.later(minutes=31)
    house.look()
    house.deliver(lambda: len(receiver.came) == 1)
    assert json.loads(receiver.bodies()[0])["type"] == "foyer.alarm.again"


def test_what_is_rolled_back_is_not_told(house: Hooked, receiver: Receiver):
    house.hook(receiver.url)
    with house.house.store.rehearsing() as tx:
        house.house.alarms.raise_alarm(tx, "drift.foreign", "No.", {})
    assert house.waiting() == 0


def test_a_refused_message_is_sent_again_with_the_same_id_and_body(house: Hooked, receiver: Receiver, clock):
    house.hook(receiver.url)
    receiver.answers = [500, 404]
    house.alarm()
    house.deliver(lambda: len(receiver.came) == 1 and bool(failing(house)))
    for tries in (2, 3):
        house.deliver(lambda: True)
        assert len(receiver.came) == tries - 1, "not before its wait is over"
        house.later(seconds=courier.WAIT_S * 2 ** (tries - 2))
        house.deliver(lambda tries=tries: len(receiver.came) == tries and (tries < 3 or not house.waiting()))
    assert len(set(receiver.bodies())) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.came}) == 3
    assert failing(house) is None


def failing(house: Hooked) -> tuple[str | None, int | None] | None:
    with house.house.store.reading() as tx:
        (hook,) = house.house.hooks.all(tx)
    return None if hook.failing is None else (hook.why, hook.status)


def test_what_waits_survives_the_hub(tmp_path, clock, receiver: Receiver):
    with hooked(tmp_path / "hub", clock) as first:
        first.hook(receiver.url)
        first.alarm()
    with hooked(tmp_path / "hub", clock) as second:
        second.deliver(lambda: len(receiver.came) == 1 and not second.waiting())


def test_a_place_that_stays_silent_is_told_of_on_the_page_and_settled_when_it_answers(
    house: Hooked, receiver: Receiver
):
    with receiving("127.78.0.2") as other:
        bad, _ = house.hook(receiver.url)
        house.hook(other.url)
        receiver.answers = [503] * courier.SILENT_AFTER_TRIES
        house.alarm()
        for tries in range(1, courier.SILENT_AFTER_TRIES + 1):
            house.deliver(lambda tries=tries: len(receiver.came) == tries and attempts(house, bad) == tries)
            house.later(seconds=courier.WAIT_S_MAX)
        assert "hook.silent" in house.open_kinds()
        house.deliver(lambda: bool(silences(other)))
        assert receiver.url.rpartition("/")[0] in silences(other)[0]["sentence"]["en"]
        house.deliver(lambda: "hook.silent" not in house.open_kinds() and not house.waiting())
        assert not silences(receiver)


def silences(receiver: Receiver) -> list[dict[str, Any]]:
    """What came about a place that is silent; a hook may be told a thing twice, so no place in the order is sure."""
    told = [json.loads(body)["data"] for body in receiver.bodies()]
    return [data for data in told if data["kind"] == "hook.silent"]


def attempts(house: Hooked, hook: str) -> int:
    with house.house.store.reading() as tx:
        return house.house.hooks.get(tx, hook).attempts


def test_what_nobody_takes_for_a_day_is_given_up_and_told_of(house: Hooked, receiver: Receiver):
    house.hook(receiver.url)
    receiver.answers = [500, 500]
    house.alarm(name="1")
    house.alarm(name="2")
    house.deliver(lambda: len(receiver.came) == 1 and failing(house) is not None)
    house.later(hours=25)
    house.alarm(name="3")
    house.deliver(lambda: len(receiver.came) == 2 and house.waiting() == 1)
    assert [each["messages"] for each in story(house, "alarm.unsent")] == [2]
    assert "hook.silent" in house.open_kinds()
    house.later(hours=1)
    house.deliver(lambda: not house.waiting())
    assert "hook.silent" not in house.open_kinds()
    assert "4711" not in receiver.bodies()[-1].decode()


def test_one_message_that_is_refused_keeps_no_other_from_being_told(house: Hooked, receiver: Receiver):
    house.hook(receiver.url)
    receiver.answers = [400]
    house.alarm(name="1")
    house.alarm(name="2")
    house.deliver(lambda: len(receiver.came) == 1 and failing(house) is not None)
    receiver.answers = [204, 400]
    house.later(seconds=courier.WAIT_S)
    house.deliver(lambda: len(receiver.came) == 3)
    assert receiver.bodies()[1] != receiver.bodies()[0] == receiver.bodies()[2]


def test_one_slow_place_keeps_no_other_waiting(house: Hooked, receiver: Receiver):
    receiver.slow_s = 1.5
    with receiving("127.78.0.3") as quick:
        house.hook(receiver.url)
        house.hook(quick.url)
        for name in "12345":
            house.alarm(name=name)
        house.deliver(lambda: len(quick.came) == 5)
        assert len(receiver.came) < len(quick.came)


def test_no_transaction_is_open_while_the_wire_is_busy(house: Hooked, receiver: Receiver):
    receiver.slow_s = 0.5
    house.hook(receiver.url)
    house.alarm()

    def another_writes() -> bool:
        if len(receiver.came) != 1:
            return False
        writer = threading.Thread(target=house.alarm, kwargs={"name": "2"}, daemon=True)
        writer.start()
        writer.join(WAIT_S_MAX)
        return not writer.is_alive()

    house.deliver(another_writes)


def test_no_redirect_is_followed(house: Hooked, receiver: Receiver):
    with receiving("127.78.0.4") as elsewhere:
        receiver.answers, receiver.headers = [307], {"location": elsewhere.url}
        house.hook(receiver.url)
        house.alarm()
        house.deliver(lambda: failing(house) is not None)
        assert failing(house) == (posting.REDIRECT, 307)
        assert elsewhere.came == []


def test_a_long_answer_is_not_read_to_its_end(house: Hooked, receiver: Receiver):
    receiver.body = b"x" * (64 * 1024 * 1024)
    hook, _ = house.hook(receiver.url)
    began = time.monotonic()
    assert house.house.courier.attempt(hook, LI).status == 204
    assert time.monotonic() - began < posting.POST_S_MAX


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "[::1]", "169.254.169.254", "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1", "100.100.100.200",
     "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "255.255.255.255", "0.1.2.3"],
)  # fmt: skip
def test_the_hub_calls_neither_itself_nor_its_link(house: Hooked, address: str):
    with pytest.raises(HookAddress):
        house.hook(f"http://{address}:8000/")


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.7.9", "8.8.8.8", "[2001:4860:4860::8888]", "[fd12::1]"])
def test_houses_and_the_world_may_be_called(address: str):
    assert checked(f"https://{address}/alarms", ()).path == "/alarms"


@pytest.mark.parametrize(
    "url",
    ["", "ftp://duty.example/", "https://", "https:///x", "https://li:pw@duty.example/", "https://duty.example/#part",
     "https://duty.example:0/", "https://duty.example:99999/", "https://du ty.example/", "https://duty.example/\\x",
     "file:///etc/passwd", "//duty.example/", "https://duty.example/" + "x" * 1000, "https://值班.example/", "http://[::1/"],
)  # fmt: skip
def test_what_is_no_address_of_a_hook_is_refused(url: str):
    with pytest.raises(HookUrl):
        checked(url, ())


@pytest.mark.parametrize("found", [["127.0.0.1"], ["10.0.0.1", "169.254.169.254"], ["::ffff:169.254.1.1"]])
def test_a_name_that_leads_to_a_forbidden_address_is_not_called(tmp_path, clock, found):
    async def resolve(host: str, port: int) -> list[str]:
        return found

    with hooked(tmp_path / "hub", clock, resolve=resolve, allowed="") as house:
        hook, _ = house.hook("http://duty.example/alarms")
        assert house.house.courier.attempt(hook, LI).why == posting.NOT_ALLOWED


def test_a_name_is_resolved_once_and_its_address_called(tmp_path, clock, receiver: Receiver):
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.78.0.1"] if len(asked) == 1 else ["127.0.0.1"]

    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    with hooked(tmp_path / "hub", clock, resolve=resolve) as house:
        hook, _ = house.hook(f"http://duty.example:{port}/a?b=c")
        assert house.house.courier.attempt(hook, LI).why is None
    assert asked == [("duty.example", port)]
    assert receiver.came[0][0]["host"] == f"duty.example:{port}"


def certificate(folder, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for this name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(plain + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


def test_a_certificate_must_be_that_of_the_name(tmp_path):
    server, trusting = certificate(tmp_path, "duty.example")

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.78.0.5"]

    async def post(poster: Poster, name: str, port: str):
        return await poster.post(f"https://{name}:{port}/", {}, b"{}")

    allowed = (ip_network("127.78.0.0/16"),)
    with receiving("127.78.0.5", tls=server) as told:
        port = told.url.rpartition(":")[2].partition("/")[0]
        trusted, machines = Poster(allowed, resolve, trusting), Poster(allowed, resolve)
        assert asyncio.run(post(trusted, "duty.example", port)).status == 204
        assert asyncio.run(post(trusted, "other.example", port)).why == posting.NOT_TRUSTED
        assert asyncio.run(post(machines, "duty.example", port)).why == posting.NOT_TRUSTED
        assert len(told.came) == 1


def test_what_does_not_answer_or_speaks_nonsense_is_said(tmp_path, clock):
    babbler = socket.create_server(("127.78.0.6", 0))
    port = babbler.getsockname()[1]

    def babble() -> None:
        connection, _ = babbler.accept()
        connection.recv(65_536)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=babble)
    thread.start()
    with hooked(tmp_path / "hub", clock) as house:
        hook, _ = house.hook(f"http://127.78.0.6:{port}/")
        assert house.house.courier.attempt(hook, LI).why == posting.BABBLE
        thread.join()
        babbler.close()
        assert house.house.courier.attempt(hook, LI).why == posting.NO_ANSWER


def test_hooks_are_few_and_each_is_there_once(house: Hooked):
    first, _ = house.hook("https://duty.example/0")
    with pytest.raises(HookThere, match=first):
        house.hook("https://duty.example/0")
    for number in range(1, HOOKS_MAX):
        house.hook(f"https://duty.example/{number}")
    with pytest.raises(HooksEnough):
        house.hook("https://duty.example/more")


def test_a_removed_hook_is_told_nothing_more(house: Hooked, receiver: Receiver):
    hook, _ = house.hook(receiver.url)
    house.alarm()
    with house.house.store.writing() as tx:
        assert house.house.hooks.remove(tx, hook, LI) == 1
        with pytest.raises(NotFound):
            house.house.hooks.remove(tx, hook, LI)
    house.alarm(name="2")
    house.deliver(lambda: True)
    assert receiver.came == []
    assert house.waiting() == 0


def test_the_secret_is_sealed_and_outlives_a_turn_of_the_master(house: Hooked, tmp_path):
    hook, secret = house.hook("https://duty.example/alarms")
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    folder = tmp_path / "hub"
    assert all(raw not in path.read_bytes() for path in folder.iterdir() if path.is_file())
    chance = random.Random(3).randbytes
    anew = turned((folder / "master.key").read_bytes(), chance)
    with house.house.store.writing() as tx:
        house.house.vault.rewrap(tx, anew)
        row = rows.hook_of(tx, hook)
        assert row is not None
        assert Vault(anew, chance).open_secret(hook, row.sealed) == raw
        with pytest.raises(SealedWithAnother):
            house.house.vault.open_secret(hook, row.sealed)
