"""`foyer notices`: what HR tells by signed messages, and who may send them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hold import standing_word
from provisioning.cli.hub import CommandFailed, Hub, at

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
SPEC = "1.0"
TONES = {"applied": "good", "waiting": "warn", "waits": "warn", "refused": "bad"}
GOOD_BELOW = 300


class NoEvents(CommandFailed):
    """{path} holds no event: it must be JSON, one event or a list of them. docs/notices.md shows an example of each kind."""


class NoSecret(CommandFailed):
    """A message is signed with a sender's secret, and none was given. Name it with --secret or --secret-file."""

    exit_status = 2


def arguments(parser: Parser) -> None:
    """The words of `foyer notices`."""
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "notices that came, the last one first", list_notices)
    listing.flag("--person", metavar="NO", help="only those of this staff number")
    listing.flag("--waiting", action="store_true", default=False, help="only those that have no effect yet")
    listing.flag("--limit", type=int, default=100, metavar="N", help="how many at most (500)")
    listing.flag("--after", metavar="ID", help="only those behind this notice")
    sending = parser.child(verbs, "send", "sign one event or a list of them, and send it", send)
    sending.word("FILE", help="JSON: one CloudEvent, or a list")
    sending.flag("--source", required=True, metavar="URI", help="the source for which the secret was made")
    sending.flag("--secret", metavar="SECRET", help="the sender's secret (whsec_…)")
    sending.flag("--secret-file", metavar="FILE", help="a file that holds the secret")
    _sender_arguments(parser.child(verbs, "sender", "who may send notices: add, list, end", list_senders))


def _sender_arguments(parser: Parser) -> None:
    verbs = parser.verbs()
    parser.child(verbs, "list", "everybody who may or might send", list_senders)
    adding = parser.child(verbs, "add", "a new secret for a source; it is shown once", add_sender)
    adding.word("NAME", help="the sender's name")
    adding.flag("--source", required=True, metavar="URI", help="what its events name as their source")
    ending = parser.child(verbs, "end", "end a sender's secret", end_sender)
    ending.word("NAME", help="the sender's name")
    for each in (adding, ending):
        each.dry_run()


def list_notices(errand: Errand) -> int:
    """Notices, a line each, with the reason of those that wait."""
    args, screen = errand.args, errand.screen
    query = {
        "person": args.person,
        "standing": "waiting" if args.waiting else None,
        "limit": args.limit,
        "after": args.after,
    }
    page = errand.get("/hr/notices", query)
    if errand.as_json:
        screen.json(page)
        return OK
    if not page["notices"]:
        screen.say("No notice of that kind has come.")
        return OK
    rows = [
        [one["id"], screen.when(one["at"]), one["no"], one["kind"], one["day"], _standing(one), one["reason"]]
        for one in page["notices"]
    ]
    screen.table(("notice", "taken at", "staff number", "kind", "day", "standing", "reason"), rows, TONES)
    if page["next"]:
        screen.say("There are more: foyer notices list --after {id}", id=page["next"])
    return OK


def send(errand: Errand) -> int:
    """Sign and send; 1 where an event was refused."""
    from devices.clock import SystemClock
    from provisioning.vault.signatures import sign

    path = Path(errand.args.file)
    events = _events(path, errand.read(path), errand.args.source)
    kind, told = (BATCH, events) if isinstance(events, list) else (ONE, events)
    body = json.dumps(told, ensure_ascii=False)
    # Named after what it says, so that the same file sent again is the same message again.
    message = f"msg-{hashlib.sha256(body.encode()).hexdigest()[:32]}"
    headers = sign(_secret(errand), message, SystemClock().now(), body)
    hub = Hub(errand.url, None, errand.language, errand.screen.in_zone)
    try:
        answer = hub.send_signed("/hr/notices", body.encode(), {**headers, "Content-Type": kind})
    finally:
        hub.close()
    return _tell(errand, answer)


def list_senders(errand: Errand) -> int:
    """Senders, a line each."""
    found, screen = errand.get("/hr/senders"), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("Nobody may send notices yet. Add a sender: foyer notices sender add NAME --source URI")
        return OK
    rows = [[one["name"], one["source"], screen.when(one["created"]), screen.when(one["ended"])] for one in found]
    screen.table(("name", "source", "since", "ended"), rows)
    return OK


def add_sender(errand: Errand) -> int:
    """A new sender; prints the secret."""
    args, screen = errand.args, errand.screen
    made = errand.hub.post("/hr/senders", {"dry_run": args.dry_run}, {"name": args.name, "source": args.source})
    if errand.as_json:
        screen.json(made)
        return OK
    if args.dry_run:
        put_dry_run(errand)
        screen.say("{name} could send notices.", name=args.name)
        return OK
    screen.say("{name} may send notices now. The secret is shown only this once; hand it over safely:", name=args.name)
    screen.put(made["secret"])
    return OK


def end_sender(errand: Errand) -> int:
    """End a sender."""
    args, screen = errand.args, errand.screen
    ended = errand.hub.post(at("hr", "senders", args.name, "end"), {"dry_run": args.dry_run})
    if errand.as_json:
        screen.json(ended)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    screen.say("What {name} signs is taken no more.", name=args.name)
    return OK


def _events(path: Path, data: bytes, source: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The events of a file; what every event has alike is filled in where it is left out."""
    try:
        told = json.loads(data)
    except ValueError as error:
        raise NoEvents(path=path) from error
    events = told if isinstance(told, list) else [told]
    if not events or not all(isinstance(each, dict) for each in events):
        raise NoEvents(path=path)
    filled = [{"specversion": SPEC, "source": source, **each} for each in events]
    for each in filled:
        each.setdefault("id", hashlib.sha256(json.dumps(each, sort_keys=True).encode()).hexdigest()[:32])
    return filled if isinstance(told, list) else filled[0]


def _secret(errand: Errand) -> str:
    args = errand.args
    if args.secret:
        return args.secret
    if args.secret_file:
        return errand.read(Path(args.secret_file)).decode("utf-8", "replace").strip()
    raise NoSecret


def _tell(errand: Errand, answer: dict[str, Any] | list[dict[str, Any]]) -> int:
    answers, screen = answer if isinstance(answer, list) else [answer], errand.screen
    status = OK if all(one["status"] < GOOD_BELOW for one in answers) else REFUSED
    if errand.as_json:
        screen.json(answer)
        return status
    rows = [[one["event"], one["notice"], _standing(one), one["reason"]] for one in answers]
    screen.table(("event", "notice", "standing", "reason"), rows, TONES)
    return status


def _standing(one: dict[str, Any]) -> str:
    return standing_word(one["standing"] or "refused")
