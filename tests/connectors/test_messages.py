"""What a gateway and the hub say to each other: nothing is lost on the way, and nothing else is taken for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import messages
from connectors.contract import Anew, Done, Gap, Heard, Later, Mark, PassageKind, Refused
from connectors.desk import Passed, Report, Watch, Watched
from connectors.tokens import CHARS_MAX, TokenBroken, named_in, public_of, read, signed

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
whole = st.integers(0, messages.WHOLE - 1)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
outcomes = st.one_of(
    st.builds(Done, st.sampled_from(["read", "acknowledged"])),
    st.builds(Later, st.floats(0, 1e6), texts, st.booleans()),
    st.builds(Refused, texts),
)
reports = st.builds(Report, texts, whole, outcomes, st.booleans(), st.none() | texts, instants)
marks = st.builds(Mark, whole, st.none() | instants)
heard = st.builds(
    Heard, whole, st.sampled_from(PassageKind), texts, st.none() | whole, st.none() | instants, st.booleans(), texts,
    st.none() | st.booleans(),
)  # fmt: skip
reported = st.lists(heard | st.builds(Gap, whole, whole) | st.just(Anew()), max_size=5).map(tuple)


@given(told=st.lists(reports, max_size=5).map(tuple))
def test_outcomes_come_as_they_were_sent(told):
    said = messages.Outcomes(target="a-1", epoch=3, reports=told)
    assert messages.Outcomes.model_validate_json(said.model_dump_json()) == said


@given(after=marks, told=reported)
def test_passages_come_as_they_were_sent(after, told):
    said = messages.PassedBy(told=(Passed("a-1", after, told),))
    assert messages.PassedBy.model_validate_json(said.model_dump_json()) == said


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC"])
def test_a_watch_comes_as_it_was_told(zone):
    watch = Watch("3-x-0", ZoneInfo(zone), (Watched("a", "wg", {"doors": [1]}, Mark(3, NOW), "127.0.0.1:60001"),))
    told = messages.WatchTold.model_validate_json(messages.watch_told(watch).model_dump_json())
    assert messages.watch_of(told) == watch
    assert messages.watch_of(messages.watch_told(None)) is None


@pytest.mark.parametrize(
    "report",
    [
        {"revision": 2**63},
        {"revision": -(2**70)},
        {"revision": True},
        {"at": "2026-03-02T01:30:00"},
        {"at": "yesterday"},
        {"key": "\x00"},
        {"key": "x" * (messages.BODY_MAX + 1)},
        {"outcome": {"proof": "sworn"}},
        {"outcome": {"proof": "read", "reason": "x"}},
        {"outcome": {"after_s": float("inf"), "reason": "x"}},
        {"more": 1},
    ],
)
def test_what_is_no_report_is_not_taken_for_one(report):
    fair = {
        "key": "card:1",
        "revision": 1,
        "outcome": {"proof": "read"},
        "seen": True,
        "held": None,
        "at": NOW.isoformat(),
    }
    said = {"target": "a-1", "epoch": 1, "reports": [fair]}
    assert messages.Outcomes.model_validate_json(json.dumps(said)).reports[0].key == "card:1"
    with pytest.raises(ValidationError):
        messages.Outcomes.model_validate_json(json.dumps(said | {"reports": [fair | report]}))


def test_an_answer_of_a_newer_hub_is_understood():
    told = messages.Introduced.model_validate_json('{"anew": true, "and": "more"}')
    assert told.anew
    with pytest.raises(ValidationError):
        messages.Watching.model_validate_json('{"since": null, "and": "more"}')


@pytest.mark.parametrize(("code", "secret", "print_"), [("ABC", "ABC", None), (" ABC.0F1e \n", "ABC", "0f1e")])
def test_a_code_tells_its_parts(code, secret, print_):
    assert (messages.secret_of(code), messages.fingerprint_of(code)) == (secret, print_)


def test_a_token_says_who_for_whom_and_when():
    token = signed(KEY, "gtw-1", "foyer/x", NOW, "one")
    told = read(token, public_of(KEY))
    assert (told.gateway, told.hub, told.ends - told.issued) == ("gtw-1", "foyer/x", 60)
    assert datetime.fromtimestamp(told.issued, UTC) == NOW
    assert named_in(token) == "gtw-1"
    with pytest.raises(TokenBroken):
        read(token, public_of(OTHER))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def forged(header: dict, claims: object, sign: bytes | None = None) -> str:
    """A token of any header; signed by our own key, or by what `sign` says."""
    text = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
    signature = KEY.sign(text.encode()) if sign is None else hmac.digest(sign, text.encode(), hashlib.sha256)
    return f"{text}.{_b64(signature)}"


FAIR = {"iss": "g", "sub": "g", "aud": "h", "iat": 1, "exp": 61, "jti": "x"}


def test_only_our_algorithm_is_believed():
    public = public_of(KEY)
    assert read(forged({"alg": "Ed25519"}, FAIR), public).gateway == "g"
    for header in ({"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"alg": "Ed25519", "crit": ["exp"]}, {}):
        with pytest.raises(TokenBroken):
            read(forged(header, FAIR), public)
    # A public key is no secret: who signs by it as if it were one is not believed.
    with pytest.raises(TokenBroken):
        read(forged({"alg": "HS256"}, FAIR, public.encode()), public)


@pytest.mark.parametrize(
    "claims",
    [
        *({name: value for name, value in FAIR.items() if name != missing} for missing in FAIR),
        FAIR | {"sub": "another"},
        FAIR | {"iat": "1"},
        FAIR | {"exp": 61.5},
        FAIR | {"exp": True},
        FAIR | {"exp": 2**80},
        FAIR | {"nbf": None},
        FAIR | {"aud": ["h", "i"]},
        [],
        "x",
        None,
    ],
    ids=str,
)
def test_what_is_missing_or_of_another_kind_is_no_token(claims):
    with pytest.raises(TokenBroken):
        read(forged({"alg": "Ed25519"}, claims), public_of(KEY))


@given(text=st.text(max_size=200))
def test_no_text_is_more_than_broken(text):
    for ask in (named_in, lambda token: read(token, public_of(KEY))):
        with pytest.raises(TokenBroken):
            ask(text)


def test_a_long_token_is_not_even_read():
    long = signed(KEY, "g" * CHARS_MAX, "h", NOW + timedelta(seconds=1), "x")
    for ask in (named_in, lambda token: read(token, public_of(KEY))):
        with pytest.raises(TokenBroken):
            ask(long)
