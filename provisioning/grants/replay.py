"""After a restore: what the story's tail tells was taken away is taken away again, and nothing is opened. What opened is
listed, to be sent again by whoever sent it.

A row's last image in the tail is compared with the restored row, and of both what allows less is kept: so whatever took
something away, and by whichever act, it stays away. Last of all the outcome itself is looked at: a record that the tail
shows as taken away, and that is wanted now, keeps the era open.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from connectors.contract import Json
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.grants.fixtures import Fixtures
from provisioning.grants.grants import Grants
from provisioning.grants.horizon import horizon_of
from provisioning.grants.narrowing import REPLAY, Again, narrow
from provisioning.grants.rulebook import Rulebook
from provisioning.identity.persons import Persons
from provisioning.nouns.eras import Era, Image
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.rights import RevocationKind
from provisioning.nouns.told import Event, Told
from provisioning.store import eras, revocations
from provisioning.store import rights as rights_store
from provisioning.store import story as story_rows
from provisioning.store.engine import Tx
from provisioning.store.revocations import RevokedLine
from provisioning.story import outside
from provisioning.story.notes import NoteBroken, VerifyingKey
from provisioning.story.offline import ERA_BEGUN
from provisioning.story.rejoining import Joined, Lost, rejoin
from provisioning.story.restoring import SLACK
from provisioning.story.story import Story, told_in
from provisioning.story.tail import Read, Tail, read_tail

LOOKED_AT_ONCE_MAX = 200
LISTED_MAX = 500
FAULTS_KEPT_MAX = 20

RECOVERING = (
    "A backup of {backup} was put back, and the story's tail does not show all that was done since. Only what takes away is"
    " sent to any target. See what differs: foyer era show; two people then accept it: foyer era accept"
)
RESTORED = (
    "A backup of {backup} was put back, and all that was taken away since is taken away again. {count} things that were"
    " given since are to be given again; see which: foyer era show"
)
PUT_BACK = "An older database was put in place without foyer restore."
REOPENED = "{key} on {target} was taken away after the backup, and is wanted now."


class Replay:
    """Looks at a restored database once, before any gateway works."""

    def __init__(
        self,
        story: Story,
        alarms: Alarms,
        grants: Grants,
        fixtures: Fixtures,
        campuses: Campuses,
        rulebook: Rulebook,
        persons: Persons,
        key: VerifyingKey,
        checkpoints: Path,
        tail: Path,
    ) -> None:
        self._story = story
        self._alarms = alarms
        self._grants = grants
        self._fixtures = fixtures
        self._campuses = campuses
        self._rulebook = rulebook
        self._persons = persons
        self._key = key
        self._checkpoints = checkpoints
        self._tail = tail

    def resume(self, tx: Tx) -> Tail:
        """Do it where it is to be done: in the first start on a restored database, all of it in this transaction. Returns
        the tail as it goes on from there."""
        era = eras.recovering(tx)
        by_hand = era is None and self._older_than_signed(tx)
        if by_hand:
            newest = eras.last_event(tx)
            eras.begin(tx, tx.now if newest is None else newest.at)
            era = eras.recovering(tx)
        if era is not None and not era.replayed:
            self._replay(tx, era, by_hand=by_hand)
        return Tail(self._tail, self._key.name, eras.last_short(tx))

    def _older_than_signed(self, tx: Tx) -> bool:
        """Whether more was signed outside than the database has: somebody put an older one in place by hand."""
        try:
            note = outside.last_note(self._checkpoints)
            return note is not None and self._key.head(note).size > story_rows.size(tx)
        except (outside.OutsideDamaged, NoteBroken):
            return False

    def _replay(self, tx: Tx, era: Era, *, by_hand: bool) -> None:
        newest = eras.last_event(tx)
        after = 0 if newest is None else newest.id
        read = read_tail(self._tail, self._key.name, after, era.backup_at - SLACK)
        joined = rejoin(tx, read, self._checkpoints, self._key)
        _put_story(tx, joined)
        if not self._checkpoints.exists():
            for made in story_rows.checkpoints(tx):
                outside.append(self._checkpoints, made)
        self._begin(tx, era, joined.lost)
        eras.read_everything(tx)
        # Where the story is not whole, what stands behind the gap is no less true of what was taken away.
        later = [one for one in read.events if one.id > after]
        again = self._taken_again(tx, read, later)
        if again.done["lockdowns"] or again.done["fires"]:
            # Ordered for a whole zone: its doors follow now, and not only once the era is settled.
            self._fixtures.restate(tx, urgent=True)
        reopened = self._looked_at(tx, again, later)
        why = _reasons(joined, reopened, by_hand=by_hand)
        differences: dict[str, Json] = {
            "why": why,
            "again": [*again.listed[:LISTED_MAX]],
            "again_count": len(again.listed),
            "done": {kind: count for kind, count in again.done.items() if count},
        }
        eras.note_replayed(tx, era.id, read.until, differences, whole=joined.whole)
        told: dict[str, Json] = {"era": era.id, "whole": joined.whole, "events": len(joined.events), **differences}
        self._story.tell(tx, Told("era.replayed", REPLAY.name, trace=f"era-{era.id}", data=told))
        self._end(tx, era, len(again.listed), settled=joined.whole and not why)

    def _begin(self, tx: Tx, era: Era, lost: Lost | None) -> None:
        data: dict[str, Json] = {"era": era.id, "begun": era.begun.isoformat(), "backup": era.backup_at.isoformat()}
        if lost is not None:
            data["lost"] = {
                "since": lost.since, "until": lost.until, "roots": [_b64(root) for root in lost.roots], "note": lost.note,
            }  # fmt: skip
        (told,) = self._story.tell(tx, Told(ERA_BEGUN, REPLAY.name, trace=f"era-{era.id}", data=data))
        if lost is not None:
            # The tree that was signed last goes on from there, and no head contradicts another.
            story_rows.place(tx, {told: lost.until})

    def _end(self, tx: Tx, era: Era, listed: int, *, settled: bool) -> None:
        rights_store.everybody_due(tx)
        backup: dict[str, Json] = {"backup": era.backup_at.isoformat(timespec="seconds")}
        if not settled:
            self._alarms.raise_alarm(tx, "era.recovering", RECOVERING, backup)
            return
        eras.settle(tx, era.id)
        self._story.tell(tx, Told("era.settled", REPLAY.name, trace=f"era-{era.id}", data={"era": era.id}))
        self._alarms.raise_alarm(tx, "era.settled", RESTORED, backup | {"count": listed})

    def _taken_again(self, tx: Tx, read: Read, later: Sequence[Event]) -> Again:
        again = Again(tx, {key: str(image.row.get("no")) for key, image in read.images["person"].items()})
        narrow(again, read.images, lambda one: self._persons.merge(tx, one, REPLAY, self._campuses.current(tx).zone))
        self._revocations(again, read.images["revocation"])
        for kind, table in (("rules", "rules_version"), ("campus", "campus_version")):
            self._text(again, kind, read.images[table], later)
        return again

    def _revocations(self, again: Again, found: Mapping[str, Image]) -> None:
        """Each revocation with its old id, and a line for each record that a target may still hold."""
        tx = again.tx
        present = eras.rows_present(tx, "revocation", found)
        known = eras.rows_present(tx, "person", {str(image.row["person"]) for image in found.values()})
        for key, image in sorted(found.items()):
            made = revocations.revocation_of(eras.values_of(image))
            standing = revocations.suspension_of(tx, made.person)
            if standing is not None and standing.id == key and made.lifted is not None:
                again.list("suspension", made.person)
            over = made.kind is RevocationKind.SUSPENDED and (made.lifted is not None or standing is not None)
            if key in present or made.person not in known or over:
                continue
            before = {
                (row.target, row.key)
                for row in rights_store.records_of(tx, [made.person])
                if row.wanted is not None or row.dirty
            }
            revocations.add_revocation(tx, made)
            if made.kind is RevocationKind.REVOKED:
                revocations.revoke_stays(tx, made.person)
                revocations.end_credentials(tx, made.person)
            self._grants.look(tx, [made.person], REPLAY, trace=made.id, urgent=True)
            # What they could still open was not read since: no date on any panel lies further than the horizon then.
            until = horizon_of(made.person, made.at, self._campuses.current(tx).zone).ends
            lines = [
                RevokedLine(made.id, row.target, row.key, row.revision, until if until > tx.now else None)
                for row in rights_store.records_of(tx, [made.person])
                if (row.target, row.key) in before and (made.kind is RevocationKind.REVOKED or row.wanted is None)
            ]
            revocations.add_lines(tx, lines)
            again.shut("revocations", made.person)

    def _text(self, again: Again, kind: str, images: Mapping[str, Image], later: Sequence[Event]) -> None:
        """The rules, or the campus file, that were in force last, where the story names their very text."""
        digests = [str(_data(one).get("digest")) for one in later if one.kind == f"{kind}.applied"]
        if not digests:
            return
        last = max(images.values(), key=lambda image: int(str(image.row["id"])), default=None)
        if (
            last is None
            or last.row["digest"] != digests[-1]
            or not self._applied(again.tx, kind, str(last.row["text"]))
        ):
            again.list(kind)
        else:
            again.shut(kind)

    def _applied(self, tx: Tx, kind: str, text: str) -> bool:
        try:
            if kind == "rules":
                self._rulebook.apply(tx, text, REPLAY)
            else:
                self._campuses.apply(tx, text, kind, REPLAY)
        except Refusal:
            return False
        return True

    def _looked_at(self, tx: Tx, again: Again, later: Sequence[Event]) -> list[tuple[str, str]]:
        """Look at everybody whom the tail tells of; the records that it shows as taken away and that are wanted now."""
        known = eras.rows_present(tx, "person", again.touched | {one.person for one in later if one.person})
        for start in range(0, len(known), LOOKED_AT_ONCE_MAX):
            self._grants.look(tx, sorted(known)[start : start + LOOKED_AT_ONCE_MAX], REPLAY)
        gone: dict[tuple[str, str], bool] = {}
        for one in later:
            if one.kind == "grants.decided":
                data = _data(one)
                gone |= dict.fromkeys(map(_place, _texts_of(data, "wanted")), False)
                gone |= dict.fromkeys(map(_place, _texts_of(data, "unwanted")), True)
        taken = {place for place, went in gone.items() if went}
        return sorted(taken & eras.wanted_now(tx, {key for _, key in taken}))


def _reasons(joined: Joined, reopened: Sequence[tuple[str, str]], *, by_hand: bool) -> list[Json]:
    """Why the era cannot be settled by itself, as templates and fields; none where it can."""
    why: list[Json] = [[template, dict(fields)] for template, fields in joined.faults[:FAULTS_KEPT_MAX]]
    if by_hand:
        why.append([PUT_BACK, {}])
    for target, key in reopened[:FAULTS_KEPT_MAX]:
        fields: dict[str, Json] = {"target": target, "key": key}
        why.append([REOPENED, fields])
    return why


def _put_story(tx: Tx, joined: Joined) -> None:
    story_rows.place(tx, joined.places)
    eras.insert_events(tx, joined.events)
    for made in joined.checkpoints:
        story_rows.add_checkpoint(tx, made)


def _data(one: Event) -> Mapping[str, Json]:
    data = told_in(one.body).get("data")
    return data if isinstance(data, Mapping) else {}


def _texts_of(data: Mapping[str, Json], name: str) -> Iterable[str]:
    listed = data.get(name)
    return [str(each) for each in listed] if isinstance(listed, list) else []


def _place(text: str) -> tuple[str, str]:
    """`a-1/card:1001@2` → ("a-1", "card:1001")."""
    target, _, rest = text.partition("/")
    return target, rest.rpartition("@")[0]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
