"""What is personal in a life, and that one number is one identity."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping

from connectors.contract import Json
from provisioning.identity import obstacles
from provisioning.nouns.people import Private

PRIVATE = ("name", "id_number", "phone")


class Personal:
    """What was told of a person under each of their numbers. A later word goes before an earlier one, whichever takes
    effect first; a blank takes nothing away."""

    def __init__(self, no: str, private: Private | None) -> None:
        self._on_file = (no, private)
        self._told: list[tuple[int, str, Mapping[str, Json]]] = []
        self._begin()

    def check(self, no: str, told: Mapping[str, Json] | None) -> None:
        """One number is one identity; that two numbers are one person, HR has said. Raises `NoTaken`, `NameDiffers`."""
        before = self._by_no.get(no)
        if before is None or told is None or not before.name:
            return
        known, id_number = (before.id_number or "").upper(), str(told.get("id_number") or "").upper()
        if known and id_number and known != id_number:
            raise obstacles.NoTaken(no=no)
        if told.get("name") != before.name and not (known and id_number):
            raise obstacles.NameDiffers(no=no)

    def take_on(self, place: int, no: str, told: Mapping[str, Json]) -> None:
        """What was told under a number; `place` is its place in the life, which no other has."""
        late = bool(self._told) and place < self._told[-1][0]
        insort(self._told, (place, no, told), key=lambda one: one[0])
        if not late:
            self._put(no, told)
            return
        self._begin()
        for _, said_of, said in self._told:
            self._put(said_of, said)

    def _begin(self) -> None:
        no, self.private = self._on_file
        self._by_no = {no: self.private}

    def _put(self, no: str, told: Mapping[str, Json]) -> None:
        before = self._by_no.get(no)
        only_number = before is self.private
        self._by_no[no] = after = _over(before, told)
        self.private = after if only_number else _over(self.private, told)


def _over(before: Private | None, told: Mapping[str, Json]) -> Private:
    old = before or Private("")
    name, *rest = (told.get(each) or getattr(old, each) for each in PRIVATE)
    return Private(str(name or ""), *(None if one is None else str(one) for one in rest))
