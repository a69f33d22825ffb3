"""Calls of gateways that the hub does not know: somebody must look for them, and none of them can drown the rest."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.messages import Enrolment
from connectors.tokens import public_of, signed
from provisioning.gateways.credentials import GatewayUnknown, Unsigned
from provisioning.nouns.told import Level
from provisioning.operators.logins import REFUSED_TOLD_EVERY_S
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOBODY = "gtw-nobody"


def call(housed: Housed, token: str, origin: str = "127.0.0.1") -> None:
    housed.house.office.credentials.admit(token, origin)


def stranger(housed: Housed, name: str = NOBODY, *, hub: str | None = None, nth: object = 0) -> str:
    return signed(KEY, name, hub or housed.house.office.gateways.hub, housed.clock.now(), str(nth))


def written(housed: Housed, **other: object) -> str:
    """A token that nobody signed, and that says something else here and there."""
    said = {"iss": NOBODY, "sub": NOBODY, "aud": housed.house.office.gateways.hub, "iat": 1, "exp": 61, "jti": "1"}
    parts = ({"alg": other.pop("alg", "Ed25519")}, said | other)
    return ".".join([*(urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts), "A" * 86])


def open_ones(housed: Housed) -> list[tuple[str, object, Level]]:
    with housed.house.store.reading() as tx:
        every = housed.house.alarms.open(tx)
    return [(one.id, one.fields["origin"], one.level) for one in every if one.kind == "gateway.unknown"]


def acknowledge(housed: Housed, id_: str) -> None:
    with housed.house.store.writing() as tx:
        housed.house.alarms.acknowledge(tx, id_, BOSS)


def test_whoever_was_enrolled_after_the_backup_is_told_of_once_it_calls(tmp_path, clock):
    life = Life(tmp_path / "hub", clock)
    with life.house() as housed:
        archive = back_up(housed, tmp_path / "backup.tar")
        gateways = housed.house.office.gateways
        with housed.house.store.writing() as tx:
            site, code = gateways.add(tx, "site", BOSS)
            gateways.enrol(tx, Enrolment(code=code, public_key=public_of(KEY), software="test"))
        call(housed, stranger(housed, site.id))
    life.restore(archive)
    with life.house() as housed:
        with pytest.raises(GatewayUnknown):
            call(housed, stranger(housed, site.id), "192.0.2.7")
        assert [one[1:] for one in open_ones(housed)] == [("192.0.2.7", Level.URGENT)]
        (told,) = housed.story("gateway.refused")
        assert (told["data"]["gateway"], told["data"]["why"]) == (site.id, "unknown")


def test_one_alarm_stands_at_a_time_whoever_calls_and_from_wherever(housed):
    nth = count()

    def from_many(of: str) -> None:
        for last in range(9):
            with pytest.raises(GatewayUnknown):
                call(housed, stranger(housed, f"gtw-{last}", nth=next(nth)), f"192.0.{of}.{last}")

    from_many("1")
    ((first, origin, level),) = open_ones(housed)
    assert (origin, level) == ("192.0.1.0", Level.URGENT)
    housed.later(seconds=REFUSED_TOLD_EVERY_S)
    from_many("2")
    assert [one[0] for one in open_ones(housed)] == [first]
    assert [one["data"]["count"] for one in housed.story("gateway.refused")] == [1, 9]
    acknowledge(housed, first)
    assert open_ones(housed) == []
    housed.later(seconds=REFUSED_TOLD_EVERY_S)
    from_many("3")
    assert [one[1] for one in open_ones(housed)] == ["192.0.3.0"], "it still calls"


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "another-hub"}, {"aud": None}, {"sub": "gtw-other"}, {"jti": "x" * 65}, {"jti": ""}, {"iat": "now"},
        {"exp": True}, {"alg": "none"}, {"alg": "HS256"}, {"nbf": -1},
    ],
)  # fmt: skip
def test_what_is_no_token_for_this_hub_raises_nothing(housed, other):
    with pytest.raises(GatewayUnknown):
        call(housed, written(housed, **other))
    with pytest.raises((GatewayUnknown, Unsigned)):
        call(housed, written(housed).rpartition(".")[0] + ".AA")
    assert (open_ones(housed), housed.story("gateway.refused")) == ([], [])
    with pytest.raises(GatewayUnknown):
        call(housed, written(housed))
    assert housed.alarms() == ["gateway.unknown"], "but for that, it would be one"
