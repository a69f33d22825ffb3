"""How a gateway becomes one: it enrols once, keeps its key to itself, and knows its hub by the hub's own certificate."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import remote_key
from connectors.contract import EdgeError
from connectors.messages import ACTS, ENROL, ActsTold, Ours
from connectors.remote_key import (
    CaUnusable,
    CodeRefused,
    FolderHeld,
    KeyOpen,
    KeyTorn,
    NotEnrolled,
    OtherHub,
    enrolled,
    held,
)
from connectors.remote_line import CertificateDiffers, HubTroubled, Line, NoHub, NotTheHub, Pass, PlainAddress
from devices.clock import SystemClock
from tests.connectors.paper_hub import CODE, PaperHub, PaperServer

HOST = "127.75.1.1"
Tls = Callable[[str], tuple[dict[str, Any], Path, str]]


@pytest.fixture
def hub() -> PaperHub:
    return PaperHub()


@pytest.fixture
def server(hub: PaperHub) -> Iterator[PaperServer]:
    server = PaperServer(hub, HOST)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """Makes certificates of their own: what a server takes, the certificate's file, and its fingerprint."""

    def make(name: str) -> tuple[dict[str, Any], Path, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        cert_path, key_path = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        der = certificate.public_bytes(serialization.Encoding.DER)
        paths = {"ssl_certfile": str(cert_path), "ssl_keyfile": str(key_path)}
        return paths, cert_path, hashlib.sha256(der).hexdigest()

    return make


def enrol(folder: Path, url: str, code: str | None = CODE, ca: Path | None = None) -> tuple[Pass, Any]:
    folder.mkdir(exist_ok=True)
    return asyncio.run(enrolled(folder, url, code, ca, SystemClock(), secrets.token_bytes, software="test"))


def ask(url: str, who: Pass, trust: Any) -> None:
    """A signed call."""

    async def run() -> None:
        line = Line(url, trust, SystemClock(), secrets.token_bytes, who)
        try:
            await line.call(ACTS, Ours(targets={}), ActsTold)
        finally:
            await line.close()

    asyncio.run(run())


def test_it_enrols_once_and_is_known_from_then_on(hub: PaperHub, server: PaperServer, tmp_path: Path) -> None:
    who, trust = enrol(tmp_path / "edge", server.url)
    ask(server.url, who, trust)
    again, _ = enrol(tmp_path / "edge", server.url)
    without, _ = enrol(tmp_path / "edge", server.url, None)
    assert (who.gateway, again.gateway, without.gateway) == ("gw-1", "gw-1", "gw-1")
    assert hub.calls[ENROL] == 1
    kept = tmp_path / "edge" / remote_key.PAPERS
    assert kept.stat().st_mode & 0o077 == 0
    assert CODE not in kept.read_text()


def test_a_lost_answer_is_asked_for_again_with_the_same_key(hub: PaperHub, server: PaperServer, tmp_path: Path) -> None:
    hub.lose_answers = 1
    with pytest.raises(HubTroubled):
        enrol(tmp_path / "edge", server.url)
    who, trust = enrol(tmp_path / "edge", server.url)
    ask(server.url, who, trust)


def test_a_code_that_is_wrong_or_used_is_told(server: PaperServer, tmp_path: Path) -> None:
    with pytest.raises(CodeRefused, match="not a code"):
        enrol(tmp_path / "one", server.url, "nonsense")
    enrol(tmp_path / "one", server.url)
    with pytest.raises(CodeRefused, match="used already"):
        enrol(tmp_path / "two", server.url)
    with pytest.raises(NotEnrolled, match="--code"):
        enrol(tmp_path / "two", server.url, None)
    with pytest.raises(CodeRefused, match="Copy the whole"):
        enrol(tmp_path / "two", server.url, "x" * 300)


def test_a_new_code_that_is_refused_leaves_the_old_word_good(server: PaperServer, tmp_path: Path) -> None:
    enrol(tmp_path / "edge", server.url)
    with pytest.raises(CodeRefused):
        enrol(tmp_path / "edge", server.url, "another")
    who, trust = enrol(tmp_path / "edge", server.url, None)
    ask(server.url, who, trust)


def test_an_address_that_is_no_hub_is_told(server: PaperServer, tmp_path: Path) -> None:
    enrol(tmp_path / "edge", server.url)
    with pytest.raises(OtherHub, match=server.url):
        enrol(tmp_path / "edge", "http://127.75.1.2:1", None)
    with pytest.raises(NoHub, match="does not answer"):
        enrol(tmp_path / "two", "http://127.75.1.2:1")
    for url in ("http://10.1.1.1:8000", "http://hub.example", "ftp://127.0.0.1", "nonsense"):
        with pytest.raises(PlainAddress):
            enrol(tmp_path / "two", url)
    with pytest.raises(NotTheHub, match="TLS"):
        enrol(tmp_path / "two", server.url.replace("http", "https"), f"{CODE}.{'0' * 64}")


@pytest.mark.parametrize(
    ("babble", "error"),
    [
        (b"220 mail ready\r\n", NoHub),
        (b"", NoHub),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NotTheHub),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", NotTheHub),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"gateway": 12}', NotTheHub),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", HubTroubled),
    ],
)
def test_whatever_else_answers_is_no_hub(babble: bytes, error: type[EdgeError], tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as door:
        door.settimeout(10)

        def answer() -> None:
            caller, _ = door.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(babble)

        other = threading.Thread(target=answer)
        other.start()
        with pytest.raises(error):
            enrol(tmp_path / "edge", f"http://{HOST}:{door.getsockname()[1]}")
        other.join(10)


def test_a_key_that_others_may_read_or_that_is_torn_is_told(server: PaperServer, tmp_path: Path) -> None:
    enrol(tmp_path / "edge", server.url)
    kept = tmp_path / "edge" / remote_key.PAPERS
    kept.chmod(0o640)
    with pytest.raises(KeyOpen, match="revoked"):
        enrol(tmp_path / "edge", server.url)
    kept.chmod(0o600)
    kept.write_text(kept.read_text()[:40])
    with pytest.raises(KeyTorn, match="enrol anew"):
        enrol(tmp_path / "edge", server.url)


def test_a_folder_is_one_gateways(tmp_path: Path) -> None:
    with held(tmp_path / "edge"), pytest.raises(FolderHeld, match="process"), held(tmp_path / "edge"):
        pass
    with held(tmp_path / "edge"):
        pass


def test_the_hub_is_known_by_its_own_certificate(hub: PaperHub, tls: Tls, tmp_path: Path) -> None:
    paths, _, fingerprint = tls("hub.example")
    server = PaperServer(hub, HOST, **paths)
    server.start()
    with pytest.raises(CertificateDiffers, match="fingerprint"):
        enrol(tmp_path / "edge", server.url, f"{CODE}.{'0' * 64}")
    assert hub.calls[ENROL] == 0, "nothing is said to whoever it is not"
    who, trust = enrol(tmp_path / "edge", server.url, f"{CODE}.{fingerprint}")
    ask(server.url, who, trust)
    server.stop()
    server.present(**tls("other.example")[0])
    server.start()
    with pytest.raises(CertificateDiffers):
        ask(server.url, who, trust)
    server.stop()


def test_the_hub_is_known_by_whoever_issued_its_certificate(hub: PaperHub, tls: Tls, tmp_path: Path) -> None:
    paths, certificate, _ = tls("localhost")
    server = PaperServer(hub, "127.0.0.1", **paths)
    server.start()
    url = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(CertificateDiffers):
        enrol(tmp_path / "edge", url)
    who, trust = enrol(tmp_path / "edge", url, CODE, certificate)
    ask(url, who, trust)
    with pytest.raises(CaUnusable):
        enrol(tmp_path / "edge", url, None, tmp_path / "nothing.pem")
    server.stop()
