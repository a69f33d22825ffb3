"""`foyer gateway`: gateways of their own, and which targets they have. With `--hub URL` this process is one itself."""

from __future__ import annotations

from typing import Any

from provisioning.cli import edge_run
from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

TONES = {"heard": "good", "silent": "bad", "revoked": "dim", "awaited": "warn"}


def arguments(parser: Parser) -> None:
    """The words of `foyer gateway`."""
    parser.set_defaults(carry_out=list_or_run)
    parser.flag("--hub", metavar="URL", help="be a gateway of the hub at this address, in this process")
    edge_run.arguments(parser)
    verbs = parser.verbs()
    parser.child(verbs, "list", "all gateways, and what they have", list_gateways)
    adding = parser.child(verbs, "add", "add a gateway, and show the code by which it enrols once", add)
    adding.word("NAME", help="what it is to be called, such as its site")
    adding.dry_run()
    revoking = parser.child(verbs, "revoke", "refuse whatever a gateway says from now on", revoke)
    revoking.word("GATEWAY", help="its name or id")
    revoking.dry_run()
    handing = parser.child(verbs, "hand", "have targets worked by another gateway", hand)
    handing.word("WHAT", help="a target, a building, a site, or a gateway with all that it has")
    handing.flag(
        "--to", required=True, metavar="GATEWAY", help="who gets them: its name or id; embedded: the hub's own"
    )
    handing.dry_run()
    attesting = parser.child(verbs, "attest", "say that a gateway is unplugged; it takes two people", attest)
    attesting.word("GATEWAY", help="its name or id")
    attesting.dry_run()


def list_or_run(errand: Errand) -> int:
    """Be a gateway where a hub is named, and else list those that there are."""
    return list_gateways(errand) if errand.args.hub is None else edge_run.run(errand.args, errand.language)


def list_gateways(errand: Errand) -> int:
    """Gateways, a line each."""
    found, screen = errand.get("/gateways"), errand.screen
    if errand.as_json:
        screen.json(found)
    elif not found:
        screen.say("There is no gateway but the hub's own. Add one: foyer gateway add NAME")
    else:
        headers = ("gateway", "id", "state", "last heard", "targets", "leaving", "coming")
        screen.table(headers, [_row(errand, one) for one in found], TONES)
    return OK


def add(errand: Errand) -> int:
    """Add a gateway; its code is shown this once."""
    args, screen = errand.args, errand.screen
    made = errand.hub.post("/gateways", {"dry_run": args.dry_run}, {"name": args.name})
    if errand.as_json:
        screen.json(made)
    elif args.dry_run:
        put_dry_run(errand)
        screen.say("Gateway {name} would be added.", name=made["name"])
    else:
        screen.say("Gateway {name} is added. Its code, shown this once and good until {until}:", **_until(errand, made))
        screen.put(made["code"])
        screen.say("At the site: foyer gateway --hub URL --code CODE")
    return OK


def revoke(errand: Errand) -> int:
    """Revoke a gateway."""
    args, screen = errand.args, errand.screen
    revoked = errand.hub.post(at("gateways", args.gateway, "revoke"), {"dry_run": args.dry_run})
    if errand.as_json:
        screen.json(revoked)
        return OK
    if args.dry_run:
        put_dry_run(errand)
        screen.say("Gateway {name} would be revoked: nothing that it says would count any more.", name=revoked["name"])
    else:
        screen.say("Gateway {name} is revoked: nothing that it says counts any more.", name=revoked["name"])
    if revoked["targets"]:
        screen.say(
            "It may still work {targets} until its term is over. Hand them over: foyer gateway hand {name} --to GATEWAY",
            targets=screen.listed(revoked["targets"]),
            name=revoked["name"],
        )
    return OK


def hand(errand: Errand) -> int:
    """Have targets worked by another."""
    args, screen = errand.args, errand.screen
    found = errand.hub.post("/gateways/hand", {"dry_run": args.dry_run}, {"what": args.what, "to": args.to})
    if errand.as_json:
        screen.json(found)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    rows = [[one["target"], one["gateway"] or "embedded", one["heir"], screen.when(one["term_until"])] for one in found]
    screen.table(("target", "gateway", "being handed to", "its gateway's term"), rows)
    if any(one["heir"] for one in found):
        screen.say("Who has them is told to let go. Until then, or until its term is over, nobody else works them.")
    return OK


def attest(errand: Errand) -> int:
    """Say that a gateway is unplugged."""
    args, screen = errand.args, errand.screen
    attested = errand.hub.post(at("gateways", args.gateway, "attest"), {"dry_run": args.dry_run})
    if errand.as_json:
        screen.json(attested)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    if attested["attested"]:
        screen.say(
            "Attested by {by}. It takes one more: foyer gateway attest {name}",
            by=screen.listed(attested["attested"]),
            name=attested["name"],
        )
    else:
        screen.say(
            "Attested by two people: what was to be handed over from {name} is the other's now.", **_name(attested)
        )
    return OK


def _row(errand: Errand, one: dict[str, Any]) -> list[Any]:
    heard = errand.screen.when(one["heard"])
    counts = [len(one[each]) for each in ("targets", "leaving", "coming")]
    return [one["name"], one["id"], one["state"], heard, *counts]


def _until(errand: Errand, made: dict[str, Any]) -> dict[str, Any]:
    return {"name": made["name"], "until": errand.screen.when(made["code_until"])}


def _name(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"]}
