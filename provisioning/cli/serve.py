"""`foyer serve`: hub and gateway in this process. Its port is taken before anything else, so that a busy one is said at
once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import ssl
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.cli.emulate import DATABASE, campus_text
from provisioning.cli.errand import OK, TOKEN_FILE, CommandFailed, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.looping import run

if TYPE_CHECKING:
    import uvicorn

    from provisioning.compose import House, Web

BACKLOG = 128
GRACE_S = 2
STARTED_EVERY_S = 0.02


class PortBusy(CommandFailed):
    """Port {port} on {host} is in use by another program. Stop that one, or choose another port: --port {other}"""


class CannotListen(CommandFailed):
    """The hub cannot listen on {host}:{port} ({why}). Choose another --host or --port."""


class NoHubThere(CommandFailed):
    """No hub lives under {folder} yet. Name its campus: foyer serve --campus FILE (small is one that ships)."""


class TlsHalf(CommandFailed):
    """HTTPS takes both a certificate and its key. Give --tls-cert FILE and --tls-key FILE, or neither."""


class TlsUnusable(CommandFailed):
    """The certificate {cert} and the key {key} cannot be used ({why}). Both are PEM files that the hub may read, and the key
    is that of the first certificate and has no password."""


class ManyHubs(CommandFailed):
    """More than one hub lives under {folder} ({names}). Say which with --data {folder}/NAME."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub lives and listens. `campus` is the name and text of a file, where one was named."""

    data: Path
    host: str
    port: int
    campus: tuple[str, str] | None
    door: socket.socket
    tls: tuple[Path, Path] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        scheme = "http" if self.tls is None else "https"
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - recognised, not bound
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


Beside = Callable[["House"], AbstractAsyncContextManager[None]]
Guide = Callable[[Place, Callable[[], bool]], None]


def arguments(parser: Parser) -> None:
    """The words of `foyer serve`."""
    parser.flag(
        "--campus", metavar="FILE", help="a campus file for a hub that has none yet, or one that ships: small, xiongan"
    )
    ports(parser)
    parser.flag("--tls-cert", metavar="FILE", help="the hub's certificate (PEM), to serve by HTTPS")
    parser.flag("--tls-key", metavar="FILE", help="the certificate's key (PEM)")
    parser.set_defaults(carry_out=serve)


def ports(parser: Parser) -> None:
    """Where to listen."""
    parser.flag("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (127.0.0.1)")
    parser.flag("--port", type=int, default=8000, metavar="N", help="the port to listen on (8000)")


def serve(errand: Errand) -> int:
    """Serve until Ctrl-C."""

    def guide(place: Place, _: Callable[[], bool]) -> None:
        token = place.data / TOKEN_FILE
        if token.exists():
            errand.screen.say("The first operator's token stands in {path}.", path=token)
        errand.screen.say("The hub serves at {url}. Ctrl-C stops it.", url=place.url)

    with taken(errand, errand.args.campus) as place:
        return keep(errand, place, nothing_beside, guide)


@asynccontextmanager
async def nothing_beside(_: House) -> AsyncGenerator[None]:
    """Nothing else runs in this process."""
    yield


@contextmanager
def taken(errand: Errand, campus: str | None) -> Generator[Place]:
    """The port, taken; then the campus file, read; then the folder, chosen. Raises the refusals above."""
    args = errand.args
    tls = _tls(args)
    door = _door(args.host, args.port)
    with contextlib.closing(door):
        named = None if campus is None else campus_text(errand, campus)
        folder = _folder(errand.data, named)
        yield Place(folder, args.host, door.getsockname()[1], named, door, tls)


def keep(errand: Errand, place: Place, beside: Beside, guide: Guide) -> int:
    """Open the house and keep it going until Ctrl-C. `beside` runs around it, `guide` in a thread once it answers."""
    from provisioning.compose import opened, web
    from provisioning.settings import Settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    cert, key = place.tls or (None, None)
    settings = Settings(data=place.data, host=place.host, port=place.port, tls_cert=cert, tls_key=key)
    with opened(settings) as house:
        _apply_campus(errand, place, house)
        run(_live(house, web(house), place, beside, guide))
    errand.screen.say("Stopped.")
    return OK


def _apply_campus(errand: Errand, place: Place, house: House) -> None:
    if place.campus is None:
        return
    from provisioning.compose import HOUSE

    name, text = place.campus
    with house.store.reading() as tx:
        present = house.campuses.text(tx)
    if present is None:
        with house.store.writing() as tx:
            house.campuses.apply(tx, text, name, HOUSE)
    elif present != text:
        errand.screen.say(
            "{name} differs from the campus in force, which stays. See how: foyer campus preview FILE", name=name
        )


async def _live(house: House, web: Web, place: Place, beside: Beside, guide: Guide) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn without its own signal handling: Ctrl-C ends the whole house, in order."""

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield

    config = uvicorn.Config(
        web.app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # the story names whoever connects, not whom they say they speak for
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=None if place.tls is None else place.tls[0],
        ssl_keyfile=None if place.tls is None else place.tls[1],
    )
    server, stop = Server(config), asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    async with beside(house), asyncio.TaskGroup() as parts:
        parts.create_task(_until(stop, web, server))
        parts.create_task(_served(server, place, stop))
        parts.create_task(_kept(house, stop))
        parts.create_task(_guided(server, place, guide, stop))


async def _served(server: uvicorn.Server, place: Place, stop: asyncio.Event) -> None:
    try:
        await server.serve(sockets=[place.door])
    finally:
        stop.set()


async def _kept(house: House, stop: asyncio.Event) -> None:
    try:
        await house.run(stop)
    finally:
        stop.set()


async def _until(stop: asyncio.Event, web: Web, server: uvicorn.Server) -> None:
    await stop.wait()
    web.stop()
    server.should_exit = True


async def _guided(server: uvicorn.Server, place: Place, guide: Guide, stop: asyncio.Event) -> None:
    """Run the guide in a thread of its own, so that it may block; it ends soon after `stop`."""
    while not server.started and not stop.is_set():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(STARTED_EVERY_S)
    if not stop.is_set():
        await asyncio.to_thread(guide, place, stop.is_set)


def _tls(args: Namespace) -> tuple[Path, Path] | None:
    """The certificate and its key, tried before anything else is begun."""
    cert, key = getattr(args, "tls_cert", None), getattr(args, "tls_key", None)
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise TlsHalf
    try:
        # Without a password of its own OpenSSL would ask whoever sits at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=str)
    except (OSError, ValueError) as error:
        raise TlsUnusable(cert=cert, key=key, why=getattr(error, "reason", None) or error) from error
    return Path(cert), Path(key)


def _door(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is ours from here on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        door.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise PortBusy(port=port, host=host, other=port + 1) from error
        raise CannotListen(host=host, port=port, why=getattr(error, "strerror", None) or error) from error
    return door


def _folder(data: Path, campus: tuple[str, str] | None) -> Path:
    """A hub's own folder: the one named where a hub lives in it, else one below it by the campus's id."""
    if (data / DATABASE).exists():
        return data
    if campus is not None:
        from provisioning.campus.file import read_campus

        name, text = campus
        return data / read_campus(text, name).id
    found = sorted(path.parent for path in data.glob(f"*/{DATABASE}"))
    if not found:
        raise NoHubThere(folder=data)
    if len(found) > 1:
        raise ManyHubs(folder=data, names=", ".join(path.name for path in found))
    return found[0]
