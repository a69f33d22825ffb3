"""The hub's errors. A class's docstring is the sentence that a person reads, with named fields: cause first, then cure.
A room adds its own beside the code that raises them."""

from __future__ import annotations

import re
from typing import ClassVar

from provisioning.nouns.words import Language, say


class Refusal(Exception):
    """The hub refuses this."""

    status: ClassVar[int] = 422

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(self.sentence("en"))

    @classmethod
    def template(cls) -> str:
        """The English sentence with its fields unfilled, on one line."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def code(cls) -> str:
        """The refusal's name in APIs, such as `card-taken`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def sentence(self, language: Language) -> str:
        """What to tell the person who asked."""
        return say(self.template(), language, self.fields)


class NotFound(Refusal):
    """There is no {what} {name}. Look at {where}."""

    status = 404

    def sentence(self, language: Language) -> str:
        """What to tell the person who asked; what is missing is named in the same language."""
        return say(self.template(), language, {**self.fields, "what": say(str(self.fields["what"]), language)})


class StoreFull(Refusal):
    """The disk that holds the database is full: nothing of this was kept. Free some space and do it again."""

    status = 507


class StoreBusy(Refusal):
    """Another program holds the database: nothing of this was kept. Close whatever has {path} open and do it again."""

    status = 503


class StoreHeld(Refusal):
    """Another hub already serves {path} (process {pid}). Stop it first, or give this one its own --data folder."""

    status = 409
