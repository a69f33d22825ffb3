"""What `foyer run` has an HR office hand in: those who are in place, or a sample of newcomers; then batches of arrivals, a
few at each start. What was handed in before is known by its file's name, so the next start goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from provisioning.cli.errand import Errand
from provisioning.cli.hub import Hub
from provisioning.cli.sheets import send_sheet

if TYPE_CHECKING:
    from provisioning.campus.file import Campus
    from provisioning.intake.sample import Dice, Row

SAMPLE_PEOPLE = 200
SAMPLE_NAME = "sample.xlsx"
OPENING_NAME = "opening.xlsx"
BATCHES_AT_A_START = 10
BATCHES_LISTED_MAX = 500
SEED, PLAY_SEED = 2026, 2027


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a play is given: the campus in force, its day, chance by seed, and whether the house is stopping."""

    campus: Campus
    today: date
    dice: Callable[[int], Dice]
    stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Played:
    """What was handed in. `first` is the id of the list that the house began with, `office` an office with seats."""

    first: str
    office: str | None


class Play:
    """Hands in what a campus of this size would."""

    def __init__(self, errand: Errand, stage: Stage) -> None:
        from provisioning.intake.sample import STAFF

        self._errand = errand
        self._screen = errand.screen
        self._stage = stage
        self._large = len(stage.campus.seats) >= STAFF

    def go(self, hub: Hub) -> Played:
        """Fill the house where it is empty, then play batches. Raises `CommandFailed`."""
        before = hub.get("/hr/batches", {"limit": BATCHES_LISTED_MAX})
        if before:
            self._screen.say("Going on where it stopped: {name} was taken before.", name=before[0]["name"])
        first = before[-1]["id"] if before else self._begin(hub)
        self._play(hub, {each["name"] for each in before})
        return Played(first, next(iter(self._stage.campus.offices), None))

    def _begin(self, hub: Hub) -> str:
        from provisioning.intake.sample import STAFF, sample, sheet_of, staff

        stage = self._stage
        count = self._errand.args.people or (STAFF if self._large else SAMPLE_PEOPLE)
        if self._large:
            self._screen.say(
                "Importing the {count} people in place, who do not exist: the opening load, which no Hold stops.",
                count=count,
            )
            name, sheet = OPENING_NAME, sheet_of(staff(count, stage.dice(SEED), stage.campus, stage.today))
        else:
            self._screen.say("Importing a sample HR sheet of {count} people who do not exist.", count=count)
            name, sheet = SAMPLE_NAME, sample(count, stage.dice(SEED), stage.campus, stage.today)
        return send_sheet(hub, name, sheet, self._screen.progress("Rights decided"))["batch"]

    def _play(self, hub: Hub, taken: set[str]) -> None:
        """The next batches of those that there are to play."""
        from provisioning.intake.drafts import draft, stem

        asked = self._errand.args.batches
        most = (BATCHES_AT_A_START if self._large else 0) if asked is None else asked
        if most <= 0:
            return
        names = {name.rpartition(".")[0] for name in taken}
        waiting = [each for each in self._batches() if stem(each[0]) not in names]
        if not waiting:
            self._screen.say("All batches were played before.")
            return
        counts = {"new": 0, "held": 0, "refused": 0}
        bar, done = self._screen.progress("Batches of arrivals taken"), 0
        for nth, rows in waiting[:most]:
            if self._stage.stopped():
                return
            report = hub.send_file("/hr/batches", *draft(nth, rows, self._stage.dice(PLAY_SEED + nth)))
            counts = {effect: count + report["counts"].get(effect, 0) for effect, count in counts.items()}
            done += 1
            bar.at(done, len(waiting[:most]))
        bar.end()
        self._screen.say(
            "{batches} batches handed in: {new} arrivals taken, {held} held, {refused} refused; batches left: {left}.",
            batches=done,
            left=len(waiting) - done,
            **counts,
        )

    def _batches(self) -> list[tuple[int, list[Row]]]:
        from provisioning.intake.sample import ARRIVALS, BATCHES, batches

        stage = self._stage
        return list(enumerate(batches(BATCHES, ARRIVALS, stage.dice(PLAY_SEED), stage.campus, stage.today), 1))


def tell_holds(errand: Errand, hub: Hub, command: str) -> None:
    """What waits for a second person, and how that person lets it go."""
    holds: list[dict[str, Any]] = hub.get("/holds")
    if not holds:
        return
    screen = errand.screen
    people = sum(hold["more"] + hold["less"] for hold in holds)
    screen.put("")
    screen.say(
        "Large changes that wait for a second person: {count} (people: {people}). Let one be approved by another"
        " operator than the first:",
        count=len(holds),
        people=people,
    )
    for words in (
        "hold list",
        "operator add second --role hr --role security",
        f"--token TOKEN-OF-SECOND hold approve {holds[0]['id']}",
    ):
        screen.put(f"    {command} {words}")
