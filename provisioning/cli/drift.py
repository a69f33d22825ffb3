"""`foyer drift`: what panels held without anybody wanting it, or lacked."""

from __future__ import annotations

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

TONES = {"foreign": "bad", "altered": "bad", "missing": "warn"}


def arguments(parser: Parser) -> None:
    """The words of `foyer drift`."""
    parser.set_defaults(carry_out=list_drift, open=False)
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "what readings have shown", list_drift)
    listing.flag("--open", action="store_true", default=False, help="only what is not put right yet")
    parser.child(verbs, "read", "read all targets in full now", read_all).dry_run()


def list_drift(errand: Errand) -> int:
    """Drift, a line each."""
    found, screen = errand.get("/drift", {"all": not errand.args.open}), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No drift: every target held what was proved there.")
        return OK
    rows = [
        [one["target"], one["key"], one["kind"], screen.when(one["at"]), screen.when(one["righted"])] for one in found
    ]
    screen.table(("target", "record", "kind", "seen", "put right"), rows, TONES)
    return OK


def read_all(errand: Errand) -> int:
    """Have every target read."""
    dry_run = errand.args.dry_run
    asked = [
        errand.hub.post(at("targets", target["id"], "read"), {"dry_run": dry_run})
        for target in errand.get("/targets")
        if target["active"]
    ]
    if errand.as_json:
        errand.screen.json(asked)
        return OK
    if dry_run:
        put_dry_run(errand)
    errand.screen.say("{count} targets are read now. See what they showed: foyer drift", count=len(asked))
    return OK
