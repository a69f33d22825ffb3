"""What is personal is sealed here, under a key per person that the master wraps. The database alone decides whether a
key exists: memory only spares the unwrapping. The master itself encrypts nothing: each use has a key drawn from it."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from connectors.contract import Json, canonical
from devices.seal import KEY_BYTES, NONCE_BYTES, SealBroken, Suite, keyed_digest, seal, subkey, unseal
from provisioning.nouns.ids import RandomBytes
from provisioning.nouns.refusals import Refusal
from provisioning.store import hooks, keys, senders
from provisioning.store.engine import Tx
from provisioning.vault.master import MASTER_BYTES, TURNED_BYTES

UNWRAPPED_MAX = 4_096
STANDARD = Suite()


class SealedWithAnother(Refusal):
    """What is sealed in the database does not open with this master key. Put back the key file that belongs to this
    database, from the place where its copy is kept."""

    status = 500


class Vault:
    """Seals and opens. Thread-safe; keeps at most `UNWRAPPED_MAX` keys of persons in memory."""

    def __init__(self, master_key: bytes, random_bytes: RandomBytes, suite: Suite = STANDARD) -> None:
        self._random_bytes = random_bytes
        self._suite = suite
        self._wrapping = _wrapping_key(master_key, suite)
        digests = master_key[TURNED_BYTES:]
        self._id_key = subkey(suite.digest, digests, "foyer vault 1: identity numbers")
        self._token_key = subkey(suite.digest, digests, "foyer vault 1: tokens")
        self._secret_key = _secret_key(master_key, suite)
        self._pin_key = subkey(suite.digest, digests, "foyer vault 1: pins")
        self._label_key = subkey(suite.digest, digests, "foyer vault 1: labels")
        self._unwrapped: OrderedDict[bytes, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def seal(self, tx: Tx, person: str, private: Mapping[str, Json]) -> bytes:
        """Seal under the person's key, made on first use; the person row must be there already."""
        return self.seal_all(tx, [(person, private)])[0]

    def seal_all(self, tx: Tx, items: Sequence[tuple[str, Mapping[str, Json]]]) -> list[bytes]:
        """Seal for many persons with one look at their keys; in order."""
        persons = dict.fromkeys(person for person, _ in items)
        found = self._keys(tx, persons)
        fresh = {person: self._random_bytes(KEY_BYTES) for person in persons if person not in found}
        wrapped = {person: self._wrap(self._wrapping, person, key) for person, key in fresh.items()}
        keys.keep_wrapped(tx, wrapped)
        for person, key in fresh.items():
            # Known by its wrapped form, which is gone with the row where this is rolled back.
            self._remember(wrapped[person], key)
        found.update(fresh)
        return [self._seal(found[person], person, private) for person, private in items]

    def open(self, tx: Tx, person: str, sealed: bytes) -> dict[str, Json] | None:
        """What was sealed for the person; None where the key is gone. Raises `SealedWithAnother`."""
        return self.open_all(tx, [(person, sealed)])[0]

    def open_all(self, tx: Tx, items: Sequence[tuple[str, bytes]]) -> list[dict[str, Json] | None]:
        """Open for many persons with one look at their keys; in order."""
        found = self._keys(tx, (person for person, _ in items))
        return [self._open(found.get(person), person, sealed) for person, sealed in items]

    def forget(self, tx: Tx, person: str) -> bool:
        """Lose the person's key, which erases all that was sealed under it. Whether there was one."""
        for wrapped in keys.wrapped_keys(tx, [person]).values():
            with self._guard:
                self._unwrapped.pop(wrapped, None)
        return keys.lose_key(tx, person)

    def id_digest(self, id_number: str) -> bytes:
        """By what an identity number is found without being kept; `x` and `X` are one."""
        return keyed_digest(self._suite.digest, self._id_key, id_number.strip().upper().encode())

    def token_digest(self, token: str) -> bytes:
        """By what a token is recognised without being kept."""
        return keyed_digest(self._suite.digest, self._token_key, token.encode(errors="surrogatepass"))

    def label_digest(self, text: str) -> bytes:
        """By what a printed label is known as ours; turning the master leaves it as it is."""
        return keyed_digest(self._suite.digest, self._label_key, text.encode(errors="surrogatepass"))

    def pin_key(self) -> bytes:
        """The key of the digests by which PINs are kept (32 bytes). Whoever compares a PIN needs it, and whoever has it with
        a database can find every PIN; turning the master leaves it as it is."""
        return self._pin_key

    def seal_secret(self, owner: str, secret: bytes) -> bytes:
        """Seal what is no person's, such as what a sender signs with, for the row with the id `owner`."""
        return seal(self._suite.aead, self._secret_key, self._random_bytes(NONCE_BYTES), secret, owner.encode())

    def open_secret(self, owner: str, sealed: bytes) -> bytes:
        """What was sealed for that row. Raises `SealedWithAnother`."""
        return _unsealed(self._secret_key, sealed, owner)

    def rewrap(self, tx: Tx, new_master: bytes) -> int:
        """Wrap every person's key, and seal every sender's and hook's secret, with a turned master; how many keys.
        This vault goes on with the old one, so replace it once this is committed."""
        turned = _secret_key(new_master, self._suite)
        for one in senders.senders(tx):
            senders.reseal_sender(tx, one.id, self._sealed_anew(turned, one.id, one.sealed))
        for each in hooks.hooks(tx):
            hooks.reseal_hook(tx, each.id, self._sealed_anew(turned, each.id, each.sealed))
        wrapping = _wrapping_key(new_master, self._suite)
        count = 0
        for some in keys.all_wrapped(tx):
            anew = {person: self._wrap(wrapping, person, self._unwrap(person, old)) for person, old in some.items()}
            keys.rewrite_wrapped(tx, anew)
            count += len(anew)
        return count

    def _sealed_anew(self, key: bytes, owner: str, sealed: bytes) -> bytes:
        plain = self.open_secret(owner, sealed)
        return seal(self._suite.aead, key, self._random_bytes(NONCE_BYTES), plain, owner.encode())

    def _keys(self, tx: Tx, persons: Iterable[str]) -> dict[str, bytes]:
        return {person: self._unwrap(person, wrapped) for person, wrapped in keys.wrapped_keys(tx, persons).items()}

    def _unwrap(self, person: str, wrapped: bytes) -> bytes:
        with self._guard:
            key = self._unwrapped.get(wrapped)
            if key is not None:
                self._unwrapped.move_to_end(wrapped)
                return key
        key = _unsealed(self._wrapping, wrapped, person)
        self._remember(wrapped, key)
        return key

    def _remember(self, wrapped: bytes, key: bytes) -> None:
        with self._guard:
            self._unwrapped[wrapped] = key
            if len(self._unwrapped) > UNWRAPPED_MAX:
                self._unwrapped.popitem(last=False)

    def _wrap(self, wrapping: bytes, person: str, key: bytes) -> bytes:
        return seal(self._suite.aead, wrapping, self._random_bytes(NONCE_BYTES), key, person.encode())

    def _seal(self, key: bytes, person: str, private: Mapping[str, Json]) -> bytes:
        plain = canonical(private).encode()
        return seal(self._suite.aead, key, self._random_bytes(NONCE_BYTES), plain, person.encode())

    def _open(self, key: bytes | None, person: str, sealed: bytes) -> dict[str, Json] | None:
        return None if key is None else json.loads(_unsealed(key, sealed, person))


def _wrapping_key(master_key: bytes, suite: Suite) -> bytes:
    if len(master_key) != MASTER_BYTES:
        raise ValueError(f"a master key has {MASTER_BYTES} bytes, not {len(master_key)}")
    return subkey(suite.digest, master_key[:TURNED_BYTES], "foyer vault 1: wrapping")


def _secret_key(master_key: bytes, suite: Suite) -> bytes:
    return subkey(suite.digest, master_key[:TURNED_BYTES], "foyer vault 1: secrets")


def _unsealed(key: bytes, sealed: bytes, person: str) -> bytes:
    try:
        return unseal(key, sealed, person.encode())
    except SealBroken as error:
        raise SealedWithAnother from error
