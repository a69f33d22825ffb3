"""Signatures of messages by Standard Webhooks (specification 1.0.0, "v1": HMAC-SHA256 over id, seconds and body). The
library's own `verify` asks the machine's clock; here the instant is handed in, and checked by whoever knows the time."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from provisioning.nouns.refusals import Refusal

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
VERSION = "v1"
SIGNATURES_MAX = 8


class SecretUnreadable(Refusal):
    """This is no secret of a sender: one begins with whsec_ and goes on in base64. Copy it again, whole."""


def sign(secret: str, message: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers of a message. Raises `SecretUnreadable`."""
    if not secret.startswith(PREFIX):
        raise SecretUnreadable
    try:
        hook = Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError) as error:
        raise SecretUnreadable from error
    return {ID: message, TIMESTAMP: str(int(at.timestamp())), SIGNATURE: hook.sign(message, at, body)}


def secret_text(secret: bytes) -> str:
    """A secret as it is handed to a sender."""
    return PREFIX + base64.b64encode(secret).decode()


def signatures(header: str) -> tuple[bytes, ...]:
    """The signatures in a header, which may hold several while a secret is being replaced."""
    parts = (part.partition(",") for part in header.split(" ", SIGNATURES_MAX)[:SIGNATURES_MAX])
    return tuple(value.encode() for version, _, value in parts if version == VERSION)


def signed_by(secret: bytes, message: str, at: datetime, body: str, shown: Sequence[bytes]) -> bool:
    """Whether one of these signatures is that of the message under the secret."""
    made = Webhook(secret).sign(message, at, body).partition(",")[2].encode()
    return any(hmac.compare_digest(made, each) for each in shown)
