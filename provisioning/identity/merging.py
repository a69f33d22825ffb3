"""One person under two numbers: everything of the one becomes the other's, and the old number finds who they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from connectors.contract import Json
from provisioning.identity.arrivals import Letter
from provisioning.identity.carrying import NAMELESS, Carrying, deed, new_person
from provisioning.identity.files import Files, asked_by
from provisioning.identity.obstacles import TwoIdentities
from provisioning.identity.plans import Filed, heard_of, settle
from provisioning.nouns.people import Notice, Person, Standing
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import intake, people
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault


class Merging:
    """Makes one person of two."""

    def __init__(self, vault: Vault, story: Story, files: Files, carrying: Carrying) -> None:
        self._vault = vault
        self._story = story
        self._files = files
        self._carrying = carrying

    def obstacle(self, tx: Tx, no: str, into: str) -> Refusal | None:
        """Why two numbers cannot be one person; None where they can."""
        found = people.find_persons(tx, [no, into])
        digests = {found.digests.get(one.id) for one in found.by_no.values()}
        return TwoIdentities(no=no, into=into) if len(digests - {None}) > 1 else None

    def merge(self, tx: Tx, letter: Letter, actor: Actor, zone: ZoneInfo, held: Notice | None = None) -> list[str]:
        """Keep the notice, and have both numbers be one person from now on; the ids of both. `held` is the notice where
        it is kept already. Raises `TwoIdentities`."""
        into = str(letter.content["into"])
        if (obstacle := self.obstacle(tx, letter.no, into)) is not None:
            raise obstacle
        found = people.find_persons(tx, [letter.no, into]).by_no
        old, new = (found.get(no) or self._somebody(tx, no) for no in (letter.no, into))
        if letter.no == into:
            new = old
        told = heard_of(letter, Filed(letter.no), tx.now).notice
        kept = replace(held or replace(told, at=tx.now), person=new.id, standing=Standing.APPLIED)
        if old.id != new.id:
            self._move(tx, old, new)
        if held is None:
            intake.add_notices(tx, [kept], {})
        else:
            intake.change_notices(tx, [kept])
        data: dict[str, Json] = {"notice": kept.id, "merged": old.id, "source": kept.source, "sequence": kept.sequence}
        private: Mapping[str, Json] = {"no": letter.no, "into": into}
        self._story.tell(tx, Told("person.merged", actor.name, new.id, trace=kept.id, data=data, private=private))
        people.mark_due(tx, [old.id, new.id])
        self._settle(tx, new, kept, actor, zone)
        return list(dict.fromkeys((old.id, new.id)))

    def _somebody(self, tx: Tx, no: str) -> Person:
        """A number that nothing has told of so far."""
        person = new_person(tx, no)
        people.add_persons(tx, [(person, None)])
        sealed = self._vault.seal(tx, person.id, NAMELESS)
        people.reseal_persons(tx, [(person.id, sealed, None)])
        return replace(person, sealed=sealed)

    def _move(self, tx: Tx, old: Person, new: Person) -> None:
        """What was told of each is told of both. What was sealed under the one's key is sealed under the other's; and
        each notice keeps the number that it named, for its place is among what was said of that."""
        moved = self._files.opened(tx, intake.notices_of(tx, [old.id]).get(old.id, []))
        people.merge_persons(tx, old.id, new.id)
        personal = [one for one in moved if one.private is not None]
        sealed = self._vault.seal_all(tx, [(new.id, one.private or {}) for one in personal])
        anew = {one.notice.id: data for one, data in zip(personal, sealed, strict=True)}
        intake.change_notices(tx, [_moved(one.notice, old, new, anew.get(one.notice.id)) for one in moved])
        people.reseal_persons(tx, [(old.id, self._vault.seal(tx, old.id, NAMELESS), None)])

    def _settle(self, tx: Tx, person: Person, cause: Notice, actor: Actor, zone: ZoneInfo) -> None:
        known = self._files.known(tx, {person.no: person}, asked_by([]), zone)
        settled, _ = settle([], known.filed[person.no], known, cause.id)
        self._carrying.write(tx, [deed(tx, person, settled)], actor)


def _moved(notice: Notice, old: Person, new: Person, sealed: bytes | None) -> Notice:
    content = {"no": old.no, **notice.content}
    return replace(notice, person=new.id, content=content, sealed=sealed)
