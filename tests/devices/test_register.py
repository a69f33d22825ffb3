"""The emulated register's side of the protocol, request by request, and what it keeps on its disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clock import SetClock
from devices.register.emulator import RegisterEmulator, Reply, Request
from devices.register.state import Content
from devices.wg.memory import Journal, MemoryDamaged

UNITS = [f"u-{n:04}" for n in range(1, 1201)]
CLOCK = SetClock(datetime(2027, 3, 2, 2, 0, tzinfo=UTC))
ANNE = {"ref": "per_1", "from": "2027-03-01", "to": None}
BOB = {"ref": "per_2", "from": "2027-03-01", "to": "2027-12-31"}


def card(number: int, ref: str = "per_1") -> dict[str, Any]:
    return {"number": number, "ref": ref, "from": "2027-03-01", "to": "2027-03-31"}


def make(path: Path | None = None, mark: str = "m") -> RegisterEmulator:
    journal = None if path is None else Journal(path)
    return RegisterEmulator("r-1", "flat", UNITS, CLOCK, lambda: mark, lock_cards_max=2, journal=journal)


@pytest.fixture
def register() -> RegisterEmulator:
    return make()


def get(register: RegisterEmulator, target: str, verb: str = "GET", **headers: str) -> Reply:
    return register.answer(Request(verb, target, {name.replace("_", "-"): told for name, told in headers.items()}))


def etag_of(reply: Reply) -> str:
    return dict(reply.headers)["etag"]


def put(register: RegisterEmulator, unit: str, occupant: Any, *cards: Any, etag: str | None = None) -> Reply:
    tag = etag or etag_of(get(register, f"/units/{unit}"))
    body = json.dumps({"occupant": occupant, "cards": list(cards)}).encode()
    return register.answer(Request("PUT", f"/units/{unit}", {"if-match": tag}, body))


def error(reply: Reply) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["error"]


def test_it_says_who_it_is_and_counts_changes(register: RegisterEmulator) -> None:
    about = json.loads(get(register, "/register").body)
    assert about == {"id": "r-1", "software": "foyer-register 1.0", "started": "2027-03-02T02:00:00+00:00", "change": 0}
    put(register, "u-0001", ANNE)
    put(register, "u-0001", ANNE)
    assert json.loads(get(register, "/register").body)["change"] == 2


def test_a_unit_is_read_with_its_tag_and_only_once(register: RegisterEmulator) -> None:
    reply = get(register, "/units/u-0001")
    assert json.loads(reply.body) == {"id": "u-0001", "kind": "flat", "occupant": None, "cards": []}
    tag = etag_of(reply)
    assert get(register, "/units/u-0001", if_none_match=tag) == Reply(304, headers=(("etag", tag),))
    assert get(register, "/units/u-0001", if_none_match=f'"x", W/{tag}').status == 304
    assert get(register, "/units/u-0001", if_none_match="*").status == 304
    assert get(register, "/units/u-0001", if_none_match='"x"').status == 200
    head = get(register, "/units/u-0001", "HEAD")
    assert (head.status, head.body, head.length, head.headers) == (200, b"", len(reply.body), reply.headers)


def test_every_put_makes_a_new_tag_also_one_that_says_the_same(register: RegisterEmulator) -> None:
    first = put(register, "u-0001", ANNE)
    second = put(register, "u-0001", ANNE)
    assert first.body == second.body
    assert etag_of(first) != etag_of(second)
    assert error(put(register, "u-0001", None, etag=etag_of(first))) == (412, "stale")


def test_a_put_needs_the_tag_and_a_strong_one(register: RegisterEmulator) -> None:
    body = json.dumps({"occupant": ANNE, "cards": []}).encode()
    assert error(register.answer(Request("PUT", "/units/u-0001", {}, body))) == (428, "unguarded")
    tag = etag_of(get(register, "/units/u-0001"))
    assert error(put(register, "u-0001", ANNE, etag=f"W/{tag}")) == (412, "stale")
    assert put(register, "u-0001", ANNE, etag=f'"x", {tag}').status == 200
    assert put(register, "u-0001", ANNE, etag="*").status == 200


def test_one_unit_has_one_person(register: RegisterEmulator) -> None:
    put(register, "u-0001", ANNE)
    assert error(put(register, "u-0001", BOB)) == (409, "occupied")
    assert put(register, "u-0001", ANNE | {"to": "2027-05-01"}).status == 200
    assert put(register, "u-0001", None).status == 200
    assert put(register, "u-0001", BOB).status == 200


def test_a_lock_takes_the_cards_of_its_occupant_alone_and_not_too_many(register: RegisterEmulator) -> None:
    assert error(put(register, "u-0001", None, card(7))) == (409, "stranger")
    assert error(put(register, "u-0001", ANNE, card(7, "per_2"))) == (409, "keys")
    assert put(register, "u-0001", ANNE, card(7)).status == 200
    assert error(put(register, "u-0001", ANNE, card(7), card(8, "per_2"))) == (409, "stranger")
    assert error(put(register, "u-0001", None, card(7))) == (409, "keys")
    assert put(register, "u-0001", ANNE, card(8), card(7)).status == 200
    assert [each["number"] for each in register.content("u-0001").cards] == [7, 8]
    assert error(put(register, "u-0001", ANNE, card(7), card(8), card(9))) == (409, "full")
    assert put(register, "u-0001", ANNE, card(7) | {"to": "2027-03-05"}, card(8)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff\xfe", b"[" * 5000, b'{"occupant": null}', b'{"occupant": [], "cards": []}',
        b'{"occupant": null, "cards": {}}', b'{"occupant": null, "cards": [7]}',
        *(
            json.dumps({"occupant": ANNE | told, "cards": []}).encode()
            for told in ({"ref": ""}, {"ref": 7}, {"ref": "x" * 65}, {"ref": "a\nb"}, {"from": None}, {"from": "20270301"},
                         {"from": "2027-02-30"}, {"to": "2027-02-01"}, {"to": 7})
        ),
        *(
            json.dumps({"occupant": ANNE, "cards": [card(7) | told]}).encode()
            for told in ({"number": 0}, {"number": True}, {"number": "7"}, {"number": 1 << 63}, {"to": None},
                         {"to": "2027-02-01"})
        ),
        json.dumps({"occupant": ANNE, "cards": [card(7), card(7)]}).encode(),
    ],
)  # fmt: skip
def test_what_is_malformed_changes_nothing(register: RegisterEmulator, body: bytes) -> None:
    tag = etag_of(get(register, "/units/u-0001"))
    assert error(register.answer(Request("PUT", "/units/u-0001", {"if-match": tag}, body))) == (422, "malformed")
    assert register.content("u-0001") == Content()
    assert etag_of(get(register, "/units/u-0001")) == tag


@pytest.mark.parametrize(
    ("verb", "target", "told"),
    [
        ("GET", "/units/u-9", (404, "unknown")),
        ("PUT", "/units/u-9", (404, "unknown")),
        ("GET", "/", (404, "path")),
        ("GET", "/units/u-0001/x", (404, "path")),
        ("DELETE", "/units/u-0001", (405, "verb")),
        ("POST", "/register", (405, "verb")),
        ("GET", "/units?limit=0", (422, "malformed")),
        ("GET", "/units?limit=501", (422, "malformed")),
        ("GET", "/units?limit=x", (422, "malformed")),
    ],
)
def test_what_is_not_there_or_not_allowed(
    register: RegisterEmulator, verb: str, target: str, told: tuple[int, str]
) -> None:
    assert error(get(register, target, verb)) == told


def test_pages_follow_each_other_without_gap(register: RegisterEmulator) -> None:
    put(register, "u-0700", ANNE)
    seen, after, tags = [], "", {}
    for _ in range(3):
        page = json.loads(get(register, f"/units?after={after}&limit=500").body)
        seen += [unit["id"] for unit in page["units"]]
        tags |= {unit["id"]: unit["etag"] for unit in page["units"]}
        after = page["next"]
    assert after is None
    assert seen == UNITS
    assert tags["u-0700"] == etag_of(get(register, "/units/u-0700"))
    assert json.loads(get(register, "/units?after=u-0700&limit=1").body)["next"] == "u-0701"
    assert json.loads(get(register, "/units?after=z").body) == {"units": [], "next": None}


def test_it_remembers_over_a_restart_tags_and_all(tmp_path: Path) -> None:
    register = make(tmp_path / "r.jsonl")
    put(register, "u-0001", ANNE, card(7))
    put(register, "u-0002", BOB)
    put(register, "u-0002", None)
    before = [get(register, target) for target in ("/units", "/register")]
    register.close()
    again = make(tmp_path / "r.jsonl", mark="other")
    assert [get(again, target) for target in ("/units", "/register")] == before
    again.close()


def test_what_was_torn_off_is_not_there_and_a_damaged_memory_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    register = make(path)
    put(register, "u-0001", ANNE)
    register.close()
    with path.open("ab") as file:
        file.write(b'{"op": "unit", "id": "u-0')
    register = make(path)
    assert register.content("u-0001").occupant == ANNE
    register.close()
    path.write_text('{"op": "unit", "id": "u-0001"}\n')
    with pytest.raises(MemoryDamaged, match="line 1"):
        make(path)


def test_a_memory_that_is_lost_starts_anew_and_no_old_tag_fits(tmp_path: Path) -> None:
    marks = iter("abc")
    register = RegisterEmulator("r-1", "seat", UNITS, CLOCK, lambda: next(marks), journal=Journal(tmp_path / "r.jsonl"))
    tag = etag_of(put(register, "u-0001", ANNE))
    register.restart(keep_memory=False)
    put(register, "u-0001", BOB)
    assert error(put(register, "u-0001", None, etag=tag)) == (412, "stale")
    register.close()
    again = RegisterEmulator("r-1", "seat", UNITS, CLOCK, lambda: next(marks), journal=Journal(tmp_path / "r.jsonl"))
    assert again.content("u-0001").occupant == BOB
    again.close()


def test_what_cannot_be_remembered_is_not_said_to_be_done(tmp_path: Path) -> None:
    register = make(tmp_path / "r.jsonl")
    tag = etag_of(get(register, "/units/u-0001"))
    register.close()  # its file is gone, as a full disk would have it
    with pytest.raises(OSError, match="descriptor"):
        put(register, "u-0001", ANNE, etag=tag)
    assert register.content("u-0001") == Content()
    assert etag_of(get(register, "/units/u-0001")) == tag


def test_a_unit_that_the_campus_has_no_more_is_left_out(tmp_path: Path) -> None:
    register = make(tmp_path / "r.jsonl")
    put(register, "u-0001", ANNE)
    put(register, "u-0002", BOB)
    register.close()
    fewer = RegisterEmulator("r-1", "flat", UNITS[1:], CLOCK, lambda: "n", journal=Journal(tmp_path / "r.jsonl"))
    assert error(get(fewer, "/units/u-0001")) == (404, "unknown")
    assert fewer.content("u-0002").occupant == BOB
    assert json.loads(get(fewer, "/register").body)["change"] == 2
    fewer.close()


STEPS = st.lists(
    st.tuples(st.sampled_from(UNITS[:2]), st.sampled_from([None, ANNE, BOB]), st.sets(st.sampled_from([7, 8]))),
    max_size=20,
)


@given(STEPS)
def test_however_it_is_asked_a_lock_never_has_a_card_of_anybody_but_the_occupant(steps: Any) -> None:
    register = make()
    for unit, occupant, numbers in steps:
        was = register.content(unit).occupant
        cards = [card(number, "per_1" if occupant is None else occupant["ref"]) for number in numbers]
        reply = put(register, unit, occupant, *cards)
        now = register.content(unit)
        assert reply.status in (200, 409)
        assert all(now.occupant is not None and each["ref"] == now.occupant["ref"] for each in now.cards)
        assert was is None or now.occupant is None or was["ref"] == now.occupant["ref"]
