"""How commands are written: argparse, speaking both languages. Faults are raised as sentences, never printed here."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, listed, say

HELP_WIDTH_MAX = 100
HELP_WIDTH_USUAL = 78

# argparse's own English, and what we say instead.
_FAULTS = (
    (re.compile(r"the following arguments are required: (?P<what>.+)"), "Missing: {what}."),
    (re.compile(r"unrecognized arguments: (?P<what>.+)"), "Not understood here: {what}."),
    (
        re.compile(r"argument (?P<name>.+?): invalid choice: (?P<what>.+?) \(choose from (?P<choices>.+)\)"),
        "{what} is not possible for {name}; choose from {choices}.",
    ),
    (re.compile(r"argument (?P<name>.+?): expected .*argument"), "{name} needs a value after it."),
    (re.compile(r"argument (?P<name>.+?): invalid \w+ value: (?P<what>.+)"), "{what} is not a possible {name}."),
    (re.compile(r"argument (?P<name>.+?): not allowed with argument (?P<what>.+)"), "Give {name} or {what}, not both."),
    (re.compile(r"one of the arguments (?P<what>.+) is required"), "Give one of {what}."),
)
_NO_VERB = "{verb} has no {what}; it has {choices}."
_NO_VERB_BUT = "{verb} has no {what}. Did you mean {near}? It has {choices}."
_ANY_FAULT = "This command is not written as it should be: {what}."


class UsageFault(Refusal):
    """A command that is not written as it should be."""

    def __init__(self, template: str, usage: str, **fields: object) -> None:
        self.said = template
        self.usage = usage
        super().__init__(**fields)

    def sentence(self, language: Language) -> str:
        """What is wrong with it."""
        return say(self.said, language, self.fields)


class Parser(argparse.ArgumentParser):
    """A parser of one language. `about` and `ending` are English templates with Chinese twins, as is every help."""

    def __init__(self, language: Language, *, about: str = "", ending: str = "", **rest: Any) -> None:
        self.language: Language = language
        super().__init__(
            description=say(about, language) if about else None,
            epilog=say(ending, language) if ending else None,
            formatter_class=_formatter(language),
            add_help=False,
            allow_abbrev=False,
            **rest,
        )
        self.flag("-h", "--help", action="help", help="show this and stop")

    def told(self, template: str) -> str:
        """A template in this parser's language."""
        return say(template, self.language)

    def flag(self, *names: str, help: str, **rest: Any) -> None:  # noqa: A002 - argparse's own word for it
        """One option; `help` is an English template."""
        rest.setdefault("default", argparse.SUPPRESS if rest.get("action") == "help" else None)
        self.add_argument(*names, help=say(help, self.language), **rest)

    def word(self, name: str, *, help: str, **rest: Any) -> None:  # noqa: A002 - argparse's own word for it
        """One positional word; its place in `args` is the lower-case name."""
        self.add_argument(name.lower(), metavar=name, help=say(help, self.language), **rest)

    def shared(self) -> None:
        """The options that every command takes, before or after its verb."""
        group = self.add_argument_group(say("everywhere", self.language))
        for names, purpose, rest in _SHARED:
            group.add_argument(*names, help=say(purpose, self.language), default=argparse.SUPPRESS, **rest)

    def dry_run(self) -> None:
        """The option of whatever changes something."""
        self.flag("--dry-run", action="store_true", default=False, help="show what it would do, and change nothing")

    def verbs(self) -> argparse._SubParsersAction[Parser]:
        """Room for sub-commands."""
        return self.add_subparsers(
            metavar=say("VERB", self.language), title=say("verbs", self.language), parser_class=Parser
        )

    def child(self, verbs: argparse._SubParsersAction[Parser], name: str, about: str, carry_out: Any) -> Parser:
        """A sub-command that `carry_out(errand) -> int` performs."""
        parser = verbs.add_parser(name, language=self.language, help=say(about, self.language), about=about)
        parser.set_defaults(carry_out=carry_out)
        parser.shared()
        return parser

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, in words of our own."""
        for pattern, template in _FAULTS:
            match = pattern.fullmatch(message)
            if match:
                raise self._fault(template, match.groupdict())
        raise UsageFault(_ANY_FAULT, self.format_usage().rstrip(), what=message)

    def _fault(self, template: str, fields: dict[str, str]) -> UsageFault:
        """What is wrong; a verb that there is not is told with those that there are, and the nearest of them."""
        if "choices" in fields:
            choices = [each.strip("'") for each in fields["choices"].split(", ")]
            fields["choices"] = listed(choices, self.language)
            if fields["name"] == say("VERB", self.language):
                what = fields["what"].strip("'")
                near = _nearest(what, choices)
                template = _NO_VERB_BUT if near else _NO_VERB
                fields = {"verb": self.prog, "what": what, "near": near, "choices": fields["choices"]}
        return UsageFault(template, self.format_usage().rstrip(), **fields)


_SHARED: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = (
    (("--json",), "print the API's answer as JSON", {"action": "store_true"}),
    (("--url",), "where the hub answers (FOYER_URL, else http://127.0.0.1:8000)", {"metavar": "URL"}),
    (("--token",), "the operator's token (FOYER_TOKEN)", {"metavar": "TOKEN"}),
    (("--token-file",), "a file that holds the token", {"metavar": "FILE"}),
    (("--data",), "the hub's data folder (FOYER_DATA, else ./var)", {"metavar": "DIR"}),
    (("--lang",), "language: zh or en", {"choices": ("zh", "en")}),
)

_SHARED_FLAGS = frozenset({"-h", *(name for names, _, _ in _SHARED for name in names)})


def _formatter(language: Language) -> Any:
    class Formatter(argparse.HelpFormatter):
        """argparse's own, with its headings in the reader's language."""

        def __init__(self, prog: str) -> None:
            super().__init__(prog, max_help_position=28, width=min(HELP_WIDTH_MAX, _columns()))

        def add_usage(self, usage: Any, actions: Any, groups: Iterable[Any], prefix: str | None = None) -> None:
            own = [action for action in actions if not _SHARED_FLAGS.intersection(action.option_strings)]
            super().add_usage(usage, own, groups, say("usage: ", language) if prefix is None else prefix)

        def start_section(self, heading: str | None) -> None:
            super().start_section(say(heading, language) if heading else heading)

    return Formatter


def _nearest(word: str, choices: list[str]) -> str:
    """The choice that somebody most likely meant; empty where none is like it."""
    from difflib import get_close_matches  # only who mistypes waits for it

    return next(iter(get_close_matches(word, choices, 1)), "")


def _columns() -> int:
    """The terminal's width; asked of the system itself, for `shutil` takes long to import."""
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns - 2
    except (OSError, ValueError):
        return HELP_WIDTH_USUAL
