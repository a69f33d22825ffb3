"""The tokens with which a gateway signs its calls: JWT by the gateway's own Ed25519 key (RFC 7519, RFC 9864), each for one
minute at most. The gateway signs, the hub reads; whether the hub believes what it read is the hub's."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"
TOKEN_S_MAX = 60
CHARS_MAX = 2_048
SECONDS_MAX = 2**40
ID_CHARS_MAX = 64
SIGNATURE_CHARS = 86


class TokenBroken(Exception):
    """This is no token, or another key signed it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: who signed it, for which hub, from when until when (Unix seconds), and which of theirs it is."""

    gateway: str
    hub: str
    issued: int
    begins: int
    ends: int
    id: str


def public_of(key: Ed25519PrivateKey) -> str:
    """The public half, as an enrolment names it: 32 bytes, base64url without padding."""
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")


def signed(key: Ed25519PrivateKey, gateway: str, hub: str, now: datetime, id_: str) -> str:
    """A token for calls within the next minute; `id_` is one that no other token has."""
    issued = int(now.timestamp())
    claims = {"iss": gateway, "sub": gateway, "aud": hub, "iat": issued, "exp": issued + TOKEN_S_MAX, "jti": id_}
    return jwt.encode({"alg": ALGORITHM}, claims, OKPKey.import_key(key), algorithms=[ALGORITHM])


def named_in(token: str) -> str:
    """Which gateway a token says to be from, before anything of it is believed. Raises `TokenBroken`."""
    try:
        told = json.loads(jws.extract_compact(_bounded(token)).payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenBroken from error
    if not isinstance(told, dict):
        raise TokenBroken
    return _text(told, "iss")


def claimed(token: str) -> Claims:
    """What a well-formed token of some gateway says; no key has vouched for any of it. Raises `TokenBroken`."""
    try:
        found = jws.extract_compact(_bounded(token))
        told = json.loads(found.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenBroken from error
    signed_so = found.headers().get("alg") == ALGORITHM and len(found.segments["signature"]) == SIGNATURE_CHARS
    if not signed_so or not isinstance(told, dict):
        raise TokenBroken
    return _claims(told)


def read(token: str, public_key: str) -> Claims:
    """What a token says that was signed by this key, and by this algorithm alone. Raises `TokenBroken`."""
    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": public_key})
        told = jwt.decode(_bounded(token), key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenBroken from error
    return _claims(told)


def _claims(told: Mapping[str, Any]) -> Claims:
    gateway, hub, id_ = _text(told, "iss"), _text(told, "aud"), _text(told, "jti")
    if _text(told, "sub") != gateway or len(id_) > ID_CHARS_MAX:
        raise TokenBroken
    issued = _second(told, "iat")
    begins = _second(told, "nbf") if "nbf" in told else issued
    return Claims(gateway, hub, issued, begins, _second(told, "exp"), id_)


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    # What cannot be printed, such as half of a surrogate pair, no database takes, and nobody could read.
    if not isinstance(found, str) or not found or not found.isprintable():
        raise TokenBroken
    return found


def _second(told: Mapping[str, Any], name: str) -> int:
    found = told.get(name)
    # `True` is an int to Python, and a second to nobody.
    if type(found) is not int or not 0 <= found < SECONDS_MAX:
        raise TokenBroken
    return found


def _bounded(token: str) -> bytes:
    if len(token) > CHARS_MAX or not token.isascii():
        raise TokenBroken
    return token.encode()
