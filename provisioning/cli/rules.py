"""`foyer rules`: the rules in force, and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hold import put_preview, put_waiting

SENTENCES = {
    "added": "Rule {id} is added.",
    "removed": "Rule {id} is removed.",
    "changed": "Rule {id} changes.",
}


def arguments(parser: Parser) -> None:
    """The words of `foyer rules`."""
    verbs = parser.verbs()
    showing = parser.child(verbs, "show", "the rules in force", show)
    showing.flag("--yaml", action="store_true", default=False, help="their file, to be changed and applied again")
    parser.child(verbs, "preview", "say what applying a file would change", preview).word("FILE", help="a rules file")
    applying = parser.child(verbs, "apply", "put a file in force", apply)
    applying.word("FILE", help="a rules file")
    applying.dry_run()


def show(errand: Errand) -> int:
    """The rules, a line each."""
    found, screen = errand.get("/rules"), errand.screen
    if errand.as_json:
        screen.json(found)
    elif errand.args.yaml:
        screen.put(found["text"].rstrip("\n"))
    else:
        rows = [
            [f"{one['id']}@{one['version']}", one["title"], one["condition"], screen.listed(one["grants"])]
            for one in found["rules"]
        ]
        screen.table(("rule", "title", "condition", "grants"), rows)
    return OK


def preview(errand: Errand) -> int:
    """What applying would change."""
    return _tell(errand, _send(errand, dry_run=True))


def apply(errand: Errand) -> int:
    """Put a file in force."""
    return _tell(errand, _send(errand, dry_run=errand.args.dry_run))


def _send(errand: Errand, *, dry_run: bool) -> dict[str, Any]:
    return errand.hub.send_text("/rules", errand.read(Path(errand.args.file)), {"dry_run": dry_run})


def _tell(errand: Errand, change: dict[str, Any]) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json(change)
        return OK
    if change["dry_run"]:
        put_dry_run(errand)
    for kind, sentence in SENTENCES.items():
        for rule in change[kind]:
            screen.say(sentence, id=rule)
    if change["points"]:
        screen.say("Points are counted otherwise.")
    if not change["points"] and not any(change[kind] for kind in SENTENCES):
        screen.say("It changes nothing.")
        return OK
    put_preview(errand, change["preview"])
    put_waiting(errand, change)
    return OK
