"""Random lives against a small model that keeps a calendar, day by day, and knows nothing of folds: whatever the order in
which notices come, once all have come the hub's stays say of every day what the model says."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from devices.clock import SetClock
from provisioning.identity.heard import Heard
from provisioning.identity.life import Past, fold
from provisioning.nouns.people import Standing, Stay, StayState
from tests.provisioning.conftest import START
from tests.provisioning.housed import housing
from tests.provisioning.told import Desk, shown

NOS = ("K1", "K2")
DEPARTMENTS = ("finance", "justice", "planning")
AREAS = ("north", "south")
DAY = timedelta(days=1)
WINDOW_DAYS = 400
EXAMPLES, STEPS = 20, 30
OPEN_ENDED = date(2100, 1, 1)


@dataclass
class Post:
    """A stay as the model keeps it: for each day of a window, where the person works; None is away or suspended."""

    arrival: date
    last: date
    where: dict[date, tuple[str, str]]
    away: set[date] = field(default_factory=set)
    moved: set[date] = field(default_factory=set)
    revoked: bool = False
    paused_from: date | None = None

    def on(self, day: date) -> tuple[str, str] | None:
        return (
            self.where[day] if self.arrival <= day <= self.last and day not in self.away and not self.revoked else None
        )


def window() -> Iterator[date]:
    first = START.date() - timedelta(days=60)
    return (first + timedelta(days=nth) for nth in range(WINDOW_DAYS))


class Lives(RuleBasedStateMachine):
    """HR tells of two people in order; the notices come in any order, some twice, and some people are revoked between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = SetClock(START)
        self.opened = housing(Path(self.folder.name) / "hub", self.clock)
        self.desk = Desk(self.opened.__enter__())
        self.posts: dict[str, list[Post]] = {no: [] for no in NOS}
        self.outbox: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.dice = random.Random(0)

    @initialize(seed=st.integers(0, 2**16))
    def throw(self, seed: int) -> None:
        self.dice.seed(seed)

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def tell(self, kind: str, no: str, **data: Any) -> None:
        """HR says something now; it will come some time."""
        self.clock.put(self.clock.now() + timedelta(seconds=1))
        told = {name: value.isoformat() if isinstance(value, date) else value for name, value in data.items()}
        if kind == "announced":
            event = self.desk.announced(no, told.pop("arrival"), **told)
        else:
            event = self.desk.event(kind, no, **told)
        self.outbox.append(event)

    def last(self, no: str) -> Post:
        return self.posts[no][-1]

    def living(self, no: str) -> bool:
        return bool(self.posts[no]) and not self.last(no).revoked

    @rule(no=st.sampled_from(NOS), after=st.integers(-20, 30), days=st.none() | st.integers(1, 60))
    def announce(self, no: str, after: int, days: int | None) -> None:
        """Somebody comes, or comes back: later than all that was told of them before."""
        arrival = self.today + timedelta(days=after)
        for post in self.posts[no]:
            if post.last == OPEN_ENDED and not post.revoked:
                return
            ended = max(self.today, post.arrival) if post.revoked else post.last
            arrival = max(arrival, ended + DAY)
            if not post.revoked and post.arrival > self.today:
                return  # that would revise the stay which is still to come
        last = OPEN_ENDED if days is None else arrival + timedelta(days=days)
        where = (self.dice.choice(DEPARTMENTS), self.dice.choice(AREAS))
        self.posts[no].append(Post(arrival, last, dict.fromkeys(window(), where)))
        departure = None if days is None else last
        self.tell("announced", no, arrival=arrival, departure=departure, department=where[0], area=where[1])

    @rule(no=st.sampled_from(NOS), into=st.integers(0, 40))
    def move(self, no: str, into: int) -> None:
        if not self.living(no):
            return
        post = self.last(no)
        day = post.arrival + timedelta(days=into)
        if day > post.last:
            return
        where = (self.dice.choice(DEPARTMENTS), self.dice.choice(AREAS))
        # A move holds until the next that begins later, however they were told.
        later = min((at for at in post.moved if at > day), default=OPEN_ENDED)
        for at in post.where:
            if day <= at < later:
                post.where[at] = where
        post.moved.add(day)
        self.tell("moved", no, day=day, department=where[0], area=where[1], arrival=post.arrival)

    @rule(no=st.sampled_from(NOS), into=st.integers(0, 50))
    def leave(self, no: str, into: int) -> None:
        if self.living(no):
            post = self.last(no)
            post.last = post.arrival + timedelta(days=into)
            self.tell("left", no, day=post.last, arrival=post.arrival)

    @rule(
        no=st.sampled_from(NOS),
        into=st.integers(2, 40),
        gap=st.integers(1, 9),
        later=st.integers(0, 20),
        between=st.sampled_from(("nothing", "a move", "a cancellation")),
    )
    def rehire_before_the_leaving(self, no: str, into: int, gap: int, later: int, between: str) -> None:
        """The next stay is told of while the one before has no end yet, and so is something of that next stay."""
        if not self.living(no) or self.last(no).arrival > self.today:
            return
        post = self.last(no)
        arrival = post.arrival + timedelta(days=into)
        if arrival > post.last:
            return
        where, there = [(self.dice.choice(DEPARTMENTS), self.dice.choice(AREAS)) for _ in range(2)]
        new = Post(arrival, OPEN_ENDED, dict.fromkeys(window(), where))
        self.tell("announced", no, arrival=arrival, departure=None, department=where[0], area=where[1])
        if between == "a move":
            new.where = {at: there if at >= arrival + DAY else where for at in new.where}
            new.moved.add(arrival + DAY)
            self.tell("moved", no, day=arrival + DAY, department=there[0], area=there[1], arrival=arrival)
        elif between == "a cancellation":
            new.last = self.today
            self.tell("cancelled", no, arrival=arrival)
        self.clock.put(self.clock.now() + timedelta(days=later))
        post.last = max(arrival - timedelta(days=gap), post.arrival)
        self.tell("left", no, day=post.last, arrival=post.arrival)
        if new.last >= arrival:
            self.posts[no].append(new)

    @rule(no=st.sampled_from(NOS), more=st.none() | st.integers(1, 30))
    def extend(self, no: str, more: int | None) -> None:
        if self.living(no) and self.last(no).last != OPEN_ENDED:
            post = self.last(no)
            post.last = OPEN_ENDED if more is None else post.last + timedelta(days=more)
            self.tell("extended", no, departure=None if more is None else post.last, arrival=post.arrival)

    @rule(no=st.sampled_from(NOS), into=st.integers(0, 20), days=st.none() | st.integers(1, 9))
    def suspend(self, no: str, into: int, days: int | None) -> None:
        if not self.living(no) or self.last(no).paused_from is not None:
            return
        post = self.last(no)
        opens = post.arrival + timedelta(days=into)
        if opens in post.away or opens - DAY in post.away:
            return
        until = None if days is None else opens + timedelta(days=days - 1)
        post.away |= {at for at in window() if opens <= at <= (until or OPEN_ENDED)}
        post.paused_from = opens if until is None else None
        self.tell("suspended", no, day=opens, until=until, arrival=post.arrival)

    @rule(no=st.sampled_from(NOS), into=st.integers(1, 20))
    def resume(self, no: str, into: int) -> None:
        if not self.living(no) or self.last(no).paused_from is None:
            return
        post = self.last(no)
        assert post.paused_from is not None
        back = post.paused_from + timedelta(days=into)
        post.away -= {at for at in window() if at >= back}
        post.paused_from = None
        self.tell("resumed", no, day=back, arrival=post.arrival)

    @rule(no=st.sampled_from(NOS))
    def cancel(self, no: str) -> None:
        if not self.living(no):
            return
        post = self.last(no)
        self.tell("cancelled", no, arrival=post.arrival)
        if post.arrival > self.today:
            self.posts[no].pop()
        else:
            post.last = min(post.last, self.today)

    @rule(no=st.sampled_from(NOS))
    def tidy_up_the_old(self, no: str) -> None:
        """The old stay's clean-up, told after the rehire was."""
        if len(self.posts[no]) > 1 and not self.posts[no][-2].revoked:
            post = self.posts[no][-2]
            post.last = post.arrival
            self.tell("left", no, day=post.arrival)

    @rule(days=st.integers(1, 10))
    def wait(self, days: int) -> None:
        self.clock.put(self.clock.now() + timedelta(days=days))

    @precondition(lambda self: self.outbox)
    @rule()
    def deliver(self) -> None:
        """One notice comes, any of them; what it does not speak of keeps its rights."""
        event = self.outbox.pop(self.dice.randrange(len(self.outbox)))
        self.sent.append(event)
        no = event["subject"]
        before = self.kept(no)
        answer = self.desk.one(event)
        assert answer.refusal is None, answer
        after = self.kept(no)
        for stay, (row, grants) in before.items():
            if stay in after and after[stay][0] == row:
                assert after[stay][1] == grants

    def kept(self, no: str) -> dict[str, tuple[Stay, set[str]]]:
        if no not in self.desk.persons():
            return {}
        self.desk.housed.look(self.desk.housed.person(no))
        grants = self.desk.grants(no)
        return {stay.id: (replace(stay, notice=""), grants.get(stay.id, set())) for stay in self.desk.stays(no)}

    @precondition(lambda self: self.sent)
    @rule()
    def repeat(self) -> None:
        """A notice that came before comes once more."""
        answer = self.desk.one(self.dice.choice(self.sent))
        assert answer.again

    @rule(no=st.sampled_from(NOS))
    def revoke(self, no: str) -> None:
        """People take away all that is open, at a moment when everything that was told has come."""
        if not self.living(no) or not any(post.on(at) for post in self.posts[no] for at in window()):
            return
        self.deliver_all()
        if not any(stay.state is StayState.OPEN for stay in self.desk.stays(no)):
            return
        self.desk.housed.revoke(self.desk.housed.person(no))
        for post in self.posts[no]:
            post.revoked = True
        self.clock.put(self.clock.now() + timedelta(seconds=1))

    def deliver_all(self) -> None:
        while self.outbox:
            self.deliver()
        self.agree()

    def agree(self) -> None:
        """Every day as the model has it; every notice in force; and the same life in whatever order it is folded."""
        for no in NOS:
            if not any(event["subject"] == no for event in self.sent):
                continue
            stays = self.desk.stays(no)
            for at in window():
                wanted = {where for post in self.posts[no] if (where := post.on(at))}
                held = {where for stay in stays if (where := _on(stay, at))}
                assert held == wanted, (no, at)
            notices = self.desk.notices(no)
            assert all(one.standing is Standing.APPLIED for one in notices)
            self.fold_anew(no, stays)

    def fold_anew(self, no: str, stays: tuple[Stay, ...]) -> None:
        heard = [Heard(one) for one in self.desk.notices(no)]
        self.dice.shuffle(heard)
        with self.desk.housed.house.store.reading() as tx:
            zone = self.desk.housed.house.campuses.current(tx).zone
        past = Past(no, None, [stay for stay in stays if stay.state is StayState.REVOKED], zone)
        spells = [spell for spell in fold(heard, past).spells if spell.living]
        rows = tuple(spell.row("", "", "", self.clock.now()) for spell in spells)
        assert shown(rows) == shown(tuple(stay for stay in stays if stay.state is StayState.OPEN))

    def teardown(self) -> None:
        try:
            self.deliver_all()
        finally:
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()


def _on(stay: Stay, day: date) -> tuple[str, str] | None:
    held = stay.arrival <= day <= (stay.departure or date.max) and stay.state is StayState.OPEN
    away = any(pause.opens <= day and (pause.closes is None or day < pause.closes) for pause in stay.pauses)
    facts = stay.on(day)
    return (facts.department, facts.area) if held and not away else None


Lives.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLives = Lives.TestCase
