"""A hub that speaks HTTPS itself: `foyer serve --tls-cert --tls-key` as a process, and whoever calls it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors import messages

FOYER = Path(sys.executable).parent / "foyer"
HOST = "127.74.1.1"
WAIT_S_MAX = 60.0


def certify(folder: Path, password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate of its own for HOST, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "hub.pem", folder / "hub.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, how))
    return cert, secret


def foyer(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOYER_", "LC_"))}
    return subprocess.run(
        [FOYER, *map(str, words), "--lang", "en"],
        check=False, capture_output=True, text=True, timeout=WAIT_S_MAX, env=kept | {"LANG": "C.UTF-8"} | more,
    )  # fmt: skip


def free_port() -> int:
    with socket.create_server((HOST, 0)) as door:
        return door.getsockname()[1]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """A hub's address, its data folder, and its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certify(folder)
    port = free_port()
    words = ["serve", "--campus", "small", "--host", HOST, "--port", port, "--tls-cert", cert, "--tls-key", key]
    with subprocess.Popen(
        [FOYER, *map(str, words), "--data", str(folder / "data")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + WAIT_S_MAX
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    socket.create_connection((HOST, port), 1).close()
                    if (folder / "data" / "small" / "operator.token").exists():
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            yield f"https://{HOST}:{port}", folder / "data" / "small", cert
        finally:
            process.terminate()
            process.wait(WAIT_S_MAX)


def test_commands_reach_a_hub_by_https_and_know_it(hub):
    url, data, cert = hub
    listed = foyer("gateway", "list", "--json", "--url", url, "--data", data, FOYER_CA=str(cert))
    assert (listed.returncode, listed.stderr) == (0, "")
    assert isinstance(json.loads(listed.stdout), list)
    stranger = foyer("gateway", "list", "--url", url, "--data", data)
    assert stranger.returncode == 3
    wrong = foyer("gateway", "list", "--url", url, "--data", data, FOYER_CA=str(data / "operator.token"))
    assert (wrong.returncode, "FOYER_CA names" in wrong.stderr) == (3, True)


def test_the_code_of_a_gateway_names_the_hubs_certificate(hub):
    url, data, cert = hub
    added = foyer("gateway", "add", "north", "--url", url, "--data", data, FOYER_CA=str(cert))
    assert added.returncode == 0, added.stderr
    code = next(line for line in added.stdout.splitlines() if "." in line and " " not in line)
    der = ssl.PEM_cert_to_DER_cert(cert.read_text("ascii"))
    assert messages.fingerprint_of(code) == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("half", ["--tls-cert", "--tls-key"])
def test_half_of_it_is_refused(tmp_path, half):
    cert, _ = certify(tmp_path)
    said = foyer("serve", "--campus", "small", "--host", HOST, "--port", free_port(), half, cert, "--data", tmp_path)
    assert (said.returncode, "both a certificate and its key" in said.stderr) == (1, True)


def test_what_cannot_be_used_is_refused_before_anything_begins(tmp_path):
    cert, key = certify(tmp_path)
    (tmp_path / "other").mkdir()
    _, locked = certify(tmp_path / "other", b"secret")
    empty = tmp_path / "empty.pem"
    empty.touch()
    for each in ((cert, cert), (empty, key), (cert, locked), (tmp_path / "none.pem", key)):
        words = ["--tls-cert", each[0], "--tls-key", each[1], "--data", tmp_path / "data"]
        said = foyer("serve", "--campus", "small", "--host", HOST, "--port", free_port(), *words)
        assert said.returncode == 1, said
        assert "cannot be used" in said.stderr
    assert not (tmp_path / "data").exists()
