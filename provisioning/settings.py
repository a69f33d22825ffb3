"""Where a hub keeps its things and what it listens on: command line first, then FOYER_… in the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PORT_USUAL = 8000


class Settings(BaseSettings):
    """One hub's settings. `data` is a folder of its own: two hubs never share one."""

    model_config = SettingsConfigDict(env_prefix="FOYER_", extra="ignore", frozen=True)

    data: Path = Path("var")
    tail: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=PORT_USUAL, ge=0, le=65_535)

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
    def token(self) -> Path:
        """The bootstrap operator's token."""
        return self.data / "operator.token"

    @property
    def panels(self) -> Path:
        """The memory of emulated devices."""
        return self.data / "panels"
