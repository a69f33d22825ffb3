"""`foyer card`: cards in hands."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import CommandFailed, at


class PinsDiffer(CommandFailed):
    """The two PINs differ, and nothing was changed. Type the same one twice."""


def arguments(parser: Parser) -> None:
    """The words of `foyer card`."""
    verbs = parser.verbs()
    assigning = parser.child(verbs, "assign", "give a card to a person", assign)
    assigning.word("NO", help="staff number")
    assigning.word("NUMBER", help="card number", type=int)
    losing = parser.child(verbs, "lost", "report a card lost: it is taken from every door at once", lost)
    losing.word("NUMBER", help="card number", type=int)
    replacing = parser.child(verbs, "replace", "give another card in place of one", replace)
    replacing.word("OLD", help="the card that is handed in or lost", type=int)
    replacing.word("NEW", help="the card that takes its place", type=int)
    lending = parser.child(verbs, "loan", "lend a card for a set time; one's own rest meanwhile", loan)
    lending.word("NO", help="staff number")
    lending.flag("--card", required=True, type=int, metavar="NUMBER", help="the card that is lent")
    lending.flag("--until", required=True, metavar="TIME", help="when the loan ends, such as 2026-12-01T18:00")
    lending.flag("--beside", action="store_true", default=False, help="leave their own cards in use, too")
    returning = parser.child(verbs, "return", "take a lent card back", take_back)
    returning.word("NUMBER", help="card number", type=int)
    setting = parser.child(verbs, "pin", "set the PIN that goes with somebody's cards, or take it away", pin)
    setting.word("NO", help="staff number")
    ways = setting.add_mutually_exclusive_group()
    ways.add_argument(
        "--generate", action="store_true", help=setting.told("have the hub make one, and show it this once")
    )
    ways.add_argument("--end", action="store_true", help=setting.told("take the PIN away"))
    for each in (assigning, losing, replacing, lending, returning, setting):
        each.dry_run()


def assign(errand: Errand) -> int:
    """Give a card."""
    args = errand.args
    body = {"number": args.number}
    change = errand.hub.post(at("persons", args.no, "cards"), {"dry_run": args.dry_run}, body)
    return _tell(errand, change, "Card {number} is in the hands of {no}.", no=args.no)


def lost(errand: Errand) -> int:
    """End a card."""
    args = errand.args
    change = errand.hub.post(at("cards", args.number, "lost"), {"dry_run": args.dry_run})
    return _tell(errand, change, "Card {number} is reported lost.")


def replace(errand: Errand) -> int:
    """End a card and give another."""
    args = errand.args
    body = {"number": args.new}
    change = errand.hub.post(at("cards", args.old, "replace"), {"dry_run": args.dry_run}, body)
    return _tell(errand, change, "Card {number} takes the place of {old}.", old=args.old)


def loan(errand: Errand) -> int:
    """Lend a card."""
    args = errand.args
    body = {"number": args.card, "until": args.until, "beside": args.beside}
    change = errand.hub.post(at("persons", args.no, "cards", "loan"), {"dry_run": args.dry_run}, body)
    until = errand.screen.when(change["card"]["closes"])
    return _tell(errand, change, "Card {number} is lent to {no} until {until}.", no=args.no, until=until)


def take_back(errand: Errand) -> int:
    """End a loan."""
    args = errand.args
    change = errand.hub.post(at("cards", args.number, "return"), {"dry_run": args.dry_run})
    return _tell(errand, change, "Card {number} is no longer on loan.")


def pin(errand: Errand) -> int:
    """Set a PIN, or take it away. The digits are typed unseen, or come as one line of a pipe; never as a word of the
    command, which the shell keeps."""
    args, screen = errand.args, errand.screen
    where = at("persons", args.no, "pin")
    query = {"dry_run": args.dry_run}
    if args.end:
        change = errand.hub.post(f"{where}/end", query)
    else:
        change = errand.hub.post(where, query, {} if args.generate else {"pin": _typed(errand)})
    if errand.as_json:
        screen.json(change)
        return OK
    if change["dry_run"]:
        put_dry_run(errand)
    cards = screen.listed(change["numbers"])
    if not change["numbers"]:
        screen.say("{no} had no PIN.", no=args.no)
    elif args.end:
        screen.say("Cards {cards} of {no} go without a PIN now.", no=args.no, cards=cards)
    else:
        screen.say("Cards {cards} of {no} go with the new PIN now.", no=args.no, cards=cards)
    put_effect(errand, change["effect"])
    if change["pin"] is not None:
        screen.say("The PIN is shown only this once; hand it over safely:")
        screen.put(change["pin"])
    return OK


def _typed(errand: Errand) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    first, second = (
        getpass(errand.screen.words(asking)) for asking in ("PIN, 4 to 6 digits: ", "The same once more: ")
    )
    if first != second:
        raise PinsDiffer
    return first


def put_effect(errand: Errand, effect: dict[str, Any]) -> None:
    """Print what an act did to rights and records."""
    errand.screen.say(
        "Grants: {grants_gained} opened, {grants_lost} ended. "
        "Records: {records_written} to write, {records_erased} to erase, on {targets} targets.",
        **effect,
    )


def put_dry_run(errand: Errand) -> None:
    """Print that nothing was kept."""
    errand.screen.put(errand.screen.tone(errand.screen.words("Dry run: nothing was changed."), "warn"))


def _tell(errand: Errand, change: dict[str, Any], sentence: str, **fields: object) -> int:
    if errand.as_json:
        errand.screen.json(change)
        return OK
    if change["dry_run"]:
        put_dry_run(errand)
    errand.screen.say(sentence, number=change["card"]["number"], **fields)
    put_effect(errand, change["effect"])
    return OK
