"""One command on its way: its words, its screen, the hub it asks; and how it ends, as a sentence and an exit status."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from provisioning.cli.hub import CommandFailed, Hub, Problem, Query
from provisioning.cli.screen import Screen
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_DATA = "var"
TOKEN_FILE = "operator.token"  # noqa: S105 - the name of a file, not a secret
OK, REFUSED, NO_HUB, NOT_ALLOWED, NOT_READY = 0, 1, 3, 4, 5


class NoSuchFile(CommandFailed):
    """{path} cannot be read ({why}). Check the path."""


class CannotWrite(CommandFailed):
    """{path} cannot be written ({why}). Choose another place, or free it first."""


class NoToken(CommandFailed):
    """No operator's token was found: not in --token, --token-file, FOYER_TOKEN, nor as operator.token under {folder}.
    Name the hub's data folder with --data, or ask who runs the hub for a token."""

    exit_status = NOT_ALLOWED


class ManyTokens(CommandFailed):
    """{folder} holds tokens of more than one campus ({names}). Say which with --data {folder}/NAME."""

    exit_status = NOT_ALLOWED


class Errand:
    """What a command is handed: `args`, `screen`, and a `hub` that is reached only when asked."""

    def __init__(self, args: Namespace, screen: Screen, environment: Mapping[str, str]) -> None:
        self.args = args
        self.screen = screen
        self.environment = environment
        self._hub: Hub | None = None

    @property
    def language(self) -> Language:
        """The reader's language."""
        return self.screen.language

    @property
    def as_json(self) -> bool:
        """Whether the answer is for a program."""
        return bool(getattr(self.args, "json", False))

    @property
    def data(self) -> Path:
        """The data folder, or the folder of data folders."""
        return Path(getattr(self.args, "data", None) or self.environment.get("FOYER_DATA") or DEFAULT_DATA)

    @property
    def hub(self) -> Hub:
        """The hub, with this operator's token. Raises `NoToken`."""
        if self._hub is None:
            issuer = self.environment.get("FOYER_CA")
            self._hub = Hub(self.url, self.token(), self.language, self.screen.in_zone, issuer)
        return self._hub

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return getattr(self.args, "url", None) or self.environment.get("FOYER_URL") or DEFAULT_URL

    def get(self, path: str, query: Query | None = None) -> Any:
        """Short for `hub.get`."""
        return self.hub.get(path, query)

    def token(self) -> str:
        """The operator's token, from the first place that has one. Raises `NoToken`, `ManyTokens`, `NoSuchFile`."""
        given = getattr(self.args, "token", None)
        named = getattr(self.args, "token_file", None)
        if given:
            return given
        if named:
            return self.read(Path(named)).decode("utf-8", "replace").strip()
        if self.environment.get("FOYER_TOKEN"):
            return self.environment["FOYER_TOKEN"]
        return self.read(self._token_file()).decode("utf-8", "replace").strip()

    def read(self, path: Path) -> bytes:
        """A file's bytes. Raises `NoSuchFile`."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise NoSuchFile(path=path, why=error.strerror) from error

    def write(self, path: Path, data: bytes) -> None:
        """Make a file, and never over another one. Raises `CannotWrite`."""
        try:
            with path.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise CannotWrite(path=path, why=error.strerror) from error

    def close(self) -> None:
        """Let go of what was opened."""
        if self._hub is not None:
            self._hub.close()

    def _token_file(self) -> Path:
        direct = self.data / TOKEN_FILE
        if direct.exists():
            return direct
        found = sorted(self.data.glob(f"*/{TOKEN_FILE}"))
        if not found:
            raise NoToken(folder=self.data)
        if len(found) > 1:
            raise ManyTokens(folder=self.data, names=", ".join(path.parent.name for path in found))
        return found[0]


def perform(args: Namespace, language: Language) -> int:
    """Carry out the chosen command; every refusal becomes a sentence and a status, a fault of ours a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese still gets its table
    screen = Screen(sys.stdout, sys.stderr, language, os.environ)
    errand = Errand(args, screen, os.environ)
    try:
        return args.carry_out(errand)
    except Problem as problem:
        if errand.as_json:
            screen.json(problem.problem)
        screen.protest(problem.sentence(language))
        return problem.exit
    except CommandFailed as failure:
        screen.protest(failure.sentence(language))
        return failure.exit_status
    except Refusal as refusal:
        screen.protest(refusal.sentence(language))
        return REFUSED
    finally:
        errand.close()
