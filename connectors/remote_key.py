"""Who a gateway is, on its own disk: its key, which it made itself and never shows, what the hub named it, and by which
certificate it knows the hub. One process at a time uses a folder."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import os
import ssl
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from httpx2 import AsyncBaseTransport
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors import tokens
from connectors.contract import EdgeError
from connectors.messages import ENROL, Enrolled, Enrolment, fingerprint_of
from connectors.remote_line import (
    CONNECT_S,
    CertificateDiffers,
    Line,
    NoHub,
    NotTaken,
    NotTheHub,
    Pass,
    PlainAddress,
    Untrusted,
    secure,
)
from devices.clock import Clock

PAPERS, DRAFT = "gateway.key", "gateway.key.new"
KEY_BYTES = 32
MISWRITTEN = "It is not written as codes are. Copy the whole of it."
OTHERS = stat.S_IRWXG | stat.S_IRWXO
PORT_USUAL = 443
RandomBytes = Callable[[int], bytes]


class FolderHeld(EdgeError):
    """Another gateway already works in {folder} (process {pid}). Stop it first, or give this one its own --data folder."""


class FolderUnusable(EdgeError):
    """The gateway cannot use its folder {folder} ({cause}). Let the account that runs it own the folder, or name another
    with --data."""


class KeyOpen(EdgeError):
    """Others on this machine may read {path}. Look whether anybody did; then have this gateway's credential revoked at the
    hub, delete that file, and enrol anew. What else lies in {folder} is still needed: the keys of readers are only there."""


class KeyTorn(EdgeError):
    """{path} does not hold what a gateway writes there. Delete that file, and enrol anew with a new code. What else lies in
    {folder} is still needed: the keys of readers are only there."""


class NotEnrolled(EdgeError):
    """No gateway is enrolled in {folder}. Ask at the hub for a one-time code (foyer gateway add NAME) and name it here:
    foyer gateway --hub {url} --code CODE"""


class OtherHub(EdgeError):
    """The gateway in {folder} is enrolled at {known}, not at {url}. Name that address, or give another hub its own --data
    folder."""


class CodeRefused(EdgeError):
    """The hub at {url} did not enrol this gateway: {why}"""


class CaUnusable(EdgeError):
    """{path} holds no certificate that can be used ({cause}). Name a PEM file of whoever issued the hub's certificate."""


class Papers(BaseModel):
    """What a gateway keeps of an enrolment: `key` is its private key (hex), `code` the digest of the code that was used."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: str
    key: str
    code: str
    gateway: str = ""
    hub: str = ""
    certificate: str | None = None
    """The hub's own certificate (PEM), where it is known by that."""
    ca: str | None = None
    """The certificates (PEM) of whoever issues the hub's."""


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Hold a gateway's folder until the block ends; the kernel lets go of it however the process ends. Raises `FolderHeld`,
    `FolderUnusable`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderUnusable(folder=folder, cause=error.strerror) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "?"
            raise FolderHeld(folder=folder, pid=pid) from error
        with suppress(OSError):  # on a full disk the lock holds all the same
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


async def enrolled(
    folder: Path,
    url: str,
    code: str | None,
    ca: Path | None,
    clock: Clock,
    random_bytes: RandomBytes,
    *,
    software: str,
    language: str = "en",
    transport: AsyncBaseTransport | None = None,
) -> tuple[Pass, ssl.SSLContext | None]:
    """Who this gateway is, and how it knows the hub; enrolled now where a code says so that was not used here yet;
    `transport` as of `Line`. Raises
    `NotEnrolled`, `OtherHub`, `CodeRefused`, `PlainAddress`, what `Line.call` raises, and what is wrong with the folder."""
    url = url.rstrip("/")
    if not secure(url):
        raise PlainAddress(url=url)
    known = _read(folder, PAPERS)
    if code is not None and (known is None or known.code != _digest(code)):
        draft = await _draft(folder, url, code, ca, random_bytes)
        line = Line(url, _trust(draft), clock, random_bytes, language=language, transport=transport)
        return _known(await _enrol(folder, draft, code, line, software))
    if known is None:
        raise NotEnrolled(folder=folder, url=url)
    if known.url != url:
        raise OtherHub(folder=folder, known=known.url, url=url)
    if ca is not None and known.ca != (pem := _pem(ca)):
        known = known.model_copy(update={"ca": pem, "certificate": None})
        _write(folder / PAPERS, known)
    return _known(known)


async def _draft(folder: Path, url: str, code: str, ca: Path | None, random_bytes: RandomBytes) -> Papers:
    """A new key, on the disk before the code is used, so that whoever is killed in between asks again and is answered; what
    stood there before holds until the hub has answered."""
    draft = _read(folder, DRAFT)
    if draft is None or (draft.url, draft.code) != (url, _digest(code)):
        draft = Papers(url=url, key=random_bytes(KEY_BYTES).hex(), code=_digest(code))
    if ca is not None:
        draft = draft.model_copy(update={"ca": _pem(ca), "certificate": None})
    elif url.startswith("https"):
        draft = draft.model_copy(update={"certificate": await _pinned(url, fingerprint_of(code))})
    _write(folder / DRAFT, draft)
    return draft


async def _enrol(folder: Path, draft: Papers, code: str, line: Line, software: str) -> Papers:
    try:
        told = Enrolment(code=code.strip(), public_key=tokens.public_of(_key(draft)), software=software)
        answer = await line.call(ENROL, told, Enrolled)
    except ValidationError as error:
        raise CodeRefused(url=line.url, why=MISWRITTEN) from error
    except (NotTaken, Untrusted) as error:
        raise CodeRefused(url=line.url, why=error.fields["why"]) from error
    finally:
        await line.close()
    kept = draft.model_copy(update={"gateway": answer.gateway, "hub": answer.hub})
    _write(folder / PAPERS, kept)
    with suppress(OSError):
        (folder / DRAFT).unlink()
    return kept


def _known(papers: Papers) -> tuple[Pass, ssl.SSLContext | None]:
    return Pass(papers.gateway, papers.hub, _key(papers)), _trust(papers)


def _key(papers: Papers) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(papers.key))


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().encode()).hexdigest()


async def _pinned(url: str, fingerprint: str | None) -> str | None:
    """The hub's certificate, where the code names its fingerprint; nothing is said before that fits. None where the code
    names none: then whoever this machine trusts must have issued it."""
    if fingerprint is None:
        return None
    parts = urlsplit(url)
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or PORT_USUAL, ssl=unchecked)
    except ssl.SSLError as error:
        raise NotTheHub(url=url, why="it does not speak TLS") from error
    except (OSError, TimeoutError) as error:
        raise NoHub(url=url, why=str(error) or f"no answer within {CONNECT_S:g} s") from error
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    found = hashlib.sha256(der).hexdigest()
    if not hmac.compare_digest(found, fingerprint):
        raise CertificateDiffers(url=url, why=f"its fingerprint is {found}, the code names {fingerprint}")
    return load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def _trust(known: Papers) -> ssl.SSLContext | None:
    """Whom to believe by TLS: the one certificate, its issuers, or, for a hub on this machine, nobody needs to be."""
    if not known.url.startswith("https"):
        return None
    if known.certificate is not None:
        pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The certificate itself is known, so its name and its issuer say nothing more.
        pinned.check_hostname = False
        pinned.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        pinned.load_verify_locations(cadata=known.certificate)
        return pinned
    return ssl.create_default_context(cadata=known.ca)


def _pem(path: Path) -> str:
    try:
        text = path.read_text("ascii")
        ssl.create_default_context(cadata=text)
    except (OSError, ValueError) as error:
        raise CaUnusable(path=path, cause=getattr(error, "strerror", None) or error) from error
    return text


def _read(folder: Path, name: str) -> Papers | None:
    path = folder / name
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise KeyOpen(path=path, folder=folder)
            papers = Papers.model_validate_json(file.read())
            _key(papers)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FolderUnusable(folder=folder, cause=error.strerror) from error
    except ValueError as error:
        raise KeyTorn(path=path, folder=folder) from error
    return papers


def _write(path: Path, papers: Papers) -> None:
    """Whole, or not at all: synced beside its place, and then put there."""
    draft = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(papers.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        place = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
    except OSError as error:
        raise FolderUnusable(folder=path.parent, cause=error.strerror) from error
