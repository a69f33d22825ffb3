"""Backups: one archive (tar) with a manifest and a copy of the database. The keys are not in it: whoever had both would
have everything."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.contract import Json
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import backup as copies
from provisioning.store.engine import Store
from provisioning.story.notes import VerifyingKey
from provisioning.story.story import Story
from provisioning.story.tree import Frontier

MARK = "foyer backup 1"
MANIFEST = "manifest.json"
DATABASE = "hub.sqlite3"
MANIFEST_BYTES_MAX = 65_536
LEFT_OVER = "backup-*.part"
_TEXTS = ("version", "campus", "origin", "root", "digest")
_NUMBERS = ("last_event", "size", "bytes")


class NoBackup(Refusal):
    """{path} is no backup of a Foyer hub, or only a part of one ({reason}). Take the whole file, as `foyer backup` wrote
    it."""


class BackupAltered(Refusal):
    """The database in {path} is not the one that its manifest names: the file was damaged or changed. Take another
    backup."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of. `origin` names the story, `size` and `root` its tree; `digest` is the database's SHA-256,
    `zone` the campus's time zone; backups of before it was kept have none."""

    version: str
    campus: str
    origin: str
    at: datetime
    last_event: int
    size: int
    root: str
    bytes: int
    digest: str
    zone: str | None = None

    def json(self) -> bytes:
        """As it stands in the archive."""
        told = {"is": MARK, **asdict(self), "at": self.at.isoformat()}
        return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


class Backups:
    """Takes backups of a hub that runs."""

    def __init__(self, store: Store, story: Story, key: VerifyingKey, version: str) -> None:
        self._store = store
        self._story = story
        self._key = key
        self._version = version

    def take(self, campus: str, actor: Actor, zone: str | None = None) -> tuple[Manifest, Iterator[bytes], int]:
        """The manifest of a copy taken now, the archive's bytes, and how many there are. Whoever asks reads them to their
        end, or lets go of them: the copy is gone then. Raises `CopyTorn`, `StoreFull`."""
        path = self._store.path.with_name(f"backup-{self._store.ids.new('bak')}.part")
        try:
            with self._store.reading() as tx:
                at = tx.now
            copies.copy(self._store.path, path)
            copies.check(path)
            made = self._manifest(path, campus, at, zone)
            with self._store.writing() as tx:
                data: dict[str, Json] = {"last_event": made.last_event, "size": made.size, "digest": made.digest}
                self._story.tell(tx, Told("backup.taken", actor.name, data=data))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return made, _sent(made, path), _archive_bytes(made)

    def _manifest(self, path: Path, campus: str, at: datetime, zone: str | None) -> Manifest:
        tree = Frontier()
        for leaf in copies.leaves(path):
            tree.add(leaf)
        return Manifest(
            version=self._version,
            campus=campus,
            origin=self._key.name,
            at=at,
            last_event=copies.last_event(path),
            size=tree.size,
            root=tree.root().hex(),
            bytes=path.stat().st_size,
            digest=copies.digest(path),
            zone=zone,
        )


def check(path: Path, unpacked: Path, progress: Callable[[int, int], object] | None = None) -> Manifest:
    """Unpack an archive's database to `unpacked`, which it replaces, and check all of it; `progress` is told (done, all)
    bytes. Raises `NoBackup`, `BackupAltered`, `CopyTorn`."""
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _read_manifest(archive, path)
            _unpack(archive, manifest, unpacked, progress)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise NoBackup(path=str(path), reason=getattr(error, "strerror", None) or str(error)) from error
    if unpacked.stat().st_size != manifest.bytes or copies.digest(unpacked) != manifest.digest:
        raise BackupAltered(path=str(path))
    copies.check(unpacked)
    tree = Frontier()
    for leaf in copies.leaves(unpacked):
        tree.add(leaf)
    if (tree.size, tree.root().hex()) != (manifest.size, manifest.root):
        raise BackupAltered(path=str(path))
    return manifest


def sweep(folder: Path) -> None:
    """Remove copies that a crash left behind."""
    for path in folder.glob(LEFT_OVER):
        path.unlink(missing_ok=True)


def _sent(manifest: Manifest, path: Path) -> Iterator[bytes]:
    try:
        yield _entry(MANIFEST, manifest.json(), manifest.at)
        yield _header(DATABASE, manifest.bytes, manifest.at)
        yield from copies.chunks(path)
        yield b"\0" * (-manifest.bytes % tarfile.BLOCKSIZE) + b"\0" * (2 * tarfile.BLOCKSIZE)
    finally:
        path.unlink(missing_ok=True)


def _archive_bytes(manifest: Manifest) -> int:
    entry = len(_entry(MANIFEST, manifest.json(), manifest.at))
    padded = manifest.bytes + -manifest.bytes % tarfile.BLOCKSIZE
    return entry + tarfile.BLOCKSIZE + padded + 2 * tarfile.BLOCKSIZE


def _entry(name: str, data: bytes, at: datetime) -> bytes:
    return _header(name, len(data), at) + data + b"\0" * (-len(data) % tarfile.BLOCKSIZE)


def _header(name: str, size: int, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(at.timestamp()), 0o600
    # GNU's form keeps any size in one block, so that the whole archive's length is known before it is sent.
    return info.tobuf(tarfile.GNU_FORMAT)


def _read_manifest(archive: tarfile.TarFile, path: Path) -> Manifest:
    first = archive.next()
    file = None if first is None or first.name != MANIFEST else archive.extractfile(first)
    if file is None:
        raise NoBackup(path=str(path), reason=MANIFEST)
    try:
        told = json.loads(file.read(MANIFEST_BYTES_MAX))
        return _manifest(told)
    except (ValueError, KeyError, TypeError) as error:
        raise NoBackup(path=str(path), reason=MANIFEST) from error


def _manifest(told: Mapping[str, Any]) -> Manifest:
    if told["is"] != MARK:
        raise ValueError(MARK)
    values: dict[str, Any] = {name: told[name] for name in (*_TEXTS, *_NUMBERS)}
    zone = told.get("zone")
    texts = all(isinstance(values[name], str) for name in _TEXTS) and isinstance(zone, str | None)
    if not texts or any(type(values[name]) is not int for name in _NUMBERS):
        raise TypeError(MARK)
    at = datetime.fromisoformat(told["at"])
    if at.tzinfo is None:
        raise ValueError(MARK)
    return Manifest(at=at, zone=zone, **values)


def _unpack(
    archive: tarfile.TarFile, manifest: Manifest, unpacked: Path, progress: Callable[[int, int], object] | None
) -> None:
    member = archive.next()
    source = None if member is None or member.name != DATABASE else archive.extractfile(member)
    if source is None:
        raise NoBackup(path=archive.name, reason=DATABASE)
    unpacked.unlink(missing_ok=True)
    with open(unpacked, "xb") as to:
        unpacked.chmod(0o600)
        done = 0
        while chunk := source.read(copies.CHUNK_BYTES):
            to.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, manifest.bytes)
