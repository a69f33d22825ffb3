"""`foyer person`: who is here, and what they hold."""

from __future__ import annotations

from typing import Any

from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at
from provisioning.cli.revoke import put_certificate
from provisioning.cli.screen import Screen

STATES = {"active": "good", "lost": "bad", "ended": "dim"}
STANDINGS = {"in place": "good", "ended": "dim", "revoked": "bad", "cancelled": "dim"}
OVER = {"ended": "ended on {day}", "revoked": "revoked on {day}", "cancelled": "cancelled on {day}"}


def arguments(parser: Parser) -> None:
    """The words of `foyer person`."""
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "people by staff number", list_people)
    listing.word("TEXT", help="a part of the staff number, or a whole identity number", nargs="?")
    listing.flag("--limit", type=int, default=100, metavar="N", help="how many at most (500)")
    listing.flag("--after", metavar="NO", help="only those behind this staff number")
    parser.child(verbs, "show", "one person, with stays and cards", show).word("NO", help="staff number")
    proofs = parser.child(verbs, "certificates", "what is proved of a person's revocations", certificates)
    proofs.word("NO", help="staff number")


def list_people(errand: Errand) -> int:
    """People, a line each."""
    args, screen = errand.args, errand.screen
    page = errand.get("/persons", {"search": args.text, "limit": args.limit, "after": args.after})
    if errand.as_json:
        screen.json(page)
        return OK
    if not page["people"]:
        screen.say("Nobody found. Bring people in with: foyer hr import FILE")
        return OK
    screen.table(
        ("staff number", "name", "department", "arrival", "departure", "cards"), [_row(one) for one in page["people"]]
    )
    if page["next"]:
        screen.say("There are more: foyer person list --after {no}", no=page["next"])
    return OK


def show(errand: Errand) -> int:
    """One person, whole."""
    person = errand.get(at("persons", errand.args.no))
    if errand.as_json:
        errand.screen.json(person)
        return OK
    put_person(errand, person)
    return OK


def certificates(errand: Errand) -> int:
    """Each revocation as it is proved by now."""
    found = errand.get(at("persons", errand.args.no, "revocations"))
    if errand.as_json:
        errand.screen.json(found)
        return OK
    if not found:
        errand.screen.say("{no} was never revoked.", no=errand.args.no)
    for certificate in found:
        put_certificate(errand, certificate, listed=True)
    return OK


def put_person(errand: Errand, person: dict[str, Any]) -> None:
    """Print one person: a heading, then stays, then cards."""
    screen = errand.screen
    name = person["name"] if person["announced"] else "not announced yet"
    screen.put(screen.tone(f"{screen.cell(person['no'])}  {screen.cell(name)}", "strong"))
    if person["id_number"] or person["phone"]:
        screen.say(
            "identity number {id}, phone {phone}",
            id=screen.cell(person["id_number"]),
            phone=screen.cell(person["phone"]),
        )
    if person["suspended"]:
        told = screen.words(
            "Suspended by security: no card opens anything. Let them in again: foyer resume {no}", no=person["no"]
        )
        screen.put(screen.tone(told, "bad"))
    states = {standing_of(screen, stay): STANDINGS.get(stay["standing"], "warn") for stay in person["stays"]}
    stays = [
        [
            *(stay[name] for name in ("department_name", "post", "kind", "area_name", "arrival", "departure")),
            standing_of(screen, stay),
        ]
        for stay in person["stays"]
    ]
    if stays:
        screen.put("")
        screen.table(("department", "post", "kind", "area", "arrival", "departure", "state"), stays, states)
    _put_coming(errand, person)
    cards = [
        [str(c["number"]), screen.when(c["opens"]), screen.when(c["closes"]), c["state"], c["has_pin"]]
        for c in person["cards"]
    ]
    if cards:
        screen.put("")
        screen.table(("card", "from", "until", "state", "PIN"), cards, STATES)


def standing_of(screen: Screen, stay: dict[str, Any]) -> str:
    """Where a stay is in its life; of one that is over, since which day."""
    over = OVER.get(stay["standing"])
    if over is None or stay["over"] is None:
        return screen.cell(stay["standing"])
    return screen.words(over, day=stay["over"])


def _put_coming(errand: Errand, person: dict[str, Any]) -> None:
    """What changes from which day on, and the days of suspension; nothing where a stay is all alike."""
    screen = errand.screen
    placed = [
        [one["day"], one["department_name"], one["post"], one["kind"], one["area_name"]]
        for stay in person["stays"]
        if len(stay["placements"]) > 1
        for one in stay["placements"]
    ]
    if placed:
        screen.put("")
        screen.table(("from", "department", "post", "kind", "area"), placed)
    pauses = [[pause["opens"], pause["closes"]] for stay in person["stays"] for pause in stay["pauses"]]
    if pauses:
        screen.put("")
        screen.table(("suspended from", "back on"), pauses)


def _row(person: dict[str, Any]) -> list[object]:
    stay = person["stays"][-1] if person["stays"] else {}
    numbers = ", ".join(str(card["number"]) for card in person["cards"] if card["state"] == "active")
    named = (stay.get(name) for name in ("department_name", "arrival", "departure"))
    name = person["name"] if person["announced"] else "not announced yet"
    return [person["no"], name, *named, numbers]
