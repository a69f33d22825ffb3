"""`foyer seat`: whose each seat is, and labels for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioning.cli.card import put_dry_run, put_effect
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

TONES = {"vacant": "good", "offered": "warn", "closed": "bad", "waived": "dim", "queued": "warn"}


def arguments(parser: Parser) -> None:
    """The words of `foyer seat`."""
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "seats, and whose they are", list_seats)
    listing.flag("--office", action="append", metavar="X", help="only of this office; may stand several times")
    listing.flag("--vacant", action="store_true", default=False, help="only those that may be given now")
    listing.flag(
        "--elsewhere", action="store_true", default=False, help="only those whose holder works elsewhere by now"
    )
    parser.child(verbs, "show", "one seat, and whose it was", show).word("UNIT", help="the seat's id, such as a-201-01")
    allotting = parser.child(verbs, "allot", "give a seat to somebody who has none", allot)
    moving = parser.child(verbs, "move", "give somebody another seat in place of theirs", move)
    swapping = parser.child(verbs, "swap", "have two people change seats", swap)
    freeing = parser.child(verbs, "free", "take a seat from somebody; they get none again by themselves", free)
    asking = parser.child(verbs, "ask", "have somebody whose seat was freed wait for one again", ask)
    for each in (allotting, moving, swapping, freeing, asking):
        each.word("NO", help="staff number")
        each.dry_run()
    allotting.word("UNIT", help="the seat's id, such as a-201-01")
    moving.word(
        "UNIT", nargs="?", help="the seat's id; the vacant one nearest to where they work now, if none is named"
    )
    swapping.word("OTHER", help="the other's staff number")
    closings(parser, verbs, close, reopen, "the seat's id, such as a-201-01")
    printing = parser.child(verbs, "labels", "labels with QR codes, as a PDF to print", labels)
    printing.flag("--office", action="append", metavar="X", help="only of this office; may stand several times")
    printing.flag("--out", required=True, metavar="FILE", help="where to write it, such as labels.pdf")
    printing.flag("--site", metavar="URL", help="where phones reach the hub, such as https://foyer.example")


def closings(parser: Parser, verbs: Any, closing: Any, opening: Any, unit: str) -> None:
    """The words that close and open a unit."""
    shutting = parser.child(verbs, "close", "have nobody given it from now on; who has it keeps it", closing)
    shutting.flag("--reason", required=True, metavar="TEXT", help="why")
    reopening = parser.child(verbs, "open", "let it be given again", opening)
    for each in (shutting, reopening):
        each.word("UNIT", help=unit)
        each.dry_run()


def list_seats(errand: Errand) -> int:
    """Seats, a line each."""
    args, screen = errand.args, errand.screen
    found = errand.get("/seats", {"office": args.office, "vacant": args.vacant, "elsewhere": args.elsewhere})
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No seat answers to that. See all of them: foyer seat list")
        return OK
    rows = [
        [
            one["unit"],
            one["name"][errand.language],
            one["building"],
            one["floor"],
            one["department"],
            one["state"],
            one["no"],
            _work(one),
            one["reason"] or screen.when(one["since"]),
        ]
        for one in found
    ]
    heads = ("seat", "office", "building", "floor", "department", "state", "staff number", "works elsewhere")
    screen.table((*heads, "since or why"), rows, TONES)
    if any(one["elsewhere"] for one in found):
        screen.say("Whoever works elsewhere by now gets a seat there by: foyer seat move NO")
    return OK


def show(errand: Errand) -> int:
    """One seat, whole."""
    seat, screen = errand.get(at("seats", errand.args.unit)), errand.screen
    if errand.as_json:
        screen.json(seat)
        return OK
    name = screen.cell(seat["name"][errand.language])
    screen.put(screen.tone(f"{seat['unit']}  {name}", "strong"))
    rows = [(name, seat[name]) for name in ("state", "building", "floor", "area", "department", "reason")]
    screen.table(("", ""), [*rows, ("staff number", seat["no"]), ("works elsewhere", _work(seat))], TONES)
    if seat["holders"]:
        screen.put("")
        put_rows(errand, seat["holders"])
    return OK


def allot(errand: Errand) -> int:
    """Give a seat."""
    args = errand.args
    return act(errand, at("persons", args.no, "seat"), "{no} has the seat {unit}.", {"seat": args.unit})


def move(errand: Errand) -> int:
    """Give another seat."""
    args = errand.args
    return act(errand, at("persons", args.no, "seat", "move"), "{no} has the seat {unit}.", {"seat": args.unit})


def swap(errand: Errand) -> int:
    """Have two people change seats."""
    args = errand.args
    sentence = "{no} and {other} have changed seats."
    return act(errand, at("persons", args.no, "seat", "swap"), sentence, {"other": args.other}, other=args.other)


def free(errand: Errand) -> int:
    """Free a seat."""
    return act(errand, at("persons", errand.args.no, "seat", "free"), "{unit} is taken from {no}.")


def ask(errand: Errand) -> int:
    """Ask for a seat anew."""
    sentence = "{no} waits for a seat again, and is given one as soon as one is vacant."
    return act(errand, at("persons", errand.args.no, "seat", "ask"), sentence)


def close(errand: Errand) -> int:
    """Close a seat."""
    return shut(errand, "seats")


def reopen(errand: Errand) -> int:
    """Open a seat."""
    return unshut(errand, "seats")


def labels(errand: Errand) -> int:
    """Fetch the sheet and write it, never over another file."""
    args, path = errand.args, Path(errand.args.out)
    sheet = errand.hub.fetch("/seats/labels", {"office": args.office, "base": args.site})
    errand.write(path, sheet)
    if errand.as_json:
        errand.screen.json({"file": str(path), "bytes": len(sheet)})
    else:
        errand.screen.say("The labels are in {path}. Print them at 100 %, and cut along the marks.", path=path)
    return OK


def act(errand: Errand, path: str, sentence: str, body: Mapping[str, Any] | None = None, **fields: object) -> int:
    """Have one thing done about somebody's unit, and tell what became of it."""
    args, screen = errand.args, errand.screen
    change = errand.hub.post(path, {"dry_run": args.dry_run}, body)
    if errand.as_json:
        screen.json(change)
        return OK
    if change["dry_run"]:
        put_dry_run(errand)
    screen.say(sentence, no=args.no, unit=change["allotments"][0]["unit"], **fields)
    put_effect(errand, change["effect"])
    return OK


def shut(errand: Errand, kind: str) -> int:
    """Close a unit of a kind (seats, flats)."""
    args = errand.args
    body = {"reason": args.reason}
    return _closure(errand, errand.hub.post(at(kind, args.unit, "close"), {"dry_run": args.dry_run}, body))


def unshut(errand: Errand, kind: str) -> int:
    """Open a unit of a kind."""
    args = errand.args
    return _closure(errand, errand.hub.post(at(kind, args.unit, "open"), {"dry_run": args.dry_run}))


def put_rows(errand: Errand, rows: list[dict[str, Any]]) -> None:
    """Print allotments, a line each."""
    screen = errand.screen
    # Few let an offer pass, and nobody that of a seat: a column only where it tells of somebody.
    passed = any(one["lapses"] for one in rows)
    cells = [
        [one["no"], one["unit"], one["state"], one["points"], *([one["lapses"]] if passed else []),
         screen.when(one["asked"]), screen.when(one["held"]), screen.when(one["ended"] or one["offered_until"])]
        for one in rows
    ]  # fmt: skip
    told = ("points", "offers let pass") if passed else ("points",)
    screen.table(("staff number", "unit", "state", *told, "asked", "since", "until"), cells, TONES)


def _work(seat: Mapping[str, Any]) -> str | None:
    return None if seat["elsewhere"] is None else "{department} ({area})".format(**seat["elsewhere"])


def _closure(errand: Errand, closure: dict[str, Any]) -> int:
    if errand.as_json:
        errand.screen.json(closure)
        return OK
    if errand.args.dry_run:
        put_dry_run(errand)
    if closure["ended"]:
        errand.screen.say("{unit} may be given again.", unit=closure["unit"])
    else:
        errand.screen.say("{unit} is closed: {reason}", unit=closure["unit"], reason=closure["reason"])
    return OK
