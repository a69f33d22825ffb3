"""Where a hub keeps its things and what it listens on: command line first, then FOYER_… in the environment."""

from __future__ import annotations

import hashlib
import ssl
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from provisioning.nouns.refusals import Refusal

PORT_USUAL = 8000
PASSAGE_DAYS_MIN = 190
"""Six months, whichever they are."""
PEM_BEGIN, PEM_END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
MINUTES_MAX = 7 * 24 * 60
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]


class SettingBroken(Refusal):
    """{name} is not written as it should be. Correct it where the hub is started; an example: {name}={example}"""


class CertificateUnreadable(Refusal):
    """The certificate {path} cannot be used ({why}). Name a file in PEM that the hub may read, with its key beside it:
    --tls-cert FILE --tls-key FILE"""


class Settings(BaseSettings):
    """One hub's settings. `data` is a folder of its own: two hubs never share one."""

    model_config = SettingsConfigDict(env_prefix="FOYER_", extra="ignore", frozen=True)

    data: Path = Path("var")
    tail: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=PORT_USUAL, ge=0, le=65_535)
    alarm_minutes: Annotated[tuple[Minutes, Minutes, Minutes], NoDecode] = (480, 30, 60)
    """How long an alarm of level 1, 2, 3 waits before it is told again: `480,30,60`."""
    hook_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks at which hooks are called although they are this machine's own, or its link: `127.0.0.1/32,…`."""

    gateway_term_days: int = Field(default=3, ge=1, le=30)
    """For how many days a gateway of its own goes on without the hub; what is lost longer than that only shuts."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """The certificate (PEM, the hub's own first) and its key, where the hub itself speaks HTTPS."""

    passage_days: int = Field(default=PASSAGE_DAYS_MIN, ge=PASSAGE_DAYS_MIN)
    """For how many days passages are kept."""

    @field_validator("alarm_minutes", mode="before")
    @classmethod
    def _minutes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",")]
        if len(parts) != 3 or not all(part.isdecimal() and 1 <= int(part) <= MINUTES_MAX for part in parts):
            raise SettingBroken(name="FOYER_ALARM_MINUTES", example="480,30,60")
        return [int(part) for part in parts]

    @field_validator("hook_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError as error:
            raise SettingBroken(name="FOYER_HOOK_NETWORKS", example="127.0.0.1/32,10.1.0.0/16") from error

    @property
    def database(self) -> Path:
        """The hub's database."""
        return self.data / "hub.sqlite3"

    @property
    def lock(self) -> Path:
        """Held by the process that serves this folder."""
        return self.data / "hub.lock"

    @property
    def master_key(self) -> Path:
        """What unwraps every person's key. A backup of it is kept apart from that of the database."""
        return self.data / "master.key"

    @property
    def signing_key(self) -> Path:
        """What signs checkpoints."""
        return self.data / "signing.key"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints outside the database, so that a cut or rewritten database is noticed."""
        return self.data / "checkpoints.log"

    @property
    def tail_folder(self) -> Path:
        """The story's tail outside the database: put it on another disk or host, so that it outlives this one."""
        return self.tail or self.data / "tail"

    @property
    def kept(self) -> Path:
        """What the embedded gateway keeps on its own disk."""
        return self.data / "gateway.sqlite3"

    @property
    def certificate(self) -> str | None:
        """The SHA-256 of the hub's certificate (DER), in hex, by which gateways know it; None where it shows none. Raises
        `CertificateUnreadable`."""
        if self.tls_cert is None:
            return None
        try:
            text = self.tls_cert.read_text("ascii")
            first = text[: text.index(PEM_END) + len(PEM_END)]
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first[first.index(PEM_BEGIN) :])).hexdigest()
        except (OSError, ValueError) as error:
            raise CertificateUnreadable(path=self.tls_cert, why=str(error)) from error

    @property
    def token(self) -> Path:
        """The bootstrap operator's token."""
        return self.data / "operator.token"

    @property
    def panels(self) -> Path:
        """The memory of emulated devices."""
        return self.data / "panels"
