"""Who may send notices, and whether a message is theirs: Standard Webhooks. A signature covers the message's id, its
instant and every byte of its body."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from provisioning.alarms.alarms import Alarms
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import senders as rows
from provisioning.store.engine import Store, Tx
from provisioning.store.senders import Sender
from provisioning.story.story import Story
from provisioning.vault.signatures import ID, SIGNATURE, TIMESTAMP, secret_text, signatures, signed_by
from provisioning.vault.vault import Vault

TOLERANCE_S = 300
SECRET_BYTES = 32
SENDERS_MAX = 50
SECRETS_OF_SOURCE_MAX = 2
ID_CHARS_MAX = 128
SOURCE_CHARS_MAX = 256
REMEMBERED_MAX = 100_000
REMEMBERED_S = 2 * TOLERANCE_S
FORGERY_TOLD_S = 600
FORGED = (
    "A notice came from {origin} with a signature of no sender that this hub knows; nothing of it was taken. Look who sends "
    "there, and whether a sender's secret is wrong or has ended."
)

_NAME = re.compile(r"[\w][\w.@-]{0,63}")
_SOURCE = re.compile(rf"[!-~]{{1,{SOURCE_CHARS_MAX}}}")
_SECONDS = re.compile(r"[1-9]\d{0,10}", re.ASCII)


class SignatureMissing(Refusal):
    """A notice needs the headers webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks). Sign it with
    the secret that 'foyer notices sender add' showed, or send it with: foyer notices send"""

    status = 401


class SignatureForged(Refusal):
    """No sender that this hub knows has signed these bytes. Sign the body exactly as it is sent, with a secret that has
    not ended; see: foyer notices sender list"""

    status = 401


class SignatureOld(Refusal):
    """By its webhook-timestamp this was signed {seconds} s ago by the hub's clock ({now}), and at most {most} s are
    taken. Sign it anew instead of sending an old message again; or set the sender's clock."""

    status = 401


class SignatureAhead(Refusal):
    """By its webhook-timestamp this was signed {seconds} s ahead of the hub's clock ({now}), and at most {most} s are
    taken. Set the sender's clock, or the hub's."""

    status = 401


class MessageDiffers(Refusal):
    """A message with this webhook-id came before with another body. Give each message an id of its own, and repeat one
    only as it was."""

    status = 409


class SenderNamed(Refusal):
    """There is or was a sender {name} already, and a name is never given twice. Choose another name."""

    status = 409


class SenderName(Refusal):
    """{name} cannot be a sender's name. Use 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter
    or a digit."""


class SenderSource(Refusal):
    """This cannot be a source. Write a URI of at most {most} visible ASCII characters, such as https://hr.example/notices"""


class SecretsEnough(Refusal):
    """The source {source} has {most} secrets in force already: one, and one that takes its place. End the older one
    first: foyer notices sender end NAME"""

    status = 409


class SendersEnough(Refusal):
    """There are {most} senders in force, and no more are kept. End one that nobody uses: foyer notices sender list"""

    status = 409


class Senders:
    """Adds and ends senders, and tells whose a message is. Thread-safe."""

    def __init__(self, vault: Vault, story: Story, alarms: Alarms) -> None:
        self._vault = vault
        self._story = story
        self._alarms = alarms
        self._came = _Came()
        self._told_of_forgery: datetime | None = None

    def all(self, tx: Tx) -> list[Sender]:
        """Every sender that ever was, by name."""
        return rows.senders(tx)

    def add(self, tx: Tx, name: str, source: str, actor: Actor) -> str:
        """A new secret for a source; it is shown this once. Raises `SenderName`, `SenderSource`, `SenderNamed`,
        `SecretsEnough`, `SendersEnough`."""
        if not _NAME.fullmatch(name):
            raise SenderName(name=name[:80])
        if not _SOURCE.fullmatch(source):
            raise SenderSource(most=SOURCE_CHARS_MAX)
        present = rows.senders(tx)
        if any(one.name == name for one in present):
            raise SenderNamed(name=name)
        in_force = [one for one in present if one.ended is None]
        if len(in_force) >= SENDERS_MAX:
            raise SendersEnough(most=SENDERS_MAX)
        if sum(one.source == source for one in in_force) >= SECRETS_OF_SOURCE_MAX:
            raise SecretsEnough(source=source, most=SECRETS_OF_SOURCE_MAX)
        at, secret = tx.ids.new("snd"), tx.ids.random_bytes(SECRET_BYTES)
        rows.add_sender(tx, Sender(at, name, source, self._vault.seal_secret(at, secret), tx.now))
        self._story.tell(tx, Told("sender.added", actor.name, data={"sender": at, "name": name, "source": source}))
        return secret_text(secret)

    def end(self, tx: Tx, name: str, actor: Actor) -> Sender:
        """Let a secret sign nothing from now on; one that has ended stays so. Raises `NotFound`."""
        found = next((one for one in rows.senders(tx) if one.name == name), None)
        if found is None:
            raise NotFound(what="sender", name=name, where="foyer notices sender list")
        if found.ended is None:
            rows.end_sender(tx, found.id)
            data = {"sender": found.id, "name": name, "source": found.source}
            self._story.tell(tx, Told("sender.ended", actor.name, data=data))
        return next(one for one in rows.senders(tx) if one.id == found.id)

    def enter(self, store: Store, headers: Mapping[str, str], body: bytes, origin: str) -> Sender:
        """Whose message this is, from this address; a forged one raises an alarm. Raises as `of` does.

        Opens transactions of its own: what is told of a forgery must outlive it.
        """
        with store.reading() as tx:
            now = tx.now
            try:
                return self.of(tx, headers, body)
            except SignatureForged:
                pass
        last = self._told_of_forgery
        if last is None or now - last > timedelta(seconds=FORGERY_TOLD_S):
            self._told_of_forgery = now
            with store.writing() as tx:
                self._alarms.raise_alarm(tx, "notice.forged", FORGED, {"origin": origin})
        raise SignatureForged

    def of(self, tx: Tx, headers: Mapping[str, str], body: bytes) -> Sender:
        """Whose message this is; `headers` by small letters. Raises `SignatureMissing`, `SignatureOld`, `SignatureAhead`,
        `SignatureForged`, `MessageDiffers`."""
        message, stamp, signature = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
        if not (message and stamp and signature):
            raise SignatureMissing
        if len(message) > ID_CHARS_MAX or not _SECONDS.fullmatch(stamp):
            raise SignatureForged
        signed = datetime.fromtimestamp(int(stamp), UTC)
        _check_clock(signed, tx.now)
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise SignatureForged from error
        shown = signatures(signature)
        in_force = [one for one in rows.senders(tx) if one.ended is None]
        secrets = {one.id: self._vault.open_secret(one.id, one.sealed) for one in in_force}
        found = next((one for one in in_force if signed_by(secrets[one.id], message, signed, text, shown)), None)
        if found is None:
            raise SignatureForged
        if not self._came.once(f"{found.source}\n{message}", hashlib.sha256(body).digest(), tx.now):
            raise MessageDiffers
        return found


class _Came:
    """Bodies by message, for as long as their signatures may come again: what is older is refused by its timestamp."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[str, tuple[bytes, datetime]] = OrderedDict()

    def once(self, message: str, digest: bytes, now: datetime) -> bool:
        """Whether this is the first body under that message, or the same one again."""
        with self._guard:
            while self._known and (len(self._known) >= REMEMBERED_MAX or self._oldest_is_over(now)):
                self._known.popitem(last=False)
            return hmac.compare_digest(self._known.setdefault(message, (digest, now))[0], digest)

    def _oldest_is_over(self, now: datetime) -> bool:
        _, at = next(iter(self._known.values()))
        return now - at > timedelta(seconds=REMEMBERED_S)


def _check_clock(signed: datetime, now: datetime) -> None:
    seconds = int((now - signed).total_seconds())
    shown = now.replace(microsecond=0).isoformat()
    if seconds > TOLERANCE_S:
        raise SignatureOld(seconds=seconds, now=shown, most=TOLERANCE_S)
    if -seconds > TOLERANCE_S:
        raise SignatureAhead(seconds=-seconds, now=shown, most=TOLERANCE_S)
