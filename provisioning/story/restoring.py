"""Putting a backup in the place of a database that no hub has open. The present one is kept beside it; what the hub then
may do is the era's business, which begins here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from devices.clock import Clock
from provisioning.nouns.ids import Ids
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, joined, say
from provisioning.store import backup as copies
from provisioning.store import eras, people
from provisioning.store.engine import Store, Tx
from provisioning.store.holding import held
from provisioning.story.backups import Manifest, check
from provisioning.story.rejoining import Fault, rejoin
from provisioning.story.signing import Signer, load_or_make_signer
from provisioning.story.tail import read_tail
from provisioning.vault.master import load_or_make
from provisioning.vault.vault import Vault

READY = "hub.restored.sqlite3"
PART = "restore.part"
SLACK = timedelta(days=1)
"""A clock that was set back writes into the file of an earlier day."""
OPENED_MAX = 50
FAULTS_SAID_MAX = 3
STAMP = "%Y%m%dT%H%M%S"


class RestoreUnfinished(Refusal):
    """A restore into {folder} was interrupted. Run it again, with the hub stopped: foyer restore FILE --data {folder}"""

    status = 409


class KeysMissing(Refusal):
    """There is no {name} in {folder}, and no backup holds one. Put its copy there, from the place where copies of keys are
    kept, and run this again: without it nothing in the backup can be read or gone on with."""


class OfAnotherHub(Refusal):
    """This backup is of another hub's story ({found}), not of the one whose signing key is in {folder} ({present}). Give the
    right file, or the folder with the right keys."""


class TailMissing(Refusal):
    """The story's tail in {folder} does not show all that was done since this backup: {why} Put the tail and checkpoints.log
    there and run this again; or, where they are gone, add --without-tail: then nothing but what takes away is sent to any
    target until two people accept the differences."""

    def __init__(self, folder: Path, faults: tuple[Fault, ...]) -> None:
        self._faults = faults
        super().__init__(folder=str(folder), why=in_words(faults, "en"))

    def sentence(self, language: Language) -> str:
        """What to tell; each reason is a sentence of its own, and is said in the same language."""
        return say(self.template(), language, {**self.fields, "why": in_words(self._faults, language)})


@dataclass(frozen=True, slots=True)
class Places:
    """Where a hub keeps its things."""

    data: Path
    database: Path
    lock: Path
    master_key: Path
    signing_key: Path
    checkpoints: Path
    tail: Path


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, where the database before it is now, and what keeps the story from being whole."""

    manifest: Manifest
    aside: Path | None
    faults: tuple[Fault, ...]


def restore(
    archive: Path,
    places: Places,
    clock: Clock,
    *,
    without_tail: bool,
    progress: Callable[[int, int], object] | None = None,
) -> Restored:
    """Check all of a backup, then put it in place. Until the last step nothing that was there is touched; killed at any
    point, doing it again goes on. Raises `StoreHeld`, `NoBackup`, `BackupAltered`, `CopyTorn`, `KeysMissing`,
    `SealedWithAnother`, `OfAnotherHub`, `TailMissing`, and the vault's refusals."""
    for key in (places.master_key, places.signing_key):
        if not key.exists():
            raise KeysMissing(name=key.name, folder=str(places.data))
    with held(places.lock):
        part = places.data / PART
        try:
            manifest = check(archive, part, progress)
            faults = _prepared(part, manifest, places, clock, without_tail=without_tail)
            copies.fold(part)
            ready = part.replace(places.data / READY)
        finally:
            for side in ("", *copies.SIDES):
                part.with_name(part.name + side).unlink(missing_ok=True)
        aside = _free(places.database, clock.now().strftime(STAMP))
        there = copies.put_in_place(ready, places.database, aside)
    return Restored(manifest, aside if there else None, faults)


def in_words(faults: tuple[Fault, ...], language: Language) -> str:
    """The first of these faults as sentences, one after another."""
    return joined((say(template, language, fields) for template, fields in faults[:FAULTS_SAID_MAX]), language)


def _free(database: Path, stamp: str) -> Path:
    """A name beside the database that nothing has yet."""
    taken = {path.name for path in database.parent.iterdir()}
    names = (f"hub.before-{stamp}{f'-{nth}' if nth else ''}.sqlite3" for nth in range(len(taken) + 1))
    return database.with_name(next(name for name in names if name not in taken))


def refuse_unfinished(data: Path) -> None:
    """Raises `RestoreUnfinished` where a restore was killed between its last two steps."""
    if (data / READY).exists():
        raise RestoreUnfinished(folder=str(data))


def _prepared(part: Path, manifest: Manifest, places: Places, clock: Clock, *, without_tail: bool) -> tuple[Fault, ...]:
    """The copy as a database of this version in which an era has begun; what is wrong with the tail."""
    signer = load_or_make_signer(places.signing_key, _no_chance, fresh=False)
    if signer.verifying_key.name != manifest.origin:
        raise OfAnotherHub(found=manifest.origin, folder=str(places.data), present=signer.verifying_key.name)
    vault = Vault(load_or_make(places.master_key, _no_chance, fresh=False), _no_chance)
    store = Store(part, clock, Ids(_no_chance))
    try:
        with store.reading() as tx:
            _open_some(tx, vault)
            faults = _weighed(tx, manifest, places, signer)
        if faults and not without_tail:
            raise TailMissing(places.tail, faults)
        with store.writing() as tx:
            eras.begin(tx, manifest.at)
    finally:
        store.close()
    return faults


def _no_chance(count: int) -> bytes:
    """A restore makes no key, no id and no seal."""
    raise AssertionError(f"a restore asked for {count} random bytes")


def _open_some(tx: Tx, vault: Vault) -> None:
    """Raises `SealedWithAnother` where the master key is not that of this database."""
    some = people.list_persons(tx, "", OPENED_MAX, None)
    vault.open_all(tx, [(one.id, one.sealed) for one in some if one.sealed])


def _weighed(tx: Tx, manifest: Manifest, places: Places, signer: Signer) -> tuple[Fault, ...]:
    key = signer.verifying_key
    read = read_tail(places.tail, key.name, manifest.last_event, manifest.at - SLACK)
    return rejoin(tx, read, places.checkpoints, key).faults
