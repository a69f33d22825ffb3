"""`foyer operator`: who may use the hub."""

from __future__ import annotations

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

ROLES = ("hr", "security", "auditor", "system")


def arguments(parser: Parser) -> None:
    """The words of `foyer operator`."""
    verbs = parser.verbs()
    parser.child(verbs, "list", "all operators", list_operators)
    adding = parser.child(verbs, "add", "a new operator; the token is shown once", add)
    adding.word("NAME", help="the operator's name")
    adding.flag("--role", action="append", choices=ROLES, required=True, help="may be given more than once")
    ending = parser.child(verbs, "end", "end an operator and the token", end)
    ending.word("NAME", help="the operator's name")
    for each in (adding, ending):
        each.dry_run()


def list_operators(errand: Errand) -> int:
    """Operators, a line each."""
    operators = errand.get("/operators")
    screen = errand.screen
    if errand.as_json:
        screen.json(operators)
        return OK
    rows = [
        [one["name"], screen.listed(one["roles"]), screen.when(one["created"]), screen.when(one["ended"])]
        for one in operators
    ]
    screen.table(("name", "roles", "since", "ended"), rows)
    return OK


def add(errand: Errand) -> int:
    """A new operator; prints the token and nothing else where a program reads."""
    args, screen = errand.args, errand.screen
    body = {"name": args.name, "roles": args.role}
    made = errand.hub.post("/operators", {"dry_run": args.dry_run}, body)
    if errand.as_json:
        screen.json(made)
        return OK
    if args.dry_run:
        put_dry_run(errand)
        screen.say("{name} would be an operator.", name=args.name)
        return OK
    screen.say("{name} is an operator now. The token is shown only this once; hand it over safely:", name=args.name)
    screen.put(made["token"])
    return OK


def end(errand: Errand) -> int:
    """End an operator."""
    args, screen = errand.args, errand.screen
    ended = errand.hub.post(at("operators", args.name, "end"), {"dry_run": args.dry_run})
    if errand.as_json:
        screen.json(ended)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    screen.say("{name} is no operator any more; the token opens nothing.", name=args.name)
    return OK
