"""The command line: `foyer VERB …`. It is a client of the hub's API; only `serve` and `run` open a database.
Nothing heavy is imported before a verb is known, so that help answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from provisioning.cli.grammar import Parser, UsageFault
from provisioning.cli.tongue import tongue
from provisioning.nouns.words import Language, say

INTERRUPTED = 130
BROKEN_PIPE = 141

# verb → (module of this room, what it is for); the order is that of a first day.
VERBS: dict[str, tuple[str, str]] = {
    "run": ("run", "start hub, gateway and an emulated campus, and fill it with a sample sheet"),
    "serve": ("serve", "start hub and gateway on a campus file"),
    "emulate": ("emulate", "start the devices of a campus file by themselves"),
    "hr": ("hr", "HR sheets: template, preview, import, batches"),
    "notices": ("notices", "HR's signed notices: list, send, and who may send them"),
    "person": ("person", "people: list them, show one"),
    "hold": ("hold", "large changes that wait for a second person: list, show, approve, refuse"),
    "readiness": ("readiness", "how much is proved on the panels, for a person, a batch or a day"),
    "late": ("late", "what opened late, or still has to"),
    "why": ("why", "why somebody may open a door, or may not"),
    "who": ("who", "who had what, when, by which rule, and whether the devices agreed"),
    "card": ("card", "cards: assign, lend, report lost, replace; PINs"),
    "grant": ("grant", "grants for a set time: give, end, list"),
    "seat": ("seat", "seats: list, allot, move, swap, free, close, labels"),
    "flat": ("flat", "flats: queue, offers, accept, decline, close"),
    "lockdown": ("lockdown", "zones that are shut: order, release, list"),
    "fire": ("fire", "zones that are released for fire: order, clear, list"),
    "door": ("door", "open a door once from afar, give a reader its key; what was done so"),
    "suspend": ("suspend", "have no card of a person open anything, until they are resumed"),
    "resume": ("resume", "let somebody in again whom security suspended"),
    "revoke": ("revoke", "take everything from a person at once, with a certificate"),
    "targets": ("targets", "panels and registers: how they fare, read one again"),
    "gateway": ("gateways", "gateways at other sites: add, list, revoke, hand over; or be one"),
    "drift": ("drift", "what panels held without anybody wanting it"),
    "alarms": ("alarms", "what somebody must look at"),
    "passages": ("passages", "passages: list them, see who is inside, forgive"),
    "campus": ("campus", "the campus file: show, preview, apply"),
    "rules": ("rules", "the rules: show, preview, apply"),
    "swipe": ("swipe", "hold a card to an emulated door"),
    "hand": ("hand", "what hands do at an emulated door: button, open, shut, force, fire, tamper, type"),
    "audit": ("audit", "the story: verify, export, prove, check"),
    "operator": ("operator", "operators and their tokens: list, add, end"),
    "backup": ("backup", "take a backup of a hub that runs, or check one"),
    "restore": ("restore", "put a backup in place, with the hub stopped"),
    "era": ("era", "after a restore: what differs, and who accepts it"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command; returns its exit status (0 done, 1 refused, 2 usage, 3 no hub, 4 not allowed, 5 not ready)."""
    words = list(sys.argv[1:] if argv is None else argv)
    language = tongue(words, os.environ)
    try:
        status = _carry_out(words, language)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough; without this the interpreter would complain while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return status


def _carry_out(words: list[str], language: Language) -> int:
    parser = _parser(words, language)
    if not words:
        parser.print_help()
        return 0
    try:
        args = parser.parse_args(words)
    except UsageFault as fault:
        sys.stderr.write(f"{fault.sentence(language)}\n{fault.usage}\n")
        return 2
    if "carry_out" not in args:
        args.asked.print_help()
        return 2
    from provisioning.cli.errand import perform

    return perform(args, language)


def _parser(words: Sequence[str], language: Language) -> Parser:
    parser = Parser(
        language,
        prog="foyer",
        about="Access control: HR says who is coming, door panels prove that they are ready.",
        ending="Start with `foyer run`. More on a verb: `foyer VERB --help`.",
    )
    parser.set_defaults(asked=parser)
    verbs = parser.verbs()
    parser.shared()
    chosen = next((word for word in words if word in VERBS), None)
    for verb, (module, purpose) in VERBS.items():
        child = verbs.add_parser(verb, language=language, help=say(purpose, language), about=purpose)
        child.set_defaults(asked=child)
        if verb == chosen:
            import_module(f"provisioning.cli.{module}").arguments(child)
            child.shared()
    return parser


if __name__ == "__main__":
    sys.exit(main())
