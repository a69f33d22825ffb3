"""One run: a campus, its hub and its weather, evening after evening, in virtual time. The same options give the same run."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Generator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from devices.emulate import emulated
from devices.wg.served import ServedPanel
from provisioning.nouns.refusals import Refusal
from tests.simulation import deeds
from tests.simulation.campus import Ground, ground
from tests.simulation.deck import Dealer
from tests.simulation.faults import REQUIRED, USUAL, Storm
from tests.simulation.hub import Hub
from tests.simulation.invariants import Witness
from tests.simulation.keeping import Killed
from tests.simulation.lives import MOODS, Lives
from tests.simulation.loop import Overspent, SimClock, SimLoop, Spinning
from tests.simulation.network import Network
from tests.simulation.trace import Trace

START = datetime(2027, 3, 1, 23, 56, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
NIGHTS_DAYS = (1, 1, 2, 8)
DAY_S = 86_400.0
MEMORY_DISK = Path("/dev/shm")
FOLDER = Path("hub")
LOOK_EVERY_S = 10.0
SWIPES_PER_LOOK = 4
ENCORE_S = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is made of. `minutes`: how long the hub is under storm, over all evenings; `pause_s`: between faults;
    `encores_max`: times half a minute more, where some fault has not struck by then; `only`: the faults there are, where
    it is not all of them; `liveness`: then the storm ends, and all must become as wanted within `settle_s_max`."""

    seed: int
    minutes: float = 12.0
    evenings: int = 3
    people: int = 20
    pause_s: float = 4.0
    encores_max: int = 20
    only: tuple[str, ...] = ()
    liveness: bool = True
    settle_s_max: float = 2_400.0
    far: bool = False

    @property
    def evening_s(self) -> float:
        """How long the storm of one evening is."""
        return self.minutes * 60 / self.evenings


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went. `breach` None: as it should."""

    options: Options
    breach: str | None
    digest: str
    last: tuple[str, ...]
    virtual_s: float
    cpu_s: float
    datagrams: int
    kills: int
    acts: int
    checks: Counter[str]
    fired: Counter[str]
    settled_s: float | None
    served_s: float

    def line(self) -> str:
        """All of it in one line."""
        settled = "" if self.settled_s is None else f", settled in {self.settled_s:.0f} s"
        checks = " ".join(f"{name} {count}" for name, count in sorted(self.checks.items()))
        return (
            f"seed {self.options.seed} {'far ' * self.options.far}{'liveness' if self.options.liveness else 'safety'}: "
            f"{'ok' if self.breach is None else 'BREACH'}, {self.cpu_s:.1f} CPU-s, {self.options.minutes:.0f} minutes of "
            f"storm{settled}, {self.datagrams} datagrams, {self.kills} kills, {self.acts} acts; {checks}; {self.digest[:16]}"
        )

    def report(self) -> str:
        """Everything that a failure needs to be found again."""
        return "\n".join([self.line(), f"{self.options}", *self.last, f"BREACH: {self.breach}"])


def run(options: Options, played: type[Rehearsal] | None = None) -> Outcome:
    """One whole run, of the campus beside its hub where no other is named. `tests.simulation.play` goes by the options."""
    began = time.process_time()
    trace = Trace()
    seed = str(options.seed)
    network = Network(Random(f"{seed}/network"), trace)
    loop = SimLoop(network)
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None) as folder:
            rehearsal = (played or Rehearsal)(options, network, trace, loop)
            # The story names the path of a tail that is torn, and must be the same in every run.
            with chdir(folder), _bugs_told(rehearsal):
                try:
                    loop.run_until_complete(rehearsal.run())
                except (Spinning, Overspent) as error:
                    rehearsal.give_up(error)
        return rehearsal.outcome(loop.time(), time.process_time() - began)
    finally:
        loop.close()


class Rehearsal:
    """The parts of one run, joined."""

    def __init__(self, options: Options, network: Network, trace: Trace, loop: SimLoop) -> None:
        self.options = options
        self.bugs: list[str] = []
        self._seed = str(options.seed)
        self._network = network
        self._trace = trace
        self._ground: Ground = ground()
        self._clock = SimClock(loop, START)
        self._hub = Hub(FOLDER, SimClock(loop, START), self._seed, trace, Counter())
        self._lives = Lives(self._hub, self._ground, self._seed, trace, options.people)
        self._lives.moods = (*MOODS, *deeds.MOODS)
        self._nights = Random(f"{self._seed}/nights")
        self._breach: str | None = None
        self._settled_s: float | None = None
        self._checks: Counter[str] = Counter()
        self._fired: Counter[str] = Counter()

    async def run(self) -> None:
        """Evenings under storm, each followed by a night without a hub, and then the end."""
        chance = Random(f"{self._seed}/panels")
        async with emulated(self._ground.wires, None, self._clock, chance) as served:
            panels = {name: each for name, each in served.items() if isinstance(each, ServedPanel)}
            witness = Witness(self._hub, self._ground, panels, self._clock, self._seed, self._trace)
            storm = Storm(
                self._hub, self._network, self._ground, panels, witness, self._seed, self._trace,
                self.options.only or REQUIRED, self.options.pause_s,
            )  # fmt: skip
            lives = self._lives
            storm.stir, storm.arrive = lives.take_away, lives.come
            storm.regret, storm.dismiss = lives.leave, lives.end_long_stay
            self._hub.on_opening(witness.meet)
            self._hub.on_losing(witness.losing)
            await self._play(storm, witness)

    def give_up(self, error: Exception) -> None:
        """The run never ended."""
        self._breach = f"{type(error).__name__}: {error.__doc__}"

    async def _play(self, storm: Dealer, witness: Witness) -> None:
        for name, address in storm.addresses.items():
            self._network.watch[address] = witness.watch(name)
        self._network.on_asked = witness.asked
        storm.blow(USUAL)
        try:
            await self._found()
            await self._evenings(storm, witness)
            if witness.breach is None and self.options.liveness:
                await self._settle(storm, witness)
            await self._end(storm, witness)
        finally:
            await self._abandon()
            self._checks, self._fired = witness.checks, storm.fired()
            if witness.book is not None:
                witness.book.close()

    async def _found(self) -> None:
        """A hub, its campus and the first people."""
        await self._hub.start()
        if self._hub.house is not None:
            self._lives.found(self._hub.house)

    async def _evenings(self, storm: Dealer, witness: Witness) -> None:
        for evening in range(self.options.evenings):
            await self._storm(self.options.evening_s, storm, witness)
            if witness.breach is not None:
                return
            if evening + 1 < self.options.evenings:
                await self._between(witness)
        storm.catching_up = True
        for _ in range(self.options.encores_max):
            # Chance may have kept a fault from striking anybody so far.
            if witness.breach is None and storm.missing():
                await self._storm(ENCORE_S, storm, witness)

    async def _storm(self, span_s: float, storm: Dealer, witness: Witness) -> None:
        """People act, cards are held to readers, and much goes wrong."""
        await self._together(span_s, witness, self._lives.go_on(), storm.go_on(), self._swipe(witness))

    async def _swipe(self, witness: Witness) -> None:
        await witness.swipe()

    async def _between(self, witness: Witness) -> None:
        """The hub is off from one evening to the next."""
        await self._hub.stop()
        await self._night(self._nights.choice(NIGHTS_DAYS) * DAY_S - self.options.evening_s, witness)
        await self._hub.start()

    async def _night(self, span_s: float, witness: Witness) -> None:
        """No hub: the panels decide alone, over every midnight."""
        self._trace("night", f"{span_s:.0f}")
        hours = max(1, int(span_s // 3_600))
        for _ in range(hours):
            await asyncio.sleep(span_s / hours)
            witness.swipe_once()

    async def _together(self, span_s: float, witness: Witness, *parts: Coroutine[object, object, object]) -> None:
        """Run these for a while, or until something must not be."""
        tasks = [asyncio.create_task(part) for part in parts]
        over = asyncio.create_task(witness.over.wait())
        try:
            await asyncio.wait({*tasks, over}, timeout=span_s, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            self._hub.check()
        finally:
            for task in (*tasks, over):
                task.cancel()
            await asyncio.gather(*tasks, over, return_exceptions=True)

    async def _settle(self, storm: Dealer, witness: Witness) -> None:
        """Faults stop: now everything must become as wanted, within a bound."""
        storm.calm()
        self._trace("calm")
        began = asyncio.get_running_loop().time()
        while witness.breach is None:
            await self._together(LOOK_EVERY_S, witness)
            for _ in range(SWIPES_PER_LOOK):
                witness.swipe_once()
            storm.accept()
            self._lives.attempt(deeds.release_all)
            unlike = self._unlike(witness)
            self._settled_s = asyncio.get_running_loop().time() - began
            if not unlike:
                return
            if self._settled_s > self.options.settle_s_max:
                late = f"not as wanted {self.options.settle_s_max:.0f} s after the storm: "
                witness.blame(late + "; ".join(unlike[:5]))

    def _unlike(self, witness: Witness) -> list[str]:
        """What is not as wanted."""
        return witness.unlike()

    async def _end(self, storm: Dealer, witness: Witness) -> None:
        await self._hub.stop()
        witness.look_back()
        self._hub.pardon()
        if witness.breach is None:
            try:
                await self._audit(witness)
            except Refusal as refusal:
                witness.blame(f"the story cannot be gone on with: {refusal}")
        if witness.breach is None and (never := storm.missing()):
            witness.blame(f"faults that never struck: {', '.join(never)}")
        if witness.breach is None and self.bugs:
            witness.blame(self.bugs[0])
        self._breach = witness.breach

    async def _abandon(self) -> None:
        """Whatever still runs is left as it stands."""
        await self._hub.abandon()

    async def _audit(self, witness: Witness) -> None:
        """The story is whole, and signed to its end."""
        await self._hub.start()
        house = self._hub.house
        if house is not None:
            house.sealer.seal_once()
            house.sealer.checkpoint_once()
            with house.store.reading() as tx:
                verdict = house.proofs.verify(tx)
            checkpoints = hashlib.sha256(house.settings.checkpoints.read_bytes()).hexdigest()
            self._trace("story", verdict.ok, dict(verdict.fields), checkpoints)
            if not verdict.ok:
                witness.blame(f"the story does not verify: {verdict}")
        await self._hub.stop()

    def outcome(self, virtual_s: float, cpu_s: float) -> Outcome:
        """What came of it."""
        return Outcome(
            self.options,
            self._breach,
            self._trace.digest,
            tuple(self._trace.last),
            virtual_s,
            cpu_s,
            self._network.datagrams,
            self._hub.lives,
            self._lives.acts,
            self._checks,
            self._fired,
            self._settled_s,
            self._hub.served_s,
        )


@contextmanager
def _bugs_told(rehearsal: Rehearsal) -> Generator[None]:
    """Whatever the house logs with an exception is a bug of its own, and fails the run."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            if not _is_death(error):
                rehearsal.bugs.append(f"{record.getMessage()}: {self.format(record)}")

    ear = Ear(logging.ERROR)
    rooms = [logging.getLogger(name) for name in ("connectors", "devices", "provisioning", "foyer", "asyncio")]
    for room in rooms:
        room.addHandler(ear)
    try:
        yield
    finally:
        for room in rooms:
            room.removeHandler(ear)


def _is_death(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_death, error.exceptions))
    return isinstance(error, Killed)
