"""`foyer suspend`: no card of a person opens anything, until `foyer resume`."""

from __future__ import annotations

from provisioning.cli.errand import Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.revoke import take_away


def arguments(parser: Parser) -> None:
    """The words of `foyer suspend`."""
    parser.word("NO", help="staff number")
    parser.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    parser.flag("--wait", action="store_true", default=False, help="show each record as it is proved gone")
    parser.dry_run()
    parser.set_defaults(carry_out=suspend)


def suspend(errand: Errand) -> int:
    """Suspend; 5 where it was waited for and a line is still exposed."""
    return take_away(errand, "suspend")
