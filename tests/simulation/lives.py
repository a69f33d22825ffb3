"""What people do to the hub, by the seed: sheets, cards, revocations, rules, readings; often the opposite a moment later.

Each act is what the API does for it, in the same transactions. A refusal is an answer; death in the middle is life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import wraps
from random import Random

from provisioning.compose import House
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor
from tests.simulation.campus import AREAS, DEPARTMENTS, KINDS, Ground
from tests.simulation.hub import Hub
from tests.simulation.keeping import Killed
from tests.simulation.trace import Trace

WHO = Actor("operator:storm", frozenset({"hr", "security", "system"}))
HEADERS = ("姓名", "工号", "部门", "人员类别", "到岗日期", "离岗日期", "门禁卡号", "办公区")
CARD_FIRST = 7_000_001
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Row:
    """What HR says of one person."""

    no: str
    department: str
    kind: str
    area: str
    arrival: date
    departure: date | None
    card: int

    def line(self) -> str:
        departure = "" if self.departure is None else self.departure.isoformat()
        told = (
            f"王{'甲乙丙丁戊己庚辛壬癸'[int(self.no[-1])]}",
            self.no,
            self.department,
            self.kind,
            self.arrival.isoformat(),
            departure,
        )
        return ",".join((*told, str(self.card), self.area))


Act = Callable[["Lives", House], object]


def to_somebody(deed: Callable[[Lives, House, Row], str]) -> Callable[[Lives, House], str]:
    """A deed that is done to one of those who are there; where nobody is, nothing is done."""

    @wraps(deed)
    def act(lives: Lives, house: House) -> str:
        row = lives.some()
        return NOBODY if row is None else deed(lives, house, row)

    return act


class Lives:
    """Acts, one after another, with pauses."""

    def __init__(self, hub: Hub, ground: Ground, seed: str, trace: Trace, people_max: int) -> None:
        self.acts = 0
        self.notices = 0
        self.moods: tuple[tuple[Act, ...], ...] = MOODS
        self.cards: list[int] = []
        self._hub = hub
        self._ground = ground
        self.dice = Random(f"{seed}/lives")
        self._trace = trace
        self._people_max = people_max
        self.rows: dict[str, Row] = {}
        self.revoked: set[str] = set()
        self._rule_versions = 1
        self._next = 0

    def found(self, house: House) -> None:
        """Put the campus in force, and the first people in it."""
        with house.store.writing() as tx:
            house.campuses.apply(tx, self._ground.text, "campus.yaml", WHO)
            house.rulebook.apply(tx, self._ground.rules, WHO)
        self._arrive(house, self._people_max // 2)

    async def go_on(self) -> None:
        """Act until cancelled."""
        while True:
            await asyncio.sleep(self.dice.expovariate(1 / 4.0))
            for act in self.dice.choice(self.moods):
                self.attempt(act)
                # A change of mind comes while the first message is still under way, or soon after it was proved.
                await asyncio.sleep(self.dice.choice((0.005, 0.02, 0.06, 0.2, 0.8, 2.5)) * self.dice.uniform(0.3, 1.0))

    def take_away(self) -> None:
        """Of all moments, somebody goes now, or loses a card."""
        self.attempt(self.dice.choice((Lives.revoke, Lives.lose, Lives.swap)))

    def come(self) -> None:
        """Of all moments, somebody comes now."""
        self.attempt(Lives.newcomers)

    def leave(self) -> None:
        """Of all people, whoever came last goes."""
        self.attempt(Lives.revoke_newest)

    def end_long_stay(self) -> None:
        """Of all people, whoever has been here longest goes."""
        self.attempt(Lives.revoke_oldest)

    def attempt(self, act: Act) -> None:
        """Do it where there is somebody to do it; a refusal is an answer."""
        house = self._hub.house
        if house is None or self._hub.quiet:
            return
        self.acts += 1
        try:
            self._trace("act", act.__name__, act(self, house))
        except Refusal as refusal:
            self._trace("refused", act.__name__, type(refusal).__name__)
        except Killed:
            self._trace("cut", act.__name__)

    def today(self, house: House) -> date:
        with house.store.reading() as tx:
            return tx.now.astimezone(house.campuses.current(tx).zone).date()

    def newcomer(self, today: date) -> Row:
        self._next += 1
        dice = self.dice
        departure = None if dice.random() < 0.5 else today + timedelta(days=dice.choice((0, 1, 1, 2, 3, 9, 40, 200)))
        arrival = min(today + timedelta(days=dice.choice((-1, 0, 0, 0, 1, 1, 2, 4, 8))), departure or date.max)
        kind, card = dice.choice(KINDS), self.new_card()
        return Row(f"S{self._next:04d}", dice.choice(DEPARTMENTS), kind, dice.choice(AREAS), arrival, departure, card)

    def new_card(self) -> int:
        self.cards.append(CARD_FIRST + len(self.cards))
        return self.cards[-1]

    def some(self) -> Row | None:
        """Somebody, and rather of the last ones."""
        if not self.rows:
            return None
        nos = list(self.rows)
        return self.rows[nos[-1 - min(int(self.dice.expovariate(0.4)), len(nos) - 1)]]

    def _take(self, house: House, rows: list[Row]) -> str:
        sheet = "\n".join([",".join(HEADERS), *(row.line() for row in rows)]).encode()
        with house.store.writing() as tx:
            report = house.intake.take(tx, read_sheet(sheet, "sheet.csv"), WHO)
        for row in rows:
            self.rows.pop(row.no, None)
            self.rows[row.no] = row
        with house.store.writing() as tx:
            house.grants.look(tx, report.people, WHO, report.batch)
        counts = " ".join(f"{effect.value} {count}" for effect, count in report.counts.items() if count)
        why = " ".join(sorted({str(fault) for line in report.lines for fault in line.faults}))
        return f"{rows[0].no}+{len(rows) - 1} {counts} {why}"

    def _arrive(self, house: House, count: int) -> str:
        today = self.today(house)
        return self._take(house, [self.newcomer(today) for _ in range(count)])

    def newcomers(self, house: House) -> str:
        room = self._people_max - len(self.rows)
        if room <= 0:
            # Whoever is gone is forgotten before others.
            no = next((no for no in self.rows if no in self.revoked), next(iter(self.rows)))
            self.rows.pop(no)
        few = len(self.rows.keys() - self.revoked) < self._people_max // 3
        return self._arrive(house, max(1, min(room, self.dice.randint(1, 3) + 5 * few)))

    @to_somebody
    def change(self, house: House, row: Row) -> str:
        """A mover, or another last day."""
        today = self.today(house)
        match self.dice.randrange(4):
            case 0:
                row = replace(row, department=self.dice.choice(DEPARTMENTS))
            case 1:
                row = replace(row, departure=max(row.arrival, today + timedelta(days=self.dice.choice((-1, 0, 1, 20)))))
            case 2:
                row = replace(row, kind=self.dice.choice(KINDS), departure=None)
            case _:
                row = replace(row, area=AREAS[0] if row.area == AREAS[1] else AREAS[1])
        return self._take(house, [row])

    @to_somebody
    def back(self, house: House, row: Row) -> str:
        """A new stay for somebody who was here before."""
        arrival = self.today(house) + timedelta(days=self.dice.choice((1, 1, 2)))
        return self._take(house, [replace(row, arrival=arrival, departure=None, card=self.new_card())])

    @to_somebody
    def assign(self, house: House, row: Row) -> str:
        """A second card; often one that was somebody else's."""
        number = self.dice.choice(self.cards[-12:]) if self.dice.random() < 0.6 else self.new_card()
        with house.store.writing() as tx:
            person = house.persons.get(tx, row.no)
            card = house.cards.assign(tx, person, number, WHO)
            house.grants.look(tx, [person.id], WHO, card.id)
        return f"{number} to {row.no}"

    def lose(self, house: House) -> str:
        number = self.dice.choice(self.cards[-12:])
        with house.store.writing() as tx:
            card = house.cards.lost(tx, number, WHO)
            house.grants.look(tx, [card.person], WHO, card.id, urgent=True)
        return str(number)

    def swap(self, house: House) -> str:
        old, new = self.dice.choice(self.cards[-12:]), self.new_card()
        with house.store.writing() as tx:
            card = house.cards.replace(tx, old, new, WHO)
            house.grants.look(tx, [card.person], WHO, card.id, urgent=True)
        return f"{old} by {new}"

    @to_somebody
    def revoke(self, house: House, row: Row) -> str:
        return self._revoke(house, row)

    def revoke_newest(self, house: House) -> str:
        return self._revoke_first(house, reversed(self.rows.values()))

    def revoke_oldest(self, house: House) -> str:
        return self._revoke_first(house, self.rows.values())

    def _revoke_first(self, house: House, rows: Iterable[Row]) -> str:
        row = next((row for row in rows if row.no not in self.revoked), None)
        return NOBODY if row is None else self._revoke(house, row)

    def _revoke(self, house: House, row: Row) -> str:
        with house.store.writing() as tx:
            house.revoking.revoke(tx, house.persons.get(tx, row.no), WHO, "storm")
        self.revoked.add(row.no)
        return row.no

    def rules(self, house: House) -> str:
        """Other rules: wider or narrower, earlier or later."""
        self._rule_versions += 1
        version = f"version: {self._rule_versions}"
        text = self._ground.rules.replace("version: 1", version)
        for old, new in self.dice.sample(_EDITS, 2):
            text = text.replace(old, new)
        with house.store.writing() as tx:
            change = house.rulebook.apply(tx, text, WHO)
        return f"{version} {len(change.changed)} changed"

    def read(self, house: House) -> str:
        target = self.dice.choice(self._ground.wires).id
        with house.store.writing() as tx:
            house.delivery.ask_reading(tx, target, WHO)
        return target


_EDITS = (
    ("arrival - 3 days", "arrival"),
    ("arrival - 3 workdays", "arrival - 1 workdays"),
    ('["公务员", "事业编", "借调"]', '["公务员", "事业编"]'),
    ('grant: ["zone:north-public", "zone:south-public"]', 'grant: ["zone:north-public"]'),
    ('grant: ["zone:plant"]', 'grant: ["zone:south-public"]'),
    ("stay.days > 0", "stay.days > 5"),
)
_A = Lives
MOODS: tuple[tuple[Act, ...], ...] = (
    (_A.newcomers,),
    (_A.newcomers, _A.change, _A.change),
    (_A.newcomers, _A.revoke),
    (_A.change,),
    (_A.change, _A.change),
    (_A.assign, _A.lose, _A.assign),
    (_A.assign, _A.lose),
    (_A.lose, _A.assign),
    (_A.swap,),
    (_A.swap, _A.lose),
    (_A.revoke, _A.back),
    (_A.change, _A.revoke),
    (_A.rules, _A.rules),
    (_A.read,),
    (_A.read, _A.change),
)
