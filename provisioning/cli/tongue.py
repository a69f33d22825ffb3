"""Which language the command line speaks: `--lang`, else the locale of the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioning.nouns.words import Language, language_of

LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def tongue(words: Sequence[str], environment: Mapping[str, str]) -> Language:
    """The language asked for, before any parser exists: help itself is spoken in it."""
    for place, word in enumerate(words):
        if word.startswith("--lang="):
            return language_of(word.removeprefix("--lang="))
        if word == "--lang" and place + 1 < len(words):
            return language_of(words[place + 1])
    return language_of(next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), ""))
