"""What is on file of people, read for planning: a whole sheet by a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from provisioning.identity.cards import cards_known
from provisioning.identity.carrying import as_private
from provisioning.identity.heard import Heard
from provisioning.identity.plans import Filed, Known
from provisioning.nouns.people import Notice, Person, Standing
from provisioning.store import intake, people
from provisioning.store.engine import Tx
from provisioning.vault.vault import Vault

_T = TypeVar("_T")

FOLDED = frozenset({Standing.APPLIED, Standing.WAITING})


@dataclass(frozen=True, slots=True)
class Asked:
    """What some notices name: their own ids, identity numbers, cards."""

    notices: Sequence[str]
    id_numbers: Sequence[str | None]
    cards: Sequence[int | None]


def asked_by(heard: Sequence[Heard]) -> Asked:
    """What these notices name."""
    numbers = [(one.private or {}).get("id_number") for one in heard]
    cards = [one.notice.content.get("card") for one in heard]
    return Asked(
        [one.notice.id for one in heard],
        [str(number) if number else None for number in numbers],
        [card if isinstance(card, int) else None for card in cards],
    )


class Files:
    """Reads what is known of people."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def known(self, tx: Tx, by_no: Mapping[str, Person | None], asked: Asked, zone: ZoneInfo) -> Known:
        """All that planning needs: what is on file under these numbers, and what stands against what is asked."""
        on_file = {one.id: one for one in by_no.values() if one is not None}
        heard = self._heard(tx, list(on_file))
        # What waits may take effect now: what it names counts as asked for again.
        waiting = asked_by([one for some in heard.values() for one in some if one.notice.standing is Standing.WAITING])
        numbers = {number: self._vault.id_digest(number) for number in _given(asked.id_numbers, waiting.id_numbers)}
        found = people.find_persons(tx, (one.no for one in on_file.values()), numbers.values())
        privates = {
            at: as_private(fields)
            for at, fields in zip(
                on_file, self._vault.open_all(tx, [(one.id, one.sealed) for one in on_file.values()]), strict=True
            )
            if fields is not None
        }
        stays, credentials = people.stays_of(tx, on_file), people.credentials_of(tx, on_file)
        filed = {
            no: Filed(no)
            if one is None
            else Filed(
                one.no,
                one,
                privates.get(one.id),
                found.digests.get(one.id),
                stays.get(one.id, ()),
                credentials.get(one.id, ()),
                tuple(heard.get(one.id, ())),
            )
            for no, one in by_no.items()
        }
        return Known(
            now=tx.now,
            zone=zone,
            filed=filed,
            nos_by_digest={digest: one.no for digest, one in found.by_digest.items()},
            cards=cards_known(tx, _given(asked.cards, waiting.cards)),
            taken=intake.taken_notices(tx, asked.notices),
            digest_of=lambda number: numbers.get(number) or self._vault.id_digest(number),
            claimed={},
        )

    def opened(self, tx: Tx, notices: Sequence[Notice]) -> list[Heard]:
        """Notices with what is personal in them."""
        sealed = [(one.person, one.sealed) for one in notices if one.sealed is not None]
        opened = iter(self._vault.open_all(tx, sealed))
        return [Heard(one, None if one.sealed is None else next(opened)) for one in notices]

    def _heard(self, tx: Tx, persons: Sequence[str]) -> dict[str, list[Heard]]:
        told = intake.notices_of(tx, persons) if persons else {}
        folded = [one for some in told.values() for one in some if one.standing in FOLDED]
        found: dict[str, list[Heard]] = {}
        for one in self.opened(tx, folded):
            found.setdefault(one.notice.person, []).append(one)
        return found


def _given(*lists: Sequence[_T | None]) -> list[_T]:
    return [one for some in lists for one in some if one is not None]
