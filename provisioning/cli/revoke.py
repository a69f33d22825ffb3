"""`foyer revoke`: everything from a person, at once, with a certificate."""

from __future__ import annotations

import time
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

ASK_EVERY_S = 0.25
ASK_TIMES_MAX = 2_400
SAID = {
    ("revoked", True): "{no} is revoked, and {count} records are proved gone.",
    ("revoked", False): (
        "{no} is revoked; {exposed} of {count} records are not proved gone yet. Until then they could still open a door. "
        "Ask again: foyer person certificates {no}"
    ),
    (
        "suspended",
        True,
    ): "{no} is suspended by security, and {count} records are proved gone. Let them in again: foyer resume {no}",
    ("suspended", False): (
        "{no} is suspended by security; {exposed} of {count} records are not proved gone yet. Until then they could still "
        "open a door. Ask again: foyer person certificates {no}"
    ),
}
TONES = {"proved gone": "good", "superseded": "good", "exposed": "bad"}


def arguments(parser: Parser) -> None:
    """The words of `foyer revoke`."""
    parser.word("NO", help="staff number")
    parser.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    parser.flag("--wait", action="store_true", default=False, help="show each record as it is proved gone")
    parser.dry_run()
    parser.set_defaults(carry_out=revoke)


def revoke(errand: Errand) -> int:
    """Revoke; 5 where it was waited for and a line is still exposed."""
    return take_away(errand, "revoke")


def take_away(errand: Errand, verb: str) -> int:
    """Revoke or suspend, and show how far that is proved; 5 where it was waited for and a line is still exposed."""
    args, screen = errand.args, errand.screen
    certificate = errand.hub.post(at("persons", args.no, verb), {"dry_run": args.dry_run}, {"reason": args.reason})
    if args.wait and not args.dry_run:
        certificate = _wait(errand, certificate)
    if errand.as_json:
        screen.json(certificate)
    elif args.dry_run:
        put_dry_run(errand)
        screen.say("{count} records of {no} would be taken away:", count=len(certificate["lines"]), no=args.no)
        _table(errand, certificate)
    else:
        put_certificate(errand, certificate, listed=not args.wait)
    return NOT_READY if args.wait and not certificate["settled"] and not args.dry_run else OK


def _wait(errand: Errand, certificate: dict[str, Any]) -> dict[str, Any]:
    """Ask until nothing is exposed, for a while at most, printing each line as it is settled."""
    shown: set[tuple[str, str]] = set()
    for _ in range(ASK_TIMES_MAX):
        for line in certificate["lines"]:
            place = (line["target"], line["key"])
            if line["state"] != "exposed" and place not in shown:
                shown.add(place)
                if not errand.as_json:
                    _put_settled(errand, line)
        if certificate["settled"]:
            break
        time.sleep(ASK_EVERY_S)
        certificate = errand.get(at("revocations", certificate["id"]))
    return certificate


def put_certificate(errand: Errand, certificate: dict[str, Any], *, listed: bool) -> None:
    """Print how far a revocation is proved."""
    screen = errand.screen
    if listed and certificate["lines"]:
        _table(errand, certificate)
    exposed = sum(line["state"] == "exposed" for line in certificate["lines"])
    sentence = SAID[certificate["kind"], certificate["settled"]]
    screen.say(sentence, no=certificate["no"], exposed=exposed, count=len(certificate["lines"]))
    if certificate["lifted"]:
        screen.say("It was lifted {at}, by {by}.", at=screen.when(certificate["lifted"]), by=certificate["lifted_by"])
    screen.say("Certificate {id}, by {operator}.", id=certificate["id"], operator=certificate["operator"])


def _table(errand: Errand, certificate: dict[str, Any]) -> None:
    rows = [_row(errand, line) for line in certificate["lines"]]
    errand.screen.table(("target", "record", "state", "at", "receipt", "exposed until", "why"), rows, TONES)


def _put_settled(errand: Errand, line: dict[str, Any]) -> None:
    cells = [errand.screen.cell(each) for each in _row(errand, line)[:5]]
    errand.screen.put("  ".join([*cells[:2], errand.screen.tone(cells[2], "good"), *cells[3:]]))


def _row(errand: Errand, line: dict[str, Any]) -> list[object]:
    when = errand.screen.when
    receipt = None if line["receipt"] is None else f"#{line['receipt']}"
    return [
        line["target"],
        line["key"],
        line["state"].replace("_", " "),
        when(line["at"]),
        receipt,
        when(line["exposed_until"]),
        line["reason"],
    ]
