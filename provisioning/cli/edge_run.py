"""`foyer gateway --hub URL`: a gateway in a process of its own. It opens no hub's database, and knows the hub by its address
alone."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets  # noqa: TID251 - this process has no compose: what is real enters here
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from provisioning.cli.errand import DEFAULT_DATA, NO_HUB, NOT_ALLOWED, OK, REFUSED
from provisioning.cli.grammar import Parser
from provisioning.cli.looping import run as looped
from provisioning.cli.screen import Screen
from provisioning.nouns.words import Language

FOLDER = "gateway"
NOT_YET = "This gateway is not enrolled yet, so it ends here. Start it again with the same code once that is mended."


def arguments(parser: Parser) -> None:
    """The words of `foyer gateway --hub URL`."""
    parser.flag("--code", metavar="CODE", help="the one-time code of `foyer gateway add`, at the first start")
    parser.flag("--ca", metavar="FILE", help="certificates (PEM) of whoever issued the hub's own")


def run(args: Namespace, language: Language) -> int:
    """Work at a site until Ctrl-C."""
    screen = Screen(sys.stdout, sys.stderr, language, os.environ)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from connectors.contract import EdgeError
    from connectors.gateway import SWITCH_S
    from connectors.remote_key import held

    sys.setswitchinterval(SWITCH_S)
    try:
        folder = _folder(args)
        with held(folder):
            return looped(_live(folder, args, screen))
    except EdgeError as error:
        screen.protest(spoken(screen, error))
        if (status := _status(error)) == NO_HUB:
            # Whoever is enrolled waits for the hub; only a code has to be used at once.
            screen.protest(screen.words(NOT_YET))
        return status


async def _live(folder: Path, args: Namespace, screen: Screen) -> int:
    from importlib.metadata import version

    from connectors.remote_key import enrolled
    from connectors.remote_line import Line
    from connectors.site import Site
    from devices.clock import SystemClock

    clock, ca = SystemClock(), None if args.ca is None else Path(args.ca)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    language = screen.language
    who, trust = await enrolled(
        folder, args.hub, args.code, ca, clock, secrets.token_bytes, software=version("foyer"), language=language
    )
    line = Line(args.hub, trust, clock, secrets.token_bytes, who, language=language)
    site = Site(folder, line, clock, secrets.token_bytes, _stand(screen))
    screen.say(
        "This is gateway {gateway} of the hub at {url}; its work lies in {folder}. Ctrl-C stops it.",
        gateway=who.gateway,
        url=line.url,
        folder=folder,
    )
    try:
        await site.run(stop)
    finally:
        await site.close()
    screen.say("Stopped.")
    return OK


def _stand(screen: Screen) -> Callable[[Exception | None], None]:
    def stand(error: Exception | None) -> None:
        if error is None:
            screen.say("The hub answers.")
        else:
            screen.protest(spoken(screen, error))

    return stand


def spoken(screen: Screen, error: Exception) -> str:
    """What went wrong at the edge, in the reader's language."""
    return screen.words(" ".join((type(error).__doc__ or "").split()), **getattr(error, "fields", {}))


def _folder(args: Namespace) -> Path:
    given = getattr(args, "data", None)
    return Path(given) if given else Path(os.environ.get("FOYER_DATA") or DEFAULT_DATA) / FOLDER


def _status(error: Exception) -> int:
    from connectors.remote_key import CodeRefused, NotEnrolled
    from connectors.remote_line import HubAway, Untrusted

    if isinstance(error, CodeRefused | NotEnrolled | Untrusted):
        return NOT_ALLOWED
    return NO_HUB if isinstance(error, HubAway) else REFUSED
