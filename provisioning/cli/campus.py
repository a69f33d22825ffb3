"""`foyer campus`: the campus file in force, and another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hold import put_preview, put_waiting


def arguments(parser: Parser) -> None:
    """The words of `foyer campus`."""
    verbs = parser.verbs()
    parser.child(verbs, "show", "the campus in force, as YAML", show)
    parser.child(verbs, "preview", "say what applying a file would change", preview).word("FILE", help="a campus file")
    applying = parser.child(verbs, "apply", "put a file in force", apply)
    applying.word("FILE", help="a campus file")
    applying.dry_run()


def show(errand: Errand) -> int:
    """The text in force, so that it can be changed and applied again."""
    campus = errand.get("/campus")
    if errand.as_json:
        errand.screen.json(campus)
    else:
        errand.screen.put(campus["text"].rstrip("\n"))
    return OK


def preview(errand: Errand) -> int:
    """What applying would change."""
    return _tell(errand, _send(errand, dry_run=True))


def apply(errand: Errand) -> int:
    """Put a file in force."""
    return _tell(errand, _send(errand, dry_run=errand.args.dry_run))


def _send(errand: Errand, *, dry_run: bool) -> dict[str, Any]:
    path = Path(errand.args.file)
    return errand.hub.send_text("/campus", errand.read(path), {"dry_run": dry_run, "name": path.name})


def _tell(errand: Errand, change: dict[str, Any]) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json(change)
        return OK
    if change["dry_run"]:
        put_dry_run(errand)
    if not change["changes"]:
        screen.say("It changes nothing.")
        return OK
    for one in change["changes"]:
        screen.put(one["sentence"])
    put_preview(errand, change["preview"])
    put_waiting(errand, change)
    return OK
